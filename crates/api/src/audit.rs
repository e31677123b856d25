//! The audit trail: read, taken along, kept for as long as wanted.

use crate::bulk::stream;
use crate::call::{Call, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, SecondsFormat, Utc};
use kezhan_engine::audit::{self, Category, Entry, Event, Filter, Note};
use kezhan_engine::transfer::write::{Column, create};
use kezhan_engine::transfer::{Cell, Format};
use kezhan_engine::{Caller, Error, Result};
use kezhan_meta::Label;
use kezhan_meta::check::instant;
use kezhan_meta::problem::Code;
use kezhan_meta::trail::action_label;
use serde_json::{Map, Value, json};
use std::io::Write;
use utoipa::OpenApi;
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(list, export, retention, set_retention))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/audit")
            .service(web::resource("").get(list))
            .service(web::resource("/export").get(export))
            .service(web::resource("/retention").get(retention).patch(set_retention)),
    );
}

const FILTERS: &[&str] = &["actor", "object", "record", "category", "action", "from", "to", "q"];
const PAGE: usize = 50;
const BATCH: usize = 200;

/// Everything that happened: changes to records, sign-ins, exports, imports, keys, passwords, looks at what is guarded.
/// For those who configure users. Of records that the caller may not see it tells that something was done, not what.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "listAudit",
    params(
        ("actor" = Option<Uuid>, Query, description = "Who did it"),
        ("object" = Option<String>, Query, description = "To records of this object", example = "account"),
        ("record" = Option<Uuid>, Query, description = "To this record"),
        ("category" = Option<String>, Query, description = "`sign_in`, `security`, `rights`, `configuration`, `transfer`, `reading`, `data` or `retention`", example = "sign_in"),
        ("action" = Option<String>, Query, description = "What was done", example = "sign_in_failed"),
        ("from" = Option<String>, Query, description = "From this day or moment on", example = "2026-11-01"),
        ("to" = Option<String>, Query, description = "Up to this day and with it, or up to this moment", example = "2026-11-30"),
        ("q" = Option<String>, Query, description = "In the name of who did it, the address, the client, the number of the request; and entries of records that search finds by it (200 of each object)", example = "203.0.113.7"),
        ("limit" = Option<u32>, Query, description = "Entries of a page, up to 200", example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, body = crate::openapi::schemas::AuditPage, description = "Entries, newest first")))]
pub async fn list(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&[FILTERS, &["limit", "cursor"]].concat())?;
    let cursor = params.get("cursor").map(str::parse).transpose();
    let cursor = cursor.map_err(|_| Error::refused(Code::BadCursor, &[]))?;
    let limit = params.limit()?.map_or(PAGE, |n| n as usize);
    let page = run(state, who, move |call| {
        audit::allowed(call.caller)?;
        let filter = filter(call.caller, &params)?;
        call.state.engine.audit(call.conn, call.caller, &filter, cursor, limit)
    })
    .await?;
    let next = page.next.map(|n| n.to_string());
    Ok(HttpResponse::Ok().json(json!({ "data": page.entries, "next_cursor": next })))
}

/// The trail as a file, newest first, sent while it is being made. Itself an entry of the trail.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", operation_id = "exportAudit",
    params(
        ("format" = Option<String>, Query, description = "`csv` (default) or `ndjson`", example = "csv"),
        ("actor" = Option<Uuid>, Query, description = "As in the list, like all that follow"),
        ("object" = Option<String>, Query, description = "To records of this object", example = "account"),
        ("record" = Option<Uuid>, Query, description = "To this record"),
        ("category" = Option<String>, Query, description = "Of this category", example = "sign_in"),
        ("action" = Option<String>, Query, description = "What was done", example = "export"),
        ("from" = Option<String>, Query, description = "From this day or moment on", example = "2026-11-01"),
        ("to" = Option<String>, Query, description = "Up to this day or moment", example = "2026-11-30"),
        ("q" = Option<String>, Query, description = "This text", example = "203.0.113.7"),
    ),
    responses((status = 200, content_type = "text/csv", body = String, description = "The file")))]
