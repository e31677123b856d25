//! The dry run: what an import would do, without doing any of it.

use super::convert::near_choices;
use super::directory::Hit;
use super::read::RowSource;
use super::rows::{Fault, Importer, Make, Match, Row, Verdict};
use crate::{Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::{FieldType, Lang, Record, Violation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

const PROBLEMS: usize = 100;
const SAMPLES: usize = 20;
const GROUPS: usize = 200;
const VALUES: usize = 200;
const TITLES: usize = 20;
/// Values for which near misses are looked for; each is compared with every name.
const NEAR_BUDGET: usize = 400;
/// Rows that hooks are asked about where they have to read the database for it.
const REHEARSED: u64 = 500;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub create: u64,
    pub update: u64,
    pub skip: u64,
    pub fail: u64,
    pub delete: u64,
}

/// What a dry run tells; the body of the answer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Preview {
    pub rows: u64,
    pub scanned: u64,
    pub complete: bool,
    pub counts: Counts,
    pub will_create: Vec<Value>,
    pub problems: Vec<Value>,
    pub unresolved: Vec<Value>,
    pub duplicates: Vec<Value>,
    pub dates: Vec<Value>,
    pub sample: Vec<Value>,
}

struct Group {
    rows: Vec<u64>,
    count: u64,
    title: String,
    found: Match,
    action: &'static str,
    /// The first row as it would go in, beside what people read in it.
    record: Record,
    display: Record,
}

/// A value that names nothing there is.
#[derive(Clone, Copy, Default)]
struct Unresolved {
    rows: u64,
    ambiguous: bool,
    /// The record would be made.
    creates: bool,
}

struct Tally<'a, 'e> {
    importer: &'a mut Importer<'e>,
    lang: Lang,
    out: Preview,
    /// Column → value → what is known of it.
    unresolved: BTreeMap<usize, HashMap<String, Unresolved>>,
    /// Records that would be made because a row names them: their ids are imagined.
    to_make: HashSet<Uuid>,
    groups: Vec<Group>,
    group_at: HashMap<String, usize>,
    makes: BTreeMap<String, (u64, Vec<String>)>,
    faults: Vec<(u64, Fault)>,
    /// Ids that stand for records to come.
    imagined: HashSet<Uuid>,
}

/// Goes through at most `limit` rows.
pub fn run(
    importer: &mut Importer<'_>,
    conn: &mut PgConnection,
    source: &mut dyn RowSource,
    limit: u64,
) -> Result<Preview> {
    let scan = importer.scan(source)?;
    let lang = importer.caller.lang;
    let mut tally = Tally {
        importer,
        lang,
        out: Preview { rows: scan.rows, ..Preview::default() },
        unresolved: BTreeMap::new(),
        to_make: HashSet::new(),
        groups: Vec::new(),
        group_at: HashMap::new(),
        makes: BTreeMap::new(),
        faults: Vec::new(),
        imagined: HashSet::new(),
    };
    while tally.out.scanned < limit {
        let Some(read) = source.next_row() else { break };
        let number = source.row_number();
        tally.out.scanned += 1;
        let row = tally.importer.row(number, read);
        tally.add(conn, row)?;
    }
    Ok(tally.finish())
}

impl Tally<'_, '_> {
    fn add(&mut self, conn: &mut PgConnection, mut row: Row) -> Result<()> {
        let found = self.importer.matching(&row);
        let mut verdict = self.importer.decide(&row, found.as_ref());
        for fault in &row.faults {
            self.note_unresolved(fault);
        }
        let record = match &verdict {
            Verdict::Create => self.importer.fresh(&row),
            Verdict::Update(_) => self.importer.patch(&row),
            _ => row.record.clone(),
        };
        if let Verdict::Create = verdict {
            for fault in self.rehearse(conn, &row, &record)? {
                row.faults.push(fault.clone());
                verdict = Verdict::Fail(fault);
            }
        }
        if let Some(found) = found {
            self.group(&row, found, &verdict);
        }
        let counts = &mut self.out.counts;
        let outcome = match &verdict {
            Verdict::Create => {
                counts.create += 1;
                // Later rows may repeat or name this one.
                let (object, id) = (self.importer.object.name.to_string(), Uuid::now_v7());
                self.imagined.insert(id);
                self.importer.note(&object, id, &record, Some(row.number));
                "create"
            }
            Verdict::Update(_) => {
                counts.update += 1;
                "update"
            }
            Verdict::Delete(_) => {
                counts.delete += 1;
                "delete"
            }
            Verdict::Skip => {
                counts.skip += 1;
                "skip"
            }
            Verdict::Fail(fault) => {
                counts.fail += 1;
                if row.faults.is_empty() {
                    row.faults.push(fault.clone());
                }
                "fail"
            }
        };
        if matches!(verdict, Verdict::Create | Verdict::Update(_)) {
            for make in &row.makes {
                self.note_make(make);
            }
            self.note_made_for(&row);
        }
        if self.out.sample.len() < SAMPLES {
            let display = self.display(&row, &record);
            let sample = json!({ "row": row.number, "outcome": outcome, "record": record, "display": display });
            self.out.sample.push(sample);
        }
        let room = PROBLEMS.saturating_sub(self.faults.len());
        self.faults.extend(row.faults.into_iter().take(room).map(|f| (row.number, f)));
        Ok(())
    }

