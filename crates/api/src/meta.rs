//! The model as data: what objects there are, what their fields are, and what this caller may do with them.

use crate::auth::object_permissions;
use crate::call::{Answer, Call, run};
use crate::extract::Who;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::describe_action;
use crate::server::State;
use actix_web::http::header;
use actix_web::middleware::Compress;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::access::{Level, Relation};
use kezhan_engine::search::keys::{SearchPart, search_text};
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::query::ListQuery;
use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Op, Str};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use utoipa::OpenApi;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(list, one, catalog))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    // Long, the same for weeks, and none of it comes from whoever asks.
    app.service(
        web::scope("/meta")
            .wrap(Compress::default())
            .service(web::resource("/objects").get(list))
            .service(web::resource("/objects/{object}").get(one))
            .service(web::resource("/catalog").get(catalog)),
    );
}

/// The objects that this caller may read.
#[utoipa::path(get, path = "/api/v1/meta/objects", tag = "meta", operation_id = "listObjects",
    responses((status = 200, body = crate::openapi::schemas::MetaObjectList, description = "Objects with the caller's permissions")))]
pub async fn list(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let answer = run(state, who, |call| {
        let mut data: Vec<Value> = Vec::new();
        for object in visible(call) {
            let mut one = summary(call, &object);
            one["search"] = json!(found_by(&object));
            data.push(one);
        }
        Answer::json(200, &json!({ "data": data }))
    });
    Ok(tagged(answer.await?, &req))
}

/// One object: fields, relations, actions, views.
#[utoipa::path(get, path = "/api/v1/meta/objects/{object}", tag = "meta", operation_id = "getObject",
    params(("object" = String, Path, description = "Singular or plural key", example = "account")),
    responses((status = 200, body = crate::openapi::schemas::MetaObject, description = "The object as this caller may use it")))]
pub async fn one(
    state: web::Data<State>,
    who: Who,
    req: HttpRequest,
    object: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let answer = run(state, who, move |call| {
        let catalog = &call.caller.catalog;
        let found = catalog.get(&object).or_else(|| catalog.by_plural(&object)).cloned();
        let found = found.filter(|o| call.caller.access.may(&o.name, Action::Read)).ok_or_else(Error::not_found)?;
        Answer::json(200, &full(call, &found)?)
    });
    Ok(tagged(answer.await?, &req))
}

/// All objects that this caller may read, each whole: what a client needs to draw screens for any of them.
#[utoipa::path(get, path = "/api/v1/meta/catalog", tag = "meta", operation_id = "getCatalog",
    responses((status = 200, body = crate::openapi::schemas::MetaCatalog, description = "Objects as this caller may use them")))]
pub async fn catalog(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let answer = run(state, who, |call| {
        let data = visible(call).iter().map(|object| full(call, object)).collect::<Result<Vec<Value>>>()?;
        Answer::json(200, &json!({ "data": data }))
    });
    Ok(tagged(answer.await?, &req))
}

fn visible(call: &Call<'_>) -> Vec<Arc<ObjectMeta>> {
    let access = &call.caller.access;
    call.caller.catalog.objects().filter(|o| access.may(&o.name, Action::Read)).cloned().collect()
}

fn summary(call: &Call<'_>, object: &ObjectMeta) -> Value {
    json!({
        "name": object.name,
        "plural": object.plural,
        "label": object.label,
        "label_many": object.label_many,
        "help": object.help,
        "area": object.area,
        "icon": object.icon,
        "title": object.title,
        "custom": object.custom,
        "listed": object.listed,
        "permissions": object_permissions(&call.caller.access, &object.name),
    })
}

/// Its names in both languages, and how the Chinese one sounds.
fn found_by(object: &ObjectMeta) -> String {
    let names = [&object.label.zh, &object.label.en, &object.label_many.en];
    search_text(&names.map(|name| SearchPart::Name(name)))
}

