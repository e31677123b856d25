//! Which columns, in which order.

use super::List;
use super::state::default_columns;
use crate::i18n::{COLUMNS, COLUMNS_RESET, MOVE_UP, label, t};
use crate::ui::{Popover, icon};
use leptos::prelude::*;

pub fn chooser(list: List) -> AnyView {
    let open = RwSignal::new(false);
    let trigger = view! {
        <button type="button" class="btn btn-quiet btn-icon hidden md:inline-flex" aria-haspopup="dialog" aria-label=t(COLUMNS) title=t(COLUMNS)
            aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|o| *o = !*o)>{icon("columns-3")}</button>
    }
    .into_any();
    view! { <Popover open=open trigger=trigger panel_class="p-1 w-64">{panel(list)}</Popover> }.into_any()
}

fn put(list: List, columns: Vec<String>) {
    let object = list.state.with_untracked(|s| s.object.clone());
    let text = (columns != default_columns(&object)).then(|| columns.join(","));
    list.url.replace(&[("columns", text)]);
}

fn panel(list: List) -> AnyView {
    let entry = move |key: String, name: String, at: Option<usize>| {
        let (toggle, up) = (key.clone(), key);
        view! {
            <div class="menu-item group !py-0">
                <label class="flex items-center gap-2.5 grow min-w-0 cursor-pointer py-1">
                    <input type="checkbox" class="checkbox" prop:checked=at.is_some() on:change=move |_| {
                        let mut columns = list.state.get_untracked().columns;
                        match columns.iter().position(|c| *c == toggle) {
                            Some(_) if columns.len() == 1 => {}
                            Some(at) => { columns.remove(at); }
                            None => columns.push(toggle.clone()),
                        }
                        put(list, columns);
                    }/>
                    <span class="truncate">{name.clone()}</span>
                </label>
                {at.filter(|at| *at > 0).map(|at| view! {
                    <button type="button" class="btn btn-quiet btn-icon !h-6 !w-6" aria-label=format!("{} {name}", t(MOVE_UP)) on:click=move |_| {
                        let mut columns = list.state.get_untracked().columns;
                        if columns.get(at) == Some(&up) { columns.swap(at, at - 1); }
                        put(list, columns);
                    }>{icon("arrow-up")}</button>
                })}
            </div>
        }
    };
    (move || {
        let state = list.state.get();
        let chosen = state.columns.iter().enumerate().filter_map(|(at, key)| Some((key.clone(), label(&state.object.field(key)?.label), Some(at))));
        let rest = state
            .object
            .fields
            .iter()
            .filter(|f| !f.secret && f.key != "id" && !state.columns.iter().any(|c| *c == f.key))
            .map(|f| (f.key.to_string(), label(&f.label), None));
        let entries: Vec<_> = chosen.chain(rest).collect();
        view! {
            {entries.into_iter().map(|(key, name, at)| entry(key, name, at)).collect_view()}
            <button type="button" class="menu-item text-primary" on:click=move |_| list.url.replace(&[("columns", None)])>{icon("rotate-ccw")}{t(COLUMNS_RESET)}</button>
        }
    })
    .into_any()
}
