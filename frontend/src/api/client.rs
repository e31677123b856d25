//! One call: cookies, language, safe retries after a refreshed session, problems as a type.

use crate::bridge;
use crate::i18n::{ERROR_NETWORK, ERROR_UNREADABLE, t};
use crate::state::{offline, prefs, session};
use futures_util::future::{FutureExt, LocalBoxFuture, Shared};
use gloo_net::http::{Method, RequestBuilder, Response};
use kezhan_meta::{Problem, ProblemItem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use web_sys::RequestCredentials;

pub const BASE: &str = "/api/v1";

/// Why a call did not do what it should.
#[derive(Clone, Debug, PartialEq)]
pub enum ApiError {
    /// No answer.
    Network,
    /// An answer that is neither the expected body nor a problem.
    Unreadable(u16),
    Problem(Box<Problem>),
}

impl ApiError {
    pub fn status(&self) -> u16 {
        match self {
            ApiError::Network => 0,
            ApiError::Unreadable(status) => *status,
            ApiError::Problem(problem) => problem.status,
        }
    }

    pub fn is_unauthenticated(&self) -> bool {
        self.status() == 401
    }

    pub fn is_missing(&self) -> bool {
        self.status() == 404
    }

    pub fn is_stale(&self) -> bool {
        self.status() == 412
    }

    /// For people, in their language: the server writes it so.
    pub fn message(&self) -> String {
        match self {
            ApiError::Network => t(ERROR_NETWORK).to_owned(),
            ApiError::Unreadable(_) => t(ERROR_UNREADABLE).to_owned(),
            ApiError::Problem(p) if p.detail.is_empty() => p.title.clone(),
            ApiError::Problem(p) => p.detail.clone(),
        }
    }

    pub fn items(&self) -> &[ProblemItem] {
        match self {
            ApiError::Problem(problem) => &problem.errors,
            _ => &[],
        }
    }

    pub fn request_id(&self) -> Option<&str> {
        match self {
            ApiError::Problem(problem) if !problem.request_id.is_empty() => Some(&problem.request_id),
            _ => None,
        }
    }

    /// Reads an error answer.
    pub fn parse(status: u16, body: &str) -> ApiError {
        match serde_json::from_str::<Problem>(body) {
            Ok(problem) => ApiError::Problem(Box::new(problem)),
            Err(_) => ApiError::Unreadable(status),
        }
    }
}

/// A request that can be sent again.
#[derive(Clone)]
pub struct Call {
    method: Method,
    url: String,
    body: Option<String>,
    headers: Vec<(&'static str, String)>,
    refresh: bool,
}

impl Call {
    fn new(method: Method, path: &str) -> Call {
        let mut headers = vec![("Accept-Language", prefs::lang().tag().to_owned())];
        if method != Method::GET {
            headers.push(("X-Requested-With", "kezhan".to_owned()));
        }
        if method == Method::POST {
            headers.push(("Idempotency-Key", uuid::Uuid::new_v4().to_string()));
        }
        Call { method, url: format!("{BASE}{path}"), body: None, headers, refresh: true }
    }

    pub fn get(path: &str) -> Call {
        Call::new(Method::GET, path)
    }

    pub fn post(path: &str) -> Call {
        Call::new(Method::POST, path)
    }

    pub fn patch(path: &str) -> Call {
        Call::new(Method::PATCH, path)
    }

    pub fn put(path: &str) -> Call {
        Call::new(Method::PUT, path)
    }

    pub fn delete(path: &str) -> Call {
        Call::new(Method::DELETE, path)
    }

    pub fn body(mut self, body: &impl Serialize) -> Call {
        // What is sent is maps, lists and texts: it always has a JSON form.
        self.body = serde_json::to_string(body).ok();
        self.headers.push(("Content-Type", "application/json".to_owned()));
        self
    }

    /// Under this key instead of one of its own, so that trying again later is the same call.
    pub fn key(mut self, key: &str) -> Call {
        self.headers.retain(|(name, _)| *name != "Idempotency-Key");
        self.headers.push(("Idempotency-Key", key.to_owned()));
        self
    }

    /// Only if the record still is at this version.
    pub fn if_version(mut self, version: Option<i64>) -> Call {
        if let Some(version) = version {
            self.headers.push(("If-Match", format!("\"{version}\"")));
        }
        self
    }

    /// For the calls that are about the session itself.
    pub fn without_refresh(mut self) -> Call {
        self.refresh = false;
        self
    }

    async fn once(&self) -> Result<Response, ApiError> {
        let mut request =
            RequestBuilder::new(&self.url).method(self.method.clone()).credentials(RequestCredentials::SameOrigin);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let early = if self.method == Method::GET { bridge::early(&self.url).await } else { None };
        let sent = match (early, &self.body) {
            (Some(answer), _) => Ok(answer.into()),
            (None, Some(body)) => match request.body(JsValue::from_str(body)) {
                Ok(request) => request.send().await,
                Err(_) => return Err(ApiError::Network),
            },
            (None, None) => request.send().await,
        };
        match sent {
            Ok(response) => {
                if response.headers().get("X-Kezhan-Last-Seen").is_some() {
                    offline::lost();
                }
                let answer: web_sys::Response = response.into();
                if answer.ok() {
                    bridge::saw(self.method.as_str(), &self.url, self.body.as_deref(), &answer);
                }
                Ok(answer.into())
            }
            Err(_) => {
                offline::lost();
                Err(ApiError::Network)
            }
        }
    }

    /// Sends; a 401 refreshes the session once and sends again.
    pub async fn send(self) -> Result<Response, ApiError> {
        let mut response = self.once().await?;
        if response.status() == 401 && self.refresh {
            if refresh().await {
                response = self.once().await?;
            }
            if response.status() == 401 {
                session::expired();
            }
        }
        if response.ok() {
            return Ok(response);
        }
        let status = response.status();
        Err(ApiError::parse(status, &response.text().await.unwrap_or_default()))
    }

    /// Status and text of the answer; boxed, so that no type of answer brings the sending once more.
    fn text(self) -> LocalBoxFuture<'static, Result<(u16, String), ApiError>> {
        Box::pin(async move {
            let response = self.send().await?;
            let status = response.status();
            Ok((status, response.text().await.map_err(|_| ApiError::Network)?))
        })
    }

    pub async fn json<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let (status, text) = self.text().await?;
        read(status, &text)
    }
}

