//! Whether a contact with a record can be written down, and through which field.

use crate::state::{catalog, session};
use kezhan_meta::ObjectMeta;
use std::sync::Arc;

pub const OBJECT: &str = "follow_up";

/// The object of follow-ups, and its field that refers to such records.
pub fn link(object: &ObjectMeta) -> Option<(Arc<ObjectMeta>, String)> {
    let follow_up = catalog::object(OBJECT).filter(|_| object.name != OBJECT && session::may(OBJECT, "create"))?;
    let refers = |f: &&kezhan_meta::FieldMeta| !f.kind.is_list() && f.target() == Some(object.name.as_ref());
    let link = follow_up.fields.iter().find(|f| refers(f) && f.inverse.is_some())?.key.to_string();
    Some((follow_up, link))
}
