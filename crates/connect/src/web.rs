//! Calls over HTTP to addresses that tenants may type. One client for all of them: what it may reach is [`Guard`]'s to
//! say, it takes no proxy from the environment, and neither size nor time of an answer is the other side's to choose.

use crate::guard::{Guard, Refusal};
use bytes::Bytes;
use http::header::{AUTHORIZATION, LOCATION};
use http::{Method, Request, Response, StatusCode, Uri};
use reqwest_tls::dns::{Addrs, Name, Resolve, Resolving};
use reqwest_tls::{Client, Url, redirect};
use std::time::Duration;

/// How far a call may go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From the first packet to the last.
    pub time: Duration,
    /// Of the answer's body.
    pub bytes: usize,
    pub redirects: u8,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { time: Duration::from_secs(10), bytes: 1 << 20, redirects: 3 }
    }
}

const CONNECT_MAX: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{0} is no address that can be called")]
    Address(String),
    #[error("{0} has to be called by https")]
    Plain(String),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("no answer within {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("too many redirects")]
    Redirects,
    #[error("{0}")]
    Failed(String),
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Web {
    client: Result<Client, String>,
    guard: Guard,
}

/// Hands the guard's addresses, and no others, to the connector.
struct Guarded(Guard);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let found = guard.addresses(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Web {
    pub fn new(guard: Guard) -> Web {
        // Another part of the program may have chosen a provider already: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_MAX)
            .pool_max_idle_per_host(0)
            .user_agent("kezhan")
            .dns_resolver(Guarded(guard.clone()))
            .build();
        Web { client: client.map_err(|e| chain(&e)), guard }
    }

    /// The guard, for what is not HTTP.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends a request and reads the answer. Redirects are followed for reading only, and never with credentials.
    pub async fn send(&self, request: Request<Vec<u8>>, bounds: Bounds) -> Result<Response<Vec<u8>>, WebError> {
        let work = self.follow(request, bounds);
        tokio::time::timeout(bounds.time, work).await.map_err(|_| WebError::TooSlow(bounds.time))?
    }

    async fn follow(&self, request: Request<Vec<u8>>, bounds: Bounds) -> Result<Response<Vec<u8>>, WebError> {
        let client = self.client.as_ref().map_err(|e| WebError::Failed(e.clone()))?;
        let (mut parts, body) = request.into_parts();
        let follows = parts.method == Method::GET && !parts.headers.contains_key(AUTHORIZATION);
        for _ in 0..=bounds.redirects {
            let url = self.checked(&parts.uri).await?;
            let built = client.request(parts.method.clone(), url.clone()).headers(parts.headers.clone());
            let mut answer = built.body(body.clone()).send().await.map_err(|e| failure(&e))?;
            let onward = answer.status().is_redirection().then(|| answer.headers().get(LOCATION)).flatten();
            if let Some(onward) = onward.filter(|_| follows) {
                let onward = onward.to_str().ok().and_then(|to| url.join(to).ok());
                let onward = onward.ok_or_else(|| WebError::Address("Location".into()))?;
                parts.uri = onward.as_str().parse().map_err(|_| WebError::Address(onward.to_string()))?;
                continue;
            }
            return read(&mut answer, bounds.bytes).await;
        }
        Err(WebError::Redirects)
    }

    /// The connector asks no resolver where a host is an address already: those are looked at here.
    async fn checked(&self, uri: &Uri) -> Result<Url, WebError> {
        let refused = || WebError::Address(uri.to_string());
        let url = Url::parse(&uri.to_string()).map_err(|_| refused())?;
        let host = url.host_str().ok_or_else(refused)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused());
        }
        match url.scheme() {
            "https" => {}
            "http" if self.guard.is_inside(host) => {}
            "http" => return Err(WebError::Plain(host.to_owned())),
            _ => return Err(refused()),
        }
        self.guard.addresses(host, 0).await?;
        Ok(url)
    }
}

async fn read(answer: &mut reqwest_tls::Response, most: usize) -> Result<Response<Vec<u8>>, WebError> {
    let mut body: Vec<u8> = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|e| failure(&e))? {
        let piece: Bytes = piece;
        if body.len() + piece.len() > most {
            return Err(WebError::TooLarge(most));
        }
        body.extend_from_slice(&piece);
    }
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}

