//! Why someone may or may not do something with a record or see a field of it: the rules that decided.

use crate::access::{DataScope, Level, Reach, Relation, Rule, Source};
use crate::read::project::{self, Select};
use crate::sql::members::{self, Least};
use crate::sql::scope::{Aliases, Guard, Life, Style};
use crate::sql::{Sql, column};
use crate::{Action, Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::{ObjectMeta, Scope};
use serde::Serialize;
use uuid::Uuid;

/// A reason for or against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No role grants this action on this object.
    NotGranted,
    /// A rule of a role covers the record.
    Granted,
    /// A sharing rule opens it.
    Shared,
    /// Rules of roles grant it, but none covers this record.
    NotCovered,
    /// A rule of a role denies it on this record.
    Denied,
    /// A member of the record's team, or it was shared with them.
    Member,
    /// Owner of the record that this one hangs on, or a member of its team.
    Follows,
    /// The record that it hangs on is within reach.
    Parent,
    ParentOutOfReach,
    /// Their own, or shown to everybody.
    Personal,
    NotPersonal,
    /// Confidential, or recorded with one that is, and they are neither its owner nor in its team.
    Confidential,
    /// The person's data is kept and otherwise left alone, and they do not look after that.
    Restricted,
}

#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    pub action: Action,
    pub allowed: bool,
    pub reason: Reason,
    /// The role whose rule decided, or the sharing rule.
    pub role: Option<String>,
    /// The scope of that rule.
    pub scope: Option<DataScope>,
}

/// What someone may do with a field of this record, and the rule's role.
#[derive(Clone, Debug, Serialize)]
pub struct FieldVerdict {
    pub field: String,
    pub level: Level,
}

#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    pub relation: Relation,
    pub verdicts: Vec<Verdict>,
    /// Fields that are not open to reading and writing.
    pub fields: Vec<FieldVerdict>,
}

/// Actions on one record.
const ACTIONS: [Action; 7] =
    [Action::Read, Action::Edit, Action::Delete, Action::Transfer, Action::Share, Action::Export, Action::Reveal];

/// Something that may hold of the record, asked of the database.
enum Asked {
    Rule(Rule),
    Denial(Rule),
    Member,
    Follows,
    Whole,
    Disclosed,
    Open,
}

impl Engine {
    /// Verdicts on one record for the subject. The record must exist; who may ask is the caller's business.
    pub fn explain(
        &self,
        conn: &mut PgConnection,
        subject: &Caller,
        object: &ObjectMeta,
        id: Uuid,
    ) -> Result<Explanation> {
        let guard = Guard::of(subject);
        let mut aliases = Aliases::default();
        let mut select = Select::default();
        let relation_at = project::relation(&mut select, &guard, object, "t", &mut aliases);
        let mut asked: Vec<(Action, Asked, usize)> = Vec::new();
        for action in ACTIONS {
            for (what, condition) in questions(&guard, object, action, &mut aliases) {
                let at = select.add(|sql| sql.push("COALESCE((").append(condition).push("), false)").done());
                asked.push((action, what, at));
            }
        }
        let mut sql = Sql::new("SELECT ");
        sql.append(select.columns).push(" FROM ");
        column::from(&mut sql, object, "t");
        sql.push(" WHERE t.id = ").uuid(id).push(" AND ");
        guard.base(&mut sql, object, "t", Life::Any);
        let mut found = None;
        sql.rows(conn, |row| {
            let holds = |at: usize| row.bool(at).unwrap_or_default();
            let relation = Relation::of(holds(relation_at.0), holds(relation_at.1));
            let verdict = |action: Action| {
                let of = asked.iter().filter(|(a, ..)| *a == action);
                decide(&guard, object, action, of.map(|(_, what, at)| (what, holds(*at))).collect())
            };
            found = Some((relation, ACTIONS.map(verdict).to_vec()));
            Ok(())
        })?;
        let (relation, verdicts) = found.ok_or_else(Error::not_found)?;
        let level = |f: &kezhan_meta::FieldMeta| subject.access.field_rule(object, f).level(relation);
        let fields = object.fields.iter().filter(|f| !f.secret && !f.hidden && level(f) < Level::Write);
        let fields = fields.map(|f| FieldVerdict { field: f.key.to_string(), level: level(f) }).collect();
        Ok(Explanation { relation, verdicts, fields })
    }
}

