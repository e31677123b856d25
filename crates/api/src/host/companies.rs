//! Companies: listed, added, suspended, resumed; and what was done here.

use super::door::Keeper;
use super::schemas::{Companies, Company, CompanyCreate, HostTrail};
use crate::call::parse;
use crate::extract::Json;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_features::host::{tenants, trail as line};
use kezhan_meta::problem::Code;
use serde_json::json;
use utoipa::OpenApi;
use uuid::Uuid;

#[derive(OpenApi)]
#[openapi(paths(list, create, suspend, resume, trail))]
pub struct Docs;

type Answer = Result<HttpResponse, ApiError>;

/// The companies on this installation, oldest first: how many people and how much they keep, and not what.
#[utoipa::path(get, path = "/api/v1/host/companies", tag = "host", operation_id = "hostListCompanies", security(("host" = [])),
    responses((status = 200, body = Companies, description = "Companies")))]
pub async fn list(state: web::Data<State>, keeper: Keeper) -> Answer {
    let all = keeper.run(&state, |conn, _| tenants::list(conn)).await?;
    Ok(HttpResponse::Ok().json(json!({ "data": all })))
}

/// Add a company, with roles, a sales pipeline and an administrator.
#[utoipa::path(post, path = "/api/v1/host/companies", tag = "host", operation_id = "hostAddCompany", security(("host" = [])),
    request_body = CompanyCreate, responses((status = 201, body = Company, description = "The company")))]
pub async fn create(state: web::Data<State>, keeper: Keeper, Json(body): Json) -> Answer {
    let wish: tenants::Wish = parse(&body)?;
    let engine = state.engine.clone();
    let made = keeper.run(&state, move |conn, actor| tenants::create(conn, &engine, actor, &wish)).await?;
    Ok(HttpResponse::Created().json(made))
}

/// Suspend a company: its sessions, keys and tokens are good for nothing and its jobs rest from now on.
#[utoipa::path(post, path = "/api/v1/host/companies/{id}/suspend", tag = "host", operation_id = "hostSuspendCompany", security(("host" = [])),
    params(("id" = Uuid, Path, description = "The company")),
    responses((status = 200, body = Company, description = "As it is now")))]
pub async fn suspend(state: web::Data<State>, keeper: Keeper, id: web::Path<Uuid>) -> Answer {
    let id = id.into_inner();
    let now = keeper.run(&state, move |conn, actor| {
        let company = tenants::find(conn, id)?;
        tenants::suspend(conn, actor, &company)?;
        tenants::find(conn, id)
    });
    let now = now.await?;
    state.identities.expire(id);
    Ok(HttpResponse::Ok().json(now))
}

/// Let a company go on as before.
#[utoipa::path(post, path = "/api/v1/host/companies/{id}/resume", tag = "host", operation_id = "hostResumeCompany", security(("host" = [])),
    params(("id" = Uuid, Path, description = "The company")),
    responses((status = 200, body = Company, description = "As it is now")))]
pub async fn resume(state: web::Data<State>, keeper: Keeper, id: web::Path<Uuid>) -> Answer {
    let id = id.into_inner();
    let now = keeper.run(&state, move |conn, actor| {
        let company = tenants::find(conn, id)?;
        tenants::resume(conn, actor, &company)?;
        tenants::find(conn, id)
    });
    Ok(HttpResponse::Ok().json(now.await?))
}

/// What was done to the installation, newest first. Nothing in it can be changed.
#[utoipa::path(get, path = "/api/v1/host/trail", tag = "host", operation_id = "hostTrail", security(("host" = [])),
    params(
        ("before" = Option<i64>, Query, description = "`next` of the last answer"),
        ("limit" = Option<u32>, Query, description = "Most lines, up to 200", example = 50),
    ),
    responses((status = 200, body = HostTrail, description = "The trail")))]
pub async fn trail(state: web::Data<State>, keeper: Keeper, req: HttpRequest) -> Answer {
    let params = Params::parse(req.query_string())?;
    params.only(&["before", "limit"])?;
    let limit = i64::from(params.limit()?.unwrap_or(50));
    let bad = |_| ApiError::refused(Code::BadCursor, &[]);
    let before = params.get("before").map(str::parse::<i64>).transpose().map_err(bad)?;
    let lines = keeper.run(&state, move |conn, _| line::list(conn, before, limit)).await?;
    let next = lines.last().filter(|_| lines.len() as i64 == limit).map(|l| l.seq);
    Ok(HttpResponse::Ok().json(json!({ "data": lines, "next": next })))
}
