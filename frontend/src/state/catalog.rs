//! The objects that this person may use, from the server's metadata.

use super::app;
use crate::api::client::{ApiError, Call};
use kezhan_meta::{Catalog, ObjectMeta};
use leptos::prelude::*;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
struct Objects {
    data: Vec<ObjectMeta>,
}

pub async fn load() -> Result<(), ApiError> {
    let objects: Objects = Call::get("/meta/objects").json().await?;
    app().catalog.set(Arc::new(Catalog::new(objects.data)));
    Ok(())
}

pub fn catalog() -> Arc<Catalog> {
    app().catalog.get_untracked()
}

pub fn object(name: &str) -> Option<Arc<ObjectMeta>> {
    catalog().get(name).cloned()
}

pub fn by_plural(plural: &str) -> Option<Arc<ObjectMeta>> {
    catalog().by_plural(plural).cloned()
}
