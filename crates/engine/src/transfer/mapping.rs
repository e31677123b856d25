//! Which column is which field, and which object a file is about: by heading, by content, by what was chosen before.

use super::hints::Hints;
use super::read::{ColumnProfile, Kind};
use super::settings::{ColumnPlan, Unknown};
use crate::sql::{Bind, Sql};
use crate::{Action, Caller, Error, Result};
use diesel::PgConnection;
use kezhan_meta::rules::company::similarity;
use kezhan_meta::rules::text::{fold, squash};
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Rule};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Below this a column is rather left alone.
const ENOUGH: f32 = 0.35;
const OBJECTS_SHOWN: usize = 5;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    #[serde(flatten)]
    pub plan: ColumnPlan,
    pub score: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObjectProposal {
    pub object: String,
    pub score: f32,
    pub mapped: usize,
}

/// May an import write this field, or match by it?
pub fn importable(field: &FieldMeta) -> bool {
    let typed = !matches!(field.kind, FieldType::File | FieldType::Json | FieldType::AutoNumber { .. });
    field.key == "id" || (!field.read_only && !field.secret && typed)
}

/// The objects that a file with these headings may be about, best first.
pub fn objects(caller: &Caller, hints: &Hints, name: &str, columns: &[ColumnProfile]) -> Vec<ObjectProposal> {
    let file = heading(name.rsplit_once('.').map_or(name, |(stem, _)| stem));
    let mut found: Vec<ObjectProposal> = caller
        .catalog
        .objects()
        .filter(|o| may_import(caller, o))
        .filter_map(|object| {
            let mapping = columns_of(hints, object, columns);
            let mapped = mapping.iter().filter(|p| p.plan.field.is_some()).count();
            let filled = columns.iter().filter(|c| c.non_empty > 0).count().max(1);
            let sum: f32 = mapping.iter().filter(|p| p.plan.field.is_some()).map(|p| p.score).sum();
            let mut score = sum / filled as f32;
            let has = |key: &str| mapping.iter().any(|p| p.plan.field.as_deref() == Some(key));
            if has(&object.title) {
                score += 0.1;
            }
            let lacks =
                object.fields.iter().any(|f| f.required && f.default.is_none() && importable(f) && !has(&f.key));
            if lacks {
                score *= 0.8;
            }
            if object_words(hints, object).iter().any(|w| w.chars().count() > 1 && file.contains(w.as_str())) {
                score += 0.1;
            }
            (mapped > 0).then(|| ObjectProposal { object: object.name.to_string(), score: score.min(1.0), mapped })
        })
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.mapped.cmp(&a.mapped)));
    found.truncate(OBJECTS_SHOWN);
    found
}

pub fn may_import(caller: &Caller, object: &ObjectMeta) -> bool {
    let access = &caller.access;
    access.may(&object.name, Action::Import)
        && [Action::Create, Action::Edit].iter().any(|action| access.may(&object.name, *action))
}

fn object_words(hints: &Hints, object: &ObjectMeta) -> Vec<String> {
    let names = [object.name.as_ref(), &object.plural, &object.label.zh, &object.label.en, &object.label_many.en];
    names.into_iter().chain(hints.words(&object.name).iter().copied()).map(heading).collect()
}

