//! Files come in, are looked at once, and wait for their import.

use crate::call::{Answer, parse, run};
use crate::extract::Json;
use crate::idempotency::Once;
use crate::problem::{ApiError, of_parts};
use crate::server::State;
use actix_multipart::Multipart;
use actix_web::{HttpResponse, web};
use futures_util::TryStreamExt;
use kezhan_engine::transfer::analyse::{Choices, analyse};
use kezhan_engine::transfer::mapping::may_import;
use kezhan_engine::transfer::read::Limits;
use kezhan_engine::vault::files::Sealer;
use kezhan_engine::{Error, Result};
use kezhan_features::platform::HINTS;
use kezhan_features::platform::uploads::{self, Upload};
use kezhan_meta::problem::Code;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

const FIELD_MAX: usize = 1_000;
const NAME_MAX: usize = 200;

/// Send a CSV, XLSX or NDJSON file to be imported. The answer tells what it holds and proposes an object and a mapping.
#[utoipa::path(post, path = "/api/v1/bulk/uploads", tag = "bulk", operation_id = "uploadFile",
    request_body(content = crate::bulk::schemas::BulkFile, content_type = "multipart/form-data"),
    responses((status = 201, body = crate::bulk::schemas::BulkUpload, description = "The file with a first look into it; kept for 7 days")))]
pub async fn upload(state: web::Data<State>, once: Once, body: Multipart) -> Result<HttpResponse, ApiError> {
    // Nobody fills the disk who may not import anything.
    let (tenant, key) = run(state.clone(), once.who().clone(), |call| {
        let caller = call.caller;
        if !caller.catalog.objects().any(|o| may_import(caller, o)) {
            return Err(Error::refused(Code::Forbidden, &["import"]));
        }
        Ok((caller.tenant, call.state.engine.vault().file_key(call.conn, caller.tenant)?))
    })
    .await?;
    let id = Uuid::now_v7();
    let name = uploads::path_of(tenant, id);
    let path = state.config.files.join(&name);
    let sealer = Sealer::new(&key, &name.to_string_lossy())?;
    let answer = match receive(body, &path, sealer).await {
        Ok(received) => keep(&state, once, id, received).await,
        Err(error) => Err(error),
    };
    if answer.as_ref().map_or(true, Answer::is_replayed) {
        let _ = tokio::fs::remove_file(&path).await;
    }
    Ok(answer?.into())
}

async fn keep(state: &web::Data<State>, once: Once, id: Uuid, file: Received) -> Result<Answer, ApiError> {
    // The parts are parted anew by each client: what is in them is what was sent.
    let sent = json!([file.name, file.sha256, file.choices]).to_string();
    let answer = once.run(state, sent.as_bytes(), move |call| {
        let stored = super::stored(call, &uploads::path_of(call.caller.tenant, id).to_string_lossy())?;
        let analysis = analyse(call.conn, call.caller, &HINTS, &stored, &file.name, &file.choices)?;
        let upload = uploads::add(call.conn, call.caller, id, &file.name, file.size)?;
        Answer::json(201, &shown(&upload, &analysis)?)
    });
    answer.await
}

fn shown(upload: &Upload, analysis: &impl serde::Serialize) -> Result<Value> {
    let mut body = serde_json::to_value(analysis).map_err(|e| Error::Internal(e.to_string()))?;
    body["id"] = upload.id.to_string().into();
    body["name"] = upload.name.clone().into();
    body["size"] = upload.size.into();
    body["expires_at"] = kezhan_meta::check::instant(upload.expires_at).into();
    Ok(body)
}

/// Look at an uploaded file again: for another object, another sheet, another encoding, another row of headings.
#[utoipa::path(post, path = "/api/v1/bulk/uploads/{id}/mapping", tag = "bulk", operation_id = "mapUpload",
    params(("id" = Uuid, Path, description = "The upload")),
    request_body = crate::bulk::schemas::BulkChoices,
    responses((status = 200, body = crate::bulk::schemas::BulkUpload, description = "As the upload answered")))]
