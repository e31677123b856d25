//! Signing in elsewhere: at a provider of identities, and with the password of a directory.

pub mod own_identities;
pub mod sign_out;

use crate::address;
use crate::call::{parse, run};
use crate::entrance;
use crate::extract::{Json, Who, client_ip, door};
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_connect::oidc::{Client, OidcError, Proved, Return};
use kezhan_engine::audit::Event;
use kezhan_engine::{Error, Result};
use kezhan_features::people::admit::{Proven, Way};
use kezhan_features::people::door::{Door, Guest};
use kezhan_features::people::outside::arrive::{self, Departments};
use kezhan_features::people::outside::flow::{self, Aim, Ticket};
use kezhan_features::people::outside::{self as known, ProviderOf, check, plan, settings, sync};
use kezhan_features::people::sign_in::{self, Attempt};
use kezhan_meta::problem::Code;
use kezhan_meta::{Record, Violation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

/// Tells the browser that began a sign-in from all others.
const BROWSER_COOKIE: &str = "kz_outside";
const BROWSER_PATH: &str = "/api/v1/auth/oidc";
const CALLBACK: &str = "/api/v1/auth/oidc/callback";
/// People that a test of a directory shows.
const SAMPLE: usize = 5;

pub const PART: Part = Part { routes, docs: || Docs::openapi().merge_from(own_identities::Docs::openapi()) };

#[derive(OpenApi)]
#[openapi(paths(providers, start, callback, check_provider, check_directory, runs))]
struct Docs;

/// Those below `/auth` lie with the rest of it.
fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/sign_in")
            .service(web::resource("/check_provider").post(check_provider))
            .service(web::resource("/check_directory").post(check_directory))
            .service(web::resource("/runs").get(runs)),
    );
}

/// A place to sign in.
#[derive(Serialize, ToSchema)]
pub struct SignInProvider {
    pub id: Uuid,
    /// For the button.
    #[schema(example = "企业账号")]
    pub name: String,
    /// Where to send the browser; `return_to` may be added, a path of the application.
    #[schema(
        example = "/api/v1/auth/oidc/start?tenant=018f3a5e-7c1b-7d3e-9a51-0c2b6f1d4e88&provider=018f3a5e-7c1b-7d3e-9a51-0c2b6f1d4e89"
    )]
    pub start: String,
}

#[derive(Serialize, ToSchema)]
pub struct SignInProviders {
    /// Where providers send browsers back to: to be registered there.
    #[schema(example = "https://crm.example.com/api/v1/auth/oidc/callback")]
    pub redirect_uri: String,
    pub data: Vec<SignInProvider>,
}

/// Where the people of a company sign in besides with a password here. Empty where the installation serves several
/// companies and none is named, and for one that does not exist.
#[utoipa::path(get, path = "/api/v1/auth/providers", tag = "auth", operation_id = "listSignInProviders", security(()),
    params(("tenant" = Option<String>, Query, description = "The company's key", example = "demo")),
    responses((status = 200, body = SignInProviders, description = "Providers, in their order")))]
pub async fn providers(state: web::Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["tenant"])?;
    let key = params.get("tenant").map(str::to_owned);
    let (tenant, buttons) = state
        .db
        .run(move |conn| {
            let tenant = sign_in::find_tenant(conn, key.as_deref()).ok().flatten().unwrap_or_default();
            Ok((tenant, settings::buttons(conn, tenant)?))
        })
        .await?;
    let data = buttons.into_iter().map(|button| SignInProvider {
        start: format!("{BROWSER_PATH}/start?tenant={tenant}&provider={}", button.id),
        id: button.id,
        name: button.name,
    });
    let data = data.collect();
    Ok(HttpResponse::Ok().json(SignInProviders { redirect_uri: redirect_uri(&state, &req), data }))
}

/// Begin a sign-in at a provider: sends the browser there, and it comes back to the callback.
#[utoipa::path(get, path = "/api/v1/auth/oidc/start", tag = "auth", operation_id = "startOidcSignIn", security(()),
    params(("tenant" = Uuid, Query, description = "The company"), ("provider" = Uuid, Query, description = "The provider"),
        ("return_to" = Option<String>, Query, description = "Where to go on in the application afterwards: a path", example = "/o/accounts")),
    responses((status = 303, description = "To the provider; with `sign_in` in the query to the application where that cannot be")))]
