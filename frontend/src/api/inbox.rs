//! One's notifications.

use super::client::ApiError;
use super::records::{self, Page, names_of};
use crate::state::catalog;
use kezhan_meta::query::{Count, ListQuery, Sort};
use kezhan_meta::{Filter, Op, Record};
use serde_json::{Value, json};

pub const OBJECT: &str = "notification";
/// As many as are shown at once.
pub const SHOWN: u32 = 100;

pub fn possible() -> bool {
    catalog::object(OBJECT).is_some()
}

fn is_unread() -> Filter {
    Filter::field("read_at", Op::Null, true)
}

pub async fn unread() -> Result<i64, ApiError> {
    let query = ListQuery {
        filter: Some(is_unread()),
        fields: Some(vec!["id".to_owned()]),
        limit: Some(1),
        count: Count::Capped,
        ..ListQuery::default()
    };
    Ok(records::query("notifications", &query).await?.count.unwrap_or(0))
}

/// The newest first.
pub async fn list(only_unread: bool) -> Result<Page, ApiError> {
    let Some(object) = catalog::object(OBJECT) else { return Ok(Page::default()) };
    let mut fields: Vec<String> = object.fields.iter().map(|f| f.key.to_string()).collect();
    fields.extend(names_of(object.fields.iter()));
    let query = ListQuery {
        filter: only_unread.then(is_unread),
        sort: vec![Sort::parse("-created_at")],
        fields: Some(fields),
        limit: Some(SHOWN),
        ..ListQuery::default()
    };
    records::query(&object.plural, &query).await
}

pub async fn read(ids: &[String]) -> Result<(), ApiError> {
    let Some(object) = catalog::object(OBJECT) else { return Ok(()) };
    let now = String::from(js_sys::Date::new_0().to_iso_string());
    let seen = Record::from_iter([("read_at".to_owned(), json!(now))]);
    records::update_each(&object, ids.iter().map(|id| (id.clone(), seen.clone())).collect()).await
}

/// Every unread one, those that are not on screen included.
pub async fn read_all() -> Result<(), ApiError> {
    loop {
        let query = ListQuery {
            filter: Some(is_unread()),
            fields: Some(vec!["id".to_owned()]),
            limit: Some(200),
            ..ListQuery::default()
        };
        let page = records::query("notifications", &query).await?;
        let ids: Vec<String> =
            page.data.iter().filter_map(|r| r.get("id").and_then(Value::as_str).map(str::to_owned)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        read(&ids).await?;
        if page.next_cursor.is_none() {
            return Ok(());
        }
    }
}
