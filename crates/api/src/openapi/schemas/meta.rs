//! What objects and fields there are.

use super::LabelSchema;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An object in short.
#[derive(ToSchema)]
pub struct MetaObjectSummary {
    #[schema(example = "account")]
    name: String,
    #[schema(example = "accounts")]
    plural: String,
    label: LabelSchema,
    label_many: LabelSchema,
    help: String,
    #[schema(example = "customers")]
    area: String,
    #[schema(example = "building-2")]
    icon: String,
    /// The field that names a record to people.
    #[schema(example = "name")]
    title: String,
    /// Made by this tenant.
    custom: bool,
    /// Has a place in the navigation.
    listed: bool,
    /// What it is found by: its names in both languages, pinyin and initials. Only where objects are listed.
    #[schema(example = "客户 account accounts kehu kh")]
    search: Option<String>,
    /// Action → data scope.
    #[schema(value_type = Object)]
    permissions: Map<String, Value>,
}

#[derive(ToSchema)]
pub struct MetaObjectList {
    data: Vec<MetaObjectSummary>,
}

#[derive(ToSchema)]
pub struct MetaCatalog {
    data: Vec<MetaObject>,
}

/// A field as this caller may use it; settings of its type (`options`, `to`, `scale`) stand beside `type`.
#[derive(ToSchema)]
pub struct MetaField {
    #[schema(example = "industry")]
    key: String,
    label: LabelSchema,
    help: LabelSchema,
    #[schema(example = "choice")]
    r#type: String,
    required: bool,
    unique: bool,
    indexed: bool,
    searchable: bool,
    read_only: bool,
    immutable: bool,
    secret: bool,
    hidden: bool,
    /// Decides what people may see: `preview_change` tells what another value would do.
    foreseen: bool,
    #[schema(example = "ordinary")]
    sensitivity: String,
    #[schema(value_type = Vec<Object>)]
    rules: Vec<Value>,
    section: String,
    /// The reference of the same record within which this one lies.
    within: Option<String>,
    in_list: bool,
    writable: bool,
    filterable: bool,
    sortable: bool,
    operators: Vec<String>,
}

/// A relation that points here.
#[derive(ToSchema)]
pub struct MetaRelation {
    #[schema(example = "contacts")]
    name: String,
    #[schema(example = "contact")]
    object: String,
    #[schema(example = "account")]
    field: String,
    timeline: bool,
}

/// An action and its input.
#[derive(ToSchema)]
pub struct MetaAction {
    #[schema(example = "transfer")]
    key: String,
    label: LabelSchema,
    help: String,
    #[schema(example = "edit")]
    permission: String,
    /// JSON schema.
    #[schema(value_type = Object)]
    input: Map<String, Value>,
    /// Where to POST it; on a record's own list only.
    href: Option<String>,
}

/// How an object is laid out before anyone chooses otherwise.
#[derive(ToSchema)]
pub struct MetaLayouts {
    /// Columns of lists.
    list: Vec<String>,
    /// Fields of forms and record pages.
    record: Vec<MetaSection>,
}

/// Fields under one heading.
#[derive(ToSchema)]
pub struct MetaSection {
    /// Key of the heading; empty for what stands under none.
    #[schema(example = "basic")]
    section: String,
    fields: Vec<String>,
}

/// Everything about an object.
#[derive(ToSchema)]
pub struct MetaObject {
    #[serde(flatten)]
    #[schema(inline)]
    summary: MetaObjectSummary,
    #[schema(value_type = Object)]
    scope: Map<String, Value>,
    /// The reference to the record that it hangs on: whoever owns that one sees this one as well.
    #[schema(example = "account")]
    follows: Option<String>,
    /// Its records open others to people: teams.
    opens: bool,
    /// It takes the right to configure it to change any of its records.
    configured: bool,
    fields: Vec<MetaField>,
    related: Vec<MetaRelation>,
    actions: Vec<MetaAction>,
    layouts: MetaLayouts,
    /// How forms and record pages show it.
    layout: Option<crate::layouts::LayoutSchema>,
    #[schema(value_type = Vec<Object>)]
    views: Vec<Value>,
}