pub async fn start(state: web::Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    limit(&state, &req)?;
    let params = Params::parse(req.query_string())?;
    params.only(&["tenant", "provider", "return_to"])?;
    let id = |name: &'static str| {
        let given = params.get(name).and_then(|id| Uuid::parse_str(id).ok());
        given.ok_or_else(|| ApiError::refused(Code::BadValue, &[name, "UUID"]))
    };
    let (tenant, provider) = (id("tenant")?, id("provider")?);
    let return_to = own_path(params.get("return_to")).to_owned();
    match begin(&state, &req, tenant, provider, Aim::Enter(return_to)).await? {
        Some((url, cookie)) => Ok(HttpResponse::SeeOther()
            .insert_header((header::LOCATION, url))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .cookie(cookie)
            .finish()),
        None => Ok(failed("provider")),
    }
}

/// Where to send the browser, and the cookie by which it is known when it comes back. None where the provider cannot be
/// used.
pub async fn begin<'c>(
    state: &web::Data<State>,
    req: &HttpRequest,
    tenant: Uuid,
    provider: Uuid,
    aim: Aim,
) -> Result<Option<(String, Cookie<'c>)>, ApiError> {
    let Some(of) = provider_of(state, tenant, provider).await? else { return Ok(None) };
    let mut ticket = Ticket::new(tenant);
    // The same browser may have begun in another tab.
    if let Some(cookie) = req.cookie(BROWSER_COOKIE).filter(|c| (20..=100).contains(&c.value().len())) {
        ticket.browser = cookie.value().to_owned();
    }
    let client = client(&of, redirect_uri(state, req));
    let begun = match state.oidc.begin(&client, ticket.state()).await {
        Ok(begun) => begun,
        Err(e) => {
            log::warn!("the provider {} cannot be used: {e}", of.rules.name);
            return Ok(None);
        }
    };
    let (kept, url) = (ticket.clone(), begun.url.clone());
    state.db.run(move |conn| Ok(flow::keep(conn, &kept, provider, &begun, &client.redirect, &aim)?)).await?;
    let cookie = Cookie::build(BROWSER_COOKIE, ticket.browser)
        .path(BROWSER_PATH)
        .http_only(true)
        // The provider sends the browser back: that is another site's doing.
        .same_site(SameSite::Lax)
        .secure(req.connection_info().scheme() == "https")
        .max_age(CookieDuration::minutes(flow::MINUTES))
        .finish();
    Ok(Some((url, cookie)))
}

/// Where providers send browsers back to. Exchanges the code and signs the person in.
#[utoipa::path(get, path = "/api/v1/auth/oidc/callback", tag = "auth", operation_id = "finishOidcSignIn", security(()),
    params(("state" = Option<String>, Query, description = "As it was sent"), ("code" = Option<String>, Query, description = "The provider's code"),
        ("iss" = Option<String>, Query, description = "The issuer (RFC 9207)"), ("error" = Option<String>, Query, description = "Why there is no code", example = "access_denied")),
    responses((status = 303, description = "Into the application, signed in; or to its front page with `sign_in` in the query, which says why not: `state`, `denied`, `provider`, `unproved`, `unknown_user`, `email_domain`, `email_taken`, `inactive`")))]
