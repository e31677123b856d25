//! Rows of equal height, of which only the visible ones are in the document; cards on phones.

use super::List;
use super::state::ListState;
use crate::api::records::RecordExt;
use crate::fields::{self, Shown};
use crate::i18n::{
    EMPTY_LIST, EMPTY_LIST_TEXT, FILTER_CLEAR, IMPORT, NEW_OBJECT, NO_MATCH, NO_MATCH_TEXT, PEEK, SELECT_ALL,
    SELECT_ROW, SORT_BY, label, t, tf,
};
use crate::state::session::may;
use crate::ui::{self, Button, Look, icon, keys};
use kezhan_meta::{FieldMeta, ObjectMeta, Record};
use leptos::html;
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;

const ROW: i32 = 36;
const CARD: i32 = 104;
const SPARE: usize = 8;

pub fn grid(list: List) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let scroll = RwSignal::new(0);
    let height = RwSignal::new(900);
    let step = move || if list.narrow.get() { CARD } else { ROW };
    let active = RwSignal::new(None::<usize>);

    let visible = Memo::new(move |_| {
        let (first, shown) = ((scroll.get() / step()).max(0) as usize, (height.get() / step()) as usize + 1);
        let total = list.rows.rows.with(Vec::len);
        first.saturating_sub(SPARE).min(total)..(first + shown + SPARE).min(total)
    });
    Effect::new(move || {
        if visible.get().end + SPARE >= list.rows.rows.with(Vec::len)
            && list.rows.has_more()
            && !list.rows.loading.get()
        {
            list.rows.more(&list.state.get_untracked());
        }
    });
    // A list that comes back stands where it was left.
    Effect::new(move || {
        let to = list.rows.scroll.get();
        list.rows.fresh.track();
        if let Some(node) = node.get() {
            height.set(node.client_height().max(200));
            request_animation_frame(move || node.set_scroll_top(to));
        }
    });
    on_cleanup(move || list.rows.remember(scroll.try_get_untracked().unwrap_or(0)));
    let on_scroll = move |_| {
        if let Some(node) = node.get_untracked() {
            scroll.set(node.scroll_top());
            height.set(node.client_height());
        }
    };
    let template = move || {
        let state = list.state.get();
        let widths: Vec<String> = state
            .fields()
            .iter()
            .map(|f| format!("{}px", fields::column_width(f, f.key == state.object.title)))
            .collect();
        format!("--cols:40px {} minmax(40px,1fr)", widths.join(" "))
    };
    let body = move || {
        let state = list.state.get();
        let (rows, fresh) = (list.rows.rows.with(Vec::len), list.rows.fresh.get());
        if let Some(error) = list.rows.error.get()
            && (rows == 0 || !fresh)
        {
            let state = state.clone();
            return ui::failed(&error, move || list.rows.start(&state, crate::state::app().written.get_untracked()));
        }
        match (rows, fresh) {
            (0, false) => ui::loading_rows(14),
            (0, true) => nothing(list, &state),
            _ => rows_view(list, &state, visible, active),
        }
    };
    // Rows are drawn anew when the columns or the first answer change, not with every page.
    let shape = Memo::new(move |_| {
        (
            list.state.get().key(),
            list.rows.rows.with(Vec::is_empty),
            list.rows.fresh.get(),
            list.rows.error.get().is_some(),
            list.narrow.get(),
        )
    });
    view! {
        <div node_ref=node class="grow min-h-0 overflow-auto scroll-thin outline-none relative" style=template on:scroll=on_scroll
            role="grid" tabindex="0" aria-rowcount=move || list.rows.count.get().unwrap_or(-1).to_string()
            aria-label=move || label(&list.state.get().object.label_many)
            aria-busy=move || list.rows.loading.get().to_string()
            on:keydown=move |ev| key(list, active, node, &ev)>
            {move || (!list.narrow.get()).then(|| head(list))}
            <div class=move || if list.rows.fresh.get() { "" } else { "opacity-60" }>
                {move || { shape.get(); untrack(body) }}
            </div>
        </div>
    }
    .into_any()
}

fn head(list: List) -> AnyView {
    let all =
        move || list.rows.rows.with(|r| !r.is_empty() && r.iter().all(|r| list.selected.with(|s| s.contains(r.id()))));
    let toggle = move |ev| {
        let on = event_target_checked(&ev);
        list.selected.update(|s| {
            s.clear();
            if on {
                s.extend(
                    list.rows.rows.with_untracked(|rows| rows.iter().map(|r| r.id().to_owned()).collect::<Vec<_>>()),
                );
            }
        });
    };
    let columns = move || {
        let state = list.state.get();
        state.fields().into_iter().map(|field| column_head(list, &state, &field)).collect_view()
    };
    view! {
        <div class="grid-head" role="row">
            <div class="grid-sticky !bg-base-100 justify-center" role="columnheader">
                <input type="checkbox" class="checkbox" aria-label=t(SELECT_ALL) prop:checked=all on:change=toggle/>
            </div>
            {columns}
        </div>
    }
    .into_any()
}