    /// What the rules, and the hooks as far as they can be asked, say about a new record.
    fn rehearse(&mut self, conn: &mut PgConnection, row: &Row, record: &Record) -> Result<Vec<Fault>> {
        let engine = self.importer.engine;
        let object: Arc<_> = self.importer.object.clone();
        if engine.reads_before_save(&object) && self.out.scanned > REHEARSED {
            return Ok(Vec::new());
        }
        // What will be made or linked on the way is not there yet, and not missing either.
        let imagined = |value: &Value| {
            value.as_str().and_then(|v| Uuid::parse_str(v).ok()).is_some_and(|id| self.imagined.contains(&id))
        };
        let (to_come, known): (Record, Record) = record.clone().into_iter().partition(|(_, v)| imagined(v));
        let violations = match engine.rehearse(conn, &self.importer.caller, &object, &known) {
            Ok(_) => return Ok(Vec::new()),
            Err(Error::Invalid(list)) => list,
            Err(Error::Refused { code, args }) => vec![Violation { field: String::new(), code, args }],
            Err(other) => return Err(other),
        };
        let coming = |v: &Violation| {
            v.code == Code::Required
                && (to_come.contains_key(&v.field)
                    || row.makes.iter().any(|m| m.field == v.field)
                    || row.links.iter().any(|l| l.field == v.field))
        };
        Ok(violations.iter().filter(|v| !coming(v)).map(|v| self.importer.fault_of(row, v)).collect())
    }

    fn note_unresolved(&mut self, fault: &Fault) {
        let Some(column) = fault.column else { return };
        if !matches!(fault.code, Code::UnknownValue | Code::AmbiguousValue) {
            return;
        }
        let values = self.unresolved.entry(column).or_default();
        let value = values.entry(fault.value.clone()).or_default();
        value.rows += 1;
        value.ambiguous |= fault.code == Code::AmbiguousValue;
    }

    /// What would be made may be there under nearly the same name: whoever imports is asked about that as well.
    fn note_made_for(&mut self, row: &Row) {
        for column in &self.importer.columns {
            if column.field.target().is_none() || matches!(column.field.kind, FieldType::MultiReference { .. }) {
                continue;
            }
            let key = column.field.key.as_ref();
            let id = row.record.get(key).and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
            let made = id.is_some_and(|id| self.to_make.contains(&id)) || row.makes.iter().any(|m| m.field == key);
            let Some(cell) = row.cells.get(column.at).filter(|_| made) else { continue };
            let values = self.unresolved.entry(column.at).or_default();
            let value = values.entry(cell.trimmed().into_owned()).or_default();
            value.rows += 1;
            value.creates = true;
        }
    }

    fn note_make(&mut self, make: &Make) {
        let (count, titles) = self.makes.entry(make.target.clone()).or_default();
        // Made once, however many rows name it.
        let Some(meta) = self.importer.caller.catalog.get(&make.target) else { return };
        let mut record = Record::new();
        record.insert(meta.title.to_string(), json!(make.title));
        let known = self.importer.targets.get(&make.target).is_some_and(|d| d.find(&make.title).is_some());
        if !known {
            *count += 1;
            if titles.len() < TITLES {
                titles.push(make.title.clone());
            }
            let target = make.target.clone();
            let id = Uuid::now_v7();
            self.imagined.insert(id);
            self.to_make.insert(id);
            self.importer.note(&target, id, &record, None);
        }
    }

    fn group(&mut self, row: &Row, found: Match, verdict: &Verdict) {
        let title = row.record.get(self.importer.object.title.as_ref()).and_then(Value::as_str).unwrap_or_default();
        let action = match verdict {
            Verdict::Create => "create",
            Verdict::Update(_) => "update",
            Verdict::Delete(_) => "delete",
            Verdict::Skip if self.importer.is_open(&found.group) => "ask",
            Verdict::Skip | Verdict::Fail(_) => "skip",
        };
        match self.group_at.get(&found.group) {
            Some(at) => {
                if let Some(group) = self.groups.get_mut(*at) {
                    group.count += 1;
                    if group.rows.len() < TITLES {
                        group.rows.push(row.number);
                    }
                }
            }
            None if self.groups.len() < GROUPS => {
                self.group_at.insert(found.group.clone(), self.groups.len());
                let title = title.to_owned();
                let display = self.display(row, &row.record);
                let record = row.record.clone();
                self.groups.push(Group { rows: vec![row.number], count: 1, title, found, action, record, display });
            }
            None => {}
        }
    }

