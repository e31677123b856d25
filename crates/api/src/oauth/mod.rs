//! OAuth 2 over HTTP: what applications ask of us below `/oauth`, and what our own pages ask on people's behalf below
//! `/api/v1`.

mod connected;
mod consent;
mod metadata;
mod protocol;
pub mod schemas;

use crate::address;
use crate::parts::Part;
use crate::server::State;
use actix_web::{HttpRequest, web};
use utoipa::OpenApi;

pub const PART: Part = Part {
    routes,
    docs: || {
        let rest = connected::Docs::openapi().merge_from(protocol::Docs::openapi());
        consent::Docs::openapi().merge_from(rest).merge_from(metadata::Docs::openapi())
    },
};

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/oauth/question").post(consent::question))
        .service(web::resource("/oauth/answer").post(consent::answer))
        .service(web::resource("/oauth/connected").get(connected::list))
        .service(web::resource("/oauth/connected/{id}").delete(connected::withdraw))
        .service(web::resource("/oauth_clients/{id}/secret").post(connected::secret));
}

/// What stands outside `/api`. The page under `/oauth/authorize` is the client's own.
pub fn protocol_routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/oauth/token").post(protocol::token))
        .service(web::resource("/oauth/revoke").post(protocol::revoke))
        .service(web::resource("/oauth/introspect").post(protocol::introspect))
        .service(web::resource("/.well-known/oauth-authorization-server").get(metadata::metadata));
}

/// The name under which we give out tokens (RFC 8414).
fn issuer(state: &State, req: &HttpRequest) -> String {
    address::of(state, req)
}
