//! What an object is.

use crate::choice::Choice;
use crate::field::{FieldMeta, FieldType, Rule, Storage};
use crate::layout::Layout;
use crate::text::{Label, Str};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The key of the field that holds a record's name in English, beside that of everybody else.
pub const NAME_EN: &str = "name_en";

/// The key of the field that says where a record stands among its kind.
pub const SORT_ORDER: &str = "sort_order";

/// Part of the product; the same names in the domain, the features, the SPA and the tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    People,
    Customers,
    Sales,
    Commerce,
    Service,
    Marketing,
    Insight,
    Work,
    #[default]
    Platform,
}

/// Whose rows of this object a caller may reach. The role's data scope is applied to what is named here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "snake_case")]
pub enum Scope {
    /// Rows have an owner and the owner's department; the role's data scope decides.
    #[default]
    Owned,
    /// Rows belong to the whole tenant; the role's object permission decides.
    Tenant,
    /// Rows are reached through the record that this field refers to.
    Through { field: Str },
    /// Rows are reached through the record named by an object field and a record id field.
    Polymorphic { object: Str, record: Str },
    /// Rows belong to one user, who may share them where there is a field `visibility`: `owner`, or `visibility = all`.
    Personal,
}

/// An object: account, contact, or one that a tenant made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectMeta {
    /// Singular key: `account`.
    pub name: Str,
    /// Path segment of the API: `accounts`.
    pub plural: Str,
    pub table: Str,
    pub label: Label,
    /// Label of many; Chinese has one form for both.
    pub label_many: Label,
    #[serde(default)]
    pub help: Str,
    pub area: Area,
    /// Lucide icon name.
    pub icon: Str,
    /// The field that names a record to people.
    pub title: Str,
    pub scope: Scope,
    /// The date-time field that says when a record took place, for timelines; when it was created where there is none.
    #[serde(default)]
    pub moment: Option<Str>,
    /// The reference field to the record that this one hangs on: whoever owns that one sees this one as well.
    #[serde(default)]
    pub follows: Option<Str>,
    /// Adding to a record is sharing it rather than editing it: its team.
    #[serde(default)]
    pub opens: bool,
    /// How the company works is kept in it: takes the right to configure it to change any.
    #[serde(default)]
    pub configured: bool,
    /// Made by a tenant at run time; rows live in the shared records table.
    #[serde(default)]
    pub custom: bool,
    /// Has a place in the navigation, the import wizard and global search.
    #[serde(default)]
    pub listed: bool,
    /// How forms and record pages show it; a catalogue fills in what nobody drew.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// Declared fields first, then what [`ObjectMeta::complete`] adds.
    pub fields: Cow<'static, [FieldMeta]>,
}

/// A relation seen from the side that is referred to: an account's contacts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Related {
    /// Relation name, used by `exists` filters and in URLs.
    pub name: Str,
    /// The object that refers.
    pub object: Str,
    /// Its reference field.
    pub field: Str,
    /// What people call it, where that is not the name of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    pub timeline: bool,
}

impl ObjectMeta {
    pub fn field(&self, key: &str) -> Option<&FieldMeta> {
        self.fields.iter().find(|f| f.key == key)
    }

    /// Its place among its kind, where records have one.
    pub fn place_field(&self) -> Option<&FieldMeta> {
        self.field(SORT_ORDER)
    }

    /// The order in which people expect its records: by their places, and by name.
    pub fn ordered_by(&self) -> impl Iterator<Item = &FieldMeta> {
        self.place_field().into_iter().chain(self.title_field())
    }

    pub fn title_field(&self) -> Option<&FieldMeta> {
        self.field(&self.title)
    }

    /// The choice that takes a record to where it is done with, and its field.
    pub fn closing(&self) -> Option<(&FieldMeta, &Choice)> {
        let open = self.fields.iter().filter(|f| !f.read_only && !f.immutable);
        open.filter(|f| matches!(f.kind, FieldType::Choice { .. }))
            .find_map(|field| Some((field, field.options().iter().find(|o| o.closes)?)))
    }

