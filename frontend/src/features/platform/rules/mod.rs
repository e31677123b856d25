//! Rules that hold for the records of an object that meet a condition: listed, made, changed with their effect in sight,
//! taken away. A kind of rule says what is its own; see [`Kind`].

mod form;

pub use form::{Form, count};

use crate::i18n::{DELETE, EDIT, Key, label, t};
use crate::record::few::Few;
use crate::record::filter::words;
use crate::record::url::Url;
use crate::state::catalog;
use crate::ui::{self, Button, Look, badge};
use futures_util::future::LocalBoxFuture;
use kezhan_meta::{Filter, ObjectMeta, Record, Tone};
use leptos::prelude::*;
use std::sync::Arc;

/// What one kind of rule has to itself. Its object has a `name`, the `object` it is about, a `condition`, and is `active`
/// or not.
pub struct Kind {
    pub object: &'static str,
    /// How its controls are named in the page.
    pub id: &'static str,
    pub icon: &'static str,
    pub words: Words,
    /// What such rules are made for.
    pub objects: fn() -> Vec<Arc<ObjectMeta>>,
    /// What a new rule begins with, beyond the defaults of its fields.
    pub begin: fn(&mut Record),
    /// In its line: what it says after the object it is about, and what stands at the end.
    pub line: fn(&Few, &Record) -> (Option<String>, AnyView),
    /// Its own controls, those before the condition and those after.
    pub controls: fn(&Form) -> [AnyView; 2],
    /// What it would do as the form stands, in words. Asked for within an effect, which hears of every change.
    pub effect: fn(&Form) -> Option<LocalBoxFuture<'static, Option<String>>>,
}

pub struct Words {
    pub one: Key,
    pub add: Key,
    pub condition: Key,
    pub empty: Key,
    pub empty_text: Key,
    pub off: Key,
}

/// The way to a new rule.
pub fn add(kind: &'static Kind, look: Look, url: Url) -> AnyView {
    view! { <Button label=t(kind.words.add) look=look icon="plus" on_click=move |_| url.push(&[("rule", Some("new".to_owned()))])/> }
        .into_any()
}

/// All rules of a kind; `?rule=` names the one that is open.
pub fn list(kind: &'static Kind, url: Url) -> AnyView {
    let Some(few) = Few::of(kind.object) else { return ().into_any() };
    let open = few.opened(url, "rule");
    let all = few.clone();
    let body = move || match all.all.get() {
        None => ui::loading_rows(4),
        Some(Err(error)) => {
            let all = all.clone();
            ui::failed(&error, move || all.load())
        }
        Some(Ok(rules)) if rules.is_empty() => {
            ui::empty(kind.icon, t(kind.words.empty), t(kind.words.empty_text), ().into_any())
        }
        Some(Ok(rules)) => {
            let lines = rules.into_iter().map(|rule| line(kind, &all, rule, url)).collect_view();
            view! { <ul class="flex flex-col gap-2">{lines}</ul> }.into_any()
        }
    };
    let editor = move || open.get().map(|rule| form::layer(kind, few.clone(), rule, url));
    view! {
        {body}
        {editor}
    }
    .into_any()
}

fn line(kind: &'static Kind, few: &Few, rule: Record, url: Url) -> AnyView {
    let text = |key: &str| rule.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let about = catalog::object(&text("object"));
    let what = about.as_ref().map_or_else(|| text("object"), |o| label(&o.label_many));
    let condition = rule.get("condition").and_then(|c| serde_json::from_value::<Filter>(c.clone()).ok());
    let sentence = about.zip(condition.filter(|c| !c.is_all())).map(|(about, c)| words::sentence(&about, &c));
    let (more, end) = (kind.line)(few, &rule);
    let start = [Some(what), more].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let off = rule.get("active").and_then(|v| v.as_bool()) != Some(true);
    let (name, id) = (text("name"), text("id"));
    let (edits, deletes) = (format!("{} · {name}", t(EDIT)), format!("{} · {name}", t(DELETE)));
    let few = few.clone();
    view! {
        <li class="panel p-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-[13px]">
            <div class="grow min-w-0 basis-56">
                <p class="font-semibold flex items-center gap-2"><span class="break-words min-w-0">{name}</span>{off.then(|| badge(t(kind.words.off), Tone::Neutral))}</p>
                <p class="muted break-words">{start}{move || sentence.map(|s| format!(" · {}", s.get()))}</p>
            </div>
            <div class="inline-flex flex-wrap items-center gap-2 min-w-0">{end}</div>
            <div class="flex gap-1">
                <Button label=edits icon="pencil" icon_only=true look=Look::Quiet on_click=move |_| url.push(&[("rule", Some(id.clone()))])/>
                <Button label=deletes icon="trash-2" icon_only=true look=Look::Quiet on_click=move |_| few.remove(rule.clone())/>
            </div>
        </li>
    }
    .into_any()
}
