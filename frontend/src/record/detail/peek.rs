//! A record beside the list it is in.

use super::{Open, change, facts, star, timeline};
use crate::api::records::RecordExt;
use crate::i18n::{CLOSE, OPEN_FULL, TAB_FACTS, TAB_TIMELINE, label, t};
use crate::record::list::record_url;
use crate::record::url::Url;
use crate::ui::{self, Button, Look, icon};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;

pub fn aside(object: Arc<ObjectMeta>, id: String, url: Url) -> AnyView {
    let full = record_url(&object, &id);
    let open = Open::new(object.clone(), id, url);
    let ready = Memo::new(move |_| open.record.with(Option::is_some));
    let timeline_shown = RwSignal::new(false);
    let title = {
        let object = object.clone();
        move || open.record.with(|r| r.as_ref().map(|r| r.title(&object)).unwrap_or_default())
    };
    let tab = move |text: &'static str, value: bool| {
        view! {
            <button type="button" class=move || if timeline_shown.get() == value { "tap py-2 border-b-2 border-primary text-primary font-semibold text-[13px]" }
                else { "tap py-2 border-b-2 border-transparent muted text-[13px]" }
                aria-pressed=move || (timeline_shown.get() == value).to_string() on:click=move |_| timeline_shown.set(value)>{text}</button>
        }
    };
    let body = move || match (ready.get(), open.error.get()) {
        (false, Some(error)) => ui::failed(&error, move || open.load()),
        (false, None) => ui::loading_rows(6),
        (true, _) if timeline_shown.get() => timeline::panel(open),
        (true, _) => facts::panel(open),
    };
    view! {
        <aside class="fixed inset-0 z-30 md:static md:z-auto md:w-[27rem] shrink-0 border-l border-base-300 bg-base-100 flex flex-col min-h-0" aria-label=label(&object.label)>
            <header class="flex items-center gap-1 h-12 pl-4 pr-2 border-b border-base-300 shrink-0">
                <h2 class="font-semibold grow truncate">{title}</h2>
                {change::finish(open)}
                {star::star(open)}
                <A href=full attr:class="btn btn-quiet btn-icon" attr:aria-label=t(OPEN_FULL) attr:title=t(OPEN_FULL)>{icon("maximize-2")}</A>
                <Button label=t(CLOSE) look=Look::Quiet icon="x" icon_only=true on_click=move |_| url.beside(None)/>
            </header>
            <div class="flex gap-4 px-4 border-b border-base-300">{tab(t(TAB_FACTS), false)}{tab(t(TAB_TIMELINE), true)}</div>
            <div class="grow min-h-0 overflow-y-auto scroll-thin relative">{body}</div>
        </aside>
    }
    .into_any()
}
