//! What a key or an application is held to, within what its bearer may do. Nothing here ever widens.

use super::{Action, FieldRule, Grants, Level, ObjectGrants, grants};
use kezhan_meta::{Catalog, FieldType, ObjectMeta};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Stands for every object.
pub const EVERY: &str = "*";

/// What may be done with an object, of what the bearer may do with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actions {
    All,
    Only(BTreeSet<Action>),
}

impl Actions {
    fn has(&self, action: Action) -> bool {
        match self {
            Actions::All => true,
            Actions::Only(few) => few.contains(&action),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Object, or `*` for every object, → what may be done with it; none where there is no bound.
    pub objects: Option<BTreeMap<String, Actions>>,
    /// Object → the only fields of it that there are.
    pub fields: BTreeMap<String, BTreeSet<String>>,
}

impl Bounds {
    /// These objects, these actions, these fields, each where it is said.
    pub fn of(
        objects: Option<&[String]>,
        actions: Option<&[Action]>,
        fields: BTreeMap<String, BTreeSet<String>>,
    ) -> Bounds {
        let each = actions.map_or(Actions::All, |a| Actions::Only(a.iter().copied().collect()));
        let objects = match (objects, actions) {
            (None, None) => None,
            (None, Some(_)) => Some(BTreeMap::from([(EVERY.to_owned(), each)])),
            (Some(objects), _) => Some(objects.iter().map(|o| (o.clone(), each.clone())).collect()),
        };
        Bounds { objects, fields }
    }

    fn has(&self, object: &str, action: Action) -> bool {
        let Some(objects) = &self.objects else { return true };
        [object, EVERY].iter().filter_map(|name| objects.get(*name)).any(|actions| actions.has(action))
    }

    /// What is left of these grants. Every object of the catalogue is named in them, so that none is reached by a `*`.
    pub fn narrow(&self, given: &Grants, catalog: &Catalog) -> Grants {
        if self.objects.is_none() && self.fields.is_empty() {
            return given.clone();
        }
        let each = |object: &ObjectMeta| {
            let mut granted: ObjectGrants = grants::of(given, &object.name)?.clone();
            granted.actions.retain(|action, _| self.has(&object.name, *action));
            if granted.actions.is_empty() {
                return None;
            }
            if let Some(only) = self.fields.get(object.name.as_ref()) {
                close(&mut granted, object, only);
            }
            Some((object.name.to_string(), granted))
        };
        catalog.objects().filter_map(|object| each(object)).collect()
    }
}

/// Hides all fields but these and those by which a record is dealt with at all.
fn close(granted: &mut ObjectGrants, object: &ObjectMeta, only: &BTreeSet<String>) {
    for field in object.fields.iter() {
        let base = field.key.strip_suffix("_e164").filter(|base| object.field(base).is_some());
        let listed = only.contains(field.key.as_ref()) || base.is_some_and(|base| only.contains(base));
        if !listed && field.kind != FieldType::Id && field.key != "version" {
            granted.fields.insert(field.key.to_string(), FieldRule::Everyone(Level::Hidden));
        }
    }
}