    /// What stands behind ids and option values.
    fn display(&self, row: &Row, record: &Record) -> Record {
        let mut out = Record::new();
        for column in &self.importer.columns {
            let key = column.field.key.as_ref();
            let value = record.get(key).and_then(Value::as_str);
            let shown = match &column.field.kind {
                FieldType::Choice { options } => {
                    let option = options.iter().find(|o| Some(o.value.as_ref()) == value);
                    option.map(|o| o.label.get(self.lang).to_owned())
                }
                _ if column.field.target().is_some() => row.cells.get(column.at).map(|cell| {
                    let directory = column.field.target().and_then(|t| self.importer.targets.get(t));
                    let id = value.and_then(|v| Uuid::parse_str(v).ok());
                    let title = directory.and_then(|d| id.and_then(|id| d.title(id)));
                    title.map_or_else(|| cell.trimmed().into_owned(), str::to_owned)
                }),
                _ => None,
            };
            if let Some(shown) = shown.filter(|s| !s.is_empty()) {
                out.insert(key.to_owned(), json!(shown));
            }
        }
        out
    }

    fn proposals(&self, column: usize, value: &str) -> Vec<Value> {
        let Some(column) = self.importer.columns.iter().find(|c| c.at == column) else { return Vec::new() };
        if let Some(directory) = column.field.target().and_then(|t| self.importer.targets.get(t)) {
            let real = |id: &Uuid| !self.imagined.contains(id);
            let near = directory.near(value).into_iter().filter(|n| real(&n.id));
            return near.map(|n| json!({ "value": n.id.to_string(), "label": n.title, "score": n.score })).collect();
        }
        let near = near_choices(column.field.options(), value).into_iter();
        near.map(|(o, score)| json!({ "value": o.value, "label": o.label.get(self.lang), "score": score })).collect()
    }

    fn finish(mut self) -> Preview {
        self.out.complete = self.out.scanned >= self.out.rows;
        let mut proposed: HashMap<(usize, String), Value> = HashMap::new();
        let mut budget = NEAR_BUDGET;
        let unresolved = std::mem::take(&mut self.unresolved);
        for (column, values) in unresolved {
            let mut values: Vec<(String, Unresolved)> = values.into_iter().collect();
            // What fails first, then what would be made; each by how many rows it concerns.
            values.sort_by(|a, b| (a.1.creates, b.1.rows, &a.0).cmp(&(b.1.creates, a.1.rows, &b.0)));
            let failing = values.iter().filter(|(_, v)| !v.creates).count();
            let more = failing.saturating_sub(VALUES);
            let mut list = Vec::new();
            for (value, known) in values {
                if list.len() >= VALUES {
                    break;
                }
                let proposals = match budget.checked_sub(1) {
                    Some(left) => {
                        budget = left;
                        self.proposals(column, &value)
                    }
                    None => Vec::new(),
                };
                if let Some(first) = proposals.first() {
                    proposed.insert((column, value.clone()), first.clone());
                }
                // A new name that is like no other is no question.
                if known.creates && proposals.is_empty() {
                    continue;
                }
                list.push(json!({
                    "value": value, "count": known.rows, "proposals": proposals, "ambiguous": known.ambiguous,
                    "creates": known.creates,
                }));
            }
            if list.is_empty() {
                continue;
            }
            let field = self.importer.columns.iter().find(|c| c.at == column).map(|c| c.field.key.to_string());
            self.out.unresolved.push(json!({ "column": column, "field": field, "values": list, "more": more }));
        }
        for (row, fault) in &self.faults {
            let mut problem = self.importer.describe(fault, self.lang);
            let key = fault.column.map(|at| (at, fault.value.clone()));
            problem["row"] = json!(row);
            problem["proposal"] = key.and_then(|k| proposed.get(&k).cloned()).unwrap_or(Value::Null);
            self.out.problems.push(problem);
        }
        for (object, (count, titles)) in std::mem::take(&mut self.makes) {
            if count > 0 {
                self.out.will_create.push(json!({ "object": object, "count": count, "titles": titles }));
            }
        }
        for group in std::mem::take(&mut self.groups) {
            let existing = match (group.found.row, group.found.hit) {
                (None, Hit::One(id)) => {
                    let title = self.importer.own.title(id).unwrap_or(&group.title);
                    json!({ "id": id.to_string(), "title": title })
                }
                _ => Value::Null,
            };
            self.out.duplicates.push(json!({
                "key": group.found.group, "rows": group.rows, "count": group.count, "title": group.title,
                "existing": existing, "matched_on": group.found.field, "action": group.action,
                "record": group.record, "display": group.display,
            }));
        }
        for column in self.importer.columns.iter() {
            if matches!(column.field.kind, FieldType::Date | FieldType::DateTime) {
                let date = json!({ "column": column.at, "order": column.order, "certain": column.certain });
                self.out.dates.push(date);
            }
        }
        self.out
    }
}
