//! Data keys: made, unwrapped, kept in memory, wrapped anew, renewed.

use super::cipher::{self, Key};
use super::{DataKey, MasterKey, Purpose, Vault};
use crate::sql::Sql;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use std::sync::{Arc, PoisonError};
use uuid::Uuid;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = st::Uuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = st::Uuid)]
    id: Uuid,
    #[diesel(sql_type = st::Text)]
    purpose: String,
    #[diesel(sql_type = st::Text)]
    master: String,
    #[diesel(sql_type = st::Binary)]
    wrapped: Vec<u8>,
}

/// A data key as lists show it.
#[derive(Clone, Debug, QueryableByName)]
pub struct KeyRow {
    #[diesel(sql_type = st::Uuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = st::Uuid)]
    pub id: Uuid,
    #[diesel(sql_type = st::Text)]
    pub purpose: String,
    #[diesel(sql_type = st::Bool)]
    pub current: bool,
    /// Fingerprint of the master key that wraps it.
    #[diesel(sql_type = st::Text)]
    pub master: String,
    #[diesel(sql_type = st::Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// A master key that data keys ask for and that is not there, or that does not open them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    pub master: String,
    pub keys: usize,
}

const COLUMNS: &str = "tenant_id, id, purpose, master, wrapped";

impl Vault {
    /// The key for what is sealed or looked for now; made where there is none.
    pub(super) fn current(
        &self,
        conn: &mut PgConnection,
        tenant: Uuid,
        purpose: Purpose,
    ) -> Result<(Uuid, Arc<DataKey>)> {
        if let Some(row) = current(conn, tenant, purpose)? {
            return Ok((row.id, self.unwrapped(&row)?));
        }
        let together: &[Purpose] = match purpose {
            Purpose::File => &[Purpose::File],
            Purpose::Seal | Purpose::Index => &[Purpose::Seal, Purpose::Index],
        };
        for purpose in together {
            self.make(conn, tenant, *purpose)?;
        }
        // Another may have made it at the same moment.
        let row = current(conn, tenant, purpose)?.ok_or_else(|| Error::Internal("a data key has gone".into()))?;
        Ok((row.id, self.unwrapped(&row)?))
    }

