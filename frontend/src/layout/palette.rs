//! ⌘K: records by name, pinyin, phone; places to go; things to make.

use super::nav::list_url;
use super::settings;
use crate::api::actions::{self, Action};
use crate::api::records;
use crate::i18n::{
    EDIT, FOLLOW_UP_SAVE, NAV_IMPORTS, NAV_RECYCLE, NAV_SETTINGS, NEW_OBJECT, NOTHING_FOUND, PALETTE_HINT,
    PALETTE_LIST, PALETTE_PAGE, PALETTE_PLACEHOLDER, RECENT, SEARCH, STAR, UNSTAR, label, t, tf,
};
use crate::record::detail::act;
use crate::state::session::may;
use crate::state::{app, catalog, favorites};
use crate::ui::{Layer, Shape, icon, keys};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone)]
struct Entry {
    icon: String,
    title: String,
    hint: String,
    act: Act,
}

#[derive(Clone)]
enum Act {
    Go(String),
    Run(Callback<()>),
}

impl Entry {
    fn go(icon: &str, title: impl Into<String>, href: String) -> Entry {
        Entry { icon: icon.to_owned(), title: title.into(), hint: String::new(), act: Act::Go(href) }
    }

    fn run(icon: &str, title: impl Into<String>, run: impl Fn() + Send + Sync + 'static) -> Entry {
        let act = Act::Run(Callback::new(move |()| run()));
        Entry { icon: icon.to_owned(), title: title.into(), hint: String::new(), act }
    }

    fn hinted(self, hint: impl Into<String>) -> Entry {
        Entry { hint: hint.into(), ..self }
    }

    fn fits(&self, text: &str) -> bool {
        text.is_empty() || self.title.to_lowercase().contains(text)
    }
}

/// What can be done with the record that is open.
fn on_current(actions: &[Action]) -> Vec<Entry> {
    let Some(current) = app().current.get() else { return Vec::new() };
    let url = format!("/o/{}/{}", current.object.plural, current.id);
    let mut out = Vec::new();
    if may(&current.object.name, "edit") {
        out.push(Entry::go("pencil", t(EDIT), format!("{url}?edit=1")));
    }
    if may("follow_up", "create") && current.object.name != "follow_up" {
        out.push(Entry::go("message-square-text", t(FOLLOW_UP_SAVE), format!("{url}?tab=timeline&follow=1")));
    }
    if favorites::possible() {
        let (picture, text) =
            if favorites::has(&current.object.name, &current.id) { ("star-off", UNSTAR) } else { ("star", STAR) };
        let kept = current.clone();
        out.push(Entry::run(picture, t(text), move || favorites::toggle(&kept.object, &kept.id, &kept.title)));
    }
    for action in actions {
        let (on, action) = (current.clone(), action.clone());
        let title = label(&action.label);
        out.push(Entry::run("zap", title, move || act::begin(on.clone(), action.clone())));
    }
    out.into_iter().map(|e| e.hinted(current.title.clone())).collect()
}

fn pages() -> Vec<Entry> {
    let mut out = Vec::new();
    if catalog::catalog().objects().any(|o| may(&o.name, "import")) {
        out.push(Entry::go("file-up", t(NAV_IMPORTS), "/imports".to_owned()));
    }
    out.push(Entry::go("trash-2", t(NAV_RECYCLE), "/recycle".to_owned()));
    if settings::any() {
        out.push(Entry::go("settings", t(NAV_SETTINGS), "/settings".to_owned()));
    }
    out
}

/// Most are looked for by name only: there are many.
fn settings_for(text: &str) -> impl Iterator<Item = Entry> {
    let offered = |p: &&settings::Page| p.allowed() && (p.is_ones_own() || !text.is_empty());
    settings::PAGES.iter().filter(offered).map(|p| Entry::go(p.icon, t(p.title), p.path.to_owned()))
}

fn lately() -> Vec<Entry> {
    let recent = app().recent.get();
    let here = app().current.with(|c| c.as_ref().map(|c| c.id.clone()));
    let known = recent.into_iter().filter(|r| Some(&r.id) != here.as_ref());
    known
        .filter_map(|r| {
            let (object, url) = favorites::place(&r.object, &r.id)?;
            Some(Entry::go(&object.icon, r.title, url).hinted(format!("{} · {}", t(RECENT), label(&object.label))))
        })
        .collect()
}

