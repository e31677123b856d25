//! ⌘K: records by name, pinyin, phone; places to go; things to make.

use super::nav::list_url;
use super::{settings, user_menu};
use crate::api::actions::{self, Action};
use crate::api::records;
use crate::i18n::{
    ACCESS_TITLE, CANCEL, COPY_LINK, DELETE, EDIT, FOLLOW_UP_SAVE, Key, LANGUAGE, NAV_IMPORTS, NAV_RECYCLE,
    NAV_SETTINGS, NEW_OBJECT, NOTHING_FOUND, OFFERED, PALETTE_HINT, PALETTE_LIST, PALETTE_PAGE, PALETTE_PLACEHOLDER,
    PRINT, RECENT, SEARCH, STAR, THEME, UNSTAR, label, t, tf,
};
use crate::record::detail::{act, actions as menu};
use crate::state::session::may;
use crate::state::{app, catalog, favorites, lists, prefs};
use crate::ui::{Layer, MenuItem, Shape, icon, keys};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone)]
struct Entry {
    icon: String,
    title: String,
    hint: String,
    /// What else it is called: in the other language, in pinyin and by initials.
    names: Vec<String>,
    act: Act,
}

#[derive(Clone)]
enum Act {
    Go(String),
    Run(Callback<()>),
}

/// How well a name fits what was typed: the whole of it or its beginning, or somewhere within.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Whole,
    Start,
    Within,
}

impl Entry {
    fn new(icon: &str, title: impl Into<String>, act: Act) -> Entry {
        Entry { icon: icon.to_owned(), title: title.into(), hint: String::new(), names: Vec::new(), act }
    }

    fn go(icon: &str, title: impl Into<String>, href: String) -> Entry {
        Entry::new(icon, title, Act::Go(href))
    }

    fn hinted(self, hint: impl Into<String>) -> Entry {
        Entry { hint: hint.into(), ..self }
    }

    fn named(self, names: impl IntoIterator<Item = impl Into<String>>) -> Entry {
        Entry { names: names.into_iter().map(Into::into).collect(), ..self }
    }

    fn fit(&self, text: &str) -> Option<Fit> {
        let fit = |name: &str| match name.to_lowercase() {
            name if name == text => Some(Fit::Whole),
            name if name.starts_with(text) => Some(Fit::Start),
            name if name.contains(text) => Some(Fit::Within),
            _ => None,
        };
        self.names.iter().map(String::as_str).chain([self.title.as_str()]).filter_map(fit).min()
    }
}

fn run(act: impl Fn() + Send + Sync + 'static) -> Act {
    Act::Run(Callback::new(move |()| act()))
}

/// What is the same in every company, by all its names.
fn offer(icon: &str, title: Key, act: Act) -> Entry {
    let found = OFFERED.iter().find(|(key, _)| *key == title);
    Entry::new(icon, t(title), act).named(found.into_iter().flat_map(|(_, names)| names.iter().copied()))
}

/// What can be done with the record that is open.
fn on_current(actions: &[Action], go: Callback<String>) -> Vec<Entry> {
    let Some(current) = app().current.get() else { return Vec::new() };
    let url = format!("/o/{}/{}", current.object.plural, current.id);
    let mut out = Vec::new();
    if may(&current.object.name, "edit") {
        out.push(offer("pencil", EDIT, Act::Go(format!("{url}?edit=1"))));
    }
    if may("follow_up", "create") && current.object.name != "follow_up" {
        out.push(offer("message-square-text", FOLLOW_UP_SAVE, Act::Go(format!("{url}?tab=timeline&follow=1"))));
    }
    if favorites::possible() {
        let (picture, text) =
            if favorites::has(&current.object.name, &current.id) { ("star-off", UNSTAR) } else { ("star", STAR) };
        let kept = current.clone();
        out.push(offer(picture, text, run(move || favorites::toggle(&kept.object, &kept.id, &kept.title))));
    }
    for action in actions {
        let (on, action) = (current.clone(), action.clone());
        let (title, names) = (label(&action.label), [action.label.zh.to_string(), action.label.en.to_string()]);
        out.push(Entry::new("zap", title, run(move || act::begin(on.clone(), action.clone()))).named(names));
    }
    let address = format!("{}{url}", window().location().origin().unwrap_or_default());
    out.push(offer("link", COPY_LINK, run(move || menu::copy_link(address.clone()))));
    out.push(offer("printer", PRINT, run(menu::print)));
    out.push(offer("shield-question-mark", ACCESS_TITLE, Act::Go(format!("{url}?access=me"))));
    if may(&current.object.name, "delete") {
        let list = lists::address(&current.object.plural);
        let delete = move || {
            let list = list.clone();
            menu::delete(move || go.run(list.clone()));
        };
        out.push(offer("trash-2", DELETE, run(delete)));
    }
    out.into_iter().map(|e| e.hinted(current.title.clone())).collect()
}

