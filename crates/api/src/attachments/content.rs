//! What is in a file, whole or in part.

use crate::call::run;
use crate::extract::Who;
use crate::files::{self, Opened};
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, ContentEncoding, ContentRange, ContentRangeSpec, ETag, EntityTag, Header, IfNoneMatch, IfRange,
    Range as Asked,
};
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use kezhan_engine::{Error, ReadOptions};
use kezhan_meta::problem::Code;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::ops::Range;
use uuid::Uuid;

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    content_type: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    size: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    sha256: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    storage_key: Option<String>,
}

/// What a browser may show in place; anything else could carry script.
const SHOWN: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Nothing in a file may load, run or be framed by others.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'self'";

/// Fetch a file's content, or with `Range` a part of it (RFC 9110, one range; of several the whole is sent). The `ETag`
/// is that of the content; `If-None-Match` and `If-Range` are heeded.
#[utoipa::path(get, path = "/api/v1/attachments/{id}/content", tag = "attachments", operation_id = "getAttachmentContent",
    params(
        ("id" = Uuid, Path, description = "The attachment's id"),
        ("inline" = Option<bool>, Query, description = "Show a picture in place rather than save it"),
        ("Range" = Option<String>, Header, description = "The part that is wanted", example = "bytes=0-65535"),
    ),
    responses(
        (status = 200, description = "The content, as it was uploaded", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, description = "The part that was asked for; `Content-Range` says which", content_type = "application/octet-stream", body = Vec<u8>),
    ))]
pub async fn content(
    state: web::Data<State>,
    who: Who,
    req: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["inline"])?;
    let inline = params.flag("inline")?;
    let id = Uuid::parse_str(&id).map_err(|_| ApiError::refused(Code::NotFound, &[]))?;
    let (tenant, stored) = run(state.clone(), who, move |call| {
        let object = call.object("attachments")?;
        let options = ReadOptions { fields: Some(vec!["id".into()]), ..ReadOptions::default() };
        call.state.engine.read(call.conn, call.caller, &object, id, &options)?.ok_or_else(Error::not_found)?;
        let stored = diesel::sql_query(
            "SELECT name, content_type, size, sha256, storage_key FROM attachments WHERE tenant_id = $1 AND id = $2",
        )
        .bind::<SqlUuid, _>(call.caller.tenant)
        .bind::<SqlUuid, _>(id)
        .get_result::<Stored>(call.conn)?;
        Ok((call.caller.tenant, stored))
    })
    .await?;
    let key = stored.storage_key.as_deref().ok_or_else(|| ApiError::refused(Code::NotFound, &[]))?;
    let tag = stored.sha256.as_ref().map(|sha256| EntityTag::new_strong(sha256.clone()));
    if let Some(tag) = tag.clone().filter(|tag| is_known(&req, tag)) {
        return Ok(HttpResponse::NotModified().insert_header(ETag(tag)).finish());
    }
    let file = files::open(&state, tenant, key).await?;
    if stored.size.is_some_and(|size| u64::try_from(size).ok() != Some(file.size())) {
        return Err(ApiError::internal(format!("{key} has another length than it had")));
    }
    let kind = stored.content_type.unwrap_or_else(|| "application/octet-stream".into());
    let shown = inline && SHOWN.contains(&kind.as_str());
    let part = wanted(&req, tag.as_ref(), file.size());
    let status = match &part {
        Part::Whole => StatusCode::OK,
        Part::Of(_) => StatusCode::PARTIAL_CONTENT,
        Part::None => StatusCode::RANGE_NOT_SATISFIABLE,
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ACCEPT_RANGES, "bytes"));
    let part = match part {
        Part::Whole => 0..file.size(),
        Part::Of(part) => {
            let range = Some((part.start, part.end - 1));
            let spec = ContentRangeSpec::Bytes { range, instance_length: Some(file.size()) };
            response.insert_header(ContentRange(spec));
            part
        }
        Part::None => {
            let spec = ContentRangeSpec::Bytes { range: None, instance_length: Some(file.size()) };
            return Ok(response.insert_header(ContentRange(spec)).finish());
        }
    };
    response
        .insert_header((header::CONTENT_TYPE, if shown { kind } else { "application/octet-stream".into() }))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&stored.name, shown)))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        // Parts are parts of what was uploaded.
        .insert_header(ContentEncoding::Identity);
    if let Some(tag) = tag {
        response.insert_header(ETag(tag));
    }
    Ok(send(response, &file, part).await?)
}

