//! Cards side by side: a picture or the initials, the name, the chosen fields.

use super::fit;
use crate::api::files;
use crate::api::records::RecordExt;
use crate::fields::{self, Shown};
use crate::i18n::{GALLERY_HINT, PEEK, SELECT_ROW, label, t};
use crate::record::list::{List, grid, record_url};
use crate::ui::badge::initials;
use crate::ui::{self, icon, keys};
use kezhan_meta::{FieldMeta, Record};
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Least width of a card, and the space between two.
const LEAST: i32 = 252;
const GAP: i32 = 12;
const PICTURE: i32 = 112;
const FACT: i32 = 22;
const FACTS: usize = 4;
/// Lines of cards beyond the edges.
const SPARE: usize = 2;

#[derive(Clone, Copy)]
struct Gallery {
    list: List,
    cover: StoredValue<Option<FieldMeta>>,
    fields: StoredValue<Vec<FieldMeta>>,
    /// Cards in a line.
    across: Memo<usize>,
    /// The card that the keyboard is at.
    at: RwSignal<usize>,
    node: NodeRef<html::Div>,
}

pub fn gallery(list: List) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let (scroll, height, width) = (RwSignal::new(0), RwSignal::new(900), RwSignal::new(1200));
    let measure = move || {
        if let Some(node) = node.get_untracked() {
            height.set(node.client_height().max(200));
            width.set(node.client_width().max(LEAST));
        }
    };
    let resize = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || resize.remove());
    let across = Memo::new(move |_| ((width.get() - GAP) / (LEAST + GAP)).max(1) as usize);
    let shape = Memo::new(move |_| {
        let object = list.object.with_value(Arc::clone);
        let cover = list.layout.with(|l| match l.get("cover") {
            Some(key) => fit::only(fit::covers(&object), Some(key)),
            None => fit::covers(&object).into_iter().next(),
        });
        let state = list.state.get();
        let own = state.fields().into_iter().filter(|f| f.key != object.title);
        (cover.clone(), own.filter(|f| Some(&f.key) != cover.as_ref().map(|c| &c.key)).take(FACTS).collect::<Vec<_>>())
    });
    let gallery = Gallery {
        list,
        cover: StoredValue::new(None),
        fields: StoredValue::new(Vec::new()),
        across,
        at: RwSignal::new(0),
        node,
    };
    let step = Memo::new(move |_| shape.with(|(_, fields)| line_height(fields.len())));
    let lines = Memo::new(move |_| list.rows.rows.with(Vec::len).div_ceil(across.get()));
    let visible = Memo::new(move |_| {
        let (first, shown) = ((scroll.get() / step.get()).max(0) as usize, (height.get() / step.get()) as usize + 1);
        first.saturating_sub(SPARE).min(lines.get())..(first + shown + SPARE).min(lines.get())
    });
    Effect::new(move || {
        let near = visible.get().end + SPARE >= lines.get();
        if near && list.rows.has_more() && !list.rows.loading.get() {
            list.rows.more(&list.state.get_untracked());
        }
    });
    Effect::new(move || {
        if node.get().is_some() {
            measure();
        }
    });
    list.rows.stand(node);
    on_cleanup(move || list.rows.remember(scroll.try_get_untracked().unwrap_or(0)));
    let shown = move || {
        let (range, across) = (visible.get(), across.get());
        let range = range.start * across..range.end * across;
        list.rows.rows.with(|rows| range.filter_map(|n| rows.get(n).map(|r| (n, r.clone()))).collect::<Vec<_>>())
    };
    let cards = move || {
        let (cover, fields) = shape.get();
        gallery.cover.set_value(cover);
        gallery.fields.set_value(fields);
        view! {
            <div class="relative" prop:style=move || format!("height:{}px", lines.get() as i32 * step.get() + GAP)>
                <For each=shown key=|(n, r)| (*n, Arc::as_ptr(r) as usize) let((n, record))>
                    {card(gallery, n, &record, step, width)}
                </For>
            </div>
        }
        .into_any()
    };
    let body = move || {
        let (none, fresh) = (list.rows.rows.with(Vec::is_empty), list.rows.fresh.get());
        let error = list.rows.error.get();
        match error.filter(|_| none || !fresh) {
            Some(error) => {
                let state = list.state.get_untracked();
                ui::failed(&error, move || list.rows.start(&state, crate::state::app().written.get_untracked()))
            }
            None if none && !fresh => ui::loading_rows(8),
            None if none => grid::nothing(list, &list.state.get_untracked()),
            None => cards(),
        }
    };
    let empty = Memo::new(move |_| {
        (list.rows.rows.with(Vec::is_empty), list.rows.fresh.get(), list.rows.error.get().is_some(), shape.get())
    });
    view! {
        <div node_ref=node id="gallery" class="grow min-h-0 overflow-auto scroll-thin bg-base-200" role="listbox" aria-multiselectable="true"
            aria-label=move || label(&list.state.get().object.label_many) aria-description=t(GALLERY_HINT)
            aria-busy=move || list.rows.loading.get().to_string()
            on:scroll=move |_| if let Some(node) = node.get_untracked() { scroll.set(node.scroll_top()); height.set(node.client_height()) }>
            {move || { empty.get(); untrack(body) }}
        </div>
    }
    .into_any()
}

