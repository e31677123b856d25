//! The builder on screen.

use super::node::{Group, Join, Leaf, Node, next_id};
use super::words;
use crate::fields;
use crate::i18n::{
    FILTER_ADD, FILTER_ADD_GROUP, FILTER_ADD_RELATED, FILTER_ALL_OF, FILTER_ANY_OF, FILTER_EMPTY, FILTER_FIELD,
    FILTER_HAS, FILTER_HAS_NO, FILTER_JOIN, FILTER_NONE_OF, FILTER_NOT_EMPTY, FILTER_OP, FILTER_REMOVE, t, tf,
};
use crate::state::{catalog, prefs};
use crate::ui::combobox::fixed;
use crate::ui::{Button, Combobox, Item, Look, Menu, MenuItem, icon};
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Op};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Groups within groups that are offered.
const DEPTH: usize = 3;
/// Parts of an address that one asks for.
const ADDRESS: [&str; 3] = ["province", "city", "district"];

/// What all parts about one object share.
#[derive(Clone)]
struct About {
    object: Arc<ObjectMeta>,
    paths: Arc<Vec<Item>>,
}

impl About {
    fn new(object: &Arc<ObjectMeta>) -> About {
        About { object: object.clone(), paths: Arc::new(paths(object)) }
    }
}

pub fn whole(root: &Node, object: &Arc<ObjectMeta>) -> AnyView {
    match root {
        Node::Group(one) => group(*one, &About::new(object), 0),
        _ => ().into_any(),
    }
}

/// Everything one can compare: the object's own fields, then those of what it refers to.
fn paths(object: &ObjectMeta) -> Vec<Item> {
    let own = |o: &ObjectMeta| {
        let fields = o.fields.iter().filter(|f| f.filterable() && !f.hidden && f.key != "id");
        fields
            .flat_map(|f| {
                let parts = (f.kind == FieldType::Address).then_some(ADDRESS).into_iter().flatten();
                std::iter::once(f.key.to_string()).chain(parts.map(|part| format!("{}.{part}", f.key)))
            })
            .collect::<Vec<_>>()
    };
    let mut all = own(object);
    for field in object.fields.iter().filter(|f| !f.kind.is_list()) {
        if let Some(target) = field.target().and_then(catalog::object) {
            all.extend(own(&target).into_iter().map(|rest| format!("{}.{rest}", field.key)));
        }
    }
    all.into_iter().map(|path| Item::new(path.clone(), fields::path_label(object, &path))).collect()
}

fn node(node: &Node, about: &About, depth: usize) -> AnyView {
    match node {
        Node::Group(one) => boxed(group(*one, about, depth)),
        Node::Leaf(one) => leaf(*one, about),
        Node::Related { relation, target, none, within } => {
            let name = words::relation(&about.object, relation);
            let (none, inner) = (*none, group(*within, &About::new(target), depth));
            let option = |not: bool, text: String| {
                view! { <option value=if not { "none" } else { "some" } selected=none.get_untracked() == not>{text}</option> }
            };
            boxed(
                view! {
                    <select class="select !w-auto max-w-full self-start mb-2.5" aria-label=t(FILTER_OP)
                        on:change=move |ev| none.set(event_target_value(&ev) == "none")>
                        {option(false, tf(FILTER_HAS, &[("records", &name)]))}
                        {option(true, tf(FILTER_HAS_NO, &[("records", &name)]))}
                    </select>
                    {inner}
                }
                .into_any(),
            )
        }
        Node::Kept(filter) => {
            let text = words::sentence(&about.object, filter);
            view! { <p class="text-[13px] muted py-1.5">{move || text.get()}</p> }.into_any()
        }
    }
}

fn boxed(inner: AnyView) -> AnyView {
    view! { <div class="rounded-md border border-base-300 bg-base-200/60 p-2.5 min-w-0">{inner}</div> }.into_any()
}

fn group(group: Group, about: &About, depth: usize) -> AnyView {
    let Group { join, parts } = group;
    let add = move |node: Node| parts.update(|p| p.push((next_id(), node)));
    let line = {
        let about = about.clone();
        move |(id, part): (u64, Node)| {
            let drawn = node(&part, &about, depth + 1);
            let at = move || parts.with(|p| p.iter().position(|(i, _)| *i == id)).map(|at| at.to_string());
            view! {
                <div class="flex items-start gap-1" data-part=at>
                    <div class="grow min-w-0">{drawn}</div>
                    <Button label=t(FILTER_REMOVE) look=Look::Quiet icon="x" icon_only=true on_click=move |_| parts.update(|p| p.retain(|(i, _)| *i != id))/>
                </div>
            }
        }
    };
    let option = move |(one, key): (Join, &'static str)| {
        let text = t(match one {
            Join::All => FILTER_ALL_OF,
            Join::Any => FILTER_ANY_OF,
            Join::None => FILTER_NONE_OF,
        });
        view! { <option value=key selected=join.get_untracked() == one>{text}</option> }
    };
    let nested = (depth < DEPTH).then(|| {
        let related = relations(about, add);
        view! {
            <Button label=t(FILTER_ADD_GROUP) look=Look::Quiet icon="folder-plus"
                on_click=move |_| add(Node::Group(Group::new(Join::Any, vec![Node::blank()])))/>
            {related}
        }
    });
    view! {
        <div class="flex flex-col gap-2.5">
            <select class="select !w-auto max-w-full self-start" aria-label=t(FILTER_JOIN) on:change=move |ev| join.set(Join::parse(&event_target_value(&ev)))>
                {Join::ALL.map(option)}
            </select>
            <For each=move || parts.get() key=|(id, _)| *id let(part)>{line(part)}</For>
            <div class="flex flex-wrap gap-1">
                <Button label=t(FILTER_ADD) look=Look::Quiet icon="plus" on_click=move |_| add(Node::blank())/>
                {nested}
            </div>
        </div>
    }
    .into_any()
}

