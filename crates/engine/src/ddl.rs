//! The table of an object, printed from its declaration; what migrations are written with and held against.
//!
//! Indexes follow from what lists do. Empty sorts smallest, so a column that may be empty is indexed with its nulls
//! first, and a page can walk the index either way. Each key starts with the tenant.

mod indexes;

pub use indexes::{Index, Way, field_index, field_index_name, indexes, way};

use kezhan_meta::{Default, FieldMeta, FieldType, ObjectMeta, Storage};
use sha2::{Digest, Sha256};

/// PostgreSQL cuts longer names off.
const NAME_MAX: usize = 63;

/// Keywords that are no column names without quotes, among words that a declaration may well use.
const RESERVED: [&str; 30] = [
    "all",
    "analyse",
    "and",
    "any",
    "array",
    "as",
    "case",
    "check",
    "column",
    "constraint",
    "create",
    "current_user",
    "default",
    "desc",
    "distinct",
    "end",
    "for",
    "from",
    "group",
    "in",
    "limit",
    "offset",
    "on",
    "order",
    "primary",
    "references",
    "table",
    "to",
    "user",
    "where",
];

/// The owner of the record on which one hangs, where that is somebody else: they see it too, and lists find it like
/// their own. No field, for it says nothing that is not known elsewhere.
pub const HOST_OWNER: &str = "host_owner_id";

/// When the record was made to which a team member belongs: what was shared with somebody is listed in that order.
pub const HOST_MADE: &str = "host_created_at";

/// A column as declarations and the database's own catalogue both know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// As `format_type` prints it, without the collation.
    pub sql_type: String,
    pub not_null: bool,
    pub collation: Option<&'static str>,
    pub default: Option<String>,
}

/// `FOREIGN KEY (tenant_id, column) REFERENCES target (tenant_id, id)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    pub column: String,
    /// The object referred to.
    pub target: String,
}

/// The type of a declared field's column.
pub fn sql_type(field: &FieldMeta) -> String {
    match &field.kind {
        _ if field.sealed => "text".to_owned(),
        FieldType::Text
        | FieldType::LongText
        | FieldType::RichText
        | FieldType::Choice { .. }
        | FieldType::Phone
        | FieldType::Email
        | FieldType::Url
        | FieldType::AutoNumber { .. } => "text".to_owned(),
        FieldType::Integer if field.key == "version" => "integer".to_owned(),
        FieldType::Integer => "bigint".to_owned(),
        FieldType::Decimal { scale } => format!("numeric(20,{scale})"),
        FieldType::Money | FieldType::Percent => "numeric(20,4)".to_owned(),
        FieldType::Date => "date".to_owned(),
        FieldType::DateTime => "timestamp with time zone".to_owned(),
        FieldType::Boolean => "boolean".to_owned(),
        FieldType::Id | FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => {
            "uuid".to_owned()
        }
        FieldType::MultiChoice { .. } | FieldType::Tags => "text[]".to_owned(),
        FieldType::MultiReference { .. } => "uuid[]".to_owned(),
        FieldType::Address | FieldType::Geo | FieldType::Json => "jsonb".to_owned(),
    }
}

fn column_of(field: &FieldMeta) -> Option<&str> {
    match &field.storage {
        Storage::Column(column) => Some(column),
        Storage::Custom => None,
    }
}

/// All columns of an object's table, in order.
pub fn columns(object: &ObjectMeta) -> Vec<Column> {
    let plain = |name: &str, sql_type: &str, default: Option<&str>| Column {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        not_null: true,
        collation: None,
        default: default.map(str::to_owned),
    };
    let mut out = vec![plain("tenant_id", "uuid", None)];
    if object.custom {
        out.push(plain("object", "text", None));
    }
    out.extend(object.fields.iter().filter_map(|field| {
        // Names are compared the way Chinese readers look things up; the rest by code point.
        let title = field.key == object.title && field.kind == FieldType::Text;
        Some(Column {
            name: column_of(field)?.to_owned(),
            sql_type: sql_type(field),
            not_null: field.required,
            collation: title.then_some("zh-x-icu"),
            default: default_of(field),
        })
    }));
    if object.follows.is_some() {
        out.push(Column { not_null: false, ..plain(HOST_OWNER, "uuid", None) });
    }
    if object.opens {
        out.push(Column { not_null: false, ..plain(HOST_MADE, "timestamp with time zone", None) });
    }
    out.push(plain("custom", "jsonb", Some("'{}'")));
    if searchable(object) {
        out.push(plain("search_text", "text", Some("''")));
        out.push(plain("search_pairs", "integer[]", Some("'{}'")));
    }
    out
}

