//! How forms and record pages of an object are laid out: as anyone sees them, and as the company draws them.

use crate::call::{Answer, Call, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::header_text;
use crate::server::State;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::{Action, Error, Result};
use kezhan_features::platform::layouts::OBJECT;
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::Readable;
use kezhan_meta::{Layout, ObjectMeta, Record};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(read, write, reset))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::resource("/meta/objects/{object}/layout")
            .route(web::get().to(read))
            .route(web::put().to(write))
            .route(web::delete().to(reset)),
    );
}

/// Fields in sections, in order.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read by the derive only")]
#[schema(as = RecordLayoutBody)]
pub struct LayoutSchema {
    #[schema(max_items = 40)]
    sections: Vec<SectionSchema>,
    /// Fields that no section names follow at the end.
    #[schema(default = true)]
    rest: Option<bool>,
}

/// Fields under one heading.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read by the derive only")]
#[schema(as = RecordLayoutSection)]
pub struct SectionSchema {
    title: crate::openapi::schemas::LabelSchema,
    /// Fields beside each other, where there is room.
    #[schema(minimum = 1, maximum = 2, default = 2)]
    columns: Option<u8>,
    #[schema(default = false)]
    collapsible: Option<bool>,
    /// Closed at first.
    #[schema(default = false)]
    collapsed: Option<bool>,
    #[schema(max_items = 200)]
    fields: Vec<PlaceSchema>,
}

/// A field in its place. Conditions are trees as in queries; they read the record, and one step through a reference.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read by the derive only")]
#[schema(as = RecordLayoutField)]
pub struct PlaceSchema {
    #[schema(example = "lost_reason")]
    field: String,
    #[schema(value_type = Option<Object>)]
    visible_when: Option<Value>,
    /// Held against whatever is saved.
    #[schema(value_type = Option<Object>, example = json!({"field": "stage.outcome", "op": "eq", "value": "lost"}))]
    required_when: Option<Value>,
    /// Held against changes of what is stored.
    #[schema(value_type = Option<Object>)]
    read_only_when: Option<Value>,
}

/// A layout, and whose it is.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read by the derive only")]
pub struct LayoutAnswer {
    /// As it is shown to the caller.
    layout: LayoutSchema,
    /// The company's own, as it was drawn; null where the standard one holds.
    own: Option<LayoutSchema>,
    /// The version of the company's own, for `If-Match`.
    version: Option<i64>,
}

/// The layout of an object.
#[utoipa::path(get, path = "/api/v1/meta/objects/{object}/layout", tag = "meta", operation_id = "getObjectLayout",
    params(("object" = String, Path, description = "Singular or plural key", example = "account")),
    responses((status = 200, body = LayoutAnswer, description = "The layout")))]
pub async fn read(state: web::Data<State>, who: Who, object: web::Path<String>) -> Result<HttpResponse, ApiError> {
    Ok(run(state, who, move |call| answer(call, &object)).await?.into())
}

/// Lay an object out anew, for everyone in the company.
#[utoipa::path(put, path = "/api/v1/meta/objects/{object}/layout", tag = "meta", operation_id = "putObjectLayout",
    params(("object" = String, Path, description = "Singular or plural key", example = "account"),
        ("If-Match" = Option<String>, Header, description = "Only if the layout still has this version", example = "\"3\"")),
    request_body = LayoutSchema,
    responses((status = 200, body = LayoutAnswer, description = "Kept")))]
pub async fn write(
    state: web::Data<State>,
    once: Once,
    req: HttpRequest,
    object: web::Path<String>,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let layout: Layout = crate::call::parse(&body)?;
    let expected = expected(&req)?;
    let answer = once.run(&state, &body, move |call| {
        let target = find(call, &object)?;
        let layouts = call.caller.catalog.get(OBJECT).cloned().ok_or_else(Error::not_found)?;
        let settings = serde_json::to_value(&layout).map_err(|e| Error::Internal(e.to_string()))?;
        let mut record = Record::from_iter([("settings".to_owned(), settings)]);
        call.transaction(|call| {
            match stored(call, &layouts, &target)? {
                Some((id, _)) => {
                    call.state.engine.update(call.conn, call.caller, &layouts, id, record, expected)?;
                }
                None => {
                    record.insert("object".to_owned(), json!(target.name));
                    call.state.engine.create(call.conn, call.caller, &layouts, record)?;
                }
            }
            call.note_write(&layouts);
            let catalog = call.state.engine.catalog(call.conn, call.caller.tenant)?;
            let fresh = catalog.get(&target.name).cloned().ok_or_else(Error::not_found)?;
            shown(call, &fresh)
        })
    });
    Ok(answer.await?.into())
}

