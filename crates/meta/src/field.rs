//! What a field is.

mod read;

use crate::choice::Choice;
use crate::filter::{Op, operators};
use crate::layout::When;
use crate::text::{Label, Str};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The type of a field. Matched exhaustively wherever types matter (SQL, JSON, OpenAPI, operators,
/// spreadsheets, cells, inputs, filters), so that a new type is a guided tour by the compiler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldType {
    /// The record's own id, a UUIDv7.
    Id,
    /// One line.
    Text,
    /// Many lines, plain.
    LongText,
    /// Sanitised HTML.
    RichText,
    Integer,
    /// `scale` decimal places, a string in JSON.
    Decimal {
        scale: u8,
    },
    /// An amount in the record's `currency`, a string in JSON.
    Money,
    /// `"12.5"` means 12.5 %.
    Percent,
    Date,
    DateTime,
    Boolean,
    Choice {
        options: Cow<'static, [Choice]>,
    },
    MultiChoice {
        options: Cow<'static, [Choice]>,
    },
    /// Free words.
    Tags,
    /// What was typed; a companion field `<key>_e164` holds the E.164 form.
    Phone,
    Email,
    Url,
    /// `{country, code, province, city, district, detail, postcode}`; `code` is the 行政区划代码.
    Address,
    /// `{lat, lng}` in WGS-84 degrees.
    Geo,
    Reference {
        to: Str,
    },
    MultiReference {
        to: Str,
    },
    User,
    Department,
    /// The id of an attachment.
    File,
    /// Given by the server on creation: `pattern` is text with `{yyyy} {mm} {dd} {0000}` (the sequence, zero-padded).
    AutoNumber {
        pattern: Str,
        reset: Reset,
    },
    /// Structured settings (a view's layout, a job's options); not filterable.
    Json,
}

/// When an auto-number's sequence starts again at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    #[default]
    Never,
    Daily,
    Monthly,
    Yearly,
}

/// How careful one must be with a field's content, in ascending order; personal and sensitive personal information as
/// in articles 4 and 28 of the Personal Information Protection Law (PIPL).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Known to everybody anyway.
    Public,
    /// Business data that stays in the company.
    #[default]
    Internal,
    /// Identifies or reaches a person.
    Personal,
    /// Identity numbers, bank details, health, whereabouts: a leak harms the person.
    Sensitive,
    /// Trade secrets, and what opens doors.
    Secret,
}

impl Sensitivity {
    pub const ALL: [Sensitivity; 5] = [
        Sensitivity::Public,
        Sensitivity::Internal,
        Sensitivity::Personal,
        Sensitivity::Sensitive,
        Sensitivity::Secret,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Sensitivity::Public => "public",
            Sensitivity::Internal => "internal",
            Sensitivity::Personal => "personal",
            Sensitivity::Sensitive => "sensitive",
            Sensitivity::Secret => "secret",
        }
    }

    pub fn parse(key: &str) -> Option<Sensitivity> {
        Sensitivity::ALL.into_iter().find(|s| s.key() == key)
    }

    pub const fn label(self) -> Label {
        match self {
            Sensitivity::Public => Label::new("公开", "Public"),
            Sensitivity::Internal => Label::new("内部", "Internal"),
            Sensitivity::Personal => Label::new("个人信息", "Personal"),
            Sensitivity::Sensitive => Label::new("敏感个人信息", "Sensitive personal"),
            Sensitivity::Secret => Label::new("机密", "Secret"),
        }
    }
}

/// A rule that a value must keep; evaluated alike in the browser and on the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Rule {
    /// Number of characters (or of items in a list).
    Length { min: u32, max: u32 },
    /// Numeric range, inclusive; decimal strings.
    Range { min: Option<Str>, max: Option<Str> },
    /// 统一社会信用代码, GB 32100-2015, or a 15-digit legacy tax number.
    Uscc,
    /// 身份证号, GB 11643 with its MOD 11-2 check digit.
    IdCard,
    /// ISO 4217 code.
    Currency,
    /// `[a-z][a-z0-9_]*`.
    Key,
    /// The name of an object: `account`.
    Object,
    /// The name of a city, in short: 南京 for 南京市.
    City,
    /// Must not lie before this other date field of the same record.
    NotBefore { field: Str },
}

/// Where a field's value is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// A column of the object's table.
    Column(Str),
    /// A key of the `custom` JSON column.
    Custom,
}

/// What a new record gets where the caller says nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Default {
    /// A literal in the field's JSON form.
    Text(Str),
    Int(i64),
    Bool(bool),
    /// The signed-in user.
    CurrentUser,
    Today,
    Now,
    /// What the server makes of the rest of the record.
    Derived,
}

