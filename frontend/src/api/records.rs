//! Records of any object.

use super::client::{ApiError, Call};
use crate::state::prefs;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{FieldMeta, Lang, NAME_EN, ObjectMeta, Problem, Record};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Page {
    pub data: Vec<Record>,
    #[serde(default)]
    pub next_cursor: Option<String>,
    #[serde(default)]
    pub count: Option<i64>,
}

/// A change of one record, as history tells it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Change {
    #[serde(default)]
    pub at: String,
    #[serde(default)]
    pub action: String,
    #[serde(default)]
    pub actor: Option<Value>,
    #[serde(default)]
    pub channel: Option<String>,
    #[serde(default)]
    pub changes: serde_json::Map<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Many<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub next_cursor: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Hit {
    pub object: String,
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub subtitle: Option<String>,
}

pub async fn query(plural: &str, query: &ListQuery) -> Result<Page, ApiError> {
    Call::post(&format!("/{plural}/query")).body(query).json().await
}

/// The answer to a grouped question.
pub async fn groups(plural: &str, query: &ListQuery) -> Result<Vec<Record>, ApiError> {
    Call::post(&format!("/{plural}/query")).body(query).json::<Many<Record>>().await.map(|many| many.data)
}

pub async fn read(object: &ObjectMeta, id: &str) -> Result<Record, ApiError> {
    // Only dotted names: the record itself comes whole, of those that it refers to no more than the title.
    let names = names_of(object.fields.iter()).join(",");
    let query = if names.is_empty() { String::new() } else { format!("?fields={names}") };
    Call::get(&format!("/{}/{id}{query}", object.plural)).json().await
}

/// The fields of a record that the reader sees masked.
pub async fn masked(object: &ObjectMeta, id: &str) -> HashSet<String> {
    #[derive(Deserialize)]
    struct Told {
        fields: Vec<Level>,
    }
    #[derive(Deserialize)]
    struct Level {
        field: String,
        level: String,
    }
    let told = Call::get(&format!("/{}/{id}/access", object.plural)).json::<Told>().await;
    let fields = told.map(|told| told.fields).unwrap_or_default();
    fields.into_iter().filter(|f| f.level == "masked").map(|f| f.field).collect()
}

pub async fn create(object: &ObjectMeta, record: &Record) -> Result<Record, ApiError> {
    Call::post(&format!("/{}", object.plural)).body(record).json().await
}

pub async fn update(object: &ObjectMeta, id: &str, changes: &Record, version: Option<i64>) -> Result<Record, ApiError> {
    Call::patch(&format!("/{}/{id}", object.plural)).if_version(version).body(changes).json().await
}

/// Takes back a change: `back` is what it had altered on purpose, `now` the version that it made. What rules had changed
/// along with it goes back too.
pub async fn take_back(
    object: &ObjectMeta,
    id: &str,
    back: &Record,
    made: Option<i64>,
    now: Option<i64>,
) -> Result<Record, ApiError> {
    let undoes = made.map(|version| format!("?undoes={version}")).unwrap_or_default();
    Call::patch(&format!("/{}/{id}{undoes}", object.plural)).if_version(now).body(back).json().await
}

pub async fn delete(object: &ObjectMeta, id: &str, version: Option<i64>) -> Result<(), ApiError> {
    Call::delete(&format!("/{}/{id}", object.plural)).if_version(version).send().await.map(|_| ())
}

pub async fn restore(object: &ObjectMeta, id: &str) -> Result<(), ApiError> {
    Call::post(&format!("/{}/{id}/restore", object.plural)).body(&json!({})).send().await.map(|_| ())
}

pub async fn history(object: &ObjectMeta, id: &str, cursor: Option<&str>) -> Result<Many<Change>, ApiError> {
    let query = cursor.map(|c| format!("?cursor={c}")).unwrap_or_default();
    Call::get(&format!("/{}/{id}/history{query}", object.plural)).json().await
}

pub async fn timeline(object: &ObjectMeta, id: &str, cursor: Option<&str>) -> Result<Many<Value>, ApiError> {
    let query = cursor.map(|c| format!("?cursor={c}")).unwrap_or_default();
    Call::get(&format!("/{}/{id}/timeline{query}", object.plural)).json().await
}

/// A record that may be the same; without an id where one may not see it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Alike {
    pub object: String,
    pub id: Option<String>,
    pub title: String,
    pub owner: Option<String>,
    pub matched: Vec<String>,
}

/// Records like one that is being filled in.
pub async fn similar(object: &ObjectMeta, record: &Record) -> Result<Vec<Alike>, ApiError> {
    let call = Call::post(&format!("/{}/similar", object.plural)).body(&json!({ "record": record }));
    call.json::<Many<Alike>>().await.map(|many| many.data)
}

/// Records like one that is there.
pub async fn similar_to(object: &ObjectMeta, id: &str) -> Result<Vec<Alike>, ApiError> {
    Call::get(&format!("/{}/{id}/similar", object.plural)).json::<Many<Alike>>().await.map(|many| many.data)
}

pub async fn search(text: &str, objects: &str, limit: u32) -> Result<Vec<Hit>, ApiError> {
    let mut query = format!("?q={}&limit={limit}", encode(text));
    if !objects.is_empty() {
        query.push_str("&objects=");
        query.push_str(objects);
    }
    Call::get(&format!("/search{query}")).json::<Many<Hit>>().await.map(|many| many.data)
}

/// Most references whose names one call may ask for.
const NAMES: usize = 12;

