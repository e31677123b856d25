//! A tenant's own objects and fields: read from their definitions, merged into the standard catalogue, cached.

use crate::vault::fields::Opener;
use crate::{Engine, Error, Result};
use diesel::prelude::*;
use diesel::sql_types;
use kezhan_meta::{Catalog, FieldMeta, FieldType, Label, ObjectMeta, Rule, Sensitivity, Storage, Str};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use uuid::Uuid;

/// Most fields that a tenant may add to one object.
pub const FIELDS_MAX: usize = 200;

/// Catalogues by tenant, each with the epoch of the definitions that it was built from.
#[derive(Default)]
pub(crate) struct Catalogs(RwLock<HashMap<Uuid, (i64, Arc<Catalog>)>>);

#[derive(QueryableByName)]
struct Epoch {
    #[diesel(sql_type = sql_types::BigInt)]
    epoch: i64,
}

#[derive(QueryableByName)]
struct ObjectRow {
    #[diesel(sql_type = sql_types::Text)]
    key: String,
    #[diesel(sql_type = sql_types::Text)]
    plural: String,
    #[diesel(sql_type = sql_types::Text)]
    label_zh: String,
    #[diesel(sql_type = sql_types::Text)]
    label_en: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    icon: Option<String>,
}

#[derive(QueryableByName)]
struct FieldRow {
    #[diesel(sql_type = sql_types::Text)]
    object: String,
    #[diesel(sql_type = sql_types::Jsonb)]
    definition: Value,
}

impl Engine {
    /// The objects of this tenant, as they are defined at this moment.
    pub fn catalog(&self, conn: &mut PgConnection, tenant: Uuid) -> Result<Arc<Catalog>> {
        let epoch = diesel::sql_query("SELECT catalog_epoch AS epoch FROM tenants WHERE id = $1")
            .bind::<sql_types::Uuid, _>(tenant)
            .get_result::<Epoch>(conn)
            .optional()?
            .map_or(0, |e| e.epoch);
        if let Some(hit) = self.catalogs.get(tenant, epoch)
            && !self.vault().take_missed()
        {
            return Ok(hit);
        }
        let mut catalog = load(&self.standard, conn, tenant)?;
        if self.vault().is_open() && catalog.objects().any(|o| o.fields.iter().any(|f| f.sealed)) {
            self.vault().preload(conn, tenant)?;
            catalog.extend(Opener { vault: self.vault().clone(), tenant });
        }
        let catalog = Arc::new(catalog);
        self.catalogs.put(tenant, epoch, catalog.clone());
        Ok(catalog)
    }

    /// The objects that every tenant has.
    pub fn standard(&self) -> &Arc<Catalog> {
        &self.standard
    }
}

impl Catalogs {
    fn get(&self, tenant: Uuid, epoch: i64) -> Option<Arc<Catalog>> {
        let map = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        map.get(&tenant).filter(|(at, _)| *at == epoch).map(|(_, c)| c.clone())
    }

    fn put(&self, tenant: Uuid, epoch: i64, catalog: Arc<Catalog>) {
        let mut map = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        map.insert(tenant, (epoch, catalog));
    }
}

