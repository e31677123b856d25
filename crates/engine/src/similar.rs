//! 查重: what is there already that a record may repeat, by the keys by which imports tell two records the same. Whoever
//! asks hears of everything in the company; of what lies outside their reach only that it is there, and whose it is.

use crate::sql::column;
use crate::transfer::directory::{Form, sameness_keys};
use crate::transfer::hints::Hints;
use crate::{Access, Action, Caller, Engine, Result};
use diesel::PgConnection;
use kezhan_meta::query::ListQuery;
use kezhan_meta::resolve::Readable;
use kezhan_meta::rules::company::{company_core, company_key, similarity};
use kezhan_meta::rules::{email, mask, phone};
use kezhan_meta::{Area, FieldMeta, FieldType, Filter, ObjectMeta, Op, Record, normalise_value};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// Most that is answered, and most that is looked at for one value in one object.
const SHOWN: usize = 8;
const LOOKED_AT: u32 = 50;
/// How alike two company names must be.
const ALIKE: f64 = 0.75;
/// A shorter text says nothing yet.
const SHORTEST: usize = 2;

/// A record that may be the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alike {
    pub object: String,
    /// None where the asker may not see the record.
    pub id: Option<Uuid>,
    /// In part only where the asker may not see the record.
    pub title: String,
    pub owner: Option<String>,
    pub masked: bool,
    /// The fields that agree; empty where the asker may not see the record.
    pub matched: Vec<String>,
}

/// What is looked for.
struct Probe {
    form: Form,
    field: String,
    text: String,
}

/// May the same person or company stand in several objects, as lead, account and contact?
fn told_apart(object: &ObjectMeta) -> bool {
    object.area == Area::Customers && object.listed && object.owned()
}

type Found = BTreeMap<(usize, Uuid), (Record, BTreeSet<String>)>;

impl Engine {
    /// Records like this one, which need not be stored, or complete; `except` is itself.
    pub fn similar(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        hints: &Hints,
        object: &Arc<ObjectMeta>,
        record: &Record,
        except: Option<Uuid>,
    ) -> Result<Vec<Alike>> {
        let probes = probes(hints, caller, object, record);
        let system = caller.elevated();
        let objects: Vec<Arc<ObjectMeta>> = caller
            .catalog
            .objects()
            .filter(|o| o.name == object.name || (told_apart(o) && told_apart(object)))
            .filter(|o| caller.access.may(&o.name, Action::Read))
            .cloned()
            .collect();
        let mut found = Found::new();
        for (at, target) in objects.iter().enumerate() {
            for probe in &probes {
                let fields = facing(hints, &caller.access, object, target, probe);
                if fields.is_empty() {
                    continue;
                }
                for hit in self.candidates(conn, &system, target, probe, &fields)? {
                    let Some(id) = hit.get("id").and_then(column::uuid) else { continue };
                    if target.name == object.name && Some(id) == except {
                        continue;
                    }
                    let agree = fields.iter().filter(|f| agrees(probe, hit.get(f.key.as_ref())));
                    let agree: Vec<String> = agree.map(|f| f.key.to_string()).collect();
                    if !agree.is_empty() {
                        found.entry((at, id)).or_insert_with(|| (hit, BTreeSet::new())).1.extend(agree);
                    }
                }
            }
        }
        let mut out = Vec::new();
        // The object's own records first, then whatever agrees in most.
        let mut order: Vec<_> = found.into_iter().collect();
        let own = |at: usize| objects.get(at).is_some_and(|o| o.name == object.name);
        order.sort_by_key(|((at, id), (_, fields))| (!own(*at), std::cmp::Reverse(fields.len()), *id));
        order.truncate(SHOWN);
        let owners =
            self.names(conn, &system, order.iter().filter_map(|(_, (r, _))| r.get("owner").and_then(column::uuid)))?;
        for (at, target) in objects.iter().enumerate() {
            let ids: Vec<Uuid> = order.iter().filter(|((a, _), _)| *a == at).map(|((_, id), _)| *id).collect();
            if ids.is_empty() {
                continue;
            }
            let visible = self.within_reach(conn, caller, target, &ids)?;
            let readable = |key: &str| target.field(key).is_none_or(|f| caller.access.readable(target, f));
            let (named, owned) = (readable(&target.title), readable("owner"));
            for ((_, id), (record, fields)) in order.iter().filter(|((a, _), _)| *a == at) {
                let title = record.get(target.title.as_ref()).and_then(Value::as_str).unwrap_or_default();
                let owner = record.get("owner").and_then(column::uuid).and_then(|o| owners.get(&o).cloned());
                let owner = owner.filter(|_| owned);
                let seen = visible.contains(id);
                out.push(Alike {
                    object: target.name.to_string(),
                    id: seen.then_some(*id),
                    title: if seen && named { title.to_owned() } else { mask::name(title) },
                    owner,
                    masked: !seen,
                    matched: if seen { fields.iter().cloned().collect() } else { Vec::new() },
                });
            }
        }
        out.sort_by_key(|a| a.object != object.name);
        Ok(out)
    }