pub async fn callback(state: web::Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    limit(&state, &req)?;
    // Providers may add what they like.
    let params = Params::parse(req.query_string())?;
    let browser = req.cookie(BROWSER_COOKIE).map(|c| c.value().to_owned()).unwrap_or_default();
    let Some(ticket) = params.get("state").and_then(|s| Ticket::read(s, &browser)) else { return Ok(failed("state")) };
    let tenant = ticket.tenant;
    let Some(pending) = state.db.run(move |conn| Ok(flow::take(conn, &ticket)?)).await? else {
        return Ok(failed("state"));
    };
    let back = Back { state: &state, tenant, user: pending.user_id, door: door(&state, &req) };
    let Some(of) = provider_of(&state, tenant, pending.provider_id).await? else { return Ok(back.without("provider")) };
    if params.get("iss").is_some_and(|iss| iss != of.issuer) {
        return back.refused(of, "unproved").await;
    }
    let Some(code) = params.get("code").filter(|_| params.get("error").is_none()) else {
        let denied = params.get("error") == Some("access_denied");
        return back.refused(of, if denied { "denied" } else { "provider" }).await;
    };
    let shown = Return { code, nonce: &pending.nonce, verifier: &pending.verifier };
    let proved = match state.oidc.finish(&client(&of, pending.redirect.clone()), &shown).await {
        Ok(proved) => proved,
        Err(e) => {
            log::warn!("a sign-in through {} failed: {e}", of.rules.name);
            return back.refused(of, if matches!(e, OidcError::Unproved(_)) { "unproved" } else { "provider" }).await;
        }
    };
    if let Some(user) = back.user {
        return own_identities::linked(&state, (tenant, user), of, proved, back.door).await;
    }
    let kept = of.signs_out.then(|| sign_out::remember(&state, &req, tenant, of.rules.source));
    match admitted(&state, tenant, of, proved, back.door).await? {
        Ok(proven) => {
            let mut response = entrance::enter_at(&state, &req, proven, own_path(Some(&pending.return_to))).await?;
            if let Some(cookie) = kept {
                let _ = response.add_cookie(&cookie);
            }
            Ok(response)
        }
        Err(why) => Ok(failed(&why)),
    }
}

/// A browser that has come back, to come in or to link an identity with this user.
struct Back<'a> {
    state: &'a web::Data<State>,
    tenant: Uuid,
    user: Option<Uuid>,
    door: Door,
}

impl Back<'_> {
    fn without(&self, why: &str) -> HttpResponse {
        match self.user {
            Some(_) => own_identities::unlinked(why),
            None => failed(why),
        }
    }

    async fn refused(self, of: ProviderOf, why: &'static str) -> Result<HttpResponse, ApiError> {
        let answer = self.without(why);
        // Whoever is in already has not failed to come in.
        if self.user.is_none() {
            let Back { state, tenant, door, .. } = self;
            state.db.run(move |conn| Ok(flow::refuse(conn, tenant, &of, None, why, &door)?)).await?;
        }
        Ok(answer)
    }
}

async fn admitted(
    state: &web::Data<State>,
    tenant: Uuid,
    of: ProviderOf,
    proved: Proved,
    door: Door,
) -> Result<std::result::Result<Proven, String>, ApiError> {
    let shared = state.clone();
    let done = state
        .db
        .run(move |conn| {
            let settled = flow::settle(&shared.engine, conn, tenant, &of, &proved, &door)?;
            shared.identities.expire(tenant);
            Ok(settled.map(|user| Proven::nameless(tenant, user, Way::Provider, of.second_factor)))
        })
        .await?;
    Ok(done.map_err(str::to_owned))
}

pub fn limit(state: &State, req: &HttpRequest) -> Result<(), ApiError> {
    match state.limits.sign_ins.take(client_ip(state, req)).filter(|s| !s.allowed) {
        Some(over) => Err(ApiError::refused(Code::RateLimited, &[&over.reset.to_string()])),
        None => Ok(()),
    }
}

pub async fn provider_of(state: &web::Data<State>, tenant: Uuid, id: Uuid) -> Result<Option<ProviderOf>, ApiError> {
    let engine = state.engine.clone();
    state.db.run(move |conn| Ok(settings::provider(&engine, conn, tenant, id)?)).await
}

pub fn client(of: &ProviderOf, redirect: String) -> Client {
    let (issuer, id, secret, scopes) = (&of.issuer, &of.client_id, &of.secret, &of.scopes);
    Client { issuer: issuer.clone(), id: id.clone(), secret: secret.clone(), scopes: scopes.clone(), redirect }
}

pub fn redirect_uri(state: &State, req: &HttpRequest) -> String {
    format!("{}{CALLBACK}", address::of(state, req))
}

