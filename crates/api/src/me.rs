//! What people change about themselves, whatever their role: name, numbers, picture, and how they like the interface.

use crate::auth::Me;
use crate::call::Answer;
use crate::extract::Json;
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpResponse, web};
use diesel::RunQueryDsl;
use diesel::sql_types::{Jsonb, Uuid as SqlUuid};
use kezhan_engine::{Error, Result};
use kezhan_features::people::{access, identity};
use kezhan_meta::problem::Code;
use kezhan_meta::{Record, Violation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use utoipa::{OpenApi, ToSchema};

pub const PART: Part = Part { routes: |_| (), docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(change))]
struct Docs;

/// Most entries of one list of the navigation, and characters of one.
const LIST_MAX: usize = 300;
const ENTRY_MAX: usize = 200;
const QUERY_MAX: usize = 8_000;

/// How the navigation is arranged. What it does not name stands as it would without it.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Navigation {
    /// Sections in order.
    #[serde(default)]
    #[schema(example = json!(["sales", "customers"]))]
    pub sections: Vec<String>,
    /// Entries in order: objects, and views as `view:<id>`.
    #[serde(default)]
    #[schema(example = json!(["opportunity", "account"]))]
    pub order: Vec<String>,
    #[serde(default)]
    pub hidden: Vec<String>,
    /// Sections that are closed.
    #[serde(default)]
    pub collapsed: Vec<String>,
    /// Saved views that have a place of their own.
    #[serde(default)]
    pub views: Vec<PinnedView>,
}

/// A saved view in the navigation.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedView {
    pub id: uuid::Uuid,
    /// The object that it lists.
    #[schema(example = "account")]
    pub object: String,
    pub name: String,
    /// The address of the list without its path, as it was when it was given the place.
    #[serde(default)]
    #[schema(example = "view=0198c0de-7a10-7c00-8000-000000000001")]
    pub query: String,
}

/// Views that everybody has of what has owners, without keeping them.
const SCENES: [&str; 2] = ["mine", "reports"];

/// How someone likes the saved views of one object.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ViewChoice {
    /// The view that the list opens with: an id, `mine` and `reports` for what one owns and what those own who report to
    /// one, or `none` for the whole list; without it the role decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Views that are no tabs.
    pub unpinned: Vec<String>,
}

/// The caller's own changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeChange {
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// An empty text takes it away.
    pub mobile: Option<String>,
    /// An empty text takes it away.
    pub email: Option<String>,
    /// An attachment on the caller's own user record; an empty text takes the picture away.
    pub avatar: Option<String>,
    /// `zh-CN` or `en`.
    #[schema(example = "en")]
    pub locale: Option<String>,
    /// IANA time zone.
    #[schema(example = "Asia/Shanghai")]
    pub time_zone: Option<String>,
    /// `system`, `light` or `dark`.
    #[schema(example = "dark")]
    pub theme: Option<String>,
    /// `compact`, `normal` or `roomy`.
    #[schema(example = "compact")]
    pub density: Option<String>,
    /// How days are written: in `words`, in words with the day first (`day_first`), or `iso`.
    #[schema(example = "iso")]
    pub dates: Option<String>,
    /// How amounts are written in lists: in `full`, or `short` in 万 and 亿, thousands and millions.
    #[schema(example = "short")]
    pub amounts: Option<String>,
    pub navigation: Option<Navigation>,
    /// Per object, how the caller likes its saved views; replaces what was said before.
    #[schema(value_type = Option<Object>, example = json!({"account": {"default": "none", "unpinned": []}}))]
    pub views: Option<HashMap<String, ViewChoice>>,
}

