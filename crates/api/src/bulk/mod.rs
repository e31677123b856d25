//! Many records at once: uploads, dry runs, imports with their results and undoing, templates, exports.

mod exports;
mod jobs;
mod results;
pub mod schemas;
mod stream;
mod uploads;

use crate::parts::Part;
use actix_web::web;
use utoipa::OpenApi;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(
    upload, remap, preview, list, create, read, events, cancel, resume, undo, rows, file, template, export
))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/bulk")
            .route("/uploads", web::post().to(uploads::upload))
            .route("/uploads/{id}/mapping", web::post().to(uploads::remap))
            .route("/preview", web::post().to(jobs::preview))
            .service(web::resource("/jobs").get(jobs::list).post(jobs::create))
            .route("/jobs/{id}", web::get().to(jobs::read))
            .route("/jobs/{id}/events", web::get().to(jobs::events))
            .route("/jobs/{id}/cancel", web::post().to(jobs::cancel))
            .route("/jobs/{id}/resume", web::post().to(jobs::resume))
            .route("/jobs/{id}/undo", web::post().to(jobs::undo))
            .route("/jobs/{id}/rows", web::get().to(results::rows))
            .route("/jobs/{id}/files/{outcome}", web::get().to(results::file))
            .route("/templates/{object}", web::get().to(exports::template))
            .route("/exports", web::post().to(exports::export)),
    );
}

pub use exports::{__path_export, __path_template, export, template};
pub use jobs::{
    __path_cancel, __path_create, __path_events, __path_list, __path_preview, __path_read, __path_resume, __path_undo,
    cancel, create, events, list, preview, read, resume, undo,
};
pub use results::{__path_file, __path_rows, file, rows};
pub use uploads::{__path_remap, __path_upload, remap, sweep, upload};