/// Back to the front page, which knows what to say.
fn failed(why: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, format!("/?sign_in={why}")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// A path of the application, and nothing that leads anywhere else.
fn own_path(given: Option<&str>) -> &str {
    let path = given.unwrap_or("/");
    let good = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/api")
        && path.len() <= 1000
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if good { path } else { "/" }
}

/// Asks the company's directories whether the password is that of whoever wants in. None where none of them knows; an
/// error where one could not be asked and no other knew.
pub async fn by_directory(
    state: &web::Data<State>,
    attempt: &Attempt,
    password: &str,
    door: &Door,
) -> Result<Option<Proven>, ApiError> {
    let tenant = attempt.tenant();
    let (shared, asked) = (state.clone(), attempt.clone());
    let directories = state.db.run(move |conn| {
        let asks = asked.asks_directories(conn)?;
        Ok(if asks { settings::signing_in(&shared.engine, conn, tenant)? } else { Vec::new() })
    });
    let mut away = false;
    for of in directories.await? {
        let (login, password) = (attempt.name().to_owned(), password.to_owned());
        let entry = match of.directory.clone().sign_in(state.guard.clone(), login, password).await {
            Ok(Some(entry)) => entry,
            Ok(None) => continue,
            Err(e) => {
                log::warn!("the directory {} cannot be asked: {e}", of.rules.name);
                away = true;
                continue;
            }
        };
        let (shared, door, name) = (state.clone(), door.clone(), attempt.name().to_owned());
        let settled = state.db.run(move |conn| {
            let arrival = plan::arrival(&of, &entry);
            let departments = Departments::of(conn, tenant)?;
            let decision = arrive::decide(conn, tenant, &of.rules, &departments, &arrival)?;
            let scribe = arrive::scribe(&shared.engine, conn, tenant, &door.origin, &door.request_id)?;
            let settled = arrive::carry_out(&shared.engine, conn, &scribe, &of.rules, &arrival, &decision)?;
            shared.identities.expire(tenant);
            if let Err(why) = settled {
                let mut guest = Guest { tenant, user: decision.user, ..Guest::default() };
                guest.detail.insert("directory".into(), json!(of.rules.name));
                guest.detail.insert("reason".into(), json!(why));
                door.note(conn, Event::SignInFailed, guest)?;
            }
            Ok(settled)
        });
        return match settled.await? {
            Ok(user) => Ok(Some(Proven { tenant, user, name, way: Way::Directory, second_factor: false })),
            Err(why) => Err(ApiError::refused(Code::SignInRefused, &[why])),
        };
    }
    match away {
        true => Err(ApiError::refused(Code::DirectoryAway, &[])),
        false => Ok(None),
    }
}

/// A provider to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckProvider {
    #[schema(example = "https://login.example.com")]
    pub issuer: String,
}

/// What a provider says of itself.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct ProviderChecked {
    authorization_endpoint: String,
    token_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    /// Where people sign out there.
    end_session_endpoint: Option<String>,
    /// Keys that it signs with.
    keys: u32,
    scopes: Vec<String>,
    claims: Vec<String>,
    /// To be registered at the provider.
    #[schema(example = "https://crm.example.com/api/v1/auth/oidc/callback")]
    redirect_uri: String,
}

/// See whether a provider can be used, before or after it is stored: reads what it says of itself. Internal addresses
/// are refused unless the operator allows them.
#[utoipa::path(post, path = "/api/v1/sign_in/check_provider", tag = "auth", operation_id = "checkIdentityProvider", request_body = CheckProvider,
    responses((status = 200, body = ProviderChecked, description = "What it says")))]
pub async fn check_provider(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let CheckProvider { issuer } = parse(&body)?;
    once.look(&state, &body, |call| known::hooks::may_configure(call.caller, "identity_provider")).await?;
    let said = state.oidc.describe(&issuer).await.map_err(|e| fault("issuer", &e))?;
    let mut answer = json!(said);
    answer["redirect_uri"] = json!(redirect_uri(&state, &req));
    Ok(HttpResponse::Ok().json(answer))
}

/// A directory to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckDirectory {
    /// The stored directory whose password is to be used, if none is given and it is for the same address and bind DN.
    pub id: Option<Uuid>,
    /// The fields of a directory, as in POST.
    #[schema(value_type = Object, example = json!({"address": "ldaps://ldap.example.com", "base_dn": "ou=people,dc=example,dc=com"}))]
    pub values: Record,
    #[schema(format = "password", example = "reads everything")]
    pub secret: Option<String>,
}

