//! The filter builder: groups of conditions, all or any, at any depth, over fields and fields of references.

use super::list::{List, dialog as layer};
use crate::fields;
use crate::i18n::{
    FILTER, FILTER_ADD, FILTER_ADD_GROUP, FILTER_ALL_OF, FILTER_ANY_OF, FILTER_APPLY, FILTER_CLEAR, FILTER_FIELD,
    FILTER_JOIN, FILTER_OP, FILTER_REMOVE, t,
};
use crate::state::catalog;
use crate::ui::combobox::fixed;
use crate::ui::{Button, Combobox, Item, Look};
use kezhan_meta::filter::operators;
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Op};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

/// A filter in the address; nothing where everything passes.
pub fn to_text(filter: &Filter) -> Option<String> {
    (!filter.is_all()).then(|| serde_json::to_string(filter).ok()).flatten()
}

/// A filter being edited: each part changes by itself.
#[derive(Clone)]
enum Node {
    Group {
        any: RwSignal<bool>,
        parts: RwSignal<Vec<(u64, Node)>>,
    },
    Leaf {
        path: RwSignal<Vec<Item>>,
        op: RwSignal<Op>,
        value: RwSignal<Value>,
    },
    /// What this builder does not edit is kept as it is.
    Kept(Filter),
}

fn next_id() -> u64 {
    thread_local! { static NEXT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) }; }
    NEXT.with(|n| {
        n.set(n.get() + 1);
        n.get()
    })
}

fn group(any: bool, parts: &[Filter], object: &ObjectMeta) -> Node {
    let parts = parts.iter().map(|p| (next_id(), open(p, object))).collect();
    Node::Group { any: RwSignal::new(any), parts: RwSignal::new(parts) }
}

fn open(filter: &Filter, object: &ObjectMeta) -> Node {
    match filter {
        Filter::And(parts) => group(false, parts, object),
        Filter::Or(parts) => group(true, parts, object),
        Filter::Field { field, op, value } if fields::path_field(object, field).is_some() => Node::Leaf {
            path: RwSignal::new(vec![Item::new(field.to_string(), fields::path_label(object, field))]),
            op: RwSignal::new(*op),
            value: RwSignal::new(value.clone()),
        },
        other => Node::Kept(other.clone()),
    }
}

fn blank() -> Node {
    Node::Leaf { path: RwSignal::new(Vec::new()), op: RwSignal::new(Op::Eq), value: RwSignal::new(Value::Null) }
}

/// The finished filter; conditions without an operand are left out.
fn close(node: &Node) -> Option<Filter> {
    match node {
        Node::Kept(filter) => Some(filter.clone()),
        Node::Group { any, parts } => {
            let parts: Vec<Filter> = parts.with_untracked(|p| p.iter().filter_map(|(_, n)| close(n)).collect());
            match (parts.len(), any.get_untracked()) {
                (0, _) => None,
                (_, true) => Some(Filter::Or(parts)),
                (_, false) => Some(Filter::And(parts)),
            }
        }
        Node::Leaf { path, op, value } => {
            let field = path.with_untracked(|p| p.first().map(|i| i.value.clone()))?;
            let value = value.get_untracked();
            let given = match &value {
                Value::Null => false,
                Value::String(text) => !text.trim().is_empty(),
                Value::Array(items) => !items.is_empty() && !items.iter().any(Value::is_null),
                _ => true,
            };
            given.then(|| Filter::field(field, op.get_untracked(), value))
        }
    }
}

pub fn dialog(list: List, shown: RwSignal<bool>) -> AnyView {
    let state = list.state.get_untracked();
    let root = match open(&state.filter, &state.object) {
        whole @ Node::Group { .. } => whole,
        one => Node::Group { any: RwSignal::new(false), parts: RwSignal::new(vec![(next_id(), one)]) },
    };
    if let Node::Group { parts, .. } = &root
        && parts.with_untracked(Vec::is_empty)
    {
        parts.update(|p| p.push((next_id(), blank())));
    }
    let object = state.object.clone();
    let paths = Arc::new(paths(&object));
    let body = draw_group(&root, &object, &paths, 0);
    let apply = move |_| {
        let filter = close(&root).unwrap_or_else(Filter::all);
        shown.set(false);
        list.url.push(&[("filter", to_text(&filter))]);
    };
    let clear = move |_| {
        shown.set(false);
        list.url.push(&[("filter", None)]);
    };
    let content = view! {
        <div class="p-4 overflow-y-auto">{body}</div>
        <footer class="flex gap-2 p-3 border-t border-base-300 shrink-0">
            <Button label=t(FILTER_CLEAR) look=Look::Quiet on_click=clear/>
            <div class="grow"></div>
            <Button label=t(FILTER_APPLY) look=Look::Primary on_click=apply/>
        </footer>
    }
    .into_any();
    layer(t(FILTER).to_owned(), true, move || shown.set(false), content)
}

