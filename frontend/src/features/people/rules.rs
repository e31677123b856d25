//! The rules of one action on one object, where one scope is not enough: several that add up, chosen departments,
//! conditions, and what is denied whatever else allows it.

use super::draft::Draft;
use super::matrix::{SCOPES, action_name};
use crate::fields::reference;
use crate::i18n::{
    APPLY, CANCEL, DELETE, RULE_ADD, RULE_ALLOW, RULE_BELOW, RULE_CONDITION, RULE_DENY, RULE_DEPARTMENTS, RULE_EFFECT,
    RULE_SCOPE, RULES_TEXT, t,
};
use crate::record::filter::Builder;
use crate::state::catalog;
use crate::ui::{Button, Combobox, Item, Layer, Look, Shape};
use kezhan_meta::Filter;
use leptos::prelude::*;
use serde_json::{Value, json};

/// Which cell of the matrix is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub object: String,
    pub action: &'static str,
    /// How the object is called.
    pub name: String,
}

#[derive(Clone)]
struct Line {
    id: usize,
    deny: RwSignal<bool>,
    /// A word, `departments` or `when`.
    kind: RwSignal<String>,
    departments: RwSignal<Vec<Item>>,
    below: RwSignal<bool>,
    /// None for what stands for every object: conditions are about one.
    condition: Option<Builder>,
}

impl Line {
    fn open(id: usize, stored: &Value, object: &str) -> Line {
        let (deny, scope) = match stored {
            Value::String(word) if word == "deny" => (true, json!("all")),
            other => match other.get("deny") {
                Some(scope) => (true, scope.clone()),
                None => (false, other.clone()),
            },
        };
        let chosen = scope.get("departments").and_then(Value::as_array).cloned().unwrap_or_default();
        let items = chosen.iter().filter_map(Value::as_str).map(|id| Item::new(id, "")).collect::<Vec<_>>();
        let departments = RwSignal::new(items);
        reference::resolve_names("department", departments, false);
        let filter = scope.get("when").and_then(|w| serde_json::from_value::<Filter>(w.clone()).ok());
        let kind = match (&scope, &filter) {
            (Value::String(word), _) => word.clone(),
            (_, Some(_)) => "when".to_owned(),
            _ => "departments".to_owned(),
        };
        Line {
            id,
            deny: RwSignal::new(deny),
            kind: RwSignal::new(kind),
            departments,
            below: RwSignal::new(scope.get("below").and_then(Value::as_bool).unwrap_or(chosen.is_empty())),
            condition: catalog::object(object).map(|object| Builder::new(&filter.unwrap_or_else(Filter::all), &object)),
        }
    }

    /// As it is stored; nothing where it says nothing yet.
    fn close(&self) -> Option<Value> {
        let scope = match self.kind.get_untracked().as_str() {
            "none" => return None,
            "departments" => {
                let ids: Vec<String> = self.departments.with_untracked(|d| d.iter().map(|i| i.value.clone()).collect());
                if ids.is_empty() {
                    return None;
                }
                json!({ "departments": ids, "below": self.below.get_untracked() })
            }
            "when" => {
                let filter = untrack(|| self.condition.as_ref().map(Builder::filter)).filter(|f| !f.is_all())?;
                json!({ "when": filter })
            }
            word => json!(word),
        };
        Some(if self.deny.get_untracked() { json!({ "deny": scope }) } else { scope })
    }

    fn view(&self, reaches: bool, remove: Callback<usize>) -> AnyView {
        let Line { id, deny, kind, departments, below, condition } = self.clone();
        let words = SCOPES.iter().filter(move |(word, _)| *word != "none" && (reaches || *word == "all"));
        let mut offered: Vec<(&str, &'static str)> = words.map(|(word, text)| (*word, t(*text))).collect();
        if reaches {
            offered.push(("departments", t(RULE_DEPARTMENTS)));
        }
        if condition.is_some() {
            offered.push(("when", t(RULE_CONDITION)));
        }
        let options = offered.into_iter().map(|(word, text)| {
            view! { <option value=word selected=kind.get_untracked() == word>{text}</option> }
        });
        let options = options.collect_view();
        let more = move || {
            match kind.get().as_str() {
            "departments" => view! {
                <Combobox id=format!("rule-departments-{id}") chosen=departments lookup=reference::lookup("department") many=true/>
                <label class="inline-flex items-center gap-2 text-[13px]">
                    <input type="checkbox" prop:checked=move || below.get() on:change=move |ev| below.set(event_target_checked(&ev))/>
                    {t(RULE_BELOW)}
                </label>
            }
            .into_any(),
            "when" => condition.as_ref().map(Builder::view).into_any(),
            _ => ().into_any(),
        }
        };
        view! {
            <li class="panel p-3 flex flex-col gap-2">
                <div class="flex gap-2 items-center">
                    <select class="select !w-auto min-w-24 shrink-0" aria-label=t(RULE_EFFECT) on:change=move |ev| deny.set(event_target_value(&ev) == "deny")>
                        <option value="allow" selected=!deny.get_untracked()>{t(RULE_ALLOW)}</option>
                        <option value="deny" selected=deny.get_untracked()>{t(RULE_DENY)}</option>
                    </select>
                    <select class="select grow" aria-label=t(RULE_SCOPE) on:change=move |ev| kind.set(event_target_value(&ev))>{options}</select>
                    <Button label=t(DELETE) icon="x" icon_only=true look=Look::Quiet on_click=move |_| remove.run(id)/>
                </div>
                {more}
            </li>
        }
        .into_any()
    }
}

pub fn dialog(draft: Draft, place: Place, reaches: bool, close: Callback<()>) -> AnyView {
    let Place { object, action, name } = place;
    let stored = match draft.scope_untracked(&object, action) {
        Value::Array(list) => list,
        Value::String(word) if word == "none" => Vec::new(),
        one => vec![one],
    };
    let next = StoredValue::new(stored.len());
    let opened: Vec<Line> = stored.iter().enumerate().map(|(id, rule)| Line::open(id, rule, &object)).collect();
    let lines = RwSignal::new(opened);
    let remove = Callback::new(move |id: usize| lines.update(|l| l.retain(|line| line.id != id)));
    let add = {
        let object = object.clone();
        move |_| {
            let id = next.get_value();
            next.set_value(id + 1);
            let kind = if reaches { "self" } else { "all" };
            lines.update(|l| l.push(Line::open(id, &json!(kind), &object)));
        }
    };
    let label = format!("{name} · {}", action_name(action));
    let apply = move |_| {
        let rules: Vec<Value> = lines.with_untracked(|l| l.iter().filter_map(Line::close).collect());
        draft.set_rules(&object, action, rules);
        close.run(());
    };
    view! {
        <Layer shape=Shape::Wide label=label on_close=close>
            <div class="p-4 overflow-y-auto scroll-thin grow flex flex-col gap-3" data-rules>
                <p class="text-[13px] muted">{t(RULES_TEXT)}</p>
                <ul class="flex flex-col gap-2">
                    <For each=move || lines.get() key=|line| line.id let(line)>{line.view(reaches, remove)}</For>
                </ul>
                <div><Button label=t(RULE_ADD) icon="plus" on_click=add/></div>
            </div>
            <footer class="flex justify-end gap-2 p-3 border-t border-base-300 shrink-0">
                <Button label=t(CANCEL) on_click=move |_| close.run(())/>
                <Button label=t(APPLY) look=Look::Primary on_click=apply/>
            </footer>
        </Layer>
    }
    .into_any()
}