/// Reads an answer; by itself, so that reading a type is there once however often it is asked for.
#[inline(never)]
pub fn read<T: DeserializeOwned>(status: u16, text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|error| {
        leptos::logging::warn!("unexpected answer: {error}");
        ApiError::Unreadable(status)
    })
}

/// Sends a form with files, with its progress between 0 and 1; a 401 refreshes the session once and sends again.
pub async fn send_form<T: DeserializeOwned>(
    url: &str,
    form: &web_sys::FormData,
    progress: impl FnMut(f64) + Clone + 'static,
    signal: Option<&web_sys::AbortSignal>,
) -> Result<T, ApiError> {
    let headers = [("X-Requested-With", "kezhan"), ("Accept-Language", prefs::lang().tag())];
    let mut answer = bridge::upload(url, form, &headers, progress.clone(), signal).await;
    if matches!(answer, Some((401, _))) && refresh().await {
        answer = bridge::upload(url, form, &headers, progress, signal).await;
    }
    match answer {
        None => Err(ApiError::Network),
        Some((status, body)) if (200..300).contains(&status) => {
            serde_json::from_str(&body).map_err(|_| ApiError::Unreadable(status))
        }
        Some((status, body)) => Err(ApiError::parse(status, &body)),
    }
}

type Refresh = Shared<LocalBoxFuture<'static, bool>>;

thread_local! {
    static REFRESH: RefCell<Option<Refresh>> = const { RefCell::new(None) };
}

/// Rotates the refresh token. Calls that fail together share one rotation: a token used twice ends the session.
pub async fn refresh() -> bool {
    let running = REFRESH.with_borrow(Clone::clone);
    let shared = running.unwrap_or_else(|| {
        let rotation: LocalBoxFuture<'static, bool> = Box::pin(async {
            let answer = Call::post("/auth/refresh").body(&serde_json::json!({})).once().await;
            REFRESH.with_borrow_mut(|slot| *slot = None);
            answer.is_ok_and(|r| r.ok())
        });
        let shared = rotation.shared();
        REFRESH.with_borrow_mut(|slot| *slot = Some(shared.clone()));
        shared
    });
    shared.await
}
