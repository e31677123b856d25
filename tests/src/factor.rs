//! A person with a telephone: the codes that an authenticator application shows, and the browser that it is signed in
//! with.

use crate::server::{Api, Reply, send};
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

/// The code of this secret, so many steps of 30 seconds from now.
pub fn code(secret: &str, steps: i64) -> String {
    let totp =
        Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).with_account_name("test").build().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    totp.generate(now.checked_add_signed(steps * 30).unwrap()).to_string()
}

/// The cookie of this name that an answer sets, as a request sends it back.
pub fn cookie(reply: &Reply, name: &str) -> Option<String> {
    let all = reply.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap());
    let ours = all.into_iter().find(|c| c.starts_with(&format!("{name}=")))?;
    Some(ours.split(';').next().unwrap().to_owned())
}

/// Sets up an authenticator application for whoever `api` is; its secret and the recovery codes.
pub fn set_up(api: &Api, password: &str) -> (String, Vec<String>) {
    let offer = api.post("/auth/second_factor/totp", &json!({"password": password})).ok();
    let secret = offer["secret"].as_str().unwrap().to_owned();
    let confirmed = api.post("/auth/second_factor/totp/confirm", &json!({"code": code(&secret, 0)})).ok();
    (secret, texts(&confirmed["recovery_codes"]))
}

pub fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned()).collect()
}

/// A sign-in of which something is missing.
pub struct Begun {
    api: Api,
    pub challenge: Value,
    /// The cookie of the browser in which it began.
    pub device: String,
}

impl Begun {
    pub fn with(api: &Api, username: &str, password: &str) -> Begun {
        Begun::from(api, &api.post("/auth/login", &json!({"username": username, "password": password})))
    }

    /// As our own page in a browser begins one.
    pub fn in_browser(api: &Api, username: &str, password: &str) -> Begun {
        let login = api.request(Method::POST, "/auth/login").header("x-requested-with", "kezhan");
        Begun::from(api, &send(login.json(&json!({"username": username, "password": password}))))
    }

    pub fn from(api: &Api, reply: &Reply) -> Begun {
        assert_eq!(reply.status, 202, "{}", reply.text);
        Begun { api: api.clone(), challenge: reply.json(), device: cookie(reply, "kz_device").unwrap() }
    }

    pub fn post(&self, path: &str, body: Value) -> Reply {
        self.post_from(Some(&self.device), path, body)
    }

    /// From another browser, or from one that keeps no cookies.
    pub fn post_from(&self, device: Option<&str>, path: &str, mut body: Value) -> Reply {
        body["challenge"] = self.challenge["challenge"].clone();
        let mut request = self.api.request(Method::POST, path).json(&body);
        if let Some(device) = device {
            request = request.header("cookie", device);
        }
        send(request)
    }

    pub fn code(&self, code: &str) -> Reply {
        self.post("/auth/second_factor", json!({"code": code}))
    }
}
