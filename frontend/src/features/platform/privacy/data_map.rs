//! The data map: per field how sensitive it is, what it is kept for and how long, where, and who reads it.

use crate::api::client::ApiError;
use crate::api::privacy::{self, DataMap, Row, Store};
use crate::api::records::{self, RecordExt};
use crate::fields::{self, Input};
use crate::i18n::comma;
use crate::i18n::{
    CANCEL, DATA_MAP_DIRECTORY, DATA_MAP_EMBEDDED, DATA_MAP_EMPTY, DATA_MAP_ENCRYPTED, DATA_MAP_KEPT, DATA_MAP_LEAST,
    DATA_MAP_LEVEL, DATA_MAP_MONTHS, DATA_MAP_NOT_PERSONAL, DATA_MAP_NOT_WATCHED, DATA_MAP_PERSONAL, DATA_MAP_PURPOSE,
    DATA_MAP_READERS, DATA_MAP_STORE_DATABASE, DATA_MAP_STORE_FILES, DATA_MAP_STORED, DATA_MAP_TEXT, DATA_MAP_TITLE,
    DATA_MAP_WATCHED, EDIT, EXPORT, Key, LEVEL_MASKED, LEVEL_READ, LEVEL_WRITE, ROLE_FIELD, SAVE, SAVED, label, t, tf,
};
use crate::layout::{settings, shell};
use crate::record::url::Url;
use crate::state::{catalog, toast};
use crate::ui::{self, Button, Field, Layer, Look, Shape, badge, icon};
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Record, Sensitivity, Tone};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const OBJECT: &str = "field_policy";
/// A cell; on phones a line of its own in a card.
const CELL: &str = "px-3 py-2 max-md:py-0.5 md:border-t border-base-300/60";
/// What a policy says of its field.
const SAID: [&str; 6] = ["sensitivity", "purpose", "legal_basis", "retention_months", "cross_border", "notes"];

type Found = RwSignal<Option<Result<DataMap, ApiError>>>;

pub fn screen() -> AnyView {
    let Some(policies) = catalog::object(OBJECT) else {
        return shell::missing();
    };
    let url = Url::new();
    let found: Found = RwSignal::new(None);
    let least = Memo::new(move |_| url.get("min").unwrap_or_else(|| "personal".to_owned()));
    Effect::new(move || load(least.get(), found));
    let editing = RwSignal::new(None::<Row>);
    let export = move |format: &'static str, name: &'static str| {
        view! {
            <a class="btn btn-plain" download="" href=move || privacy::export_url(&least.get(), format)>{icon("download")}{format!("{} {name}", t(EXPORT))}</a>
        }
    };
    let levels = Sensitivity::ALL.map(|level| {
        view! { <option value=level.key() selected=move || least.get() == level.key()>{label(&level.label())}</option> }
    });
    let meta = policies.clone();
    let body = move || match found.get() {
        None => ui::loading_rows(8),
        Some(Err(error)) => ui::failed(&error, move || load(least.get_untracked(), found)),
        Some(Ok(map)) if map.data.is_empty() => ui::empty("map", t(DATA_MAP_EMPTY), t(DATA_MAP_TEXT), ().into_any()),
        Some(Ok(map)) => table(&meta, map, editing),
    };
    let editor = move || {
        let row = editing.get()?;
        Some(editor(policies.clone(), row, editing, move || load(least.get_untracked(), found)))
    };
    let actions = view! {
        <select class="select !w-auto" aria-label=t(DATA_MAP_LEAST)
            on:change=move |ev| url.replace(&[("min", Some(event_target_value(&ev)))])>{levels}</select>
        {export("xlsx", "XLSX")}
        {export("csv", "CSV")}
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            {settings::head(DATA_MAP_TITLE, DATA_MAP_TEXT, actions.into_any())}
            <div class="grow min-h-0 overflow-auto scroll-thin" data-map>{body}</div>
        </section>
        {editor}
    }
    .into_any()
}

fn load(least: String, found: Found) {
    leptos::task::spawn_local(async move {
        let answer = privacy::data_map(&least).await;
        let _ = found.try_set(Some(answer));
    });
}

pub fn tone(level: Sensitivity) -> Tone {
    match level {
        Sensitivity::Public | Sensitivity::Internal => Tone::Neutral,
        Sensitivity::Personal => Tone::Warning,
        Sensitivity::Sensitive | Sensitivity::Secret => Tone::Accent,
    }
}

