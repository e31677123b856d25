//! Imports as jobs: tried, ordered, watched, cancelled, resumed, taken back.

use crate::call::{Answer, Call, parse, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::jobs::{self, Job};
use kezhan_engine::transfer::rows::{Importer, open};
use kezhan_engine::transfer::settings::Plan;
use kezhan_engine::transfer::undo::order as undo_order;
use kezhan_engine::transfer::{self, preview as rehearsal};
use kezhan_engine::{Caller, Channel, Error, Result};
use kezhan_features::platform::{HINTS, bulk, uploads};
use kezhan_meta::problem::Code;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Rows that a preview goes through; a dry run as a job goes through all.
const PREVIEWED: u64 = 20_000;
const BEAT: Duration = Duration::from_millis(500);
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// Try an import: what it would do, without doing any of it.
#[utoipa::path(post, path = "/api/v1/bulk/preview", tag = "bulk", operation_id = "previewImport",
    request_body = crate::bulk::schemas::BulkPlan,
    responses((status = 200, body = crate::bulk::schemas::BulkPreview, description = "Counts, first problems, values that are not found with what was probably meant, duplicates")))]
pub async fn preview(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let plan: Plan = parse(&body)?;
    let preview = once.look(&state, &body, move |call| {
        let upload = uploads::find(call.conn, call.caller, plan.upload)?;
        let mut source = open(&super::stored(call, &upload.path)?, &plan)?;
        let engine = &call.state.engine;
        // As the import itself will come in: rules that bind people's own writes do not bind it.
        let caller = Caller { channel: Channel::Import, ..call.caller.clone() };
        let mut importer = Importer::new(engine, &HINTS, call.conn, &caller, plan, &*source)?;
        rehearsal::run(&mut importer, call.conn, &mut *source, PREVIEWED)
    });
    Ok(HttpResponse::Ok().json(preview.await?))
}

/// Import an uploaded file in the background.
#[utoipa::path(post, path = "/api/v1/bulk/jobs", tag = "bulk", operation_id = "createBulkJob",
    request_body = crate::bulk::schemas::BulkPlan,
    responses((status = 202, body = crate::bulk::schemas::BulkJob, description = "The job; with `dry_run` it only reports")))]
pub async fn create(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let plan: Plan = parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        let upload = uploads::find(call.conn, call.caller, plan.upload)?;
        // What is wrong with the plan is said now, not by the job.
        let source = open(&super::stored(call, &upload.path)?, &plan)?;
        let checked = Importer::check(call.caller, plan, &*source)?;
        let (format, headers) = (source.info().format, source.headers().to_vec());
        let order = transfer::run::Order { plan: checked, name: upload.name, path: upload.path, format, headers };
        let job = bulk::order(call.conn, call.caller, &order)?;
        accepted(call, &job)
    });
    Ok(answer.await?.into())
}

fn shown(call: &mut Call<'_>, job: &Job) -> Result<Value> {
    let vault = &call.engine().vault().clone();
    let mut list = bulk::present(call.conn, vault, call.caller, std::slice::from_ref(job))?;
    list.pop().ok_or_else(Error::not_found)
}

pub(super) fn accepted(call: &mut Call<'_>, job: &Job) -> Result<Answer> {
    let body = shown(call, job)?;
    Ok(Answer::json(202, &body)?.with("location", format!("/api/v1/bulk/jobs/{}", job.id)))
}

/// Imports, changes, undos and exports, newest first: the caller's own; everyone's for those who configure users.
#[utoipa::path(get, path = "/api/v1/bulk/jobs", tag = "bulk", operation_id = "listBulkJobs",
    params(
        ("kind" = Option<String>, Query, description = "Only `import`, `change`, `undo` or `export`", example = "import"),
        ("limit" = Option<u32>, Query, description = "Most jobs of one answer, up to 200", example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the last answer"),
    ),
    responses((status = 200, body = crate::bulk::schemas::BulkJobList, description = "A page of jobs")))]
pub async fn list(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["kind", "limit", "cursor"])?;
    let limit = i64::from(params.limit()?.unwrap_or(50));
    let body = run(state, who, move |call| {
        let kind = params.get("kind");
        let kinds: Vec<&str> = bulk::KINDS.iter().copied().filter(|k| kind.is_none_or(|kind| kind == *k)).collect();
        if kinds.is_empty() {
            return Err(Error::refused(Code::BadValue, &["kind", "import, change, undo, export"]));
        }
        if !(1..=200).contains(&limit) {
            return Err(Error::refused(Code::BadValue, &["limit", "1–200"]));
        }
        let cursor = params.get("cursor").map(Uuid::parse_str).transpose();
        let before = cursor.map_err(|_| Error::refused(Code::BadCursor, &[]))?;
        let everyone = bulk::sees_all(call.caller);
        let via = call.caller.access.delegated.then(|| call.caller.origin.via.unwrap_or_default());
        let user = if everyone || via.is_some() { None } else { call.caller.user.or(Some(Uuid::nil())) };
        let filter = jobs::Filter { kinds: &kinds, user, via, before, limit: limit + 1 };
        let mut found = jobs::list(call.conn, call.caller.tenant, &filter)?;
        let more = found.len() as i64 > limit;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|j| j.id);
        let vault = call.engine().vault().clone();
        let data = bulk::present(call.conn, &vault, call.caller, &found)?;
        Ok(json!({ "data": data, "next_cursor": next }))
    });
    Ok(HttpResponse::Ok().json(body.await?))
}

/// One job with its progress.
#[utoipa::path(get, path = "/api/v1/bulk/jobs/{id}", tag = "bulk", operation_id = "readBulkJob",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 200, body = crate::bulk::schemas::BulkJob, description = "The job as it stands")))]
pub async fn read(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(look(&state, &who, id.into_inner()).await?))
}