    fn candidates(
        &self,
        conn: &mut PgConnection,
        system: &Caller,
        target: &ObjectMeta,
        probe: &Probe,
        fields: &[&FieldMeta],
    ) -> Result<Vec<Record>> {
        let mut query = ListQuery { limit: Some(LOOKED_AT), ..ListQuery::default() };
        let any = |filters: Vec<Filter>| Some(Filter::Or(filters));
        match probe.form {
            Form::Phone => {
                let Some(number) = phone::e164(&probe.text, "CN") else { return Ok(Vec::new()) };
                let one = |f: &&FieldMeta| Filter::field(format!("{}_e164", f.key), Op::Eq, json!(number));
                query.filter = any(fields.iter().map(one).collect());
            }
            Form::Company | Form::Email if crate::write::store::has_search(target) => {
                let asked = if probe.form == Form::Company { spellings(&probe.text) } else { vec![probe.text.clone()] };
                let mut out: Vec<Record> = Vec::new();
                for q in asked {
                    query.q = Some(q);
                    for hit in self.records(conn, system, target, &query)?.0 {
                        if !out.iter().any(|known| known.get("id") == hit.get("id")) {
                            out.push(hit);
                        }
                    }
                }
                return Ok(out);
            }
            Form::Plain | Form::Name | Form::Company | Form::Email => {
                let one = |f: &&FieldMeta| {
                    let value = normalise_value(f, &json!(probe.text)).ok().filter(|v| !v.is_null())?;
                    Some(Filter::field(f.key.to_string(), Op::Eq, value))
                };
                let filters: Vec<Filter> = fields.iter().filter_map(one).collect();
                if filters.is_empty() {
                    return Ok(Vec::new());
                }
                query.filter = any(filters);
            }
        }
        Ok(self.records(conn, system, target, &query)?.0)
    }

    /// Which of these the caller may see.
    fn within_reach(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        ids: &[Uuid],
    ) -> Result<BTreeSet<Uuid>> {
        let query = ListQuery {
            filter: Some(Filter::field("id", Op::In, json!(ids))),
            fields: Some(vec!["id".to_owned()]),
            limit: Some(200),
            ..ListQuery::default()
        };
        let (records, _) = self.records(conn, caller, object, &query)?;
        Ok(records.iter().filter_map(|r| r.get("id").and_then(column::uuid)).collect())
    }

