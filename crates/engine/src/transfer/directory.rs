//! The names of an object's records, so that rows find what they refer to, and what they repeat, without a
//! statement each. Names are kept as hashes: a million records take some 40 MB.

use super::hints::{Hints, Sameness};
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::vault::fields::{Opener, index_of};
use crate::{Action, Caller, Result};
use diesel::PgConnection;
use kezhan_meta::resolve::Readable;
use kezhan_meta::rules::company::{company_key, similarity};
use kezhan_meta::rules::text::{fold, squash};
use kezhan_meta::rules::{email, phone};
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta};
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use uuid::Uuid;

/// Up to here names are also kept as they are, to propose what was probably meant.
const NAMES_MAX: usize = 50_000;
const PAGE: usize = 20_000;
const PROPOSALS: usize = 3;

/// How a text becomes a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    Plain,
    Name,
    Company,
    Phone,
    Email,
}

/// A field that records are known by.
#[derive(Clone, Debug)]
pub struct KeyField {
    pub field: String,
    pub form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    One(Uuid),
    Many,
}

/// A record that was probably meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    pub id: Uuid,
    pub title: String,
    pub score: f64,
}

pub struct Directory {
    pub object: Arc<ObjectMeta>,
    keys: Vec<KeyField>,
    hits: HashMap<u64, Hit>,
    names: Vec<(String, Uuid)>,
    all_named: bool,
    /// What was added since the last mark, to be taken back where a transaction fails.
    added: Vec<u64>,
    /// Of sealed fields not the values are compared but what equal ones have in common.
    opener: Option<Opener>,
}

/// The form in which a text of this sort is compared; none where nothing is left of it.
fn normal(form: Form, text: &str) -> Option<String> {
    let out = match form {
        Form::Plain | Form::Name => fold(text),
        Form::Company => company_key(text),
        Form::Phone => phone::e164(text, "CN").unwrap_or_else(|| phone::digits(text)),
        Form::Email => email::key(text)?,
    };
    (!out.is_empty()).then_some(out)
}

fn hash(field: &str, form: Form, text: &str) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    // What people refer by goes into one pot, whichever field it is.
    if form != Form::Name {
        field.hash(&mut hasher);
    }
    form.hash(&mut hasher);
    normal(form, text)?.hash(&mut hasher);
    Some(hasher.finish())
}

/// The fields by which others refer to records of this object: title, codes, other names.
pub fn reference_keys(object: &ObjectMeta) -> Vec<KeyField> {
    let named = |f: &&FieldMeta| {
        f.key == object.title
            || f.unique
            || (f.searchable && f.key.starts_with("name") && matches!(f.kind, FieldType::Text))
    };
    let texts = |f: &&FieldMeta| {
        !f.secret && !f.sealed && matches!(f.kind, FieldType::Text | FieldType::Email | FieldType::AutoNumber { .. })
    };
    let keys = object.fields.iter().filter(named).filter(texts);
    keys.map(|f| KeyField { field: f.key.to_string(), form: Form::Name }).collect()
}

/// The fields by which two records of this object may be told the same.
pub fn sameness_keys(hints: &Hints, object: &ObjectMeta) -> Vec<KeyField> {
    let mut keys = Vec::new();
    for field in object.fields.iter().filter(|f| !f.secret && !f.hidden) {
        let form = match (hints.sameness(&object.name, &field.key), &field.kind) {
            (Some(Sameness::Company), _) => Form::Company,
            (Some(Sameness::Name), _) => Form::Plain,
            (None, FieldType::Email) => Form::Email,
            (None, FieldType::Phone) if field.key == "mobile" => Form::Phone,
            (None, _) if field.unique => Form::Plain,
            (None, _) if object.custom && field.key == object.title => Form::Plain,
            _ => continue,
        };
        keys.push(KeyField { field: field.key.to_string(), form });
    }
    // The surest first: what must be unique decides before names do.
    keys.sort_by_key(|k| match object.field(&k.field) {
        Some(field) if field.unique => 0,
        _ if matches!(k.form, Form::Phone | Form::Email) => 1,
        _ => 2,
    });
    keys
}

impl Directory {
    /// Reads what the caller may see.
    pub fn load(
        conn: &mut PgConnection,
        caller: &Caller,
        hints: &Hints,
        object: &Arc<ObjectMeta>,
        mut keys: Vec<KeyField>,
    ) -> Result<Directory> {
        // What one does not see in full, one cannot find out by importing guesses.
        keys.retain(|key| object.field(&key.field).is_some_and(|f| caller.access.readable(object, f)));
        let mut directory = Directory {
            object: object.clone(),
            keys,
            hits: HashMap::new(),
            names: Vec::new(),
            all_named: true,
            added: Vec::new(),
            opener: Opener::of(&caller.catalog).ok().cloned(),
        };
        if !caller.access.may(&object.name, Action::Read) || directory.keys.is_empty() {
            return Ok(directory);
        }
        if let Some(path) = hints.preferred(&object.name) {
            directory.fill(conn, caller, Some(path))?;
            let preferred = directory.hits.clone();
            directory.names.clear();
            directory.fill(conn, caller, None)?;
            directory.hits.extend(preferred);
        } else {
            directory.fill(conn, caller, None)?;
        }
        directory.added.clear();
        Ok(directory)
    }

