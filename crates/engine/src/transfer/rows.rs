//! From a row of a file to what is to be done with it: converted, its references found, its duplicate found.

use super::convert::{self, Misfit, Reading};
use super::directory::{self, Directory, Hit, KeyField};
use super::hints::Hints;
use super::read::{ReadError, ReadOptions, RowError, RowSource};
use super::settings::{ColumnPlan, OnDuplicate, Operation, Plan, Unknown};
use super::{Cell, check};
use crate::vault::files::Stored;
use crate::{Action, Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::rules::dates::{DateOrder, OrderVote};
use kezhan_meta::rules::text::fold;
use kezhan_meta::{FieldMeta, FieldType, Lang, ObjectMeta, Record, Violation, normalise_value};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// A column that goes into a field.
pub struct Column {
    pub at: usize,
    pub header: String,
    pub field: FieldMeta,
    pub plan: ColumnPlan,
    pub order: DateOrder,
    pub certain: bool,
}

/// Something wrong with a row.
#[derive(Clone, Debug)]
pub struct Fault {
    /// None where the row as a whole is meant.
    pub column: Option<usize>,
    pub field: String,
    pub value: String,
    pub code: Code,
    pub args: Vec<String>,
}

/// A record that has to be made before the row can go in.
#[derive(Clone, Debug)]
pub struct Make {
    pub field: String,
    pub target: String,
    pub title: String,
}

/// A reference to another row of the same file, to be set at the end.
#[derive(Clone, Debug)]
pub struct Link {
    pub field: String,
    pub title: String,
}

pub struct Row {
    pub number: u64,
    pub cells: Vec<Cell>,
    pub record: Record,
    pub makes: Vec<Make>,
    pub links: Vec<Link>,
    pub faults: Vec<Fault>,
}

#[derive(Clone, Debug)]
pub enum Verdict {
    Create,
    Update(Uuid),
    Delete(Uuid),
    Skip,
    Fail(Fault),
}

/// The record that a row repeats.
#[derive(Clone, Debug)]
pub struct Match {
    pub hit: Hit,
    pub field: String,
    /// What decisions about it are filed under.
    pub group: String,
    /// The earlier row of the same file that it comes from.
    pub row: Option<u64>,
}

/// What one pass over the whole file told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scan {
    pub rows: u64,
}

/// Everything that is needed to bring the rows of one file in.
pub struct Importer<'e> {
    pub engine: &'e Engine,
    pub hints: &'e Hints,
    pub caller: Caller,
    pub plan: Plan,
    pub object: Arc<ObjectMeta>,
    pub columns: Vec<Column>,
    pub headers: Vec<String>,
    pub(super) own: Directory,
    matchers: Vec<KeyField>,
    pub targets: BTreeMap<String, Directory>,
    /// Folded titles of all rows, where rows refer to each other.
    titles: HashSet<String>,
    /// Records that this import made, by the row they came from.
    pub made: HashMap<Uuid, u64>,
}

/// Opens a file as the plan says.
pub fn open(file: &Stored, plan: &Plan) -> Result<Box<dyn RowSource>> {
    let options = ReadOptions {
        sheet: plan.sheet.clone(),
        encoding: plan.encoding.clone(),
        header_row: plan.header_row,
        ..ReadOptions::default()
    };
    super::read::open_with(file, &options).map_err(unreadable)
}

/// A file that cannot be read, as a refusal.
pub fn unreadable(error: ReadError) -> Error {
    let code = Code::ALL.iter().find(|c| c.key() == error.code()).copied().unwrap_or(Code::FileUnreadable);
    log::info!("a file is refused: {error}");
    Error::refused(code, &[])
}

impl<'e> Importer<'e> {
    /// Holds a plan against the caller's rights, the object and the file; the plan in canonical form.
    pub fn check(caller: &Caller, plan: Plan, source: &dyn RowSource) -> Result<Plan> {
        let unknown = || Error::invalid("object", Code::UnknownValue);
        let object = caller.catalog.get(&plan.object).cloned().ok_or_else(unknown)?;
        let needed = match plan.operation {
            Operation::Insert => vec![Action::Import, Action::Create],
            Operation::Update => vec![Action::Import, Action::Edit],
            Operation::Upsert => vec![Action::Import, Action::Create, Action::Edit],
            Operation::Delete => vec![Action::Import, Action::Delete],
        };
        if let Some(action) = needed.into_iter().find(|a| !caller.access.may(&object.name, *a)) {
            return Err(Error::refused(Code::Forbidden, &[action.key()]));
        }
        check::columns(&object, &plan, source.headers())?;
        let defaults = check::canonical_defaults(&object, &plan.defaults)?;
        Ok(Plan { defaults, ..plan })
    }

