//! The privacy desk: what people ask about theirs, what they have agreed to, and how long it is kept.

pub mod data_map;
mod retention;

use crate::api::records;
use crate::bridge;
use crate::i18n::{
    PRIVACY_CONSENTS, PRIVACY_DUE_SOON, PRIVACY_NEW_REQUEST, PRIVACY_OPEN, PRIVACY_OVERDUE, PRIVACY_PURPOSES,
    PRIVACY_RESTRICTED, PRIVACY_TEXT, PRIVACY_TITLE, t,
};
use crate::layout::settings;
use crate::lazy;
use crate::record::url::Url;
use crate::state::{app, catalog, session};
use crate::ui::{Button, Look, icon};
use kezhan_meta::query::{Count, ListQuery};
use kezhan_meta::{Filter, Op};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;

pub fn screen() -> AnyView {
    let url = Url::new();
    let open = || Filter::field("completed_at", Op::Null, true);
    let due = |op: Op, value: serde_json::Value| open().and(Filter::field("due_at", op, value));
    let figures = [
        figure("subject_requests", t(PRIVACY_OPEN), "inbox", open()),
        figure("subject_requests", t(PRIVACY_DUE_SOON), "clock", due(Op::Within, json!("next_7_days"))),
        figure("subject_requests", t(PRIVACY_OVERDUE), "triangle-alert", due(Op::Lt, json!(bridge::today()))),
        figure("contacts", t(PRIVACY_RESTRICTED), "lock", Filter::field("processing_restricted", Op::Eq, true)),
        figure("consents", t(PRIVACY_CONSENTS), "clipboard-check", Filter::field("current", Op::Eq, true)),
        figure("processing_purposes", t(PRIVACY_PURPOSES), "scale", Filter::all()),
    ];
    let create = session::may("subject_request", "create").then(|| {
        view! { <Button label=t(PRIVACY_NEW_REQUEST) look=Look::Primary icon="plus" on_click=move |_| url.push(&[("new", Some("1".to_owned()))])/> }
    });
    let adding = Memo::new(move |_| url.get("new").is_some());
    view! {
        <section class="grow min-h-0 overflow-y-auto scroll-thin bg-base-100">
            {settings::head(PRIVACY_TITLE, PRIVACY_TEXT, create.into_any())}
            <div class="p-4 grid gap-3 grid-cols-2 lg:grid-cols-3 max-w-4xl">{figures}</div>
            {retention::section(url)}
        </section>
        {move || adding.get().then(|| catalog::object("subject_request").map(|object| lazy::create_form(object, url)))}
    }
    .into_any()
}

/// How many there are, and the way to them.
fn figure(plural: &'static str, name: &'static str, sign: &'static str, filter: Filter) -> Option<AnyView> {
    let object = catalog::catalog().objects().find(|o| o.plural == plural).cloned()?;
    let count = RwSignal::new(None::<i64>);
    let question = ListQuery {
        filter: (!filter.is_all()).then(|| filter.clone()),
        limit: Some(1),
        count: Count::Exact,
        ..ListQuery::default()
    };
    Effect::new(move || {
        app().written.track();
        let (question, plural) = (question.clone(), object.plural.clone());
        leptos::task::spawn_local(async move {
            let found = records::query(&plural, &question).await.ok().and_then(|page| page.count);
            let _ = count.try_set(found);
        });
    });
    let text = crate::record::filter::to_text(&filter).map(|f| format!("?filter={}", records::encode(&f)));
    let href = format!("/o/{plural}{}", text.unwrap_or_default());
    Some(
        view! {
            <A href=href attr:class="panel p-3 flex items-center gap-3 hover:border-primary/50 min-w-0">
                <span class="size-9 rounded-lg bg-primary/10 text-primary grid place-items-center shrink-0">{icon(sign)}</span>
                <span class="min-w-0">
                    <span class="block text-lg font-semibold tnum leading-6">{move || count.get().map_or_else(|| "–".to_owned(), |n| bridge::decimal(&n.to_string(), 0, 0))}</span>
                    <span class="block muted text-[13px] leading-5">{name}</span>
                </span>
            </A>
        }
        .into_any(),
    )
}
