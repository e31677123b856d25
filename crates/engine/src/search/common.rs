//! Which pairs of characters so many records have that a list may better be walked in its order than searched.
//!
//! PostgreSQL knows the commonest of each table, and plans for all others alike. Where a query has one of those others
//! the plan is known beforehand, and need not be made anew for each letter typed.

use crate::Result;
use crate::sql::Sql;
use diesel::PgConnection;
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Statistics change with what a day brings, not within minutes; where there are none, the first may come soon.
const FRESH: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(600)];

struct Known {
    at: Instant,
    /// Empty where there are no statistics: nothing is known to be rare then.
    common: HashSet<i32>,
}

static KNOWN: LazyLock<RwLock<HashMap<String, Known>>> = LazyLock::new(RwLock::default);

/// Asks for the statistics of a table, now and then.
pub fn learn(conn: &mut PgConnection, table: &str) -> Result<()> {
    let fresh = |known: &Known| known.at.elapsed() < FRESH[usize::from(!known.common.is_empty())];
    if KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(table).is_some_and(fresh) {
        return Ok(());
    }
    let mut sql = Sql::new(
        "SELECT unnest(most_common_elems::text::int[]) FROM pg_stats WHERE schemaname = current_schema() \
         AND attname = 'search_pairs' AND tablename = ",
    );
    sql.text(table);
    let mut common = HashSet::new();
    sql.rows(conn, |row| {
        common.extend(row.int4(0));
        Ok(())
    })?;
    let known = Known { at: Instant::now(), common };
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(table.to_owned(), known);
    Ok(())
}

/// Is one of them a pair that few records have?
pub fn any_rare(table: &str, pairs: &[i32]) -> bool {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.get(table).is_some_and(|k| !k.common.is_empty() && pairs.iter().any(|pair| !k.common.contains(pair)))
}
