//! One box over all objects.

use crate::call::{Answer, run};
use crate::extract::Who;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::Error;
use kezhan_engine::search::SearchQuery;
use kezhan_meta::problem::Code;
use utoipa::OpenApi;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(search))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/search").get(search));
}

/// Find records of any object by name, pinyin, number, phone, e-mail or tax id.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", operation_id = "search",
    params(
        ("q" = String, Query, description = "What is looked for, 1–200 characters: a part of a name (two Chinese characters are enough), pinyin or its initials, four digits of a phone number, an e-mail address, a tax id", example = "鑫茂"),
        ("objects" = Option<String>, Query, description = "Only these objects, separated by commas", example = "account,contact"),
        ("limit" = Option<u32>, Query, description = "Most hits, up to 50", example = 20),
    ),
    responses((status = 200, body = crate::openapi::schemas::SearchResult, description = "Hits, best first, as far as the caller may see them")))]
pub async fn search(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["q", "objects", "limit"])?;
    let q = params.get("q").unwrap_or_default().trim().to_owned();
    let query = SearchQuery { q, objects: params.list("objects"), limit: params.limit()? };
    let body = run(state, who, move |call| {
        if query.q.is_empty() {
            return Err(Error::refused(Code::BadValue, &["q", "1–200"]));
        }
        if let Some(unknown) = query.objects.iter().find(|o| call.caller.catalog.get(o).is_none()) {
            return Err(Error::refused(Code::BadValue, &["objects", unknown]));
        }
        call.state.engine.search(call.conn, call.caller, &query)
    });
    Ok(Answer::ok(body.await?).into())
}
