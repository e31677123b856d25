//! Other records, people and departments: chosen by name, shown by name.

use super::choice::collect;
use super::{Input, Shown, plain};
use crate::api::records::{self, RecordExt, title_of};
use crate::i18n::{ME, MY_DEPARTMENT, MY_DEPARTMENTS, MY_SUBORDINATES, t};
use crate::state::catalog;
use crate::state::faces::face;
use crate::ui::{Combobox, Item, Lookup};
use kezhan_meta::query::{Count, ListQuery, Sort};
use kezhan_meta::resolve;
use kezhan_meta::{FieldMeta, Filter, NAME_EN, Op, Record};
use leptos::prelude::*;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// What bounds the look-ups of a form: a condition on what may be chosen in a field, at the moment of looking.
#[derive(Clone)]
pub struct Bounds(pub Arc<Bounding>);

type Bounding = dyn Fn(&FieldMeta) -> Option<Filter> + Send + Sync;

thread_local! {
    /// Names met while choosing: what is chosen shows by name at once, before the server sends it along.
    static MET: RefCell<HashMap<String, String>> = RefCell::default();
}

/// Keeps the name of a record for when only its id is at hand.
pub fn meet(id: &str, name: &str) {
    if !name.is_empty() {
        MET.with_borrow_mut(|met| met.insert(id.to_owned(), name.to_owned()));
    }
}

/// The names that came along, or were met; the start of an id where the reader may not see the record.
fn names(shown: Shown<'_>) -> Vec<(String, String)> {
    let target = shown.field.target().unwrap_or_default();
    let name = |id: &str, value: Option<&Value>| {
        let title = value.map(|v| title_of(target, v)).unwrap_or_default();
        if !title.is_empty() {
            return title;
        }
        MET.with_borrow(|met| met.get(id).cloned()).unwrap_or_else(|| id.chars().take(8).collect())
    };
    match shown.value {
        Value::String(id) => vec![(id.clone(), name(id, shown.expanded))],
        Value::Array(ids) => ids
            .iter()
            .filter_map(Value::as_str)
            .map(|id| {
                let one = shown.expanded.and_then(Value::as_array).and_then(|list| list.iter().find(|v| v["id"] == id));
                (id.to_owned(), name(id, one))
            })
            .collect(),
        _ => Vec::new(),
    }
}

pub fn text(shown: Shown<'_>) -> String {
    names(shown).into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(crate::i18n::comma())
}

pub fn cell(shown: Shown<'_>) -> AnyView {
    let target = shown.field.target().unwrap_or_default();
    if target == "user" {
        let people = names(shown).into_iter().map(|(id, name)| {
            view! { <span class="inline-flex items-center gap-1.5 min-w-0">{face(Some(&id), &name, false)}<span class="truncate">{name}</span></span> }
        });
        return view! { <span class="flex gap-2 min-w-0">{people.collect_view()}</span> }.into_any();
    }
    let Some(object) = catalog::object(target).filter(|o| o.listed) else {
        return plain::cell(&Value::String(text(shown)));
    };
    let links = names(shown).into_iter().map(|(id, name)| {
        let href = format!("/o/{}/{id}", object.plural);
        view! { <a href=href class="hover:underline decoration-base-300 underline-offset-4 truncate">{name}</a> }
    });
    view! { <span class="flex gap-2 min-w-0">{links.collect_view()}</span> }.into_any()
}

pub fn input(input: Input, many: bool) -> AnyView {
    let now = input.value.get_untracked();
    let shown = Shown { field: &input.field, value: &now, expanded: input.expanded.as_ref(), currency: "" };
    let chosen = RwSignal::new(names(shown).into_iter().map(|(id, name)| Item::new(id, name)).collect::<Vec<_>>());
    let (value, field) = (input.value, input.field.clone());
    // Another field may fill this one in, or empty it.
    Effect::new(move || {
        let now = value.get();
        if collect(&chosen.get_untracked(), many) == now {
            return;
        }
        let shown = Shown { field: &field, value: &now, expanded: None, currency: "" };
        chosen.set(names(shown).into_iter().map(|(id, name)| Item::new(id, name)).collect());
        resolve_names(field.target().unwrap_or_default(), chosen, false);
    });
    chooser(input, chosen, many)
}

