//! Signing out at the provider through which somebody came.

use super::{client, provider_of, redirect_uri};
use crate::address;
use crate::entrance::{REFRESH_PATH, cookie};
use crate::problem::ApiError;
use crate::server::State;
use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

/// Says through which provider this browser came in; gives no access to anything.
const COOKIE: &str = "kz_provider";

/// Until the session that begins now must have ended.
pub fn remember<'c>(state: &State, req: &HttpRequest, tenant: Uuid, provider: Uuid) -> Cookie<'c> {
    let seconds = i64::from(state.config.refresh_token_days) * 86_400;
    cookie(req, COOKIE, format!("{tenant}.{provider}"), REFRESH_PATH, seconds)
}

/// Whoever has come in another way has nothing to do with that provider any more.
pub fn forget(req: &HttpRequest, response: &mut HttpResponse) {
    if req.cookie(COOKIE).is_some() {
        let _ = response.add_cookie(&cookie(req, COOKIE, String::new(), REFRESH_PATH, 0));
    }
}

/// Where this browser has to go on to be signed out there too.
pub async fn onward(
    state: &web::Data<State>,
    req: &HttpRequest,
    tenant: Option<Uuid>,
) -> Result<Option<String>, ApiError> {
    let kept = req.cookie(COOKIE).map(|c| c.value().to_owned()).unwrap_or_default();
    let ids = kept.split_once('.').map(|(t, p)| (Uuid::parse_str(t).ok(), Uuid::parse_str(p).ok()));
    let Some((Some(of_tenant), Some(provider))) = ids else { return Ok(None) };
    if tenant.is_some_and(|tenant| tenant != of_tenant) {
        return Ok(None);
    }
    let Some(of) = provider_of(state, of_tenant, provider).await?.filter(|of| of.signs_out) else { return Ok(None) };
    let back = format!("{}/", address::of(state, req));
    match state.oidc.sign_out(&client(&of, redirect_uri(state, req)), back).await {
        Ok(url) => Ok(url),
        Err(e) => {
            log::warn!("nobody can be signed out at the provider {}: {e}", of.rules.name);
            Ok(None)
        }
    }
}