pub async fn export(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&[FILTERS, &["format"]].concat())?;
    let format = match params.get("format").unwrap_or("csv") {
        "csv" => Format::Csv,
        "ndjson" => Format::Ndjson,
        _ => return Err(ApiError::refused(Code::BadValue, &["format", "csv, ndjson"])),
    };
    let asked: Map<String, Value> =
        FILTERS.iter().filter_map(|f| Some(((*f).to_owned(), params.get(f)?.into()))).collect();
    let (filter, name) = run(state.clone(), who.clone(), move |call| {
        audit::allowed(call.caller)?;
        // What is on record as done must name who did it.
        if call.identity.viewer.is_some() {
            return Err(Error::refused(Code::ReadOnlyView, &[]));
        }
        let filter = filter(call.caller, &params)?;
        let detail = json!({ "format": format, "filter": asked });
        Note::by(call.caller, Event::AuditExported).with(detail).write(call.conn, call.caller.tenant)?;
        let title = Label::new("审计日志", "Audit log");
        let day = call.caller.context().today().format("%Y-%m-%d").to_string();
        Ok((filter, format!("{}-{day}.{format}", title.get(call.caller.lang))))
    })
    .await?;
    let write = move |call: &mut Call<'_>, out: &mut (dyn Write + Send)| written(call, &filter, format, out);
    Ok(stream::file(state, who, format, &name, write))
}

/// How long entries are kept, and how far the trail is sealed.
#[utoipa::path(get, path = "/api/v1/audit/retention", tag = "audit", operation_id = "getAuditRetention",
    responses((status = 200, body = crate::openapi::schemas::AuditRetention, description = "Days by category; what is not named is kept for good")))]
pub async fn retention(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let body = run(state, who, |call| {
        audit::allowed(call.caller)?;
        rules(call)
    });
    Ok(HttpResponse::Ok().json(body.await?))
}

/// Keep entries of a category for so many days; null keeps them for good.
#[utoipa::path(patch, path = "/api/v1/audit/retention", tag = "audit", operation_id = "setAuditRetention",
    request_body = crate::openapi::schemas::AuditDays,
    responses((status = 200, body = crate::openapi::schemas::AuditRetention, description = "The rules as they are now")))]
pub async fn set_retention(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let wish: Map<String, Value> = crate::call::parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        audit::allowed(call.caller)?;
        audit::set_retention(call.conn, call.caller, &wish)?;
        crate::call::Answer::json(200, &rules(call)?)
    });
    Ok(answer.await?.into())
}

fn rules(call: &mut Call<'_>) -> Result<Value> {
    let days = audit::keep_to(call.conn, call.caller.tenant)?;
    let head = audit::head(call.conn, call.caller.tenant)?;
    let seal = head.at.map(|at| json!({ "no": head.no, "hash": hex::encode(&head.hash), "at": instant(at) }));
    Ok(json!({ "days": days, "days_min": audit::DAYS_MIN, "seal": seal }))
}

fn filter(caller: &Caller, params: &Params) -> Result<Filter> {
    let id = |name: &str| {
        let parsed = params.get(name).map(Uuid::parse_str).transpose();
        parsed.map_err(|_| Error::refused(Code::BadValue, &[name, "uuid"]))
    };
    let category = match params.get("category") {
        None => None,
        Some(key) => Some(Category::parse(key).ok_or_else(|| {
            let all: Vec<&str> = Category::ALL.iter().map(|c| c.key()).collect();
            Error::refused(Code::BadValue, &["category", &all.join(", ")])
        })?),
    };
    if let Some(unknown) = params.get("object").filter(|o| caller.catalog.get(o).is_none()) {
        return Err(Error::refused(Code::BadValue, &["object", unknown]));
    }
    Ok(Filter {
        actor: id("actor")?,
        record: id("record")?,
        object: params.get("object").map(str::to_owned),
        category,
        action: params.get("action").map(str::to_owned),
        from: moment(caller, params, "from", 0)?,
        to: moment(caller, params, "to", 1)?,
        q: params.get("q").map(str::to_owned),
    })
}

/// A moment, or the beginning of a day where the caller is, so many days later.
fn moment(caller: &Caller, params: &Params, name: &str, later: u64) -> Result<Option<DateTime<Utc>>> {
    let Some(text) = params.get(name) else { return Ok(None) };
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(Some(at.to_utc()));
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|d| d.checked_add_days(Days::new(later)));
    let zone = FixedOffset::east_opt(caller.offset_minutes * 60);
    let at = day.zip(zone).and_then(|(d, z)| d.and_time(NaiveTime::MIN).and_local_timezone(z).earliest());
    let wrong = || Error::refused(Code::BadValue, &[name, "2026-11-30, 2026-11-30T08:00:00Z"]);
    at.map(|at| Some(at.to_utc())).ok_or_else(wrong)
}

