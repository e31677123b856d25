//! Rules with the caller's place in the organisation filled in: which records an action may touch.

use super::{Access, Action, DataScope, Rule};
use kezhan_meta::{Filter, ObjectMeta, Scope};
use uuid::Uuid;

/// Some of an object's records.
#[derive(Clone, Debug, PartialEq)]
pub enum Reach {
    All,
    /// Owned by one of these users.
    Owners(Vec<Uuid>),
    /// Of one of these departments.
    Departments(Vec<Uuid>),
    /// Meeting this condition.
    When(Filter),
    /// Hanging on a record that meets this condition.
    Follows(Filter),
}

/// The records to which a caller may do something: all that are allowed, less what is denied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub allow: Vec<Reach>,
    pub deny: Vec<Reach>,
}

impl Rows {
    pub fn all() -> Rows {
        Rows { allow: vec![Reach::All], deny: Vec::new() }
    }

    pub fn is_none(&self) -> bool {
        self.allow.is_empty() || self.deny.contains(&Reach::All)
    }

    pub fn is_all(&self) -> bool {
        self.deny.is_empty() && self.allow.contains(&Reach::All)
    }
}

impl Access {
    pub fn rows(&self, object: &ObjectMeta, action: Action) -> Rows {
        if self.unrestricted {
            return Rows::all();
        }
        let Some(rules) = self.rules(&object.name, action) else { return Rows::default() };
        let mut rows = Rows::default();
        for reach in rules.allows().flat_map(|rule| self.reach(object, rule)) {
            add(&mut rows.allow, reach);
        }
        for reach in rules.denies().flat_map(|rule| self.reach(object, rule)) {
            add(&mut rows.deny, reach);
        }
        if rows.is_none() { Rows::default() } else { rows }
    }

    /// Objects without owners are open as a whole, by a condition, or not at all.
    pub(crate) fn reach(&self, object: &ObjectMeta, rule: &Rule) -> Vec<Reach> {
        let me = || Reach::Owners(self.user.into_iter().collect());
        match (&rule.scope, &object.scope) {
            (DataScope::None, _) => Vec::new(),
            (DataScope::All, _) => vec![Reach::All],
            (DataScope::When(condition), _) => vec![Reach::When(condition.clone())],
            (DataScope::Follows(condition), _) => vec![Reach::Follows(condition.clone())],
            (_, Scope::Tenant | Scope::Through { .. } | Scope::Polymorphic { .. } | Scope::Personal) => {
                vec![Reach::All]
            }
            (DataScope::Own, Scope::Owned) => vec![me()],
            (DataScope::Subordinates, Scope::Owned) => vec![Reach::Owners(self.subordinates.clone())],
            // Whoever has no department reaches what is theirs.
            (DataScope::Department, Scope::Owned) => match self.department {
                Some(department) => vec![Reach::Departments(vec![department])],
                None => vec![me()],
            },
            (DataScope::DepartmentAndBelow, Scope::Owned) => match self.departments.is_empty() {
                false => vec![Reach::Departments(self.departments.clone())],
                true => vec![me()],
            },
            (DataScope::Departments { departments, .. }, Scope::Owned) => {
                vec![Reach::Departments(departments.clone())]
            }
        }
    }
}

/// Owners with owners and departments with departments, so that SQL has few alternatives.
fn add(list: &mut Vec<Reach>, reach: Reach) {
    for known in list.iter_mut() {
        match (known, &reach) {
            (Reach::Owners(known), Reach::Owners(more)) | (Reach::Departments(known), Reach::Departments(more)) => {
                known.extend(more);
                known.sort_unstable();
                known.dedup();
                return;
            }
            (known, reach) if known == reach => return,
            _ => {}
        }
    }
    list.push(reach);
}