fn line_height(facts: usize) -> i32 {
    PICTURE + 44 + facts as i32 * FACT + 8 + GAP
}

fn card_id(n: usize) -> String {
    format!("card-{n}")
}

fn card(gallery: Gallery, n: usize, record: &Arc<Record>, step: Memo<i32>, width: RwSignal<i32>) -> AnyView {
    let list = gallery.list;
    let object = list.object.with_value(Arc::clone);
    let (id, title, url) = (record.id().to_owned(), record.title(&object), record_url(&object, record.id()));
    let place = move || {
        let across = gallery.across.get();
        let wide = (width.get() - GAP) / across as i32;
        let (left, top) = (GAP + (n % across) as i32 * wide, GAP + (n / across) as i32 * step.get());
        format!("position:absolute;left:{left}px;top:{top}px;width:{}px;height:{}px", wide - GAP, step.get() - GAP)
    };
    let facts = gallery.fields.with_value(|fields| {
        fields
            .iter()
            .map(|field| {
                let shown = Shown::of(field, record);
                let value = if shown.is_empty() { view! { <span class="muted">"—"</span> }.into_any() } else { fields::in_grid(shown) };
                view! { <li class="flex items-center gap-2 h-[22px] min-w-0 text-[13px]"><span class="muted text-xs shrink-0 w-20 truncate">{label(&field.label)}</span><span class="truncate min-w-0">{value}</span></li> }
            })
            .collect_view()
    });
    let chosen = {
        let id = id.clone();
        Memo::new(move |_| list.selected.with(|s| s.contains(&id)))
    };
    let picture = cover(
        gallery.cover.with_value(|c| c.as_ref().and_then(|c| record.value(&c.key).as_str().map(str::to_owned))),
        &title,
    );
    let name = title.clone();
    let (pick, peek, open) = (id.clone(), id.clone(), (id, url.clone()));
    view! {
        <article id=card_id(n) class="panel overflow-hidden group focus-visible:outline-2 aria-selected:outline-2 aria-selected:outline-primary" prop:style=place
            role="option" aria-selected=move || chosen.get().to_string() aria-label=name
            tabindex=move || if gallery.at.get() == n { "0" } else { "-1" }
            on:focus=move |_| gallery.at.set(n)
            on:keydown=move |ev| key(gallery, n, &open, &ev)>
            {picture}
            <label class="absolute top-0 left-0 p-2 pointer-coarse:p-3"><input type="checkbox" class="checkbox block bg-base-100 opacity-0 group-hover:opacity-100 group-focus-within:opacity-100 checked:opacity-100 pointer-coarse:opacity-100" tabindex="-1"
                aria-label=format!("{} {title}", t(SELECT_ROW)) prop:checked=chosen
                on:click=move |ev| list.pick(&pick, n, event_target_checked(&ev), ev.shift_key())/></label>
            <button type="button" tabindex="-1" class="btn btn-plain btn-icon tap !h-7 !w-7 !absolute top-2 right-2 opacity-0 group-hover:opacity-100 pointer-coarse:opacity-100" aria-label=t(PEEK) title=t(PEEK)
                on:click=move |_| list.url.beside(Some(peek.clone()))>{icon("panel-right-open")}</button>
            <div class="px-3 pt-2">
                <a href=url tabindex="-1" class="font-semibold block truncate leading-7 hover:text-primary">{title}</a>
                <ul>{facts}</ul>
            </div>
        </article>
    }
    .into_any()
}