/// The best field for each column; no field twice.
pub fn columns_of(hints: &Hints, object: &ObjectMeta, columns: &[ColumnProfile]) -> Vec<Proposal> {
    let mut pairs: Vec<(f32, usize, &str)> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        for field in object.fields.iter().filter(|f| importable(f)) {
            let score = by_name(hints, object, field, &column.header) * fit(field, column);
            let score = score.max(by_content(field, column));
            if score >= ENOUGH {
                pairs.push((score, at, &field.key));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut chosen: Vec<Option<(f32, &str)>> = vec![None; columns.len()];
    for (score, at, key) in pairs {
        if chosen[at].is_none() && !chosen.iter().flatten().any(|(_, k)| *k == key) {
            chosen[at] = Some((score, key));
        }
    }
    let proposal = |(at, choice): (usize, Option<(f32, &str)>)| Proposal {
        plan: ColumnPlan {
            column: columns.get(at).map_or(at, |c| c.index),
            field: choice.map(|(_, key)| key.to_owned()),
            unknown: Unknown::Error,
            ..ColumnPlan::default()
        },
        score: choice.map_or(0.0, |(score, _)| score),
    };
    chosen.into_iter().enumerate().map(proposal).collect()
}

/// A heading as words: `Sales_Price (USD)` → `sales price`.
fn heading(text: &str) -> String {
    let folded = fold(text).replace(['_', '-', '.', '/', ':'], " ");
    let cut = folded.find(['(', '[']).filter(|at| *at > 0).map_or(folded.as_str(), |at| &folded[..at]);
    cut.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn by_name(hints: &Hints, object: &ObjectMeta, field: &FieldMeta, header: &str) -> f32 {
    let header = heading(header);
    let tight = squash(&header);
    if tight.is_empty() {
        return 0.0;
    }
    let labels = [field.label.zh.as_ref(), &field.label.en];
    if field.key == "id" {
        // A plain "id" may as well be somebody else's.
        return if tight == "id" { 0.6 } else { 0.0 };
    }
    if squash(&field.key) == tight || labels.iter().any(|l| squash(&heading(l)) == tight) {
        return 1.0;
    }
    if hints.synonyms(&object.name, &field.key).iter().any(|w| squash(w) == tight) {
        return 0.95;
    }
    let of_object = |label: &str| object_words(hints, object).iter().any(|w| squash(w) + &squash(label) == tight);
    if labels.iter().any(|l| of_object(l)) || of_object(&field.key) {
        return 0.9;
    }
    let words = labels.into_iter().chain(hints.synonyms(&object.name, &field.key).iter().copied());
    let best = words.map(|w| similarity(w, &header)).fold(0.0, f64::max);
    if best >= 0.8 { 0.7 * best as f32 } else { 0.0 }
}

/// How well what stands in a column goes into a field.
fn fit(field: &FieldMeta, column: &ColumnProfile) -> f32 {
    use FieldType as T;
    let number = matches!(column.kind, Kind::Integer | Kind::Decimal | Kind::Money { .. } | Kind::Percent);
    let date = matches!(column.kind, Kind::Date { .. } | Kind::DateTime { .. });
    match (&field.kind, &column.kind) {
        (_, Kind::Empty) => 0.9,
        (T::Integer | T::Decimal { .. } | T::Money | T::Percent, _) => {
            if number {
                1.0
            } else {
                0.4
            }
        }
        (T::Date | T::DateTime, Kind::Integer) => 0.6,
        (T::Date | T::DateTime, _) => {
            if date {
                1.0
            } else {
                0.4
            }
        }
        (T::Email, kind) => {
            if *kind == Kind::Email {
                1.0
            } else {
                0.5
            }
        }
        (T::Url, kind) => {
            if *kind == Kind::Url {
                1.0
            } else {
                0.7
            }
        }
        (T::Phone, Kind::Phone) => 1.0,
        (T::Phone, Kind::Text | Kind::Integer) => 0.8,
        (T::Phone, _) => 0.4,
        (T::Reference { .. } | T::User | T::Department | T::Choice { .. }, kind)
            if date || matches!(kind, Kind::Decimal | Kind::Percent) =>
        {
            0.4
        }
        _ => 1.0,
    }
}

/// What a column must be whatever stands above it.
fn by_content(field: &FieldMeta, column: &ColumnProfile) -> f32 {
    match (&field.kind, &column.kind) {
        (_, Kind::Uscc) if field.rules.contains(&Rule::Uscc) => 0.6,
        (FieldType::Email, Kind::Email) => 0.4,
        (FieldType::Phone, Kind::Phone) => {
            if field.key == "mobile" {
                0.42
            } else {
                0.4
            }
        }
        (FieldType::Url, Kind::Url) => 0.36,
        _ => 0.0,
    }
}

/// Files with the same headings, whatever their case and spacing, have the same signature.
pub fn signature(headers: &[String]) -> String {
    let mut hash = Sha256::new();
    for header in headers {
        hash.update(squash(header));
        hash.update([0]);
    }
    hex::encode(hash.finalize())
}

/// What was chosen the last time that a file with these headings was imported, for this object or for any.
pub fn remembered(
    conn: &mut PgConnection,
    caller: &Caller,
    signature: &str,
    object: Option<&str>,
) -> Result<Option<(String, Vec<ColumnPlan>)>> {
    let mut sql = Sql::new("SELECT object, mapping::text FROM import_mappings WHERE tenant_id = ");
    sql.uuid(caller.tenant).push(" AND signature = ").text(signature);
    if let Some(object) = object {
        sql.push(" AND object = ").text(object);
    }
    sql.push(" ORDER BY updated_at DESC");
    let mut found = None;
    sql.rows(conn, |row| {
        let object = row.text(0).and_then(|name| caller.catalog.get(name)).filter(|o| may_import(caller, o));
        if let (None, Some(object), Some(text)) = (&found, object, row.text(1)) {
            let plans: Vec<ColumnPlan> = serde_json::from_str(text).unwrap_or_default();
            // Fields may have gone since.
            let known = |p: &ColumnPlan| p.field.as_ref().is_none_or(|f| object.field(f).is_some_and(importable));
            found = Some((object.name.to_string(), plans.into_iter().filter(known).collect()));
        }
        Ok(())
    })?;
    Ok(found)
}

pub fn remember(
    conn: &mut PgConnection,
    caller: &Caller,
    signature: &str,
    object: &str,
    columns: &[ColumnPlan],
) -> Result<()> {
    let mapping: Value = serde_json::to_value(columns).map_err(|e| Error::Internal(e.to_string()))?;
    let mut sql =
        Sql::new("INSERT INTO import_mappings (tenant_id, object, signature, mapping, updated_by_id) VALUES (");
    sql.uuid(caller.tenant).push(", ").text(object).push(", ").text(signature).push(", ");
    sql.bind(Bind::Json(Some(mapping))).push(", ").bind(Bind::Uuid(caller.user));
    sql.push(") ON CONFLICT (tenant_id, object, signature) DO UPDATE SET mapping = excluded.mapping, ");
    sql.push("updated_by_id = excluded.updated_by_id, updated_at = now()");
    sql.execute(conn)?;
    Ok(())
}
