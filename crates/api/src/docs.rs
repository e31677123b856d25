//! The API's reference: the document, and pages that render it without the network.

use crate::call::run;
use crate::extract::{Who, credential};
use crate::openapi::{document, text};
use crate::parts::Part;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use kezhan_meta::Catalog;
use kezhan_meta::problem::Code;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use utoipa::OpenApi;
use utoipa_swagger_ui::Config;
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(openapi_json))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/openapi.json").get(openapi_json));
}

/// `/docs` and what its pages load.
pub fn pages(app: &mut web::ServiceConfig) {
    app.service(web::resource("/docs").get(to_docs)).service(web::resource("/docs/{file:.*}").get(page));
}

/// Documents that have been built, each with the catalogue that it describes.
#[derive(Default)]
pub struct Documents {
    standard: OnceLock<web::Bytes>,
    tenants: Mutex<HashMap<Uuid, (Arc<Catalog>, web::Bytes)>>,
}

impl Documents {
    fn standard(&self, state: &State) -> web::Bytes {
        self.standard.get_or_init(|| text(&document(state.engine.standard(), &state.actions)).into()).clone()
    }

    fn of_tenant(&self, state: &State, tenant: Uuid, catalog: &Arc<Catalog>) -> web::Bytes {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, bytes)) = tenants.get(&tenant)
            && Arc::ptr_eq(known, catalog)
        {
            return bytes.clone();
        }
        let bytes = web::Bytes::from(text(&document(catalog, &state.actions)));
        // Many tenants on one host: keep a few, build the others when asked.
        if tenants.len() >= 50 {
            tenants.clear();
        }
        tenants.insert(tenant, (catalog.clone(), bytes.clone()));
        bytes
    }
}

/// This document. Signed in: with the tenant's own objects and fields.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "meta", operation_id = "getOpenapi", security((), ("bearer" = []), ("cookie" = [])),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)))]
pub async fn openapi_json(state: web::Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let bytes = match credential(&state, &req)? {
        None => state.documents.standard(&state),
        Some(_) => {
            let who = Who::extract(&req).await?;
            let shared = state.clone();
            run(state, who, move |call| {
                Ok(shared.documents.of_tenant(&shared, call.caller.tenant, &call.caller.catalog))
            })
            .await?
        }
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(bytes))
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

async fn page(file: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let config = Config::new(["/api/v1/openapi.json"])
        .try_it_out_enabled(true)
        .with_credentials(true)
        .persist_authorization(true)
        .filter(true)
        .doc_expansion("none");
    match utoipa_swagger_ui::serve(&file, Arc::new(config)) {
        Ok(Some(found)) => Ok(HttpResponse::Ok()
            .content_type(found.content_type.as_str())
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .body(found.bytes.to_vec())),
        Ok(None) => Err(ApiError::refused(Code::NotFound, &[])),
        Err(e) => Err(ApiError::internal(e.to_string())),
    }
}
