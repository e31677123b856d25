//! Sharing rules: which records are opened to whom, by condition.

use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::features::platform::rules::{self, Form, Kind, Words, count};
use crate::fields::{self, reference};
use crate::i18n::{
    SHARING_ADD, SHARING_CONDITION, SHARING_EFFECT, SHARING_EFFECT_BELOW, SHARING_EMPTY, SHARING_OFF, SHARING_TEXT,
    SHARING_TITLE, SHARING_WITH, comma, label, t, tf,
};
use crate::layout::settings;
use crate::record::few::Few;
use crate::record::url::Url;
use crate::state::catalog;
use crate::ui::{Field, Look};
use futures_util::future::LocalBoxFuture;
use kezhan_meta::query::{LIMIT_MAX, ListQuery};
use kezhan_meta::{Filter, ObjectMeta, Op, Record, Scope};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const PRINCIPALS: [&str; 3] = ["user", "unit", "role"];

static SHARING: Kind = Kind {
    object: "sharing_rule",
    id: "sharing",
    icon: "share-2",
    words: Words {
        one: SHARING_TITLE,
        add: SHARING_ADD,
        condition: SHARING_CONDITION,
        empty: SHARING_EMPTY,
        empty_text: SHARING_TEXT,
        off: SHARING_OFF,
    },
    objects,
    begin: |_| (),
    line,
    controls,
    effect,
};

pub fn screen() -> AnyView {
    let url = Url::new();
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            {settings::head(SHARING_TITLE, SHARING_TEXT, rules::add(&SHARING, Look::Primary, url))}
            <div class="grow min-h-0 overflow-y-auto scroll-thin"><div class="p-4 max-w-4xl">{rules::list(&SHARING, url)}</div></div>
        </section>
    }
    .into_any()
}

/// Objects that have owners, and are worth sharing.
fn objects() -> Vec<Arc<ObjectMeta>> {
    catalog::catalog().objects().filter(|o| o.scope == Scope::Owned).cloned().collect()
}

/// With whom, and how far.
fn line(few: &Few, rule: &Record) -> (Option<String>, AnyView) {
    let object = &few.object;
    let with = PRINCIPALS.iter().find(|key| rule.value(key).is_string());
    let with = with.and_then(|key| object.field(key)).map(|field| {
        let name = reference::names_later(field.target().unwrap_or_default(), rule.value(&field.key));
        let kind = label(&field.label);
        view! { <span><span class="muted">{kind}" "</span>{move || name.get()}</span> }
    });
    let cell = |key: &str| object.field(key).map(|f| fields::cell(fields::Shown::of(f, rule)));
    let children = (rule.value("children") != &json!("none"))
        .then(|| object.field("children").map(|f| label(&f.label)))
        .flatten()
        .map(|name| view! { <span><span class="muted">{name}" "</span>{cell("children")}</span> });
    let level = view! { {cell("level")}{children} };
    (None, view! { {with}{level} }.into_any())
}

fn controls(form: &Form) -> [AnyView; 2] {
    let named = |key: &&str| form.value(key).with_untracked(Value::is_string);
    let kind = RwSignal::new(PRINCIPALS.into_iter().find(|key| named(key)).unwrap_or("unit"));
    let kinds = PRINCIPALS.map(|key| {
        view! { <option value=key selected=kind.get_untracked() == key>{form.name(key)}</option> }
    });
    let choose = {
        let form = form.clone();
        move |ev| {
            let wanted = event_target_value(&ev);
            if let Some(key) = PRINCIPALS.into_iter().find(|key| *key == wanted) {
                // One of the three is named.
                PRINCIPALS.iter().for_each(|key| form.value(key).set(Value::Null));
                kind.set(key);
            }
        }
    };
    let chooser = {
        let form = form.clone();
        move || form.input(kind.get())
    };
    let with = view! {
        <Field id="sharing-kind" label=t(SHARING_WITH) required=true error=form.fault(&PRINCIPALS)>
            <div class="flex gap-2">
                <select id="sharing-kind" class="select !w-auto min-w-24 shrink-0" on:change=choose>{kinds}</select>
                <div class="grow min-w-0">{chooser}</div>
            </div>
        </Field>
        {form.field(&["level"])}
        {form.field(&["children"])}
    };
    [().into_any(), with.into_any()]
}

/// How many records would be open to how many people.
fn effect(form: &Form) -> Option<LocalBoxFuture<'static, Option<String>>> {
    let (object, filter) = (catalog::object(&form.object.get()), form.filter());
    let named = PRINCIPALS.map(|key| (key, form.value(key).get().as_str().map(str::to_owned)));
    let (kind, principal) = named.into_iter().find_map(|(key, id)| Some((key, id?)))?;
    let object = object?;
    let children = form.value("children").get() != json!("none");
    // No rule opens what is confidential.
    let filter = filter.and(Filter::field("confidential", Op::Eq, json!(false)));
    Some(Box::pin(async move {
        let records = number(count(&object.plural, filter.clone()).await?);
        let people = number(people(kind, &principal).await?);
        let told = tf(SHARING_EFFECT, &[("n", &records), ("people", &people)]);
        let below = if children { hanging(&object, &filter).await } else { String::new() };
        Some(if below.is_empty() { told } else { told + &tf(SHARING_EFFECT_BELOW, &[("list", &below)]) })
    }))
}

fn number(n: i64) -> String {
    bridge::decimal(&n.to_string(), 0, 0)
}

/// How much hangs on such records, object by object.
async fn hanging(parent: &ObjectMeta, filter: &Filter) -> String {
    let mut parts = Vec::new();
    for object in catalog::catalog().objects().filter(|o| o.hangs_on(parent)) {
        let Some((field, _)) = object.hangs_by() else { continue };
        let Some(condition) = filter.through(&field.key) else { continue };
        let hangs = Filter::field(field.key.clone(), Op::Null, json!(false));
        if let Some(n) = count(&object.plural, hangs.and(condition)).await {
            parts.push(format!("{} {}", label(&object.label_many), number(n)));
        }
    }
    parts.join(comma())
}

/// How many people a principal stands for.
async fn people(kind: &str, principal: &str) -> Option<i64> {
    let condition = match kind {
        "user" => return Some(1),
        "role" => Filter::Or(vec![
            Filter::field("role", Op::Eq, json!(principal)),
            Filter::field("more_roles", Op::HasAny, json!([principal])),
        ]),
        _ => Filter::field("home_department", Op::In, json!(below(principal).await?)),
    };
    let present = Filter::field("status", Op::Ne, json!("left"));
    count("users", Filter::And(vec![condition, present])).await
}

/// A department and everything below it.
async fn below(top: &str) -> Option<Vec<String>> {
    let mut query = ListQuery {
        fields: Some(vec!["id".to_owned(), "parent".to_owned()]),
        limit: Some(LIMIT_MAX),
        ..ListQuery::default()
    };
    let mut all = Vec::new();
    loop {
        let page = records::query("departments", &query).await.ok()?;
        all.extend(page.data);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    let mut found = vec![top.to_owned()];
    let mut at = 0;
    while let Some(parent) = found.get(at).cloned() {
        let children = all.iter().filter(|d| d.value("parent").as_str() == Some(parent.as_str()));
        let children: Vec<String> = children.map(|d| d.id().to_owned()).filter(|id| !found.contains(id)).collect();
        found.extend(children);
        at += 1;
    }
    Some(found)
}