fn column_head(list: List, state: &ListState, field: &FieldMeta) -> AnyView {
    let name = label(&field.label);
    let direction = state.direction(&field.key);
    let number = field.kind.is_number();
    let class = if number { "grid-cell flex justify-end" } else { "grid-cell flex" };
    if !field.sortable() {
        return view! { <div class=class role="columnheader"><span class="truncate">{name}</span></div> }.into_any();
    }
    let key = field.key.to_string();
    let sort = move |_| {
        let next = match list.state.get_untracked().direction(&key) {
            None => Some(key.clone()),
            Some(false) => Some(format!("-{key}")),
            Some(true) => None,
        };
        list.url.replace(&[("sort", next)]);
    };
    let order = match direction {
        None => "none",
        Some(false) => "ascending",
        Some(true) => "descending",
    };
    view! {
        <div class=class role="columnheader" aria-sort=order>
            <button type="button" class="inline-flex items-center gap-1 min-w-0 hover:text-base-content" title=format!("{} {name}", t(SORT_BY)) on:click=sort>
                <span class="truncate">{name.clone()}</span>
                {direction.map(|down| icon(if down { "arrow-down" } else { "arrow-up" }))}
            </button>
        </div>
    }
    .into_any()
}

fn rows_view(
    list: List,
    state: &ListState,
    visible: Memo<std::ops::Range<usize>>,
    active: RwSignal<Option<usize>>,
) -> AnyView {
    let narrow = list.narrow.get_untracked();
    let step = if narrow { CARD } else { ROW };
    let fields = StoredValue::new(Arc::new(state.fields()));
    let object = StoredValue::new(state.object.clone());
    let shown = move || {
        let rows = list.rows.rows.get();
        visible.get().filter_map(|at| rows.get(at).map(|r| (at, r.clone()))).collect::<Vec<_>>()
    };
    view! {
        <div class="relative" style=move || format!("height:{}px", list.rows.rows.with(Vec::len) as i32 * step)>
            <For each=shown key=|(at, r)| (*at, r.id().to_owned(), r.version()) let((at, record))>
                {
                    let place = format!("position:absolute;left:0;right:0;top:{}px", at as i32 * step);
                    if narrow { card(&object.get_value(), &fields.get_value(), &record, place) }
                    else { row(list, &object.get_value(), &fields.get_value(), record, at, place, active) }
                }
            </For>
        </div>
    }
    .into_any()
}

pub fn record_url(object: &ObjectMeta, id: &str) -> String {
    format!("/o/{}/{id}", object.plural)
}

fn row(
    list: List,
    object: &ObjectMeta,
    fields: &[FieldMeta],
    record: Arc<Record>,
    at: usize,
    place: String,
    active: RwSignal<Option<usize>>,
) -> AnyView {
    let id = record.id().to_owned();
    let url = record_url(object, &id);
    let title = record.title(object);
    let (mark, pick) = (id.clone(), id.clone());
    let chosen = move || list.selected.with(|s| s.contains(&mark));
    let shown = chosen.clone();
    let peek_id = id.clone();
    let open_peek = move |_| list.url.replace(&[("peek", Some(peek_id.clone()))]);
    let is_peeked = Memo::new(move |_| list.url.get("peek").as_deref() == Some(id.as_str()));
    let cells = fields.iter().map(|field| {
        let shown = Shown::of(field, &record);
        let class = if field.kind.is_number() { "grid-cell num" } else { "grid-cell" };
        if field.key == object.title {
            let (url, title) = (url.clone(), title.clone());
            return view! {
                <div class="grid-cell flex items-center gap-1 group" role="gridcell">
                    <A href=url attr:class="font-semibold truncate hover:text-primary hover:underline underline-offset-4">{title}</A>
                    <button type="button" tabindex="-1" class="btn btn-quiet btn-icon !h-6 !w-6 opacity-0 group-hover:opacity-100 focus:opacity-100 ms-auto"
                        aria-label=t(PEEK) title=t(PEEK) on:click=open_peek.clone()>{icon("panel-right-open")}</button>
                </div>
            }
            .into_any();
        }
        view! { <div class=class role="gridcell">{fields::cell(shown)}</div> }.into_any()
    }).collect_view();
    view! {
        <div class="grid-row" role="row" style=place aria-rowindex=(at + 2).to_string()
            aria-selected=move || (shown() || is_peeked.get()).to_string()
            class=("outline-2", move || active.get() == Some(at)) class=("outline-primary", move || active.get() == Some(at))
            class=("-outline-offset-2", move || active.get() == Some(at)) class=("outline", move || active.get() == Some(at))>
            <div class="grid-sticky justify-center" role="gridcell">
                <input type="checkbox" class="checkbox" tabindex="-1" aria-label=format!("{} {title}", t(SELECT_ROW)) prop:checked=chosen
                    on:change=move |ev| {
                        let on = event_target_checked(&ev);
                        list.selected.update(|s| { if on { s.insert(pick.clone()); } else { s.remove(&pick); } });
                    }/>
            </div>
            {cells}
        </div>
    }
    .into_any()
}

