//! Step three: the dry run. What would happen, what is unclear, what would fail; then the start.

use super::{Wizard, duplicates, unknown};
use crate::api::transfer::{self, CellProblem, Preview, Sample};
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{
    BACK, IMPORT_AGAIN, IMPORT_PARTIAL, IMPORT_PROBLEMS, IMPORT_SAMPLE, IMPORT_START, IMPORT_WILL_CREATE, NO,
    OUT_CREATE, OUT_FAIL, OUT_SKIP, OUT_UPDATE, ROW, label, t, tf,
};
use crate::state::catalog;
use crate::ui::{self, Button, Look, badge};
use kezhan_meta::{ObjectMeta, Tone};
use leptos::prelude::*;
use serde_json::Value;

pub fn panel(wizard: Wizard) -> AnyView {
    if wizard.preview.with_untracked(Option::is_none) {
        wizard.check();
    }
    let starting = RwSignal::new(false);
    let start = move |_| {
        let Some(plan) = wizard.plan() else { return };
        starting.set(true);
        leptos::task::spawn_local(async move {
            match transfer::start(&plan).await {
                Ok(job) => wizard.url.go(format!("/imports/{}", job.id)),
                Err(error) => {
                    let _ = wizard.error.try_set(Some(error));
                    let _ = starting.try_set(false);
                }
            }
        });
    };
    let body = move || match (wizard.preview.get(), wizard.error.get()) {
        (_, Some(error)) => {
            let lines = error.items().iter().map(|i| view! { <li>{i.message.clone()}</li> }).collect_view();
            view! { <div class="rounded-md bg-error/10 text-error px-3 py-2 text-[13px]" role="alert"><p>{error.message()}</p><ul class="list-disc ps-5">{lines}</ul></div> }.into_any()
        }
        (None, None) => ui::loading_rows(8),
        (Some(preview), None) => result(wizard, &preview),
    };
    let anything = Signal::derive(move || {
        wizard.preview.with(|p| p.as_ref().is_some_and(|p| p.counts.create + p.counts.update + p.counts.delete > 0))
    });
    view! {
        <div class="max-w-5xl mx-auto p-4 md:p-6 flex flex-col gap-5">
            {body}
            <div class="flex justify-between gap-2">
                <Button label=t(BACK) icon="arrow-left" on_click=move |_| { wizard.error.set(None); wizard.url.push(&[("step", None)]) }/>
                <div class="flex gap-2">
                    <Button label=t(IMPORT_AGAIN) icon="rotate-cw" busy=wizard.busy on_click=move |_| wizard.check()/>
                    <Button label=t(IMPORT_START) look=Look::Primary busy=starting disabled=Signal::derive(move || !anything.get() || wizard.busy.get()) on_click=start/>
                </div>
            </div>
        </div>
    }
    .into_any()
}

pub fn number(n: u64) -> String {
    bridge::decimal(&n.to_string(), 0, 0)
}

fn result(wizard: Wizard, preview: &Preview) -> AnyView {
    let Some(object) = untrack(|| wizard.object()) else { return ().into_any() };
    let c = &preview.counts;
    let tile = |text: &'static str, n: u64, class: &'static str| {
        view! { <div class="panel px-4 py-3"><p class="text-xs muted">{text}</p><p class=class>{number(n)}</p></div> }
    };
    let created = preview.will_create.iter().map(|w| {
        let name = catalog::so_many(&w.object, w.count);
        let text = tf(IMPORT_WILL_CREATE, &[("n", &number(w.count)), ("object", &name)]);
        view! { <p class="text-[13px]">{text}<span class="muted">" "{w.titles.join(crate::i18n::comma())}</span></p> }
    });
    view! {
        <div class="grid grid-cols-2 sm:grid-cols-4 gap-3">
            {tile(t(OUT_CREATE), c.create, "text-xl font-semibold tnum text-success")}
            {tile(t(OUT_UPDATE), c.update, "text-xl font-semibold tnum text-info")}
            {tile(t(OUT_SKIP), c.skip, "text-xl font-semibold tnum")}
            {tile(t(OUT_FAIL), c.fail, if c.fail > 0 { "text-xl font-semibold tnum text-error" } else { "text-xl font-semibold tnum" })}
        </div>
        {(!preview.complete).then(|| view! { <p class="text-[13px] muted">{tf(IMPORT_PARTIAL, &[("scanned", &number(preview.scanned)), ("rows", &number(preview.rows))])}</p> })}
        {created.collect_view()}
        {unknown::sections(wizard, &object, preview)}
        {duplicates::section(wizard, &object, preview)}
        {problems(&object, preview)}
        {sample(&object, preview)}
    }
    .into_any()
}