/// Lists, by what the server says that they are found by, and pages. Most settings are looked for by name only: there
/// are many.
fn places(text: &str, sounds: &HashMap<String, String>) -> Vec<Entry> {
    let list = |o: &Arc<ObjectMeta>| {
        let names = [&o.label.zh, &o.label.en, &o.label_many.en].map(|name| name.to_lowercase());
        let sounds = sounds.get(o.name.as_ref()).into_iter().flat_map(|s| s.split(' ').map(str::to_owned));
        let entry = Entry::go(&o.icon, label(&o.label_many), list_url(o));
        entry.hinted(t(PALETTE_LIST)).named(names.into_iter().chain(sounds))
    };
    let page =
        |icon: &str, title: Key, href: &str| offer(icon, title, Act::Go(href.to_owned())).hinted(t(PALETTE_PAGE));
    let mut out: Vec<Entry> = listed().iter().map(list).collect();
    if catalog::catalog().objects().any(|o| may(&o.name, "import")) {
        out.push(page("file-up", NAV_IMPORTS, "/imports"));
    }
    out.push(page("trash-2", NAV_RECYCLE, "/recycle"));
    if settings::any() {
        out.push(page("settings", NAV_SETTINGS, "/settings"));
    }
    let offered = |p: &&settings::Page| p.allowed() && (p.is_ones_own() || !text.is_empty());
    out.extend(settings::PAGES.iter().filter(offered).map(|p| page(p.icon, p.title, p.path)));
    if !text.is_empty() {
        out.extend(settings::objects().iter().map(list));
        out.extend(looks());
    }
    out
}

/// The languages and themes, each also by what it is one of.
fn looks() -> impl Iterator<Item = Entry> {
    let of = |item: MenuItem, title: Key| {
        let kind = offer("", title, Act::Run(item.action));
        let names = kind.names.into_iter().chain([kind.title.clone()]);
        Entry::new(item.icon.unwrap_or_default(), item.label, kind.act).hinted(kind.title).named(names)
    };
    let languages = user_menu::language_items().into_iter().map(move |item| of(item, LANGUAGE));
    languages.chain(user_menu::theme_items().into_iter().map(move |item| of(item, THEME)))
}

