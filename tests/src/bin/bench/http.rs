//! A small HTTP/1.1 client that costs next to nothing, and load with it over keep-alive connections.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub body: Option<String>,
    pub content_type: &'static str,
}

/// Between the parts of an upload; no sheet of the bench has it.
const BOUNDARY: &str = "kezhan-bench-boundary";
const JSON: &str = "application/json";

impl Request {
    pub fn get(path: impl Into<String>) -> Request {
        Request { method: "GET", path: path.into(), body: None, content_type: JSON }
    }

    pub fn with(method: &'static str, path: impl Into<String>, body: impl ToString) -> Request {
        Request { method, path: path.into(), body: Some(body.to_string()), content_type: JSON }
    }

    /// An upload of one file.
    pub fn file(path: impl Into<String>, name: &str, content: &str) -> Request {
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv\r\n\r\n{content}\r\n--{BOUNDARY}--\r\n"
        );
        let content_type = "multipart/form-data; boundary=kezhan-bench-boundary";
        Request { method: "POST", path: path.into(), body: Some(body), content_type }
    }

    fn bytes(&self, token: &str) -> Vec<u8> {
        let Request { method, path, body, content_type } = self;
        let mut out = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n");
        if !token.is_empty() {
            out += &format!("Authorization: Bearer {token}\r\n");
        }
        if let Some(body) = body {
            out += &format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", body.len());
        }
        out += "\r\n";
        out += body.as_deref().unwrap_or_default();
        out.into_bytes()
    }
}

pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub struct Client {
    stream: BufReader<TcpStream>,
    token: String,
    line: String,
}

impl Client {
    pub fn connect(addr: SocketAddr, token: &str) -> std::io::Result<Client> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Client { stream: BufReader::with_capacity(64 << 10, stream), token: token.to_owned(), line: String::new() })
    }

    pub fn send(&mut self, request: &Request) -> std::io::Result<Answer> {
        let bytes = request.bytes(&self.token);
        self.stream.get_mut().write_all(&bytes)?;
        let status = self.read_line()?.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_default();
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(": ") else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().unwrap_or_default();
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value == "chunked";
            }
        }
        let mut body = Vec::new();
        if !chunked {
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        while chunked {
            let size = usize::from_str_radix(self.read_line()?, 16).unwrap_or_default();
            let start = body.len();
            body.resize(start + size, 0);
            self.stream.read_exact(&mut body[start..])?;
            self.read_line()?;
            chunked = size > 0;
        }
        Ok(Answer { status, body })
    }

    fn read_line(&mut self) -> std::io::Result<&str> {
        self.line.clear();
        self.stream.read_line(&mut self.line)?;
        if self.line.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.line.trim_end())
    }
}

/// What came of a load.
#[derive(Clone, Debug, Default)]
pub struct Load {
    pub requests: u64,
    pub failures: u64,
    pub first_failure: Option<String>,
    pub seconds: f64,
    /// µs, sorted.
    pub times: Vec<u32>,
}

impl Load {
    pub fn add(&mut self, more: Load) {
        self.requests += more.requests;
        self.failures += more.failures;
        self.first_failure = self.first_failure.take().or(more.first_failure);
        self.seconds += more.seconds;
        self.times.extend(more.times);
    }

    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(at).map_or(0.0, |us| f64::from(*us) / 1000.0)
    }
}

/// Sends `make(n)` for n = 0, 1, 2 … over `connections` connections until time is up.
pub fn load(
    addr: SocketAddr,
    token: &str,
    connections: usize,
    seconds: f64,
    make: &(dyn Fn(u64) -> Request + Sync),
) -> Load {
    let next = AtomicU64::new(0);
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let one = || {
        let mut load = Load::default();
        let mut client = Client::connect(addr, token).unwrap();
        while Instant::now() < end {
            let request = make(next.fetch_add(1, Ordering::Relaxed));
            let sent = Instant::now();
            match client.send(&request) {
                Ok(answer) if answer.status < 300 => {}
                Ok(answer) => {
                    load.failures += 1;
                    load.first_failure.get_or_insert_with(|| format!("{}: {}", answer.status, answer.text()));
                }
                Err(e) => {
                    load.failures += 1;
                    load.first_failure.get_or_insert_with(|| e.to_string());
                    client = Client::connect(addr, token).unwrap();
                }
            }
            load.requests += 1;
            load.times.push(sent.elapsed().as_micros() as u32);
        }
        load
    };
    let mut total = Load::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        for thread in threads {
            total.add(thread.join().unwrap());
        }
    });
    total.seconds = start.elapsed().as_secs_f64();
    total.times.sort_unstable();
    total
}