fn default_of(field: &FieldMeta) -> Option<String> {
    match (field.key.as_ref(), &field.default) {
        ("version", _) => Some("1".to_owned()),
        ("created_at" | "updated_at", _) => Some("now()".to_owned()),
        (_, Some(default)) if field.required => match default {
            Default::Text(text) => Some(format!("'{}'", text.replace('\'', "''"))),
            Default::Int(number) => Some(number.to_string()),
            Default::Bool(flag) => Some(flag.to_string()),
            Default::CurrentUser | Default::Today | Default::Now | Default::Derived => None,
        },
        _ => None,
    }
}

/// Has the table `search_text` and `search_pairs`? Custom objects share one table, so it has.
pub fn searchable(object: &ObjectMeta) -> bool {
    object.custom || object.fields.iter().any(|f| f.searchable)
}

/// Single references of an object, to be added once all tables are there: some refer to each other in a circle.
pub fn references(object: &ObjectMeta) -> Vec<ForeignKey> {
    let single = |field: &&FieldMeta| {
        field.kind.is_reference() && !matches!(field.key.as_ref(), "created_by" | "updated_by" | "deleted_by")
    };
    let key = |field: &FieldMeta| {
        Some(ForeignKey { column: column_of(field)?.to_owned(), target: field.target()?.to_owned() })
    };
    object.fields.iter().filter(single).filter_map(key).collect()
}

/// `CREATE TABLE` with its indexes, without foreign keys. None leads to `tenants`: every write would have to lock
/// the tenant's one row.
pub fn create_table(object: &ObjectMeta) -> String {
    let table = ident(&object.table);
    let mut lines: Vec<String> = columns(object).iter().map(|c| format!("    {}", column_line(c))).collect();
    lines.push("    PRIMARY KEY (tenant_id, id)".to_owned());
    let mut out = format!("CREATE TABLE {table} (\n{}\n);\n", lines.join(",\n"));
    for index in indexes(object) {
        out.push_str(&index.sql(&object.table));
        out.push_str(";\n");
    }
    out
}

fn column_line(column: &Column) -> String {
    let mut line =
        format!("{} {}", ident(&column.name), column.sql_type.replace("timestamp with time zone", "timestamptz"));
    if let Some(collation) = column.collation {
        line.push_str(&format!(" COLLATE \"{collation}\""));
    }
    if column.not_null {
        line.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        line.push_str(&format!(" DEFAULT {default}"));
    }
    line
}

/// `ALTER TABLE … ADD FOREIGN KEY …` for each reference. `table_of` names the table of an object.
pub fn foreign_keys(object: &ObjectMeta, table_of: impl Fn(&str) -> Option<String>) -> String {
    let keys: Vec<String> = references(object)
        .iter()
        .filter_map(|key| {
            let target = ident(&table_of(&key.target)?);
            let constraint = name(&object.table, &key.column, "fkey");
            let column = ident(&key.column);
            Some(format!(
                "    ADD CONSTRAINT {constraint} FOREIGN KEY (tenant_id, {column}) REFERENCES {target} (tenant_id, id)"
            ))
        })
        .collect();
    match keys.is_empty() {
        true => String::new(),
        false => format!("ALTER TABLE {}\n{};\n", ident(&object.table), keys.join(",\n")),
    }
}

/// `table_about_suffix`, shortened in the middle and told apart by a digest where it would be too long.
fn name(table: &str, about: &str, suffix: &str) -> String {
    let full = format!("{table}_{about}_{suffix}");
    if full.len() <= NAME_MAX {
        return full;
    }
    let digest = hex::encode(&Sha256::digest(&full)[..8]);
    let kept: String = full.chars().take(NAME_MAX - digest.len() - suffix.len() - 2).collect();
    format!("{kept}_{digest}_{suffix}")
}

/// Quoted where PostgreSQL needs it.
fn ident(name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    match plain && !RESERVED.contains(&name) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}
