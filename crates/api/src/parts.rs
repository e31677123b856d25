//! The parts of the API that are not the same for every object: routes and their documentation, in one place.

use crate::{
    attachments, audit, auth, bulk, changes, composite, docs, host, invitations, keys, layouts, me, meta, oauth,
    outside, policies, privacy, search, view_as,
};
use actix_web::web::ServiceConfig;
use utoipa::openapi::OpenApi;

/// One part: what it serves below `/api/v1`, and what the document says of it.
pub struct Part {
    pub routes: fn(&mut ServiceConfig),
    pub docs: fn() -> OpenApi,
}

/// Every part. A feature with routes of its own adds a line here.
pub fn all() -> Vec<Part> {
    vec![
        auth::PART,
        outside::PART,
        keys::PART,
        invitations::PART,
        policies::PART,
        oauth::PART,
        host::PART,
        audit::PART,
        privacy::PART,
        me::PART,
        view_as::PART,
        layouts::PART,
        meta::PART,
        search::PART,
        changes::PART,
        composite::PART,
        bulk::PART,
        attachments::PART,
        docs::PART,
    ]
}
