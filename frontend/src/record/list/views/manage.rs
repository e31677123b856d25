//! All views of a list: which are tabs, which one it opens with, and what may be done with each.

use super::{Edited, List, OBJECT, address, may_change, whole};
use crate::api::records::{self, RecordExt, title_of};
use crate::i18n::{
    DELETE, Key, SAVE_VIEW, UNDO, VIEW_ALL, VIEW_BEGIN, VIEW_BEGIN_ROLE, VIEW_DELETED, VIEW_EDIT, VIEW_PIN, VIEW_UNPIN,
    label, t,
};
use crate::state::views::{self, NONE};
use crate::state::{app, catalog, toast};
use crate::ui::icon;
use kezhan_meta::Record;
use leptos::prelude::*;

pub fn panel(list: List, edited: RwSignal<Option<Edited>>) -> AnyView {
    let Some(object) = catalog::object(OBJECT) else { return ().into_any() };
    let groups: Vec<(String, String)> = object
        .field("visibility")
        .map(|f| f.options().iter().map(|o| (o.value.to_string(), label(&o.label))).collect())
        .unwrap_or_default();
    let body = move || {
        let all = list.views.get().unwrap_or_default();
        let (scenes, kept): (Vec<&Record>, Vec<&Record>) = all.iter().partition(|v| views::is_scene(v));
        let scenes = scenes.into_iter().map(|view| row(list, edited, view, &all)).collect_view();
        let rows = groups.iter().filter_map(|(key, name)| {
            let of: Vec<&Record> =
                kept.iter().copied().filter(|v| v.value("visibility").as_str() == Some(key)).collect();
            (!of.is_empty()).then(|| {
                let rows = of.into_iter().map(|view| row(list, edited, view, &all)).collect_view();
                view! {
                    <section aria-label=name.clone()>
                        <h3 class="px-2 pt-2 pb-1 text-xs muted font-normal">{name.clone()}</h3>
                        <ul>{rows}</ul>
                    </section>
                }
            })
        });
        view! {
            <ul>{everything(list, &all)}{scenes}</ul>
            {rows.collect_view()}
        }
    };
    view! {
        <div class="text-[13px]">
            {body}
            <button type="button" class="btn btn-quiet w-full mt-2 !justify-start" on:click=move |_| edited.set(Some(Edited::New))>
                {icon("bookmark-plus")}<span>{t(SAVE_VIEW)}</span>
            </button>
        </div>
    }
    .into_any()
}

fn name_of(list: List) -> String {
    list.object.with_value(|o| o.name.to_string())
}

fn everything(list: List, all: &[Record]) -> AnyView {
    let begins = app().views.with(|choices| views::default(choices.get(&name_of(list)), all).is_some());
    let of_role = views::of_role(all).is_some();
    let href = whole(list, begins.then_some(NONE));
    view! {
        <li class="flex items-center gap-0.5">
            <a href=href class="grow min-w-0 px-2 py-1.5 pointer-coarse:py-3 rounded-md hover:bg-base-content/6 truncate">{t(VIEW_ALL)}</a>
            {begin(list, (NONE, t(VIEW_ALL)), !begins, of_role)}
        </li>
    }
    .into_any()
}

fn row(list: List, edited: RwSignal<Option<Edited>>, view: &Record, all: &[Record]) -> AnyView {
    let id = view.id().to_owned();
    let choice = app().views.with(|choices| choices.get(&name_of(list)).cloned());
    let here = list.url.get("view").as_deref() == Some(view.id());
    let begins = views::default(choice.as_ref(), all).is_some_and(|v| v.id() == id);
    let of_role = views::of_role(all).is_some_and(|v| v.id() == id);
    let pinned = choice.is_none_or(|c| !c.unpinned.contains(&id));
    let note =
        view.expanded("unit").map(|unit| title_of("department", unit)).filter(|_| view.value("visibility") == "team");
    let name = view.text("name").to_owned();
    let class = if here {
        "grow min-w-0 px-2 py-1.5 pointer-coarse:py-3 rounded-md bg-base-content/8 font-semibold truncate"
    } else {
        "grow min-w-0 px-2 py-1.5 pointer-coarse:py-3 rounded-md hover:bg-base-content/6 truncate"
    };
    let pin = {
        let (id, object) = (id.clone(), name_of(list));
        move || {
            views::change(&object, |choice| {
                choice.unpinned.retain(|v| *v != id);
                if pinned {
                    choice.unpinned.push(id.clone());
                }
            });
        }
    };
    let change = may_change(view).then(|| {
        let (kept, gone) = (view.clone(), view.clone());
        view! {
            {tool("pencil", VIEW_EDIT, &name, None, move || edited.set(Some(Edited::Kept(kept.clone()))))}
            {tool("trash-2", DELETE, &name, None, move || remove(list, gone.clone()))}
        }
    });
    let tabbed = views::is_addressed(view);
    view! {
        <li class="flex items-center gap-0.5">
            <a href=address(list, view) class=class aria-current=here.then_some("true")>
                {name.clone()}{note.map(|note| view! { <span class="muted font-normal">" · "{note}</span> })}
            </a>
            {tabbed.then(|| tool(if pinned { "pin-off" } else { "pin" }, if pinned { VIEW_UNPIN } else { VIEW_PIN }, &name, None, pin))}
            {tabbed.then(|| begin(list, (&id, &name), begins, of_role))}
            {change}
        </li>
    }
    .into_any()
}

/// Whether the list opens with this; pressed again, the role decides.
fn begin(list: List, (id, name): (&str, &str), begins: bool, of_role: bool) -> AnyView {
    let (id, object) = (id.to_owned(), name_of(list));
    let label = if of_role { VIEW_BEGIN_ROLE } else { VIEW_BEGIN };
    tool("house", label, name, Some(begins), move || {
        views::change(&object, |choice| choice.default = (!begins).then(|| id.clone()));
    })
}

/// `of` is the view's name.
fn tool(face: &'static str, name: Key, of: &str, pressed: Option<bool>, act: impl Fn() + 'static) -> AnyView {
    view! {
        <button type="button" class="btn btn-quiet btn-icon tap !h-7 !w-7 muted aria-pressed:text-primary shrink-0" aria-label=format!("{} · {of}", t(name)) title=t(name)
            aria-pressed=pressed.map(|p| p.to_string()) on:click=move |_| act()>{icon(face)}</button>
    }
    .into_any()
}

fn remove(list: List, view: Record) {
    let Some(object) = catalog::object(OBJECT) else { return };
    leptos::task::spawn_local(async move {
        match records::delete(&object, view.id(), view.version()).await {
            Ok(()) => {
                if list.url.peek("view").as_deref() == Some(view.id()) {
                    list.url.push(&[("view", None)]);
                }
                crate::state::touched();
                toast::undoable(t(VIEW_DELETED), t(UNDO), move || {
                    let (object, id) = (object.clone(), view.id().to_owned());
                    leptos::task::spawn_local(async move {
                        if let Err(error) = records::restore(&object, &id).await {
                            toast::error(&error);
                        }
                        crate::state::touched();
                    });
                });
            }
            Err(error) => toast::error(&error),
        }
    });
}
