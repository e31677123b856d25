//! Files on records.

use super::client::{self, ApiError, BASE};
use super::records;
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{Filter, Op, Record};
use serde_json::Value;

pub const OBJECT: &str = "attachment";
const PLURAL: &str = "attachments";
/// Records whose files one question may ask for.
const AT_ONCE: usize = 150;

/// Puts a file on a record; `progress` hears of it between 0 and 1.
pub async fn upload(
    file: &web_sys::File,
    object: &str,
    record: &str,
    progress: impl FnMut(f64) + Clone + 'static,
    signal: Option<&web_sys::AbortSignal>,
) -> Result<Record, ApiError> {
    let form = web_sys::FormData::new().map_err(|_| ApiError::Network)?;
    let text = |name: &str, value: &str| form.append_with_str(name, value).map_err(|_| ApiError::Network);
    text("object", object)?;
    text("record", record)?;
    form.append_with_blob_and_filename("file", file, &file.name()).map_err(|_| ApiError::Network)?;
    client::send_form(&format!("{BASE}/{PLURAL}"), &form, progress, signal).await
}

/// The files of some records of one object, newest first.
pub async fn of(object: &str, records: &[String]) -> Result<Vec<Record>, ApiError> {
    let mut found = Vec::new();
    for ids in records.chunks(AT_ONCE) {
        let ids = ids.iter().cloned().map(Value::String).collect();
        let filter = Filter::And(vec![
            Filter::field("object", Op::Eq, object),
            Filter::field("record", Op::In, Value::Array(ids)),
        ]);
        let fields =
            ["id", "version", "name", "object", "record", "content_type", "size", "created_at", "created_by.name"];
        let query = ListQuery {
            filter: Some(filter),
            sort: vec![Sort::parse("-created_at")],
            fields: Some(fields.map(str::to_owned).to_vec()),
            limit: Some(200),
            ..ListQuery::default()
        };
        found.extend(records::query(PLURAL, &query).await?.data);
    }
    Ok(found)
}

pub fn download_url(id: &str) -> String {
    format!("{BASE}/{PLURAL}/{id}/content")
}

/// For pictures and PDF documents, which the browser shows itself.
pub fn inline_url(id: &str) -> String {
    format!("{BASE}/{PLURAL}/{id}/content?inline=true")
}
