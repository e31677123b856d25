//! Personal information: how sensitive each field is and the map of what is kept; consents, what people ask about theirs,
//! and how long it is kept.

mod actions;
pub mod answers;
pub mod data_map;
mod erase;
mod foresee;
mod gather;
mod hooks;
mod identity;
mod policies;
pub mod retention;
pub mod shred;

pub use actions::{Erase, Gather, Restrict, gathered};
pub use foresee::Foresee;
pub use gather::write as write_gathered;
pub use policies::Reindex;

use crate::people::identity::bump_access;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Uuid as SqlUuid};
use kezhan_engine::access::{RESTRICTED, Withheld};
use kezhan_engine::{Hooks, Result};
use std::sync::Arc;
use uuid::Uuid;

pub const OBJECT: &str = "field_policy";
/// Objects whose records are people, each under the field by which requests refer to it.
pub const SUBJECTS: [&str; 2] = ["contact", "lead"];
/// What people ask about theirs.
const REQUEST: &str = "subject_request";

/// What is restricted is stored and not used (GDPR art. 18 and recital 67, PIPL art. 44 and 47): it is out of sight for
/// everybody but those who keep the requests.
pub fn withheld(conn: &mut PgConnection, tenant: Uuid) -> Result<Withheld> {
    let any: Flag = diesel::sql_query("SELECT restricts AS flag FROM tenants WHERE id = $1")
        .bind::<SqlUuid, _>(tenant)
        .get_result(conn)?;
    Ok(Withheld { objects: &SUBJECTS, keeper: REQUEST, any: any.flag })
}

/// Remembers that somebody is restricted.
fn restricts(conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
    let first = diesel::sql_query("UPDATE tenants SET restricts = true WHERE id = $1 AND NOT restricts")
        .bind::<SqlUuid, _>(tenant)
        .execute(conn)?;
    if first > 0 { bump_access(conn, tenant) } else { Ok(()) }
}

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    flag: bool,
}

pub fn hooks() -> Vec<(String, Arc<dyn Hooks>)> {
    let mut all: Vec<(String, Arc<dyn Hooks>)> = vec![
        (OBJECT.into(), Arc::new(policies::Policies)),
        ("consent".into(), Arc::new(hooks::Consents)),
        ("subject_request".into(), Arc::new(hooks::Requests)),
        ("retention_rule".into(), Arc::new(retention::Rules)),
    ];
    all.extend(SUBJECTS.map(|subject| (subject.to_owned(), Arc::new(hooks::Restriction) as Arc<dyn Hooks>)));
    all
}
