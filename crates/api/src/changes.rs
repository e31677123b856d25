//! What happened: as pages to fetch, and as a stream to listen to.

use crate::call::{Answer, run};
use crate::extract::Who;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::{Params, header_text};
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use kezhan_engine::feed::ChangesQuery;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use utoipa::OpenApi;

/// How often a process with listeners looks whether anything happened.
const BEAT: Duration = Duration::from_millis(500);
/// Proxies close connections that stay silent.
const SILENCE_MAX: Duration = Duration::from_secs(20);

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(changes, events))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/changes").get(changes)).service(web::resource("/events").get(events));
}

fn query(req: &HttpRequest) -> Result<ChangesQuery, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["since", "objects", "lists", "records", "limit"])?;
    let since = params.get("since").map(str::to_owned);
    let [objects, lists, records] = ["objects", "lists", "records"].map(|name| params.list(name));
    Ok(ChangesQuery { since, objects, lists, records, limit: params.limit()? })
}

/// What was created, changed, deleted and restored since a cursor, in order.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", operation_id = "listChanges",
    params(
        ("since" = Option<String>, Query, description = "`next_cursor` of the last answer; without it, the answer is empty and its cursor stands for now"),
        ("objects" = Option<String>, Query, description = "Only these objects, separated by commas", example = "account,opportunity"),
        ("lists" = Option<String>, Query, description = "Besides, these objects, but not what imports write; without `objects`, only these", example = "opportunity"),
        ("records" = Option<String>, Query, description = "Besides, whatever happens to these records (up to 50) and to what refers to them; without `objects`, only that", example = "account/0193a1b2-0000-7000-8000-000000000001"),
        ("limit" = Option<u32>, Query, description = "Most changes of one answer, up to 200", example = 100),
    ),
    responses((status = 200, body = crate::openapi::schemas::ChangeList, description = "Changes of records that the caller may see. `gap` tells that the cursor is from before a restored backup: read everything anew")))]
pub async fn changes(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let query = query(&req)?;
    let body = run(state, who, move |call| call.state.engine.changes(call.conn, call.caller, &query));
    Ok(Answer::ok(body.await?).into())
}

/// The same as server-sent events; `Last-Event-ID` resumes.
#[utoipa::path(get, path = "/api/v1/events", tag = "changes", operation_id = "streamEvents",
    params(
        ("since" = Option<String>, Query, description = "Begin after this cursor; `Last-Event-ID` goes before it. Without either, begin now"),
        ("objects" = Option<String>, Query, description = "Only these objects, separated by commas", example = "account"),
        ("lists" = Option<String>, Query, description = "Besides, these objects, but not what imports write; without `objects`, only these", example = "opportunity"),
        ("records" = Option<String>, Query, description = "Besides, whatever happens to these records (up to 50) and to what refers to them; without `objects`, only that", example = "account/0193a1b2-0000-7000-8000-000000000001"),
    ),
    responses((status = 200, content_type = "text/event-stream", body = String, description = "`event: change`, `data:` as in `GET /changes`, `id:` the cursor after it. With `records`, even empty, `event: cursor` tells at the beginning and in silence where the stream stands, so that another that follows others can go on from there")))]