async fn send(
    mut response: actix_web::HttpResponseBuilder,
    file: &Opened,
    part: Range<u64>,
) -> Result<HttpResponse, files::FileError> {
    let length = part.end - part.start;
    let mut pieces = file.read(part).await?;
    // What is damaged at its beginning is refused. Later an error breaks the connection off before the length that was
    // promised: nobody takes half a file for a whole one.
    let first = pieces.try_next().await?;
    let body = stream::iter(first.map(Ok)).chain(pieces).map_err(|error| {
        log::error!("a file is broken off: {error}");
        actix_web::error::ErrorInternalServerError("broken off")
    });
    Ok(response.no_chunking(length).streaming(body))
}

/// Has the client this content?
fn is_known(req: &HttpRequest, tag: &EntityTag) -> bool {
    matches!(IfNoneMatch::parse(req), Ok(IfNoneMatch::Items(known)) if known.iter().any(|known| known.weak_eq(tag)))
}

#[derive(Debug, PartialEq)]
enum Part {
    Whole,
    Of(Range<u64>),
    None,
}

/// The part that a request asks for. Anything but one range of bytes asks for the whole (RFC 9110, 14.2).
fn wanted(req: &HttpRequest, tag: Option<&EntityTag>, len: u64) -> Part {
    let asked = match Asked::parse(req) {
        Ok(Asked::Bytes(specs)) if req.headers().contains_key(header::RANGE) => specs,
        _ => return Part::Whole,
    };
    // Only of the file that the client knows.
    if req.headers().contains_key(header::IF_RANGE) {
        match (IfRange::parse(req), tag) {
            (Ok(IfRange::EntityTag(known)), Some(tag)) if known.strong_eq(tag) => {}
            _ => return Part::Whole,
        }
    }
    match asked.as_slice() {
        [one] => one.to_satisfiable_range(len).map_or(Part::None, |(from, to)| Part::Of(from..to + 1)),
        _ => Part::Whole,
    }
}

/// The name in ASCII for old clients, and in full.
fn disposition(name: &str, inline: bool) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    let full = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let way = if inline { "inline" } else { "attachment" };
    format!("{way}; filename=\"{ascii}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn names_cannot_break_out_of_the_header() {
        let header = disposition("报价\"; evil\r\n.pdf", false);
        assert!(header.starts_with("attachment; filename=\"____ evil__.pdf\"; filename*=UTF-8''%E6%8A%A5"), "{header}");
        assert!(!header.contains('\r'));
    }

    #[test]
    fn one_range_is_heeded_and_anything_else_is_the_whole() {
        let tag = EntityTag::new_strong("a".into());
        let part = |range: &str, known: Option<&str>| {
            let mut req = TestRequest::get().insert_header(("range", range));
            if let Some(known) = known {
                req = req.insert_header(("if-range", known));
            }
            wanted(&req.to_http_request(), Some(&tag), 100)
        };
        assert_eq!(part("bytes=0-0", None), Part::Of(0..1));
        assert_eq!(part("bytes=90-1000", None), Part::Of(90..100));
        assert_eq!(part("bytes=99-", None), Part::Of(99..100));
        assert_eq!(part("bytes=-7", None), Part::Of(93..100));
        assert_eq!(part("bytes=-700", None), Part::Of(0..100));
        assert_eq!(part("bytes=100-", None), Part::None);
        assert_eq!(part("bytes=-0", None), Part::None);
        for whole in ["bytes=0-1,5-6", "lines=1-2", "bytes", "bytes=b-a"] {
            assert_eq!(part(whole, None), Part::Whole, "{whole}");
        }
        assert_eq!(part("bytes=0-0", Some("\"a\"")), Part::Of(0..1));
        for other in ["\"b\"", "W/\"a\"", "Sun, 29 Nov 2026 10:00:00 GMT", "?"] {
            assert_eq!(part("bytes=0-0", Some(other)), Part::Whole, "{other}");
        }
        assert_eq!(wanted(&TestRequest::get().to_http_request(), Some(&tag), 100), Part::Whole);
    }
}
