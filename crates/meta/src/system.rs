//! Fields that every object has. The server alone writes them, `owner` excepted.

use crate::field::{Default, FieldMeta, FieldType};
use crate::text::{Label, Str};

const KEYS: [&str; 9] =
    ["id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "deleted_by", "department"];

/// Is this key reserved on every object? (`owner` is not: an object may declare it with other rules.)
pub fn is_system(key: &str) -> bool {
    KEYS.contains(&key)
}

fn system(key: &'static str, label: Label, kind: FieldType) -> FieldMeta {
    let storage = crate::field::Storage::Column(Str::Owned(kind.column(key)));
    FieldMeta { read_only: true, storage, section: Str::Borrowed("system"), ..FieldMeta::new(key, label, kind) }
}

pub fn id() -> FieldMeta {
    FieldMeta { hidden: true, indexed: true, required: true, ..system("id", Label::new("编号", "ID"), FieldType::Id) }
}

pub fn owner() -> FieldMeta {
    FieldMeta {
        read_only: false,
        indexed: true,
        in_list: true,
        default: Some(Default::CurrentUser),
        ..system("owner", Label::new("负责人", "Owner"), FieldType::User)
    }
}

pub fn department() -> FieldMeta {
    FieldMeta { indexed: true, ..system("department", Label::new("所属部门", "Department"), FieldType::Department) }
}

/// Seen by nobody but its owner and its team, whatever roles reach.
pub fn confidential() -> FieldMeta {
    FieldMeta {
        read_only: false,
        required: true,
        default: Some(Default::Bool(false)),
        ..system("confidential", Label::new("保密", "Confidential"), FieldType::Boolean)
    }
}

pub fn audit() -> [FieldMeta; 7] {
    [
        FieldMeta {
            indexed: true,
            required: true,
            ..system("created_at", Label::new("创建时间", "Created at"), FieldType::DateTime)
        },
        system("created_by", Label::new("创建人", "Created by"), FieldType::User),
        FieldMeta {
            indexed: true,
            required: true,
            ..system("updated_at", Label::new("更新时间", "Updated at"), FieldType::DateTime)
        },
        system("updated_by", Label::new("更新人", "Updated by"), FieldType::User),
        FieldMeta {
            hidden: true,
            required: true,
            ..system("version", Label::new("版本", "Version"), FieldType::Integer)
        },
        FieldMeta {
            hidden: true, ..system("deleted_at", Label::new("删除时间", "Deleted at"), FieldType::DateTime)
        },
        FieldMeta { hidden: true, ..system("deleted_by", Label::new("删除人", "Deleted by"), FieldType::User) },
    ]
}
