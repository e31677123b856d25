//! How a company leaves: with all that it has, as one archive; and then without a trace, but for the line that says so.

use super::door::Keeper;
use super::schemas::{Company as CompanySchema, Erasure};
use crate::backup_cover::Cover;
use crate::bulk::stream;
use crate::call::parse;
use crate::config::Config;
use crate::extract::Json;
use crate::files::convert::Place;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::PgConnection;
use kezhan_connect::Storage;
use kezhan_engine::vault::files::Stored;
use kezhan_engine::{Engine, Error, Result};
use kezhan_features::host::tenants::{self, Company};
use kezhan_features::host::trail::Actor;
use kezhan_features::host::{erase, export as archive};
use kezhan_meta::problem::Code;
use std::io::{self, Read, Write};
use std::path::Path;
use tokio::runtime::Handle;
use utoipa::OpenApi;
use uuid::Uuid;

#[derive(OpenApi)]
#[openapi(paths(export, order, call_off))]
pub struct Docs;

/// All that a company has, as a tar archive that is sent while it is being made: `objects/….ndjson` in the form of the
/// API, `history.ndjson`, `audit.ndjson` and others, `files/<attachment>`, and `manifest.json` at its end. Without
/// passwords, sessions and tokens. Files and encrypted fields are in the clear in it; with `recipient`, the archive itself
/// is encrypted ([age](https://age-encryption.org)) for whoever keeps that key.
#[utoipa::path(get, path = "/api/v1/host/companies/{id}/export", tag = "host", operation_id = "hostExportCompany", security(("host" = [])),
    params(
        ("id" = Uuid, Path, description = "The company"),
        ("recipient" = Option<String>, Query, description = "Encrypt the archive for this recipient of age, `age1…`"),
    ),
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>, description = "The archive")))]
pub async fn export(
    state: web::Data<State>,
    keeper: Keeper,
    id: web::Path<Uuid>,
    req: HttpRequest,
) -> std::result::Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    let params = Params::parse(req.query_string())?;
    params.only(&["recipient"])?;
    let cover = params.get("recipient").map(|key| {
        let cover = Cover::recipients(&[key.to_owned()]);
        cover.map_err(|_| ApiError::refused(Code::BadValue, &["recipient", "age1…"]))
    });
    let cover = cover.transpose()?;
    let (company, actor) = keeper.run(&state, move |conn, actor| Ok((tenants::find(conn, id)?, actor.clone()))).await?;
    let (end, kind) = if cover.is_some() { (".age", "application/octet-stream") } else { ("", "application/x-tar") };
    let name = format!("{}-{}.tar{end}", company.key, chrono::Utc::now().format("%Y%m%d"));
    let (shared, handle) = (state.clone(), Handle::current());
    Ok(stream::made(state.db.clone(), kind, &name, move |conn, out| {
        let place = Place { storage: &shared.files, handle: &handle, root: &shared.config.files };
        let Some(cover) = cover else { return export_to(conn, &shared.engine, &actor, &company, &place, out) };
        let failed = |e: io::Error| Error::Internal(e.to_string());
        let mut covered = cover.over(out).map_err(failed)?;
        export_to(conn, &shared.engine, &actor, &company, &place, &mut covered)?;
        covered.finish().and_then(|out| out.flush()).map_err(failed)
    }))
}

/// Writes the archive of a company. For threads that may wait.
pub fn export_to(
    conn: &mut PgConnection,
    engine: &Engine,
    actor: &Actor,
    company: &Company,
    place: &Place<'_>,
    out: &mut dyn Write,
) -> Result<()> {
    let mut open = |conn: &mut PgConnection, name: &str| -> io::Result<Option<Box<dyn Read>>> {
        // Files that wait for their import never lie in a bucket.
        if Path::new(name).starts_with("imports") {
            let stored = Stored::find(engine.vault(), conn, company.id, place.root, name).map_err(io::Error::other)?;
            return match stored.open() {
                Ok(file) => Ok(Some(Box::new(file))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            };
        }
        match crate::files::open_waiting(conn, engine.vault(), company.id, (place.storage, place.handle), name) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    archive::write(conn, engine, actor, company, &mut open, out)
}

/// Suspend a company and have it erased: every row, every file. There are some days to think better of it; then nothing
/// brings it back but a backup.
#[utoipa::path(post, path = "/api/v1/host/companies/{id}/erase", tag = "host", operation_id = "hostEraseCompany", security(("host" = [])),
    params(("id" = Uuid, Path, description = "The company")), request_body = Erasure,
    responses((status = 202, body = CompanySchema, description = "It is suspended, and will be erased at `erase_after`")))]
pub async fn order(
    state: web::Data<State>,
    keeper: Keeper,
    id: web::Path<Uuid>,
    Json(body): Json,
) -> std::result::Result<HttpResponse, ApiError> {
    let (id, wish): (_, Erasure) = (id.into_inner(), parse(&body)?);
    let days = i32::try_from(state.config.erase_wait_days).unwrap_or(i32::MAX);
    let now = keeper.run(&state, move |conn, actor| {
        let company = tenants::find(conn, id)?;
        tenants::order_erasure(conn, actor, &company, &wish.confirm, days)
    });
    let now = now.await?;
    state.identities.expire(id);
    Ok(HttpResponse::Accepted().json(now))
}

/// Call an erasure off. The company stays suspended until it is resumed.
#[utoipa::path(delete, path = "/api/v1/host/companies/{id}/erase", tag = "host", operation_id = "hostKeepCompany", security(("host" = [])),
    params(("id" = Uuid, Path, description = "The company")),
    responses((status = 204, description = "It will not be erased")))]
pub async fn call_off(
    state: web::Data<State>,
    keeper: Keeper,
    id: web::Path<Uuid>,
) -> std::result::Result<HttpResponse, ApiError> {
    keeper
        .run(&state, move |conn, actor| {
            let company = tenants::find(conn, id.into_inner())?;
            tenants::call_off(conn, actor, &company)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Erases the companies whose time has come: first their files, so that one that is broken off is gone on with, then
/// every row. The keys of those that are gone. For threads that may wait.
pub fn erase_due(
    conn: &mut PgConnection,
    actor: &Actor,
    config: &Config,
    (files, handle): (&Storage, &Handle),
) -> Result<Vec<String>> {
    let mut gone = Vec::new();
    for id in erase::due(conn)? {
        let company = tenants::find(conn, id)?;
        let folder = company.id.to_string();
        handle.block_on(files.remove_all(&folder)).map_err(|e| Error::Internal(e.to_string()))?;
        // Files that wait for their import never lie in a bucket; and a directory leaves empty folders.
        for below in [Path::new("imports").join(&folder), Path::new(&folder).to_path_buf()] {
            match std::fs::remove_dir_all(config.files.join(below)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::Internal(error.to_string()));
                }
                _ => {}
            }
        }
        erase::erase(conn, actor, &company)?;
        log::info!("the company {} is erased", company.key);
        gone.push(company.key);
    }
    Ok(gone)
}