/// What fits the text without asking the server.
fn at_hand(text: &str, actions: &[Action]) -> Vec<Entry> {
    let text = text.to_lowercase();
    let mut out = on_current(actions);
    out.extend(lately().into_iter().take(if text.is_empty() { 8 } else { usize::MAX }));
    let lists: Vec<_> = super::nav::groups().into_iter().flat_map(|(_, objects)| objects).collect();
    let other = |o: &ObjectMeta| {
        !text.is_empty()
            && [&o.label.zh, &o.label.en, &o.label_many.en].iter().any(|l| l.to_lowercase().contains(&text))
    };
    out.retain(|e| e.fits(&text));
    let list = |o: &Arc<ObjectMeta>| Entry::go(&o.icon, label(&o.label_many), list_url(o)).hinted(t(PALETTE_LIST));
    out.extend(lists.iter().map(|o| (o, list(o))).filter(|(o, e)| e.fits(&text) || other(o)).map(|(_, e)| e));
    out.extend(
        pages().into_iter().chain(settings_for(&text)).map(|e| e.hinted(t(PALETTE_PAGE))).filter(|e| e.fits(&text)),
    );
    let new = |o: &Arc<ObjectMeta>| {
        let title = tf(NEW_OBJECT, &[("object", &label(&o.label))]);
        Entry::go("plus", title, format!("{}?new=1", list_url(o)))
    };
    let creatable = lists.iter().filter(|o| may(&o.name, "create"));
    out.extend(creatable.map(|o| (o, new(o))).filter(|(o, e)| e.fits(&text) || other(o)).map(|(_, e)| e));
    out
}

pub fn panel(open: RwSignal<bool>) -> AnyView {
    let text = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Entry>::new());
    let asked = StoredValue::new(0_u64);
    let active = RwSignal::new(0_usize);
    let actions = RwSignal::new(Vec::<Action>::new());
    if let Some(current) = app().current.get_untracked() {
        leptos::task::spawn_local(async move {
            if let Ok(all) = actions::list(&current.object, &current.id).await {
                let _ = actions.try_set(all);
            }
        });
    }
    let entries = RwSignal::new(Vec::<Entry>::new());
    Effect::new(move || {
        let mut all = found.get();
        let hand = actions.with(|actions| at_hand(text.get().trim(), actions));
        // What was opened lately is also among what was found.
        let known = |e: &Entry, all: &[Entry]| match &e.act {
            Act::Go(href) => all.iter().any(|a| matches!(&a.act, Act::Go(other) if other == href)),
            Act::Run(_) => false,
        };
        for entry in hand {
            if !known(&entry, &all) {
                all.push(entry);
            }
        }
        entries.set(all);
    });
    let go = {
        let navigate = use_navigate();
        Callback::new(move |act: Act| {
            open.set(false);
            match act {
                Act::Go(href) => navigate(&href, NavigateOptions::default()),
                Act::Run(run) => run.run(()),
            }
        })
    };
    // An answer is on its way, and Enter was pressed before it came.
    let (waits, hurried) = (RwSignal::new(false), RwSignal::new(false));
    let take = Callback::new(move |()| {
        if let Some(entry) = entries.with_untracked(|e| e.get(active.get_untracked()).cloned()) {
            go.run(entry.act);
        }
    });
    let ask = move || {
        let ticket = asked.with_value(|n| n + 1);
        asked.set_value(ticket);
        let wanted = text.get_untracked().trim().to_owned();
        hurried.set(false);
        waits.set(!wanted.is_empty());
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
                        waits.set(false);
                        // Whoever types a name and Enter in one go means what is found by it.
                        if hurried.try_update(std::mem::take) == Some(true) {
                            take.run(());
                        }
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
            "Enter" if waits.get_untracked() && active.get_untracked() == 0 => hurried.set(true),
            "Enter" => take.run(()),
            // A field for searching would only empty itself.
            "Escape" => open.set(false),
            _ => return,
        }
        ev.prevent_default();
    };
    view! {
        <Layer shape=Shape::Palette label=t(SEARCH) bare=true on_close=move |()| open.set(false)>
            <div class="flex items-center gap-3 px-4 h-13 border-b border-base-300 shrink-0">
                <span class="muted">{icon("search")}</span>
                <input type="search" class="grow h-full outline-none bg-transparent text-base min-w-0" autofocus autocomplete="off" role="combobox"
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
                        let act = entry.act.clone();
                        view! {
                            <div role="option" id=format!("palette-{at}") class="menu-item !min-h-9"
                                aria-selected=move || (active.get() == at).to_string()
                                on:mousemove=move |_| if active.get_untracked() != at { active.set(at) }
                                on:click=move |_| go.run(act.clone())>
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
    let hint = hit.subtitle.filter(|s| !s.is_empty()).map_or(kind.clone(), |s| format!("{s} · {kind}"));
    Some(Entry::go(&object.icon, hit.title, format!("/o/{}/{}", object.plural, hit.id)).hinted(hint))
}
