//! Values that name nothing there is. What one becomes is decided once, for all rows that have it.

use super::Wizard;
use super::check::number;
use super::mapping::put;
use crate::api::transfer::{Preview, Proposal, UnknownValue, Unresolved};
use crate::fields::reference;
use crate::i18n::{
    IMPORT_ACCEPT, IMPORT_ALL_ROWS, IMPORT_ASK_ALL, IMPORT_PICK, IMPORT_UNRESOLVED, KEEP_EMPTY, KEEP_ERROR, MAKE_NEW,
    label, t, tf,
};
use crate::record::detail::focus_later;
use crate::ui::{Button, Combobox, Item};
use kezhan_meta::{FieldMeta, ObjectMeta};
use leptos::prelude::*;
use serde_json::{Value, json};

/// What is open in each column, and what has been decided here, which can be decided anew.
pub fn sections(wizard: Wizard, object: &ObjectMeta, preview: &Preview) -> AnyView {
    let mut columns = preview.unresolved.clone();
    for (column, value) in wizard.decided.get_untracked() {
        let field = wizard.columns.with_untracked(|all| {
            let known = all.iter().find(|c| c.column == column && c.values.contains_key(&value.value))?;
            known.field.clone()
        });
        let Some(field) = field else { continue };
        let at = columns.iter().position(|c| c.column == column).unwrap_or_else(|| {
            columns.push(Unresolved { column, field, ..Unresolved::default() });
            columns.len() - 1
        });
        if !columns[at].values.iter().any(|v| v.value == value.value) {
            columns[at].values.push(value);
        }
    }
    columns.iter().filter_map(|c| section(wizard, object.field(&c.field)?, c)).collect_view().into_any()
}

fn section(wizard: Wizard, field: &FieldMeta, unresolved: &Unresolved) -> Option<AnyView> {
    let column = unresolved.column;
    let decided = |value: &str| {
        wizard
            .columns
            .with_untracked(|c| c.iter().find(|c| c.column == column).and_then(|c| c.values.get(value).cloned()))
    };
    let lines = unresolved.values.iter().enumerate().map(|(n, value)| {
        let (text, about) = (value.value.clone(), vec![value.clone()]);
        let rows = tf(IMPORT_ALL_ROWS, &[("n", &number(value.count))]);
        let id = format!("unknown-{column}-{n}");
        view! {
            <li class="flex flex-wrap items-center gap-2 px-3 py-1.5 text-[13px]">
                <span class="font-semibold truncate min-w-32 grow" title=text.clone()>{text.clone()}</span>
                <span class="muted tnum">{rows}</span>
                {choice(wizard, id, text, field, column, about, &value.proposals, Some(decided(&value.value)))}
            </li>
        }
    });
    let lines = lines.collect_view();
    let open = unresolved.values.iter().filter(|v| decided(&v.value).is_none());
    let open: Vec<UnknownValue> = open.cloned().collect();
    let proposed: Vec<(String, String)> =
        open.iter().filter_map(|v| Some((v.value.clone(), v.proposals.first()?.value.clone()))).collect();
    let accept = (!proposed.is_empty()).then(|| {
        let text = tf(IMPORT_ACCEPT, &[("n", &number(proposed.len() as u64))]);
        let accept = move |_| {
            put(wizard, column, |m| m.values.extend(proposed.iter().map(|(from, to)| (from.clone(), json!(to)))));
            wizard.check();
        };
        view! { <Button label=text icon="check-check" on_click=accept/> }
    });
    let all = (open.len() > 1).then(|| {
        choice(wizard, format!("unknown-{column}"), t(IMPORT_ASK_ALL).to_owned(), field, column, open, &[], None)
    });
    let title = tf(IMPORT_UNRESOLVED, &[("field", &label(&field.label))]);
    Some(
        view! {
            <section>
                <div class="flex flex-wrap items-end gap-2 mb-1">
                    <h2 class="text-[13px] font-semibold grow">{title}</h2>
                    {accept}{all}
                </div>
                <ul class="panel divide-y divide-base-300 max-h-80 overflow-y-auto">{lines}</ul>
            </section>
        }
        .into_any(),
    )
}

