//! Fields that are encrypted at rest: `sealed:1.<index>.<sealed>` where the value would stand, both in URL-safe Base64.
//!
//! The index is the HMAC by which equal values are found, empty where the field is not found by them. It is associated
//! data of the sealed part, as are company, object, field and record: nothing of it can be moved. A value without the
//! mark stands from before the field was sealed, and is read as it is until it is converted.

use super::Vault;
use crate::{Caller, Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::{Catalog, FieldMeta, Filter, ObjectMeta, Op, Record, Storage, kept};
use serde_json::Value;
use std::borrow::Cow;
use uuid::Uuid;
use zeroize::Zeroizing;

const MARK: &str = "sealed:1.";

/// What history tells of a value: that there is one.
pub const VEIL: &str = "***";

/// What opens the sealed fields of one company; stands in its catalogue where that has any.
#[derive(Clone)]
pub(crate) struct Opener {
    pub vault: Vault,
    pub tenant: Uuid,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opener({})", self.tenant)
    }
}

impl Opener {
    pub fn of(catalog: &Catalog) -> Result<&Opener> {
        catalog.extension().ok_or_else(|| Error::Internal("there is no master key for sealed fields".into()))
    }

    /// The JSON text of a stored value.
    pub fn open(&self, field: &str, id: Uuid, stored: &str) -> Result<Zeroizing<Vec<u8>>> {
        let Some((index, sealed)) = stored.strip_prefix(MARK).and_then(|rest| rest.split_once('.')) else {
            let plain = serde_json::to_vec(stored).map_err(|e| Error::Internal(e.to_string()))?;
            return Ok(Zeroizing::new(plain));
        };
        let sealed = BASE64.decode(sealed).map_err(|_| Error::Internal(format!("{field} of {id} is damaged")))?;
        match self.vault.open_known(self.tenant, &place(field, id, index), &sealed)? {
            Some(plain) => Ok(plain),
            // Renewed by another process at this moment: the next call has the key.
            None => Err(Error::refused(Code::Unavailable, &[])),
        }
    }

    /// What equal values of this field have in common.
    pub fn index(&self, object: &ObjectMeta, field: &FieldMeta, value: &Value) -> Result<String> {
        let index = self.vault.index_known(self.tenant, &path(object, field), plain(value)?.as_bytes())?;
        Ok(BASE64.encode(index))
    }
}

/// The name of a field as the context of what is sealed.
pub(crate) fn path(object: &ObjectMeta, field: &FieldMeta) -> String {
    format!("{}.{}", object.name, field.key)
}

fn place(path: &str, id: Uuid, index: &str) -> String {
    format!("{path}:{id}:{index}")
}

fn plain(value: &Value) -> Result<Zeroizing<String>> {
    serde_json::to_string(value).map(Zeroizing::new).map_err(|e| Error::Internal(e.to_string()))
}

/// The part of a stored value that equal ones share.
pub(crate) fn index_of(stored: &str) -> Option<&str> {
    stored.strip_prefix(MARK)?.split('.').next().filter(|index| !index.is_empty())
}

/// Is this sealed, and with this key?
pub(crate) fn is_sealed_by(stored: &str, key: Uuid) -> bool {
    let sealed = stored.strip_prefix(MARK).and_then(|rest| rest.split_once('.'));
    sealed.and_then(|(_, text)| BASE64.decode(text).ok()).and_then(|bytes| super::key_of(&bytes)) == Some(key)
}

/// A value as it is stored.
pub(crate) fn sealed(
    vault: &Vault,
    conn: &mut PgConnection,
    tenant: Uuid,
    (object, field): (&ObjectMeta, &FieldMeta),
    id: Uuid,
    value: &Value,
) -> Result<String> {
    let (path, plain) = (path(object, field), plain(value)?);
    let index = match field.findable() {
        true => BASE64.encode(vault.index(conn, tenant, &path, plain.as_bytes())?),
        false => String::new(),
    };
    let sealed = vault.seal(conn, tenant, &place(&path, id, &index), plain.as_bytes())?;
    Ok(format!("{MARK}{index}.{}", BASE64.encode(sealed)))
}

/// The record as it goes into its table. Borrowed, and at no cost, where no field is sealed.
pub(crate) fn stored<'r>(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    record: &'r Record,
) -> Result<Cow<'r, Record>> {
    let mut out = Cow::Borrowed(record);
    for field in object.fields.iter().filter(|f| f.sealed) {
        let Some(value) = record.get(field.key.as_ref()).filter(|v| !v.is_null()) else { continue };
        let vault = &Opener::of(&caller.catalog)?.vault;
        let sealed = sealed(vault, conn, caller.tenant, (object, field), id, value)?;
        out.to_mut().insert(field.key.to_string(), Value::String(sealed));
    }
    Ok(out)
}

/// Opens what [`stored`] has sealed.
pub(crate) fn opened(caller: &Caller, object: &ObjectMeta, id: Uuid, record: &mut Record) -> Result<()> {
    for field in object.fields.iter().filter(|f| f.sealed) {
        let Some(Value::String(text)) = record.get(field.key.as_ref()) else { continue };
        let plain = Opener::of(&caller.catalog)?.open(&path(object, field), id, text)?;
        let value = serde_json::from_slice(&plain).map_err(|e| Error::Internal(e.to_string()))?;
        record.insert(field.key.to_string(), value);
    }
    Ok(())
}

/// The condition as it may be kept: without the values that sealed fields are compared with.
pub(crate) fn veiled(catalog: &Catalog, object: &ObjectMeta, filter: &Filter) -> Filter {
    let all = |list: &[Filter]| list.iter().map(|f| veiled(catalog, object, f)).collect();
    match filter {
        Filter::And(list) => Filter::And(all(list)),
        Filter::Or(list) => Filter::Or(all(list)),
        Filter::Not(inner) => Filter::Not(Box::new(veiled(catalog, object, inner))),
        Filter::Exists { relation, filter } => {
            let target = catalog.relation(&object.name, relation).and_then(|r| catalog.get(&r.object));
            let inner = filter.as_ref().zip(target).map(|(f, target)| Box::new(veiled(catalog, target, f)));
            Filter::Exists { relation: relation.clone(), filter: inner }
        }
        Filter::Field { field, op, .. } if *op != Op::Null && kept::is_sealed(field, catalog, object) => {
            Filter::Field { field: field.clone(), op: *op, value: Value::String(VEIL.to_owned()) }
        }
        plain => plain.clone(),
    }
}

/// The stored text of a field, as an expression.
pub(crate) fn column(alias: &str, field: &FieldMeta) -> String {
    match &field.storage {
        Storage::Column(column) => format!("{alias}.\"{column}\""),
        Storage::Custom => format!("({alias}.custom->>'{}')", field.key),
    }
}
