//! Settings that are arranged on a screen of their own: told in words here, with a way there, and not typed.

use crate::api::records::RecordExt;
use crate::i18n::{COLUMNS, FILTER, SORT, VIEW_ARRANGE, comma, label, t};
use crate::record::filter::words;
use crate::state::catalog;
use kezhan_meta::query::Sort;
use kezhan_meta::{Filter, ObjectMeta, Record};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::Value;

/// A saved view is arranged in its list.
pub fn elsewhere(object: &ObjectMeta, key: &str) -> bool {
    object.name == "saved_view" && key == "settings"
}

/// Nothing for what is typed.
pub fn told(object: &ObjectMeta, key: &str, record: &Record) -> Option<AnyView> {
    let settings = record.get(key).filter(|_| elsewhere(object, key))?;
    let listed = catalog::object(record.get("object")?.as_str()?)?;
    let texts = |key: &str| -> Vec<String> {
        let all = settings.get(key).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let name = |key: &str| listed.field(key).map_or_else(|| key.to_owned(), |f| label(&f.label));
    let sorts = texts("sort").into_iter().map(|text| Sort::parse(&text)).map(|sort| {
        let arrow = if sort.descending { "↓" } else { "↑" };
        format!("{} {arrow}", name(&sort.field))
    });
    let sorts: Vec<String> = sorts.collect();
    let columns: Vec<String> = texts("fields").iter().map(|key| name(key)).collect();
    let filter = settings.get("filter").and_then(|f| serde_json::from_value::<Filter>(f.clone()).ok());
    let filter = filter.filter(|f| !f.is_all()).map(|f| words::sentence(&listed, &f));
    let lines = [(SORT, sorts), (COLUMNS, columns)];
    let lines = lines.into_iter().filter(|(_, all)| !all.is_empty());
    let lines = lines.map(|(key, all)| view! { <li><span class="muted">{t(key)}" "</span>{all.join(comma())}</li> });
    let filter = filter.map(|text| view! { <li><span class="muted">{t(FILTER)}" "</span>{move || text.get()}</li> });
    let href = format!("/o/{}?view={}", listed.plural, record.id());
    Some(
        view! {
            <ul class="flex flex-col gap-1 py-1 min-w-0 break-words">
                {filter}
                {lines.collect_view()}
                <li><A href=href attr:class="link">{t(VIEW_ARRANGE)}</A></li>
            </ul>
        }
        .into_any(),
    )
}
