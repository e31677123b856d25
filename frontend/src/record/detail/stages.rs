//! The path of a record through the stages of its pipeline; a click moves it.

use super::{Open, change};
use crate::api::records::{self, RecordExt, title_of};
use crate::i18n::{MOVE_TO, STAGE_MOVED, STAGE_PATH, t, tf};
use crate::record::ask::{self, Ask};
use crate::state::{catalog, session};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{Filter, Op, Record};
use leptos::prelude::*;
use serde_json::{Value, json};

const FIELD: &str = "stage";

pub fn path(open: Open) -> AnyView {
    let object = open.object();
    let staged = object.field(FIELD).is_some_and(|f| f.target() == Some("stage"));
    let Some(stages) = catalog::object("stage").filter(|_| staged) else { return ().into_any() };
    let all = RwSignal::new(Vec::<Record>::new());
    let pipeline = Memo::new(move |_| open.record.with(|r| r.as_ref().map(|r| r.value("pipeline").clone())));
    Effect::new(move || {
        let filter = match pipeline.get() {
            Some(Value::String(id)) => Some(Filter::field("pipeline", Op::Eq, id)),
            Some(_) => None,
            None => return,
        };
        let plural = stages.plural.to_string();
        leptos::task::spawn_local(async move {
            let query =
                ListQuery { filter, sort: vec![Sort::parse("sort_order")], limit: Some(50), ..ListQuery::default() };
            if let Ok(page) = records::query(&plural, &query).await {
                let _ = all.try_set(page.data);
            }
        });
    });
    let asking = RwSignal::new(None::<Ask>);
    let strip = move || {
        let stages = all.get();
        let now = open.record.with(|r| r.as_ref().and_then(|r| r.value(FIELD).as_str().map(str::to_owned)));
        let at = stages.iter().position(|s| Some(s.id()) == now.as_deref());
        (!stages.is_empty()).then(|| {
            view! {
                <nav class="flex items-center gap-1 px-4 py-2 border-b border-base-300 overflow-x-auto scroll-thin shrink-0" aria-label=t(STAGE_PATH)>
                    {stages.iter().enumerate().map(|(i, stage)| step(open, asking, stage, i, at)).collect_view()}
                </nav>
            }
        })
    };
    view! {
        {strip}
        {move || asking.get().map(ask::dialog)}
    }
    .into_any()
}

fn name(stage: &Record) -> String {
    title_of("stage", &Value::Object(stage.clone()))
}

fn step(open: Open, asking: RwSignal<Option<Ask>>, stage: &Record, i: usize, at: Option<usize>) -> AnyView {
    let here = at == Some(i);
    let outcome = stage.value("outcome").as_str().unwrap_or_default();
    let class = match (here, outcome) {
        (true, "won") => "bg-success text-success-content font-semibold",
        (true, "lost") => "bg-error text-error-content font-semibold",
        (true, _) => "bg-primary text-primary-content font-semibold",
        (false, _) if at.is_some_and(|at| i < at) => "bg-primary/12 text-primary",
        _ => "bg-base-content/6 hover:bg-base-content/12",
    };
    let (id, text) = (stage.id().to_owned(), name(stage));
    let requires = stage.value("requires").as_array().into_iter().flatten();
    let requires: Vec<String> = requires.filter_map(|key| key.as_str().map(str::to_owned)).collect();
    let press = {
        let text = text.clone();
        move |_| {
            if !here && session::may(&open.object().name, "edit") {
                enter(open, asking, id.clone(), text.clone(), requires.clone());
            }
        }
    };
    view! {
        <button type="button" class=format!("tap flex-1 min-w-24 h-8 px-3 rounded-md text-[13px] whitespace-nowrap {class}")
            aria-current=here.then_some("step") on:click=press>{text}</button>
    }
    .into_any()
}

/// What the stage requires and the record lacks is asked for first.
fn enter(open: Open, asking: RwSignal<Option<Ask>>, stage: String, name: String, requires: Vec<String>) {
    let Some(record) = open.record.get_untracked() else { return };
    leptos::task::spawn_local(async move {
        let object = open.object();
        let fields = ask::missing(&object, record.id(), &requires).await;
        if fields.is_empty() {
            return go(open, stage, name, Record::new());
        }
        let title = tf(MOVE_TO, &[("column", &name)]);
        let given = move |more: Record| {
            asking.set(None);
            go(open, stage.clone(), name.clone(), more);
        };
        let _ = asking.try_set(Some(Ask {
            object,
            title,
            fields: fields.into_iter().map(|f| (f, None)).collect(),
            given: Callback::new(given),
            cancel: Callback::new(move |()| asking.set(None)),
        }));
    });
}

fn go(open: Open, stage: String, name: String, more: Record) {
    change::set(open, FIELD.to_owned(), json!(stage), more, tf(STAGE_MOVED, &[("stage", &name)]));
}
