//! Looking after the installation over HTTP: a sign-in of its own, companies, and the trail of what was done. Whoever is
//! signed in here is nobody in any company, and the other way round.

mod companies;
mod door;
mod factors;
mod leaving;
pub mod schemas;

use crate::parts::Part;
use actix_web::web;
use utoipa::OpenApi;

pub use leaving::{erase_due, export_to};

pub const PART: Part = Part {
    routes,
    docs: || {
        let door = door::Docs::openapi().merge_from(factors::Docs::openapi());
        door.merge_from(companies::Docs::openapi()).merge_from(leaving::Docs::openapi())
    },
};

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/host")
            .service(web::resource("/login").post(door::login))
            .service(web::resource("/logout").post(door::logout))
            .service(web::resource("/me").get(door::me))
            .service(web::resource("/second_factor").get(factors::standing))
            .service(web::resource("/second_factor/recovery_codes").post(factors::renew_codes))
            .service(web::resource("/second_factor/totp").post(factors::begin))
            .service(web::resource("/second_factor/totp/confirm").post(factors::confirm))
            .service(web::resource("/second_factor/totp/remove").post(factors::remove))
            .service(web::resource("/trail").get(companies::trail))
            .service(web::resource("/companies").get(companies::list).post(companies::create))
            .service(web::resource("/companies/{id}/suspend").post(companies::suspend))
            .service(web::resource("/companies/{id}/resume").post(companies::resume))
            .service(web::resource("/companies/{id}/export").get(leaving::export))
            .service(web::resource("/companies/{id}/erase").post(leaving::order).delete(leaving::call_off)),
    );
}