fn table(policies: &Arc<ObjectMeta>, map: DataMap, editing: RwSignal<Option<Row>>) -> AnyView {
    let mut objects: Vec<(String, Vec<Row>)> = Vec::new();
    for row in map.data {
        match objects.last_mut() {
            Some((name, rows)) if *name == row.object => rows.push(row),
            _ => objects.push((row.object.clone(), vec![row])),
        }
    }
    let heads = [ROLE_FIELD, DATA_MAP_LEVEL, DATA_MAP_PURPOSE, DATA_MAP_KEPT, DATA_MAP_STORED, DATA_MAP_READERS];
    let heads = heads.map(
        |key| view! { <th scope="col" class="px-3 py-2 font-normal muted text-start whitespace-nowrap">{t(key)}</th> },
    );
    let groups = objects.into_iter().map(|(_, rows)| {
        let name = rows.first().map(|row| label(&row.object_label)).unwrap_or_default();
        let lines = rows.into_iter().map(|row| line(policies, row, editing)).collect_view();
        view! {
            <tbody class="max-md:block">
                <tr class="max-md:block"><th scope="rowgroup" colspan="7" class="max-md:block px-3 pt-4 pb-1 text-start font-semibold">{name}</th></tr>
                {lines}
            </tbody>
        }
    });
    view! {
        <ul class="flex flex-wrap gap-x-6 gap-y-1 px-4 pt-3 text-[13px]">{map.stores.iter().map(store).collect_view()}</ul>
        <table class="text-[13px] border-separate border-spacing-0 w-full max-md:block md:min-w-[56rem]">
            <thead class="sticky top-0 bg-base-100 z-10 max-md:hidden"><tr>{heads}<th></th></tr></thead>
            {groups.collect_view()}
        </table>
    }
    .into_any()
}

fn store(store: &Store) -> AnyView {
    let (sign, kind) = match store.kind.as_str() {
        "database" => ("database", DATA_MAP_STORE_DATABASE),
        _ => ("folder", DATA_MAP_STORE_FILES),
    };
    let place = match store.place.as_str() {
        "embedded" => t(DATA_MAP_EMBEDDED).to_owned(),
        "directory" => t(DATA_MAP_DIRECTORY).to_owned(),
        place => store.region.iter().fold(place.to_owned(), |text, region| format!("{text} ({region})")),
    };
    view! { <li class="inline-flex items-center gap-1.5"><span class="muted">{icon(sign)}</span>{t(kind)}": "{place}</li> }
        .into_any()
}

fn line(policies: &Arc<ObjectMeta>, row: Row, editing: RwSignal<Option<Row>>) -> AnyView {
    let name = label(&row.label);
    let basis = row.legal_basis.as_ref().and_then(|key| {
        let option = policies.field("legal_basis")?.options().iter().find(|o| o.value == key.as_str())?;
        Some(label(&option.label))
    });
    let kept = row.retention_months.map(|n| tf(DATA_MAP_MONTHS, &[("n", &n.to_string())]));
    let last = row.readers.len().saturating_sub(1);
    let readers = row.readers.iter().enumerate().map(|(at, reader)| {
        let end = if at < last { comma() } else { "" };
        let level = match reader.level.as_str() {
            "masked" => LEVEL_MASKED,
            "read" => LEVEL_READ,
            _ => LEVEL_WRITE,
        };
        view! { <li class="inline"><span class="md:whitespace-nowrap">{reader.role.clone()}<span class="muted">" "{t(level)}</span></span>{end}</li> }
    });
    let (sealed, level) = (row.encrypted, row.sensitivity);
    let (purpose, abroad, stored) = (row.purpose.clone(), row.cross_border.clone(), row.stored.clone());
    let readers = readers.collect_view();
    let change = format!("{} · {name}", t(EDIT));
    view! {
        <tr class="align-top max-md:grid max-md:grid-cols-[minmax(0,1fr)_auto] max-md:border-t max-md:border-base-300/60 max-md:py-2">
            <th scope="row" class=format!("{CELL} text-start md:font-normal min-w-32")>{name}</th>
            <td class=format!("{CELL} max-md:col-span-full")>
                <div class="flex flex-wrap gap-1">
                    {badge(label(&level.label()), tone(level))}
                    {sealed.then(|| badge(t(DATA_MAP_ENCRYPTED), Tone::Success))}
                </div>
            </td>
            <td class=format!("{CELL} min-w-40 max-md:col-span-full")>{purpose}<p class="muted">{basis}</p></td>
            <td class=format!("{CELL} whitespace-nowrap max-md:col-span-full max-md:empty:hidden")>{kept}</td>
            <td class=format!("{CELL} max-md:col-span-full")><code class="text-xs break-all">{stored}</code><p class="muted">{abroad}</p></td>
            <td class=format!("{CELL} min-w-56 max-md:col-span-full")><ul>{readers}</ul></td>
            <td class="px-1 py-1 md:border-t border-base-300/60 max-md:row-start-1 max-md:col-start-2">
                <Button label=change icon="pencil" icon_only=true look=Look::Quiet on_click=move |_| editing.set(Some(row.clone()))/>
            </td>
        </tr>
    }
    .into_any()
}

/// What holds for a field of which the company has said nothing: whoever says one thing of it keeps the rest.
fn stands(row: &Row, key: &str) -> Value {
    match key {
        "sensitivity" => json!(row.sensitivity.key()),
        "purpose" => json!(row.purpose),
        "legal_basis" => json!(row.legal_basis),
        "retention_months" => json!(row.retention_months),
        "cross_border" => json!(row.cross_border),
        _ => Value::Null,
    }
}