fn questions(guard: &Guard<'_>, object: &ObjectMeta, action: Action, aliases: &mut Aliases) -> Vec<(Asked, Sql)> {
    let mut out = Vec::new();
    let mut whole = Sql::new("true");
    guard.scope(&mut whole, object, "t", action, aliases);
    out.push((Asked::Whole, whole));
    let Some(rules) = guard.access.rules(&object.name, action).filter(|_| !guard.access.is_unrestricted()) else {
        return out;
    };
    for rule in &rules.0 {
        let reaches: Vec<Reach> = guard.access.reach(object, rule);
        let any = reaches.iter().map(|r| guard.reach(object, "t", r, rule.deny, aliases)).collect();
        let mut condition = Sql::default();
        crate::sql::way::any_of(&mut condition, any);
        out.push((if rule.deny { Asked::Denial(rule.clone()) } else { Asked::Rule(rule.clone()) }, condition));
    }
    let least = match action {
        Action::Read | Action::Export => Some(Least::Read),
        Action::Edit => Some(Least::Write),
        _ => None,
    };
    if let (Some(least), Scope::Owned) = (least, &object.scope) {
        let member = members::member(guard, object, "t", least, Style::Point, aliases);
        out.extend(member.map(|way| (Asked::Member, way.condition)));
        let follows = members::follows(guard, object, "t", least, (Style::Point, false), aliases);
        out.extend(follows.into_iter().map(|way| (Asked::Follows, way.condition)));
    }
    out.extend(guard.unrestricted(object, "t", aliases).into_iter().map(|condition| (Asked::Open, condition)));
    out.extend(guard.disclosed(object, "t", aliases).into_iter().map(|condition| (Asked::Disclosed, condition)));
    out
}

fn decide(guard: &Guard<'_>, object: &ObjectMeta, action: Action, answers: Vec<(&Asked, bool)>) -> Verdict {
    let allowed = answers.iter().any(|(what, holds)| matches!(what, Asked::Whole) && *holds);
    let is = |wanted: fn(&Asked) -> bool| answers.iter().any(|(what, holds)| *holds && wanted(what));
    let rule = |denies: bool| {
        answers.iter().find_map(|(what, holds)| match what {
            Asked::Rule(rule) | Asked::Denial(rule) if *holds && rule.deny == denies => Some(rule),
            _ => None,
        })
    };
    let verdict = |reason: Reason, rule: Option<&Rule>| Verdict {
        action,
        allowed,
        reason,
        role: rule.and_then(|r| r.source.as_ref()).map(|source| match source {
            Source::Role(name) | Source::SharingRule(name) => name.to_string(),
        }),
        scope: rule.map(|r| r.scope.clone()),
    };
    if guard.access.is_unrestricted() {
        return verdict(Reason::Granted, None);
    }
    let confidential = answers.iter().any(|(what, holds)| matches!(what, Asked::Disclosed) && !holds);
    let member = is(|what| matches!(what, Asked::Member));
    let restricted = answers.iter().any(|(what, holds)| matches!(what, Asked::Open) && !holds);
    match allowed {
        _ if !guard.access.may(&object.name, action) => verdict(Reason::NotGranted, rule(true)),
        false if restricted => verdict(Reason::Restricted, None),
        false if rule(true).is_some() => verdict(Reason::Denied, rule(true)),
        true => match (&object.scope, rule(false)) {
            (Scope::Personal, _) => verdict(Reason::Personal, None),
            (Scope::Through { .. } | Scope::Polymorphic { .. }, rule) => verdict(Reason::Parent, rule),
            (_, Some(rule @ Rule { source: Some(Source::SharingRule(_)), .. })) => verdict(Reason::Shared, Some(rule)),
            (_, Some(rule)) => verdict(Reason::Granted, Some(rule)),
            _ if member => verdict(Reason::Member, None),
            _ => verdict(Reason::Follows, None),
        },
        false => match (&object.scope, rule(false)) {
            (Scope::Personal, _) => verdict(Reason::NotPersonal, None),
            (Scope::Through { .. } | Scope::Polymorphic { .. }, Some(_)) => verdict(Reason::ParentOutOfReach, None),
            (_, found) if confidential && (found.is_some() || is(|what| matches!(what, Asked::Follows))) => {
                verdict(Reason::Confidential, found)
            }
            _ => verdict(Reason::NotCovered, None),
        },
    }
}
