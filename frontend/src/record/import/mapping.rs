//! Step two: which column goes into which field.

use super::{Wizard, importable};
use crate::api::transfer::{Column, HeadRow, Mapped, Upload};
use crate::i18n::{
    BACK, DUP_ASK, DUP_CREATE, DUP_SKIP, DUP_UPDATE, IMPORT_CHECK, IMPORT_COLUMN, IMPORT_DAY_FIRST, IMPORT_DUPLICATES,
    IMPORT_ENCODING, IMPORT_FIELD, IMPORT_HEADER_ROW, IMPORT_IGNORE, IMPORT_MAPPED, IMPORT_MISSING, IMPORT_MONTH_FIRST,
    IMPORT_NO_HEADER, IMPORT_OBJECT, IMPORT_ORDER, IMPORT_REMEMBERED, IMPORT_SAMPLES, IMPORT_SHEET, IMPORT_UNKNOWN,
    UNKNOWN_CREATE, UNKNOWN_EMPTY, UNKNOWN_ERROR, label, t, tf,
};
use crate::layout::nav;
use crate::state::catalog;
use crate::ui::combobox::fixed;
use crate::ui::{Button, Combobox, Field, Item, Look, icon};
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta};
use leptos::prelude::*;
use std::sync::Arc;

pub fn panel(wizard: Wizard) -> AnyView {
    let Some(upload) = wizard.upload.get_untracked() else { return ().into_any() };
    let object = upload.object.as_deref().and_then(catalog::object);
    let columns = upload.columns.clone();
    let rows = object.clone().map(|object| {
        let fields: Vec<Item> = importable(&object).map(|f| Item::new(f.key.clone(), label(&f.label))).collect();
        let lines = columns.iter().map(|c| line(wizard, &object, c, &fields)).collect_view();
        view! {
            <div class="panel overflow-x-auto">
                <div class="hidden md:grid grid-cols-[minmax(0,1fr)_minmax(0,1.3fr)_minmax(0,1fr)_minmax(0,1fr)] gap-3 px-3 h-9 items-center text-xs muted border-b border-base-300">
                    <span>{t(IMPORT_COLUMN)}</span><span>{t(IMPORT_SAMPLES)}</span><span>{t(IMPORT_FIELD)}</span><span>{t(IMPORT_UNKNOWN)}</span>
                </div>
                {lines}
            </div>
        }
    });
    let missing = {
        let object = object.clone();
        move || {
            let object = object.clone()?;
            let names: Vec<String> = importable(&object)
                .filter(|f| f.required && f.default.is_none())
                .filter(|f| !wizard.columns.with(|c| c.iter().any(|c| c.field.as_deref() == Some(f.key.as_ref()))))
                .map(|f| label(&f.label))
                .collect();
            (!names.is_empty()).then(|| tf(IMPORT_MISSING, &[("fields", &names.join(crate::i18n::comma()))]))
        }
    };
    let mapped = move || {
        let n = wizard.columns.with(|c| c.iter().filter(|c| c.field.is_some()).count());
        tf(IMPORT_MAPPED, &[("n", &n.to_string()), ("total", &columns.len().to_string())])
    };
    let sheet = (upload.sheets.len() > 1).then(|| {
        let control = sheets(wizard, &upload.sheets, upload.sheet.as_deref());
        view! { <Field id="import-sheet" label=t(IMPORT_SHEET)>{control}</Field> }
    });
    let header = (!upload.head.is_empty()).then(|| {
        let control = header_rows(wizard, &upload);
        view! { <Field id="import-header-row" label=t(IMPORT_HEADER_ROW)>{control}</Field> }
    });
    let encoding = upload.encoding.as_deref().map(|now| {
        let control = encodings(wizard, now);
        view! { <Field id="import-encoding" label=t(IMPORT_ENCODING)>{control}</Field> }
    });
    let ready = Signal::derive(move || wizard.columns.with(|c| c.iter().any(|c| c.field.is_some())));
    view! {
        <div class="max-w-5xl mx-auto p-4 md:p-6 flex flex-col gap-4">
            <div class="grid sm:grid-cols-3 gap-4">
                <Field id="import-object" label=t(IMPORT_OBJECT)>{objects(wizard, object.as_deref())}</Field>
                {sheet}
                {header}
                {encoding}
                <Field id="import-duplicates" label=t(IMPORT_DUPLICATES)>{duplicates(wizard)}</Field>
            </div>
            <p class="text-[13px] muted flex flex-wrap gap-x-3">
                <span class="font-semibold text-base-content">{upload.name.clone()}</span>
                <span>{mapped}</span>
                {upload.remembered.then(|| view! { <span class="text-success">{t(IMPORT_REMEMBERED)}</span> })}
            </p>
            {rows}
            {move || missing().map(|text| view! { <p class="rounded-md bg-warning/10 text-warning px-3 py-2 text-[13px]" role="status">{text}</p> })}
            <div class="flex justify-between gap-2">
                <Button label=t(BACK) icon="arrow-left" on_click=move |_| wizard.turn_to(None, wizard.url.peek("object"))/>
                <Button label=t(IMPORT_CHECK) look=Look::Primary busy=wizard.busy disabled=Signal::derive(move || !ready.get())
                    on_click=move |_| { wizard.preview.set(None); wizard.url.push(&[("step", Some("check".to_owned()))]) }/>
            </div>
        </div>
    }
    .into_any()
}