fn load(standard: &Arc<Catalog>, conn: &mut PgConnection, tenant: Uuid) -> Result<Catalog> {
    let objects = diesel::sql_query(
        "SELECT key, plural, label_zh, label_en, icon FROM object_definitions \
         WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY created_at, id",
    )
    .bind::<sql_types::Uuid, _>(tenant)
    .load::<ObjectRow>(conn)?;
    let fields = diesel::sql_query(
        "SELECT object, to_jsonb(f) AS definition FROM field_definitions f \
         WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY sort_order NULLS LAST, created_at, id",
    )
    .bind::<sql_types::Uuid, _>(tenant)
    .load::<FieldRow>(conn)?;
    let layouts = diesel::sql_query(
        "SELECT object, settings AS definition FROM record_layouts WHERE tenant_id = $1 AND deleted_at IS NULL",
    )
    .bind::<sql_types::Uuid, _>(tenant)
    .load::<FieldRow>(conn)?;
    let levels = diesel::sql_query(
        "SELECT object, to_jsonb(f) AS definition FROM field_policies f \
         WHERE tenant_id = $1 AND deleted_at IS NULL AND sensitivity IS NOT NULL",
    )
    .bind::<sql_types::Uuid, _>(tenant)
    .load::<FieldRow>(conn)?;
    if objects.is_empty() && fields.is_empty() && layouts.is_empty() && levels.is_empty() {
        return Ok((**standard).clone());
    }
    let mut by_object: HashMap<String, Vec<FieldMeta>> = HashMap::new();
    for row in fields {
        let list = by_object.entry(row.object).or_default();
        let field = field_from(&row.definition)?;
        let companion = kezhan_meta::object::companion_of(&field);
        list.push(field);
        list.extend(companion);
    }
    let own = objects.into_iter().map(|o| {
        let fields = by_object.remove(&o.key).unwrap_or_default();
        let label = Label { zh: o.label_zh.into(), en: o.label_en.into() };
        let mut object = ObjectMeta::custom(o.key.into(), o.plural.into(), label.clone(), label, fields);
        object.icon = o.icon.map_or(Str::Borrowed("box"), Str::Owned);
        object
    });
    let own: Vec<ObjectMeta> = own.collect();
    let added = by_object.into_iter().flat_map(|(o, list)| list.into_iter().map(move |f| (Str::Owned(o.clone()), f)));
    // One that can no longer be read counts as none: records must stay within reach.
    let layouts =
        layouts.into_iter().filter_map(|row| Some((row.object, serde_json::from_value(row.definition).ok()?)));
    let mut catalog = standard.extended(added, own, layouts);
    catalog.classify(levels.into_iter().filter_map(|row| {
        let text = |key: &str| row.definition.get(key).and_then(Value::as_str);
        Some((row.object.clone(), text("field")?.to_owned(), Sensitivity::parse(text("sensitivity")?)?))
    }));
    Ok(catalog)
}

/// The field type that a definition's `kind` and `settings` name.
pub fn kind_from(kind: &str, settings: &Value) -> Result<FieldType, String> {
    let mut tagged = settings.as_object().cloned().unwrap_or_default();
    tagged.insert("type".into(), json!(kind));
    match kind {
        "decimal" => drop(tagged.entry("scale").or_insert(json!(2))),
        "auto_number" => {
            tagged.entry("pattern").or_insert(json!("{000000}"));
            tagged.entry("reset").or_insert(json!("never"));
        }
        _ => {}
    }
    let parsed: FieldType = serde_json::from_value(Value::Object(tagged)).map_err(|e| e.to_string())?;
    match &parsed {
        FieldType::Id | FieldType::Json => Err(format!("a custom field cannot be of type {kind}")),
        FieldType::Choice { options } | FieldType::MultiChoice { options } if options.is_empty() => {
            Err("options must not be empty".to_owned())
        }
        _ => Ok(parsed),
    }
}

/// The field that a stored definition describes.
pub fn field_from(definition: &Value) -> Result<FieldMeta> {
    let text = |key: &str| definition.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let flag = |key: &str| definition.get(key).and_then(Value::as_bool).unwrap_or_default();
    let settings = definition.get("settings").unwrap_or(&Value::Null);
    let kind = kind_from(&text("kind"), settings).map_err(Error::Internal)?;
    let rules: Vec<Rule> =
        settings.get("rules").and_then(|r| serde_json::from_value(r.clone()).ok()).unwrap_or_default();
    let inverse = settings.get("inverse").and_then(Value::as_str).map(|s| Str::Owned(s.to_owned()));
    Ok(FieldMeta {
        key: text("key").into(),
        label: Label { zh: text("label_zh").into(), en: text("label_en").into() },
        help: Label { zh: text("help").into(), en: text("help").into() },
        kind,
        storage: Storage::Custom,
        required: flag("required"),
        unique: flag("is_unique"),
        indexed: flag("is_indexed") || flag("is_unique"),
        sealed: flag("is_sealed"),
        sensitivity: settings
            .get("sensitivity")
            .and_then(Value::as_str)
            .and_then(Sensitivity::parse)
            .unwrap_or_default(),
        searchable: settings.get("searchable").and_then(Value::as_bool).unwrap_or_default() && !flag("is_sealed"),
        in_list: flag("in_list"),
        inverse,
        rules: Cow::Owned(rules),
        section: text("section").into(),
        within: settings.get("within").and_then(Value::as_str).map(|s| Str::Owned(s.to_owned())),
        default: settings.get("default").and_then(|d| serde_json::from_value(d.clone()).ok()),
        ..FieldMeta::new("", Label::new("", ""), FieldType::Text)
    })
}
