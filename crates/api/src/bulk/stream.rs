//! A file that is made while it is being sent: written on a database thread, read by the connection, never held whole.

use crate::call::{Call, run};
use crate::db::Db;
use crate::extract::Who;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use kezhan_engine::Result;
use kezhan_engine::transfer::Format;
use std::future::Future;
use std::io::{self, Write};
use tokio::sync::mpsc;

const CHUNK: usize = 64 << 10;
/// Chunks that may wait for a slow reader.
const WAITING: usize = 8;

type Chunk = io::Result<web::Bytes>;

struct Pipe {
    buffer: Vec<u8>,
    sender: mpsc::Sender<Chunk>,
}

impl Pipe {
    /// The reader may have gone; there is nobody to tell.
    fn end(mut self) {
        let _ = self.flush();
    }

    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = web::Bytes::from(std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK)));
        self.sender.blocking_send(Ok(chunk)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

/// Answers with what `work` writes. An error after the first bytes breaks the connection off: half a file must not
/// look like a whole one.
pub fn file<F>(state: web::Data<State>, who: Who, format: Format, name: &str, work: F) -> HttpResponse
where
    F: FnOnce(&mut Call<'_>, &mut (dyn Write + Send)) -> Result<()> + Send + 'static,
{
    document(state, who, format.media_type(), name, work)
}

/// The same for what is no sheet.
pub fn document<F>(state: web::Data<State>, who: Who, media_type: &str, name: &str, work: F) -> HttpResponse
where
    F: FnOnce(&mut Call<'_>, &mut (dyn Write + Send)) -> Result<()> + Send + 'static,
{
    sent(media_type, name, move |mut pipe| {
        run(state, who, move |call| {
            work(call, &mut pipe)?;
            pipe.end();
            Ok(())
        })
    })
}

/// The same for what is nobody's call.
pub fn made<F>(db: Db, media_type: &str, name: &str, work: F) -> HttpResponse
where
    F: FnOnce(&mut PgConnection, &mut (dyn Write + Send)) -> Result<()> + Send + 'static,
{
    sent(media_type, name, move |mut pipe| async move {
        db.run(move |conn| {
            work(conn, &mut pipe)?;
            pipe.end();
            Ok(())
        })
        .await
    })
}

fn sent<F>(media_type: &str, name: &str, work: impl FnOnce(Pipe) -> F + 'static) -> HttpResponse
where
    F: Future<Output = std::result::Result<(), ApiError>>,
{
    let (sender, mut receiver) = mpsc::channel::<Chunk>(WAITING);
    actix_web::rt::spawn(async move {
        let failed = sender.clone();
        if let Err(error) = work(Pipe { buffer: Vec::with_capacity(CHUNK), sender }).await {
            log::warn!("a file is broken off: {error}");
            let _ = failed.send(Err(io::Error::other("broken off"))).await;
        }
    });
    let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header(("content-disposition", disposition(name)))
        .insert_header(("cache-control", "no-store"))
        // Compressing would wait for the end of it.
        .insert_header(actix_web::http::header::ContentEncoding::Identity)
        .streaming(stream)
}

/// The file's name for old clients and, in full, for all others (RFC 6266).
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let encoded: String = name
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_survive_any_client() {
        let header = super::disposition("客户 \"1\".csv");
        assert_eq!(header, "attachment; filename=\"____1_.csv\"; filename*=UTF-8''%E5%AE%A2%E6%88%B7%20%221%22.csv");
    }
}
