//! Above the rows: name and number, search, conditions, columns, new. Selected rows bring their own bar.

use super::groups::keys::label_of;
use super::{List, columns, grid, layouts, sort_panel, summary, views};
use crate::i18n::{
    COUNT_MORE, EXPORT, FILTER, GROUP, IMPORT, LIST_SEARCH, LIST_SEARCH_HINT, MORE, NAV_RECYCLE, NEW, SAVE_VIEW,
    SEARCH, SELECT_ROW, label, t, tf,
};
use crate::lazy;
use crate::state::app;
use crate::state::session::may;
use crate::ui::{Menu, MenuItem, Popover, icon, keys};
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

pub fn toolbar(list: List) -> AnyView {
    let filtering = RwSignal::new(false);
    let saving = RwSignal::new(None::<views::Edited>);
    let exporting = RwSignal::new(false);
    let object = list.state.with_untracked(|s| s.object.clone());
    let any = Memo::new(move |_| list.picked() > 0 || list.picking.get());
    let count = move || {
        let count = list.rows.count.get()?;
        let text = bridge_number(count);
        Some(if count >= kezhan_meta::query::COUNT_CAP { tf(COUNT_MORE, &[("n", &text)]) } else { text })
    };
    // Once there are some they are taken up for as long as the list is on screen.
    let told =
        Memo::new(move |before: Option<&bool>| before == Some(&true) || app().news.with(|news| !news.is_empty()));
    let totals = summary::shown(list);
    let conditioned = Memo::new(move |_| list.state.with(|s| !s.filter.is_all() && !s.broken || s.import.is_some()));
    let bar = {
        let object = object.clone();
        move || {
            if any.get() {
                return view! { <div class="min-h-12 shrink-0">{lazy::batch_bar(list, exporting)}</div> }.into_any();
            }
            let menu = {
                let (url, object) = (list.url, object.clone());
                move || {
                    let (import, recycle) =
                        (format!("/imports?object={}", object.name), format!("/recycle?object={}", object.name));
                    let mut items = vec![MenuItem::new("bookmark-plus", t(SAVE_VIEW), move || {
                        saving.set(Some(views::Edited::New))
                    })];
                    // Elsewhere each row has its box.
                    if list.narrow.get_untracked() && list.layout.with_untracked(|l| l.kind == layouts::Kind::Table) {
                        items.insert(
                            0,
                            MenuItem::new("square-check-big", t(SELECT_ROW), move || list.picking.set(true)),
                        );
                    }
                    if may(&object.name, "import") && !grid::is_made(&object) {
                        items.push(MenuItem::new("file-up", t(IMPORT), move || url.go(import.clone())));
                    }
                    if may(&object.name, "export") {
                        items.push(MenuItem::new("file-down", t(EXPORT), move || exporting.set(true)));
                    }
                    items.push(MenuItem::new("trash-2", t(NAV_RECYCLE), move || url.go(recycle.clone())));
                    items
                }
            };
            view! {
                // On a phone in two lines: the name of the list is not to be guessed. So it is on a tablet, whose buttons are larger.
                <div class="flex flex-wrap sm:flex-nowrap items-center gap-x-2 sm:h-12 px-3 pb-1 sm:pb-0 shrink-0 pointer-coarse:max-lg:flex-wrap! pointer-coarse:max-lg:h-auto! pointer-coarse:max-lg:pb-1!">
                    <div class="flex items-center gap-2 h-9 w-full sm:w-auto sm:shrink-0 pointer-coarse:max-lg:w-full!">
                        <h1 class="font-semibold text-base whitespace-nowrap truncate sm:max-w-48">{label(&object.label_many)}</h1>
                        {summary::toggle(list, count)}
                        {move || told.get().then(|| lazy::list_news(list))}
                    </div>
                    <div class="grow hidden sm:block pointer-coarse:max-lg:hidden!"></div>
                    {search(list)}
                    <div class="contents" role="toolbar" aria-label=label(&object.label_many) data-one-stop>
                        <button type="button" class="btn btn-quiet tap" aria-label=t(FILTER) on:click=move |_| filtering.set(true)>
                            {icon("list-filter")}
                            <span class="hidden sm:inline">{t(FILTER)}</span>
                        </button>
                        {layouts::switch(list)}
                        {move || list.layout.with(|l| l.kind == layouts::Kind::Table).then(|| arranging(list))}
                        {columns::chooser(list)}
                        <Menu label=t(MORE) face=icon("ellipsis") items=menu/>
                        {(may(&object.name, "create") && !grid::is_made(&object)).then(|| view! {
                            <button type="button" class="btn btn-primary" aria-label=t(NEW) on:click=move |_| list.url.push(&[("new", Some("1".to_owned()))])>
                                {icon("plus")}
                                <span class="hidden sm:inline">{t(NEW)}</span>
                            </button>
                        })}
                    </div>
                </div>
            }
            .into_any()
        }
    };
    view! {
        {bar}
        {views::tabs(list, saving)}
        {move || conditioned.get().then(|| lazy::filter_chips(list))}
        {move || totals.get().then(|| lazy::totals_line(list))}
        <div class="border-b border-base-300 shrink-0"></div>
        {move || exporting.get().then(|| lazy::export_dialog(list, exporting))}
        {move || filtering.get().then(|| lazy::filter_dialog(list, filtering))}
    }
    .into_any()
}

