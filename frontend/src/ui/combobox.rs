//! Choosing one or several of many, from a fixed list or by looking up.

use super::badge::badge;
use super::icon::icon;
use super::keys::composing;
use super::popover::Popover;
use crate::i18n::{ADD_WORD, CLEAR, ERROR_TITLE, LOADING, NOTHING_FOUND, REMOVE, t, tf};
use futures_util::future::LocalBoxFuture;
use kezhan_meta::Tone;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    pub value: String,
    pub label: String,
    pub hint: String,
    pub tone: Option<Tone>,
}

impl Item {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Item {
        Item { value: value.into(), label: label.into(), hint: String::new(), tone: None }
    }
}

/// What fits a text; nothing when the look-up failed.
pub type Lookup = Arc<dyn Fn(String) -> LocalBoxFuture<'static, Option<Vec<Item>>> + Send + Sync>;

/// A look-up in a list that is at hand.
pub fn fixed(items: Vec<Item>) -> Lookup {
    let items = Arc::new(items);
    Arc::new(move |text| {
        let text = text.to_lowercase();
        let fits = |label: &str| text.split_whitespace().all(|word| label.contains(word));
        let found = items.iter().filter(|i| fits(&i.label.to_lowercase())).cloned().collect();
        Box::pin(std::future::ready(Some(found)))
    })
}

/// No entry is marked.
const NONE: usize = usize::MAX;

/// Whether more keys may follow.
#[derive(Clone, Copy, PartialEq)]
enum Pause {
    None,
    Typing,
}

#[derive(Clone, Copy)]
struct State {
    chosen: RwSignal<Vec<Item>>,
    text: RwSignal<String>,
    open: RwSignal<bool>,
    found: RwSignal<Option<Option<Vec<Item>>>>,
    active: RwSignal<usize>,
    asked: StoredValue<u64>,
    answered: StoredValue<u64>,
    /// Enter was pressed before the answer: the first of it is meant, wherever the focus has gone meanwhile.
    eager: StoredValue<bool>,
    many: bool,
    free: bool,
    on_done: Option<Callback<()>>,
    list: NodeRef<leptos::html::Div>,
}

#[component]
pub fn Combobox(
    #[prop(into)] id: String,
    chosen: RwSignal<Vec<Item>>,
    lookup: Lookup,
    #[prop(optional)] many: bool,
    /// Words that are not in the list may be added.
    #[prop(optional)]
    free: bool,
    #[prop(optional, into)] placeholder: String,
    #[prop(optional, into)] invalid: Signal<bool>,
    #[prop(optional, into)] on_done: Option<Callback<()>>,
) -> impl IntoView {
    let state = State {
        chosen,
        text: RwSignal::new(String::new()),
        open: RwSignal::new(false),
        found: RwSignal::new(None),
        active: RwSignal::new(NONE),
        asked: StoredValue::new(0),
        answered: StoredValue::new(0),
        eager: StoredValue::new(false),
        many,
        free,
        on_done,
        list: NodeRef::new(),
    };
    let lookup = StoredValue::new(lookup);
    let ask = move |pause: Pause| state.ask(lookup.get_value(), pause);
    let list_id = format!("{id}-list");
    let active_id = {
        let list_id = list_id.clone();
        move || {
            Some(state.active.get()).filter(|at| state.open.get() && *at != NONE).map(|at| format!("{list_id}-{at}"))
        }
    };
    let shown = move || match (many, state.open.get(), state.chosen.get().first()) {
        (false, false, Some(item)) => item.label.clone(),
        _ => state.text.get(),
    };
    let hint = move || match (many, state.chosen.with(|c| c.first().map(|i| i.label.clone()))) {
        (false, Some(label)) => label,
        (true, Some(_)) => String::new(),
        _ => placeholder.clone(),
    };
    let trigger = view! {
        <div class=if many { "input !h-auto min-h-8 flex-wrap gap-1 py-0.5 !pr-1" } else { "input flex-nowrap gap-1 !pr-1" } aria-invalid=move || invalid.get().to_string()>
            {many.then(|| chips(state))}
            <input type="text" id=id class="grow !w-16 min-w-0 !h-6" role="combobox" autocomplete="off" aria-autocomplete="list"
                aria-controls=list_id.clone() aria-activedescendant=active_id
                aria-expanded=move || state.open.get().to_string()
                aria-invalid=move || invalid.get().to_string()
                placeholder=hint prop:value=shown
                on:mousedown=move |_| if !state.open.get_untracked() { ask(Pause::None) }
                on:input=move |ev| { state.text.set(state.typed(event_target_value(&ev))); ask(Pause::Typing) }
                on:blur=move |_| state.leave()
                on:keydown=move |ev| if !composing(&ev) { state.key(&ev, &ask) }/>
            {move || (!many && !state.chosen.with(Vec::is_empty)).then(|| view! {
                <button type="button" class="btn btn-quiet btn-icon !h-6 !w-6" tabindex="-1" aria-label=t(CLEAR)
                    on:click=move |_| { state.chosen.set(Vec::new()); state.text.set(String::new()); state.finish() }>{icon("x")}</button>
            })}
            <span class="muted pointer-events-none">{icon("chevrons-up-down")}</span>
        </div>
    }
    .into_any();
    view! {
        <Popover open=state.open trigger=trigger class="w-full min-w-0 !shrink" fit=true panel_class="p-1">
            <div role="listbox" node_ref=state.list id=list_id.clone() aria-multiselectable=many.then_some("true")>
                {
                    let list_id = list_id.clone();
                    move || options(state, &list_id)
                }
            </div>
        </Popover>
    }
}

