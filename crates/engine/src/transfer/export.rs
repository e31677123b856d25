//! Records as a file, page by page in constant memory: the caller's rows and columns, references as names, options as
//! labels, times as the caller's clock shows them. Each export is on record as a job of kind `export`.

use super::results::unwritable;
use super::write::{self, Column};
use super::{Cell, Format};
use crate::access::grants;
use crate::audit::{Event, Note};
use crate::vault::fields;
use crate::{Access, Action, Caller, Engine, Error, Result, jobs};
use chrono::{Duration, NaiveDate, Timelike};
use diesel::PgConnection;
use kezhan_meta::check::as_decimal;
use kezhan_meta::problem::Code;
use kezhan_meta::query::{LIMIT_MAX, ListQuery, Sort};
use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, FieldType, Filter, Lang, ObjectMeta, Record, Sensitivity};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use uuid::Uuid;

pub const KIND: &str = "export";

/// What is to be exported.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub object: String,
    pub format: Format,
    /// Fields, dotted ones of referenced records; the view's or the list's own where none are given.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    #[serde(default)]
    pub filter: Option<Filter>,
    #[serde(default)]
    pub q: Option<String>,
    #[serde(default)]
    pub sort: Vec<Sort>,
    #[serde(default)]
    pub view: Option<Uuid>,
    /// Only what this import created or changed.
    #[serde(default)]
    pub import: Option<Uuid>,
}

/// The part of a saved view that an export keeps to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct View {
    filter: Option<Filter>,
    sort: Vec<Sort>,
    fields: Option<Vec<String>>,
}

struct Out {
    path: Vec<String>,
    field: FieldMeta,
    /// Title of the referenced object, where the field is a reference.
    title: Option<String>,
    label: String,
}

/// An export that has been checked and is ready to be written.
pub struct Export {
    object: Arc<ObjectMeta>,
    caller: Caller,
    columns: Vec<Out>,
    query: ListQuery,
    pub format: Format,
    job: Uuid,
}

/// Does the column, which may lie behind references, hold what needs particular care?
fn is_sensitive(caller: &Caller, object: &ObjectMeta, path: &str) -> bool {
    match path.split_once('.') {
        None => object.field(path).is_some_and(|f| f.sensitivity >= Sensitivity::Sensitive),
        Some((head, rest)) => {
            let target = object.field(head).and_then(|f| f.target()).and_then(|t| caller.catalog.get(t));
            target.is_some_and(|target| is_sensitive(caller, target, rest))
        }
    }
}

impl Export {
    /// Checks rights, fields and conditions, and puts the export on record.
    pub fn new(engine: &Engine, conn: &mut PgConnection, caller: &Caller, order: &Order) -> Result<Export> {
        let unknown = || Error::invalid("object", Code::UnknownValue);
        let object = caller.catalog.get(&order.object).cloned().ok_or_else(unknown)?;
        let access = exporting(&caller.access, &object)?;
        let view = view(engine, conn, caller, order.view)?;
        let kept_in = engine.hooks_of(&object.name).iter().filter_map(|hook| hook.leaves());
        let filter = view.filter.into_iter().chain(order.filter.clone()).chain(kept_in).reduce(Filter::and);
        let caller = Caller { access: Arc::new(access), ..caller.clone() };
        // Named, a column has to be there; otherwise it is what can be seen of the list.
        let names = order.columns.clone().or(view.fields).unwrap_or_else(|| {
            let shown = object.fields.iter().filter(|f| f.in_list || f.key == object.title);
            shown.map(|f| f.key.to_string()).filter(|name| column(&caller, &object, name).is_ok()).collect()
        });
        let columns = names.iter().map(|name| column(&caller, &object, name)).collect::<Result<Vec<_>>>()?;
        let fields = columns.iter().map(|out| match &out.title {
            Some(title) => format!("{}.{title}", out.path.join(".")),
            None => out.path.join("."),
        });
        let query = ListQuery {
            filter,
            sort: if order.sort.is_empty() { view.sort } else { order.sort.clone() },
            fields: Some(fields.collect()),
            q: order.q.clone(),
            import: order.import,
            limit: Some(LIMIT_MAX),
            ..ListQuery::default()
        };
        // What is wrong with the conditions shows before anything is sent.
        engine.records(conn, &caller, &object, &ListQuery { limit: Some(1), ..query.clone() })?;
        let veil = |filter: &Filter| fields::veiled(&caller.catalog, &object, filter);
        let noted = Order { filter: order.filter.as_ref().map(veil), ..order.clone() };
        let job = jobs::note(conn, caller.tenant, KIND, &noted, caller.user)?;
        let filter = query.filter.as_ref().map(veil);
        let sensitive: Vec<&String> = names.iter().filter(|n| is_sensitive(&caller, &object, n)).collect();
        let detail = json!({ "job": job, "format": order.format, "columns": names, "filter": filter, "q": query.q,
            "sensitive": sensitive });
        Note::by(&caller, Event::Exported).on(&object.name, None).with(detail).write(conn, caller.tenant)?;
        Ok(Export { object, caller, columns, query, format: order.format, job })
    }

