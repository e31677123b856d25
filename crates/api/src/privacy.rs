//! The data map: per field what is kept, why, for how long, where, who reads it.

use crate::bulk::stream;
use crate::call::{Call, run};
use crate::extract::Who;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_domain::platform::LegalBasis;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::transfer::write::{Column, create};
use kezhan_engine::transfer::{Cell, Format};
use kezhan_engine::{Action, Error, Result};
use kezhan_features::actions::Target;
use kezhan_features::platform::privacy;
use kezhan_features::platform::privacy::data_map::{self, Row};
use kezhan_meta::problem::Code;
use kezhan_meta::{ChoiceSet, Label, Lang, Sensitivity};
use serde_json::{Value, json};
use std::io::Write;
use utoipa::OpenApi;
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(map, export, gathered))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/privacy/data_map")
            .service(web::resource("").get(map))
            .service(web::resource("/export").get(export)),
    );
    app.service(web::resource("/subject_requests/{id}/data").get(gathered));
}

fn least(params: &Params) -> Result<Sensitivity> {
    let all: Vec<&str> = Sensitivity::ALL.iter().map(|s| s.key()).collect();
    let wrong = || Error::refused(Code::BadValue, &["min", &all.join(", ")]);
    params.get("min").map_or(Ok(Sensitivity::Personal), |key| Sensitivity::parse(key).ok_or_else(wrong))
}

/// What is kept of whom: each field with its sensitivity, purpose, legal basis, retention, place, and the roles that may
/// read it; and where data lies. For those who set field policies (`/field_policies`), which change what is said here.
#[utoipa::path(get, path = "/api/v1/privacy/data_map", tag = "privacy", operation_id = "getDataMap",
    params(("min" = Option<String>, Query, description = "Fields of this level and above: `public`, `internal`, `personal` (default), `sensitive` or `secret`", example = "personal")),
    responses((status = 200, body = crate::openapi::schemas::DataMap, description = "Fields in the order of the objects")))]
pub async fn map(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["min"])?;
    let least = least(&params)?;
    let rows = run(state.clone(), who, move |call| data_map::rows(&call.state.engine, call.conn, call.caller, least));
    Ok(HttpResponse::Ok().json(json!({ "data": rows.await?, "stores": stores(&state) })))
}

/// The data map as a file. Goes into the audit trail.
#[utoipa::path(get, path = "/api/v1/privacy/data_map/export", tag = "privacy", operation_id = "exportDataMap",
    params(
        ("format" = Option<String>, Query, description = "`xlsx` (default) or `csv`", example = "xlsx"),
        ("min" = Option<String>, Query, description = "As in the map", example = "internal"),
    ),
    responses((status = 200, description = "The file", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub async fn export(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["min", "format"])?;
    let format = match params.get("format").unwrap_or("xlsx") {
        "csv" => Format::Csv,
        "xlsx" => Format::Xlsx,
        _ => return Err(ApiError::refused(Code::BadValue, &["format", "xlsx, csv"])),
    };
    let least = least(&params)?;
    let (rows, name) = run(state.clone(), who.clone(), move |call| {
        let rows = data_map::rows(&call.state.engine, call.conn, call.caller, least)?;
        let detail = json!({ "format": format, "what": "data_map" });
        Note::by(call.caller, Event::Exported)
            .on("field_policy", None)
            .with(detail)
            .write(call.conn, call.caller.tenant)?;
        let title = Label::new("数据地图", "Data map");
        let day = call.caller.context().today().format("%Y-%m-%d").to_string();
        Ok((rows, format!("{}-{day}.{format}", title.get(call.caller.lang))))
    })
    .await?;
    let write = move |call: &mut Call<'_>, out: &mut (dyn Write + Send)| written(call.caller.lang, &rows, format, out);
    Ok(stream::file(state, who, format, &name, write))
}

/// Where data lies. Whether a place is abroad, its address does not tell for sure; the company says so in its policies.
fn stores(state: &State) -> Value {
    let database = match &state.config.database_url {
        None => json!({ "kind": "database", "place": "embedded" }),
        Some(url) => json!({ "kind": "database", "place": host(url) }),
    };
    let files = match &state.config.bucket {
        None => json!({ "kind": "files", "place": "directory" }),
        Some(bucket) => json!({
            "kind": "files",
            "place": bucket.endpoint.as_deref().map_or_else(|| "amazonaws.com".to_owned(), host),
            "region": bucket.region.as_deref().unwrap_or("us-east-1"),
            "bucket": bucket.name,
        }),
    };
    json!([database, files])
}

/// The host of an address, without user and password.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() { "local".to_owned() } else { host.to_owned() }
}

const COLUMNS: &[(&str, Label)] = &[
    ("object", Label::new("对象", "Object")),
    ("field", Label::new("字段", "Field")),
    ("key", Label::new("字段标识", "Key")),
    ("sensitivity", Label::new("敏感级别", "Sensitivity")),
    ("encrypted", Label::new("加密存储", "Encrypted")),
    ("purpose", Label::new("处理目的", "Purpose")),
    ("legal_basis", Label::new("合法性基础", "Legal basis")),
    ("retention_months", Label::new("保存期限（月）", "Kept for (months)")),
    ("stored", Label::new("存储位置", "Stored in")),
    ("cross_border", Label::new("出境说明", "Cross-border")),
    ("readers", Label::new("可查看的角色", "Roles that may read")),
];

