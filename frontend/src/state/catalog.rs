//! The objects that this person may use, from the server's metadata.

use super::app;
use crate::api::client::{ApiError, Call};
use crate::api::records::Many;
use crate::i18n::{in_own_words, label};
use kezhan_meta::{Catalog, Lang, ObjectMeta};
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Deserialize)]
struct Objects {
    data: Vec<Map<String, Value>>,
}

/// The browser keeps it by its entity tag.
pub async fn load() -> Result<(), ApiError> {
    let objects: Objects = Call::get("/meta/catalog").json().await?;
    let objects = objects.data.into_iter().map(declaration).collect::<Result<Vec<_>, _>>()?;
    app().catalog.set(Arc::new(Catalog::new(objects)));
    Ok(())
}

/// What each object is found by besides its names: how they sound.
pub async fn sounds() -> HashMap<String, String> {
    #[derive(Deserialize)]
    struct Sounding {
        name: String,
        #[serde(default)]
        search: String,
    }
    let all = Call::get("/meta/objects").json::<Many<Sounding>>().await;
    all.map(|all| all.data.into_iter().map(|o| (o.name, o.search)).collect()).unwrap_or_default()
}

/// The server leaves out where things are stored; what this person may not write is read-only here, and
/// what they may not ask by is not asked by.
fn declaration(mut object: Map<String, Value>) -> Result<ObjectMeta, ApiError> {
    object.entry("table").or_insert(json!(""));
    let is_user = object.get("name") == Some(&json!("user"));
    if let Some(fields) = object.get_mut("fields").and_then(Value::as_array_mut) {
        for field in fields.iter_mut().filter_map(Value::as_object_mut) {
            field.entry("storage").or_insert(json!("custom"));
            // The server takes no other language either.
            if is_user && field.get("key") == Some(&json!("locale")) {
                let options = Lang::ALL.map(|lang| {
                    let name = in_own_words(lang);
                    json!({ "value": lang.tag(), "label": { "zh": name, "en": name } })
                });
                field.insert("type".to_owned(), json!("choice"));
                field.insert("options".to_owned(), json!(options));
            }
            if field.get("writable") == Some(&Value::Bool(false)) {
                field.insert("read_only".to_owned(), json!(true));
            }
            let asked = |key: &str| field.get(key) != Some(&Value::Bool(false));
            if !asked("filterable") && !asked("sortable") {
                field.insert("unasked".to_owned(), json!(true));
            }
        }
    }
    serde_json::from_value(Value::Object(object)).map_err(|error| {
        leptos::logging::warn!("unexpected metadata: {error}");
        ApiError::Unreadable(200)
    })
}

pub fn catalog() -> Arc<Catalog> {
    app().catalog.get_untracked()
}

pub fn object(name: &str) -> Option<Arc<ObjectMeta>> {
    catalog().get(name).cloned()
}

/// What this number of an object's records is called.
pub fn so_many(name: &str, n: impl TryInto<u64>) -> String {
    let one = n.try_into().is_ok_and(|n| n == 1);
    object(name).map_or_else(|| name.to_owned(), |o| label(if one { &o.label } else { &o.label_many }))
}

pub fn by_plural(plural: &str) -> Option<Arc<ObjectMeta>> {
    catalog().by_plural(plural).cloned()
}