fn listed() -> Vec<Arc<ObjectMeta>> {
    super::nav::groups().into_iter().flat_map(|group| group.objects).collect()
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

/// What fits the text without asking the server: first what is called so, before the records that are found; then the
/// rest.
fn at_hand(
    text: &str,
    actions: &[Action],
    sounds: &HashMap<String, String>,
    go: Callback<String>,
) -> (Vec<Entry>, Vec<Entry>) {
    let text = text.to_lowercase();
    let of_record = on_current(actions, go);
    let lately: Vec<Entry> = lately().into_iter().take(if text.is_empty() { 8 } else { usize::MAX }).collect();
    let places = places(&text, sounds);
    let creatable = listed().into_iter().filter(|o| may(&o.name, "create")).map(|o| {
        let names = places.iter().find(|e| matches!(&e.act, Act::Go(href) if *href == list_url(&o)));
        let entry =
            Entry::go("plus", tf(NEW_OBJECT, &[("object", &label(&o.label))]), format!("{}?new=1", list_url(&o)));
        entry.named(names.map(|e| e.names.clone()).unwrap_or_default())
    });
    let creatable: Vec<Entry> = creatable.collect();
    if text.is_empty() {
        return (Vec::new(), [of_record, lately, places, creatable].concat());
    }
    let fits = |e: Entry| e.fit(&text).map(|fit| (fit, e));
    let mut called: Vec<(Fit, Entry)> = of_record.into_iter().chain(places).filter_map(fits).collect();
    called.sort_by_key(|(fit, _)| *fit);
    // One letter begins too many names.
    let first = |fit: Fit| fit == Fit::Whole || fit == Fit::Start && text.chars().nth(1).is_some();
    let at = called.iter().position(|(fit, _)| !first(*fit)).unwrap_or(called.len());
    let others = called.split_off(at).into_iter().map(|(_, e)| e);
    let made = creatable.into_iter().chain(lately).filter_map(fits).map(|(_, e)| e);
    (called.into_iter().map(|(_, e)| e).collect(), others.chain(made).collect())
}

pub fn panel(open: RwSignal<bool>) -> AnyView {
    let text = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Entry>::new());
    let asked = StoredValue::new(0_u64);
    let active = RwSignal::new(0_usize);
    let actions = RwSignal::new(Vec::<Action>::new());
    let sounds = RwSignal::new(HashMap::new());
    leptos::task::spawn_local(async move {
        let _ = sounds.try_set(catalog::sounds().await);
    });
    if let Some(current) = app().current.get_untracked() {
        leptos::task::spawn_local(async move {
            if let Ok(found) = actions::list(&current.object, &current.id).await {
                let _ = actions.try_set(found.data);
            }
        });
    }
    let go = {
        let navigate = use_navigate();
        Callback::new(move |href: String| navigate(&href, NavigateOptions::default()))
    };
    // With the number of those that nothing which comes stands before. Not an effect: Enter means what is there now.
    let entries = Memo::new_with_compare(
        move |_| {
            let text = text.get();
            let (mut all, rest) =
                actions.with(|actions| sounds.with(|sounds| at_hand(text.trim(), actions, sounds, go)));
            let certain = all.len();
            // What was opened lately is also among what was found.
            for entry in found.get().into_iter().chain(rest) {
                let known = |other: &Entry| matches!((&entry.act, &other.act), (Act::Go(a), Act::Go(b)) if a == b);
                if !all.iter().any(known) {
                    all.push(entry);
                }
            }
            (certain, all)
        },
        |_, _| true,
    );
    let act = Callback::new(move |act: Act| {
        open.set(false);
        match act {
            Act::Go(href) => go.run(href),
            Act::Run(run) => run.run(()),
        }
    });
    let certain = move || entries.with_untracked(|(certain, _)| *certain);
    // An answer is on its way, and Enter was pressed before it came.
    let (waits, hurried) = (RwSignal::new(false), RwSignal::new(false));
    let take = Callback::new(move |()| {
        if let Some(entry) = entries.with_untracked(|(_, e)| e.get(active.get_untracked()).cloned()) {
            act.run(entry.act);
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
                        active.update(|a| *a = if *a < certain() { *a } else { 0 });
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
            "ArrowDown" => {
                let last = entries.with_untracked(|(_, e)| e.len()).saturating_sub(1);
                active.update(|a| *a = (*a + 1).min(last));
            }
            "ArrowUp" => active.update(|a| *a = a.saturating_sub(1)),
            "Enter" if waits.get_untracked() && active.get_untracked() == 0 && certain() == 0 => hurried.set(true),
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
                <button type="button" class="btn btn-quiet muted" on:click=move |_| open.set(false)>
                    {if prefs::coarse() { t(CANCEL).into_any() } else { view! { <kbd class="font-sans text-xs">"Esc"</kbd> }.into_any() }}
                </button>
            </div>
            <div id="palette-list" role="listbox" class="overflow-y-auto p-2 md:max-h-96 scroll-thin">
                {move || {
                    let (_, entries) = entries.get();
                    if entries.is_empty() {
                        return view! { <p class="muted p-4 text-center text-[13px]">{t(NOTHING_FOUND)}</p> }.into_any();
                    }
                    entries.into_iter().enumerate().map(|(at, entry)| {
                        let does = entry.act.clone();
                        view! {
                            <div role="option" id=format!("palette-{at}") class="menu-item !min-h-9 pointer-coarse:!min-h-11"
                                aria-selected=move || (active.get() == at).to_string()
                                on:mousemove=move |_| if active.get_untracked() != at { active.set(at) }
                                on:click=move |_| act.run(does.clone())>
                                <span class="muted">{icon(&entry.icon)}</span>
                                // On a phone one below the other: the name is what is looked for.
                                <span class="grow min-w-0 flex flex-col md:flex-row md:items-center md:gap-2.5">
                                    <span class="truncate">{entry.title}</span>
                                    <span class="grow max-md:hidden"></span>
                                    <span class="muted text-xs truncate">{entry.hint}</span>
                                </span>
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
