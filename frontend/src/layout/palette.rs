//! ⌘K: records by name, pinyin, phone; places to go; things to make.

use super::nav::list_url;
use crate::api::records;
use crate::i18n::{NEW_OBJECT, NOTHING_FOUND, PALETTE_HINT, PALETTE_PLACEHOLDER, SEARCH, label, t, tf};
use crate::state::catalog;
use crate::state::session::may;
use crate::ui::{Layer, Shape, icon, keys};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use std::time::Duration;

#[derive(Clone, Copy)]
pub struct Palette {
    open: RwSignal<bool>,
}

#[derive(Clone, PartialEq)]
struct Entry {
    icon: String,
    title: String,
    hint: String,
    href: String,
}

impl Palette {
    pub fn new() -> Palette {
        Palette { open: RwSignal::new(false) }
    }

    pub fn open(self) {
        self.open.set(true);
    }
}

pub fn palette(palette: Palette) -> AnyView {
    let open = palette.open;
    (move || open.get().then(|| panel(open))).into_any()
}

fn places(text: &str) -> Vec<Entry> {
    let text = text.to_lowercase();
    let fits = |o: &ObjectMeta| {
        text.is_empty() || [&o.label.zh, &o.label.en, &o.label_many.en].iter().any(|l| l.to_lowercase().contains(&text))
    };
    let catalog = catalog::catalog();
    let mut out: Vec<Entry> = Vec::new();
    for object in catalog.objects().filter(|o| o.listed && fits(o)) {
        let title = label(&object.label_many);
        out.push(Entry { icon: object.icon.to_string(), title, hint: String::new(), href: list_url(object) });
    }
    if !text.is_empty() {
        for object in catalog.objects().filter(|o| o.listed && fits(o) && may(&o.name, "create")) {
            out.push(Entry {
                icon: "plus".to_owned(),
                title: tf(NEW_OBJECT, &[("object", &label(&object.label))]),
                hint: String::new(),
                href: format!("{}?new=1", list_url(object)),
            });
        }
    }
    out
}

fn panel(open: RwSignal<bool>) -> AnyView {
    let text = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Entry>::new());
    let asked = StoredValue::new(0_u64);
    let active = RwSignal::new(0_usize);
    let entries = Memo::new(move |_| {
        let mut all = found.get();
        all.extend(places(text.get().trim()));
        all
    });
    let go = {
        let navigate = use_navigate();
        Callback::new(move |href: String| {
            open.set(false);
            navigate(&href, NavigateOptions::default());
        })
    };
    let ask = move || {
        let ticket = asked.with_value(|n| n + 1);
        asked.set_value(ticket);
        let wanted = text.get_untracked().trim().to_owned();
        if wanted.is_empty() {
            return found.set(Vec::new());
        }
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    if asked.try_get_value() != Some(ticket) {
                        return;
                    }
                    let hits = records::search(&wanted, "", 12).await.unwrap_or_default();
                    if asked.try_get_value() == Some(ticket) {
                        active.set(0);
                        found.set(hits.into_iter().filter_map(entry).collect());
                    }
                });
            },
            Duration::from_millis(120),
        );
    };
    let key = move |ev: leptos::ev::KeyboardEvent| {
        if keys::composing(&ev) {
            return;
        }
        match ev.key().as_str() {
            "ArrowDown" => active.update(|a| *a = (*a + 1).min(entries.with_untracked(Vec::len).saturating_sub(1))),
            "ArrowUp" => active.update(|a| *a = a.saturating_sub(1)),
            "Enter" => {
                if let Some(entry) = entries.with_untracked(|e| e.get(active.get_untracked()).cloned()) {
                    go.run(entry.href);
                }
            }
            _ => return,
        }
        ev.prevent_default();
    };
    view! {
        <Layer shape=Shape::Palette label=t(SEARCH) bare=true on_close=move |()| open.set(false)>
            <div class="flex items-center gap-3 px-4 h-13 border-b border-base-300 shrink-0">
                <span class="muted">{icon("search")}</span>
                <input type="search" class="grow outline-none bg-transparent text-base min-w-0" autofocus autocomplete="off" role="combobox"
                    aria-expanded="true" aria-controls="palette-list" aria-label=t(SEARCH) placeholder=t(PALETTE_PLACEHOLDER)
                    aria-activedescendant=move || format!("palette-{}", active.get())
                    prop:value=move || text.get()
                    on:input=move |ev| { text.set(event_target_value(&ev)); active.set(0); ask() }
                    on:keydown=key/>
                <button type="button" class="btn btn-quiet muted" on:click=move |_| open.set(false)><kbd class="font-sans text-xs">"Esc"</kbd></button>
            </div>
            <div id="palette-list" role="listbox" class="overflow-y-auto p-2 md:max-h-96 scroll-thin">
                {move || {
                    let entries = entries.get();
                    if entries.is_empty() {
                        return view! { <p class="muted p-4 text-center text-[13px]">{t(NOTHING_FOUND)}</p> }.into_any();
                    }
                    entries.into_iter().enumerate().map(|(at, entry)| {
                        let href = entry.href.clone();
                        view! {
                            <div role="option" id=format!("palette-{at}") class="menu-item !min-h-9"
                                aria-selected=move || (active.get() == at).to_string()
                                on:mousemove=move |_| if active.get_untracked() != at { active.set(at) }
                                on:click=move |_| go.run(href.clone())>
                                <span class="muted">{icon(&entry.icon)}</span>
                                <span class="truncate">{entry.title}</span>
                                <span class="grow"></span>
                                <span class="muted text-xs truncate">{entry.hint}</span>
                            </div>
                        }
                    }).collect_view().into_any()
                }}
            </div>
            <p class="border-t border-base-300 px-4 py-2 text-xs muted hidden md:block">{t(PALETTE_HINT)}</p>
        </Layer>
    }
    .into_any()
}

fn entry(hit: records::Hit) -> Option<Entry> {
    let object = catalog::object(&hit.object)?;
    let kind = label(&object.label);
    Some(Entry {
        icon: object.icon.to_string(),
        title: hit.title,
        hint: hit.subtitle.filter(|s| !s.is_empty()).map_or(kind.clone(), |s| format!("{s} · {kind}")),
        href: format!("/o/{}/{}", object.plural, hit.id),
    })
}
