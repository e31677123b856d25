//! Work on many records that comes from lists: one change of all that a question finds, and cells from a spreadsheet.

use super::jobs::accepted;
use crate::call::parse;
use crate::extract::Json;
use crate::idempotency::Once;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpResponse, web};
use kezhan_engine::transfer::change::{self, Plan};
use kezhan_engine::transfer::texts::{self, Texts};
use kezhan_features::platform::{HINTS, bulk};

/// Change or delete all records that a question finds, in the background. The job can be cancelled and taken back.
#[utoipa::path(post, path = "/api/v1/bulk/changes", tag = "bulk", operation_id = "changeRecords",
    request_body = crate::bulk::schemas::BulkChange,
    responses((status = 202, body = crate::bulk::schemas::BulkJob, description = "The job; its report names the first records that were left, with the reasons")))]
pub async fn change(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let plan: Plan = parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        let order = change::check(&call.state.engine, call.conn, call.caller, plan)?;
        let job = bulk::order_change(call.conn, call.caller, &order)?;
        accepted(call, &job)
    });
    Ok(answer.await?.into())
}

/// Read texts, as they come from a spreadsheet, as values of fields: dates and amounts in customary spellings, options
/// by label in either language, references by name. Nothing is written.
#[utoipa::path(post, path = "/api/v1/bulk/cells", tag = "bulk", operation_id = "readCells",
    request_body = crate::bulk::schemas::BulkTexts,
    responses((status = 200, body = crate::bulk::schemas::BulkCells, description = "A value or a problem for each text")))]
pub async fn cells(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let asked: Texts = parse(&body)?;
    let answer = once.look(&state, &body, move |call| texts::read(call.conn, call.caller, &HINTS, &asked));
    Ok(HttpResponse::Ok().json(answer.await?))
}
