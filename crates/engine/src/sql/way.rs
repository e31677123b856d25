//! The ways in which a row may be within reach, each found by an index of its own.

use super::{Bind, Sql};
use crate::access::Reach;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most owners or departments whose records are walked along one by one. Whoever reaches more meets some of theirs early
/// in a walk along all.
const WALKS_MAX: usize = 24;

/// One of several ways in which a row may be within reach.
pub struct Way {
    pub condition: Sql,
    /// Where it is known without a look at the object's own table, by members and links: the records as rows of when each
    /// was made and its id, `… alias WHERE …`, each part in this order. What else is to be met is not asked yet.
    pub newest: Vec<Sql>,
    /// The same condition in parts, of each of which one index has the records in the order in which they were made. All
    /// at once it has them in none, and a walk by age alone may pass any number of others before it meets one of these.
    pub each: Vec<Sql>,
    /// The caller's own, which are disclosed to them whatever they are.
    pub own: bool,
}

impl From<Sql> for Way {
    fn from(condition: Sql) -> Way {
        Way { condition, newest: Vec::new(), each: Vec::new(), own: false }
    }
}

/// Owners or departments one by one, where there are several and yet few enough for a walk along each.
pub(super) fn each_of(alias: &str, reach: &Reach) -> Vec<Sql> {
    let (column, ids) = match reach {
        Reach::Owners(ids) => ("owner_id", ids),
        Reach::Departments(ids) => ("department_id", ids),
        Reach::All | Reach::When(_) | Reach::Follows(_) => return Vec::new(),
    };
    let ids: BTreeSet<&Uuid> = ids.iter().collect();
    if !(2..=WALKS_MAX).contains(&ids.len()) {
        return Vec::new();
    }
    let one = |id| {
        let mut sql = Sql::default();
        one_of(&mut sql, alias, column, std::slice::from_ref(id));
        sql
    };
    ids.into_iter().map(one).collect()
}

/// `(a OR b)`, or `false` where there is no alternative.
pub(crate) fn any_of(sql: &mut Sql, any: Vec<Sql>) {
    if any.is_empty() {
        return sql.push("false").done();
    }
    sql.push("(");
    for (at, one) in any.into_iter().enumerate() {
        sql.push(if at > 0 { " OR " } else { "" }).append(one);
    }
    sql.push(")");
}

/// `=` for one, which keeps the index order; `= ANY` for many.
pub(super) fn one_of(sql: &mut Sql, alias: &str, column: &str, ids: &[Uuid]) {
    match ids {
        [] => sql.push("false").done(),
        [one] => sql.column(alias, column).push(" = ").uuid(*one).done(),
        many => {
            sql.column(alias, column).push(" = ANY(").bind(Bind::Uuids(Some(many.to_vec()))).push(")");
        }
    }
}
