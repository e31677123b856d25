//! The table of an object, printed from its declaration; what migrations are written with and held against.
//!
//! Indexes follow from what lists do. Empty sorts smallest, so a column that may be empty is indexed with its nulls
//! first, and a page can walk the index either way. Each key starts with the tenant.

use kezhan_meta::{Default, FieldMeta, FieldType, ObjectMeta, Scope, Storage};
use sha2::{Digest, Sha256};
use uuid::Uuid;

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

/// An index of an object's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: String,
    pub unique: bool,
    pub gin: bool,
    /// Columns or expressions, in order.
    pub keys: Vec<String>,
    pub predicate: Option<String>,
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
            Default::CurrentUser | Default::Today | Default::Now => None,
        },
        _ => None,
    }
}

/// Has the table `search_text` and `search_pairs`? Custom objects share one table, so it has.
pub fn searchable(object: &ObjectMeta) -> bool {
    object.custom || object.fields.iter().any(|f| f.searchable)
}

/// All indexes of an object's table except its primary key.
pub fn indexes(object: &ObjectMeta) -> Vec<Index> {
    let mut out = Vec::new();
    for field in object.fields.iter() {
        let Some(column) = column_of(field) else { continue };
        let living = || Some("deleted_at IS NULL".to_owned());
        let key = sort_key(field, column);
        match &field.kind {
            FieldType::Id => {}
            // Who made and who changed a record is looked at, not looked for.
            _ if matches!(field.key.as_ref(), "created_by" | "updated_by" | "deleted_by") => {}
            // The newest of an owner or a department are what scoped lists show.
            _ if matches!(field.key.as_ref(), "owner" | "department") && object.owned() => {
                out.push(index(object, column, vec![key, "created_at".into(), "id".into()], living()));
            }
            // Not only the living: the foreign key's own look-ups use these as well.
            kind if kind.is_reference() => {
                let sparse = !field.required && !field.in_list;
                let predicate = sparse.then(|| format!("{} IS NOT NULL", ident(column)));
                let first = if sparse { ident(column) } else { key };
                out.push(index(object, column, vec![first, "created_at".into(), "id".into()], predicate));
            }
            _ if field.unique => {
                let unique = index(object, column, vec![key], living());
                out.push(Index { unique: true, name: name(&object.table, column, "key"), ..unique });
            }
            _ if !field.indexed => {}
            kind if kind.is_list() => {
                let gin = index(object, column, vec![ident(column)], living());
                out.push(Index { gin: true, ..gin });
            }
            FieldType::Json | FieldType::Geo | FieldType::Address => {}
            _ => out.push(index(object, column, vec![key, "id".into()], living())),
        }
    }
    if let Scope::Polymorphic { object: kind, record } = &object.scope {
        let keys = vec![ident(kind), ident(record), "created_at".into(), "id".into()];
        out.push(index(object, "target", keys, Some("deleted_at IS NULL".into())));
    }
    out.push(index(object, "bin", vec!["created_at".into(), "id".into()], Some("deleted_at IS NOT NULL".into())));
    if searchable(object) {
        // Who may see a record is found in the same index: of what half the companies of a city have in their names,
        // most belongs to others.
        let scope = if object.scope == Scope::Owned { &["department_id", "owner_id"][..] } else { &[] };
        let keys = ["search_pairs"].iter().chain(scope).map(|key| (*key).to_owned()).collect();
        let search = index(object, "search", keys, Some("deleted_at IS NULL".into()));
        out.push(Index { gin: true, ..search });
    }
    out
}

fn index(object: &ObjectMeta, about: &str, keys: Vec<String>, predicate: Option<String>) -> Index {
    let gin = about == "search" || keys.len() == 1 && is_list_column(object, about);
    let mut all = Vec::with_capacity(keys.len() + 2);
    if !gin {
        all.push("tenant_id".to_owned());
        if object.custom {
            all.push("object".to_owned());
        }
    }
    all.extend(keys);
    Index { name: name(&object.table, about, "idx"), unique: false, gin, keys: all, predicate }
}

fn is_list_column(object: &ObjectMeta, column: &str) -> bool {
    object.fields.iter().any(|f| f.kind.is_list() && column_of(f) == Some(column))
}

fn sort_key(field: &FieldMeta, column: &str) -> String {
    match field.required {
        true => ident(column),
        false => format!("{} NULLS FIRST", ident(column)),
    }
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

impl Index {
    pub fn sql(&self, table: &str) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let using = if self.gin { "USING gin " } else { "" };
        let options = if self.gin { " WITH (gin_pending_list_limit = 512)" } else { "" };
        let predicate = self.predicate.as_ref().map(|p| format!(" WHERE {p}")).unwrap_or_default();
        let (name, table, keys) = (ident(&self.name), ident(table), self.keys.join(", "));
        format!("CREATE {unique}INDEX {name} ON {table} {using}({keys}){options}{predicate}")
    }
}

/// The index of an indexed custom field; none for types that have no order and no members.
///
/// It holds one tenant's rows only: another tenant may have a field of the same key and another type, whose values
/// the casts would refuse.
pub fn field_index(tenant: Uuid, object: &ObjectMeta, field: &FieldMeta) -> Option<String> {
    if field.storage != Storage::Custom || !field.indexed {
        return None;
    }
    let text = format!("(custom->>'{}')", field.key);
    let expression = match &field.kind {
        FieldType::Text
        | FieldType::Choice { .. }
        | FieldType::Phone
        | FieldType::Email
        | FieldType::Url
        | FieldType::AutoNumber { .. } => text,
        FieldType::Integer => format!("({text}::bigint)"),
        FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent => format!("({text}::numeric)"),
        FieldType::Boolean => format!("({text}::boolean)"),
        FieldType::Date => format!("iso_date({text})"),
        FieldType::DateTime => format!("iso_time({text})"),
        FieldType::Id | FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => {
            format!("({text}::uuid)")
        }
        FieldType::MultiChoice { .. } | FieldType::Tags | FieldType::MultiReference { .. } => {
            format!("(custom->'{}')", field.key)
        }
        FieldType::LongText | FieldType::RichText | FieldType::Address | FieldType::Geo | FieldType::Json => {
            return None;
        }
    };
    let mut predicate = format!("tenant_id = '{tenant}'");
    if object.custom {
        predicate.push_str(&format!(" AND object = '{}'", object.name));
    }
    predicate.push_str(" AND deleted_at IS NULL");
    let gin = field.kind.is_list();
    // A custom value is free to be empty whatever the definition says now: older records may lack it.
    let keys = match gin {
        true => vec![expression],
        false if field.unique => vec!["tenant_id".into(), format!("{expression} NULLS FIRST")],
        false => vec!["tenant_id".into(), format!("{expression} NULLS FIRST"), "id".into()],
    };
    let name = field_index_name(tenant, object, &field.key);
    let index = Index { name, unique: field.unique && !gin, gin, keys, predicate: Some(predicate) };
    Some(index.sql(&object.table))
}

/// The name of a custom field's index, for dropping it.
pub fn field_index_name(tenant: Uuid, object: &ObjectMeta, key: &str) -> String {
    let digest = Sha256::digest(format!("{tenant}.{}.{key}", object.name));
    name(&object.name, &format!("{key}_{}", hex::encode(&digest[..8])), "custom")
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
