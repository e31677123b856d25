//! The privacy desk: what people ask about theirs, what they have agreed to, and how long it is kept.

mod rule;

use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::fields;
use crate::i18n::{
    DELETE, DELETED, EDIT, PRIVACY_CONSENTS, PRIVACY_DUE_SOON, PRIVACY_NEW_REQUEST, PRIVACY_OPEN, PRIVACY_OVERDUE,
    PRIVACY_PURPOSES, PRIVACY_RESTRICTED, PRIVACY_TEXT, PRIVACY_TITLE, RETENTION_ADD, RETENTION_EMPTY, RETENTION_LINE,
    RETENTION_OFF, RETENTION_TEXT, RETENTION_TITLE, UNDO, label, t, tf,
};
use crate::layout::shell;
use crate::record::filter::words;
use crate::record::url::Url;
use crate::state::{app, catalog, session, toast};
use crate::ui::{self, Button, Look, badge, icon};
use kezhan_meta::query::{Count, ListQuery, Sort};
use kezhan_meta::{Filter, ObjectMeta, Op, Record, Tone};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;
use std::sync::Arc;

type Rules = RwSignal<Option<Result<Vec<Record>, ApiError>>>;

pub fn screen() -> AnyView {
    if !session::may("subject_request", "read") {
        return shell::missing();
    }
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
        view! { <Button label=t(PRIVACY_NEW_REQUEST) look=Look::Primary icon="plus" on_click=move |_| url.go("/o/subject_requests?new=1".to_owned())/> }
    });
    view! {
        <section class="grow min-h-0 overflow-y-auto scroll-thin bg-base-100">
            <div class="px-4 py-3 border-b border-base-300 flex flex-wrap items-center gap-3">
                <div class="grow">
                    <h1 class="font-semibold text-base">{t(PRIVACY_TITLE)}</h1>
                    <p class="muted text-[13px]">{t(PRIVACY_TEXT)}</p>
                </div>
                {create}
            </div>
            <div class="p-4 grid gap-3 grid-cols-2 lg:grid-cols-3 max-w-4xl">{figures}</div>
            {retention(url)}
        </section>
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
                    <span class="block muted text-[13px] truncate">{name}</span>
                </span>
            </A>
        }
        .into_any(),
    )
}

fn retention(url: Url) -> Option<AnyView> {
    let object = catalog::object("retention_rule").filter(|_| session::may("retention_rule", "configure"))?;
    let all: Rules = RwSignal::new(None);
    load(&object, all);
    let open = Memo::new(move |_| url.get("rule"));
    let meta = object.clone();
    let body = move || match all.get() {
        None => ui::loading_rows(3),
        Some(Err(error)) => {
            let meta = meta.clone();
            ui::failed(&error, move || load(&meta, all))
        }
        Some(Ok(rules)) if rules.is_empty() => ui::empty("hourglass", t(RETENTION_EMPTY), "", ().into_any()),
        Some(Ok(rules)) => {
            let lines = rules.into_iter().map(|rule| line(&meta, rule, url, all)).collect_view();
            view! { <ul class="flex flex-col gap-2">{lines}</ul> }.into_any()
        }
    };
    let editor = move || {
        let id = open.get()?;
        let rule = match all.get() {
            Some(Ok(rules)) => rules.into_iter().find(|r| r.id() == id),
            _ => return None,
        };
        (rule.is_some() || id == "new").then(|| rule::editor(object.clone(), rule, url, all))
    };
    Some(
        view! {
            <section class="px-4 pb-6 max-w-4xl" aria-label=t(RETENTION_TITLE)>
                <div class="flex flex-wrap items-center gap-3 py-3">
                    <div class="grow">
                        <h2 class="font-semibold">{t(RETENTION_TITLE)}</h2>
                        <p class="muted text-[13px]">{t(RETENTION_TEXT)}</p>
                    </div>
                    <Button label=t(RETENTION_ADD) icon="plus" on_click=move |_| url.push(&[("rule", Some("new".to_owned()))])/>
                </div>
                {body}
            </section>
            {editor}
        }
        .into_any(),
    )
}

fn load(object: &Arc<ObjectMeta>, all: Rules) {
    let object = object.clone();
    leptos::task::spawn_local(async move {
        let query = ListQuery { sort: vec![Sort::parse("name")], limit: Some(200), ..ListQuery::default() };
        let _ = all.try_set(Some(records::query(&object.plural, &query).await.map(|page| page.data)));
    });
}

fn line(object: &Arc<ObjectMeta>, rule: Record, url: Url, all: Rules) -> AnyView {
    let id = rule.id().to_owned();
    let text = |key: &str| rule.value(key).as_str().unwrap_or_default().to_owned();
    let about = catalog::object(&text("object"));
    let what = about.as_ref().map_or_else(|| text("object"), |o| label(&o.label_many));
    let since = about.as_ref().and_then(|o| o.field(&text("since"))).map(|f| label(&f.label)).unwrap_or_default();
    let condition = serde_json::from_value::<Filter>(rule.value("condition").clone()).ok().filter(|c| !c.is_all());
    let sentence = about.zip(condition).map(|(about, condition)| words::sentence(&about, &condition));
    let months = rule.value("months").to_string();
    let term = tf(RETENTION_LINE, &[("since", &since), ("months", &months)]);
    let act = object.field("act").map(|f| fields::cell(fields::Shown::of(f, &rule)));
    let off = rule.value("active").as_bool() != Some(true);
    let ran = object.field("last_run_at").filter(|f| !rule.value(&f.key).is_null()).map(|f| {
        view! { <span class="muted tnum">{fields::cell(fields::Shown::of(f, &rule))}" · "{rule.value("last_count").to_string()}</span> }
    });
    let edit = {
        let id = id.clone();
        move |_| url.push(&[("rule", Some(id.clone()))])
    };
    let remove = {
        let (object, rule) = (object.clone(), rule.clone());
        move |_| delete(object.clone(), rule.clone(), all)
    };
    view! {
        <li class="panel p-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-[13px]">
            <div class="grow min-w-56">
                <p class="font-semibold flex items-center gap-2">{text("name")}{off.then(|| badge(t(RETENTION_OFF), Tone::Neutral))}</p>
                <p class="muted">{what}" · "{term}{move || sentence.map(|s| format!(" · {}", s.get()))}</p>
            </div>
            <p class="inline-flex items-center gap-2">{act}{ran}</p>
            <div class="flex gap-1">
                <Button label=t(EDIT) icon="pencil" icon_only=true look=Look::Quiet on_click=edit/>
                <Button label=t(DELETE) icon="trash-2" icon_only=true look=Look::Quiet on_click=remove/>
            </div>
        </li>
    }
    .into_any()
}

fn delete(object: Arc<ObjectMeta>, rule: Record, all: Rules) {
    leptos::task::spawn_local(async move {
        match records::delete(&object, rule.id(), rule.version()).await {
            Ok(()) => {
                load(&object, all);
                let (title, id) = (rule.title(&object), rule.id().to_owned());
                toast::undoable(tf(DELETED, &[("title", &title)]), t(UNDO), move || {
                    let (object, id) = (object.clone(), id.clone());
                    leptos::task::spawn_local(async move {
                        match records::restore(&object, &id).await {
                            Ok(()) => load(&object, all),
                            Err(error) => toast::error(&error),
                        }
                    });
                });
            }
            Err(error) => toast::error(&error),
        }
    });
}
