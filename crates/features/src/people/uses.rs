//! When keys and applications were last used, and from where: collected in memory and written now and then in one
//! statement, so that no request waits for it. What a process has not written when it ends is lost: some seconds' worth.

use super::delegation::{Delegate, Way};
use super::limits::Place;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::Result;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

type Last = (DateTime<Utc>, Option<IpAddr>);

#[derive(Default)]
pub struct Uses(Mutex<HashMap<(Way, Uuid, Uuid), Last>>);

impl Uses {
    pub fn note(&self, tenant: Uuid, delegate: &Delegate, place: &Place) {
        let Place::At { now, address } = place else { return };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((delegate.way, tenant, delegate.id), (*now, *address));
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Writes down what has been noted since the last time.
    pub fn write(&self, conn: &mut PgConnection) -> Result<()> {
        let noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for way in [Way::Key, Way::FormerKey, Way::Application] {
            let of: Vec<_> = noted.iter().filter(|((w, ..), _)| *w == way).collect();
            if of.is_empty() {
                continue;
            }
            let (table, at, ip) = match way {
                Way::Key => ("api_keys", "last_used_at", ", last_used_ip = u.ip"),
                // The same key all the same.
                Way::FormerKey => ("api_keys", "previous_used_at", ", last_used_at = greatest(t.last_used_at, u.at)"),
                Way::Application => ("oauth_grants", "last_used_at", ", last_used_ip = u.ip"),
            };
            diesel::sql_query(format!(
                "UPDATE {table} t SET {at} = greatest(t.{at}, u.at){ip} FROM unnest($1, $2, $3, $4) AS u(tenant_id, id, at, ip) \
                 WHERE t.tenant_id = u.tenant_id AND t.id = u.id"
            ))
            .bind::<Array<SqlUuid>, _>(of.iter().map(|((_, tenant, _), _)| *tenant).collect::<Vec<_>>())
            .bind::<Array<SqlUuid>, _>(of.iter().map(|((_, _, id), _)| *id).collect::<Vec<_>>())
            .bind::<Array<Timestamptz>, _>(of.iter().map(|(_, (at, _))| *at).collect::<Vec<_>>())
            .bind::<Array<Nullable<Text>>, _>(
                of.iter().map(|(_, (_, ip))| ip.map(|ip| ip.to_canonical().to_string())).collect::<Vec<_>>(),
            )
            .execute(conn)?;
        }
        Ok(())
    }
}
