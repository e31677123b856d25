//! What of a record's fields a caller may see and change: by role, and by how the caller stands to the record.

use super::{Access, grants};
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta};
use serde::{Deserialize, Serialize};

/// What may be done with a field, each including what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As if there were no such field.
    Hidden,
    /// Its outline shows: 138****5678.
    Masked,
    Read,
    Write,
}

/// How a caller stands to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    Owner,
    /// In its team, or it was shared with them.
    Team,
    Other,
}

impl Relation {
    pub fn of(owns: bool, member: bool) -> Relation {
        match (owns, member) {
            (true, _) => Relation::Owner,
            (false, true) => Relation::Team,
            (false, false) => Relation::Other,
        }
    }
}

/// The level of a field for everybody, or by relation to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldRule {
    Everyone(Level),
    ByRelation { owner: Level, team: Level, other: Level },
}

impl FieldRule {
    pub fn level(self, relation: Relation) -> Level {
        match (self, relation) {
            (FieldRule::Everyone(level), _) => level,
            (FieldRule::ByRelation { owner, .. }, Relation::Owner) => owner,
            (FieldRule::ByRelation { team, .. }, Relation::Team) => team,
            (FieldRule::ByRelation { other, .. }, Relation::Other) => other,
        }
    }

    fn each(self, other: FieldRule, pick: impl Fn(Level, Level) -> Level) -> FieldRule {
        let of = |relation| pick(self.level(relation), other.level(relation));
        match (self, other) {
            (FieldRule::Everyone(a), FieldRule::Everyone(b)) => FieldRule::Everyone(pick(a, b)),
            _ => FieldRule::ByRelation {
                owner: of(Relation::Owner),
                team: of(Relation::Team),
                other: of(Relation::Other),
            },
        }
    }

    /// What both allow.
    pub fn stricter(self, other: FieldRule) -> FieldRule {
        self.each(other, Ord::min)
    }

    /// Nowhere more than the other.
    pub fn within(self, other: FieldRule) -> bool {
        [Relation::Owner, Relation::Team, Relation::Other].iter().all(|r| self.level(*r) <= other.level(*r))
    }

    /// For every record, whoever's it is.
    pub fn least(self) -> Level {
        match self {
            FieldRule::Everyone(level) => level,
            FieldRule::ByRelation { owner, team, other } => owner.min(team).min(other),
        }
    }

    /// For some record.
    pub fn most(self) -> Level {
        match self {
            FieldRule::Everyone(level) => level,
            FieldRule::ByRelation { owner, team, other } => owner.max(team).max(other),
        }
    }

    /// Is it the same whoever's the record is?
    pub fn fixed(self) -> bool {
        self.least() == self.most()
    }
}

impl Access {
    /// The rule of this field. What must be known to deal with a record at all has none.
    pub fn field_rule(&self, object: &ObjectMeta, field: &FieldMeta) -> FieldRule {
        const PLAIN: FieldRule = FieldRule::Everyone(Level::Write);
        if field.secret {
            return FieldRule::Everyone(Level::Hidden);
        }
        if self.unrestricted || field.kind == FieldType::Id || field.key == "version" {
            return PLAIN;
        }
        let Some(rules) = grants::of(&self.grants, &object.name).map(|o| &o.fields).filter(|f| !f.is_empty()) else {
            return PLAIN;
        };
        // The international form of a telephone number goes with the number.
        let base = || field.key.strip_suffix("_e164").filter(|base| object.field(base).is_some());
        rules.get(field.key.as_ref()).or_else(|| rules.get(base()?)).copied().unwrap_or(PLAIN)
    }

    /// May the caller write the field of a record to which they stand like this?
    pub fn writable(&self, object: &ObjectMeta, field: &FieldMeta, relation: Relation) -> bool {
        let level = match field.secret {
            // Taken, and never given.
            true => Level::Write,
            false => self.field_rule(object, field).level(relation),
        };
        !field.read_only && level == Level::Write
    }

    /// Is any field's level a matter of whose the record is?
    pub fn by_relation(&self, object: &ObjectMeta) -> bool {
        let rules = grants::of(&self.grants, &object.name).map(|o| &o.fields);
        !self.unrestricted && rules.is_some_and(|rules| rules.values().any(|r| !r.fixed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: FieldRule = FieldRule::ByRelation { owner: Level::Write, team: Level::Read, other: Level::Masked };

    #[test]
    fn the_stricter_of_two_rules_is_taken_relation_by_relation() {
        let both = BY.stricter(FieldRule::Everyone(Level::Read));
        assert_eq!(both, FieldRule::ByRelation { owner: Level::Read, team: Level::Read, other: Level::Masked });
        assert_eq!((BY.least(), BY.most(), BY.fixed()), (Level::Masked, Level::Write, false));
        assert!(both.within(BY) && !BY.within(both));
        assert!(FieldRule::Everyone(Level::Hidden).within(BY));
    }
}