/// The picture where there is one that can be shown, else the initials on a colour of the name's own.
fn cover(file: Option<String>, title: &str) -> AnyView {
    const TINTS: [&str; 5] = [
        "bg-primary/12 text-primary",
        "bg-info/12 text-info",
        "bg-success/12 text-success",
        "bg-warning/12 text-warning",
        "bg-error/12 text-error",
    ];
    let sum: u32 = title.chars().map(u32::from).sum();
    let class =
        format!("h-28 flex items-center justify-center text-2xl font-semibold {}", TINTS[sum as usize % TINTS.len()]);
    let broken = RwSignal::new(file.is_none());
    let (source, text) = (file.map(|id| files::inline_url(&id)), initials(title));
    let inner = move || {
        match source.clone().filter(|_| !broken.get()) {
        // What is no picture shows as the initials.
        Some(url) => view! { <img src=url alt="" loading="lazy" class="w-full h-full object-cover" on:error=move |_| broken.set(true)/> }.into_any(),
        None => text.clone().into_any(),
    }
    };
    view! { <div class=class aria-hidden="true">{inner}</div> }.into_any()
}

fn key(gallery: Gallery, n: usize, (id, url): &(String, String), ev: &KeyboardEvent) {
    let own = ev.target().zip(ev.current_target()).is_some_and(|(t, c)| js_sys::Object::is(&t, &c));
    if keys::composing(ev) || !own || !keys::plain(ev) {
        return;
    }
    let (list, across) = (gallery.list, gallery.across.get_untracked());
    let last = list.len().saturating_sub(1);
    let to = match ev.key().as_str() {
        "ArrowRight" | "j" => n + 1,
        "ArrowLeft" | "k" => n.saturating_sub(1),
        "ArrowDown" => n + across,
        "ArrowUp" => n.checked_sub(across).unwrap_or(n),
        "Home" => 0,
        "End" => last,
        "Enter" => {
            ev.prevent_default();
            return list.url.go(url.clone());
        }
        " " if !ev.shift_key() => {
            ev.prevent_default();
            return list.url.toggle_beside(id);
        }
        " " | "x" => {
            ev.prevent_default();
            return list.toggle(id);
        }
        _ => return,
    };
    ev.prevent_default();
    focus(gallery, to.min(last));
}

/// A card beyond the edge is drawn once it has been scrolled to.
fn focus(gallery: Gallery, n: usize) {
    let to = move || {
        document()
            .get_element_by_id(&card_id(n))
            .and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok())
            .map(|e| e.focus())
    };
    gallery.at.set(n);
    if to().is_some() {
        return;
    }
    let facts = gallery.fields.with_value(Vec::len);
    if let Some(node) = gallery.node.get_untracked() {
        node.set_scroll_top((n / gallery.across.get_untracked()) as i32 * line_height(facts));
    }
    request_animation_frame(move || {
        request_animation_frame(move || {
            to();
        });
    });
}