    /// The field by which its records hang on others, and the name of the object of those.
    pub fn hangs_by(&self) -> Option<(&FieldMeta, &str)> {
        let field = self.field(self.follows.as_ref()?)?;
        Some((field, field.target()?))
    }

    pub fn hangs_on(&self, parent: &ObjectMeta) -> bool {
        self.hangs_by().is_some_and(|(_, name)| name == parent.name)
    }

    /// Where records have their names in English besides.
    pub fn english(&self) -> Option<&FieldMeta> {
        self.field(NAME_EN)
    }

    pub fn owned(&self) -> bool {
        matches!(self.scope, Scope::Owned | Scope::Personal)
    }

    pub fn unique_fields(&self) -> impl Iterator<Item = &FieldMeta> {
        self.fields.iter().filter(|f| f.unique)
    }

    /// Adds what every object has: system fields and the companions of declared ones.
    pub fn complete(mut self) -> ObjectMeta {
        let mut fields = Vec::with_capacity(self.fields.len() + 12);
        fields.push(crate::system::id());
        for field in self.fields.iter().filter(|f| !crate::system::is_system(&f.key)) {
            let mut field = field.clone();
            if let Storage::Column(column) = &mut field.storage {
                *column = Str::Owned(field.kind.column(&field.key));
            }
            let companion = companion_of(&field).filter(|c| self.fields.iter().all(|f| f.key != c.key));
            fields.push(field);
            fields.extend(companion);
        }
        if self.owned() && !fields.iter().any(|f| f.key == "owner") {
            fields.push(crate::system::owner());
        }
        if self.scope == Scope::Owned {
            fields.push(crate::system::department());
            fields.push(crate::system::confidential());
        }
        fields.extend(crate::system::audit());
        self.fields = Cow::Owned(fields);
        self
    }

    /// A tenant's own object over the shared records table.
    pub fn custom(name: Str, plural: Str, label: Label, label_many: Label, fields: Vec<FieldMeta>) -> ObjectMeta {
        let title = fields.first().map(|f| f.key.clone()).unwrap_or(Str::Borrowed("id"));
        ObjectMeta {
            name,
            plural,
            table: Str::Borrowed("custom_records"),
            label,
            label_many,
            help: Str::Borrowed(""),
            area: Area::Platform,
            icon: Str::Borrowed("box"),
            title,
            scope: Scope::Owned,
            moment: None,
            follows: None,
            opens: false,
            configured: false,
            custom: true,
            listed: true,
            layout: None,
            fields: Cow::Owned(fields),
        }
        .complete()
    }
}

/// The read-only field that the server keeps beside this one, if its type has one.
pub fn companion_of(field: &FieldMeta) -> Option<FieldMeta> {
    (field.kind == FieldType::Phone).then(|| companion_e164(field))
}

/// The E.164 form beside a telephone number, for look-ups and dialling.
fn companion_e164(phone: &FieldMeta) -> FieldMeta {
    let key = format!("{}_e164", phone.key);
    let storage = match &phone.storage {
        Storage::Column(_) => Storage::Column(Str::Owned(key.clone())),
        Storage::Custom => Storage::Custom,
    };
    FieldMeta {
        key: Str::Owned(key),
        label: Label {
            zh: Str::Owned(format!("{}（国际格式）", phone.label.zh)),
            en: Str::Owned(format!("{} (E.164)", phone.label.en)),
        },
        storage,
        indexed: phone.indexed,
        unique: phone.unique,
        read_only: true,
        sealed: phone.sealed,
        hidden: true,
        sensitivity: phone.sensitivity,
        rules: Cow::Borrowed(&[Rule::Length { min: 0, max: 40 }]),
        ..FieldMeta::new("", Label::new("", ""), FieldType::Text)
    }
}