/// Somebody in a directory, as the mapping reads them.
#[derive(Serialize, ToSchema)]
pub struct DirectoryPerson {
    pub login: String,
    pub name: String,
    pub email: Option<String>,
    pub mobile: Option<String>,
    pub department: Option<String>,
    /// Organisational units, the nearest first.
    pub units: Vec<String>,
    pub groups: Vec<String>,
    /// Locked there.
    pub locked: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({"people": [{"login": "login", "name": "王伟", "email": "wang.wei@example.com", "mobile": "13800138000", "department": "华东", "units": ["cn=sales,ou=groups,dc=example,dc=com"], "groups": ["cn=sales,ou=groups,dc=example,dc=com"], "locked": false}]}))]
pub struct DirectoryChecked {
    /// The first five.
    pub people: Vec<DirectoryPerson>,
}

/// See whether a directory can be read, before or after it is stored: connects, binds, and shows the first people that
/// it finds, with what the mapping makes of them. What does not work is told by the field that it lies in.
#[utoipa::path(post, path = "/api/v1/sign_in/check_directory", tag = "auth", operation_id = "checkDirectory", request_body = CheckDirectory,
    responses((status = 200, body = DirectoryChecked, description = "Whom it finds")))]
pub async fn check_directory(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let CheckDirectory { id, values, secret } = parse(&body)?;
    let directory = once
        .look(&state, &body, move |call| {
            known::hooks::may_configure(call.caller, "directory")?;
            check::directory(&call.state.engine, call.conn, call.caller.tenant, id, &values, secret)
        })
        .await?;
    let by_unit = directory.by_unit;
    let found = directory.directory.sample(state.guard.clone(), SAMPLE).await;
    let found = found.map_err(|e| fault(check::field_of(&e), &e))?;
    let people = found.into_iter().map(|one| DirectoryPerson {
        login: one.login,
        name: one.name,
        email: one.email,
        mobile: one.mobile,
        department: if by_unit { one.units.first().cloned() } else { one.department },
        units: one.units,
        groups: one.groups.into_iter().collect(),
        locked: one.locked,
    });
    Ok(HttpResponse::Ok().json(DirectoryChecked { people: people.collect() }))
}

fn fault(field: &'static str, error: &dyn std::fmt::Display) -> ApiError {
    Error::Invalid(vec![Violation::new(field, Code::NotReachable).with(error)]).into()
}

/// The last synchronisations of a directory, newest first, with what each did or would have done.
#[utoipa::path(get, path = "/api/v1/sign_in/runs", tag = "auth", operation_id = "listDirectoryRuns",
    params(("directory" = Uuid, Query, description = "The directory"), ("limit" = Option<u32>, Query, description = "Most runs, up to 100", example = 20)),
    responses((status = 200, body = crate::openapi::schemas::DirectoryRunList, description = "Runs")))]
pub async fn runs(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["directory", "limit"])?;
    let directory = params.get("directory").and_then(|id| Uuid::parse_str(id).ok());
    let directory = directory.ok_or_else(|| ApiError::refused(Code::BadValue, &["directory", "UUID"]))?;
    let limit = i64::from(params.limit()?.unwrap_or(20));
    let runs = run(state, who, move |call| sync::runs(call.conn, call.caller, directory, limit)).await?;
    let data: Value = json!(runs);
    Ok(HttpResponse::Ok().json(json!({ "data": data })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_back_to_a_path_of_ours_and_nowhere_else() {
        for good in ["/", "/o/accounts?view=1&x=%E5%8D%8E#y"] {
            assert_eq!(own_path(Some(good)), good);
        }
        for evil in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "evil",
            "",
            "/a\r\nSet-Cookie: x",
            "/api/v1/auth/oidc/start",
            "/\t/evil.example",
            "/华",
        ] {
            assert_eq!(own_path(Some(evil)), "/", "{evil}");
        }
        assert_eq!(own_path(None), "/");
    }
}