    /// The name that a browser saves it under.
    pub fn file_name(&self) -> String {
        let label = self.object.label_many.get(self.caller.lang);
        format!("{label}-{}.{}", self.caller.context().today().format("%Y-%m-%d"), self.format)
    }

    /// Writes everything; the number of rows.
    pub fn write(&self, engine: &Engine, conn: &mut PgConnection, out: impl Write + Send) -> Result<u64> {
        let written = self.rows(engine, conn, out);
        let error = written.as_ref().err().map(ToString::to_string);
        let rows = written.as_ref().copied().unwrap_or_default();
        let progress = json!({ "phase": "finished", "total": rows, "done": rows });
        jobs::finish(conn, self.caller.tenant, self.job, progress, error)?;
        written
    }

    fn rows(&self, engine: &Engine, conn: &mut PgConnection, out: impl Write + Send) -> Result<u64> {
        let head: Vec<Column> = self.columns.iter().map(|c| Column::new(c.path.join("."), c.label.clone())).collect();
        let mut sink = write::create(self.format, out, &head).map_err(unwritable)?;
        let mut query = self.query.clone();
        let mut count = 0;
        loop {
            let (records, next) = engine.records(conn, &self.caller, &self.object, &query)?;
            for record in &records {
                let cells: Vec<Cell> = self.columns.iter().map(|c| self.cell(c, record)).collect();
                sink.row(&cells).map_err(unwritable)?;
                count += 1;
            }
            match next {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        sink.finish().map_err(unwritable)?;
        Ok(count)
    }

    fn cell(&self, column: &Out, record: &Record) -> Cell {
        let mut at = record;
        let (last, nested) = match column.path.split_last() {
            Some(split) => split,
            None => return Cell::Empty,
        };
        for key in nested {
            match at.get("expand").and_then(|e| e.get(key)).and_then(Value::as_object) {
                Some(inner) => at = inner,
                None => return Cell::Empty,
            }
        }
        let value = match &column.title {
            Some(title) => at.get("expand").and_then(|e| e.get(last)).and_then(|r| r.get(title)),
            None => at.get(last),
        };
        let value = value.unwrap_or(&Value::Null);
        if column.title.is_some() {
            return value.as_str().map_or(Cell::Empty, Cell::text);
        }
        cell(&column.field, value, self.caller.lang, self.caller.offset_minutes)
    }
}

/// Reading as far as exporting goes.
fn exporting(access: &Access, object: &ObjectMeta) -> Result<Access> {
    if access.is_unrestricted() {
        return Ok(access.clone());
    }
    let rules = |action: Action| access.rules(&object.name, action).cloned().unwrap_or_default();
    let both = rules(Action::Export).common(&rules(Action::Read));
    if !both.any() {
        return Err(Error::refused(Code::Forbidden, &["export"]));
    }
    let mut narrowed = access.clone();
    let mut granted = grants::of(&access.grants, &object.name).cloned().unwrap_or_default();
    granted.actions.insert(Action::Read, both);
    narrowed.grants.insert(object.name.to_string(), granted);
    Ok(narrowed)
}

fn view(engine: &Engine, conn: &mut PgConnection, caller: &Caller, id: Option<Uuid>) -> Result<View> {
    let Some(id) = id else { return Ok(View::default()) };
    let missing = || Error::invalid("view", Code::NoSuchRecord);
    let views = caller.catalog.get("saved_view").ok_or_else(missing)?;
    let record = engine.fetch(conn, caller, views, id)?.ok_or_else(missing)?;
    let settings = record.get("settings").cloned().unwrap_or_default();
    serde_json::from_value(settings).map_err(|e| Error::refused(Code::BadValue, &["view", &e.to_string()]))
}

fn column(caller: &Caller, object: &Arc<ObjectMeta>, name: &str) -> Result<Out> {
    let unknown = || Error::refused(Code::UnknownField, &[name]);
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    let mut meta = object;
    let mut labels = Vec::new();
    let (last, nested) = path.split_last().ok_or_else(unknown)?;
    for key in nested {
        let field = meta.field(key).filter(|f| caller.access.readable(meta, f)).ok_or_else(unknown)?;
        labels.push(field.label.get(caller.lang).to_owned());
        meta = field.target().and_then(|t| caller.catalog.get(t)).ok_or_else(unknown)?;
    }
    let field = meta.field(last).filter(|f| caller.access.readable(meta, f)).ok_or_else(unknown)?;
    labels.push(field.label.get(caller.lang).to_owned());
    let single = field.kind.is_reference();
    let title = field.target().filter(|_| single).and_then(|t| caller.catalog.get(t)).map(|t| t.title.to_string());
    Ok(Out { field: field.clone(), title, label: labels.join(" · "), path })
}

/// A value as a person reads it.
fn cell(field: &FieldMeta, value: &Value, lang: Lang, offset_minutes: i32) -> Cell {
    let text = || value.as_str().map_or(Cell::Empty, Cell::text);
    let label = |value: &Value| {
        let option = field.options().iter().find(|o| Some(o.value.as_ref()) == value.as_str());
        option.map_or_else(|| value.as_str().unwrap_or_default().to_owned(), |o| o.label.get(lang).to_owned())
    };
    match &field.kind {
        _ if value.is_null() => Cell::Empty,
        FieldType::Integer | FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent => {
            as_decimal(value).map_or(Cell::Empty, Cell::number)
        }
        FieldType::Date => match value.as_str().and_then(|s| s.parse::<NaiveDate>().ok()) {
            Some(date) => Cell::Date(date),
            None => text(),
        },
        FieldType::DateTime => match value.as_str().and_then(crate::sql::column::instant) {
            Some(at) => {
                let local = at.naive_utc() + Duration::minutes(i64::from(offset_minutes));
                Cell::DateTime(local.with_nanosecond(0).unwrap_or(local))
            }
            None => text(),
        },
        FieldType::Boolean => match (value.as_bool(), lang) {
            (Some(true), Lang::Zh) => Cell::text("是"),
            (Some(false), Lang::Zh) => Cell::text("否"),
            (Some(true), Lang::En) => Cell::text("Yes"),
            (Some(false), Lang::En) => Cell::text("No"),
            (None, _) => Cell::Empty,
        },
        FieldType::Choice { .. } => Cell::text(label(value)),
        FieldType::MultiChoice { .. } | FieldType::Tags | FieldType::MultiReference { .. } => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            Cell::text(items.iter().map(label).collect::<Vec<_>>().join(", "))
        }
        FieldType::Address => {
            let part = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
            let parts = ["country", "province", "city", "district", "detail"].map(part);
            Cell::text(parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" "))
        }
        FieldType::Geo => {
            let part = |key: &str| value.get(key).and_then(Value::as_f64).unwrap_or_default();
            Cell::text(format!("{},{}", part("lat"), part("lng")))
        }
        FieldType::Json => Cell::text(value.to_string()),
        FieldType::Id
        | FieldType::Text
        | FieldType::LongText
        | FieldType::RichText
        | FieldType::Phone
        | FieldType::Email
        | FieldType::Url
        | FieldType::Reference { .. }
        | FieldType::User
        | FieldType::Department
        | FieldType::File
        | FieldType::AutoNumber { .. } => text(),
    }
}
