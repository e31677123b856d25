//! Sign-in and the signed-in person. Tokens stay in HttpOnly cookies: no script sees them.

use super::client::{ApiError, Call, read};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The signed-in person.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Me {
    pub id: Option<String>,
    pub name: Option<String>,
    pub username: Option<String>,
    pub role_name: Option<String>,
    pub department: Option<String>,
    /// With those below it.
    pub departments: Vec<String>,
    /// With those above it.
    pub belongs_to: Vec<String>,
    pub roles: Vec<String>,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
    pub mobile: Option<String>,
    pub email: Option<String>,
    /// An attachment.
    pub avatar: Option<String>,
    /// `theme`, `density`, `navigation`, `views`, each where it was chosen.
    pub preferences: Map<String, Value>,
    /// The largest file that may be put on a record; 0 where it is not known.
    pub upload_max_bytes: u64,
    /// The administrator who looks with this person's eyes.
    pub viewer: Option<String>,
    /// Object → action → data scope.
    pub permissions: Map<String, Value>,
}

pub async fn me() -> Result<Me, ApiError> {
    let answer: Value = Call::get("/auth/me").json().await?;
    // As text: reading it from there is needed anyway.
    read(200, &answer.get("user").unwrap_or(&answer).to_string())
}

/// Changes what is one's own; see `PATCH /auth/me`.
pub async fn change_me(change: &Value) -> Result<Me, ApiError> {
    Call::patch("/auth/me").body(change).json().await
}

pub async fn change_password(current: &str, password: &str) -> Result<(), ApiError> {
    let body = json!({ "current": current, "password": password });
    Call::post("/auth/password").body(&body).send().await.map(|_| ())
}

pub async fn login(tenant: &str, username: &str, password: &str) -> Result<(), ApiError> {
    let mut body = json!({ "username": username, "password": password });
    if !tenant.is_empty() {
        body["tenant"] = tenant.into();
    }
    Call::post("/auth/login").body(&body).without_refresh().send().await.map(|_| ())
}

/// Looks as another user, or as oneself again.
pub async fn view_as(user: Option<&str>) -> Result<(), ApiError> {
    let call = match user {
        Some(user) => Call::post("/auth/view_as").body(&json!({ "user": user })),
        None => Call::delete("/auth/view_as"),
    };
    call.send().await.map(|_| ())
}

pub async fn logout() -> Result<(), ApiError> {
    Call::post("/auth/logout").body(&json!({})).without_refresh().send().await.map(|_| ())
}
