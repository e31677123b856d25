//! Files on records: content in, content out. What is known about a file is an ordinary record.

mod content;

use crate::call::{Answer, run};
use crate::files::{self, Writing};
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::{ApiError, of_parts};
use crate::records::{self, Params};
use crate::server::State;
use actix_multipart::{Field, Multipart};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use futures_util::TryStreamExt;
use kezhan_engine::vault::files::FileKey;
use kezhan_engine::{Error, ReadOptions};
use kezhan_meta::Record;
use kezhan_meta::problem::Code;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(upload, content::content))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/attachments").route(web::post().to(upload)).default_service(web::to(records::handle)))
        .service(web::resource("/attachments/{id}/content").route(web::get().to(content::content)));
}

/// A file and the record that it hangs on.
#[derive(ToSchema)]
#[allow(dead_code, reason = "read by the derive only")]
pub struct AttachmentUpload {
    /// The object of the record.
    #[schema(example = "account")]
    object: String,
    /// The record's id.
    record: Uuid,
    /// The file's name, where it is to differ from that of the part.
    name: Option<String>,
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file that has arrived and belongs to nothing yet.
struct Arrived {
    key: String,
    name: String,
    content_type: String,
    size: u64,
    sha256: String,
}

#[derive(Default)]
struct Form {
    object: Option<String>,
    record: Option<String>,
    name: Option<String>,
    file: Option<Arrived>,
}

/// Put a file on a record.
#[utoipa::path(post, path = "/api/v1/attachments", tag = "attachments", operation_id = "createAttachment",
    request_body(content = AttachmentUpload, content_type = "multipart/form-data"),
    responses((status = 201, description = "Stored", body = ref("#/components/schemas/Attachment"))))]
pub async fn upload(
    state: web::Data<State>,
    once: Once,
    req: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    Params::parse(req.query_string())?.only(&[])?;
    let given = req.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !given.starts_with("multipart/form-data") {
        return Err(ApiError::refused(Code::UnsupportedMedia, &[given]));
    }
    // Whoever may not read a single record shall not fill the disk.
    let place = run(state.clone(), once.who().clone(), |call| {
        let tenant = call.caller.tenant;
        Ok(Place { name: files::name(tenant), key: call.state.engine.vault().file_key(call.conn, tenant)? })
    })
    .await?;
    let mut form = Form::default();
    let outcome = match receive(&state, &place, Multipart::new(req.headers(), payload), &mut form).await {
        Ok(()) => keep(&state, once, &form).await,
        Err(e) => Err(e),
    };
    if let (true, Some(file)) = (outcome.as_ref().map_or(true, Answer::is_replayed), &form.file)
        && let Err(e) = state.files.remove(&file.key).await
    {
        log::warn!("an upload that nothing refers to stays behind as {}: {e}", file.key);
    }
    Ok(outcome?.into())
}

async fn receive(state: &State, place: &Place, mut parts: Multipart, form: &mut Form) -> Result<(), ApiError> {
    while let Some(mut part) = parts.try_next().await.map_err(of_parts)? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "object" => form.object = Some(short_text(&mut part).await?),
            "record" => form.record = Some(short_text(&mut part).await?),
            "name" => form.name = Some(short_text(&mut part).await?),
            "file" if form.file.is_none() => form.file = Some(store(state, place, &mut part).await?),
            other => return Err(ApiError::refused(Code::UnknownParameter, &[other])),
        }
    }
    Ok(())
}

async fn short_text(part: &mut Field) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.try_next().await.map_err(of_parts)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > 2_000 {
            return Err(ApiError::refused(Code::TooLarge, &["2000"]));
        }
    }
    String::from_utf8(bytes).map_err(|e| ApiError::refused(Code::BadRequest, &[&e.to_string()]))
}

/// Where a file goes, and what it is sealed with.
struct Place {
    name: String,
    key: FileKey,
}

/// Streams the part into the store, counting, hashing and sealing on the way.
async fn store(state: &State, place: &Place, part: &mut Field) -> Result<Arrived, ApiError> {
    let max = state.config.upload_max_bytes();
    let name = part.content_disposition().and_then(|d| d.get_filename()).unwrap_or("file").to_owned();
    let content_type = part.content_type().map_or("application/octet-stream".to_owned(), ToString::to_string);
    let mut upload = Writing::begin(&state.files, &place.key, &place.name).await?;
    let (mut size, mut hash) = (0, Sha256::new());
    let failed = loop {
        match part.try_next().await {
            Ok(None) => break None,
            Err(e) => break Some(of_parts(e)),
            Ok(Some(piece)) => {
                size += piece.len() as u64;
                if size > max {
                    break Some(ApiError::refused(Code::TooLarge, &[&format!("{} MiB", max >> 20)]));
                }
                hash.update(&piece);
                if let Err(e) = upload.write(&piece).await {
                    break Some(e.into());
                }
            }
        }
    };
    if let Some(error) = failed {
        if let Err(e) = upload.abort().await {
            log::warn!("an upload could not be broken off: {e}");
        }
        return Err(error);
    }
    upload.finish().await?;
    Ok(Arrived { key: place.name.clone(), name, content_type, size, sha256: hex::encode(hash.finalize()) })
}

/// Makes the record, under the caller's rights to what the file hangs on.
async fn keep(state: &web::Data<State>, once: Once, form: &Form) -> Result<Answer, ApiError> {
    let Some(file) = &form.file else { return Err(Error::invalid("file", Code::Required).into()) };
    let name = form.name.clone().unwrap_or_else(|| file.name.clone());
    // Paths that some browsers send are no part of a name.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_owned();
    let told = json!({"name": name, "object": form.object, "record": form.record});
    let found = json!({"content_type": file.content_type, "size": file.size, "sha256": file.sha256});
    // The parts are parted anew by each client: what is in them is what was sent.
    let sent = json!([told, found]).to_string();
    let key = file.key.clone();
    let (told, found) = (to_record(told), to_record(found));
    let answer = once.run(state, sent.as_bytes(), move |call| {
        let object = call.object("attachments")?;
        call.transaction(|call| {
            // Everyone may put a file on their own person: a picture of theirs.
            let own = told.get("object") == Some(&json!("user"))
                && call.caller.user.is_some_and(|me| told.get("record") == Some(&json!(me.to_string())));
            let caller = if own { &call.caller.elevated() } else { call.caller };
            let made = call.state.engine.create(call.conn, caller, &object, told)?;
            call.state.engine.amend(call.conn, call.caller, &object, made.id, found)?;
            // Where the content lies is no part of the record: it passes no history, feed or hook.
            diesel::sql_query("UPDATE attachments SET storage_key = $3 WHERE tenant_id = $1 AND id = $2")
                .bind::<SqlUuid, _>(call.caller.tenant)
                .bind::<SqlUuid, _>(made.id)
                .bind::<Text, _>(&key)
                .execute(call.conn)?;
            let read = call.state.engine.read(call.conn, call.caller, &object, made.id, &ReadOptions::default())?;
            let read = read.ok_or_else(Error::not_found)?;
            let location = format!("/api/v1/attachments/{}", made.id);
            let answer = Answer { status: 201, ..Answer::ok(read.body) };
            Ok(answer.version(read.version).with("location", location))
        })
    });
    answer.await
}

fn to_record(value: serde_json::Value) -> Record {
    match value {
        serde_json::Value::Object(map) => map,
        _ => Record::new(),
    }
}
