//! One file per sort of field type: how it is shown, edited and filtered. Every `match` here is exhaustive,
//! so that a new type asks for its screen.

pub mod address;
mod boolean;
mod choice;
pub mod contact;
mod date;
pub mod file;
mod filter;
mod geo;
mod number;
mod plain;
pub mod reference;
mod relative;
mod text;

pub use choice::Kind;
pub use filter::{condition_text, op_text, operand, path_field, path_label};

use crate::api::records::RecordExt;
use crate::i18n::label;
use crate::state::{catalog, session};
use kezhan_meta::{Default, FieldMeta, FieldType as T, Record, Rule};
use leptos::prelude::*;
use serde_json::{Value, json};

/// A value to show: its field, the value, what the server sent along about a reference, the record's currency, empty
/// where it is not known.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub field: &'a FieldMeta,
    pub value: &'a Value,
    pub expanded: Option<&'a Value>,
    pub currency: &'a str,
}

impl<'a> Shown<'a> {
    pub fn of(field: &'a FieldMeta, record: &'a Record) -> Shown<'a> {
        Shown {
            field,
            value: record.value(&field.key),
            expanded: record.expanded(&field.key),
            currency: record.value("currency").as_str().unwrap_or("CNY"),
        }
    }

    pub fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => false,
        }
    }
}

/// What a field of a new record starts with.
pub fn usual(field: &FieldMeta) -> Value {
    match &field.default {
        None | Some(Default::Derived) => Value::Null,
        Some(Default::Text(text)) => json!(text),
        Some(Default::Int(n)) => json!(n),
        Some(Default::Bool(yes)) => json!(yes),
        Some(Default::CurrentUser) => session::me().map_or(Value::Null, |me| json!(me.id)),
        Some(Default::Today) => json!(crate::ui::date::today()),
        Some(Default::Now) => json!(String::from(js_sys::Date::new_0().to_iso_string())),
    }
}

/// What an object is called whose key a record keeps.
fn named(shown: Shown<'_>) -> Option<String> {
    let key = shown.value.as_str().filter(|_| shown.field.rules.contains(&Rule::Object))?;
    catalog::object(key).map(|object| label(&object.label))
}

/// A control is left. One that goes with its form is left as well, after everything else of the form has gone.
pub fn finished(done: Callback<()>) {
    let _ = done.try_run(());
}

/// As it stands in a list or among a record's facts.
pub fn cell(shown: Shown<'_>) -> AnyView {
    if shown.is_empty() {
        return ().into_any();
    }
    match &shown.field.kind {
        T::Id | T::AutoNumber { .. } | T::Json => plain::cell(shown.value),
        T::Text if named(shown).is_some() => plain::cell(&json!(named(shown))),
        T::Text | T::LongText => text::cell(shown.value),
        T::RichText => text::rich_cell(shown.value),
        T::Integer | T::Decimal { .. } | T::Percent | T::Money => number::cell(shown),
        T::Date | T::DateTime => date::cell(shown),
        T::Boolean => boolean::cell(shown.value),
        T::Choice { .. } | T::MultiChoice { .. } => choice::cell(shown),
        T::Tags => choice::words(shown.value),
        T::Phone => contact::phone(shown.value),
        T::Email => contact::email(shown.value),
        T::Url => contact::url(shown.value),
        T::Address => address::cell(shown.value),
        T::Geo => geo::cell(shown.value),
        T::Reference { .. } | T::User | T::Department | T::MultiReference { .. } => reference::cell(shown),
        T::File => file::cell(shown),
    }
}

/// As it stands in a cell of a list.
pub fn in_grid(shown: Shown<'_>) -> AnyView {
    contact::in_grid(shown).or_else(|| number::in_list(shown)).unwrap_or_else(|| cell(shown))
}

/// The same for cards: choices in their colours, everything else as text in one line.
pub fn brief(shown: Shown<'_>) -> AnyView {
    match &shown.field.kind {
        T::Choice { .. } | T::MultiChoice { .. } | T::Tags => cell(shown),
        T::Money => number::in_list(shown).unwrap_or_else(|| cell(shown)),
        _ => view! { <span class="truncate">{plain_text(shown)}</span> }.into_any(),
    }
}

