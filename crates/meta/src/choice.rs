//! Closed lists of values.

use crate::text::{Label, Str};
use serde::{Deserialize, Serialize};

/// The colour a value is shown in; always beside its text, never alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    #[default]
    Neutral,
    Info,
    Success,
    Warning,
    Danger,
    Accent,
}

/// One value of a choice field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub value: Str,
    pub label: Label,
    #[serde(default)]
    pub tone: Tone,
    /// A record at this value is done with: one press takes it there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closes: bool,
}

impl Choice {
    pub const fn new(value: &'static str, zh: &'static str, en: &'static str, tone: Tone) -> Self {
        Choice { value: Str::Borrowed(value), label: Label::new(zh, en), tone, closes: false }
    }

    pub const fn closing(value: &'static str, zh: &'static str, en: &'static str, tone: Tone) -> Self {
        Choice { value: Str::Borrowed(value), label: Label::new(zh, en), tone, closes: true }
    }
}

/// A choice enum declared in code (`#[derive(Choice)]`).
pub trait ChoiceSet {
    const CHOICES: &'static [Choice];
}