fn chips(state: State) -> AnyView {
    (move || {
        state.chosen.get().into_iter().enumerate().map(|(at, item)| view! {
            <span class="tag tone-neutral !pr-0.5">
                <span class="truncate max-w-40">{item.label.clone()}</span>
                <button type="button" class="inline-flex size-4 items-center justify-center rounded hover:bg-base-300" tabindex="-1"
                    aria-label=format!("{} {}", t(REMOVE), item.label)
                    on:click=move |_| { state.chosen.update(|c| { if at < c.len() { c.remove(at); } }); state.finish() }>{icon("x")}</button>
            </span>
        }).collect_view()
    })
    .into_any()
}

fn options(state: State, list_id: &str) -> AnyView {
    let note = |text: &str| view! { <p class="px-2.5 py-1.5 text-[13px] muted">{text.to_owned()}</p> }.into_any();
    match state.found.get() {
        None => note(t(LOADING)),
        Some(None) => note(t(ERROR_TITLE)),
        Some(Some(items)) if items.is_empty() && !state.free => note(t(NOTHING_FOUND)),
        Some(Some(items)) => {
            let free = state.free_item(&items);
            items
                .into_iter()
                .map(|item| (false, item))
                .chain(free.map(|item| (true, item)))
                .enumerate()
                .map(|(at, (new, item))| {
                    let taken = state.chosen.with(|c| c.iter().any(|i| i.value == item.value));
                    let face = match item.tone {
                        Some(tone) => badge(item.label.clone(), tone),
                        None if new => tf(ADD_WORD, &[("word", &item.label)]).into_any(),
                        None => view! { <span class="truncate">{item.label.clone()}</span> }.into_any(),
                    };
                    view! {
                        <div role="option" id=format!("{list_id}-{at}") class="menu-item"
                            aria-selected=move || (state.active.get() == at).to_string()
                            on:mousemove=move |ev| {
                                // Browsers also tell of a move where the list has moved beneath a pointer at rest.
                                let moved = ev.movement_x() != 0 || ev.movement_y() != 0;
                                if moved && state.active.get_untracked() != at { state.active.set(at) }
                            }
                            on:mousedown=move |ev| { ev.prevent_default(); state.choose(item.clone()) }>
                            <span class="grow min-w-0 flex">{face}</span>
                            <span class="muted text-xs truncate max-w-48">{item.hint.clone()}</span>
                            {taken.then(|| icon("check"))}
                        </div>
                    }
                })
                .collect_view()
                .into_any()
        }
    }
}

impl State {
    /// Opens and looks up; a late answer to an old question is dropped.
    fn ask(self, lookup: Lookup, pause: Pause) {
        let first = !self.open.get_untracked();
        self.open.set(true);
        let ticket = self.asked.with_value(|n| n + 1);
        self.asked.set_value(ticket);
        self.eager.set_value(false);
        let text = self.text.get_untracked();
        // By the time of the answer the input may have been left, and its word with it.
        let silent = text.trim().is_empty();
        let run = move || {
            leptos::task::spawn_local(async move {
                if self.asked.try_get_value() != Some(ticket) {
                    return;
                }
                let found = lookup(text).await.map(|found| self.with_chosen(found, silent));
                if self.asked.try_get_value() == Some(ticket) {
                    self.answered.set_value(ticket);
                    self.active.set(self.begin(found.as_deref(), silent));
                    self.found.set(Some(found));
                    self.reveal();
                    if self.eager.get_value() {
                        self.take();
                    }
                    self.eager.set_value(false);
                }
            });
        };
        if first || pause == Pause::None { run() } else { set_timeout(run, Duration::from_millis(150)) }
    }

    /// What was typed of what stands in the input: behind a name that stood there it is a word of its own.
    fn typed(self, text: String) -> String {
        let name = self.chosen.with_untracked(|c| c.first().map(|i| i.label.clone()));
        match name.filter(|_| !self.many && !self.open.get_untracked()) {
            Some(name) => text.strip_prefix(&name).map(str::to_owned).unwrap_or(text),
            None => text,
        }
    }

    /// What one looks through without a word begins with what is chosen, wherever that stands.
    fn with_chosen(self, mut found: Vec<Item>, silent: bool) -> Vec<Item> {
        if let Some(now) = self.kept(silent).filter(|now| found.iter().all(|item| item.value != now.value)) {
            found.insert(0, now);
        }
        found
    }