/// The control alone; what is chosen may also change from outside.
pub fn chooser(input: Input, chosen: RwSignal<Vec<Item>>, many: bool) -> AnyView {
    let target = input.field.target().unwrap_or_default().to_owned();
    let (value, done) = (input.value, input.done);
    let finish = move |()| {
        value.set(collect(&chosen.get_untracked(), many));
        crate::fields::finished(done);
    };
    resolve_names(&target, chosen, input.expanded.is_some());
    let bounded = match (use_context::<Bounds>(), input.field.within.is_some()) {
        (Some(Bounds(bound)), true) => {
            let field = input.field.clone();
            lookup_within(&target, move || bound(&field))
        }
        _ => lookup(&target),
    };
    view! { <Combobox id=input.id chosen=chosen lookup=bounded many=many invalid=input.invalid on_done=finish/> }
        .into_any()
}

/// Operands that stand for whoever asks, for references to this object.
pub fn named(target: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = [
        ("user", resolve::ME, ME),
        ("user", resolve::MY_SUBORDINATES, MY_SUBORDINATES),
        ("department", resolve::MY_DEPARTMENT, MY_DEPARTMENT),
        ("department", resolve::MY_DEPARTMENTS, MY_DEPARTMENTS),
    ];
    all.into_iter().filter(move |n| n.0 == target).map(|(_, value, name)| (value, t(name)))
}

pub fn name_of(value: &str) -> Option<&'static str> {
    ["user", "department"].into_iter().flat_map(named).find(|n| n.0 == value).map(|n| n.1)
}

/// Ids (or `me`) as text that becomes names once they are known.
pub fn names_later(target: &str, value: &Value) -> Signal<String> {
    let ids: Vec<&str> = match value {
        Value::String(one) => vec![one.as_str()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let item = |id: &&str| Item::new(*id, name_of(id).unwrap_or("…"));
    let items = RwSignal::new(ids.iter().map(item).collect::<Vec<_>>());
    resolve_names(target, items, false);
    Signal::derive(move || {
        items.with(|all| all.iter().map(|i| i.label.as_str()).collect::<Vec<_>>().join(crate::i18n::comma()))
    })
}

/// Asks for the names of ids that came alone, from an address or a filter.
pub fn resolve_names(target: &str, chosen: RwSignal<Vec<Item>>, known: bool) {
    let unknown = |i: &&Item| name_of(&i.value).is_none();
    let ids: Vec<Value> =
        chosen.with_untracked(|c| c.iter().filter(unknown).map(|i| Value::String(i.value.clone())).collect());
    let Some(object) = catalog::object(target).filter(|_| !known && !ids.is_empty()) else { return };
    let query = ListQuery {
        filter: Some(Filter::field("id", Op::In, Value::Array(ids))),
        fields: Some(records::face(&object)),
        limit: Some(200),
        ..ListQuery::default()
    };
    leptos::task::spawn_local(async move {
        let Ok(page) = records::query(&object.plural, &query).await else { return };
        let _ = chosen.try_update(|items| {
            for item in items {
                if let Some(record) = page.data.iter().find(|r| r.id() == item.value) {
                    item.label = record.title(&object);
                    meet(&item.value, &item.label);
                }
            }
        });
    });
}

/// Records of an object by text; the newest while nothing is typed.
pub fn lookup(target: &str) -> Lookup {
    lookup_within(target, || None)
}

/// The same among those that meet a condition, if there is one at that moment.
fn lookup_within(target: &str, bound: impl Fn() -> Option<Filter> + Send + Sync + 'static) -> Lookup {
    let object = catalog::object(target);
    Arc::new(move |text| {
        let object = object.clone();
        let filter = bound();
        Box::pin(async move {
            let object = object?;
            let hint = object.fields.iter().find(|f| {
                f.in_list
                    && f.key != object.title
                    && f.key != NAME_EN
                    && !f.kind.is_list()
                    && f.target().is_none()
                    && !f.kind.is_number()
            });
            let mut fields = records::face(&object);
            fields.extend(hint.map(|f| f.key.to_string()));
            // What has an order of its own comes in it.
            let sort = object.place_field().map(|f| Sort { field: f.key.to_string(), descending: false });
            let query = ListQuery {
                q: Some(text.trim().to_owned()).filter(|t| !t.is_empty()),
                filter,
                fields: Some(fields),
                sort: sort.into_iter().collect(),
                limit: Some(20),
                count: Count::None,
                ..ListQuery::default()
            };
            let page = records::query(&object.plural, &query).await.ok()?;
            let item = |record: &Record| {
                let hint = hint.map(|f| super::plain_text(Shown::of(f, record))).unwrap_or_default();
                meet(record.id(), &record.title(&object));
                Item { hint, ..Item::new(record.id(), record.title(&object)) }
            };
            Some(page.data.iter().map(item).collect())
        })
    })
}
