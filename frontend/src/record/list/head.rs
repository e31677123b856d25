//! The line of column heads: order, width and place of each column, by mouse and by menu.

use super::groups::keys as grouping;
use super::{List, ListState, columns, sorting};
use crate::i18n::{
    COLUMN_FREEZE, COLUMN_HIDE, COLUMN_LEFT, COLUMN_MENU, COLUMN_RESIZE, COLUMN_RIGHT, COLUMN_UNFREEZE, GROUP_BY_THIS,
    SELECT_ALL, SORT_ASCENDING, SORT_BY, SORT_DESCENDING, label, t, tf,
};
use crate::ui::{Menu, MenuItem, icon};
use kezhan_meta::FieldMeta;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Pixels that a press may wander before it is a drag.
const SLOP: i32 = 5;
const STEP: i32 = 16;

#[derive(Clone, Copy, PartialEq)]
struct Drag {
    from: usize,
    start: i32,
    /// Before which column it would go, once it is a drag.
    to: Option<usize>,
}

pub fn head(list: List) -> AnyView {
    let drag = RwSignal::new(None::<Drag>);
    // Not with every width: a head that is drawn anew loses the focus.
    let frozen = Memo::new(move |_| list.look.with(|_| columns::held(list)));
    // Nor with every other order.
    let shown =
        Memo::new(move |_| list.state.with(|s| (std::sync::Arc::as_ptr(&s.object) as usize, s.columns.clone())));
    let columns = move || {
        // Read, for one that is never read has nothing to be told of.
        let _ = (shown.get(), frozen.get());
        list.state
            .with_untracked(ListState::fields)
            .into_iter()
            .enumerate()
            .map(|(at, field)| column(list, at, field, drag))
            .collect_view()
    };
    // Where the column would go.
    let mark = move || {
        let to = drag.get()?.to?;
        let places = columns::places(list);
        let left = places.get(to).map(|p| p.0).or_else(|| places.last().map(|p| p.0 + p.1))?;
        Some(
            view! { <div class="absolute top-0 bottom-0 w-0.5 bg-primary z-10 pointer-events-none" prop:style=format!("left:{}px", left - 1)></div> },
        )
    };
    view! {
        <div class="grid-head" role="row" aria-rowindex="1">
            <div class="grid-sticky !bg-base-100 justify-center" role="columnheader" aria-colindex="1">
                <input type="checkbox" class="checkbox" aria-label=t(SELECT_ALL)
                    prop:checked=move || list.all_loaded_chosen()
                    prop:indeterminate=move || !list.all_loaded_chosen() && list.picked() != 0
                    on:change=move |ev| list.pick_loaded(event_target_checked(&ev))/>
            </div>
            {columns}
            {mark}
        </div>
    }
    .into_any()
}

fn column(list: List, at: usize, field: FieldMeta, drag: RwSignal<Option<Drag>>) -> AnyView {
    let name = label(&field.label);
    let key = field.key.to_string();
    let frozen = columns::is_frozen(list, at);
    let last = frozen && !columns::is_frozen(list, at + 1);
    let class = match (frozen, last, field.kind.is_number()) {
        (false, _, false) => "grid-cell grid-head-cell group",
        (false, _, true) => "grid-cell grid-head-cell group justify-end",
        (true, false, false) => "grid-cell grid-head-cell grid-held group",
        (true, false, true) => "grid-cell grid-head-cell grid-held group justify-end",
        (true, true, false) => "grid-cell grid-head-cell grid-held grid-edge group",
        (true, true, true) => "grid-cell grid-head-cell grid-held grid-edge group justify-end",
    };
    let direction = {
        let key = key.clone();
        Memo::new(move |_| list.state.with(|s| s.direction(&key)))
    };
    let order = move || match direction.get() {
        _ if !field.sortable() => None,
        None => Some("none"),
        Some(false) => Some("ascending"),
        Some(true) => Some("descending"),
    };
    let sortable = list.object.with_value(|o| o.field(&key).is_some_and(FieldMeta::sortable));
    let face = {
        let (key, name) = (key.clone(), name.clone());
        let place = {
            let key = key.clone();
            move || {
                let (at, of) = list.state.with(|s| (s.sort.iter().position(|s| s.field == key), s.sort.len()));
                at.filter(|_| of > 1).map(|at| view! { <span class="text-xs tnum">{(at + 1).to_string()}</span> })
            }
        };
        let mark = move || direction.get().map(|down| icon(if down { "arrow-down" } else { "arrow-up" }));
        view! {
            <button type="button" class="inline-flex items-center gap-1 min-w-0 h-full hover:text-base-content touch-none"
                title=if sortable { format!("{} {name}", t(SORT_BY)) } else { name.clone() }
                on:click=move |ev| {
                    // The end of a drag is no press.
                    if sortable && drag.get_untracked().is_none_or(|d| d.to.is_none()) { sorting::cycle(list, &key, ev.shift_key()) }
                    drag.set(None);
                }
                on:pointerdown=move |ev| if ev.button() == 0 {
                    capture(&ev);
                    drag.set(Some(Drag { from: at, start: ev.client_x(), to: None }));
                }
                on:pointermove=move |ev| dragged(list, drag, &ev)
                on:pointercancel=move |_| drag.set(None)
                on:pointerup=move |_| drop_at(list, drag)>
                <span class="truncate">{name.clone()}</span>
                {mark}{place}
            </button>
        }
    };
    let menu = {
        let (key, name) = (key.clone(), name.clone());
        let items = move || menu(list, at, &key, sortable);
        view! { <Menu label=tf(COLUMN_MENU, &[("field", &name)]) class="btn btn-quiet btn-icon !h-6 !w-5 opacity-0 group-hover:opacity-100 focus:opacity-100 aria-expanded:opacity-100" face=icon("chevron-down") items=items/> }
    };
    view! {
        <div class=class role="columnheader" aria-sort=order aria-colindex=(at + 2).to_string() prop:style=columns::sticky(at, frozen)>
            {face}{menu}{handle(list, key, name)}
        </div>
    }
    .into_any()
}