/// What these values become. `now` is what has been decided; without it, there is nothing yet that all of them share.
#[allow(clippy::too_many_arguments, reason = "one control with two uses")]
fn choice(
    wizard: Wizard,
    id: String,
    name: String,
    field: &FieldMeta,
    column: usize,
    about: Vec<UnknownValue>,
    proposals: &[Proposal],
    now: Option<Option<Value>>,
) -> AnyView {
    let target = field.target().map(str::to_owned);
    let mut options: Vec<(String, String)> =
        proposals.iter().map(|p| (format!("={}", p.value), p.label.clone())).collect();
    for option in field.options() {
        let value = format!("={}", option.value);
        if !options.iter().any(|(known, _)| *known == value) {
            options.push((value, label(&option.label)));
        }
    }
    if now.is_none() {
        options.insert(0, (String::new(), name.clone()));
    }
    options.push(("error".to_owned(), t(KEEP_ERROR).to_owned()));
    options.push(("empty".to_owned(), t(KEEP_EMPTY).to_owned()));
    if target.is_some() {
        options.push(("create".to_owned(), t(MAKE_NEW).to_owned()));
        options.push(("pick".to_owned(), t(IMPORT_PICK).to_owned()));
    }
    let chosen = match now {
        None => String::new(),
        Some(None) => "error".to_owned(),
        Some(Some(Value::Null)) => "empty".to_owned(),
        Some(Some(Value::String(value))) => format!("={value}"),
        Some(Some(_)) => "create".to_owned(),
    };
    // What is not among the proposals was looked up.
    let looked_up = chosen.strip_prefix('=').filter(|_| !options.iter().any(|(value, _)| *value == chosen));
    let picked = RwSignal::new(looked_up.map(|id| Item::new(id, "")).into_iter().collect::<Vec<_>>());
    let picking = RwSignal::new(looked_up.is_some());
    let apply = Callback::new(move |value: Option<Value>| {
        put(wizard, column, |m| {
            for one in &about {
                match &value {
                    Some(value) => m.values.insert(one.value.clone(), value.clone()),
                    None => m.values.remove(&one.value),
                };
            }
        });
        wizard.decided.update(|known| {
            known.retain(|(at, v)| *at != column || !about.iter().any(|one| one.value == v.value));
            known.extend(about.iter().map(|one| (column, one.clone())));
        });
        wizard.check();
    });
    let focus = id.clone();
    let change = move |ev| match event_target_value(&ev).as_str() {
        "error" => apply.run(None),
        "empty" => apply.run(Some(Value::Null)),
        "create" => apply.run(Some(json!({ "create": true }))),
        "pick" => {
            picking.set(true);
            focus_later(focus.clone());
        }
        other => {
            if let Some(value) = other.strip_prefix('=') {
                apply.run(Some(json!(value)));
            }
        }
    };
    (move || match target.as_deref().filter(|_| picking.get()) {
        Some(target) => {
            reference::resolve_names(target, picked, false);
            let done = move |()| apply.run(picked.with_untracked(|p| p.first().map(|i| json!(i.value))));
            view! { <div class="w-56"><Combobox id=id.clone() chosen=picked lookup=reference::lookup(target) placeholder=name.clone() on_done=done/></div> }
                .into_any()
        }
        None => {
            let each = options.iter().map(|(value, text)| {
                view! { <option value=value.clone() selected=chosen == *value>{text.clone()}</option> }
            });
            view! { <select class="select !w-56" aria-label=name.clone() on:change=change.clone()>{each.collect_view()}</select> }
                .into_any()
        }
    })
    .into_any()
}
