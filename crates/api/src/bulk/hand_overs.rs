//! Handing over what someone leaves behind.

use super::jobs::accepted;
use crate::call::{Answer, parse};
use crate::extract::Json;
use crate::idempotency::Once;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpResponse, web};
use kezhan_features::people::hand_over::{self, Wish};
use kezhan_features::platform::bulk;
use serde_json::json;

/// Count what someone owns and the caller could hand over, object by object. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/bulk/hand_overs/preview", tag = "bulk", operation_id = "previewHandOver",
    request_body = crate::bulk::schemas::BulkHandOver,
    responses((status = 200, body = crate::bulk::schemas::BulkHandOverPreview, description = "Objects with the number of records; of tasks those that are open")))]
pub async fn preview(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let wish: Wish = parse(&body)?;
    let shares =
        once.look(&state, &body, move |call| hand_over::preview(&call.state.engine, call.conn, call.caller, &wish));
    Ok(HttpResponse::Ok().json(json!({ "objects": shares.await? })))
}

/// Give everything that someone owns to a successor, in the background. The job can be cancelled and taken back.
#[utoipa::path(post, path = "/api/v1/bulk/hand_overs", tag = "bulk", operation_id = "handOver",
    request_body = crate::bulk::schemas::BulkHandOver,
    responses((status = 202, body = crate::bulk::schemas::BulkJob, description = "The job; its report names the first records that were left, with the reasons")))]
pub async fn order(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let wish: Wish = parse(&body)?;
    let answer = once.run(&state, &body, move |call| -> kezhan_engine::Result<Answer> {
        let order = hand_over::order(&call.state.engine, call.conn, call.caller, &wish)?;
        let job = bulk::order_change(call.conn, call.caller, &order)?;
        accepted(call, &job)
    });
    Ok(answer.await?.into())
}