    fn fill(&mut self, conn: &mut PgConnection, caller: &Caller, only: Option<&'static str>) -> Result<()> {
        let object = self.object.clone();
        let fields: Vec<&FieldMeta> = self.keys.iter().filter_map(|k| object.field(&k.field)).collect();
        let guard = Guard::of(caller);
        let mut last = Uuid::nil();
        loop {
            let mut aliases = Aliases::default();
            let mut sql = Sql::new("SELECT t.id");
            for field in object.title_field().into_iter().chain(fields.iter().copied()) {
                sql.push(", (");
                column::expression(&mut sql, "t", field);
                sql.push(")::text");
            }
            sql.push(" FROM ");
            column::from(&mut sql, &object, "t");
            sql.push(" WHERE t.id > ").uuid(last).push(" AND ");
            guard.rows(&mut sql, &object, "t", Action::Read, Life::Living, &mut aliases);
            if let Some(path) = only {
                let filter = kezhan_meta::Filter::field(path, kezhan_meta::Op::Eq, true);
                let access = crate::Access::unrestricted();
                let tree =
                    kezhan_meta::resolve::resolve(&filter, &caller.catalog, &object, &access, &caller.context())?;
                sql.push(" AND ");
                crate::sql::filter::print(&mut sql, &guard, &object, "t", &tree, &mut aliases)?;
            }
            sql.push(" ORDER BY t.id").limit(PAGE).uncached();
            let mut count = 0;
            sql.rows(conn, |row| {
                count += 1;
                let Some(id) = row.uuid(0) else { return Ok(()) };
                last = id;
                if let Some(title) = row.text(1) {
                    self.name(title, id);
                }
                for (at, key) in self.keys.iter().enumerate() {
                    let sealed = self.object.field(&key.field).is_some_and(|f| f.sealed);
                    let text = row.text(at + 2).and_then(|text| if sealed { index_of(text) } else { Some(text) });
                    let found = text.and_then(|text| hash(&key.field, key.form, text));
                    if let Some(hash) = found {
                        put(&mut self.hits, hash, id);
                    }
                }
                Ok(())
            })?;
            if count < PAGE {
                return Ok(());
            }
        }
    }

    fn name(&mut self, title: &str, id: Uuid) {
        if self.names.len() < NAMES_MAX {
            self.names.push((title.to_owned(), id));
        } else {
            self.all_named = false;
        }
    }

    pub fn keys(&self) -> &[KeyField] {
        &self.keys
    }

    /// The record that goes by this name.
    pub fn find(&self, text: &str) -> Option<Hit> {
        if let Ok(id) = Uuid::parse_str(text.trim())
            && (!self.all_named || self.names.iter().any(|(_, known)| *known == id))
        {
            return Some(Hit::One(id));
        }
        self.hits.get(&hash("", Form::Name, text)?).copied()
    }

    /// The record whose key field has this value, in the form in which it is compared.
    pub fn find_by(&self, key: &KeyField, text: &str) -> Option<Hit> {
        self.hits.get(&hash(&key.field, key.form, &self.compared(key, text)?)?).copied()
    }

    /// The text by which a value of this key is compared.
    fn compared<'t>(&self, key: &KeyField, text: &'t str) -> Option<Cow<'t, str>> {
        let field = self.object.field(&key.field)?;
        if !field.sealed {
            return Some(Cow::Borrowed(text));
        }
        let value = kezhan_meta::normalise_value(field, &serde_json::Value::String(text.to_owned())).ok()?;
        self.opener.as_ref()?.index(&self.object, field, &value).ok().map(Cow::Owned)
    }

    /// A record that has come to be in the meantime.
    pub fn add(&mut self, id: Uuid, value: impl Fn(&str) -> Option<String>) {
        if let Some(title) = value(&self.object.title) {
            self.name(&title, id);
        }
        for key in &self.keys {
            let found = value(&key.field).and_then(|text| hash(&key.field, key.form, &self.compared(key, &text)?));
            if let Some(hash) = found.filter(|h| !self.hits.contains_key(h)) {
                self.hits.insert(hash, Hit::One(id));
                self.added.push(hash);
            }
        }
    }

    /// What was added is there to stay.
    pub fn keep(&mut self) {
        self.added.clear();
    }

    /// How much has been added since it was last kept.
    pub fn mark(&self) -> usize {
        self.added.len()
    }

    /// What was added since the mark is not there after all.
    pub fn forget(&mut self, mark: usize) {
        let mut gone = Vec::new();
        for hash in self.added.drain(mark.min(self.added.len())..) {
            if let Some(Hit::One(id)) = self.hits.remove(&hash) {
                gone.push(id);
            }
        }
        if !gone.is_empty() {
            self.names.retain(|(_, id)| !gone.contains(id));
        }
    }

    pub fn title(&self, id: Uuid) -> Option<&str> {
        self.names.iter().find(|(_, known)| *known == id).map(|(title, _)| title.as_str())
    }

    /// What was probably meant, likeliest first.
    pub fn near(&self, text: &str) -> Vec<Near> {
        let wanted = squash(text);
        let company = company_key(text);
        let length = text.chars().count();
        let mut found: Vec<Near> = Vec::new();
        for (title, id) in &self.names {
            let score = if length.abs_diff(title.chars().count()) <= 8 { similarity(text, title) } else { 0.0 };
            let score = if score == 0.0 && !wanted.is_empty() && company_key(title) == company { 0.9 } else { score };
            if score > 0.0 && !found.iter().any(|n| n.id == *id) {
                found.push(Near { id: *id, title: title.clone(), score });
            }
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(PROPOSALS);
        found
    }
}

fn put(hits: &mut HashMap<u64, Hit>, hash: u64, id: Uuid) {
    hits.entry(hash)
        .and_modify(|hit| {
            if *hit != Hit::One(id) {
                *hit = Hit::Many
            }
        })
        .or_insert(Hit::One(id));
}