/// A condition on records that point here: `has some opportunity with …`.
fn relations(about: &About, add: impl Fn(Node) + Copy + Send + Sync + 'static) -> Option<AnyView> {
    let catalog = catalog::catalog();
    let all: Vec<(String, String)> = catalog
        .related(&about.object.name)
        .iter()
        .map(|r| (r.name.to_string(), words::relation(&about.object, r)))
        .collect();
    let object = about.object.clone();
    // What is added outlives the menu that added it.
    let owner = Owner::current().unwrap_or_default();
    let items = {
        let all = all.clone();
        move || {
            let item = |(relation, name): &(String, String)| {
                let (object, relation, owner) = (object.clone(), relation.clone(), owner.clone());
                MenuItem::new("link", name.clone(), move || {
                    if let Some(node) = owner.with(|| Node::related(&object, &relation, false, None)) {
                        add(node);
                    }
                })
            };
            all.iter().map(item).collect()
        }
    };
    let face = view! { {icon("link")}{t(FILTER_ADD_RELATED)} }.into_any();
    (!all.is_empty())
        .then(|| view! { <Menu label=t(FILTER_ADD_RELATED) class="btn btn-quiet" face=face items=items/> }.into_any())
}

/// An operator as it is offered; being empty or not are two.
fn ops(field: &FieldMeta) -> Vec<(String, Op, Option<bool>, &'static str)> {
    let one = |op: &Op| match op {
        Op::Null => vec![
            ("empty".to_owned(), Op::Null, Some(true), t(FILTER_EMPTY)),
            ("not_empty".to_owned(), Op::Null, Some(false), t(FILTER_NOT_EMPTY)),
        ],
        op => vec![(op.key().to_owned(), *op, None, fields::op_text(*op, &field.kind))],
    };
    field.operators().iter().flat_map(one).collect()
}

/// Operators whose operands look alike keep what was typed.
fn alike(a: Op, b: Op) -> bool {
    let sort = |op: Op| match op {
        Op::Between => 1,
        Op::Within => 2,
        Op::Null => 3,
        op if op.takes_list() => 4,
        _ => 5,
    };
    sort(a) == sort(b)
}

fn leaf(leaf: Leaf, about: &About) -> AnyView {
    let Leaf { path, op, value } = leaf;
    let id = next_id();
    // Whoever adds a condition says at once of what; under a finger the keyboard would cover the choice.
    if path.with_untracked(Vec::is_empty) && !prefs::coarse() {
        request_animation_frame(move || {
            let input = document().get_element_by_id(&format!("filter-field-{id}"));
            if let Some(input) = input.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = input.focus();
            }
        });
    }
    let object = about.object.clone();
    let field = Memo::new(move |_| path.with(|p| p.first().and_then(|i| fields::path_field(&object, &i.value))));
    // Another field brings its own operators; the most useful one first.
    let changed = move |()| {
        if let Some(field) = field.get_untracked() {
            op.set(first_op(&field));
            value.set(Value::Null);
        }
    };
    let choose = move |key: String| {
        let Some((_, new, empty, _)) = field.get_untracked().and_then(|f| ops(&f).into_iter().find(|o| o.0 == key))
        else {
            return;
        };
        if !alike(new, op.get_untracked()) {
            value.set(Value::Null);
        }
        if let Some(empty) = empty {
            value.set(Value::Bool(empty));
        }
        op.set(new);
    };
    let choices = move || {
        field.get().map(|field| {
            let (now, given) = (op.get_untracked(), value.get_untracked());
            let options = ops(&field).into_iter().map(|(key, op, empty, text)| {
                let here = op == now && empty.is_none_or(|e| e == (given != Value::Bool(false)));
                view! { <option value=key selected=here>{text}</option> }
            });
            view! {
                <select class="select" aria-label=t(FILTER_OP) on:change=move |ev| choose(event_target_value(&ev))>{options.collect_view()}</select>
            }
        })
    };
    let operand = move || {
        let (field, op) = (field.get()?, op.get());
        (op != Op::Null).then(|| fields::operand(format!("filter-{id}"), &field, op, value))
    };
    view! {
        <div class="grid grid-cols-1 sm:grid-cols-[minmax(0,1.2fr)_minmax(0,0.8fr)_minmax(0,1.4fr)] gap-2" role="group" aria-label=t(FILTER_FIELD)>
            <Combobox id=format!("filter-field-{id}") chosen=path lookup=fixed(about.paths.to_vec()) placeholder=t(FILTER_FIELD) on_done=changed/>
            {choices}
            <div class="min-w-0" data-operand>{operand}</div>
        </div>
    }
    .into_any()
}

fn first_op(field: &FieldMeta) -> Op {
    let all = field.operators();
    [Op::In, Op::Contains, Op::HasAny, Op::Within]
        .into_iter()
        .find(|op| all.contains(op) && !(field.kind.is_number() && *op == Op::In))
        .or_else(|| all.first().copied())
        .unwrap_or(Op::Eq)
}
