//! A tenant's own objects and fields: what a definition must keep so that the engine can live with it.

use super::{identity, kept};
use crate::platform::sealing;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use kezhan_engine::custom::{FIELDS_MAX, field_from, kind_from};
use kezhan_engine::vault::VEIL;
use kezhan_engine::{Draft, Error, Hooks, Result, Saved, ddl};
use kezhan_meta::object::companion_of;
use kezhan_meta::problem::Code;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Record, Rule, Violation};
use serde_json::Value;

pub struct Objects;
pub struct Fields;

/// Path segments of the API that no object may take.
pub const RESERVED: &[&str] = &[
    "auth",
    "meta",
    "search",
    "changes",
    "events",
    "composite",
    "bulk",
    "openapi",
    "api_keys",
    "sessions",
    "security_policy",
    "invitations",
    "batch",
    "query",
    "history",
    "timeline",
    "actions",
    "access",
    "restore",
    "by",
    "webhooks",
    "oauth",
    "reports",
];

/// Keys that mean something else in records or query strings.
const TAKEN_KEYS: &[&str] = &[
    "expand",
    "custom",
    "limit",
    "cursor",
    "sort",
    "fields",
    "q",
    "view",
    "count",
    "deleted",
    "import",
    "owner",
    "department",
];

impl Hooks for Objects {
    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        if draft.before.is_some() {
            return Ok(());
        }
        let catalog = &draft.caller.catalog;
        let taken =
            |name: &str| catalog.get(name).is_some() || catalog.by_plural(name).is_some() || RESERVED.contains(&name);
        let faults: Vec<Violation> = ["key", "plural"]
            .into_iter()
            .filter(|f| draft.text(f).is_some_and(taken))
            .map(|f| Violation::new(f, Code::Taken))
            .collect();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        match draft.text("key") == draft.text("plural") {
            true => Err(Error::invalid("plural", Code::Taken)),
            false => Ok(()),
        }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        identity::bump_catalog(saved.conn, saved.caller.tenant)
    }
}

impl Hooks for Fields {
    fn reads_before_save(&self) -> bool {
        true
    }

    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let object = draft.text("object").unwrap_or_default().to_owned();
        let key = draft.text("key").unwrap_or_default().to_owned();
        draft.set("path", format!("{object}.{key}"));
        let mut faults = Vec::new();
        if draft.before.is_none() {
            faults.extend(check_new(draft, &object, &key)?);
        }
        faults.extend(check_kind(draft));
        faults.extend(check_sealed(draft, &object, &key));
        let becomes = draft.changed("is_sealed") && draft.value("is_sealed").as_bool() == Some(true);
        if draft.before.is_some() && becomes {
            let names = kept::comparing(draft.conn, draft.caller.tenant, &object, &key)?;
            if !names.is_empty() {
                faults.push(Violation::new("is_sealed", Code::SealedInUse).with(names.join(", ")));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        let flags = |r: &Record| ["is_indexed", "is_unique", "is_sealed"].map(|f| r.get(f).and_then(Value::as_bool));
        if saved.before.map(flags) != saved.after.map(flags) {
            index(saved)?;
            let sealed = saved.after.and_then(flag_sealed).unwrap_or_default();
            if sealed && saved.before.is_some() {
                sealing::order(saved.conn, saved.caller.tenant, saved.caller.user)?;
            }
        }
        identity::bump_catalog(saved.conn, saved.caller.tenant)
    }
}

fn flag_sealed(record: &Record) -> Option<bool> {
    record.get("is_sealed")?.as_bool()
}

/// Only what has a value of its own can be sealed, and once it is, it stays so: values in the clear would stand in
/// backups that people believe to be safe.
fn check_sealed(draft: &Draft<'_>, object: &str, key: &str) -> Vec<Violation> {
    let was = draft.before.and_then(flag_sealed).unwrap_or_default();
    let is = draft.value("is_sealed").as_bool().unwrap_or_default();
    let fault = |code| vec![Violation::new("is_sealed", code)];
    match (was, is) {
        (true, false) => fault(Code::ReadOnly),
        (_, false) => Vec::new(),
        (_, true) => {
            let kind = kind_from(draft.text("kind").unwrap_or_default(), draft.value("settings"));
            // Records are called by their title, in lists and by the search that reads it without opening anything.
            let own = |o: &ObjectMeta| o.fields.iter().any(|f| !kezhan_meta::system::is_system(&f.key));
            let title = draft.caller.catalog.get(object).is_some_and(|o| o.custom && (o.title == key || !own(o)));
            match kind.is_ok_and(|kind| kind.is_sealable()) && !title {
                true => Vec::new(),
                false => {
                    vec![Violation::new("is_sealed", Code::NotPossible).with(draft.text("kind").unwrap_or_default())]
                }
            }
        }
    }
}

/// Gives the field the indexes that its definition asks for now, or takes them away.
fn index(saved: &mut Saved<'_>) -> Result<()> {
    let Some(definition) = saved.after.or(saved.before) else { return Ok(()) };
    let object = definition.get("object").and_then(Value::as_str).and_then(|o| saved.caller.catalog.get(o));
    let Some(object) = object else { return Ok(()) };
    let field = field_from(&Value::Object(definition.clone()))?;
    let tenant = saved.caller.tenant;
    for field in companion_of(&field).into_iter().chain([field]) {
        let mut sql = format!("DROP INDEX IF EXISTS {};", ddl::field_index_name(tenant, object, &field.key));
        if saved.after.is_some() {
            sql.push_str(&ddl::field_index(tenant, object, &field).unwrap_or_default());
        }
        // Within a transaction of its own: where it fails, there is something to be looked up yet.
        match saved.conn.transaction(|conn| conn.batch_execute(&sql)) {
            Err(diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                return Err(in_double(saved, object, &field)?);
            }
            other => other?,
        }
    }
    Ok(())
}

/// What stands in the way of a unique field: a value that several records have.
fn in_double(saved: &mut Saved<'_>, object: &ObjectMeta, field: &FieldMeta) -> Result<Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        value: String,
        #[diesel(sql_type = BigInt)]
        records: i64,
    }
    // Table and key are names that were checked when they were declared.
    let (key, table) = (&field.key, &object.table);
    let kind = if object.custom { "object = $2" } else { "$2 <> ''" };
    let value = if field.sealed { format!("sealed_index(custom->>'{key}')") } else { format!("custom->>'{key}'") };
    let row = diesel::sql_query(format!(
        "SELECT {value} AS value, count(*) AS records FROM {table} WHERE tenant_id = $1 AND {kind} \
         AND deleted_at IS NULL AND {value} IS NOT NULL \
         GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT 1"
    ))
    .bind::<SqlUuid, _>(saved.caller.tenant)
    .bind::<Text, _>(object.name.as_ref())
    .get_result::<Row>(saved.conn)
    .optional()?;
    let (value, records) = row.map_or(("?".to_owned(), 2), |r| (r.value, r.records));
    let value = if field.sealed { VEIL.to_owned() } else { value };
    let label = field.label.get(saved.caller.lang);
    let fault = Violation::new("is_unique", Code::NotUnique).with(records).with(label).with(value);
    Ok(Error::Invalid(vec![fault]))
}

