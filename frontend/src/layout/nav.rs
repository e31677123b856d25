//! Where one can go: the objects by area, on phones a dock.

use super::{arranged, kept, settings};
use crate::i18n::{
    APP_NAME, AREA_COMMERCE, AREA_CUSTOMERS, AREA_INSIGHT, AREA_MARKETING, AREA_PEOPLE, AREA_PLATFORM, AREA_SALES,
    AREA_SERVICE, AREA_WORK, Key, MORE, NAV_COLLAPSE, NAV_EXPAND, NAV_IMPORTS, NAV_RECYCLE, NAV_SETTINGS, NAVIGATION,
    SEARCH, label, t,
};
use crate::state::{app, catalog, prefs, session};
use crate::ui::{Layer, Shape, icon};
use kezhan_meta::{Area, ObjectMeta};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;
use std::sync::Arc;

/// The order in which a day's work meets them.
const AREAS: [(Area, Key); 9] = [
    (Area::Customers, AREA_CUSTOMERS),
    (Area::Sales, AREA_SALES),
    (Area::Work, AREA_WORK),
    (Area::Commerce, AREA_COMMERCE),
    (Area::Service, AREA_SERVICE),
    (Area::Marketing, AREA_MARKETING),
    (Area::Insight, AREA_INSIGHT),
    (Area::People, AREA_PEOPLE),
    (Area::Platform, AREA_PLATFORM),
];

/// The objects of an area.
pub struct Group {
    pub area: Area,
    pub title: Key,
    pub objects: Vec<Arc<ObjectMeta>>,
}

pub fn groups() -> Vec<Group> {
    let catalog = catalog::catalog();
    let of = |area| catalog.objects().filter(|o| o.listed && o.area == area).cloned().collect::<Vec<_>>();
    let groups = AREAS.into_iter().map(|(area, title)| Group { area, title, objects: of(area) });
    groups.filter(|group| !group.objects.is_empty()).collect()
}

pub fn list_url(object: &ObjectMeta) -> String {
    format!("/o/{}", object.plural)
}

