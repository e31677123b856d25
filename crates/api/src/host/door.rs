//! Signing in as an administrator of the installation.

use super::schemas::{HostFurther, HostLogin, HostMe, HostToken};
use crate::call::parse;
use crate::entrance::cookie;
use crate::extract::{Json, client_ip, require_same_site};
use crate::problem::ApiError;
use crate::second_factor::shown as shown_factor;
use crate::server::State;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use diesel::PgConnection;
use kezhan_engine::Result;
use kezhan_features::host::admins::{self, Administrator, Attempt, PREFIX, Settled};
use kezhan_features::host::trail::Actor;
use kezhan_meta::problem::Code;
use std::future::{Ready, ready};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(login, logout, me))]
pub struct Docs;

const COOKIE: &str = "kz_host";
/// It goes nowhere else.
const PATH: &str = "/api/v1/host";

/// Somebody who shows the token of an administrator. Whether it is good is looked up with the first statement.
#[derive(Clone, Debug)]
pub struct Keeper {
    token: String,
    ip: String,
}

impl FromRequest for Keeper {
    type Error = ApiError;
    type Future = Ready<std::result::Result<Keeper, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(shown(req))
    }
}

fn shown(req: &HttpRequest) -> std::result::Result<Keeper, ApiError> {
    let refused = || ApiError::refused(Code::Unauthenticated, &[]);
    let state = req.app_data::<web::Data<State>>().ok_or_else(|| ApiError::internal("no state"))?;
    let token = match req.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) {
        Some(value) => value.split_once(' ').map(|(_, token)| token.trim().to_owned()),
        None => match req.cookie(COOKIE) {
            Some(cookie) => {
                require_same_site(req)?;
                Some(cookie.value().to_owned())
            }
            None => None,
        },
    };
    let token = token.filter(|t| t.starts_with(PREFIX) && t.len() < 200).ok_or_else(refused)?;
    Ok(Keeper { token, ip: client_ip(state, req) })
}

impl Keeper {
    /// Who it is, if the token is good.
    pub fn known(&self, conn: &mut PgConnection) -> Result<(Administrator, Actor)> {
        let who = admins::who(conn, &self.token)?;
        let actor = Actor { name: who.username.clone(), ip: Some(self.ip.clone()) };
        Ok((who, actor))
    }

    /// Does `work` for them, away from the threads that serve HTTP.
    pub async fn run<T, F>(self, state: &web::Data<State>, work: F) -> std::result::Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut PgConnection, &Actor) -> Result<T> + Send + 'static,
    {
        let run = state.db.run(move |conn| {
            let (_, actor) = self.known(conn)?;
            Ok(work(conn, &actor)?)
        });
        run.await
    }
}

/// Sign in as an administrator of the installation. Companies' users cannot, and administrators cannot sign in to a
/// company. Whoever has set up a second factor is asked for it: then the same call is to be made with a code.
#[utoipa::path(post, path = "/api/v1/host/login", tag = "host", operation_id = "hostLogin", security(()), request_body = HostLogin,
    responses((status = 200, body = HostToken, description = "Signed in; browsers also get a cookie"),
        (status = 202, body = HostFurther, description = "The password is good; a second factor is missing yet")))]
pub async fn login(
    state: web::Data<State>,
    req: HttpRequest,
    Json(body): Json,
) -> std::result::Result<HttpResponse, ApiError> {
    let HostLogin { username, password, code, recovery_code } = parse(&body)?;
    let shown = match code.is_none() && recovery_code.is_none() {
        true => None,
        false => Some(shown_factor(code, recovery_code)?),
    };
    let ip = client_ip(&state, &req);
    let name = username.trim().to_lowercase();
    let standings = [state.limits.sign_ins.take(&ip), state.limits.sign_in_names.take(("host", &ip, &name))];
    if let Some(over) = standings.into_iter().flatten().find(|s| !s.allowed) {
        return Err(ApiError::refused(Code::RateLimited, &[&over.reset.to_string()]));
    }
    let address = ip.clone();
    let attempt = state.db.run(move |conn| Ok(admins::look_up(conn, &name, &address)?)).await?;
    let (attempt, fits) = weigh(&state, attempt, password).await?;
    let engine = state.engine.clone();
    let settled =
        state.db.run(move |conn| Ok(attempt.settle(&engine, conn, fits, shown.as_ref(), Some(ip))?)).await??;
    let begun = match settled {
        Settled::In(begun) => begun,
        Settled::Further(factors) => return Ok(HttpResponse::Accepted().json(HostFurther { factors })),
    };
    let kept = cookie(&req, COOKIE, begun.token.clone(), PATH, begun.seconds);
    let token = HostToken { access_token: begun.token, token_type: "Bearer", expires_in: begun.seconds };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).cookie(kept).json(token))
}

/// Is it the password? Slow on purpose, away from the threads that serve HTTP, and no more at once than there are places.
async fn weigh(
    state: &web::Data<State>,
    attempt: Attempt,
    password: String,
) -> std::result::Result<(Attempt, bool), ApiError> {
    let permit = state.hashing.acquire().await.map_err(|_| ApiError::internal("closed"))?;
    let weighed = web::block(move || {
        let fits = attempt.verify(&password);
        (attempt, fits)
    });
    let weighed = weighed.await.map_err(|_| ApiError::internal("hashing panicked"))?;
    drop(permit);
    Ok(weighed)
}

/// That it is really the administrator who is signed in, not whoever found the browser open.
pub async fn prove(state: &web::Data<State>, keeper: &Keeper, password: String) -> std::result::Result<(), ApiError> {
    let asked = keeper.clone();
    let attempt = state.db.run(move |conn| {
        let (who, _) = asked.known(conn)?;
        Ok(admins::look_up(conn, &who.username, &asked.ip)?)
    });
    let (attempt, fits) = weigh(state, attempt.await?, password).await?;
    Ok(state.db.run(move |conn| Ok(attempt.prove(conn, fits)?)).await??)
}

/// End the session.
#[utoipa::path(post, path = "/api/v1/host/logout", tag = "host", operation_id = "hostLogout", security(("host" = [])),
    responses((status = 204, description = "Signed out")))]
pub async fn logout(
    state: web::Data<State>,
    req: HttpRequest,
    keeper: Keeper,
) -> std::result::Result<HttpResponse, ApiError> {
    let token = keeper.token.clone();
    keeper.run(&state, move |conn, actor| admins::end(conn, actor, &token)).await?;
    Ok(HttpResponse::NoContent().cookie(cookie(&req, COOKIE, String::new(), PATH, 0)).finish())
}

/// Who am I here?
#[utoipa::path(get, path = "/api/v1/host/me", tag = "host", operation_id = "hostMe", security(("host" = [])),
    responses((status = 200, body = HostMe, description = "The administrator")))]
pub async fn me(state: web::Data<State>, keeper: Keeper) -> std::result::Result<HttpResponse, ApiError> {
    let (who, _) = state.db.run(move |conn| Ok(keeper.known(conn)?)).await?;
    let erase_wait_days = state.config.erase_wait_days;
    Ok(HttpResponse::Ok().json(HostMe { username: who.username, expires_at: who.expires_at, erase_wait_days }))
}