fn objects(wizard: Wizard, now: Option<&ObjectMeta>) -> AnyView {
    // A file may be about what has no place in the navigation.
    let mut all: Vec<_> = nav::groups().into_iter().flat_map(|group| group.objects).collect();
    if let Some(other) = now.filter(|n| all.iter().all(|o| o.name != n.name)) {
        all.push(Arc::new(other.clone()));
    }
    let options = all
        .into_iter()
        .map(|o| {
            let here = now.is_some_and(|n| n.name == o.name);
            view! { <option value=o.name.to_string() selected=here>{label(&o.label)}</option> }
        })
        .collect_view();
    view! {
        <select id="import-object" class="select" on:change=move |ev| {
            wizard.reread(&[("object", Some(event_target_value(&ev)))]);
        }>{options}</select>
    }
    .into_any()
}

fn sheets(wizard: Wizard, sheets: &[String], now: Option<&str>) -> AnyView {
    let options = sheets
        .iter()
        .map(|s| view! { <option value=s.clone() selected=now == Some(s.as_str())>{s.clone()}</option> })
        .collect_view();
    view! { <select id="import-sheet" class="select" on:change=move |ev| {
        wizard.reread(&[("sheet", Some(event_target_value(&ev))), ("header_row", None)]);
    }>{options}</select> }
    .into_any()
}

/// Characters of a row that tell it from others.
const HEAD_SHOWN: usize = 28;

/// Which of the first rows names the columns.
fn header_rows(wizard: Wizard, upload: &Upload) -> AnyView {
    let now = upload.header_row;
    let row = |row: &HeadRow| {
        let mut text = format!("{}: {}", row.row, row.cells.join(crate::i18n::comma()));
        if let Some((end, _)) = text.char_indices().nth(HEAD_SHOWN) {
            text.truncate(end);
            text.push('…');
        }
        view! { <option value=row.row.to_string() selected=row.row == now>{text}</option> }
    };
    let rows = upload.head.iter().map(row).collect_view();
    view! {
        <select id="import-header-row" class="select truncate" on:change=move |ev| wizard.reread(&[("header_row", Some(event_target_value(&ev)))])>
            {rows}
            <option value="0" selected=now == 0>{t(IMPORT_NO_HEADER)}</option>
        </select>
    }
    .into_any()
}

/// Of which the older GBK and GB 2312 are parts.
const GBK: &str = "gb18030";

/// Encodings of text files that come from Chinese and other offices, as the server calls them; a file says nothing of
/// its own, and what is found out may be wrong.
const ENCODINGS: [&str; 8] = ["UTF-8", GBK, "Big5", "UTF-16LE", "Shift_JIS", "EUC-KR", "windows-1252", "windows-1251"];

fn encodings(wizard: Wizard, now: &str) -> AnyView {
    let other = (!ENCODINGS.iter().any(|e| e.eq_ignore_ascii_case(now))).then_some(now);
    let option = |name: &str| {
        let here = name.eq_ignore_ascii_case(now);
        view! { <option value=name.to_owned() selected=here>{if name == GBK { "GBK / GB 18030" } else { name }.to_owned()}</option> }
    };
    let options = ENCODINGS.into_iter().chain(other).map(option).collect_view();
    view! { <select id="import-encoding" class="select" on:change=move |ev| wizard.reread(&[("encoding", Some(event_target_value(&ev)))])>{options}</select> }
        .into_any()
}

fn duplicates(wizard: Wizard) -> AnyView {
    let options =
        [("skip", DUP_SKIP), ("update", DUP_UPDATE), ("create", DUP_CREATE), ("ask", DUP_ASK)].map(|(value, text)| {
            view! { <option value=value selected=wizard.duplicates.with_untracked(|d| d == value)>{t(text)}</option> }
        });
    view! { <select id="import-duplicates" class="select" on:change=move |ev| wizard.duplicates.set(event_target_value(&ev))>{options.collect_view()}</select> }
        .into_any()
}

