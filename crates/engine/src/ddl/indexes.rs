//! The indexes of an object's table, which follow from its declaration: [`way`] says how each field is found.
//!
//! Every index costs every write, so a field has one of its own only if lists walk along it or look up single values.
//! Words out of few (choices, tags, cities) stand together in the search index: a filter by several of them, within a
//! department, is then one look into one index.

use super::{HOST_MADE, HOST_OWNER, column_of, ident, name, searchable};
use kezhan_meta::object::companion_of;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Scope, Storage};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// An index of an object's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: String,
    pub unique: bool,
    pub gin: bool,
    /// Columns or expressions, in order.
    pub keys: Vec<String>,
    pub predicate: Option<String>,
}

/// How records are found by a declared field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Not by an index.
    None,
    /// By the key of a table or an index that several fields share.
    Key,
    /// Whose they are: the newest of an owner or a department are what scoped lists show.
    Scope,
    /// From the record that they refer to, newest first. Not only the living: foreign keys are held by it as well.
    Reference,
    /// The same where most refer to nothing.
    SparseReference,
    /// One record has the value.
    Unique,
    /// In the order of the field, between bounds, or by a value that few share.
    Order,
    /// By a value that many share: a part of the search index.
    Value,
    /// By the members of a list, where there is no search index.
    Members,
    /// By what equal sealed values have in common.
    Sealed,
}

pub fn way(object: &ObjectMeta, field: &FieldMeta) -> Way {
    let companion = |f: &FieldMeta| companion_of(f).is_some_and(|c| c.key == field.key);
    match &field.kind {
        _ if field.sealed && field.findable() => Way::Sealed,
        _ if field.sealed => Way::None,
        FieldType::Id => Way::Key,
        // Who made and who changed a record is looked at, not looked for.
        _ if matches!(field.key.as_ref(), "created_by" | "updated_by" | "deleted_by") => Way::None,
        _ if matches!(field.key.as_ref(), "owner" | "department") && object.owned() => Way::Scope,
        kind if kind.is_reference() && !field.required && !field.in_list => Way::SparseReference,
        kind if kind.is_reference() => Way::Reference,
        _ if hangs_by(object, &field.key) => Way::Key,
        _ if field.unique => Way::Unique,
        _ if !field.indexed => Way::None,
        FieldType::Json | FieldType::Geo | FieldType::Address => Way::None,
        kind if kind.is_list() && !searchable(object) => Way::Members,
        kind if kind.is_list() => Way::Value,
        _ if !searchable(object) => Way::Order,
        // A number as somebody typed it; look-ups go by its international form.
        FieldType::Choice { .. } | FieldType::Phone => Way::Value,
        // What is searched for is a name, of which there are many.
        FieldType::Text if field.key == object.title || field.searchable => Way::Order,
        FieldType::Text if !object.fields.iter().any(companion) => Way::Value,
        _ => Way::Order,
    }
}

/// Is this one of the two fields that name the record on which this one hangs?
fn hangs_by(object: &ObjectMeta, key: &str) -> bool {
    matches!(&object.scope, Scope::Polymorphic { object, record } if object == key || record == key)
}

/// All indexes of an object's table except its primary key.
pub fn indexes(object: &ObjectMeta) -> Vec<Index> {
    let mut out = Vec::new();
    let living = || Some("deleted_at IS NULL".to_owned());
    let mut shared: Vec<String> = Vec::new();
    for field in object.fields.iter() {
        let Some(column) = column_of(field) else { continue };
        let key = sort_key(field, column);
        let newest = |first: String| vec![first, "created_at".into(), "id".into()];
        match way(object, field) {
            Way::None | Way::Key => {}
            Way::Scope => out.push(index(object, column, newest(key), living())),
            Way::Reference => out.push(index(object, column, newest(key), None)),
            Way::SparseReference => {
                let filled = format!("{} IS NOT NULL", ident(column));
                out.push(index(object, column, newest(ident(column)), Some(filled)));
            }
            Way::Unique => {
                let unique = index(object, column, vec![key], living());
                out.push(Index { unique: true, name: name(&object.table, column, "key"), ..unique });
            }
            Way::Order => out.push(index(object, column, ordered(object, &field.key, key), living())),
            Way::Sealed => {
                let found = index(object, column, vec![format!("sealed_index({})", ident(column))], living());
                let suffix = if field.unique { "key" } else { "idx" };
                out.push(Index { unique: field.unique, name: name(&object.table, column, suffix), ..found });
            }
            Way::Members => out.push(inverted(object, column, vec![ident(column)])),
            Way::Value => shared.push(ident(column)),
        }
    }
    if let Scope::Polymorphic { object: kind, record } = &object.scope {
        let keys = vec![ident(kind), ident(record), "created_at".into(), "id".into()];
        out.push(index(object, "target", keys, living()));
    }
    if object.follows.is_some() {
        let keys = vec![HOST_OWNER.to_owned(), "created_at".into(), "id".into()];
        let filled = format!("({HOST_OWNER} IS NOT NULL) AND (deleted_at IS NULL)");
        out.push(index(object, HOST_OWNER, keys, Some(filled)));
    }
    if let (true, Scope::Polymorphic { object: kind, record }) = (object.opens, &object.scope) {
        // All that lists ask of a membership, so that they need not look at the entry itself.
        let mut keys = ["principal", kind, HOST_MADE, record, "level", "children", "expires_at"].map(ident).to_vec();
        // In the order of the records' own ids.
        keys.insert(3, format!("({}::uuid)", ident(record)));
        out.push(index(object, HOST_MADE, keys, living()));
    }
    if object.field("confidential").is_some() {
        // They are few; what happened with them is kept from others as well, and asks for it row by row.
        out.push(index(object, "confidential", vec!["id".into()], Some("confidential".into())));
    }
    out.push(index(object, "bin", vec!["created_at".into(), "id".into()], Some("deleted_at IS NOT NULL".into())));
    if searchable(object) {
        // Who may see a record is found in the same index: of what half the companies of a city have in their names,
        // most belongs to others.
        let scope = if object.scope == Scope::Owned { &["department_id", "owner_id"][..] } else { &[] };
        let keys = ["search_pairs"].iter().chain(scope).map(|key| (*key).to_owned()).chain(shared).collect();
        out.push(inverted(object, "search", keys));
    }
    out
}

