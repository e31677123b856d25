//! What a caller may do: per object and action a data scope. Deny by default.

use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, ObjectMeta, Scope};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Read,
    Create,
    Edit,
    Delete,
    Export,
    Import,
    Configure,
}

impl Action {
    pub const ALL: [Action; 7] =
        [Action::Read, Action::Create, Action::Edit, Action::Delete, Action::Export, Action::Import, Action::Configure];

    pub fn key(self) -> &'static str {
        match self {
            Action::Read => "read",
            Action::Create => "create",
            Action::Edit => "edit",
            Action::Delete => "delete",
            Action::Export => "export",
            Action::Import => "import",
            Action::Configure => "configure",
        }
    }
}

/// How far a role reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataScope {
    #[default]
    None,
    #[serde(rename = "self")]
    Own,
    Subordinates,
    Department,
    DepartmentAndBelow,
    All,
}

/// A role's permissions: object name or `*` → action → scope. A named object overrides `*` entirely.
pub type Grants = HashMap<String, HashMap<Action, DataScope>>;

/// A data scope with the caller's place in the organisation filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowScope {
    None,
    All,
    /// Rows owned by one of these users.
    Owners(Vec<Uuid>),
    /// Rows of these departments, and the caller's own wherever they are.
    Departments {
        departments: Vec<Uuid>,
        owner: Option<Uuid>,
    },
}

/// A caller's permissions, resolved once per session and cached.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The system itself: everything, everywhere in its tenant.
    unrestricted: bool,
    pub grants: Grants,
    pub user: Option<Uuid>,
    pub department: Option<Uuid>,
    /// The caller and everyone who reports to them, at any depth.
    pub subordinates: Vec<Uuid>,
    /// The caller's department and everything below it.
    pub departments: Vec<Uuid>,
}

impl Access {
    /// For migrations, workers and hooks. Never built from a request.
    pub fn unrestricted() -> Access {
        Access { unrestricted: true, ..Access::default() }
    }

    pub fn is_unrestricted(&self) -> bool {
        self.unrestricted
    }

    pub fn data_scope(&self, object: &str, action: Action) -> DataScope {
        if self.unrestricted {
            return DataScope::All;
        }
        let granted = self.grants.get(object).or_else(|| self.grants.get("*"));
        granted.and_then(|actions| actions.get(&action)).copied().unwrap_or_default()
    }

    /// May the caller do this at all, to whichever rows?
    pub fn may(&self, object: &str, action: Action) -> bool {
        self.data_scope(object, action) != DataScope::None
    }

    /// The rows to which the caller may do this. Objects without owners are open as a whole or not at all.
    pub fn rows(&self, object: &ObjectMeta, action: Action) -> RowScope {
        let scope = self.data_scope(&object.name, action);
        match (scope, &object.scope) {
            (DataScope::None, _) => RowScope::None,
            (DataScope::All, _) | (_, Scope::Tenant | Scope::Through { .. } | Scope::Polymorphic { .. }) => {
                RowScope::All
            }
            (DataScope::Own, _) => RowScope::Owners(self.user.into_iter().collect()),
            (DataScope::Subordinates, _) => RowScope::Owners(self.subordinates.clone()),
            (_, Scope::Personal) => RowScope::Owners(self.user.into_iter().collect()),
            (DataScope::Department, Scope::Owned) => {
                RowScope::Departments { departments: self.department.into_iter().collect(), owner: self.user }
            }
            (DataScope::DepartmentAndBelow, Scope::Owned) => {
                RowScope::Departments { departments: self.departments.clone(), owner: self.user }
            }
        }
    }

    pub fn writable(&self, _object: &ObjectMeta, field: &FieldMeta) -> bool {
        !field.read_only
    }
}

impl Readable for Access {
    fn readable(&self, _object: &ObjectMeta, field: &FieldMeta) -> bool {
        !field.secret
    }
}