const COLUMNS: &[(&str, Label)] = &[
    ("at", Label::new("时间", "Time")),
    ("category", Label::new("类别", "Category")),
    ("action", Label::new("操作", "Action")),
    ("actor", Label::new("操作人", "Actor")),
    ("username", Label::new("用户名", "Username")),
    ("as", Label::new("以谁的身份查看", "Looking as")),
    ("object", Label::new("对象", "Object")),
    ("record", Label::new("记录", "Record")),
    ("record_title", Label::new("记录名称", "Record name")),
    ("channel", Label::new("途径", "Channel")),
    ("ip", Label::new("IP 地址", "IP address")),
    ("via", Label::new("会话 / 密钥 / 任务", "Session, key or job")),
    ("agent", Label::new("客户端", "Client")),
    ("request_id", Label::new("请求编号", "Request")),
    ("changes", Label::new("变更", "Changes")),
    ("detail", Label::new("详情", "Detail")),
];

fn written(call: &mut Call<'_>, filter: &Filter, format: Format, out: &mut (dyn Write + Send)) -> Result<()> {
    if format == Format::Ndjson {
        return each(call, filter, |entry| {
            serde_json::to_writer(&mut *out, entry).map_err(broken)?;
            out.write_all(b"\n").map_err(broken)
        });
    }
    let lang = call.caller.lang;
    let head: Vec<Column> = COLUMNS.iter().map(|(key, label)| Column::new(*key, label.get(lang))).collect();
    let mut sheet = create(format, out, &head).map_err(broken)?;
    let caller = call.caller;
    each(call, filter, |entry| sheet.row(&cells(entry, caller)).map_err(broken))?;
    sheet.finish().map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}

fn each(call: &mut Call<'_>, filter: &Filter, mut take: impl FnMut(&Entry) -> Result<()>) -> Result<()> {
    let mut cursor = None;
    loop {
        let page = call.state.engine.audit(call.conn, call.caller, filter, cursor, BATCH)?;
        page.entries.iter().try_for_each(&mut take)?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// By the reader's clock, which it names.
fn local(at: &str, caller: &Caller) -> String {
    let zone = FixedOffset::east_opt(caller.offset_minutes * 60);
    let local = DateTime::parse_from_rfc3339(at).ok().zip(zone).map(|(at, zone)| at.with_timezone(&zone));
    local.map_or_else(|| at.to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Millis, false))
}

fn cells(entry: &Entry, caller: &Caller) -> Vec<Cell> {
    let text = |value: Option<&str>| Cell::text(value.unwrap_or_default());
    let part = |of: &Option<Value>, key: &str| {
        Cell::text(of.as_ref().and_then(|v| v.get(key)).and_then(Value::as_str).unwrap_or_default())
    };
    let map = |map: &Map<String, Value>| match map.is_empty() {
        true => Cell::Empty,
        false => Cell::text(Value::Object(map.clone()).to_string()),
    };
    let object = |name: &str| match caller.catalog.get(name) {
        Some(object) => object.label.get(caller.lang).to_owned(),
        None => name.to_owned(),
    };
    let named = |label: Option<Label>, key: &str| match label {
        Some(label) => Cell::text(label.get(caller.lang)),
        None => Cell::text(key),
    };
    vec![
        Cell::text(local(&entry.at, caller)),
        named(Category::parse(entry.category).map(Category::label), entry.category),
        named(action_label(&entry.action), &entry.action),
        part(&entry.actor, "name"),
        part(&entry.actor, "username"),
        part(&entry.seen_as, "username"),
        Cell::text(entry.object.as_deref().map(object).unwrap_or_default()),
        part(&entry.record, "id"),
        part(&entry.record, "title"),
        text(Some(&entry.channel)),
        text(entry.ip.as_deref()),
        Cell::text(entry.via.map(|v| v.to_string()).unwrap_or_default()),
        text(entry.agent.as_deref()),
        text(Some(&entry.request_id)),
        map(&entry.changes),
        entry.detail.as_object().map_or(Cell::Empty, map),
    ]
}