/// One field of an object, declared in code or by a tenant at run time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldMeta {
    /// JSON key, `[a-z][a-z0-9_]*`.
    pub key: Str,
    pub label: Label,
    /// Help text: in English the doc comment of the declaration; what a tenant wrote is the same for both.
    pub help: Label,
    #[serde(flatten)]
    pub kind: FieldType,
    pub storage: Storage,
    pub required: bool,
    pub unique: bool,
    /// Has an index: cheap to filter and sort by.
    pub indexed: bool,
    /// Part of full-text search.
    pub searchable: bool,
    /// Set by the server alone.
    pub read_only: bool,
    /// Written once, at creation.
    pub immutable: bool,
    /// Accepted on write, never returned, logged or exported.
    pub secret: bool,
    /// Encrypted at rest by the server, under keys of the company. Not searched, sorted or grouped by; found by equal
    /// values where the field is indexed or unique.
    pub sealed: bool,
    /// Not offered in lists and forms unless asked for.
    pub hidden: bool,
    /// Seen by this reader in outline only, or not on every record: lists are not filtered, sorted or grouped by it.
    /// Set where metadata is read for one person, never in a declaration.
    #[serde(skip_serializing)]
    pub unasked: bool,
    pub sensitivity: Sensitivity,
    pub rules: Cow<'static, [Rule]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Default>,
    /// For references: the name of the relation seen from the other side (`contacts` on an account).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inverse: Option<Str>,
    /// What people call that relation; the object's own name where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inverse_label: Option<Label>,
    /// For references: records of this object appear on the timeline of what they refer to.
    pub timeline: bool,
    /// Decides what people may see: the action `preview_change` tells what another value would do, and it is changed
    /// where that can be read first.
    pub foreseen: bool,
    /// Heading under which forms and record pages group the field.
    pub section: Str,
    /// Shown as a column before the user chooses otherwise.
    pub in_list: bool,
    /// For references: another reference of the same record within which this one lies. A contact is one of the account
    /// that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Str>,
    /// Conditions of the layout that is generated; readers get them there.
    #[serde(skip)]
    pub when: Cow<'static, [When]>,
}

impl FieldMeta {
    /// A plain field with everything else off; declarations and custom fields start from here.
    pub const fn new(key: &'static str, label: Label, kind: FieldType) -> Self {
        FieldMeta {
            key: Cow::Borrowed(key),
            label,
            help: Label::new("", ""),
            kind,
            storage: Storage::Column(Cow::Borrowed(key)),
            required: false,
            unique: false,
            indexed: false,
            searchable: false,
            read_only: false,
            immutable: false,
            secret: false,
            sealed: false,
            hidden: false,
            unasked: false,
            sensitivity: Sensitivity::Internal,
            rules: Cow::Borrowed(&[]),
            default: None,
            inverse: None,
            inverse_label: None,
            timeline: false,
            foreseen: false,
            section: Cow::Borrowed(""),
            in_list: false,
            within: None,
            when: Cow::Borrowed(&[]),
        }
    }

    /// The object that this field points to, for references of every sort.
    pub fn target(&self) -> Option<&str> {
        match &self.kind {
            FieldType::Reference { to } | FieldType::MultiReference { to } => Some(to),
            FieldType::User => Some("user"),
            FieldType::Department => Some("department"),
            FieldType::File => Some("attachment"),
            _ => None,
        }
    }

    /// May lists be filtered by this field?
    pub fn filterable(&self) -> bool {
        !self.secret && !self.unasked && !matches!(self.kind, FieldType::Json | FieldType::Geo)
    }

    /// Which operators conditions on this field may use.
    pub fn operators(&self) -> &'static [Op] {
        match (self.sealed, self.findable()) {
            (false, _) => operators(&self.kind),
            (true, true) => &[Op::Eq, Op::In, Op::Null],
            (true, false) => &[Op::Null],
        }
    }

    /// Does the server keep what it finds equal values of this sealed field by? Amounts are not looked for by value.
    pub fn findable(&self) -> bool {
        let exact = !matches!(
            self.kind,
            FieldType::LongText | FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent
        );
        self.sealed && exact && (self.indexed || self.unique)
    }

    /// May lists be sorted by this field? Only scalar types have an order.
    pub fn sortable(&self) -> bool {
        !self.secret
            && !self.sealed
            && !self.unasked
            && !matches!(
                self.kind,
                FieldType::Json
                    | FieldType::Geo
                    | FieldType::Address
                    | FieldType::MultiChoice { .. }
                    | FieldType::Tags
                    | FieldType::MultiReference { .. }
                    | FieldType::LongText
                    | FieldType::RichText
            )
    }

    pub fn options(&self) -> &[Choice] {
        match &self.kind {
            FieldType::Choice { options } | FieldType::MultiChoice { options } => options,
            _ => &[],
        }
    }
}

impl FieldType {
    /// The column that a declared field of this type and key lives in.
    pub fn column(&self, key: &str) -> String {
        match self {
            FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => {
                format!("{key}_id")
            }
            FieldType::MultiReference { .. } => format!("{key}_ids"),
            _ => key.to_owned(),
        }
    }

    /// A single id of another record?
    pub fn is_reference(&self) -> bool {
        matches!(self, FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File)
    }

    /// Can a field of this type be encrypted at rest? What refers to other records, has few values or many parts cannot.
    pub fn is_sealable(&self) -> bool {
        matches!(
            self,
            FieldType::Text
                | FieldType::LongText
                | FieldType::Phone
                | FieldType::Email
                | FieldType::Url
                | FieldType::Integer
                | FieldType::Decimal { .. }
                | FieldType::Money
                | FieldType::Percent
                | FieldType::Date
        )
    }

    /// A list of values?
    pub fn is_list(&self) -> bool {
        matches!(self, FieldType::MultiChoice { .. } | FieldType::Tags | FieldType::MultiReference { .. })
    }

    pub fn is_number(&self) -> bool {
        matches!(self, FieldType::Integer | FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent)
    }
}