    fn names(
        &self,
        conn: &mut PgConnection,
        system: &Caller,
        users: impl Iterator<Item = Uuid>,
    ) -> Result<BTreeMap<Uuid, String>> {
        let ids: BTreeSet<Uuid> = users.collect();
        let Some(user) = system.catalog.get("user").filter(|_| !ids.is_empty()).cloned() else {
            return Ok(BTreeMap::new());
        };
        let query = ListQuery {
            filter: Some(Filter::field("id", Op::In, json!(ids))),
            fields: Some(vec!["id".to_owned(), user.title.to_string()]),
            limit: Some(200),
            ..ListQuery::default()
        };
        let (records, _) = self.records(conn, system, &user, &query)?;
        let pair = |r: &Record| Some((column::uuid(r.get("id")?)?, r.get(user.title.as_ref())?.as_str()?.to_owned()));
        Ok(records.iter().filter_map(pair).collect())
    }
}

/// What the name of a company may be found by, whichever way it was written: legal form and 省/市 are often left out, and
/// the place stands before or after.
fn spellings(text: &str) -> Vec<String> {
    let core: Vec<char> = company_core(text).chars().collect();
    let part = |chars: &[char]| chars.iter().take(100).collect::<String>();
    let mut out = vec![part(&text.chars().collect::<Vec<_>>()), part(&core)];
    if core.first().is_some_and(|c| kezhan_meta::rules::text::is_han(*c)) {
        out.push(part(core.get(..4).unwrap_or_default()));
        out.push(part(core.get(2..).unwrap_or_default()));
    } else {
        out.extend(company_core(text).split_whitespace().next().map(str::to_owned));
    }
    out.retain(|q| q.trim().chars().count() >= SHORTEST);
    out.dedup();
    out
}

/// The form by which this field tells sameness.
fn form_of(hints: &Hints, object: &ObjectMeta, field: &FieldMeta) -> Option<Form> {
    if field.secret || field.sealed || (field.hidden && !field.required) {
        return None;
    }
    if hints.companies.contains(&(object.name.as_ref(), field.key.as_ref())) {
        return Some(Form::Company);
    }
    match field.kind {
        FieldType::Phone => Some(Form::Phone),
        FieldType::Email => Some(Form::Email),
        FieldType::AutoNumber { .. } => None,
        _ => sameness_keys(hints, object).into_iter().find(|k| k.field == field.key).map(|k| k.form),
    }
}

fn probes(hints: &Hints, caller: &Caller, object: &ObjectMeta, record: &Record) -> Vec<Probe> {
    let one = |field: &FieldMeta| {
        let form = form_of(hints, object, field)?;
        let text = record.get(field.key.as_ref())?.as_str()?.trim().to_owned();
        let sound = match form {
            Form::Phone => phone::is_phone(&text, "CN"),
            Form::Email => email::is_email(&text),
            Form::Plain | Form::Name | Form::Company => text.chars().count() >= SHORTEST,
        };
        sound.then(|| Probe { form, field: field.key.to_string(), text })
    };
    object.fields.iter().filter(|f| caller.access.readable(object, f)).filter_map(one).collect()
}

/// The fields of another object that may hold what the probe looks for: names of companies, numbers and addresses are
/// looked for everywhere, codes only in their own field.
fn facing<'o>(
    hints: &Hints,
    access: &Access,
    object: &ObjectMeta,
    target: &'o ObjectMeta,
    probe: &Probe,
) -> Vec<&'o FieldMeta> {
    let own = object.name == target.name;
    let fits = |f: &&FieldMeta| match probe.form {
        Form::Plain | Form::Name => own && f.key == probe.field,
        form => form_of(hints, target, f) == Some(form),
    };
    target.fields.iter().filter(|f| access.readable(target, f)).filter(fits).collect()
}

fn agrees(probe: &Probe, value: Option<&Value>) -> bool {
    let Some(text) = value.and_then(Value::as_str) else { return false };
    match probe.form {
        Form::Phone => phone::e164(text, "CN") == phone::e164(&probe.text, "CN"),
        Form::Email => email::key(text) == email::key(&probe.text),
        Form::Company => company_key(text) == company_key(&probe.text) || similarity(text, &probe.text) >= ALIKE,
        Form::Plain | Form::Name => kezhan_meta::rules::text::fold(text) == kezhan_meta::rules::text::fold(&probe.text),
    }
}