/// Changes what one column does.
pub fn put(wizard: Wizard, column: usize, change: impl FnOnce(&mut Mapped)) {
    wizard.columns.update(|columns| {
        let at = columns.iter().position(|c| c.column == column).unwrap_or_else(|| {
            columns.push(Mapped { column, ..Mapped::default() });
            columns.len() - 1
        });
        change(&mut columns[at]);
    });
}

fn mapped(wizard: Wizard, column: usize) -> Mapped {
    wizard.columns.with(|c| c.iter().find(|c| c.column == column).cloned().unwrap_or_default())
}

fn line(wizard: Wizard, object: &Arc<ObjectMeta>, column: &Column, fields: &[Item]) -> AnyView {
    let at = column.index;
    let now = untrack(|| mapped(wizard, at).field);
    let chosen =
        RwSignal::new(now.and_then(|f| fields.iter().find(|i| i.value == f).cloned()).into_iter().collect::<Vec<_>>());
    let done = move |()| {
        let field = chosen.with_untracked(|c| c.first().map(|i| i.value.clone()));
        // A field takes one column: the newer choice wins.
        if let Some(field) = &field {
            wizard.columns.update(|columns| {
                for c in columns.iter_mut().filter(|c| c.column != at && c.field.as_ref() == Some(field)) {
                    c.field = None;
                }
            });
        }
        put(wizard, at, |m| {
            m.field = field;
            m.values.clear();
            m.unknown = None;
        });
    };
    // Another line may have taken this one's field.
    Effect::new(move || {
        if mapped(wizard, at).field.is_none() && !chosen.with_untracked(Vec::is_empty) {
            chosen.set(Vec::new());
        }
    });
    let object = object.clone();
    let field = Memo::new(move |_| mapped(wizard, at).field.and_then(|f| object.field(&f).cloned()));
    let (order, certain) = (column.order.clone(), column.certain);
    let samples = column.samples.iter().take(3).cloned().collect::<Vec<_>>().join(" · ");
    view! {
        <div class="grid md:grid-cols-[minmax(0,1fr)_minmax(0,1.3fr)_minmax(0,1fr)_minmax(0,1fr)] gap-x-3 gap-y-1 px-3 py-2 md:items-center text-[13px] border-b border-base-300/60 last:border-0">
            <span class="font-semibold truncate">{column.header.clone()}</span>
            <span class="muted truncate">{samples}</span>
            <Combobox id=format!("import-field-{at}") chosen=chosen lookup=fixed(fields.to_vec()) placeholder=t(IMPORT_IGNORE) on_done=done/>
            <div>{move || field.get().and_then(|f| extra(wizard, at, &f, order.as_deref(), certain))}</div>
        </div>
    }
    .into_any()
}

/// What else a field asks: unknown values, the order of day and month.
fn extra(wizard: Wizard, at: usize, field: &FieldMeta, order: Option<&str>, certain: Option<bool>) -> Option<AnyView> {
    let now = untrack(|| mapped(wizard, at));
    match &field.kind {
        FieldType::Choice { .. }
        | FieldType::MultiChoice { .. }
        | FieldType::Reference { .. }
        | FieldType::MultiReference { .. }
        | FieldType::User
        | FieldType::Department => {
            let mut options = vec![("error", UNKNOWN_ERROR), ("empty", UNKNOWN_EMPTY)];
            if field.target().is_some() {
                options.push(("create", UNKNOWN_CREATE));
            }
            let chosen = now.unknown.unwrap_or_else(|| "error".to_owned());
            let options = options
                .into_iter()
                .map(|(value, text)| view! { <option value=value selected=chosen == value>{t(text)}</option> })
                .collect_view();
            Some(view! {
                <select class="select" aria-label=t(IMPORT_UNKNOWN) on:change=move |ev| { let value = event_target_value(&ev); put(wizard, at, |m| m.unknown = Some(value)) }>{options}</select>
            }.into_any())
        }
        FieldType::Date | FieldType::DateTime if certain == Some(false) => {
            let chosen = now.date_order.or(order.map(str::to_owned)).unwrap_or_else(|| "month_first".to_owned());
            let options = [("month_first", IMPORT_MONTH_FIRST), ("day_first", IMPORT_DAY_FIRST)]
                .map(|(value, text)| view! { <option value=value selected=chosen == value>{t(text)}</option> })
                .collect_view();
            Some(view! {
                <select class="select" aria-label=t(IMPORT_ORDER) on:change=move |ev| { let value = event_target_value(&ev); put(wizard, at, |m| m.date_order = Some(value)) }>{options}</select>
            }.into_any())
        }
        _ => Some(view! { <span class="text-success">{icon("check")}</span> }.into_any()),
    }
}
