//! The demonstration: a company that has worked with the product for a year, the same on every machine but for the
//! days, which lead up to today.

mod activity;
mod customers;
mod deals;
mod leads;
mod names;
mod places;
mod products;
mod random;
mod staff;
mod talk;
mod world;

use crate::people::{password, setup::system};
use crate::sales::object;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Uuid as SqlUuid};
use kezhan_engine::write::bulk::Life;
use kezhan_engine::{Engine, Result};
use kezhan_meta::Record;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;
use world::World;

/// The tenant's key.
pub const TENANT: &str = "demo";
/// Everybody's password.
pub const PASSWORD: &str = "kezhan-demo";

/// What was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// False where the tenant was there already, and nothing was done.
    pub loaded: bool,
    /// Records by object, in the order of loading.
    pub records: Vec<(&'static str, usize)>,
}

/// In this order each record finds what it refers to.
const ORDER: [&str; 15] = [
    "department",
    "position",
    "role",
    "user",
    "pipeline",
    "stage",
    "product",
    "account",
    "contact",
    "opportunity",
    "opportunity_line",
    "lead",
    "follow_up",
    "task",
    "saved_view",
];

struct Demo {
    lives: Vec<(&'static str, Vec<Life>)>,
    users: Vec<Uuid>,
    /// Department and head.
    heads: Vec<(Uuid, Uuid)>,
    /// The last opportunity number by month.
    numbers: BTreeMap<String, i64>,
}

/// Makes the demonstration tenant, unless there is one.
pub fn load(conn: &mut PgConnection, engine: &Engine, now: DateTime<Utc>) -> Result<Summary> {
    conn.transaction(|conn| {
        // Of two processes that start at once, the second waits and then finds the tenant.
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtext('kezhan demo'))").execute(conn)?;
        if exists(conn)? {
            return Ok(Summary::default());
        }
        let demo = company(now);
        let tenant = Uuid::now_v7();
        diesel::sql_query("INSERT INTO tenants (id, key, name) VALUES ($1, $2, $3)")
            .bind::<SqlUuid, _>(tenant)
            .bind::<Text, _>(TENANT)
            .bind::<Text, _>(staff::COMPANY)
            .execute(conn)?;
        let caller = system(engine, conn, tenant)?;
        let mut summary = Summary { loaded: true, records: Vec::new() };
        let mut batch = Vec::new();
        for (name, lives) in demo.lives {
            summary.records.push((name, lives.len()));
            batch.push((object(&caller, name)?, lives));
        }
        engine.load(conn, &caller, batch)?;
        let departments = object(&caller, "department")?;
        for (department, head) in demo.heads {
            let mut patch = Record::new();
            patch.insert("manager".into(), json!(head));
            engine.update(conn, &caller, &departments, department, patch, None)?;
        }
        for (period, value) in demo.numbers {
            diesel::sql_query(
                "INSERT INTO sequences (tenant_id, name, period, value) VALUES ($1, 'opportunity.number', $2, $3)",
            )
            .bind::<SqlUuid, _>(tenant)
            .bind::<Text, _>(period)
            .bind::<BigInt, _>(value)
            .execute(conn)?;
        }
        // One hash for all: it is slow by design.
        diesel::sql_query("INSERT INTO credentials (tenant_id, user_id, password_hash) SELECT $1, unnest($2), $3")
            .bind::<SqlUuid, _>(tenant)
            .bind::<diesel::sql_types::Array<SqlUuid>, _>(demo.users)
            .bind::<Text, _>(password::hash(PASSWORD)?)
            .execute(conn)?;
        Ok(summary)
    })
}

/// The whole company, as data.
fn company(now: DateTime<Utc>) -> Demo {
    let mut world = World::new(now);
    let staff = staff::hire(&mut world);
    let offer = products::set_up(&mut world, staff.named("admin").map(|m| m.id));
    let mut customers = customers::win_accounts(&mut world, &staff);
    customers::meet_people(&mut world, &mut customers);
    let (deals, numbers) = deals::negotiate(&mut world, &customers, &offer);
    deals::celebrate(&mut world, &customers, &deals);
    let leads = leads::attract(&mut world, &staff, &customers);
    let field = activity::Field { customers: &customers, deals: &deals, leads: &leads, offer: &offer, staff: &staff };
    activity::keep_in_touch(&mut world, &field);
    activity::assign_tasks(&mut world, &field);
    staff::arrange_views(&mut world, &staff);
    let mut lives = world.lives;
    lives.sort_by_key(|(name, _)| ORDER.iter().position(|o| o == name));
    Demo { lives, users: staff.members.iter().map(|m| m.id).collect(), heads: staff.heads, numbers }
}

fn exists(conn: &mut PgConnection) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let row: Row = diesel::sql_query("SELECT EXISTS (SELECT 1 FROM tenants WHERE key = $1) AS found")
        .bind::<Text, _>(TENANT)
        .get_result(conn)?;
    Ok(row.found)
}

#[cfg(test)]
mod tests;