fn written(lang: Lang, rows: &[Row], format: Format, out: &mut (dyn Write + Send)) -> Result<()> {
    let broken = |e: kezhan_engine::transfer::write::WriteError| Error::Internal(e.to_string());
    let head: Vec<Column> = COLUMNS.iter().map(|(key, label)| Column::new(*key, label.get(lang))).collect();
    let mut sheet = create(format, out, &head).map_err(broken)?;
    for row in rows {
        let text = |value: &Option<String>| value.as_deref().map_or(Cell::Empty, Cell::text);
        let basis =
            row.legal_basis.as_ref().and_then(|key| LegalBasis::CHOICES.iter().find(|c| c.value == key.as_str()));
        let yes = Label::new("是", "yes");
        let readers: Vec<String> =
            row.readers.iter().map(|r| format!("{} ({})", r.role, level(r.level, lang))).collect();
        let cells = [
            Cell::text(row.object_label.get(lang)),
            Cell::text(row.label.get(lang)),
            Cell::text(format!("{}.{}", row.object, row.field)),
            Cell::text(row.sensitivity.label().get(lang)),
            if row.encrypted { Cell::text(yes.get(lang)) } else { Cell::Empty },
            text(&row.purpose),
            basis.map_or(Cell::Empty, |b| Cell::text(b.label.get(lang))),
            row.retention_months.map_or(Cell::Empty, |n| Cell::text(n.to_string())),
            Cell::text(row.stored.clone()),
            text(&row.cross_border),
            Cell::text(readers.join("; ")),
        ];
        sheet.row(&cells).map_err(broken)?;
    }
    sheet.finish().map_err(broken)
}

fn level(level: kezhan_engine::access::Level, lang: Lang) -> &'static str {
    use kezhan_engine::access::Level as L;
    match (level, lang) {
        (L::Hidden, Lang::Zh) => "不可见",
        (L::Hidden, Lang::En) => "hidden",
        (L::Masked, Lang::Zh) => "脱敏",
        (L::Masked, Lang::En) => "masked",
        (L::Read, Lang::Zh) => "可看",
        (L::Read, Lang::En) => "read",
        (L::Write, Lang::Zh) => "可改",
        (L::Write, Lang::En) => "write",
    }
}

/// All that is kept about the person of a request, as one JSON document that is sent while it is being made: as the action
/// `gather_data` answers, however much it is. `complete` is its last member; a document without it was broken off. Goes
/// into the audit trail.
#[utoipa::path(get, path = "/api/v1/subject_requests/{id}/data", tag = "privacy", operation_id = "getSubjectData",
    params(("id" = Uuid, Path, description = "The request: verified, and about a contact or a lead")),
    responses((status = 200, content_type = "application/json", body = Value, description = "The document",
        example = json!({"made_at": "2026-11-24T06:30:00Z", "object": "contact", "record": {"id": "018f3a5e-7c1b-4d3e-9a51-0c2b6f1d4e88", "name": "陈静"}, "related": {"follow_up": []}, "history": [], "complete": true}))))]
pub async fn gathered(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    let found = run(state.clone(), who.clone(), move |call| {
        let object = call.object("subject_requests")?;
        let record = call.state.engine.fetch(call.conn, call.caller, &object, id)?.ok_or_else(Error::not_found)?;
        if !call.caller.access.may(&object.name, Action::Configure) {
            return Err(Error::refused(Code::Forbidden, &["gather_data"]));
        }
        let number = record.get("number").and_then(Value::as_str).unwrap_or("request").to_owned();
        let (object, person) = call.transaction(|call| {
            let (engine, caller, record) = (call.state.engine.as_ref(), call.caller, &record);
            privacy::gathered(&mut Target {
                engine,
                conn: call.conn,
                caller,
                object: &object,
                id,
                record,
                expected: None,
            })
        })?;
        Ok((object, person, format!("{number}.json")))
    });
    let (object, person, name) = found.await?;
    let write = move |call: &mut Call<'_>, out: &mut (dyn Write + Send)| {
        privacy::write_gathered(&call.state.engine, call.conn, call.caller, &object, person, out)
    };
    Ok(stream::document(state, who, "application/json", &name, write))
}

#[cfg(test)]
mod tests {
    #[test]
    fn places_are_told_without_passwords() {
        assert_eq!(super::host("postgres://u:p%40ss@db.example.com:5432/kezhan?x=1"), "db.example.com:5432");
        assert_eq!(super::host("postgres://u:p@/kezhan?host=/run"), "local");
        assert_eq!(super::host("https://oss-cn-hangzhou.aliyuncs.com"), "oss-cn-hangzhou.aliyuncs.com");
    }
}
