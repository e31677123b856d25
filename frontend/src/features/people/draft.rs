//! A role's permissions while they are being changed, in the form in which they are stored.

use kezhan_meta::Record;
use leptos::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// What roles grant on one object, less what they say of its fields.
pub const ACTIONS: [&str; 12] = [
    "read",
    "create",
    "edit",
    "delete",
    "transfer",
    "share",
    "export",
    "import",
    "bulk_edit",
    "reveal",
    "confidential",
    "configure",
];

/// Stands for every object that has no line of its own.
pub const REST: &str = "*";

#[derive(Clone, Copy)]
pub struct Draft {
    pub grants: RwSignal<Map<String, Value>>,
    pub stored: RwSignal<Map<String, Value>>,
    /// When and where the role is in force.
    pub limits: RwSignal<Map<String, Value>>,
    pub stored_limits: RwSignal<Map<String, Value>>,
}

impl Draft {
    pub fn new(grants: &Value, limits: &Value) -> Draft {
        let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let (grants, limits) = (map(grants), map(limits));
        Draft {
            grants: RwSignal::new(grants.clone()),
            stored: RwSignal::new(grants),
            limits: RwSignal::new(limits.clone()),
            stored_limits: RwSignal::new(limits),
        }
    }

    pub fn changed(self) -> bool {
        self.grants.get() != self.stored.get() || self.limits.get() != self.stored_limits.get()
    }

    pub fn discard(self) {
        self.grants.set(self.stored.get_untracked());
        self.limits.set(self.stored_limits.get_untracked());
    }

    /// What is to be stored.
    pub fn patch(self) -> Record {
        let limits = self.limits.get_untracked();
        let limits = if limits.is_empty() { Value::Null } else { Value::Object(limits) };
        Record::from_iter([
            ("grants".to_owned(), Value::Object(self.grants.get_untracked())),
            ("limits".to_owned(), limits),
        ])
    }

    /// Has the object a line of its own?
    pub fn own(self, object: &str) -> bool {
        self.grants.with(|g| g.contains_key(object))
    }

    /// The scope of an action as it is in force: the object's own line, or that of the rest.
    pub fn scope(self, object: &str, action: &str) -> Value {
        self.grants.with(|g| {
            let line = g.get(object).or_else(|| g.get(REST));
            line.and_then(|l| l.get(action)).cloned().unwrap_or(json!("none"))
        })
    }

    pub fn scope_untracked(self, object: &str, action: &str) -> Value {
        untrack(|| self.scope(object, action))
    }

    /// Rules that add up; none takes the action away.
    pub fn set_rules(self, object: &str, action: &str, mut rules: Vec<Value>) {
        let one = rules.len() == 1 && rules.iter().all(|r| r.get("deny").is_none());
        let value = if one { rules.remove(0) } else { json!(rules) };
        self.line(object, |line| match value {
            Value::Array(list) if list.is_empty() => drop(line.remove(action)),
            value => drop(line.insert(action.to_owned(), value)),
        });
    }

    pub fn set_scope(self, object: &str, action: &str, scope: &str) {
        self.line(object, |line| match scope {
            "none" => drop(line.remove(action)),
            _ => drop(line.insert(action.to_owned(), json!(scope))),
        });
    }

    /// Takes the object's own line away, so that it is as the rest again.
    pub fn reset(self, object: &str) {
        self.grants.update(|g| drop(g.remove(object)));
    }

    /// The level of a field for whoever stands to the record like this.
    pub fn level(self, object: &str, field: &str, relation: &str) -> String {
        self.grants.with(|g| {
            let rule = g.get(object).and_then(|l| l.get("fields")).and_then(|f| f.get(field));
            let level = match rule {
                Some(Value::Object(by)) => by.get(relation).and_then(Value::as_str),
                Some(all) => all.as_str(),
                None => None,
            };
            level.unwrap_or("write").to_owned()
        })
    }

    pub fn set_level(self, object: &str, field: &str, relation: &str, level: &str) {
        const RELATIONS: [&str; 3] = ["owner", "team", "other"];
        let levels: Vec<(String, Value)> = RELATIONS
            .into_iter()
            .map(|r| {
                let now = if r == relation { level.to_owned() } else { self.level(object, field, r) };
                (r.to_owned(), json!(now))
            })
            .collect();
        self.line(object, |line| {
            let Some(fields) = line.entry("fields").or_insert(json!({})).as_object_mut() else { return };
            let same = levels.iter().all(|(_, l)| *l == json!(level));
            match (same, level) {
                (true, "write") => drop(fields.remove(field)),
                (true, _) => drop(fields.insert(field.to_owned(), json!(level))),
                (false, _) => drop(fields.insert(field.to_owned(), Value::Object(levels.into_iter().collect()))),
            }
            if fields.is_empty() {
                line.remove("fields");
            }
        });
    }

    /// Fields whose rights differ from what is stored.
    pub fn levels_changed(self) -> usize {
        let all = |grants: &Map<String, Value>| -> HashMap<(String, String), Value> {
            let of = |(object, line): (&String, &Value)| {
                let fields = line.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
                fields.into_iter().map(|(field, level)| ((object.clone(), field), level)).collect::<Vec<_>>()
            };
            grants.iter().flat_map(of).collect()
        };
        let (now, before) = (self.grants.with(all), self.stored.with(all));
        let keys: HashSet<_> = now.keys().chain(before.keys()).collect();
        keys.into_iter().filter(|key| now.get(*key) != before.get(*key)).count()
    }

    /// Changes an object's own line, which begins as what was in force.
    fn line(self, object: &str, change: impl FnOnce(&mut Map<String, Value>)) {
        self.grants.update(|g| {
            let rest = g.get(REST).and_then(Value::as_object).cloned().unwrap_or_default();
            let line = g.entry(object.to_owned()).or_insert(Value::Object(rest));
            if let Some(line) = line.as_object_mut() {
                change(line);
            }
        });
    }
}