    /// A key of this tenant by its id.
    pub(super) fn known(&self, conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<Option<Arc<DataKey>>> {
        if let Some(key) = self.0.keys.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Some(key.clone()));
        }
        let row = diesel::sql_query(format!("SELECT {COLUMNS} FROM vault_keys WHERE tenant_id = $1 AND id = $2"))
            .bind::<st::Uuid, _>(tenant)
            .bind::<st::Uuid, _>(id)
            .get_result::<Row>(conn)
            .optional()?;
        row.map(|row| self.unwrapped(&row)).transpose()
    }

    fn make(&self, conn: &mut PgConnection, tenant: Uuid, purpose: Purpose) -> Result<()> {
        let (id, key) = (Uuid::new_v4(), cipher::random());
        let master = self.wrapping()?;
        diesel::sql_query(
            "INSERT INTO vault_keys (tenant_id, id, purpose, master, wrapped) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (tenant_id, purpose) WHERE current DO NOTHING",
        )
        .bind::<st::Uuid, _>(tenant)
        .bind::<st::Uuid, _>(id)
        .bind::<st::Text, _>(purpose.key())
        .bind::<st::Text, _>(master.fingerprint())
        .bind::<st::Binary, _>(master.wrap(tenant, id, purpose.key(), &key)?)
        .execute(conn)?;
        Ok(())
    }

    fn wrapping(&self) -> Result<Arc<MasterKey>> {
        self.masters().into_iter().next().ok_or_else(|| Error::Internal("there is no master key to seal with".into()))
    }

    fn unwrapped(&self, row: &Row) -> Result<Arc<DataKey>> {
        if let Some(key) = self.0.keys.read().unwrap_or_else(PoisonError::into_inner).get(&row.id) {
            return Ok(key.clone());
        }
        let key = Arc::new(self.unwrap(row)?);
        self.0.keys.write().unwrap_or_else(PoisonError::into_inner).insert(row.id, key.clone());
        Ok(key)
    }

    fn unwrap(&self, row: &Row) -> Result<DataKey> {
        let named = |vault: &Vault| vault.masters().into_iter().find(|m| m.fingerprint() == row.master);
        let mut master = named(self);
        if let (None, Some(source)) = (&master, &self.0.source) {
            let fresh = source()?.into_iter().map(Arc::new).collect();
            *self.0.masters.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            master = named(self);
        }
        let lost = || Error::Internal(format!("data key {} needs the master key {}", row.id, row.master));
        let bytes = master.ok_or_else(lost)?.unwrap(row.tenant_id, row.id, &row.purpose, &row.wrapped);
        let bytes = bytes.ok_or_else(|| Error::Internal(format!("data key {} does not unwrap", row.id)))?;
        let purpose = Purpose::parse(&row.purpose)
            .ok_or_else(|| Error::Internal(format!("nobody knows what data key {} is for", row.id)))?;
        Ok(DataKey { tenant: row.tenant_id, purpose, cipher: Key::new(&bytes), bytes })
    }

    /// Tries every data key there is; what cannot be unwrapped, by master key.
    pub fn check(&self, conn: &mut PgConnection) -> Result<Vec<Lost>> {
        let mut lost: Vec<Lost> = Vec::new();
        for row in rows(conn, "")? {
            if self.unwrapped(&row).is_ok() {
                continue;
            }
            match lost.iter_mut().find(|l| l.master == row.master) {
                Some(known) => known.keys += 1,
                None => lost.push(Lost { master: row.master, keys: 1 }),
            }
        }
        Ok(lost)
    }

    /// Wraps every data key with the first master key; how many were wrapped by another. Values stay as they are.
    pub fn rewrap(&self, conn: &mut PgConnection) -> Result<usize> {
        let master = self.wrapping()?;
        conn.transaction(|conn| {
            let mut changed = 0;
            for row in rows(conn, " FOR UPDATE")?.into_iter().filter(|row| row.master != master.fingerprint()) {
                let key = self.unwrap(&row)?;
                diesel::sql_query("UPDATE vault_keys SET master = $3, wrapped = $4 WHERE tenant_id = $1 AND id = $2")
                    .bind::<st::Uuid, _>(row.tenant_id)
                    .bind::<st::Uuid, _>(row.id)
                    .bind::<st::Text, _>(master.fingerprint())
                    .bind::<st::Binary, _>(master.wrap(row.tenant_id, row.id, &row.purpose, &key.bytes)?)
                    .execute(conn)?;
                changed += 1;
            }
            Ok(changed)
        })
    }

    /// Makes new keys for this tenant, for values and, where there are any, for files. What is sealed already stays
    /// readable through the old ones.
    pub fn renew(&self, conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
        conn.transaction(|conn| {
            for purpose in [Purpose::Seal, Purpose::File] {
                let mut sql = Sql::new("UPDATE vault_keys SET current = false WHERE current AND purpose = ");
                sql.text(purpose.key()).push(" AND tenant_id = ").uuid(tenant);
                if sql.execute(conn)? > 0 || purpose == Purpose::Seal {
                    self.make(conn, tenant, purpose)?;
                }
            }
            Ok(())
        })
    }

    /// Has all keys of this company at hand, so that nothing is asked of the database while rows are read.
    pub(crate) fn preload(&self, conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
        let (_, index) = self.current(conn, tenant, Purpose::Index)?;
        self.0.indexes.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, index);
        let sql = format!("SELECT {COLUMNS} FROM vault_keys WHERE tenant_id = $1");
        let rows: Vec<Row> = diesel::sql_query(sql).bind::<st::Uuid, _>(tenant).load(conn)?;
        for row in rows {
            if let Err(error) = self.unwrapped(&row) {
                log::error!("{error}");
            }
        }
        Ok(())
    }

    /// The id of the key that seals now.
    pub(crate) fn current_id(&self, conn: &mut PgConnection, tenant: Uuid) -> Result<Uuid> {
        Ok(self.current(conn, tenant, Purpose::Seal)?.0)
    }

    /// All data keys, oldest first.
    pub fn keys(&self, conn: &mut PgConnection) -> Result<Vec<KeyRow>> {
        let sql = "SELECT tenant_id, id, purpose, current, master, created_at FROM vault_keys ORDER BY created_at, id";
        Ok(diesel::sql_query(sql).load(conn)?)
    }

    /// Fingerprints of the master keys; the first wraps.
    pub fn fingerprints(&self) -> Vec<String> {
        self.masters().iter().map(|m| m.fingerprint().to_owned()).collect()
    }
}

fn current(conn: &mut PgConnection, tenant: Uuid, purpose: Purpose) -> Result<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM vault_keys WHERE tenant_id = $1 AND purpose = $2 AND current");
    let query = diesel::sql_query(sql).bind::<st::Uuid, _>(tenant).bind::<st::Text, _>(purpose.key());
    Ok(query.get_result(conn).optional()?)
}

fn rows(conn: &mut PgConnection, lock: &str) -> Result<Vec<Row>> {
    Ok(diesel::sql_query(format!("SELECT {COLUMNS} FROM vault_keys ORDER BY tenant_id, id{lock}")).load(conn)?)
}
