//! All that can be set, by what it is about.

use super::{GROUPS, PAGES, objects};
use crate::i18n::{NAV_SETTINGS, SETTINGS_OBJECTS, SETTINGS_TEXT, label, t};
use crate::layout::nav::list_url;
use crate::ui::icon;
use leptos::prelude::*;
use leptos_router::components::A;

fn card(href: String, sign: &str, name: String, text: &'static str) -> AnyView {
    let sign = icon(sign);
    view! {
        <A href=href attr:class="panel flex items-start gap-3 p-3 hover:border-primary/50 min-w-0">
            <span class="size-9 rounded-lg bg-primary/10 text-primary grid place-items-center shrink-0">{sign}</span>
            <span class="min-w-0 self-center">
                <span class="block font-semibold">{name}</span>
                {(!text.is_empty()).then(|| view! { <span class="block muted text-xs line-clamp-2">{text}</span> })}
            </span>
        </A>
    }
    .into_any()
}

fn section(title: &'static str, cards: Vec<AnyView>) -> Option<AnyView> {
    (!cards.is_empty()).then(|| {
        view! {
            <section class="flex flex-col gap-2" aria-label=title>
                <h2 class="font-semibold text-[13px] muted">{title}</h2>
                <div class="grid sm:grid-cols-2 xl:grid-cols-3 gap-3">{cards}</div>
            </section>
        }
        .into_any()
    })
}

pub fn screen() -> AnyView {
    let groups = GROUPS.map(|(group, title)| {
        let pages = PAGES.iter().filter(|page| page.group == group && page.allowed());
        section(t(title), pages.map(|p| card(p.path.to_owned(), p.icon, t(p.title).to_owned(), t(p.text))).collect())
    });
    let objects = objects().into_iter().map(|o| card(list_url(&o), &o.icon, label(&o.label_many), ""));
    view! {
        <div class="grow overflow-y-auto scroll-thin p-4 md:p-6">
            <div class="max-w-5xl flex flex-col gap-6">
                <div>
                    <h1 class="font-semibold text-base">{t(NAV_SETTINGS)}</h1>
                    <p class="muted text-[13px]">{t(SETTINGS_TEXT)}</p>
                </div>
                {groups.into_iter().collect_view()}
                {section(t(SETTINGS_OBJECTS), objects.collect())}
            </div>
        </div>
    }
    .into_any()
}
