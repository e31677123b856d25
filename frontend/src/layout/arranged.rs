//! The navigation as a person has arranged it: sections that close, objects in an order of one's own or out of sight, saved
//! views with a place. Whatever is dragged can be done from a menu too.

use super::nav::{self, Group, link, list_url};
use crate::api::records::{self, RecordExt};
use crate::i18n::{
    MOVE_DOWN, MOVE_UP, NAV_HIDE, NAV_PIN, NAV_RESET, NAV_SHOW, NAV_UNPIN, NAV_VIEWS, OPTIONS_OF, label, t, tf,
};
use crate::state::navigation::{self, Navigation, View};
use crate::state::{app, catalog, toast, views};
use crate::ui::{Menu, MenuItem, icon};
use kezhan_meta::{Area, ObjectMeta};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use std::sync::Arc;

/// In the person's order, without what they hid. Subscribes.
pub fn shown(mut objects: Vec<Arc<ObjectMeta>>) -> Vec<Arc<ObjectMeta>> {
    app().navigation.with(|navigation| {
        objects.retain(|o| !navigation.is_hidden(&o.name));
        navigation::arranged(objects, &navigation.order, |o| o.name.to_string())
    })
}

fn area_name(area: Area) -> String {
    serde_json::to_value(area).ok().and_then(|a| a.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The sections in the person's order. Subscribes to nothing but that.
pub fn groups() -> Vec<Group> {
    let order = Memo::new(|_| app().navigation.with(|n| n.sections.clone()));
    navigation::arranged(nav::groups(), &order.get(), |group| area_name(group.area))
}

pub fn sections(wide: Signal<bool>) -> AnyView {
    let dragged = RwSignal::new(None::<usize>);
    (move || {
        let groups = groups();
        let names: Vec<String> = groups.iter().map(|group| area_name(group.area)).collect();
        groups.into_iter().enumerate().map(|(at, group)| section(at, group, &names, wide, dragged)).collect_view()
    })
    .into_any()
}

/// What moves one among its neighbours, from a menu.
fn moves(at: usize, names: &[String], put: fn(&[String], usize, usize)) -> Vec<MenuItem> {
    let ways = [(at.checked_sub(1), "arrow-up", MOVE_UP), (Some(at + 1), "arrow-down", MOVE_DOWN)];
    let ways = ways.into_iter().filter_map(|(to, icon, text)| Some((to.filter(|to| *to < names.len())?, icon, text)));
    ways.map(|(to, icon, text)| {
        let names = names.to_vec();
        MenuItem::new(icon, t(text), move || put(&names, at, to))
    })
    .collect()
}

fn put_section(names: &[String], from: usize, to: usize) {
    navigation::put(|n| &mut n.sections, names, from, to);
}

fn put_object(names: &[String], from: usize, to: usize) {
    navigation::put(|n| &mut n.order, names, from, to);
}

fn section(
    at: usize,
    Group { area, title, objects }: Group,
    names: &[String],
    wide: Signal<bool>,
    moved: RwSignal<Option<usize>>,
) -> AnyView {
    let name = area_name(area);
    let dragged = RwSignal::new(None::<usize>);
    let closed = Memo::new({
        let name = name.clone();
        move |_| wide.get() && app().navigation.with(|n| n.is_collapsed(&name))
    });
    let all = StoredValue::new(objects);
    let rows = move || {
        if closed.get() {
            return ().into_any();
        }
        let objects = shown(all.get_value());
        let names: Vec<String> = objects.iter().map(|o| o.name.to_string()).collect();
        objects.iter().enumerate().map(|(at, object)| row(at, object, &names, wide, dragged)).collect_view().into_any()
    };
    let names = names.to_vec();
    let sections = names.clone();
    let items = move || {
        let hidden = all.with_value(|all| {
            app()
                .navigation
                .with_untracked(|n| all.iter().filter(|o| n.is_hidden(&o.name)).cloned().collect::<Vec<_>>())
        });
        let mut items: Vec<MenuItem> = hidden
            .into_iter()
            .map(|o| {
                let name = o.name.to_string();
                MenuItem::new("eye", tf(NAV_SHOW, &[("title", &label(&o.label_many))]), move || {
                    navigation::hide(&name, false);
                    navigation::collapse(&section_of(&name), false);
                })
            })
            .collect();
        items.extend(moves(at, &sections, put_section));
        items.push(MenuItem::new("rotate-cw", t(NAV_RESET), navigation::reset));
        items
    };
    let gone =
        move || all.with_value(|all| app().navigation.with(|n: &Navigation| all.iter().all(|o| n.is_hidden(&o.name))));
    view! {
        <div class="flex flex-col gap-px" role="group" aria-label=t(title)>
            {move || if wide.get() {
                let (name, shut) = (name.clone(), name.clone());
                let head = view! {
                    <button type="button" class="grow flex items-center gap-1 px-2.5 pb-1 text-xs muted text-start pointer-coarse:min-h-11" aria-expanded=move || (!closed.get()).to_string()
                        on:click=move |_| navigation::collapse(&shut, !closed.get_untracked())>
                        {t(title)}
                        {move || (closed.get() || gone()).then(|| icon("chevron-right"))}
                    </button>
                    {options(t(title), items.clone())}
                };
                handle([None, Some(&name)], (at, &names, moved), put_section, head.into_any())
            } else {
                view! { <p class="sr-only">{t(title)}</p> }.into_any()
            }}
            {rows}
        </div>
    }
    .into_any()
}

fn section_of(object: &str) -> String {
    catalog::object(object).map(|o| area_name(o.area)).unwrap_or_default()
}

/// A menu that shows where one points, tabs to, or touches.
fn options(title: &str, items: impl Fn() -> Vec<MenuItem> + Send + Sync + 'static) -> AnyView {
    let name = tf(OPTIONS_OF, &[("title", title)]);
    view! {
        <div data-beside class="absolute right-0 opacity-0 group-hover:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100 bg-base-200 pointer-coarse:bg-transparent rounded-md">
            <Menu label=name class="btn btn-quiet btn-icon tap !h-7 !w-7" face=icon("ellipsis") items=items/>
        </div>
    }
    .into_any()
}

fn row(
    at: usize,
    object: &Arc<ObjectMeta>,
    names: &[String],
    wide: Signal<bool>,
    dragged: RwSignal<Option<usize>>,
) -> AnyView {
    let title = label(&object.label_many);
    let place = use_location();
    let items = {
        let (object, names) = (object.clone(), names.to_vec());
        move || {
            let mut items = moves(at, &names, put_object);
            let name = object.name.to_string();
            items.push(MenuItem::new("eye-off", t(NAV_HIDE), move || navigation::hide(&name, true)));
            let here = place.pathname.get_untracked() == list_url(&object);
            let view =
                place.query.with_untracked(|q| q.get("view")).filter(|v| here && !v.is_empty() && v != views::NONE);
            if let Some(view) = view.filter(|v| !app().navigation.with_untracked(|n| n.is_pinned(v))) {
                let object = object.name.to_string();
                let query = place.search.get_untracked().trim_start_matches('?').to_owned();
                items.push(MenuItem::new("pin", t(NAV_PIN), move || pin(object.clone(), view.clone(), query.clone())));
            }
            items.push(MenuItem::new("rotate-cw", t(NAV_RESET), navigation::reset));
            items
        }
    };
    let content = view! {
        <div class="grow min-w-0">{link("", list_url(object), &object.icon, title.clone(), wide)}</div>
        {move || wide.get().then(|| options(&title, items.clone()))}
    };
    handle([Some(&object.name), None], (at, names, dragged), put_object, content.into_any())
}

/// What can be dragged among its neighbours.
fn handle(
    [object, section]: [Option<&str>; 2],
    (at, names, dragged): (usize, &[String], RwSignal<Option<usize>>),
    put: fn(&[String], usize, usize),
    content: AnyView,
) -> AnyView {
    let (over, names) = (RwSignal::new(false), names.to_vec());
    let class = move || match over.get() {
        true => "group relative flex items-center rounded-md outline outline-2 outline-primary/60",
        false => "group relative flex items-center",
    };
    view! {
        <div class=class draggable="true" data-nav=object.map(str::to_owned) data-section=section.map(str::to_owned)
            on:dragstart=move |ev| {
                if let Some(data) = ev.data_transfer() { let _ = data.set_data("text/plain", &at.to_string()); }
                dragged.set(Some(at));
            }
            on:dragover=move |ev| if dragged.get_untracked().is_some_and(|from| from != at) { ev.prevent_default(); over.set(true) }
            on:dragleave=move |_| over.set(false)
            on:dragend=move |_| { let _ = dragged.try_set(None); }
            on:drop=move |ev| {
                ev.prevent_default();
                over.set(false);
                if let Some(from) = dragged.get_untracked() { dragged.set(None); put(&names, from, at) }
            }>
            {content}
        </div>
    }
    .into_any()
}

fn pin(object: String, id: String, query: String) {
    let Some(views) = catalog::object("saved_view") else { return };
    leptos::task::spawn_local(async move {
        match records::read(&views, &id).await {
            Ok(view) => navigation::pin(View { id, object, name: view.title(&views), query }, true),
            Err(error) => toast::error(&error),
        }
    });
}

/// Saved views that have a place of their own.
pub fn views(wide: Signal<bool>) -> AnyView {
    (move || {
        let pinned: Vec<(View, Arc<ObjectMeta>)> = app()
            .navigation
            .with(|n| n.views.iter().filter_map(|v| Some((v.clone(), catalog::object(&v.object)?))).collect());
        if pinned.is_empty() {
            return ().into_any();
        }
        let rows = pinned.into_iter().map(|(view, object)| {
            let href = format!("{}?{}", list_url(&object), view.query);
            let name = view.name.clone();
            let pinned = view.clone();
            let items = move || {
                let view = pinned.clone();
                vec![MenuItem::new("pin-off", t(NAV_UNPIN), move || navigation::pin(view.clone(), false))]
            };
            view! {
                <div class="group relative flex items-center">
                    <div class="grow min-w-0">{link(&view.id, href, &object.icon, name.clone(), wide)}</div>
                    {move || wide.get().then(|| options(&name, items.clone()))}
                </div>
            }
        });
        view! {
            <div class="flex flex-col gap-px" role="group" aria-label=t(NAV_VIEWS)>
                <p class=move || if wide.get() { "px-2.5 pb-1 text-xs muted" } else { "sr-only" }>{t(NAV_VIEWS)}</p>
                {rows.collect_view()}
            </div>
        }
        .into_any()
    })
    .into_any()
}