/// Order and groups: two buttons, or one on a phone.
fn arranging(list: List) -> AnyView {
    view! { {sort_panel::chooser(list)}{move || (!list.narrow.get()).then(|| grouping(list))} }.into_any()
}

/// The button above the list, which says by what it is grouped, and its panel.
fn grouping(list: List) -> AnyView {
    let open = RwSignal::new(false);
    let object = list.object.with_value(Arc::clone);
    let any = Memo::new(move |_| list.state.with(|s| s.group.len()));
    let title = move || {
        let names: Vec<String> = list.state.with(|s| s.group.iter().map(|k| label_of(&object, k)).collect());
        if names.is_empty() { t(GROUP).to_owned() } else { format!("{}: {}", t(GROUP), names.join(" › ")) }
    };
    let trigger = view! {
        <button type="button" class="btn btn-quiet btn-icon aria-pressed:text-primary" aria-haspopup="dialog" aria-label=title.clone() title=title
            aria-pressed=move || (any.get() > 0).to_string() aria-expanded=move || open.get().to_string()
            on:click=move |_| open.update(|o| *o = !*o)>{icon("group")}</button>
    }
    .into_any();
    view! { <Popover open=open trigger=trigger panel_class="p-3 w-72">{crate::lazy::group_panel(list)}</Popover> }
        .into_any()
}

fn bridge_number(n: i64) -> String {
    crate::bridge::decimal(&n.to_string(), 0, 0)
}

fn search(list: List) -> AnyView {
    let text = RwSignal::new(list.url.peek("q").unwrap_or_default());
    let ticket = StoredValue::new(0_u64);
    // The address leads: Back and a chosen view change the box too.
    Effect::new(move || {
        let now = list.state.with(|s| s.q.clone());
        if text.with_untracked(|t| t.trim() != now) {
            text.set(now);
        }
    });
    let apply = move || {
        let wanted = text.get_untracked().trim().to_owned();
        if list.url.peek("q").unwrap_or_default() != wanted {
            list.url.replace(&[("q", Some(wanted))]);
        }
    };
    let composing = StoredValue::new(false);
    let later = move || {
        let mine = ticket.get_value() + 1;
        ticket.set_value(mine);
        set_timeout(
            move || {
                if ticket.try_get_value() == Some(mine) {
                    apply()
                }
            },
            Duration::from_millis(250),
        );
    };
    view! {
        <label class="input grow sm:grow-0 pointer-coarse:max-lg:grow! pointer-coarse:max-lg:basis-24! min-w-20 !w-0 sm:!w-52 sm:focus-within:!w-64 sm:min-w-24 sm:shrink transition-[width] !px-2.5" title=t(LIST_SEARCH_HINT)>
            <span class="muted">{icon("search")}</span>
            <input id="list-search" type="search" class="min-w-0" aria-label=t(LIST_SEARCH) placeholder=move || t(if list.narrow.get() { SEARCH } else { LIST_SEARCH }) autocomplete="off"
                prop:value=move || text.get()
                on:compositionstart=move |_| composing.set_value(true)
                on:compositionend=move |ev| { composing.set_value(false); let _ = ev; later() }
                on:input=move |ev| { text.set(event_target_value(&ev)); if !composing.get_value() { later() } }
                on:keydown=move |ev| if ev.key() == "Enter" && !keys::composing(&ev) { apply() }/>
        </label>
    }
    .into_any()
}
