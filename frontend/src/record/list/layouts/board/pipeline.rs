//! Stages as columns: those of one pipeline, which one chooses where there are several.

use super::{Board, Column};
use crate::api::records::{self, RecordExt};
use crate::fields::reference;
use crate::i18n::{BOARD_PIPELINE, t};
use crate::state::{catalog, toast};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{ObjectMeta, Record, Tone};
use leptos::prelude::*;
use serde_json::{Value, json};

const PIPELINE: &str = "pipeline";

/// Fills in the columns; answers what stands above the board.
pub fn columns(board: Board, chosen: Option<String>) -> AnyView {
    let pipelines = RwSignal::new(Vec::<(String, String)>::new());
    let now = RwSignal::new(chosen);
    leptos::task::spawn_local(async move {
        let Some(stages) = catalog::object("stage") else { return };
        if let Some(object) = catalog::object(PIPELINE) {
            let query = ListQuery { sort: vec![Sort::parse("sort_order")], limit: Some(100), ..ListQuery::default() };
            match records::query(&object.plural, &query).await {
                Ok(page) => choose(&object, &page.data, pipelines, now),
                Err(error) => return toast::error(&error),
            }
        }
        let filter =
            now.try_get_untracked().flatten().map(|id| kezhan_meta::Filter::field(PIPELINE, kezhan_meta::Op::Eq, id));
        let query =
            ListQuery { filter, sort: vec![Sort::parse("sort_order")], limit: Some(100), ..ListQuery::default() };
        match records::query(&stages.plural, &query).await {
            Ok(page) => {
                let _ = board.columns.try_set(page.data.iter().map(|stage| column(&stages, stage)).collect());
            }
            Err(error) => toast::error(&error),
        }
    });
    let list = board.list;
    (move || {
        let all = pipelines.get();
        (all.len() > 1).then(|| {
            let options = all.into_iter().map(|(id, name)| {
                let here = now.get_untracked().as_ref() == Some(&id);
                view! { <option value=id selected=here>{name}</option> }
            });
            view! {
                <label class="flex items-center gap-2 px-3 pt-2 bg-base-200 shrink-0 text-[13px]">
                    <span class="muted">{t(BOARD_PIPELINE)}</span>
                    <select id="board-pipeline" class="select !w-auto" on:change=move |ev| list.url.replace(&[("pipeline", Some(event_target_value(&ev)))])>{options.collect_view()}</select>
                </label>
            }
        })
    })
    .into_any()
}

/// The one asked for where there is one, else the default.
fn choose(
    object: &ObjectMeta,
    all: &[Record],
    pipelines: RwSignal<Vec<(String, String)>>,
    now: RwSignal<Option<String>>,
) {
    let asked = now.try_get_untracked().flatten();
    let found = all.iter().find(|p| Some(p.id()) == asked.as_deref());
    let default = || all.iter().find(|p| p.value("is_default") == &Value::Bool(true)).or_else(|| all.first());
    let _ = now.try_set(found.or_else(default).map(|p| p.id().to_owned()));
    let _ = pipelines.try_set(all.iter().map(|p| (p.id().to_owned(), p.title(object))).collect());
}

fn column(object: &ObjectMeta, stage: &Record) -> Column {
    let title = stage.title(object);
    reference::meet(stage.id(), &title);
    let tone = match stage.value("outcome").as_str() {
        Some("won") => Tone::Success,
        Some("lost") => Tone::Danger,
        _ => Tone::Info,
    };
    let requires = stage.value("requires").as_array().into_iter().flatten();
    let requires = requires.filter_map(|key| key.as_str().map(str::to_owned)).collect();
    Column { value: json!(stage.id()), title, tone, requires }
}
