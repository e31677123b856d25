//! Many records at once: uploads, dry runs, imports with their results and undoing, templates, exports.

mod changes;
mod exports;
mod hand_overs;
mod jobs;
mod results;
pub mod schemas;
pub mod stream;
mod uploads;

use crate::call::Call;
use crate::parts::Part;
use actix_web::web;
use kezhan_engine::Result;
use kezhan_engine::vault::files::Stored;
use utoipa::OpenApi;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(
    upload,
    remap,
    preview,
    list,
    create,
    read,
    events,
    cancel,
    resume,
    preview_undo,
    undo,
    rows,
    file,
    template,
    export,
    change,
    cells,
    hand_overs::preview,
    hand_overs::order
))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/bulk")
            .service(web::resource("/uploads").post(uploads::upload))
            .service(web::resource("/uploads/{id}/mapping").post(uploads::remap))
            .service(web::resource("/preview").post(jobs::preview))
            .service(web::resource("/jobs").get(jobs::list).post(jobs::create))
            .service(web::resource("/jobs/{id}").get(jobs::read))
            .service(web::resource("/jobs/{id}/events").get(jobs::events))
            .service(web::resource("/jobs/{id}/cancel").post(jobs::cancel))
            .service(web::resource("/jobs/{id}/resume").post(jobs::resume))
            .service(web::resource("/jobs/{id}/undo").get(jobs::preview_undo).post(jobs::undo))
            .service(web::resource("/jobs/{id}/rows").get(results::rows))
            .service(web::resource("/jobs/{id}/files/{outcome}").get(results::file))
            .service(web::resource("/changes").post(changes::change))
            .service(web::resource("/cells").post(changes::cells))
            .service(web::resource("/hand_overs").post(hand_overs::order))
            .service(web::resource("/hand_overs/preview").post(hand_overs::preview))
            .service(web::resource("/templates/{object}").get(exports::template))
            .service(web::resource("/exports").post(exports::export)),
    );
}

/// An uploaded file of the caller's company.
fn stored(call: &mut Call<'_>, path: &str) -> Result<Stored> {
    Stored::find(call.state.engine.vault(), call.conn, call.caller.tenant, &call.state.config.files, path)
}

pub use changes::{__path_cells, __path_change, cells, change};
pub use exports::{__path_export, __path_template, export, template};
pub use jobs::{
    __path_cancel, __path_create, __path_events, __path_list, __path_preview, __path_preview_undo, __path_read,
    __path_resume, __path_undo, cancel, create, events, list, preview, preview_undo, read, resume, undo,
};
pub use results::{__path_file, __path_rows, file, rows};
pub use uploads::{__path_remap, __path_upload, remap, sweep, upload};
