//! What a change would let people see or take from their sight, asked of the server while it is being made and told
//! before it is saved.

use super::draft::Draft;
use crate::api::client::{ApiError, Call};
use crate::bridge;
use crate::i18n::{
    self, EFFECT_BOUND, EFFECT_FIELDS, EFFECT_FREE, EFFECT_GAIN, EFFECT_LOSE, EFFECT_NONE, EFFECT_OUTSIDE, EFFECT_SAME,
    EFFECT_SOME, t, tf,
};
use crate::state::catalog;
use crate::ui;
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::json;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Effect {
    people: usize,
    counted: usize,
    objects: Vec<ObjectEffect>,
    limited: Option<Limited>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct ObjectEffect {
    object: String,
    people_losing: usize,
    records_lost: i64,
    people_gaining: usize,
    records_gained: i64,
}

/// Whom limits of time and network bind.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Limited {
    people: usize,
    bound: bool,
    you_are_outside: bool,
}

pub type Told = RwSignal<Option<Result<Effect, ApiError>>>;
type Asking = Pin<Box<dyn Future<Output = Result<Effect, ApiError>>>>;

/// Asks anew whenever what is asked about rests for a moment; an answer that is overtaken is dropped. Nothing to ask
/// leaves nothing told.
fn follow(told: Told, ask: impl Fn() -> Option<Asking> + 'static) {
    let asked = StoredValue::new(0_u32);
    leptos::prelude::Effect::new(move || {
        let asking = ask();
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        told.set(None);
        let Some(asking) = asking else { return };
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    if asked.try_get_value() != Some(mine) {
                        return;
                    }
                    let answer = asking.await;
                    if asked.try_get_value() == Some(mine) {
                        let _ = told.try_set(Some(answer));
                    }
                });
            },
            Duration::from_millis(400),
        );
    });
}

/// What a role's grants and limits would do as they are drafted.
pub fn of_role(draft: Draft, role: String) -> Told {
    let told = RwSignal::new(None);
    follow(told, move || {
        let (grants, limits) = (draft.grants.get(), draft.limits.get());
        let limits = if limits.is_empty() { json!(null) } else { json!(limits) };
        let call = Call::post(&format!("/roles/{role}/actions/preview_grants"));
        let call = call.body(&json!({ "grants": grants, "limits": limits }));
        Some(Box::pin(async move { call.json().await }))
    });
    told
}

/// Above the buttons of a form: what the values that decide over people's sight would do.
pub fn of_change(object: Arc<ObjectMeta>, base: Record, live: Memo<Record>) -> AnyView {
    let told = RwSignal::new(None::<Result<Effect, ApiError>>);
    let id = base.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
    let change = Memo::new(move |_| {
        let differs = |key: &str| live.with(|now| now.get(key) != base.get(key));
        let decisive = object.fields.iter().filter(|f| f.foreseen && differs(&f.key));
        let value = |key: &str| live.with(|now| now.get(key).cloned()).unwrap_or_default();
        let change: Record = decisive.map(|f| (f.key.to_string(), value(&f.key))).collect();
        (object.plural.to_string(), change)
    });
    let asks = Memo::new(move |_| change.with(|(_, change)| !change.is_empty()));
    follow(told, move || {
        let (plural, change) = change.get();
        let call = Call::post(&format!("/{plural}/{id}/actions/preview_change")).body(&json!({ "change": change }));
        (!change.is_empty()).then(|| -> Asking { Box::pin(async move { call.json().await }) })
    });
    let lines = move || match told.get() {
        None => ui::spinner(),
        // What is wrong with the values is told when they are saved.
        Some(Err(_)) => ().into_any(),
        Some(Ok(effect)) => {
            let mut lines = sight(&effect);
            if lines.is_empty() {
                lines.push((false, t(EFFECT_SAME).to_owned()));
            }
            list(lines)
        }
    };
    (move || {
        asks.get().then(|| {
            view! { <div class="px-4 py-2 border-t border-base-300 bg-base-200 text-[13px] shrink-0" role="status" data-effect>{lines}</div> }
        })
    })
    .into_any()
}

fn number(n: usize) -> String {
    bridge::decimal(&n.to_string(), 0, 0)
}

/// A sentence each, and whether it warns.
fn sight(effect: &Effect) -> Vec<(bool, String)> {
    let mut lines: Vec<(bool, String)> = Vec::new();
    for line in &effect.objects {
        let mut say = |key: i18n::Key, people: usize, records: i64| {
            let name = catalog::so_many(&line.object, records);
            let records = bridge::decimal(&records.to_string(), 0, 0);
            let text = tf(key, &[("people", &number(people)), ("n", &records), ("object", &name)]);
            lines.push((key == EFFECT_LOSE, text));
        };
        if line.people_losing > 0 {
            say(EFFECT_LOSE, line.people_losing, line.records_lost);
        }
        if line.people_gaining > 0 {
            say(EFFECT_GAIN, line.people_gaining, line.records_gained);
        }
    }
    if !lines.is_empty() && effect.counted < effect.people {
        let text = tf(EFFECT_SOME, &[("n", &number(effect.counted)), ("people", &number(effect.people))]);
        lines.push((false, text));
    }
    lines
}

/// What a role would do; `fields` is how many fields get another level.
pub fn sentences(effect: &Effect, fields: usize) -> AnyView {
    let mut lines = Vec::new();
    if fields > 0 {
        let text = tf(EFFECT_FIELDS, &[("people", &number(effect.people)), ("n", &number(fields))]);
        lines.push((true, text));
    }
    if let Some(limited) = &effect.limited {
        let key = if limited.bound { EFFECT_BOUND } else { EFFECT_FREE };
        lines.push((limited.bound, tf(key, &[("people", &number(limited.people))])));
        if limited.you_are_outside {
            lines.push((true, t(EFFECT_OUTSIDE).to_owned()));
        }
    }
    lines.extend(sight(effect));
    if lines.is_empty() {
        lines.push((false, tf(EFFECT_NONE, &[("people", &number(effect.people))])));
    }
    list(lines)
}

fn list(lines: Vec<(bool, String)>) -> AnyView {
    let line = |(warns, text): (bool, String)| view! { <li class=if warns { "text-warning" } else { "" }>{text}</li> };
    view! { <ul class="flex flex-col gap-0.5">{lines.into_iter().map(line).collect_view()}</ul> }.into_any()
}