pub async fn remap(
    state: web::Data<State>,
    once: Once,
    id: web::Path<Uuid>,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let choices: Choices = parse(&body)?;
    let body = once.look(&state, &body, move |call| {
        let upload = uploads::find(call.conn, call.caller, id.into_inner())?;
        let stored = super::stored(call, &upload.path)?;
        let analysis = analyse(call.conn, call.caller, &HINTS, &stored, &upload.name, &choices)?;
        shown(&upload, &analysis)
    });
    Ok(HttpResponse::Ok().json(body.await?))
}

struct Received {
    name: String,
    size: i64,
    sha256: String,
    choices: Choices,
}

fn refused(code: Code, args: &[&str]) -> ApiError {
    ApiError::refused(code, args)
}

fn internal(error: std::io::Error) -> ApiError {
    ApiError::internal(format!("an upload cannot be stored: {error}"))
}

/// Writes the file part to `path` as it arrives, sealed, and collects the others.
async fn receive(mut body: Multipart, path: &Path, sealer: Sealer) -> Result<Received, ApiError> {
    let limit = Limits::default().file_bytes;
    let mut received = Received { name: String::new(), size: 0, sha256: String::new(), choices: Choices::default() };
    let mut sealer = Some(sealer);
    while let Some(mut part) = body.try_next().await.map_err(of_parts)? {
        let key = part.name().unwrap_or_default().to_owned();
        if key == "file"
            && let Some(mut sealer) = sealer.take()
        {
            let given = part.content_disposition().and_then(|d| d.get_filename()).unwrap_or("file");
            let name = given.rsplit(['/', '\\']).next().unwrap_or(given);
            received.name = name.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
            let parent = path.parent().map(PathBuf::from).unwrap_or_default();
            tokio::fs::create_dir_all(parent).await.map_err(internal)?;
            let mut file = tokio::fs::File::create(path).await.map_err(internal)?;
            let (mut size, mut hash) = (0_u64, Sha256::new());
            while let Some(chunk) = part.try_next().await.map_err(of_parts)? {
                size += chunk.len() as u64;
                if size > limit {
                    return Err(refused(Code::TooLarge, &[&format!("{} MB", limit >> 20)]));
                }
                hash.update(&chunk);
                file.write_all(&sealer.push(&chunk)?).await.map_err(internal)?;
            }
            file.write_all(&sealer.finish()?).await.map_err(internal)?;
            file.flush().await.map_err(internal)?;
            received.sha256 = hex::encode(hash.finalize());
            received.size = i64::try_from(size).unwrap_or(i64::MAX);
            continue;
        }
        let mut text = Vec::new();
        while let Some(chunk) = part.try_next().await.map_err(of_parts)? {
            text.extend_from_slice(&chunk);
            if text.len() > FIELD_MAX {
                return Err(refused(Code::TooLarge, &[&format!("{FIELD_MAX} B")]));
            }
        }
        let text = String::from_utf8(text).map_err(|_| refused(Code::BadRequest, &["UTF-8"]))?;
        let text = Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        match key.as_str() {
            "object" => received.choices.object = text,
            "sheet" => received.choices.sheet = text,
            "encoding" => received.choices.encoding = text,
            "header_row" => {
                let number = text.as_deref().map(str::parse).transpose();
                received.choices.header_row = number.map_err(|_| refused(Code::BadValue, &[&key, "0, 1, 2 …"]))?;
            }
            _ => return Err(refused(Code::UnknownParameter, &[&key])),
        }
    }
    if sealer.is_none() { Ok(received) } else { Err(refused(Code::BadRequest, &["file"])) }
}

/// Removes files that nobody has imported in time.
pub async fn sweep(state: &web::Data<State>) -> Result<(), ApiError> {
    let paths = state.db.run(|conn| Ok(uploads::sweep(conn)?)).await?;
    for path in paths {
        let file = state.config.files.join(&path);
        if let Err(error) = tokio::fs::remove_file(&file).await {
            log::warn!("cannot remove {}: {error}", file.display());
        }
    }
    Ok(())
}
