//! What two sets of rights have not in common.

use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::{Action, Caller, Engine, Result};
use diesel::PgConnection;
use kezhan_meta::ObjectMeta;
use uuid::Uuid;

/// Whose records are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub enum Whose {
    #[default]
    Everybodys,
    Of(Uuid),
    AllBut(Uuid),
}

impl Engine {
    /// For each pair of callers, in one walk over the object: how many records only the first can read, and how many
    /// only the second.
    pub fn differences(
        &self,
        conn: &mut PgConnection,
        object: &ObjectMeta,
        pairs: &[(Caller, Caller)],
        whose: Whose,
    ) -> Result<Vec<(i64, i64)>> {
        let mut aliases = Aliases::default();
        let mut counts = Vec::new();
        for (first, second) in pairs {
            for (inside, outside) in [(first, second), (second, first)] {
                let mut sql = reads(inside, object, &mut aliases);
                sql.push(" AND NOT ").append(reads(outside, object, &mut aliases));
                counts.push(sql);
            }
        }
        let found = self.count_each(conn, object, pairs.first().map(|(first, _)| first), counts, whose)?;
        Ok(found.chunks(2).filter_map(|two| Some((*two.first()?, *two.get(1)?))).collect())
    }

    /// How many records each of these can read.
    pub fn count_readable(
        &self,
        conn: &mut PgConnection,
        object: &ObjectMeta,
        callers: &[Caller],
        whose: Whose,
    ) -> Result<Vec<i64>> {
        let mut aliases = Aliases::default();
        let counts = callers.iter().map(|caller| reads(caller, object, &mut aliases)).collect();
        self.count_each(conn, object, callers.first(), counts, whose)
    }

    fn count_each(
        &self,
        conn: &mut PgConnection,
        object: &ObjectMeta,
        caller: Option<&Caller>,
        conditions: Vec<Sql>,
        whose: Whose,
    ) -> Result<Vec<i64>> {
        let Some(caller) = caller else { return Ok(Vec::new()) };
        let columns = conditions.len();
        let mut sql = Sql::new("SELECT ");
        for (at, condition) in conditions.into_iter().enumerate() {
            sql.push(if at > 0 { ", " } else { "" }).push("count(*) FILTER (WHERE ").append(condition).push(")");
        }
        sql.push(" FROM ");
        column::from(&mut sql, object, "t");
        sql.push(" WHERE ");
        Guard::of(caller).base(&mut sql, object, "t", Life::Living);
        if object.owned() {
            match whose {
                Whose::Everybodys => {}
                Whose::Of(owner) => sql.push(" AND ").column("t", "owner_id").push(" = ").uuid(owner).done(),
                Whose::AllBut(owner) => {
                    sql.push(" AND ").column("t", "owner_id").push(" IS DISTINCT FROM ").uuid(owner).done()
                }
            }
        }
        let mut out = Vec::new();
        sql.uncached();
        sql.rows(conn, |row| {
            out = (0..columns).map(|at| row.int8(at).unwrap_or_default()).collect();
            Ok(())
        })?;
        Ok(out)
    }
}

/// That the caller can read the row.
fn reads(caller: &Caller, object: &ObjectMeta, aliases: &mut Aliases) -> Sql {
    if !caller.access.may(&object.name, Action::Read) {
        return Sql::new("false");
    }
    let mut sql = Sql::new("COALESCE((true");
    Guard::of(caller).scope(&mut sql, object, "t", Action::Read, aliases);
    sql.push("), false)");
    sql
}