impl MeChange {
    /// The fields of the person's record.
    fn of_record(&self) -> Record {
        let told = [
            ("name", &self.name),
            ("mobile", &self.mobile),
            ("email", &self.email),
            ("avatar", &self.avatar),
            ("locale", &self.locale),
            ("time_zone", &self.time_zone),
        ];
        told.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text.as_ref()?)))).collect()
    }

    /// What the interface alone cares for.
    fn of_interface(&self) -> Result<Record> {
        let mut out = Record::new();
        let mut faults = Vec::new();
        let choices: [(&str, &Option<String>, &[&str]); 4] = [
            ("theme", &self.theme, &["system", "light", "dark"]),
            ("density", &self.density, &["compact", "normal", "roomy"]),
            ("dates", &self.dates, &["words", "day_first", "iso"]),
            ("amounts", &self.amounts, &["full", "short"]),
        ];
        for (key, told, known) in choices {
            match told {
                Some(text) if known.contains(&text.as_str()) => drop(out.insert(key.to_owned(), json!(text))),
                Some(text) => faults.push(Violation::new(key, Code::NotAnOption).with(text)),
                None => {}
            }
        }
        if let Some(navigation) = &self.navigation {
            let Navigation { sections, order, hidden, collapsed, views } = navigation;
            let lists = [sections, order, hidden, collapsed];
            let long = lists.iter().any(|l| l.len() > LIST_MAX || l.iter().any(|e| e.chars().count() > ENTRY_MAX));
            if long
                || views.len() > LIST_MAX
                || views.iter().any(|v| v.name.chars().count() > ENTRY_MAX || v.query.len() > QUERY_MAX)
            {
                faults.push(Violation::new("navigation", Code::TooLong).with(LIST_MAX));
            }
            out.insert("navigation".to_owned(), json!(navigation));
        }
        if let Some(views) = &self.views {
            let known = |view: &str| SCENES.contains(&view) || uuid::Uuid::parse_str(view).is_ok();
            let sound = |v: &ViewChoice| {
                v.unpinned.len() <= LIST_MAX
                    && v.unpinned.iter().all(|view| known(view))
                    && v.default.as_deref().is_none_or(|view| view == "none" || known(view))
            };
            if views.len() > LIST_MAX || views.keys().any(|k| k.len() > ENTRY_MAX) || !views.values().all(sound) {
                faults.push(Violation::new("views", Code::BadValue).with("views"));
            }
            out.insert("views".to_owned(), json!(views));
        }
        if faults.is_empty() { Ok(out) } else { Err(Error::Invalid(faults)) }
    }
}

/// Change one's own name, numbers, picture, language, time zone, theme, density, dates, amounts or navigation.
#[utoipa::path(patch, path = "/api/v1/auth/me", tag = "auth", operation_id = "updateMe", request_body = MeChange,
    responses((status = 200, body = Me, description = "The caller as changed")))]
pub async fn change(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let change: MeChange = crate::call::parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        let own = call.caller.user.filter(|_| !call.identity.delegated());
        let id = own.ok_or_else(|| Error::refused(Code::Forbidden, &["me"]))?;
        let interface = change.of_interface()?;
        let users = call.object("users")?;
        call.transaction(|call| {
            let mut patch = Record::new();
            let mut faults = Vec::new();
            for (key, value) in change.of_record() {
                let field = users.field(&key).ok_or_else(|| Error::refused(Code::UnknownField, &[&key]))?;
                match kezhan_meta::normalise_value(field, &value) {
                    Ok(value) => drop(patch.insert(key, value)),
                    Err(fault) => faults.push(fault),
                }
            }
            if !faults.is_empty() {
                return Err(Error::Invalid(faults));
            }
            if let Some(picture) = patch.get("avatar").and_then(Value::as_str).and_then(|p| p.parse().ok()) {
                let attachments = call.object("attachments")?;
                let found = call.state.engine.fetch(call.conn, call.caller, &attachments, picture)?;
                if found.is_none_or(|f| f.get("record") != Some(&json!(id.to_string()))) {
                    return Err(Error::invalid("avatar", Code::NoSuchRecord));
                }
            }
            if !patch.is_empty() {
                call.state.engine.amend(call.conn, call.caller, &users, id, patch)?;
            }
            if !interface.is_empty() {
                diesel::sql_query(
                    "UPDATE users SET preferences = coalesce(preferences, '{}') || $3 WHERE tenant_id = $1 AND id = $2",
                )
                .bind::<SqlUuid, _>(call.caller.tenant)
                .bind::<SqlUuid, _>(id)
                .bind::<Jsonb, _>(Value::Object(interface))
                .execute(call.conn)?;
                identity::bump_access(call.conn, call.caller.tenant)?;
            }
            call.rights_changed = true;
            let now = access::person(call.conn, call.caller.tenant, id, None)?;
            let mut identity = call.identity.clone();
            identity.lang =
                now.as_ref().and_then(|p| p.locale.as_deref()).map_or(identity.lang, kezhan_meta::Lang::negotiate);
            identity.person = now;
            Answer::json(200, &Me::of(&identity, &call.state.config))
        })
    });
    Ok(answer.await?.into())
}