/// The department rides along in every order, so that who lists one department walks past the records of the others
/// without looking at them. When records were made has an index by department of its own.
fn ordered(object: &ObjectMeta, key: &str, expression: String) -> Vec<String> {
    let mut keys = vec![expression, "id".to_owned()];
    if object.scope == Scope::Owned && key != "created_at" {
        keys.push("department_id".to_owned());
    }
    keys
}

fn index(object: &ObjectMeta, about: &str, keys: Vec<String>, predicate: Option<String>) -> Index {
    let kind = object.custom.then(|| "object".to_owned());
    let keys = std::iter::once("tenant_id".to_owned()).chain(kind).chain(keys).collect();
    Index { name: name(&object.table, about, "idx"), unique: false, gin: false, keys, predicate }
}

fn inverted(object: &ObjectMeta, about: &str, keys: Vec<String>) -> Index {
    let predicate = Some("deleted_at IS NULL".to_owned());
    Index { name: name(&object.table, about, "idx"), unique: false, gin: true, keys, predicate }
}

fn sort_key(field: &FieldMeta, column: &str) -> String {
    match field.required {
        true => ident(column),
        false => format!("{} NULLS FIRST", ident(column)),
    }
}

impl Index {
    pub fn sql(&self, table: &str) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let using = if self.gin { "USING gin " } else { "" };
        let options = if self.gin { " WITH (gin_pending_list_limit = 512)" } else { "" };
        let predicate = self.predicate.as_ref().map(|p| format!(" WHERE {p}")).unwrap_or_default();
        let (name, table, keys) = (ident(&self.name), ident(table), self.keys.join(", "));
        format!("CREATE {unique}INDEX {name} ON {table} {using}({keys}){options}{predicate}")
    }
}

/// The index of an indexed custom field; none for types that have no order and no members.
///
/// It holds one tenant's rows only: another tenant may have a field of the same key and another type, whose values
/// the casts would refuse.
pub fn field_index(tenant: Uuid, object: &ObjectMeta, field: &FieldMeta) -> Option<String> {
    if field.storage != Storage::Custom || !field.indexed {
        return None;
    }
    let text = format!("(custom->>'{}')", field.key);
    let expression = match &field.kind {
        _ if field.sealed && field.findable() => format!("sealed_index({text})"),
        _ if field.sealed => return None,
        FieldType::Text
        | FieldType::Choice { .. }
        | FieldType::Phone
        | FieldType::Email
        | FieldType::Url
        | FieldType::AutoNumber { .. } => text,
        FieldType::Integer => format!("({text}::bigint)"),
        FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent => format!("({text}::numeric)"),
        FieldType::Boolean => format!("({text}::boolean)"),
        FieldType::Date => format!("iso_date({text})"),
        FieldType::DateTime => format!("iso_time({text})"),
        FieldType::Id | FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => {
            format!("({text}::uuid)")
        }
        FieldType::MultiChoice { .. } | FieldType::Tags | FieldType::MultiReference { .. } => {
            format!("(custom->'{}')", field.key)
        }
        FieldType::LongText | FieldType::RichText | FieldType::Address | FieldType::Geo | FieldType::Json => {
            return None;
        }
    };
    let mut predicate = format!("tenant_id = '{tenant}'");
    if object.custom {
        predicate.push_str(&format!(" AND object = '{}'", object.name));
    }
    predicate.push_str(" AND deleted_at IS NULL");
    let gin = field.kind.is_list();
    // A custom value is free to be empty whatever the definition says now: older records may lack it.
    let keys = match gin {
        true => vec![expression],
        false if field.unique => vec!["tenant_id".into(), format!("{expression} NULLS FIRST")],
        false => {
            let order = ordered(object, &field.key, format!("{expression} NULLS FIRST"));
            std::iter::once("tenant_id".to_owned()).chain(order).collect()
        }
    };
    let name = field_index_name(tenant, object, &field.key);
    let index = Index { name, unique: field.unique && !gin, gin, keys, predicate: Some(predicate) };
    Some(index.sql(&object.table))
}

/// The name of a custom field's index, for dropping it.
pub fn field_index_name(tenant: Uuid, object: &ObjectMeta, key: &str) -> String {
    let digest = Sha256::digest(format!("{tenant}.{}.{key}", object.name));
    name(&object.name, &format!("{key}_{}", hex::encode(&digest[..8])), "custom")
}
