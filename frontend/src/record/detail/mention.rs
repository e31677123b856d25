//! Words in which people are named with @.

use crate::fields::reference;
use crate::i18n::{MENTION_PEOPLE, NOTHING_FOUND, t};
use crate::state::faces::face;
use crate::ui::{Item, keys};
use kezhan_meta::Tone;
use leptos::html;
use leptos::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

/// Longest name that is looked for.
const NAME_MAX: usize = 20;

#[derive(Clone, Copy)]
pub struct Mentions {
    text: RwSignal<Value>,
    /// Who was chosen, whether or not the words still name them.
    chosen: RwSignal<Vec<Item>>,
    found: RwSignal<Option<Vec<Item>>>,
    active: RwSignal<usize>,
    asked: StoredValue<u64>,
    node: NodeRef<html::Textarea>,
}

impl Mentions {
    pub fn new(text: RwSignal<Value>) -> Mentions {
        Mentions {
            text,
            chosen: RwSignal::new(Vec::new()),
            found: RwSignal::new(None),
            active: RwSignal::new(0),
            asked: StoredValue::new(0),
            node: NodeRef::new(),
        }
    }

    /// Those whom the words name.
    pub fn ids(self) -> Vec<String> {
        let text = self.typed();
        let named = |i: &&Item| text.contains(&format!("@{}", i.label));
        self.chosen.with_untracked(|c| c.iter().filter(named).map(|i| i.value.clone()).collect())
    }

    /// Who was chosen, to be kept with the words.
    pub fn chosen(self) -> Value {
        self.chosen.with(|all| all.iter().map(|i| json!([i.value, i.label])).collect())
    }

    pub fn restore(self, kept: &Value) {
        let one = |pair: &Value| Some(Item::new(pair.get(0)?.as_str()?, pair.get(1)?.as_str()?));
        self.chosen.set(kept.as_array().into_iter().flatten().filter_map(one).collect());
    }

    pub fn clear(self) {
        let _ = self.chosen.try_set(Vec::new());
        let _ = self.found.try_set(None);
    }

