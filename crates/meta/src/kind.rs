//! Rust types of fields. Each names its [`FieldType`], so a declaration needs no attribute for it
//! and the derive never looks at type syntax.

use crate::choice::ChoiceSet;
use crate::field::FieldType;
use crate::text::Str;
use chrono::{DateTime as ChronoDateTime, NaiveDate, Utc};
use rust_decimal::Decimal as RustDecimal;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::marker::PhantomData;
use uuid::Uuid;

/// A Rust type that can be the type of a field.
pub trait FieldKind {
    const KIND: FieldType;
    /// `Option` fields may be empty.
    const OPTIONAL: bool = false;
}

/// The name of an object, for typed ids.
pub trait Object {
    const NAME: &'static str;
}

impl<T: FieldKind> FieldKind for Option<T> {
    const KIND: FieldType = T::KIND;
    const OPTIONAL: bool = true;
}

macro_rules! kinds {
    ($($ty:ty => $kind:expr),+ $(,)?) => { $(impl FieldKind for $ty { const KIND: FieldType = $kind; })+ };
}

kinds! {
    String => FieldType::Text,
    i32 => FieldType::Integer,
    i64 => FieldType::Integer,
    bool => FieldType::Boolean,
    NaiveDate => FieldType::Date,
    ChronoDateTime<Utc> => FieldType::DateTime,
    serde_json::Value => FieldType::Json,
}

macro_rules! text_kinds {
    ($($(#[$doc:meta])* $name:ident => $kind:expr),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
        impl FieldKind for $name { const KIND: FieldType = $kind; }
    )+ };
}

text_kinds! {
    /// Plain text of many lines.
    LongText => FieldType::LongText,
    /// HTML; the server sanitises it.
    RichText => FieldType::RichText,
    /// A telephone number as typed.
    Phone => FieldType::Phone,
    Email => FieldType::Email,
    Url => FieldType::Url,
}

macro_rules! number_kinds {
    ($($(#[$doc:meta])* $name:ident => $kind:expr),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub RustDecimal);
        impl FieldKind for $name { const KIND: FieldType = $kind; }
    )+ };
}

number_kinds! {
    /// An amount in the record's currency.
    Money => FieldType::Money,
    /// 12.5 means 12.5 %.
    Percent => FieldType::Percent,
}

/// A decimal number with a fixed number of places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decimal<const SCALE: u8>(pub RustDecimal);

impl<const SCALE: u8> FieldKind for Decimal<SCALE> {
    const KIND: FieldType = FieldType::Decimal { scale: SCALE };
}

/// Free words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(pub Vec<String>);

impl FieldKind for Tags {
    const KIND: FieldType = FieldType::Tags;
}

/// A postal address; `code` is the 行政区划代码 (GB/T 2260) of the district.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
}

impl FieldKind for Address {
    const KIND: FieldType = FieldType::Address;
}

/// A point on the earth, WGS-84 degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Geo {
    pub lat: f64,
    pub lng: f64,
}

impl FieldKind for Geo {
    const KIND: FieldType = FieldType::Geo;
}

/// The id of a record of object `T`.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Id<T>(pub Uuid, #[serde(skip)] PhantomData<fn() -> T>);

impl<T> Id<T> {
    pub const fn new(id: Uuid) -> Self {
        Id(id, PhantomData)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Object> FieldKind for Id<T> {
    const KIND: FieldType = FieldType::Reference { to: Str::Borrowed(T::NAME) };
}

impl<T: Object> FieldKind for Vec<Id<T>> {
    const KIND: FieldType = FieldType::MultiReference { to: Str::Borrowed(T::NAME) };
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])* $name:ident => $kind:expr),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl FieldKind for $name { const KIND: FieldType = $kind; }
    )+ };
}

id_kinds! {
    /// A member of staff.
    UserId => FieldType::User,
    DepartmentId => FieldType::Department,
    /// An attachment.
    FileId => FieldType::File,
}

/// A number given by the server; its pattern is an attribute of the field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AutoNumber(pub String);

impl FieldKind for AutoNumber {
    const KIND: FieldType =
        FieldType::AutoNumber { pattern: Str::Borrowed("{000000}"), reset: crate::field::Reset::Never };
}

/// Several values of a choice enum.
impl<T: ChoiceSet> FieldKind for Vec<T> {
    const KIND: FieldType = FieldType::MultiChoice { options: Cow::Borrowed(T::CHOICES) };
}