    /// The one that is chosen, while nothing is typed.
    fn kept(self, silent: bool) -> Option<Item> {
        self.chosen.try_with_untracked(|c| c.first().cloned().filter(|_| silent && !self.many))?
    }

    /// What is typed means the first that fits; without a word nothing is marked but what is chosen already, so that
    /// Enter alone changes nothing.
    fn begin(self, found: Option<&[Item]>, silent: bool) -> usize {
        if !silent {
            return 0;
        }
        let now = self.kept(silent).map(|item| item.value);
        now.and_then(|now| found?.iter().position(|i| i.value == now)).unwrap_or(NONE)
    }

    /// The entry that is marked is where it can be seen.
    fn reveal(self) {
        request_animation_frame(move || {
            let Some(list) = self.list.try_get_untracked().flatten() else { return };
            if let Ok(Some(option)) = list.query_selector("[aria-selected=true]") {
                let nearest = web_sys::ScrollIntoViewOptions::new();
                nearest.set_block(web_sys::ScrollLogicalPosition::Nearest);
                option.scroll_into_view_with_scroll_into_view_options(&nearest);
            }
        });
    }

    /// Enter: the entry that is marked, or, where what is listed answers an earlier word, the first of what fits this one.
    fn enter(self, ask: &impl Fn(Pause)) {
        let marked = self.candidates().into_iter().nth(self.active.get_untracked());
        if marked.is_none() && self.text.with_untracked(|t| t.trim().is_empty()) {
            return self.open.set(false);
        }
        let stale = self.answered.get_value() != self.asked.get_value();
        let text = self.text.with_untracked(|t| t.trim().to_lowercase());
        let fits = marked.is_some_and(|m| !text.is_empty() && m.label.to_lowercase().contains(&text));
        if !stale || fits {
            return self.take();
        }
        ask(Pause::None);
        self.eager.set_value(true);
    }

    fn free_item(self, items: &[Item]) -> Option<Item> {
        let text = self.text.get().trim().to_owned();
        let known = items.iter().any(|i| i.label == text);
        (self.free && !text.is_empty() && !known).then(|| Item::new(text.clone(), text))
    }

    fn candidates(self) -> Vec<Item> {
        let mut items = self.found.get_untracked().flatten().unwrap_or_default();
        items.extend(self.free_item(&items));
        items
    }

    fn choose(self, item: Item) {
        if self.many {
            self.chosen.update(|c| match c.iter().position(|i| i.value == item.value) {
                Some(at) => {
                    c.remove(at);
                }
                None => c.push(item),
            });
            // Words are typed one by one: the list comes back with the next.
            if self.free {
                self.open.set(false);
            }
        } else {
            self.chosen.set(vec![item]);
            self.open.set(false);
            // What was still asked for is no longer waited for.
            self.asked.update_value(|n| *n += 1);
            self.answered.set_value(self.asked.get_value());
        }
        self.text.set(String::new());
        self.finish();
    }

    /// The entry that is marked.
    fn take(self) {
        if let Some(item) = self.candidates().into_iter().nth(self.active.get_untracked()) {
            self.choose(item);
        }
    }

    fn finish(self) {
        if let Some(f) = self.on_done {
            f.run(());
        }
    }

    /// A word typed and left is meant.
    fn leave(self) {
        // Leaving is also what happens when the control goes away.
        let Some(text) = self.text.try_get_untracked() else { return };
        if self.free && !text.trim().is_empty() {
            self.choose(Item::new(text.trim(), text.trim()));
        }
        self.text.set(String::new());
    }

    fn key(self, ev: &KeyboardEvent, ask: &impl Fn(Pause)) {
        let open = self.open.get_untracked();
        match ev.key().as_str() {
            "ArrowDown" | "ArrowUp" if !open => ask(Pause::None),
            "ArrowDown" => {
                let last = self.candidates().len().saturating_sub(1);
                self.active.update(|a| *a = a.wrapping_add(1).min(last));
                self.reveal();
            }
            "ArrowUp" => {
                let last = self.candidates().len().saturating_sub(1);
                self.active.update(|a| *a = a.saturating_sub(1).min(last));
                self.reveal();
            }
            "Enter" if open => self.enter(ask),
            "Tab" => {
                // What typing has marked is meant, as a typed number is; a free word is meant as it stands.
                if open && !self.free && !self.text.with_untracked(|t| t.trim().is_empty()) {
                    self.enter(ask);
                }
                return self.open.set(false);
            }
            // The list around it closes: nothing is meant any more.
            "Escape" => return self.eager.set_value(false),
            "Backspace" if self.many && self.text.with_untracked(String::is_empty) => {
                self.chosen.update(|c| {
                    c.pop();
                });
                return self.finish();
            }
            _ => return,
        }
        ev.prevent_default();
    }
}
