//! Files out: templates to fill in, and records.

use super::stream;
use crate::call::{Call, parse, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::Error;
use kezhan_engine::transfer::export::{Export, Order};
use kezhan_engine::transfer::mapping::may_import;
use kezhan_engine::transfer::{Format, template as sheet};
use kezhan_meta::Lang;
use kezhan_meta::problem::Code;
use std::io::Write;

/// An empty sheet for an object: required columns marked, choices as drop-downs, a note on every column.
#[utoipa::path(get, path = "/api/v1/bulk/templates/{object}", tag = "bulk", operation_id = "downloadTemplate",
    params(
        ("object" = String, Path, description = "The object", example = "account"),
        ("format" = Option<String>, Query, description = "`xlsx` (default) or `csv`", example = "xlsx"),
    ),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>, description = "The file")))]
pub async fn template(
    state: web::Data<State>,
    who: Who,
    object: web::Path<String>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["format"])?;
    let format = match params.get("format").unwrap_or("xlsx") {
        "xlsx" => Format::Xlsx,
        "csv" => Format::Csv,
        _ => return Err(ApiError::refused(Code::BadValue, &["format", "xlsx, csv"])),
    };
    let name = object.clone();
    let (meta, label) = run(state.clone(), who.clone(), move |call| {
        let meta = call.caller.catalog.get(&name).filter(|o| may_import(call.caller, o)).cloned();
        let meta = meta.ok_or_else(Error::not_found)?;
        let label = match call.caller.lang {
            Lang::Zh => format!("{}导入模板.{format}", meta.label.zh),
            Lang::En => format!("{} template.{format}", meta.label.en),
        };
        Ok((meta, label))
    })
    .await?;
    let write = move |call: &mut Call<'_>, out: &mut (dyn Write + Send)| sheet::write(call.caller, &meta, format, out);
    Ok(stream::file(state, who, format, &label, write))
}

/// Export records as a file: the caller's rows and columns, references as names, options as labels. On record as a job.
/// A repetition under the same `Idempotency-Key` exports anew: nothing is kept of a file.
#[utoipa::path(post, path = "/api/v1/bulk/exports", tag = "bulk", operation_id = "exportRecords",
    request_body = crate::bulk::schemas::BulkExport,
    responses((status = 200, content_type = "text/csv", body = String, description = "CSV, XLSX or NDJSON as asked for, sent while it is being made")))]
pub async fn export(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let (who, order): (_, Order) = (once.who().clone(), parse(&body)?);
    let plan = once.look(&state, &body, move |call| Export::new(&call.state.engine, call.conn, call.caller, &order));
    let export = plan.await?;
    let (format, name) = (export.format, export.file_name());
    let write = move |call: &mut Call<'_>, out: &mut (dyn Write + Send)| {
        export.write(&call.state.engine, call.conn, out).map(drop)
    };
    Ok(stream::file(state, who, format, &name, write))
}
