//! What became of the rows of an import: as pages, and as files.

use super::stream;
use crate::call::{Call, run};
use crate::extract::Who;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::jobs::Job;
use kezhan_engine::transfer::results::{self, Sheet};
use kezhan_engine::transfer::rows::open;
use kezhan_engine::transfer::run::{KIND, Order};
use kezhan_engine::{Error, Result};
use kezhan_features::platform::bulk;
use kezhan_meta::Lang;
use kezhan_meta::problem::Code;
use serde_json::{Value, json};
use std::io::Write;
use uuid::Uuid;

const OUTCOMES: &[&str] = &["created", "updated", "skipped", "failed", "cancelled", "deleted"];

fn import(call: &mut Call<'_>, id: Uuid) -> Result<Job> {
    let job = bulk::find(call.conn, call.caller, id)?;
    if job.kind == KIND { Ok(job) } else { Err(Error::not_found()) }
}

/// The order of an import whose rows the caller may see.
fn order(call: &mut Call<'_>, id: Uuid) -> Result<Order> {
    let job = import(call, id)?;
    if !bulk::opens(call.caller, &job) {
        return Err(Error::refused(Code::Forbidden, &["import"]));
    }
    serde_json::from_value(job.payload).map_err(|e| Error::Internal(e.to_string()))
}

/// What became of each row of an import, in the order of the file.
#[utoipa::path(get, path = "/api/v1/bulk/jobs/{id}/rows", tag = "bulk", operation_id = "listBulkRows",
    params(
        ("id" = Uuid, Path, description = "The import"),
        ("outcome" = Option<String>, Query, description = "Only `created`, `updated`, `skipped`, `failed`, `cancelled` or `deleted`; several separated by commas", example = "failed"),
        ("limit" = Option<u32>, Query, description = "Most rows of one answer, up to 200", example = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the last answer"),
    ),
    responses((status = 200, body = crate::bulk::schemas::BulkRowList, description = "A page of rows; failed and skipped ones with their cells and what is wrong with them, of other people's imports only for whoever sees every record of the object with all its fields")))]
pub async fn rows(
    state: web::Data<State>,
    who: Who,
    id: web::Path<Uuid>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["outcome", "limit", "cursor"])?;
    let limit = params.limit()?.unwrap_or(100) as usize;
    let body = run(state, who, move |call| {
        let job = import(call, *id)?;
        let open = bulk::opens(call.caller, &job);
        let outcomes = params.list("outcome");
        if outcomes.iter().any(|o| !OUTCOMES.contains(&o.as_str())) {
            return Err(Error::refused(Code::BadValue, &["outcome", &OUTCOMES.join(", ")]));
        }
        let cursor = params.get("cursor").map(str::parse::<i64>).transpose();
        let after = cursor.map_err(|_| Error::refused(Code::BadCursor, &[]))?.unwrap_or(-1);
        let wanted: Vec<&str> = outcomes.iter().map(String::as_str).collect();
        let vault = call.engine().vault().clone();
        let mut found = results::rows(call.conn, &vault, call.caller.tenant, *id, &wanted, after, limit + 1)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|r| r.row.to_string());
        let data: Vec<Value> = found
            .into_iter()
            .map(|r| {
                let errors = if r.errors.is_null() || !open { json!([]) } else { r.errors };
                json!({
                    "row": r.row, "outcome": r.outcome, "object": r.object, "record": r.record, "errors": errors,
                    "cells": r.cells.filter(|_| open),
                })
            })
            .collect();
        Ok(json!({ "data": data, "next_cursor": next }))
    });
    Ok(HttpResponse::Ok().json(body.await?))
}

/// The rows of an import as a file in the format of the input: `failed` as they came in, with the reason for each cell;
/// `success` with what became of them and the ids of their records.
#[utoipa::path(get, path = "/api/v1/bulk/jobs/{id}/files/{outcome}", tag = "bulk", operation_id = "downloadBulkRows",
    params(
        ("id" = Uuid, Path, description = "The import"),
        ("outcome" = String, Path, description = "`failed` or `success`", example = "failed"),
    ),
    responses((status = 200, content_type = "text/csv", body = String, description = "CSV, XLSX or NDJSON like the file that was imported")))]
pub async fn file(
    state: web::Data<State>,
    who: Who,
    path: web::Path<(Uuid, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, outcome) = path.into_inner();
    let failed = match outcome.as_str() {
        "failed" => true,
        "success" => false,
        _ => return Err(ApiError::refused(Code::NotFound, &[])),
    };
    let (order, lang) = run(state.clone(), who.clone(), move |call| Ok((order(call, id)?, call.caller.lang))).await?;
    let label = match (failed, lang) {
        (true, Lang::Zh) => "失败",
        (true, Lang::En) => "failed",
        (false, Lang::Zh) => "成功",
        (false, Lang::En) => "success",
    };
    let stem = order.name.rsplit_once('.').map_or(order.name.as_str(), |(stem, _)| stem);
    let name = format!("{stem}-{label}.{}", order.format);
    let format = order.format;
    let write = move |call: &mut Call<'_>, out: &mut (dyn Write + Send)| {
        let tenant = call.caller.tenant;
        let vault = &call.engine().vault().clone();
        let (headers, format, lang) = (&order.headers, order.format, call.caller.lang);
        let sheet = Sheet { vault, tenant, job: id, headers, format, lang };
        if failed {
            return sheet.failed(call.conn, out);
        }
        let mut source = super::stored(call, &order.path).and_then(|file| open(&file, &order.plan)).ok();
        match &mut source {
            Some(source) => sheet.success(call.conn, Some(&mut **source), out),
            None => sheet.success(call.conn, None, out),
        }
    };
    Ok(stream::file(state, who, format, &name, write))
}