    fn typed(self) -> String {
        self.text.try_get_untracked().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub fn view(self, id: &'static str, invalid: Signal<bool>) -> AnyView {
        let list = format!("{id}-people");
        let controls = list.clone();
        let active = {
            let list = list.clone();
            move || self.found.with(Option::is_some).then(|| format!("{list}-{}", self.active.get()))
        };
        view! {
            <div class="relative">
                <textarea id=id node_ref=self.node class="textarea min-h-20 field-sizing-content max-h-96" rows="3"
                    role="combobox" aria-autocomplete="list" aria-controls=controls aria-activedescendant=active
                    aria-expanded=move || self.found.with(Option::is_some).to_string()
                    aria-invalid=move || invalid.get().to_string()
                    prop:value=move || self.text.with(|v| v.as_str().unwrap_or_default().to_owned())
                    on:input=move |ev| {
                        let text = event_target_value(&ev);
                        self.text.set(if text.is_empty() { Value::Null } else { Value::String(text) });
                        self.look();
                    }
                    on:compositionend=move |_| self.look()
                    on:click=move |_| self.look()
                    on:blur=move |_| { let _ = self.found.try_set(None); }
                    on:keydown=move |ev| if !keys::composing(&ev) { self.key(&ev) }></textarea>
                {move || self.found.get().map(|people| self.people(&list, people))}
            </div>
        }
        .into_any()
    }

    fn people(self, list: &str, people: Vec<Item>) -> AnyView {
        let rows = people.iter().enumerate().map(|(at, person)| {
            let (name, hint, one) = (person.label.clone(), person.hint.clone(), person.clone());
            view! {
                <div role="option" id=format!("{list}-{at}") class="menu-item" aria-selected=move || (self.active.get() == at).to_string()
                    on:mousemove=move |_| if self.active.get_untracked() != at { self.active.set(at) }
                    on:mousedown=move |ev| { ev.prevent_default(); self.choose(one.clone()) }>
                    {face(Some(&person.value), &name, false)}<span class="grow truncate">{name.clone()}</span><span class="muted text-xs">{hint}</span>
                </div>
            }
        });
        let none =
            people.is_empty().then(|| view! { <p class="px-2.5 py-1.5 text-[13px] muted">{t(NOTHING_FOUND)}</p> });
        view! {
            <div class="absolute z-20 top-full left-0 mt-1 p-1 w-72 max-w-full max-h-72 overflow-y-auto rounded-lg border border-base-300 bg-base-100 shadow-xl rise"
                role="listbox" id=list.to_owned() aria-label=t(MENTION_PEOPLE)>
                {rows.collect_view()}{none}
            </div>
        }
        .into_any()
    }

    /// The name begun before the caret: from where, and what of it is there.
    fn begun(self) -> Option<(usize, String, String)> {
        let node = self.node.get_untracked()?;
        let caret = node.selection_start().ok().flatten()? as usize;
        // The caret counts UTF-16 units.
        let units: Vec<u16> = node.value().encode_utf16().collect();
        let before = String::from_utf16_lossy(units.get(..caret)?);
        let after = String::from_utf16_lossy(units.get(caret..)?);
        let at = before.rfind('@')?;
        // An @ inside a word is an e-mail address.
        let inside = before[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
        let name = &before[at + 1..];
        let possible = !inside && name.chars().count() <= NAME_MAX && !name.chars().any(char::is_whitespace);
        possible.then(|| (at, name.to_owned(), after))
    }

    /// Looks for the people meant, a moment after the last key; a late answer to an old question is dropped.
    fn look(self) {
        let ticket = self.asked.get_value() + 1;
        self.asked.set_value(ticket);
        let Some((_, name, _)) = self.begun() else { return self.found.set(None) };
        let lookup = reference::lookup("user");
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    if self.asked.try_get_value() != Some(ticket) {
                        return;
                    }
                    let people = lookup(name).await.unwrap_or_default();
                    if self.asked.try_get_value() == Some(ticket) {
                        self.active.set(0);
                        self.found.set(Some(people));
                    }
                });
            },
            Duration::from_millis(120),
        );
    }

    fn choose(self, person: Item) {
        let Some((at, _, after)) = self.begun() else { return };
        let Some(node) = self.node.get_untracked() else { return };
        let text = node.value();
        let head = format!("{}@{} ", &text[..at], person.label);
        let caret = head.encode_utf16().count() as u32;
        let text = format!("{head}{}", after.strip_prefix(' ').unwrap_or(&after));
        // At once, so that the caret has a place to stand.
        node.set_value(&text);
        self.text.set(Value::String(text));
        let _ = node.set_selection_range(caret, caret);
        self.chosen.update(|c| {
            if !c.iter().any(|i| i.value == person.value) {
                c.push(person);
            }
        });
        self.found.set(None);
        self.asked.update_value(|n| *n += 1);
    }

    fn key(self, ev: &leptos::ev::KeyboardEvent) {
        let Some(people) = self.found.get_untracked() else { return };
        match ev.key().as_str() {
            "ArrowDown" => self.active.update(|a| *a = (*a + 1).min(people.len().saturating_sub(1))),
            "ArrowUp" => self.active.update(|a| *a = a.saturating_sub(1)),
            "Escape" => self.found.set(None),
            "Enter" | "Tab" if !ev.ctrl_key() && !ev.meta_key() => {
                match people.into_iter().nth(self.active.get_untracked()) {
                    Some(person) => self.choose(person),
                    None => return self.found.set(None),
                }
            }
            _ => return,
        }
        ev.prevent_default();
        ev.stop_propagation();
    }
}

/// Who was named, under what was said.
pub fn chips(names: &[String]) -> AnyView {
    names.iter().map(|name| crate::ui::badge(format!("@{name}"), Tone::Accent)).collect_view().into_any()
}