fn check_new(draft: &mut Draft<'_>, object: &str, key: &str) -> Result<Vec<Violation>> {
    let Some(meta) = draft.caller.catalog.get(object) else {
        return Ok(vec![Violation::new("object", Code::NotAnOption).with(object)]);
    };
    // The companion of a phone field, the map of expanded references, and the parameters of lists live beside the fields.
    let companion = format!("{key}_e164");
    if meta.field(key).is_some() || meta.field(&companion).is_some() || TAKEN_KEYS.contains(&key) {
        return Ok(vec![Violation::new("key", Code::Taken)]);
    }
    match count(draft, object)? {
        n if n >= FIELDS_MAX as i64 => Ok(vec![Violation::new("object", Code::TooBig).with(FIELDS_MAX)]),
        _ => Ok(Vec::new()),
    }
}

fn count(draft: &mut Draft<'_>, object: &str) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let row = diesel::sql_query(
        "SELECT count(*) AS n FROM field_definitions WHERE tenant_id = $1 AND object = $2 AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(draft.caller.tenant)
    .bind::<Text, _>(object)
    .get_result::<Row>(draft.conn)?;
    Ok(row.n)
}

fn check_kind(draft: &Draft<'_>) -> Vec<Violation> {
    let settings = draft.value("settings");
    let kind = match kind_from(draft.text("kind").unwrap_or_default(), settings) {
        Ok(kind) => kind,
        Err(why) => return vec![Violation::new("kind", Code::WrongType).with(why)],
    };
    let mut faults = Vec::new();
    let target = match &kind {
        FieldType::Reference { to } | FieldType::MultiReference { to } => Some(to),
        _ => None,
    };
    if let Some(to) = target.filter(|to| draft.caller.catalog.get(to).is_none()) {
        faults.push(Violation::new("settings", Code::NotAnOption).with(to));
    }
    if let Some(outer) = settings.get("within").and_then(Value::as_str) {
        // The reference around it must be there, and what is referred to must lead to the same.
        let object = draft.text("object").and_then(|o| draft.caller.catalog.get(o));
        let field = FieldMeta {
            within: Some(outer.to_owned().into()),
            ..FieldMeta::new("", kezhan_meta::Label::new("", ""), kind.clone())
        };
        if object.is_none_or(|object| draft.caller.catalog.cascade(object, &field).is_none()) {
            faults.push(Violation::new("settings", Code::NotAnOption).with(outer));
        }
    }
    if let FieldType::Decimal { scale } = kind
        && scale > 10
    {
        faults.push(Violation::new("settings", Code::TooBig).with(10));
    }
    if let Some(rules) = settings.get("rules")
        && let Err(why) = serde_json::from_value::<Vec<Rule>>(rules.clone())
    {
        faults.push(Violation::new("settings", Code::WrongType).with(why));
    }
    if let Some(default) = settings.get("default").filter(|d| !d.is_null())
        && let Err(why) = serde_json::from_value::<kezhan_meta::Default>(default.clone())
    {
        faults.push(Violation::new("settings", Code::WrongType).with(why));
    }
    faults
}
