//! Sign-in and the signed-in person. Tokens stay in HttpOnly cookies: no script sees them.

use super::client::{ApiError, Call};
use serde_json::{Map, Value, json};

/// The signed-in person. Read by hand: derived, it is the heaviest of all that the first screen needs.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// Somebody reports to them.
    pub manages: bool,
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

impl From<Map<String, Value>> for Me {
    fn from(mut all: Map<String, Value>) -> Me {
        let texts = |value: Option<Value>| super::texts(value.as_ref()).map(str::to_owned).collect();
        Me {
            departments: texts(all.remove("departments")),
            belongs_to: texts(all.remove("belongs_to")),
            roles: texts(all.remove("roles")),
            manages: all.get("manages") == Some(&Value::Bool(true)),
            upload_max_bytes: all.get("upload_max_bytes").and_then(Value::as_u64).unwrap_or_default(),
            preferences: object(&mut all, "preferences"),
            permissions: object(&mut all, "permissions"),
            id: text(&mut all, "id"),
            name: text(&mut all, "name"),
            username: text(&mut all, "username"),
            role_name: text(&mut all, "role_name"),
            department: text(&mut all, "department"),
            locale: text(&mut all, "locale"),
            time_zone: text(&mut all, "time_zone"),
            mobile: text(&mut all, "mobile"),
            email: text(&mut all, "email"),
            avatar: text(&mut all, "avatar"),
            viewer: text(&mut all, "viewer"),
        }
    }
}

fn text(all: &mut Map<String, Value>, key: &str) -> Option<String> {
    match all.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn object(all: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match all.remove(key) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    }
}

pub async fn me() -> Result<Me, ApiError> {
    let mut answer: Map<String, Value> = Call::get("/auth/me").json().await?;
    Ok(match answer.remove("user") {
        Some(Value::Object(user)) => user.into(),
        _ => answer.into(),
    })
}

/// Changes what is one's own; see `PATCH /auth/me`.
pub async fn change_me(change: &Value) -> Result<Me, ApiError> {
    Call::patch("/auth/me").body(change).json().await.map(|me: Map<String, Value>| me.into())
}

pub async fn change_password(current: &str, password: &str) -> Result<(), ApiError> {
    let body = json!({ "current": current, "password": password });
    Call::post("/auth/password").body(&body).send().await.map(|_| ())
}

/// Looks as another user, or as oneself again.
pub async fn view_as(user: Option<&str>) -> Result<(), ApiError> {
    let call = match user {
        Some(user) => Call::post("/auth/view_as").body(&json!({ "user": user })),
        None => Call::delete("/auth/view_as"),
    };
    call.send().await.map(|_| ())
}

/// Where to go on, to sign out at the provider through which one came.
pub async fn logout() -> Result<Option<String>, ApiError> {
    let reply = Call::post("/auth/logout").body(&json!({})).without_refresh().send().await?;
    let said = reply.text().await.unwrap_or_default();
    Ok(serde_json::from_str::<Value>(&said).ok().and_then(|o| o["url"].as_str().map(str::to_owned)))
}