fn menu(list: List, at: usize, key: &str, sortable: bool) -> Vec<MenuItem> {
    let shown = list.state.with_untracked(|s| s.columns.len());
    let mut items = Vec::new();
    let mut add = |picture, text: &str, action: Box<dyn Fn(&str) + Send + Sync>| {
        let key = key.to_owned();
        items.push(MenuItem::new(picture, text, move || action(&key)));
    };
    if sortable {
        add("arrow-up", t(SORT_ASCENDING), Box::new(move |key| sorting::only(list, key, false)));
        add("arrow-down", t(SORT_DESCENDING), Box::new(move |key| sorting::only(list, key, true)));
    }
    if list.object.with_value(|o| o.field(key).is_some_and(grouping::groupable)) {
        add(
            "group",
            t(GROUP_BY_THIS),
            Box::new(move |key| {
                let key = list.object.with_value(|o| o.field(key).map(grouping::key_of));
                grouping::put(list.url, key.as_slice());
            }),
        );
    }
    if at > 0 {
        add("arrow-left", t(COLUMN_LEFT), Box::new(move |key| columns::shift(list, key, at - 1)));
    }
    if at + 1 < shown {
        add("arrow-right", t(COLUMN_RIGHT), Box::new(move |key| columns::shift(list, key, at + 2)));
    }
    match list.look.with_untracked(|l| l.frozen) {
        n if n == at + 1 => add("pin-off", t(COLUMN_UNFREEZE), Box::new(move |_| columns::freeze(list, 0))),
        _ => add("pin", t(COLUMN_FREEZE), Box::new(move |_| columns::freeze(list, at + 1))),
    }
    if shown > 1 {
        add("eye-off", t(COLUMN_HIDE), Box::new(move |key| columns::hide(list, key)));
    }
    items
}

/// The edge that is drawn, or moved with the arrow keys.
fn handle(list: List, key: String, name: String) -> AnyView {
    let from = StoredValue::new(None::<(i32, i32)>);
    let width = {
        let key = key.clone();
        move || {
            list.look.track();
            list.resizing.track();
            columns::width_of(list, &key).to_string()
        }
    };
    let (down, step, up, reset) = (key.clone(), key.clone(), key.clone(), key.clone());
    let finish = move || {
        from.set_value(None);
        if let Some((key, width)) = list.resizing.get_untracked() {
            columns::set_width(list, &key, width);
            list.resizing.set(None);
        }
    };
    let on_key = move |ev: KeyboardEvent| {
        let by = match ev.key().as_str() {
            "ArrowLeft" => -STEP,
            "ArrowRight" => STEP,
            _ => return,
        };
        ev.prevent_default();
        ev.stop_propagation();
        columns::set_width(list, &step, columns::width_of(list, &step) + by);
    };
    view! {
        <div class="grid-handle" role="separator" tabindex="0" aria-orientation="vertical" aria-label=tf(COLUMN_RESIZE, &[("field", &name)])
            aria-valuenow=width aria-valuemin="60" aria-valuemax="900"
            on:keydown=on_key
            on:dblclick=move |ev| {
                ev.stop_propagation();
                let mut look = list.look.get_untracked();
                look.widths.remove(&reset);
                list.url.replace(&[("widths", look.widths_text())]);
            }
            on:mousedown=|ev| ev.stop_propagation()
            on:pointerdown=move |ev| {
                ev.prevent_default();
                capture(&ev);
                from.set_value(Some((ev.client_x(), columns::width_of(list, &down))));
            }
            on:pointermove=move |ev| if let Some((x, width)) = from.get_value() {
                list.resizing.set(Some((up.clone(), columns::clamp(width + ev.client_x() - x))));
            }
            on:pointercancel=move |_| { from.set_value(None); list.resizing.set(None) }
            on:pointerup=move |_| finish()></div>
    }
    .into_any()
}

/// The pointer stays with the element, wherever it goes.
fn capture(ev: &PointerEvent) {
    if let Some(element) = ev.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
        let _ = element.set_pointer_capture(ev.pointer_id());
    }
}

fn dragged(list: List, drag: RwSignal<Option<Drag>>, ev: &PointerEvent) {
    let Some(now) = drag.get_untracked() else { return };
    if now.to.is_none() && (ev.client_x() - now.start).abs() < SLOP {
        return;
    }
    let Some(scroller) = list.cells.scroller.get_untracked() else { return };
    let edge = scroller.get_bounding_client_rect().left() as i32;
    let x = ev.client_x() - edge + scroller.scroll_left();
    // Before the first column whose middle is further right.
    let places = columns::places(list);
    let to = places.iter().position(|(left, width)| x < left + width / 2).unwrap_or(places.len());
    drag.set(Some(Drag { to: Some(to), ..now }));
}

fn drop_at(list: List, drag: RwSignal<Option<Drag>>) {
    let Some(Drag { from, to: Some(to), .. }) = drag.get_untracked() else { return };
    let key = list.state.with_untracked(|s| s.columns.get(from).cloned());
    // The press that follows clears the drag.
    set_timeout(move || drag.try_set(None).map_or((), |_| ()), std::time::Duration::from_millis(0));
    if let Some(key) = key.filter(|_| to != from && to != from + 1) {
        columns::shift(list, &key, to);
    }
}