pub async fn events(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut query = query(&req)?;
    // Whoever follows records follows others soon, and goes on from where the stream was.
    let places = Params::parse(req.query_string())?.get("records").is_some();
    if let Some(last) = header_text(&req, "last-event-id")? {
        query.since = Some(last);
    }
    query.limit = Some(200);
    // The first look tells what is wrong with the request while there is still a status to say it with.
    let first = look(&state, &who, &query).await?;
    query.since = first.cursor.clone().or(query.since);
    let mut listener = Listener {
        tick: state.pulse.listen(),
        state: state.clone(),
        who,
        query,
        seen: -1,
        spoken: Instant::now(),
        places,
        ready: VecDeque::new(),
    };
    let text = if first.text.is_empty() { listener.idle() } else { first.text };
    listener.ready.push_back(format!(": listening\n\n{text}").into());
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

/// Some changes as events, and the cursor after them.
struct Chunk {
    text: String,
    cursor: Option<String>,
    full: bool,
}

async fn look(state: &web::Data<State>, who: &Who, query: &ChangesQuery) -> Result<Chunk, ApiError> {
    let query = query.clone();
    let run = run(state.clone(), who.clone(), move |call| {
        let body = call.state.engine.changes(call.conn, call.caller, &query)?;
        let page: Value = serde_json::from_slice(&body).map_err(|e| kezhan_engine::Error::Internal(e.to_string()))?;
        Ok(page)
    });
    let page = run.await?;
    let cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
    let data = page.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut text = String::new();
    for (at, change) in data.iter().enumerate() {
        text.push_str(&format!("event: change\ndata: {change}\n"));
        // Only the last carries the id: a client that breaks off in the middle sees the others again.
        if let (true, Some(cursor)) = (at + 1 == data.len(), &cursor) {
            text.push_str(&format!("id: {cursor}\n"));
        }
        text.push('\n');
    }
    Ok(Chunk { text, cursor, full: data.len() >= 200 })
}

/// One open connection.
struct Listener {
    tick: Tick,
    state: web::Data<State>,
    who: Who,
    query: ChangesQuery,
    /// The pulse at the last look.
    seen: i64,
    spoken: Instant,
    /// Is the place told where there is nothing else to tell?
    places: bool,
    ready: VecDeque<web::Bytes>,
}

impl Listener {
    /// None ends the stream: the caller signed out, or the token has run out; the client comes back by itself.
    async fn next(&mut self) -> Option<web::Bytes> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                self.spoken = Instant::now();
                return Some(chunk);
            }
            tokio::time::sleep(BEAT).await;
            let pulse = self.tick.beat(&self.state).await;
            if pulse != self.seen {
                let found = look(&self.state, &self.who, &self.query).await.ok()?;
                self.query.since = found.cursor.or(self.query.since.take());
                if !found.full {
                    self.seen = pulse;
                }
                if !found.text.is_empty() {
                    self.ready.push_back(found.text.into());
                }
            }
            if self.spoken.elapsed() > SILENCE_MAX {
                self.ready.push_back(self.idle().into());
            }
        }
    }

    /// That there is nothing, and where the stream stands.
    fn idle(&self) -> String {
        match self.query.since.as_deref().filter(|_| self.places) {
            Some(cursor) => format!("event: cursor\ndata: {{}}\nid: {cursor}\n\n"),
            None => ": still here\n\n".to_owned(),
        }
    }
}

/// Tells all listeners of a process, by one statement per beat, whether anything was written at all.
#[derive(Clone, Default)]
pub struct Pulse(Arc<Shared>);

#[derive(Default)]
struct Shared {
    value: AtomicI64,
    /// When it was last asked for, in milliseconds since the first.
    asked: AtomicU64,
    began: std::sync::OnceLock<Instant>,
}

/// A listener's view of the pulse.
struct Tick(Arc<Shared>);

impl Pulse {
    fn listen(&self) -> Tick {
        Tick(Arc::clone(&self.0))
    }
}

impl Tick {
    /// The newest snapshot that anyone in this process knows of; asked of the database at most once per beat.
    async fn beat(&self, state: &web::Data<State>) -> i64 {
        let shared = &self.0;
        let now = shared.began.get_or_init(Instant::now).elapsed().as_millis() as u64;
        let last = shared.asked.load(Ordering::Relaxed);
        let due = now >= last + BEAT.as_millis() as u64 / 2 || last == 0;
        if due && shared.asked.compare_exchange(last, now.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            match state.db.run(|conn| Ok(horizon(conn)?)).await {
                Ok(value) => shared.value.store(value, Ordering::Relaxed),
                Err(e) => log::debug!("pulse: {e}"),
            }
        }
        shared.value.load(Ordering::Relaxed)
    }
}

/// Rises with every transaction that has ended; as far as the feed can be read.
fn horizon(conn: &mut PgConnection) -> Result<i64, diesel::result::Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        at: i64,
    }
    let row = diesel::sql_query("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS at");
    Ok(row.get_result::<Row>(conn)?.at)
}
