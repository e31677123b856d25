//! Conditions that are kept: in views, sharing rules, roles, layouts, rules of retention.

use crate::{Catalog, Filter, ObjectMeta, Op};

/// The first encrypted field that a condition compares with a value, by its path. Such a condition is not kept: the value
/// would stand in the clear in the database and its history, before everybody who may read the rule or the view. Neither
/// sealing the value nor keeping what it is found by mends that: whoever reads the rule would still learn who has it.
pub fn compared(filter: &Filter, catalog: &Catalog, object: &ObjectMeta) -> Option<String> {
    match filter {
        Filter::And(list) | Filter::Or(list) => list.iter().find_map(|f| compared(f, catalog, object)),
        Filter::Not(inner) => compared(inner, catalog, object),
        Filter::Exists { relation, filter } => {
            let target = catalog.relation(&object.name, relation).and_then(|r| catalog.get(&r.object))?;
            compared(filter.as_ref()?, catalog, target).map(|path| format!("{relation}.{path}"))
        }
        // Whether there is a value says nothing of it.
        Filter::Field { op: Op::Null, .. } => None,
        Filter::Field { field, .. } => is_sealed(field, catalog, object).then(|| field.to_string()),
    }
}

/// Does this path lead to an encrypted field?
pub fn is_sealed(path: &str, catalog: &Catalog, object: &ObjectMeta) -> bool {
    match path.split_once('.') {
        None => object.field(path).is_some_and(|f| f.sealed),
        Some((head, rest)) => {
            let target = object.field(head).and_then(|f| f.target()).and_then(|t| catalog.get(t));
            target.is_some_and(|target| is_sealed(rest, catalog, target))
        }
    }
}