/// Everything one can compare: the object's own fields, then those of what it refers to.
fn paths(object: &ObjectMeta) -> Vec<Item> {
    let own = |o: &ObjectMeta| {
        o.fields.iter().filter(|f| f.filterable() && f.key != "id").map(|f| f.key.to_string()).collect::<Vec<_>>()
    };
    let mut all = own(object);
    for field in object.fields.iter().filter(|f| !f.kind.is_list()) {
        if let Some(target) = field.target().and_then(catalog::object) {
            all.extend(own(&target).into_iter().map(|rest| format!("{}.{rest}", field.key)));
        }
    }
    all.into_iter().map(|path| Item::new(path.clone(), fields::path_label(object, &path))).collect()
}

fn draw(node: &Node, object: &Arc<ObjectMeta>, paths: &Arc<Vec<Item>>, depth: usize) -> AnyView {
    match node {
        Node::Group { .. } => {
            view! { <div class="border-l-2 border-base-300 ps-3">{draw_group(node, object, paths, depth)}</div> }
                .into_any()
        }
        Node::Leaf { path, op, value } => draw_leaf(*path, *op, *value, object, paths),
        Node::Kept(filter) => {
            view! { <code class="text-xs muted break-all">{serde_json::to_string(filter).unwrap_or_default()}</code> }
                .into_any()
        }
    }
}

fn draw_group(node: &Node, object: &Arc<ObjectMeta>, paths: &Arc<Vec<Item>>, depth: usize) -> AnyView {
    let Node::Group { any, parts } = node.clone() else { return ().into_any() };
    let (object, paths) = (object.clone(), paths.clone());
    let add = move |node: Node| parts.update(|p| p.push((next_id(), node)));
    let line = move |(id, node): (u64, Node)| {
        let drawn = draw(&node, &object, &paths, depth + 1);
        view! {
            <div class="flex items-start gap-2">
                <div class="grow min-w-0">{drawn}</div>
                <Button label=t(FILTER_REMOVE) look=Look::Quiet icon="x" icon_only=true on_click=move |_| parts.update(|p| p.retain(|(i, _)| *i != id))/>
            </div>
        }
    };
    view! {
        <div class="flex flex-col gap-2.5">
            <select class="select !w-auto self-start" aria-label=t(FILTER_JOIN) on:change=move |ev| any.set(event_target_value(&ev) == "any")>
                <option value="all" selected=!any.get_untracked()>{t(FILTER_ALL_OF)}</option>
                <option value="any" selected=any.get_untracked()>{t(FILTER_ANY_OF)}</option>
            </select>
            <For each=move || parts.get() key=|(id, _)| *id let(part)>{line(part)}</For>
            <div class="flex gap-1">
                <Button label=t(FILTER_ADD) look=Look::Quiet icon="plus" on_click=move |_| add(blank())/>
                {(depth < 3).then(|| view! {
                    <Button label=t(FILTER_ADD_GROUP) look=Look::Quiet icon="folder-plus" on_click=move |_| {
                        add(Node::Group { any: RwSignal::new(true), parts: RwSignal::new(vec![(next_id(), blank())]) });
                    }/>
                })}
            </div>
        </div>
    }
    .into_any()
}

fn draw_leaf(
    path: RwSignal<Vec<Item>>,
    op: RwSignal<Op>,
    value: RwSignal<Value>,
    object: &Arc<ObjectMeta>,
    paths: &Arc<Vec<Item>>,
) -> AnyView {
    let id = next_id();
    let object = object.clone();
    let field = Memo::new(move |_| path.with(|p| p.first().and_then(|i| fields::path_field(&object, &i.value))));
    // Another field brings its own operators; the most useful one first.
    let changed = move |()| {
        if let Some(field) = field.get_untracked() {
            op.set(first_op(&field));
            value.set(Value::Null);
        }
    };
    let ops = move || {
        field.get().map(|field| {
            let now = op.get_untracked();
            let options = operators(&field.kind).iter().map(|o| {
                view! { <option value=o.key() selected=*o == now>{fields::op_text(*o, &field.kind)}</option> }
            });
            view! {
                <select class="select" aria-label=t(FILTER_OP) on:change=move |ev| {
                    if let Some(new) = Op::parse(&event_target_value(&ev)) {
                        if new.takes_list() != op.get_untracked().takes_list() || matches!(new, Op::Null | Op::Within) || matches!(op.get_untracked(), Op::Null | Op::Within) {
                            value.set(Value::Null);
                        }
                        op.set(new);
                    }
                }>{options.collect_view()}</select>
            }
        })
    };
    let operand = move || field.get().map(|field| fields::operand(format!("filter-{id}"), &field, op.get(), value));
    view! {
        <div class="grid grid-cols-1 sm:grid-cols-[minmax(0,1.2fr)_minmax(0,0.8fr)_minmax(0,1.4fr)] gap-2" role="group" aria-label=t(FILTER_FIELD)>
            <Combobox id=format!("filter-field-{id}") chosen=path lookup=fixed(paths.to_vec()) placeholder=t(FILTER_FIELD) on_done=changed/>
            {ops}
            <div class="min-w-0">{operand}</div>
        </div>
    }
    .into_any()
}

fn first_op(field: &FieldMeta) -> Op {
    let all = operators(&field.kind);
    [Op::In, Op::Contains, Op::HasAny, Op::Within]
        .into_iter()
        .find(|op| all.contains(op) && !(field.kind.is_number() && *op == Op::In))
        .or_else(|| all.first().copied())
        .unwrap_or(Op::Eq)
}