fn full(call: &mut Call<'_>, object: &Arc<ObjectMeta>) -> Result<Value> {
    let access = &call.caller.access;
    let fields: Vec<Value> = object
        .fields
        .iter()
        .filter(|f| f.secret || access.field_rule(object, f).most() > Level::Hidden)
        .map(|f| {
            let mut value = json!(f);
            if let Some(map) = value.as_object_mut() {
                // Where a value is stored is nobody's business but the engine's.
                map.remove("storage");
                map.insert("writable".into(), json!(access.writable(object, f, Relation::Owner)));
                // Nobody asks by what they see in outline only.
                let asked = f.secret || access.readable(object, f);
                map.insert("filterable".into(), json!(asked && f.filterable()));
                map.insert("sortable".into(), json!(asked && f.sortable()));
                let operators = if asked && f.filterable() { f.operators() } else { &[] };
                map.insert("operators".into(), json!(operators));
            }
            value
        })
        .collect();
    let related = call.caller.catalog.related(&object.name).iter();
    let related: Vec<_> = related.filter(|r| access.may(&r.object, Action::Read)).collect();
    let actions: Vec<Value> =
        call.state.actions.iter().filter(|a| a.applies(object)).map(|a| describe_action(a.as_ref(), None)).collect();
    let mut out = summary(call, object);
    let views = views(call, object)?;
    if let Some(map) = out.as_object_mut() {
        map.insert("scope".into(), json!(object.scope));
        map.insert("follows".into(), json!(object.follows));
        map.insert("opens".into(), json!(object.opens));
        map.insert("configured".into(), json!(object.configured));
        map.insert("fields".into(), json!(fields));
        map.insert("related".into(), json!(related));
        map.insert("actions".into(), json!(actions));
        map.insert("layouts".into(), layouts(call, object));
        map.insert("layout".into(), json!(crate::layouts::visible(call, object)));
        map.insert("views".into(), views);
    }
    Ok(out)
}

/// How lists and record pages are laid out before anyone chooses otherwise: the columns, and the fields by section.
fn layouts(call: &Call<'_>, object: &ObjectMeta) -> Value {
    let shown: Vec<&FieldMeta> =
        object.fields.iter().filter(|f| !f.hidden && call.caller.access.readable(object, f)).collect();
    let list: Vec<&Str> = shown.iter().filter(|f| f.in_list).map(|f| &f.key).collect();
    let mut sections: Vec<(&Str, Vec<&Str>)> = Vec::new();
    for field in &shown {
        match sections.iter_mut().find(|(name, _)| **name == field.section) {
            Some((_, fields)) => fields.push(&field.key),
            None => sections.push((&field.section, vec![&field.key])),
        }
    }
    let record: Vec<Value> =
        sections.iter().map(|(section, fields)| json!({"section": section, "fields": fields})).collect();
    json!({"list": list, "record": record})
}

/// The saved views that this caller may use.
fn views(call: &mut Call<'_>, object: &ObjectMeta) -> Result<Value> {
    let Some(saved_view) = call.caller.catalog.get("saved_view").cloned() else { return Ok(json!([])) };
    if !call.caller.access.may("saved_view", Action::Read) {
        return Ok(json!([]));
    }
    let query = ListQuery {
        filter: Some(Filter::field("object", Op::Eq, object.name.to_string())),
        fields: Some(["id", "name", "name_en", "settings", "visibility", "owner"].map(str::to_owned).to_vec()),
        limit: Some(200),
        ..ListQuery::default()
    };
    let (views, _) = call.state.engine.records(call.conn, call.caller, &saved_view, &query)?;
    Ok(json!(views))
}

/// Answers with an entity tag over the content: the client keeps the model and asks whether it still holds. A weak one,
/// for the bytes depend on how they are compressed.
fn tagged(answer: Answer, req: &HttpRequest) -> HttpResponse {
    let tag = format!("W/\"{}\"", &hex::encode(Sha256::digest(&answer.body))[..32]);
    let known = req.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let answer = match known.is_some_and(|known| known.split(',').any(|t| t.trim() == tag)) {
        true => Answer::empty(304),
        false => answer,
    };
    answer.with("etag", tag).into()
}