/// What another level would do.
fn effect(before: Sensitivity, now: Sensitivity) -> Vec<Key> {
    let crosses = |level| match (before >= level, now >= level) {
        (false, true) => Some(true),
        (true, false) => Some(false),
        _ => None,
    };
    let personal = crosses(Sensitivity::Personal).map(|up| if up { DATA_MAP_PERSONAL } else { DATA_MAP_NOT_PERSONAL });
    let watched = crosses(Sensitivity::Sensitive).map(|up| if up { DATA_MAP_WATCHED } else { DATA_MAP_NOT_WATCHED });
    [personal, watched].into_iter().flatten().collect()
}

/// What the company says of one field; stored as its field policy.
fn editor(
    policies: Arc<ObjectMeta>,
    row: Row,
    editing: RwSignal<Option<Row>>,
    saved: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    let values: Vec<(&'static str, RwSignal<Value>)> =
        SAID.into_iter().map(|key| (key, RwSignal::new(stands(&row, key)))).collect();
    let stored = RwSignal::new(None::<Record>);
    let ready = RwSignal::new(row.policy.is_none());
    if let Some(id) = row.policy.clone() {
        let (policies, values) = (policies.clone(), values.clone());
        leptos::task::spawn_local(async move {
            match records::read(&policies, &id).await {
                Ok(record) => {
                    for (key, value) in &values {
                        let _ = value.try_set(record.value(key).clone());
                    }
                    let _ = stored.try_set(Some(record));
                    let _ = ready.try_set(true);
                }
                Err(error) => toast::error(&error),
            }
        });
    }
    let (busy, faults) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let fault = move |key: &'static str| {
        Signal::derive(move || {
            let items = faults.with(|f| f.as_ref().map(|f| f.items().to_vec())).unwrap_or_default();
            items.into_iter().find(|item| item.field == key).map(|item| item.message)
        })
    };
    let title = format!("{} · {}", label(&row.object_label), label(&row.label));
    let open = !row.encrypted && row.sensitivity != Sensitivity::Secret;
    let inputs = {
        let (policies, values) = (policies.clone(), values.clone());
        move || {
            let each = values.iter().filter_map(|(key, value)| {
                let mut field: FieldMeta = policies.field(key)?.clone();
                if let FieldType::Choice { options } = &mut field.kind
                    && open
                    && *key == "sensitivity"
                {
                    // Secret is what is encrypted.
                    options.to_mut().retain(|option| option.value != Sensitivity::Secret.key());
                }
                let (id, name) = (format!("policy-{key}"), label(&field.label));
                let done = Callback::new(|()| ());
                let input = Input {
                    id: id.clone(),
                    field,
                    value: *value,
                    expanded: None,
                    home: None,
                    invalid: Signal::stored(false),
                    done,
                };
                Some(view! { <Field id=id label=name error=fault(key)>{fields::input(input)}</Field> })
            });
            ready.get().then(|| each.collect_view())
        }
    };
    let level = values.iter().find(|(key, _)| *key == "sensitivity").map(|(_, value)| *value);
    let (before, declared) = (row.sensitivity, row.declared);
    let effect = move || {
        // Nothing chosen leaves it as it was declared.
        let now = level.map(|l| l.get()).and_then(|l| Sensitivity::parse(l.as_str()?)).unwrap_or(declared);
        let told = effect(before, now);
        (ready.get() && !told.is_empty()).then(|| {
            let lines = told.iter().map(|key| view! { <li>{t(*key)}</li> }).collect_view();
            view! { <ul class="px-4 py-2 border-t border-base-300 bg-base-200 text-[13px] text-warning shrink-0" role="status" data-effect>{lines}</ul> }
        })
    };
    let save = move |_| {
        let mut record = Record::new();
        for (key, value) in &values {
            record.insert((*key).to_owned(), value.get_untracked());
        }
        let (policies, row) = (policies.clone(), row.clone());
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = match stored.get_untracked() {
                Some(policy) => records::update(&policies, policy.id(), &record, policy.version()).await.map(drop),
                None => {
                    record.insert("object".to_owned(), json!(row.object));
                    record.insert("field".to_owned(), json!(row.field));
                    records::create(&policies, &record).await.map(drop)
                }
            };
            let _ = busy.try_set(false);
            match answer {
                Ok(()) => {
                    toast::done(t(SAVED));
                    let _ = editing.try_set(None);
                    saved();
                }
                Err(error) if error.items().is_empty() => toast::error(&error),
                Err(error) => drop(faults.try_set(Some(error))),
            }
        });
    };
    view! {
        <Layer shape=Shape::Drawer label=title on_close=move |()| editing.set(None)>
            <div class="p-4 overflow-y-auto scroll-thin grow flex flex-col gap-3" data-policy>{inputs}</div>
            {effect}
            <footer class="flex justify-end gap-2 p-3 border-t border-base-300 shrink-0">
                <Button label=t(CANCEL) on_click=move |_| editing.set(None)/>
                <Button label=t(SAVE) look=Look::Primary busy=busy on_click=save/>
            </footer>
        </Layer>
    }
    .into_any()
}