/// What tells a record's name, and which it is.
pub fn face(object: &ObjectMeta) -> Vec<String> {
    let english = object.english().map(|f| f.key.to_string());
    ["id".to_owned(), object.title.to_string()].into_iter().chain(english).collect()
}

fn english(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|name| prefs::lang() == Lang::En && !name.trim().is_empty())
}

/// `owner.name`, `account.name` …: the titles of what the given fields refer to.
pub fn names_of<'a>(fields: impl Iterator<Item = &'a FieldMeta>) -> Vec<String> {
    fields
        .filter(|f| f.kind.is_reference() && f.key != "deleted_by")
        .filter_map(|f| Some((f, crate::state::catalog::object(f.target()?)?)))
        .take(NAMES)
        .flat_map(|(f, object)| {
            let english = object.english().map(|_| format!("{}.{NAME_EN}", f.key));
            [Some(format!("{}.{}", f.key, object.title)), english].into_iter().flatten()
        })
        .collect()
}

pub fn encode(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Reading a record without knowing its type.
pub trait RecordExt {
    fn id(&self) -> &str;
    fn version(&self) -> Option<i64>;
    fn value(&self, key: &str) -> &Value;
    /// What people call the record, in the reader's language where it has a name in both.
    fn title(&self, object: &ObjectMeta) -> String;
    /// The field that is shown in place of the name, where there is one in the reader's language.
    fn named_by<'o>(&self, object: &'o ObjectMeta) -> Option<&'o FieldMeta>;
    /// A text that may be there in English besides, under `{key}_en`.
    fn text(&self, key: &str) -> &str;
    /// The referred record, where the server sent it along.
    fn expanded(&self, key: &str) -> Option<&Value>;
}

impl RecordExt for Record {
    fn id(&self) -> &str {
        self.value("id").as_str().unwrap_or_default()
    }

    fn version(&self) -> Option<i64> {
        self.value("version").as_i64()
    }

    fn value(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&Value::Null)
    }

    fn title(&self, object: &ObjectMeta) -> String {
        // What has no name of its own goes by whatever it refers to.
        if object.title == "id" {
            let named = object.fields.iter().filter(|f| f.in_list).find_map(|f| Some((f, self.expanded(&f.key)?)));
            if let Some((field, value)) = named {
                return title_of(field.target().unwrap_or_default(), value);
            }
        }
        if let Some(name) = english(self.get(NAME_EN)) {
            return name.to_owned();
        }
        match self.value(&object.title) {
            Value::String(text) if !text.trim().is_empty() => text.clone(),
            Value::Number(n) => n.to_string(),
            _ => self.id().chars().take(8).collect(),
        }
    }

    fn named_by<'o>(&self, object: &'o ObjectMeta) -> Option<&'o FieldMeta> {
        english(self.get(NAME_EN)).and_then(|_| object.english())
    }

    fn text(&self, key: &str) -> &str {
        english(self.get(&format!("{key}_en"))).or_else(|| self.value(key).as_str()).unwrap_or_default()
    }

    fn expanded(&self, key: &str) -> Option<&Value> {
        self.get("expand")?.get(key).filter(|v| !v.is_null())
    }
}

/// The name of a record that came along with another one.
pub fn title_of(target: &str, value: &Value) -> String {
    if let Some(name) = english(value.get(NAME_EN)) {
        return name.to_owned();
    }
    let title = crate::state::catalog::object(target).map(|o| o.title.to_string());
    title
        .and_then(|key| value.get(key))
        .or_else(|| value.get("name"))
        .or_else(|| value.get("title"))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Operations of one call: far fewer than the server takes, so that progress shows.
const BATCH: usize = 100;

#[derive(Deserialize)]
struct BatchAnswer {
    results: Vec<BatchResult>,
}

#[derive(Deserialize)]
struct BatchResult {
    status: u16,
    #[serde(default)]
    version: Option<i64>,
    #[serde(default)]
    record: Option<Record>,
    #[serde(default)]
    problem: Option<Problem>,
}

/// What one operation left behind: the version, and the record unless it is gone.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub version: Option<i64>,
    pub record: Option<Record>,
}

/// Many operations on one object, each standing for itself; says after each call how many are done.
pub async fn batch(
    object: &ObjectMeta,
    operations: &[Value],
    progress: impl Fn(usize),
) -> Vec<Result<Written, ApiError>> {
    let mut out = Vec::with_capacity(operations.len());
    for chunk in operations.chunks(BATCH) {
        let call = Call::post(&format!("/{}/batch", object.plural)).body(&json!({ "operations": chunk }));
        match call.json::<BatchAnswer>().await {
            Ok(answer) => out.extend(answer.results.into_iter().map(|result| match result.problem {
                Some(problem) => Err(ApiError::Problem(Box::new(problem))),
                None if result.status < 300 => Ok(Written { version: result.version, record: result.record }),
                None => Err(ApiError::Unreadable(result.status)),
            })),
            Err(error) => out.extend(chunk.iter().map(|_| Err(error.clone()))),
        }
        progress(out.len());
    }
    out
}

/// To every record its own changes; the first reason why one was not changed.
pub async fn update_each(object: &ObjectMeta, changes: Vec<(String, Record)>) -> Result<(), ApiError> {
    let operations: Vec<Value> =
        changes.into_iter().map(|(id, record)| json!({ "op": "update", "id": id, "record": record })).collect();
    batch(object, &operations, |_| {}).await.into_iter().try_for_each(|answer| answer.map(drop))
}