    pub fn new(
        engine: &'e Engine,
        hints: &'e Hints,
        conn: &mut PgConnection,
        caller: &Caller,
        plan: Plan,
        source: &dyn RowSource,
    ) -> Result<Importer<'e>> {
        let plan = Importer::check(caller, plan, source)?;
        let object = caller.catalog.get(&plan.object).cloned().ok_or_else(Error::not_found)?;
        let columns = check::columns(&object, &plan, source.headers())?;
        let mut targets = BTreeMap::new();
        for target in columns.iter().filter_map(|c| c.field.target()) {
            let Some(meta) = caller.catalog.get(target).filter(|_| !targets.contains_key(target)) else { continue };
            let keys = directory::reference_keys(meta);
            targets.insert(target.to_owned(), Directory::load(conn, caller, hints, meta, keys)?);
        }
        let matchers = check::matchers(hints, &object, &plan, &columns)?;
        let own = Directory::load(conn, caller, &Hints::default(), &object, matchers.clone())?;
        Ok(Importer {
            engine,
            hints,
            caller: caller.clone(),
            plan,
            object,
            columns,
            headers: source.headers().to_vec(),
            own,
            matchers,
            targets,
            titles: HashSet::new(),
            made: HashMap::new(),
        })
    }

    /// Reads the whole file once: how many rows, in which order dates are written, which titles occur.
    pub fn scan(&mut self, source: &mut dyn RowSource) -> Result<Scan> {
        let mut votes: Vec<OrderVote> = self.columns.iter().map(|_| OrderVote::default()).collect();
        let inward = self.columns.iter().any(|c| c.field.target() == Some(self.object.name.as_ref()));
        let title = self.columns.iter().find(|c| c.field.key == self.object.title).filter(|_| inward).map(|c| c.at);
        let mut scan = Scan::default();
        source.seek_row(0).map_err(unreadable)?;
        while let Some(row) = source.next_row() {
            scan.rows += 1;
            let Ok(cells) = row else { continue };
            for (column, vote) in self.columns.iter().zip(&mut votes) {
                if let (FieldType::Date | FieldType::DateTime, Some(cell)) = (&column.field.kind, cells.get(column.at))
                {
                    vote.add(&cell.trimmed());
                }
            }
            if let Some(cell) = title.and_then(|at| cells.get(at)).filter(|c| !c.is_empty()) {
                self.titles.insert(fold(&cell.as_text()));
            }
        }
        for (column, vote) in self.columns.iter_mut().zip(&votes) {
            if let Some(decision) = vote.decide() {
                (column.order, column.certain) = (decision.order, decision.certain);
            }
            if let Some(order) = column.plan.date_order {
                (column.order, column.certain) = (order, true);
            }
        }
        source.seek_row(0).map_err(unreadable)?;
        Ok(scan)
    }

    /// Converts a row and finds what it refers to.
    pub fn row(&self, number: u64, read: std::result::Result<Vec<Cell>, RowError>) -> Row {
        let mut row = Row {
            number,
            cells: Vec::new(),
            record: Record::new(),
            makes: Vec::new(),
            links: Vec::new(),
            faults: Vec::new(),
        };
        match read {
            Err(error) => {
                row.number = error.row;
                row.cells = error.cells;
                let args = vec![error.kind.to_string()];
                row.faults.push(Fault {
                    column: None,
                    field: String::new(),
                    value: String::new(),
                    code: Code::BadRow,
                    args,
                });
            }
            Ok(cells) => {
                row.cells = cells;
                for column in &self.columns {
                    let cell = row.cells.get(column.at).cloned().unwrap_or_default();
                    if let Err(misfit) = self.cell(column, &cell, &mut row) {
                        row.faults.push(Fault {
                            column: Some(column.at),
                            field: column.field.key.to_string(),
                            value: cell.trimmed().into_owned(),
                            code: misfit.code,
                            args: misfit.args,
                        });
                    }
                }
            }
        }
        row
    }

    fn cell(&self, column: &Column, cell: &Cell, row: &mut Row) -> Result<(), Misfit> {
        if cell.is_empty() {
            return Ok(());
        }
        let key = column.field.key.to_string();
        let text = cell.trimmed();
        match column.plan.values.get(text.as_ref()) {
            Some(Value::Null) => return Ok(()),
            Some(Value::Object(made)) if made.get("create") == Some(&json!(true)) => {
                return self.refer(column, &text, Unknown::Create, row);
            }
            Some(value) => {
                let value = normalise_value(&column.field, value).map_err(|v| Misfit { code: v.code, args: v.args })?;
                row.record.insert(key, value);
                return Ok(());
            }
            None => {}
        }
        if column.field.target().is_some() {
            return self.refer(column, &text, column.plan.unknown, row);
        }
        let reading = Reading { order: column.order, offset_minutes: self.caller.offset_minutes };
        match convert::value(&column.field, cell, reading) {
            Ok((value, currency)) => {
                if let Some(code) = currency.filter(|_| self.object.field("currency").is_some()) {
                    row.record.entry("currency").or_insert_with(|| json!(code));
                }
                row.record.insert(key, value);
                Ok(())
            }
            Err(misfit) if misfit.code == Code::UnknownValue && column.plan.unknown == Unknown::Empty => Ok(()),
            Err(misfit) => Err(misfit),
        }
    }

    /// Finds the record, or the records, that a text names.
    fn refer(&self, column: &Column, text: &str, unknown: Unknown, row: &mut Row) -> Result<(), Misfit> {
        let target = column.field.target().unwrap_or_default();
        let key = column.field.key.to_string();
        let many = matches!(column.field.kind, FieldType::MultiReference { .. });
        let names: Vec<&str> = if many { convert::items(text).collect() } else { vec![text] };
        let mut ids = Vec::new();
        for name in names {
            match self.targets.get(target).and_then(|d| d.find(name)) {
                Some(Hit::One(id)) => ids.push(json!(id.to_string())),
                Some(Hit::Many) => return Err(Misfit::new(Code::AmbiguousValue, name)),
                None if target == self.object.name && self.titles.contains(&fold(name)) => {
                    row.links.push(Link { field: key.clone(), title: name.to_owned() });
                }
                None => match unknown {
                    Unknown::Error => return Err(Misfit::new(Code::UnknownValue, name)),
                    Unknown::Empty => {}
                    Unknown::Create => {
                        let (field, target) = (key.clone(), target.to_owned());
                        row.makes.push(Make { field, target, title: name.to_owned() });
                    }
                },
            }
        }
        let value = if many { json!(ids) } else { ids.into_iter().next().unwrap_or(Value::Null) };
        if !value.is_null() {
            row.record.insert(key, value);
        }
        Ok(())
    }

    /// The record that this row repeats, by the surest key that tells.
    pub fn matching(&self, row: &Row) -> Option<Match> {
        for key in &self.matchers {
            let Some(text) = row.record.get(&key.field).and_then(Value::as_str) else { continue };
            let Some(hit) = self.own.find_by(key, text) else { continue };
            let made = match hit {
                Hit::One(id) => self.made.get(&id).copied(),
                Hit::Many => None,
            };
            let group = match (made, hit) {
                (Some(row), _) => format!("row:{row}"),
                (None, Hit::One(id)) => id.to_string(),
                (None, Hit::Many) => format!("{}:{}", key.field, fold(text)),
            };
            return Some(Match { hit, field: key.field.clone(), group, row: made });
        }
        None
    }

    /// What is to be done with a row.
    pub fn decide(&self, row: &Row, found: Option<&Match>) -> Verdict {
        if let Some(fault) = row.faults.first() {
            return Verdict::Fail(fault.clone());
        }
        let whole =
            |code, args| Verdict::Fail(Fault { column: None, field: String::new(), value: String::new(), code, args });
        let Some(found) = found else {
            return match self.plan.operation {
                Operation::Insert | Operation::Upsert => Verdict::Create,
                Operation::Update | Operation::Delete => whole(Code::NoMatch, Vec::new()),
            };
        };
        let action = match self.plan.operation {
            Operation::Insert => self.action(&found.group),
            Operation::Upsert => match self.plan.duplicates.decisions.get(&found.group) {
                Some(OnDuplicate::Skip) => OnDuplicate::Skip,
                _ => OnDuplicate::Update,
            },
            Operation::Update | Operation::Delete => OnDuplicate::Update,
        };
        match (action, found.hit) {
            (OnDuplicate::Skip | OnDuplicate::Ask, _) => Verdict::Skip,
            (OnDuplicate::Create, _) => Verdict::Create,
            (OnDuplicate::Update, Hit::Many) => {
                let value = row.record.get(&found.field).and_then(Value::as_str).unwrap_or_default();
                whole(Code::AmbiguousValue, vec![value.to_owned()])
            }
            (OnDuplicate::Update, Hit::One(id)) if self.plan.operation == Operation::Delete => Verdict::Delete(id),
            (OnDuplicate::Update, Hit::One(id)) => Verdict::Update(id),
        }
    }

    /// Is it still to be decided what becomes of these duplicates?
    pub fn is_open(&self, group: &str) -> bool {
        self.plan.operation == Operation::Insert && self.action(group) == OnDuplicate::Ask
    }

    fn action(&self, group: &str) -> OnDuplicate {
        self.plan.duplicates.decisions.get(group).copied().unwrap_or(self.plan.duplicates.action)
    }

    /// The record that a row would create.
    pub fn fresh(&self, row: &Row) -> Record {
        let mut record = row.record.clone();
        record.remove("id");
        for (key, value) in &self.plan.defaults {
            record.entry(key.clone()).or_insert_with(|| value.clone());
        }
        record
    }

    /// What a row would change.
    pub fn patch(&self, row: &Row) -> Record {
        let mut record = row.record.clone();
        record.remove("id");
        record.retain(|key, _| self.object.field(key).is_some_and(|f| !f.immutable));
        record
    }

    /// A record that is there from now on.
    pub fn note(&mut self, object: &str, id: Uuid, record: &Record, row: Option<u64>) {
        let value = |key: &str| record.get(key).and_then(Value::as_str).map(str::to_owned);
        if object == self.object.name {
            self.own.add(id, value);
            if let Some(row) = row {
                self.made.insert(id, row);
            }
        }
        if let Some(target) = self.targets.get_mut(object) {
            target.add(id, value);
        }
    }

    /// What was noted since is committed.
    pub fn keep(&mut self) {
        self.own.keep();
        self.targets.values_mut().for_each(Directory::keep);
    }

    /// Where to go back to where a row does not go in.
    pub fn mark(&self) -> Vec<usize> {
        std::iter::once(&self.own).chain(self.targets.values()).map(Directory::mark).collect()
    }

    /// What was noted since the mark is rolled back.
    pub fn forget(&mut self, mark: &[usize]) {
        let directories = std::iter::once(&mut self.own).chain(self.targets.values_mut());
        for (directory, mark) in directories.zip(mark) {
            directory.forget(*mark);
        }
    }

    /// What a missing record of this object starts with.
    pub fn making(&self, target: &ObjectMeta, title: &str) -> Record {
        let mut record = Record::new();
        record.insert(target.title.to_string(), json!(title));
        let name = fold(title);
        for making in self.hints.makings.iter().filter(|m| m.object == target.name) {
            if making.titles.is_empty() || making.titles.iter().any(|t| fold(t) == name) {
                for (key, value) in making.values {
                    record.entry(*key).or_insert_with(|| json!(value));
                }
            }
        }
        // What is made for a row belongs to whom the row is given.
        if let Some(owner) = self.plan.defaults.get("owner").filter(|_| target.owned()) {
            record.insert("owner".to_owned(), owner.clone());
        }
        record
    }

    /// Does the file have values of fields that are encrypted at rest? Then what is kept of its rows is, too.
    pub fn brings_sealed(&self) -> bool {
        self.columns.iter().any(|column| column.field.sealed)
    }

    /// A fault of a record as one of the row.
    pub fn fault_of(&self, row: &Row, violation: &Violation) -> Fault {
        let column = self.columns.iter().find(|c| c.field.key == violation.field);
        let cell = column.and_then(|c| row.cells.get(c.at));
        Fault {
            column: column.map(|c| c.at),
            field: violation.field.clone(),
            value: cell.map(|c| c.trimmed().into_owned()).unwrap_or_default(),
            code: violation.code,
            args: violation.args.clone(),
        }
    }

    pub fn describe(&self, fault: &Fault, lang: Lang) -> Value {
        json!({
            "column": fault.column,
            "header": fault.column.and_then(|at| self.headers.get(at)),
            "field": fault.field,
            "value": fault.value,
            "code": fault.code.key(),
            "message": fault.code.message(lang, &fault.args),
        })
    }
}