fn failure(error: &reqwest_tls::Error) -> WebError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(at) = cause {
        if let Some(refusal) = at.downcast_ref::<Refusal>() {
            return WebError::Refused(refusal.clone());
        }
        cause = at.source();
    }
    WebError::Failed(chain(error))
}

/// An error with what caused it, without the address, which may hold a secret.
fn chain(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(deeper) = last.source() {
        last = deeper;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{Inside, Names};
    use futures_util::future::BoxFuture;
    use std::io;
    use std::net::IpAddr;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Every name is this machine.
    struct Here;

    impl Names for Here {
        fn look_up(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
        }
    }

    fn web(inside: &str) -> Web {
        Web::new(Guard::with_names(inside.parse::<Inside>().unwrap(), Arc::new(Here)))
    }

    fn get(url: &str) -> Request<Vec<u8>> {
        Request::get(url).body(Vec::new()).unwrap()
    }

    /// Answers every connection with these bytes, then perhaps keeps silent.
    async fn peer(answer: String, silent: bool) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0_u8; 4096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                if silent {
                    std::future::pending::<()>().await;
                }
            }
        });
        port
    }

    #[tokio::test]
    async fn addresses_inside_are_refused_however_they_are_written() {
        let web = web("");
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[fd00:ec2::254]/",
            "https://localhost/",
            "https://metadata.example/",
            "https://10.0.0.1:8443/",
        ] {
            let answer = web.send(get(url), Bounds::default()).await;
            assert!(matches!(answer, Err(WebError::Refused(Refusal::Internal(_)))), "{url}: {answer:?}");
        }
        assert!(matches!(web.send(get("http://example.com/"), Bounds::default()).await, Err(WebError::Plain(_))));
        for url in ["ftp://example.com/", "https://user:word@example.com/"] {
            assert!(matches!(web.send(get(url), Bounds::default()).await, Err(WebError::Address(_))), "{url}");
        }
    }

    #[tokio::test]
    async fn a_redirect_leads_nowhere_that_could_not_have_been_called() {
        let target = "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n";
        let port = peer(target.to_owned(), false).await;
        let web = web("good.example");
        let answer = web.send(get(&format!("http://good.example:{port}/")), Bounds::default()).await;
        assert!(matches!(answer, Err(WebError::Plain(_))), "{answer:?}");
        let target = "HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n";
        let port = peer(target.to_owned(), false).await;
        let answer = web.send(get(&format!("http://good.example:{port}/")), Bounds::default()).await;
        assert!(matches!(answer, Err(WebError::Refused(Refusal::Internal(_)))), "{answer:?}");
        let target = "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
        let port = peer(target.to_owned(), false).await;
        let answer = web.send(get(&format!("http://good.example:{port}/")), Bounds::default()).await;
        assert!(matches!(answer, Err(WebError::Redirects)), "{answer:?}");
        // What carries credentials is answered with the redirect itself.
        let mut request = get(&format!("http://good.example:{port}/"));
        request.headers_mut().insert(AUTHORIZATION, http::HeaderValue::from_static("Bearer x"));
        assert_eq!(web.send(request, Bounds::default()).await.unwrap().status(), 302);
    }

    #[tokio::test]
    async fn an_answer_is_neither_endless_nor_late() {
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}", "x".repeat(5000));
        let port = peer(long, false).await;
        let web = web("good.example");
        let url = format!("http://good.example:{port}/");
        let answer = web.send(get(&url), Bounds { bytes: 4999, ..Bounds::default() }).await;
        assert!(matches!(answer, Err(WebError::TooLarge(4999))), "{answer:?}");
        let answer = web.send(get(&url), Bounds { bytes: 5000, ..Bounds::default() }).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 5000));
        let port = peer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab".to_owned(), true).await;
        let bounds = Bounds { time: Duration::from_millis(150), ..Bounds::default() };
        let answer = web.send(get(&format!("http://good.example:{port}/")), bounds).await;
        assert!(matches!(answer, Err(WebError::TooSlow(_))), "{answer:?}");
    }
}