fn problems(object: &ObjectMeta, preview: &Preview) -> AnyView {
    if preview.problems.is_empty() {
        return ().into_any();
    }
    // What the file has no column for goes by its own name.
    let named = |p: &CellProblem| {
        let field = || Some(label(&object.field(p.field.as_deref()?)?.label));
        p.header.clone().or_else(field)
    };
    let lines =
        preview.problems.iter().map(|p| problem_line(p.row, named(p).as_deref(), &p.value, &p.message)).collect_view();
    view! {
        <section>
            <h2 class="text-[13px] font-semibold mb-1">{t(IMPORT_PROBLEMS)}</h2>
            <ul class="panel divide-y divide-base-300 max-h-80 overflow-y-auto">{lines}</ul>
        </section>
    }
    .into_any()
}

pub fn problem_line(row: u64, header: Option<&str>, value: &Value, message: &str) -> AnyView {
    let value = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    view! {
        <li class="flex flex-wrap items-baseline gap-x-3 px-3 py-1.5 text-[13px]">
            <span class="muted tnum">{tf(ROW, &[("n", &number(row))])}</span>
            <span>{header.unwrap_or_default().to_owned()}</span>
            <span class="font-semibold truncate max-w-64">{value}</span>
            <span class="text-error">{message.to_owned()}</span>
        </li>
    }
    .into_any()
}

/// The first rows as they would go in.
fn sample(object: &ObjectMeta, preview: &Preview) -> AnyView {
    let keys: Vec<String> = object
        .fields
        .iter()
        .map(|f| f.key.to_string())
        .filter(|k| {
            let shows =
                |s: &Sample| s.record.get(k).is_some_and(|v| !v.is_null()) || fault(preview, s.row, k).is_some();
            preview.sample.iter().any(shows)
        })
        .collect();
    if keys.is_empty() {
        return ().into_any();
    }
    let head = keys
        .iter()
        .filter_map(|k| object.field(k))
        .map(|f| view! { <th class="px-2.5 h-9 font-normal text-start whitespace-nowrap">{label(&f.label)}</th> })
        .collect_view();
    let rows = preview.sample.iter().map(|s| {
        let currency = s.record.get("currency").and_then(Value::as_str).unwrap_or_default();
        let cells = keys.iter().map(|key| {
            // What could not be read stands there as it came, with the reason.
            if let Some(fault) = fault(preview, s.row, key) {
                let (given, reason) = (plain(&fault.value), fault.message.clone());
                return view! {
                    <td class="px-2.5 h-9 max-w-72 truncate whitespace-nowrap bg-error/10 text-error" title=reason.clone()>
                        <span class="font-semibold">{given}</span>" "<span class="text-xs">{reason.clone()}</span>
                    </td>
                }
                .into_any();
            }
            let shown = |value: &Value| match object.field(key) {
                Some(field) => fields::plain_text(Shown { field, value, expanded: None, currency }),
                None => plain(value),
            };
            let text = s.display.get(key).map(plain).or_else(|| s.record.get(key).map(shown)).unwrap_or_default();
            view! { <td class="px-2.5 h-9 max-w-56 truncate whitespace-nowrap">{text}</td> }.into_any()
        });
        let outcome = match s.outcome.as_str() {
            "create" => badge(t(OUT_CREATE), Tone::Success),
            "update" => badge(t(OUT_UPDATE), Tone::Info),
            "skip" => badge(t(OUT_SKIP), Tone::Neutral),
            _ => badge(t(OUT_FAIL), Tone::Danger),
        };
        view! { <tr class="border-t border-base-300/60"><td class="px-2.5 h-9 muted tnum">{s.row}</td><td class="px-2.5">{outcome}</td>{cells.collect_view()}</tr> }
    });
    view! {
        <section>
            <h2 class="text-[13px] font-semibold mb-1">{t(IMPORT_SAMPLE)}</h2>
            <div class="panel overflow-x-auto scroll-thin" role="region" tabindex="0" aria-label=t(IMPORT_SAMPLE)><table class="text-[13px]"><thead class="muted"><tr><th></th><th></th>{head}</tr></thead><tbody>{rows.collect_view()}</tbody></table></div>
        </section>
    }
    .into_any()
}

/// What is wrong with this cell.
fn fault<'p>(preview: &'p Preview, row: u64, key: &str) -> Option<&'p CellProblem> {
    preview.problems.iter().find(|p| p.row == row && p.field.as_deref() == Some(key))
}

pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(crate::i18n::comma()),
        Value::Bool(false) => t(NO).to_owned(),
        other => other.to_string(),
    }
}
