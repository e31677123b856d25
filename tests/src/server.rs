//! The whole application on a port of its own, with one tenant and its administrator.

use crate::TestDb;
use kezhan_api::config::Config;
use kezhan_api::server::{self, ServerHandle, State};
use kezhan_features::people::setup::{NewTenant, create_tenant};
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;

pub const PASSWORD: &str = "correct horse";

/// A running server; stopped and cleared away when dropped.
pub struct TestServer {
    pub address: SocketAddr,
    pub tenant: NewTenant,
    pub db: TestDb,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    worker: Option<std::sync::Arc<kezhan_api::worker::Beside>>,
    data: PathBuf,
}

impl Default for TestServer {
    fn default() -> Self {
        TestServer::new()
    }
}

impl TestServer {
    pub fn new() -> TestServer {
        TestServer::with(&[])
    }

    /// With the web client, for tests in a browser.
    pub fn with_web() -> TestServer {
        let web = std::env::var_os("KEZHAN_WEB").map_or_else(|| crate::root().join("build/web"), PathBuf::from);
        assert!(
            web.join("index.html").exists(),
            "the web client is not built in {}: run scripts/build-web first, as scripts/test does",
            web.display()
        );
        TestServer::with(&[("KEZHAN_WEB", web.to_str().unwrap())])
    }

    /// With settings beside those that a test needs.
    pub fn with(settings: &[(&str, &str)]) -> TestServer {
        let db = TestDb::new();
        let data = std::env::temp_dir().join(format!("kezhan-test-{}", uuid::Uuid::now_v7().simple()));
        let mut vars: BTreeMap<String, String> = BTreeMap::from([
            ("KEZHAN_DATA".into(), data.display().to_string()),
            ("DATABASE_URL".into(), db.url().into()),
            ("KEZHAN_MASTER_KEY".into(), crate::MASTER_KEY.into()),
            ("KEZHAN_DB_POOL".into(), "4".into()),
            ("KEZHAN_HTTP_WORKERS".into(), "1".into()),
        ]);
        vars.extend(settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let config = Config::from_vars(&vars).unwrap();
        let engine = crate::sealing_engine();
        let tenant = create_tenant(&engine, &mut db.connect(), "test", "测试公司", "admin", PASSWORD).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State::new(&config, db.url()).unwrap();
        let worker = state.worker.clone();
        let (started, handle) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            server::run(state, listener, |handle| started.send(handle).unwrap()).unwrap();
        });
        let handle = handle.recv().unwrap();
        TestServer { address, tenant, db, handle, thread: Some(thread), worker, data }
    }

    /// The data directory.
    pub fn data(&self) -> &std::path::Path {
        &self.data
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A client without credentials.
    pub fn anonymous(&self) -> Api {
        Api::at(&self.url(""))
    }

    pub fn admin(&self) -> Api {
        self.sign_in("admin", PASSWORD)
    }

    pub fn sign_in(&self, username: &str, password: &str) -> Api {
        self.anonymous().sign_in(username, password)
    }

    /// A user with this role and the usual password; answers their id.
    pub fn user(&self, name: &str, role: &str, more: Value) -> String {
        let admin = self.admin();
        let mut record = json!({"name": name, "username": name, "role": role, "status": "active"});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let user = admin.post("/users", &record).created();
        let id = user["id"].as_str().unwrap().to_owned();
        admin.post(&format!("/users/{id}/actions/set_password"), &json!({"password": PASSWORD})).ok();
        id
    }

    /// A role with these grants; answers its id.
    pub fn role(&self, name: &str, grants: Value) -> String {
        let role = self.admin().post("/roles", &json!({"name": name, "grants": grants})).created();
        role["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let stopped = self.handle.stop(false);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(stopped);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // A thread that looks for the database while that goes and the process ends would bring the test down.
        if let Some(worker) = &self.worker {
            worker.stop();
        }
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// Calls the API as one caller.
#[derive(Clone)]
pub struct Api {
    pub client: Client,
    base: String,
    pub token: Option<String>,
    pub lang: &'static str,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Api {
    /// Without credentials.
    pub fn at(base: &str) -> Api {
        Api { client: Client::builder().no_proxy().build().unwrap(), base: base.to_owned(), token: None, lang: "en" }
    }

    pub fn sign_in(mut self, username: &str, password: &str) -> Api {
        let body = self.post("/auth/login", &json!({"username": username, "password": password}));
        self.token = Some(body.ok()["access_token"].as_str().unwrap().to_owned());
        self
    }

    /// The same with another token.
    pub fn bearing(&self, token: &str) -> Api {
        Api { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request below `/api/v1`, not yet sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        let request = request.header("accept-language", self.lang);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path))
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::POST, path).json(body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::PATCH, path).json(body))
    }

    pub fn put(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::PUT, path).json(body))
    }

    pub fn delete(&self, path: &str) -> Reply {
        send(self.request(Method::DELETE, path))
    }

    /// A record, which must go in.
    pub fn create(&self, plural: &str, record: Value) -> Value {
        self.post(&format!("/{plural}"), &record).created()
    }
}

/// Refused by a rule, not by an accident.
#[track_caller]
pub fn refused(reply: &Reply, what: &str) {
    assert!(reply.status.is_client_error(), "{what}: {} {}", reply.status, reply.text);
    assert_eq!(reply.header("content-type"), "application/problem+json", "{what}: {}", reply.text);
}

pub fn send(request: RequestBuilder) -> Reply {
    let response: Response = request.send().unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Reply { status, headers, text: response.text().unwrap() }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text))
    }

    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    pub fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{}", self.text);
        self.json()
    }

    /// The problem body of a call that must fail so.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(body["status"], status);
        assert_eq!(body["request_id"], self.header("x-request-id"));
        body
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The ids of a page, in order.
    pub fn ids(&self) -> Vec<String> {
        self.ok()["data"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect()
    }
}