/// The same as bare text, for titles and history.
pub fn plain_text(shown: Shown<'_>) -> String {
    if shown.is_empty() {
        return String::new();
    }
    match &shown.field.kind {
        T::Text if named(shown).is_some() => named(shown).unwrap_or_default(),
        T::Id | T::AutoNumber { .. } | T::Text | T::LongText | T::Phone | T::Email | T::Url => plain::text(shown.value),
        T::Json => plain::text(shown.value),
        T::RichText => text::without_tags(shown.value),
        T::Integer | T::Decimal { .. } | T::Percent | T::Money => number::text(shown),
        T::Date | T::DateTime => date::text(shown),
        T::Boolean => boolean::text(shown.value),
        T::Choice { .. } | T::MultiChoice { .. } => choice::text(shown),
        T::Tags => plain::joined(shown.value),
        T::Address => address::text(shown.value),
        T::Geo => geo::text(shown.value),
        T::Reference { .. } | T::User | T::Department | T::MultiReference { .. } | T::File => reference::text(shown),
    }
}

/// A value being edited.
#[derive(Clone)]
pub struct Input {
    /// Id of the control, for its label.
    pub id: String,
    pub field: FieldMeta,
    pub value: RwSignal<Value>,
    /// What is known about the records referred to at first.
    pub expanded: Option<Value>,
    pub invalid: Signal<bool>,
    /// Object and id of the record that it belongs to, once there is one.
    pub home: Option<(String, String)>,
    /// The reader has finished with it: time to check.
    pub done: Callback<()>,
}

impl Input {
    /// The value as the text that was typed.
    pub fn typed(&self) -> String {
        plain::text(&self.value.get_untracked())
    }

    pub fn put_text(&self, text: String) {
        self.value.set(if text.is_empty() { Value::Null } else { Value::String(text) });
    }
}

pub fn input(input: Input) -> AnyView {
    if let Some(listed) = choice::listed(&input.field) {
        return choice::pick(input, listed, false);
    }
    match input.field.kind.clone() {
        T::Text | T::Id | T::AutoNumber { .. } => text::input(input, "text", "off"),
        T::LongText => text::area(input),
        T::RichText => text::rich_area(input),
        T::Json => plain::json_input(input),
        T::Integer | T::Decimal { .. } | T::Percent | T::Money => number::input(input),
        T::Date => date::input(input, false),
        T::DateTime => date::input(input, true),
        T::Boolean => boolean::input(input),
        T::Choice { .. } => choice::input(input, false),
        T::MultiChoice { .. } => choice::input(input, true),
        T::Tags => choice::words_input(input),
        T::Phone => text::input(input, "tel", "off"),
        T::Email => text::input(input, "email", "off"),
        T::Url => text::input(input, "url", "off"),
        T::Address => address::input(input),
        T::Geo => geo::input(input),
        T::Reference { .. } | T::User | T::Department => reference::input(input, false),
        T::MultiReference { .. } => reference::input(input, true),
        T::File => file::input(input),
    }
}

/// What a form says of a field; the signs around code are for the API's readers.
pub fn help(field: &FieldMeta) -> String {
    label(&field.help).replace('`', "")
}

/// Is it a text that is chosen from a list?
pub fn listed(field: &FieldMeta) -> bool {
    field.rules.iter().any(|rule| matches!(rule, Rule::Object | Rule::Currency))
}

/// Does the field want the whole width of a form?
pub fn wide(field: &FieldMeta) -> bool {
    matches!(field.kind, T::LongText | T::RichText | T::Address | T::Json | T::MultiReference { .. })
}

/// Width of its column, in pixels.
pub fn column_width(field: &FieldMeta, is_title: bool) -> u32 {
    if is_title {
        return 260;
    }
    match &field.kind {
        T::Boolean => 84,
        T::Integer | T::Percent => 104,
        T::Date => 116,
        T::Decimal { .. } | T::Money => 136,
        T::DateTime => 160,
        T::Phone => 148,
        T::Choice { .. } | T::User | T::Department | T::AutoNumber { .. } => 132,
        T::Text | T::MultiChoice { .. } | T::Tags | T::Geo | T::File => 160,
        T::Reference { .. } | T::Email | T::Url | T::MultiReference { .. } | T::Id => 200,
        T::LongText | T::RichText | T::Address | T::Json => 260,
    }
}
