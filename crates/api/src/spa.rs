//! The built web client: files as they lie in one directory, each compressed beforehand where the build did so.

use crate::config::Config;
use crate::problem::ApiError;
use actix_files::NamedFile;
use actix_web::http::Method;
use actix_web::http::header::{self, ContentEncoding, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_meta::problem::Code;
use std::path::{Component, Path, PathBuf};

/// Where the client lies.
struct Root(PathBuf);

pub fn routes(app: &mut web::ServiceConfig, config: &Config) {
    app.app_data(web::Data::new(Root(config.web.clone()))).default_service(web::to(serve));
}

async fn serve(root: web::Data<Root>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    if ![Method::GET, Method::HEAD].contains(req.method()) {
        return Err(ApiError::refused(Code::MethodNotAllowed, &["GET"]));
    }
    let path = req.path().trim_start_matches('/');
    let plain = Path::new(path);
    let fair =
        plain.components().all(|c| matches!(c, Component::Normal(part) if !part.to_string_lossy().starts_with('.')));
    let wanted = root.0.join(plain);
    let is_file = !path.is_empty() && fair && wanted.is_file();
    // Pages of the client are paths without an extension; a missing asset is missing.
    if !is_file && plain.extension().is_some() && path != "index.html" {
        return Err(ApiError::refused(Code::NotFound, &[]));
    }
    let file = if is_file { wanted } else { root.0.join("index.html") };
    if !file.is_file() {
        return Err(ApiError::refused(Code::NotFound, &[]));
    }
    let cache = if is_file && is_hashed(plain) { "public, max-age=31536000, immutable" } else { "no-cache" };
    send(&file, cache, &req)
}

fn send(file: &Path, cache: &'static str, req: &HttpRequest) -> Result<HttpResponse, ApiError> {
    let accepted = req.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let accepts = |coding: &str| accepted.split(',').any(|part| part.trim().split(';').next() == Some(coding));
    let beside = |suffix: &str| PathBuf::from(format!("{}.{suffix}", file.display()));
    let variant = [("br", ContentEncoding::Brotli), ("gzip", ContentEncoding::Gzip)]
        .into_iter()
        .map(|(coding, encoding)| (coding, beside(if coding == "br" { "br" } else { "gz" }), encoding))
        .find(|(coding, path, _)| accepts(coding) && path.is_file());
    let missing = |e: std::io::Error| ApiError::internal(format!("{}: {e}", file.display()));
    let named = match &variant {
        None => NamedFile::open(file).map_err(missing)?,
        Some((_, path, encoding)) => {
            let opened = std::fs::File::open(path).map_err(missing)?;
            // Opened under the plain name, so that the type is that of the content.
            NamedFile::from_file(opened, file).map_err(missing)?.set_content_encoding(*encoding)
        }
    };
    let mut response = named.use_last_modified(true).prefer_utf8(true).into_response(req);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

/// `app-0a1b2c3d4e5f.js`: the name changes with the content.
fn is_hashed(path: &Path) -> bool {
    let stem = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    stem.split(['-', '.', '_']).any(|part| {
        part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit()) && part.bytes().any(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_digest_are_kept_for_ever() {
        assert!(is_hashed(Path::new("assets/app-0a1b2c3d4e5f.js")));
        assert!(is_hashed(Path::new("app.0a1b2c3d_bg.wasm")));
        assert!(!is_hashed(Path::new("index.html")));
        assert!(!is_hashed(Path::new("deadbeef.js")));
    }
}