async fn look(state: &web::Data<State>, who: &Who, id: Uuid) -> Result<Value, ApiError> {
    run(state.clone(), who.clone(), move |call| {
        let job = bulk::find(call.conn, call.caller, id)?;
        shown(call, &job)
    })
    .await
}

/// Stop a job. Rows that are in stay in; the others are on record as cancelled.
#[utoipa::path(post, path = "/api/v1/bulk/jobs/{id}/cancel", tag = "bulk", operation_id = "cancelBulkJob",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 202, body = crate::bulk::schemas::BulkJob, description = "It stops after the rows at hand")))]
pub async fn cancel(state: web::Data<State>, once: Once, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    act(&state, once, id.into_inner(), |call, job| {
        if !bulk::actions(&job, false).contains(&"cancel") {
            return Err(Error::refused(Code::NotPossible, &["cancel"]));
        }
        jobs::cancel(call.conn, job.tenant_id, job.id)?;
        bulk::find(call.conn, call.caller, job.id)
    })
    .await
}

/// Go on with a job that was cancelled or has failed, where it stopped.
#[utoipa::path(post, path = "/api/v1/bulk/jobs/{id}/resume", tag = "bulk", operation_id = "resumeBulkJob",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 202, body = crate::bulk::schemas::BulkJob, description = "It is in the queue again")))]
pub async fn resume(state: web::Data<State>, once: Once, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    act(&state, once, id.into_inner(), |call, job| {
        let undone = bulk::is_undone(call.conn, call.caller, job.id)?;
        if !bulk::actions(&job, undone).contains(&"resume") {
            return Err(Error::refused(Code::NotPossible, &["resume"]));
        }
        jobs::resume(call.conn, job.tenant_id, job.id)?;
        bulk::find(call.conn, call.caller, job.id)
    })
    .await
}

/// See what taking an import back would do. Nothing is changed.
#[utoipa::path(get, path = "/api/v1/bulk/jobs/{id}/undo", tag = "bulk", operation_id = "previewBulkUndo",
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 200, body = crate::bulk::schemas::BulkUndoPreview, description = "How many records would go, get their former values and stay, and why")))]
pub async fn preview_undo(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    let body = run(state, who, move |call| {
        let job = bulk::find(call.conn, call.caller, id)?;
        let undone = bulk::is_undone(call.conn, call.caller, job.id)?;
        let order = undo_order(&job).filter(|_| !undone);
        let order = order.ok_or_else(|| Error::refused(Code::NotPossible, &["undo"]))?;
        transfer::undo::preview(&call.state.engine, call.conn, call.caller, order)
    });
    Ok(HttpResponse::Ok().json(body.await?))
}

/// Take an import back: what it created goes to the recycle bin, what it changed gets its former values. What someone
/// has changed since, or added records to, stays as it is, and is reported.
#[utoipa::path(post, path = "/api/v1/bulk/jobs/{id}/undo", tag = "bulk", operation_id = "undoBulkJob",
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 202, body = crate::bulk::schemas::BulkJob, description = "The job that takes it back")))]
pub async fn undo(state: web::Data<State>, once: Once, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    act(&state, once, id.into_inner(), |call, job| bulk::take_back(call.conn, call.caller, &job)).await
}

async fn act<F>(state: &web::Data<State>, once: Once, id: Uuid, work: F) -> Result<HttpResponse, ApiError>
where
    F: FnOnce(&mut Call<'_>, Job) -> Result<Job> + Send + 'static,
{
    let answer = once.run(state, b"", move |call| {
        let job = bulk::find(call.conn, call.caller, id)?;
        let job = work(call, job)?;
        accepted(call, &job)
    });
    Ok(answer.await?.into())
}

/// A job's progress as server-sent events, until it has ended.
#[utoipa::path(get, path = "/api/v1/bulk/jobs/{id}/events", tag = "bulk", operation_id = "streamBulkJob",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 200, content_type = "text/event-stream", body = String, description = "`event: progress` and at last `event: end`, `data:` the job")))]
pub async fn events(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    // What is wrong with the request is said while there is still a status to say it with.
    let first = look(&state, &who, id).await?;
    let listener =
        Listener { state, who, id, next: Some(first), said: String::new(), spoken: Instant::now(), over: false };
    let stream = futures_util::stream::unfold(listener, |mut listener| async move {
        let chunk = listener.next().await?;
        Some((Ok::<_, actix_web::Error>(chunk), listener))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream))
}

struct Listener {
    state: web::Data<State>,
    who: Who,
    id: Uuid,
    next: Option<Value>,
    said: String,
    spoken: Instant,
    over: bool,
}

impl Listener {
    async fn next(&mut self) -> Option<web::Bytes> {
        while !self.over {
            let job = match self.next.take() {
                Some(job) => job,
                None => {
                    tokio::time::sleep(BEAT).await;
                    look(&self.state, &self.who, self.id).await.ok()?
                }
            };
            let running = matches!(job.get("state").and_then(Value::as_str), Some("queued" | "running"));
            let text = job.to_string();
            if !running {
                self.over = true;
                return Some(web::Bytes::from(format!("event: end\ndata: {text}\n\n")));
            }
            if text != self.said {
                let event = web::Bytes::from(format!("event: progress\ndata: {text}\n\n"));
                (self.said, self.spoken) = (text, Instant::now());
                return Some(event);
            }
            if self.spoken.elapsed() > SILENCE_MAX {
                self.spoken = Instant::now();
                return Some(web::Bytes::from_static(b": still there\n\n"));
            }
        }
        None
    }
}
