//! Reading: lists, queries, one record, its history and timeline.

use super::Request;
use crate::call::{Answer, Call};
use kezhan_engine::write::merge;
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{ObjectMeta, Record};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

pub fn list(call: &mut Call<'_>, object: &Arc<ObjectMeta>, request: &Request) -> Result<Answer> {
    let query = request.params.list_query(object)?;
    page(call, object, query)
}

pub fn query(call: &mut Call<'_>, object: &Arc<ObjectMeta>, request: &Request) -> Result<Answer> {
    request.params.only(&[])?;
    let query = if request.body.is_empty() { ListQuery::default() } else { request.json()? };
    page(call, object, query)
}

fn page(call: &mut Call<'_>, object: &Arc<ObjectMeta>, mut query: ListQuery) -> Result<Answer> {
    if let Some(view) = query.view.take() {
        query = through_view(call, object, &view, query)?;
    }
    Ok(Answer::ok(call.state.engine.list(call.conn, call.caller, object, &query)?))
}

/// The part of a saved view that selects records; its layout is the client's business.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ViewSettings {
    filter: Option<kezhan_meta::Filter>,
    sort: Vec<kezhan_meta::query::Sort>,
    fields: Option<Vec<String>>,
}

/// The view's conditions hold beside those of the request; its order and fields where the request names none.
fn through_view(call: &mut Call<'_>, object: &ObjectMeta, view: &str, mut query: ListQuery) -> Result<ListQuery> {
    let unknown = || Error::refused(Code::BadValue, &["view", view]);
    let id = Uuid::parse_str(view).map_err(|_| unknown())?;
    let views = call.caller.catalog.get("saved_view").cloned().ok_or_else(unknown)?;
    let found: Record = call.state.engine.fetch(call.conn, call.caller, &views, id)?.ok_or_else(unknown)?;
    if found.get("object").and_then(Value::as_str) != Some(object.name.as_ref()) {
        return Err(unknown());
    }
    let settings = found.get("settings").cloned().unwrap_or_default();
    let settings: ViewSettings = serde_json::from_value(settings).map_err(|_| unknown())?;
    query.filter = match (settings.filter, query.filter.take()) {
        (Some(a), Some(b)) => Some(a.and(b)),
        (a, b) => a.or(b),
    };
    if query.sort.is_empty() {
        query.sort = settings.sort;
    }
    query.fields = query.fields.or(settings.fields);
    Ok(query)
}

pub fn one(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    let options = request.params.read_options()?;
    let Some(found) = call.state.engine.read(call.conn, call.caller, object, id, &options)? else {
        return elsewhere(call, object, id);
    };
    // What is expanded changes without this record's version.
    let unchanged = options.expand.is_empty() && matches(request.if_none_match.as_deref(), found.version);
    // Whoever has the record already has seen it before.
    if !unchanged {
        found.given.note(call.conn, call.caller)?;
    }
    let answer = if unchanged { Answer::empty(304) } else { Answer::ok(found.body) };
    Ok(answer.version(found.version))
}

/// Where a record is found that became another one.
fn elsewhere(call: &mut Call<'_>, object: &ObjectMeta, id: Uuid) -> Result<Answer> {
    let survivor = merge::survivor_of(call.conn, call.caller, object, id)?.ok_or_else(Error::not_found)?;
    call.state.engine.fetch(call.conn, call.caller, object, survivor)?.ok_or_else(Error::not_found)?;
    // It may be undone.
    Ok(Answer::empty(307)
        .with("location", format!("/api/v1/{}/{survivor}", object.plural))
        .with("cache-control", "no-store"))
}

/// Is this version among the entity tags?
fn matches(tags: Option<&str>, version: i64) -> bool {
    let is_this = |tag: &str| tag.trim_start_matches("W/").trim_matches('"') == version.to_string();
    tags.is_some_and(|tags| tags.split(',').map(str::trim).any(|tag| tag == "*" || is_this(tag)))
}

pub fn history(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    request.params.only(&["limit", "cursor"])?;
    let (limit, cursor) = (request.params.limit()?, request.params.get("cursor"));
    Ok(Answer::ok(call.state.engine.history(call.conn, call.caller, object, id, limit, cursor)?))
}

pub fn timeline(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    request.params.only(&["limit", "cursor"])?;
    let (limit, cursor) = (request.params.limit()?, request.params.get("cursor"));
    Ok(Answer::ok(call.state.engine.timeline(call.conn, call.caller, object, id, limit, cursor)?))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn entity_tags_are_compared_weakly() {
        assert!(matches(Some("\"3\""), 3));
        assert!(matches(Some("\"1\", W/\"3\""), 3));
        assert!(matches(Some("*"), 3));
        assert!(!matches(Some("\"33\""), 3));
        assert!(!matches(None, 3));
    }
}