fn leads(href: &str, path: &str) -> bool {
    path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Several links may lead to one page, and only one of them is the one that was followed. `place` tells those to
/// favourite and recent records; of a saved view it is the id, and nothing of everything else.
pub fn link(place: &str, href: String, picture: &str, text: String, wide: Signal<bool>) -> AnyView {
    let (picture, title, at) = (icon(picture), text.clone(), use_location());
    let (own, place) = (format!("{place}{href}"), place.to_owned());
    let (mark, target) = (own.clone(), href.split('?').next().unwrap_or_default().to_owned());
    let follow = move |_| app().followed.set(mark.clone());
    let here = move || {
        let (path, view) = (at.pathname.get(), at.query.with(|q| q.get("view")).unwrap_or_default());
        let followed = Some(app().followed.get()).filter(|followed| followed.ends_with(&path));
        let this = match (place.as_str(), followed) {
            ("", Some(followed)) if followed != path => false,
            ("", _) => !app().navigation.with(|n| n.is_pinned(&view)),
            (_, followed) => view == place || followed.as_ref() == Some(&own),
        };
        (this && leads(&target, &path)).then_some("page")
    };
    view! {
        <a href=href class="nav-item" title=title draggable="false" aria-current=here on:click=follow>
            {picture}
            <span class=move || if wide.get() { "truncate" } else { "sr-only" }>{text}</span>
        </a>
    }
    .into_any()
}

fn links(wide: Signal<bool>) -> AnyView {
    view! {
        <div class="flex flex-col gap-4">
            {kept::kept(wide)}
            {arranged::views(wide)}
            {arranged::sections(wide)}
        </div>
    }
    .into_any()
}

fn tools(wide: Signal<bool>) -> AnyView {
    let imports = catalog::catalog().objects().any(|o| session::may(&o.name, "import"));
    view! {
        <div class="flex flex-col gap-px">
            {imports.then(|| link("", "/imports".to_owned(), "file-up", t(NAV_IMPORTS).to_owned(), wide))}
            {link("", "/recycle".to_owned(), "trash-2", t(NAV_RECYCLE).to_owned(), wide)}
            {settings::any().then(|| link("", "/settings".to_owned(), "settings", t(NAV_SETTINGS).to_owned(), wide))}
        </div>
    }
    .into_any()
}

pub fn side() -> AnyView {
    let wide = RwSignal::new(prefs::read("kz.nav").as_deref() != Some("narrow"));
    let toggle = move |_| {
        wide.update(|w| *w = !*w);
        prefs::write("kz.nav", if wide.get_untracked() { "wide" } else { "narrow" });
    };
    let class = move || {
        if wide.get() {
            "hidden md:flex flex-col w-56 shrink-0 border-r border-base-300 bg-base-200"
        } else {
            "hidden md:flex flex-col w-14 shrink-0 border-r border-base-300 bg-base-200"
        }
    };
    view! {
        <nav class=class aria-label=t(NAVIGATION) data-one-stop>
            <A href="/" attr:class="h-12 flex items-center gap-2.5 px-3.5 shrink-0 overflow-hidden">
                <span class="size-7 rounded-lg bg-primary text-primary-content grid place-items-center shrink-0">{icon("house")}</span>
                <span class=move || if wide.get() { "font-semibold whitespace-nowrap" } else { "sr-only" }>{t(APP_NAME)}</span>
            </A>
            <div class="grow overflow-y-auto scroll-thin px-2.5 py-2">{links(wide.into())}</div>
            <div class="px-2.5 py-2 border-t border-base-300 flex flex-col gap-px">
                {tools(wide.into())}
                <button type="button" class="nav-item muted" aria-label=move || t(if wide.get() { NAV_COLLAPSE } else { NAV_EXPAND }) on:click=toggle>
                    {move || if wide.get() { icon("panel-left-close") } else { icon("panel-left-open") }}
                    {move || wide.get().then(|| t(NAV_COLLAPSE))}
                </button>
            </div>
        </nav>
    }
    .into_any()
}

/// Four places and everything else, within a thumb's reach.
pub fn dock(search: RwSignal<bool>) -> AnyView {
    let more = RwSignal::new(false);
    let path = use_location().pathname;
    Effect::new(move || {
        path.get();
        more.set(false);
    });
    let first = move || {
        arranged::shown(arranged::groups().into_iter().flat_map(|group| group.objects).collect()).into_iter().take(3)
    };
    const ITEM: &str = "flex-1 min-w-0 flex flex-col items-center justify-center gap-0.5 text-xs muted aria-[current=page]:text-primary";
    view! {
        <nav class="md:hidden flex h-14 shrink-0 border-t border-base-300 bg-base-100 pb-[env(safe-area-inset-bottom)] box-content" aria-label=t(NAVIGATION)>
            {move || first().map(|o| view! {
                <A href=list_url(&o) attr:class=ITEM>{icon(&o.icon)}<span class="truncate max-w-full">{label(&o.label_many)}</span></A>
            }).collect_view()}
            <button type="button" class=ITEM on:click=move |_| search.set(true)>{icon("search")}<span>{t(SEARCH)}</span></button>
            <button type="button" class=ITEM aria-expanded=move || more.get().to_string() on:click=move |_| more.set(true)>
                {icon("layout-grid")}<span>{t(MORE)}</span>
            </button>
        </nav>
        {move || more.get().then(|| view! {
            <Layer shape=Shape::Dialog label=t(NAVIGATION) on_close=move |()| more.set(false)>
                <div class="p-3 overflow-y-auto flex flex-col gap-4">
                    {links(Signal::stored(true))}
                    {tools(Signal::stored(true))}
                </div>
            </Layer>
        })}
    }
    .into_any()
}

/// Collapses to the icon on a phone's top bar.
pub fn brand() -> AnyView {
    view! {
        <A href="/" attr:class="md:hidden flex items-center gap-2 font-semibold">
            <span class="size-7 rounded-lg bg-primary text-primary-content grid place-items-center">{icon("house")}</span>
            {t(APP_NAME)}
        </A>
    }
    .into_any()
}