/// On a phone: the name and three facts, the whole card is one link.
fn card(object: &ObjectMeta, fields: &[FieldMeta], record: &Record, place: String) -> AnyView {
    let mut facts =
        fields.iter().filter(|f| f.key != object.title).map(|f| Shown::of(f, record)).filter(|s| !s.is_empty());
    let facts: Vec<AnyView> = facts
        .by_ref()
        .take(4)
        .map(|s| {
            let name = label(&s.field.label);
            view! { <span class="inline-flex gap-1 min-w-0 max-w-full items-center"><span class="muted text-xs shrink-0">{name}</span><span class="truncate">{fields::plain_text(s)}</span></span> }.into_any()
        })
        .collect();
    let (url, title) = (record_url(object, record.id()), record.title(object));
    view! {
        <div style=place class="px-3 pt-2">
            <A href=url attr:class="panel block h-24 px-3 py-2 overflow-hidden">
                <span class="font-semibold block truncate">{title}</span>
                <span class="flex flex-wrap gap-x-4 gap-y-0.5 text-[13px] mt-0.5">{facts}</span>
            </A>
        </div>
    }
    .into_any()
}

fn nothing(list: List, state: &ListState) -> AnyView {
    let name = label(&state.object.label);
    if state.is_filtered() {
        let clear = move |_| list.url.push(&[("filter", None), ("q", None), ("import", None)]);
        let action = view! { <Button label=t(FILTER_CLEAR) on_click=clear/> }.into_any();
        return ui::empty("search-x", t(NO_MATCH), t(NO_MATCH_TEXT), action);
    }
    let create = move |_| list.url.push(&[("new", Some("1".to_owned()))]);
    let import = format!("/imports?object={}", state.object.name);
    if !may(&state.object.name, "create") {
        return ui::empty(
            &state.object.icon,
            tf(EMPTY_LIST, &[("objects", &label(&state.object.label_many))]),
            "",
            ().into_any(),
        );
    }
    let actions = view! {
        <Button label=tf(NEW_OBJECT, &[("object", &name)]) look=Look::Primary icon="plus" on_click=create/>
        <A href=import attr:class="btn btn-plain">{icon("file-up")}{t(IMPORT)}</A>
    }
    .into_any();
    let many = label(&state.object.label_many);
    ui::empty(
        &state.object.icon,
        tf(EMPTY_LIST, &[("objects", &many)]),
        tf(EMPTY_LIST_TEXT, &[("objects", &many)]),
        actions,
    )
}

/// J/K and the arrows move, Enter opens, Space peeks, X selects.
fn key(list: List, active: RwSignal<Option<usize>>, node: NodeRef<html::Div>, ev: &leptos::ev::KeyboardEvent) {
    if keys::composing(ev) || keys::typing(ev) || !keys::plain(ev) {
        return;
    }
    let total = list.rows.rows.with_untracked(Vec::len);
    let now = active.get_untracked();
    let record = now.and_then(|at| list.rows.rows.with_untracked(|r| r.get(at).cloned()));
    let to = match ev.key().as_str() {
        "j" | "ArrowDown" => Some(now.map_or(0, |n| n + 1)),
        "k" | "ArrowUp" => Some(now.map_or(0, |n| n.saturating_sub(1))),
        "Home" => Some(0),
        "End" => Some(total.saturating_sub(1)),
        "Enter" => {
            let Some(record) = record else { return };
            list.url.go(record_url(&list.state.get_untracked().object, record.id()));
            None
        }
        " " => {
            let Some(record) = record else { return };
            list.url.replace(&[("peek", Some(record.id().to_owned()))]);
            None
        }
        "x" => {
            let Some(record) = record else { return };
            let id = record.id().to_owned();
            list.selected.update(|s| {
                if !s.remove(&id) {
                    s.insert(id);
                }
            });
            None
        }
        _ => return,
    };
    ev.prevent_default();
    let (Some(to), Some(node)) = (to.filter(|_| total > 0).map(|n| n.min(total - 1)), node.get_untracked()) else {
        return;
    };
    active.set(Some(to));
    let (top, height) = (to as i32 * ROW, node.client_height() - 2 * ROW);
    if top < node.scroll_top() {
        node.set_scroll_top(top);
    } else if top > node.scroll_top() + height {
        node.set_scroll_top(top - height);
    }
}
