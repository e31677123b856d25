//! What happened: the history of a record, its timeline, and the feed of all changes.
//!
//! All three read the one append-only `changes` table, each entry masked to what the caller may read.

mod changes;
mod entry;
mod history;
mod timeline;

use crate::audit::{self, Given};
use crate::sql::row::RawRow;
use crate::vault::VEIL;
use crate::{Access, Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kezhan_meta::ObjectMeta;
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::Readable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

pub use changes::ChangesQuery;

/// Entries of a page.
fn page_size(limit: Option<u32>, most: u32) -> Result<usize> {
    match limit.unwrap_or(50) {
        n if (1..=most).contains(&n) => Ok(n as usize),
        _ => Err(Error::refused(Code::BadValue, &["limit", &format!("1–{most}")])),
    }
}

fn encode<T: Serialize>(place: &T) -> Result<String> {
    let json = serde_json::to_vec(place).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T> {
    let bad = || Error::refused(Code::BadCursor, &[]);
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
    serde_json::from_slice(&bytes).map_err(|_| bad())
}

/// The entry's fields without those that the caller may not read.
fn masked(
    access: &Access,
    (object, id): (&ObjectMeta, Uuid),
    row: &RawRow,
    at: usize,
    given: &mut Given,
) -> Map<String, Value> {
    let mut stored: Map<String, Value> = row.json(at).and_then(|j| serde_json::from_slice(j).ok()).unwrap_or_default();
    stored.retain(|key, change| {
        let Some(field) = object.field(key).filter(|f| access.readable(object, f)) else { return false };
        // Of a sealed field, and of what was erased, history tells only that there was something.
        let tells = |side: &str| change.get(side).is_some_and(|v| !v.is_null() && v != VEIL);
        if audit::watched(access, field) && (tells("from") || tells("to")) {
            given.add(&object.name, key, Some(id));
        }
        true
    });
    stored
}

fn body(data: Vec<Value>, next: Option<String>) -> Result<Vec<u8>> {
    serde_json::to_vec(&serde_json::json!({ "data": data, "next_cursor": next }))
        .map_err(|e| Error::Internal(e.to_string()))
}
