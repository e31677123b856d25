//! Is it alive, is it ready, how is it doing.

use crate::database::{applied_versions, known_versions};
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::Error;
use kezhan_meta::problem::Code;
use serde_json::json;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub fn routes(app: &mut web::ServiceConfig) {
    app.route("/healthz", web::get().to(alive))
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}

/// Upper bounds of the latency histogram, in microseconds.
const BOUNDS: [u64; 12] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];

/// Counters of this process.
pub struct Metrics {
    started: Instant,
    /// By first digit of the status.
    statuses: [AtomicU64; 6],
    buckets: [AtomicU64; BOUNDS.len()],
    total: AtomicU64,
    micros: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            started: Instant::now(),
            statuses: Default::default(),
            buckets: Default::default(),
            total: AtomicU64::new(0),
            micros: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    pub fn request(&self, status: u16, elapsed: Duration) {
        let micros = elapsed.as_micros() as u64;
        if let Some(counter) = self.statuses.get(usize::from(status / 100)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(at) = BOUNDS.iter().position(|bound| micros <= *bound)
            && let Some(bucket) = self.buckets.get(at)
        {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.total.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// In Prometheus' text format.
    fn text(&self, connections: (u32, u32)) -> String {
        let mut out = String::new();
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        out.push_str("# HELP kezhan_http_requests_total Requests answered, by class of status.\n");
        out.push_str("# TYPE kezhan_http_requests_total counter\n");
        for (class, counter) in self.statuses.iter().enumerate().skip(1) {
            let _ = writeln!(out, "kezhan_http_requests_total{{status=\"{class}xx\"}} {}", load(counter));
        }
        out.push_str("# HELP kezhan_http_request_seconds Time until a request was answered.\n");
        out.push_str("# TYPE kezhan_http_request_seconds histogram\n");
        let mut below = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            below += load(bucket);
            let _ = writeln!(out, "kezhan_http_request_seconds_bucket{{le=\"{}\"}} {below}", *bound as f64 / 1e6);
        }
        let total = load(&self.total);
        let _ = writeln!(out, "kezhan_http_request_seconds_bucket{{le=\"+Inf\"}} {total}");
        let _ = writeln!(out, "kezhan_http_request_seconds_sum {}", load(&self.micros) as f64 / 1e6);
        let _ = writeln!(out, "kezhan_http_request_seconds_count {total}");
        let mut gauge = |name: &str, help: &str, value: f64| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        };
        gauge("kezhan_db_connections_used", "Database connections at work.", f64::from(connections.0));
        gauge("kezhan_db_connections_max", "Database connections at most.", f64::from(connections.1));
        gauge("kezhan_uptime_seconds", "Seconds since the process started.", self.started.elapsed().as_secs_f64());
        if let Some(bytes) = resident_bytes() {
            gauge("process_resident_memory_bytes", "Resident memory size in bytes.", bytes as f64);
        }
        out
    }
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb * 1024)
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", operation_id = "getHealth", security(()),
    responses((status = 200, description = "Alive", body = crate::openapi::schemas::Status)))]
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

/// The database answers and has every migration.
#[utoipa::path(get, path = "/readyz", tag = "operations", operation_id = "getReadiness", security(()),
    responses((status = 200, description = "Ready", body = crate::openapi::schemas::Status)))]
pub async fn ready(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let complete = state.db.run(|conn| {
        let internal = |e: crate::database::DatabaseError| ApiError::internal(e.to_string());
        let applied = applied_versions(conn).map_err(|e| {
            log::warn!("not ready: {e}");
            ApiError::refused(Code::Unavailable, &[])
        })?;
        Ok(known_versions().map_err(internal)?.iter().all(|v| applied.contains(v)))
    });
    match complete.await? {
        true => Ok(HttpResponse::Ok().json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))),
        false => Err(Error::refused(Code::Unavailable, &[]).into()),
    }
}

/// For Prometheus on this machine; nobody else needs to know.
async fn metrics(state: web::Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let local = req.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
    let forwarded = ["forwarded", "x-forwarded-for"].iter().any(|h| req.headers().contains_key(*h));
    if !local || forwarded {
        return Err(ApiError::refused(Code::NotFound, &[]));
    }
    let text = state.metrics.text(state.db.usage());
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