/// Back to the standard layout.
#[utoipa::path(delete, path = "/api/v1/meta/objects/{object}/layout", tag = "meta", operation_id = "resetObjectLayout",
    params(("object" = String, Path, description = "Singular or plural key", example = "account")),
    responses((status = 204, description = "The standard layout holds again")))]
pub async fn reset(state: web::Data<State>, once: Once, object: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let answer = once.run(&state, &[], move |call| {
        let target = find(call, &object)?;
        let layouts = call.caller.catalog.get(OBJECT).cloned().ok_or_else(Error::not_found)?;
        if !call.caller.access.may(OBJECT, Action::Configure) {
            return Err(Error::refused(Code::Forbidden, &[OBJECT]));
        }
        if let Some((id, _)) = stored(call, &layouts, &target)? {
            call.state.engine.delete(call.conn, call.caller, &layouts, id, None)?;
            call.note_write(&layouts);
        }
        Ok(Answer::empty(204))
    });
    Ok(answer.await?.into())
}

fn expected(req: &HttpRequest) -> Result<Option<i64>> {
    let Some(text) = header_text(req, header::IF_MATCH.as_str())?.filter(|t| t.trim() != "*") else { return Ok(None) };
    let number = text.trim().trim_start_matches("W/").trim_matches('"').parse();
    number.map(Some).map_err(|_| Error::refused(Code::BadValue, &["If-Match", "\"<version>\""]))
}

fn find(call: &Call<'_>, name: &str) -> Result<Arc<ObjectMeta>> {
    let catalog = &call.caller.catalog;
    let found = catalog.get(name).or_else(|| catalog.by_plural(name)).cloned();
    found.filter(|o| call.caller.access.may(&o.name, Action::Read)).ok_or_else(Error::not_found)
}

/// The company's own layout, read by the system: whoever may use an object may see how it is laid out.
fn stored(call: &mut Call<'_>, layouts: &Arc<ObjectMeta>, object: &ObjectMeta) -> Result<Option<(Uuid, Record)>> {
    let system = call.caller.elevated();
    let engine = &call.state.engine;
    let Some(id) = engine.find_unique(call.conn, &system, layouts, "object", &json!(object.name))? else {
        return Ok(None);
    };
    Ok(engine.fetch(call.conn, &system, layouts, id)?.map(|record| (id, record)))
}

fn answer(call: &mut Call<'_>, name: &str) -> Result<Answer> {
    let object = find(call, name)?;
    shown(call, &object)
}

fn shown(call: &mut Call<'_>, object: &ObjectMeta) -> Result<Answer> {
    let layouts = call.caller.catalog.get(OBJECT).cloned().ok_or_else(Error::not_found)?;
    let own = stored(call, &layouts, object)?.map(|(_, record)| record);
    let part = |key: &str| own.as_ref().and_then(|r| r.get(key)).cloned().unwrap_or(Value::Null);
    let (drawn, version) = (part("settings"), part("version"));
    let answer = Answer::json(200, &json!({"layout": visible(call, object), "own": drawn, "version": version}))?;
    Ok(match version.as_i64() {
        Some(version) => answer.version(version),
        None => answer,
    })
}

/// The layout as far as this caller may read its fields.
pub fn visible(call: &Call<'_>, object: &ObjectMeta) -> Option<Layout> {
    let mut layout = object.layout.clone()?;
    for section in &mut layout.sections {
        section.fields.retain(|p| object.field(&p.field).is_some_and(|f| call.caller.access.readable(object, f)));
    }
    layout.sections.retain(|s| !s.fields.is_empty());
    Some(layout)
}
