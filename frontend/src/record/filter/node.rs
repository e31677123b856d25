//! A filter while it is being edited: each part changes by itself.

use crate::fields;
use crate::state::catalog;
use crate::ui::Item;
use kezhan_meta::{Filter, ObjectMeta, Op, Related};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

/// How the parts of a group combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    All,
    Any,
    None,
}

impl Join {
    pub const ALL: [(Join, &'static str); 3] = [(Join::All, "all"), (Join::Any, "any"), (Join::None, "none")];

    pub fn parse(key: &str) -> Join {
        Join::ALL.into_iter().find(|(_, k)| *k == key).map_or(Join::All, |(join, _)| join)
    }
}

#[derive(Clone, Copy)]
pub struct Group {
    pub join: RwSignal<Join>,
    pub parts: RwSignal<Vec<(u64, Node)>>,
}

#[derive(Clone, Copy)]
pub struct Leaf {
    pub path: RwSignal<Vec<Item>>,
    pub op: RwSignal<Op>,
    pub value: RwSignal<Value>,
}

#[derive(Clone)]
pub enum Node {
    Group(Group),
    Leaf(Leaf),
    /// Some related record meets the conditions, or none does.
    Related {
        relation: Related,
        target: Arc<ObjectMeta>,
        none: RwSignal<bool>,
        within: Group,
    },
    /// What this builder does not edit is kept as it is.
    Kept(Filter),
}

pub fn next_id() -> u64 {
    thread_local! { static NEXT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) }; }
    NEXT.with(|n| {
        n.set(n.get() + 1);
        n.get()
    })
}

impl Group {
    pub fn new(join: Join, parts: Vec<Node>) -> Group {
        let parts = parts.into_iter().map(|n| (next_id(), n)).collect();
        Group { join: RwSignal::new(join), parts: RwSignal::new(parts) }
    }

    fn open(join: Join, parts: &[Filter], object: &ObjectMeta) -> Group {
        Group::new(join, parts.iter().map(|p| Node::open(p, object)).collect())
    }

    fn read(self, unfinished: bool) -> Option<Filter> {
        let read = |(_, node): &(u64, Node)| node.read(unfinished);
        let parts: Vec<Filter> = self.parts.with_untracked(|p| p.iter().filter_map(read).collect());
        match (parts.is_empty(), self.join.get_untracked()) {
            (true, _) => None,
            (_, Join::All) => Some(Filter::And(parts)),
            (_, Join::Any) => Some(Filter::Or(parts)),
            (_, Join::None) => Some(Filter::Not(Box::new(Filter::Or(parts)))),
        }
    }
}

impl Node {
    /// The whole filter as a group, with one empty condition where there is none.
    pub fn root(filter: &Filter, object: &ObjectMeta) -> Node {
        let group = match Node::open(filter, object) {
            Node::Group(group) => group,
            one => Group::new(Join::All, vec![one]),
        };
        if group.parts.with_untracked(Vec::is_empty) {
            group.parts.update(|p| p.push((next_id(), Node::blank())));
        }
        Node::Group(group)
    }

    pub fn blank() -> Node {
        Node::Leaf(Leaf {
            path: RwSignal::new(Vec::new()),
            op: RwSignal::new(Op::Eq),
            value: RwSignal::new(Value::Null),
        })
    }

    pub fn related(object: &ObjectMeta, relation: &str, none: bool, within: Option<&Filter>) -> Option<Node> {
        let catalog = catalog::catalog();
        let relation = catalog.relation(&object.name, relation)?.clone();
        let target = catalog.get(&relation.object)?.clone();
        let within = match within {
            Some(Filter::Or(parts)) => Group::open(Join::Any, parts, &target),
            Some(Filter::And(parts)) => Group::open(Join::All, parts, &target),
            Some(one) => Group::new(Join::All, vec![Node::open(one, &target)]),
            None => Group::new(Join::All, Vec::new()),
        };
        Some(Node::Related { relation, target, none: RwSignal::new(none), within })
    }

    fn open(filter: &Filter, object: &ObjectMeta) -> Node {
        let kept = || Node::Kept(filter.clone());
        match filter {
            Filter::And(parts) => Node::Group(Group::open(Join::All, parts, object)),
            Filter::Or(parts) => Node::Group(Group::open(Join::Any, parts, object)),
            Filter::Field { field, op, value } if fields::path_field(object, field).is_some() => Node::Leaf(Leaf {
                path: RwSignal::new(vec![Item::new(field.to_string(), fields::path_label(object, field))]),
                op: RwSignal::new(*op),
                value: RwSignal::new(value.clone()),
            }),
            Filter::Exists { relation, filter } => {
                Node::related(object, relation, false, filter.as_deref()).unwrap_or_else(kept)
            }
            Filter::Not(inner) => match &**inner {
                Filter::Or(parts) => Node::Group(Group::open(Join::None, parts, object)),
                Filter::Exists { relation, filter } => {
                    Node::related(object, relation, true, filter.as_deref()).unwrap_or_else(kept)
                }
                one => Node::Group(Group::new(Join::None, vec![Node::open(one, object)])),
            },
            Filter::Field { .. } => kept(),
        }
    }

    /// Subscribes to every part.
    pub fn track(&self) {
        let group = |group: &Group| {
            group.join.track();
            group.parts.with(|parts| parts.iter().for_each(|(_, node)| node.track()));
        };
        match self {
            Node::Kept(_) => {}
            Node::Group(inner) => group(inner),
            Node::Related { none, within, .. } => {
                none.track();
                group(within);
            }
            Node::Leaf(Leaf { path, op, value }) => {
                path.track();
                op.track();
                value.track();
            }
        }
    }

    /// Is there a condition that says of what, and not what?
    pub fn unfinished(&self) -> bool {
        match self {
            Node::Kept(_) => false,
            Node::Group(group) | Node::Related { within: group, .. } => {
                group.parts.with_untracked(|parts| parts.iter().any(|(_, node)| node.unfinished()))
            }
            Node::Leaf(Leaf { path, .. }) => !path.with_untracked(Vec::is_empty) && self.close().is_none(),
        }
    }

    /// The finished filter; conditions without an operand are left out.
    pub fn close(&self) -> Option<Filter> {
        self.read(false)
    }

    /// As it stands, to be gone on with: unfinished conditions included.
    pub fn draft(&self) -> Option<Filter> {
        self.read(true)
    }

    fn read(&self, unfinished: bool) -> Option<Filter> {
        match self {
            Node::Kept(filter) => Some(filter.clone()),
            Node::Group(group) => group.read(unfinished),
            Node::Related { relation, none, within, .. } => {
                let filter = within.read(unfinished).map(Box::new);
                let exists = Filter::Exists { relation: relation.name.clone(), filter };
                Some(if none.get_untracked() { Filter::Not(Box::new(exists)) } else { exists })
            }
            Node::Leaf(Leaf { path, op, value }) => {
                let field = path.with_untracked(|p| p.first().map(|i| i.value.clone()))?;
                let value = value.get_untracked();
                let given = match &value {
                    Value::Null => false,
                    Value::String(text) => !text.trim().is_empty(),
                    Value::Array(items) => !items.is_empty() && !items.iter().any(Value::is_null),
                    _ => true,
                };
                (given || unfinished).then(|| Filter::field(field, op.get_untracked(), value))
            }
        }
    }
}
