//! The import itself, as a durable job: chunks of rows, each in one transaction with what became of them and how far
//! the job has come. Killed at any moment, it loses and doubles nothing.

use super::directory::Hit;
use super::ledger::{self, Entry};
use super::read::RowSource;
use super::rows::{Fault, Importer, Row, Verdict, open};
use super::settings::Plan;
use super::{Cell, Format, preview};
use crate::jobs::{Job, Run, Signal};
use crate::sql::Sql;
use crate::vault::files::Stored;
use crate::{Caller, Channel, Engine, Error, Result};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record, Violation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

const CHUNK_FIRST: usize = 50;
pub(super) const CHUNK_MAX: usize = 500;
/// A chunk is to take about this long, so that progress moves and locks are short.
const CHUNK_TIME: Duration = Duration::from_millis(700);
/// From so many rows on, an import changes what the planner should know.
const STATISTICS_FROM: u64 = 500;
/// Rows of a dry run that runs as a job.
const DRY_ROWS: u64 = 2_000_000;

pub const KIND: &str = "import";

/// What a job of this kind is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub plan: Plan,
    /// Name of the file, for people.
    pub name: String,
    /// Where it lies, below the root of files.
    pub path: String,
    pub format: Format,
    pub headers: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Waiting,
    Scanning,
    Importing,
    Linking,
    Finished,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub phase: Phase,
    pub total: u64,
    pub done: u64,
    pub created: u64,
    pub updated: u64,
    pub skipped: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub deleted: u64,
    /// Records made on the way.
    pub parents: u64,
    /// Rows that went in without one of their references.
    pub warnings: u64,
    pub per_second: f64,
    /// The change feed's number before the first row.
    pub since: i64,
}

/// What marks the changes of one import in the history.
pub fn request_id(job: Uuid) -> String {
    format!("import-{job}")
}

pub fn progress(job: &Job) -> Progress {
    serde_json::from_value(job.progress.clone()).unwrap_or_default()
}

/// Runs or continues an import.
pub fn run(
    engine: &Engine,
    hints: &super::hints::Hints,
    caller: &Caller,
    root: &Path,
    conn: &mut PgConnection,
    run: &mut Run,
) -> Result<Signal> {
    let order: Order = serde_json::from_value(run.job.payload.clone()).map_err(|e| Error::Internal(e.to_string()))?;
    let caller = Caller { channel: Channel::Import, request_id: request_id(run.job.id), ..caller.clone() };
    let mut state = progress(&run.job);
    state.phase = if state.total == 0 { Phase::Scanning } else { state.phase };
    match run.checkpoint(conn, &state)? {
        Signal::Cancel if state.total == 0 => return Ok(Signal::Cancel),
        Signal::Pause => return Ok(Signal::Pause),
        Signal::Cancel | Signal::Continue => {}
    }
    let file = Stored::find(engine.vault(), conn, caller.tenant, root, &order.path)?;
    let mut source = open(&file, &order.plan)?;
    let mut importer = Importer::new(engine, hints, conn, &caller, order.plan, &*source)?;
    if importer.plan.dry_run {
        let preview = preview::run(&mut importer, conn, &mut *source, DRY_ROWS)?;
        state = Progress { phase: Phase::Finished, total: preview.rows, done: preview.scanned, ..state };
        let report = serde_json::to_value(&preview).map_err(|e| Error::Internal(e.to_string()))?;
        match importer.brings_sealed() {
            true => run.report_sealed(conn, engine.vault(), report)?,
            false => run.report(conn, report)?,
        }
        run.checkpoint(conn, &state)?;
        return Ok(Signal::Continue);
    }
    let scan = importer.scan(&mut *source)?;
    if state.phase == Phase::Scanning {
        state = Progress { phase: Phase::Importing, total: scan.rows, since: last_change(conn, &caller)?, ..state };
    }
    importer.made = ledger::made_before(conn, &run.job)?;
    source.seek_row(state.done).map_err(super::rows::unreadable)?;
    let together = engine.creates_many(&importer.object);
    let mut work = Work { importer, run, state, pending: Vec::new(), together, started: Instant::now(), begun: 0 };
    work.begun = work.state.done;
    let signal = work.all(conn, &mut *source)?;
    if signal == Signal::Continue && work.state.done > STATISTICS_FROM {
        count_anew(conn, &work.importer.object);
    }
    Ok(signal)
}

/// Lets the planner know at once what came in: until the database's own housekeeping comes round it would plan for
/// empty tables, and whoever looks at the result would wait for minutes.
fn count_anew(conn: &mut PgConnection, object: &ObjectMeta) {
    for table in ["import_rows", object.table.as_ref()] {
        let mut sql = Sql::new("ANALYZE ");
        sql.ident(table);
        if let Err(error) = sql.execute(conn) {
            log::warn!("no new statistics of {table}: {error}");
        }
    }
}

pub(super) fn last_change(conn: &mut PgConnection, caller: &Caller) -> Result<i64> {
    let mut sql = Sql::new("SELECT coalesce(max(seq), 0) FROM changes WHERE tenant_id = ");
    sql.uuid(caller.tenant);
    let mut last = 0;
    sql.rows(conn, |row| {
        last = row.int8(0).unwrap_or_default();
        Ok(())
    })?;
    Ok(last)
}

/// An import under way.
pub(super) struct Work<'w, 'e> {
    pub(super) importer: Importer<'e>,
    pub(super) run: &'w mut Run,
    pub(super) state: Progress,
    /// New records of the rows at hand, created together. They have their ids and are known to the directories.
    pending: Vec<(Uuid, Record)>,
    together: bool,
    started: Instant,
    begun: u64,
}

impl Work<'_, '_> {
    fn all(&mut self, conn: &mut PgConnection, source: &mut dyn RowSource) -> Result<Signal> {
        let mut size = CHUNK_FIRST;
        // A resumed job takes back the rows that were given up when it was cancelled.
        if self.state.cancelled > 0 {
            self.revive(conn)?;
        }
        while self.state.phase == Phase::Importing {
            let rows = self.read(source, size);
            let started = Instant::now();
            let signal = match rows.is_empty() {
                true => {
                    self.state.phase = Phase::Linking;
                    self.run.checkpoint(conn, &self.state)?
                }
                false => self.chunk(conn, rows)?,
            };
            match signal {
                Signal::Continue => {}
                Signal::Pause => return Ok(Signal::Pause),
                Signal::Cancel => {
                    self.give_up(conn, source)?;
                    return Ok(Signal::Cancel);
                }
            }
            let took = started.elapsed();
            if took < CHUNK_TIME / 2 {
                size = (size * 2).min(CHUNK_MAX);
            } else if took > CHUNK_TIME * 2 {
                size = (size / 2).max(10);
            }
        }
        while self.state.phase == Phase::Linking {
            let signal = self.link(conn)?;
            if signal != Signal::Continue && self.state.phase == Phase::Linking {
                return Ok(signal);
            }
        }
        Ok(Signal::Continue)
    }

    fn read(&self, source: &mut dyn RowSource, size: usize) -> Vec<(u64, RowText)> {
        let mut rows = Vec::with_capacity(size);
        while rows.len() < size {
            let Some(read) = source.next_row() else { break };
            rows.push((source.row_number(), read));
        }
        rows
    }

    /// All rows at once; one by one where one of them fails, so that it does not sink the others.
    fn chunk(&mut self, conn: &mut PgConnection, rows: Vec<(u64, RowText)>) -> Result<Signal> {
        let before = self.state.clone();
        let mark = self.importer.mark();
        let fast = conn.transaction(|conn| self.attempt(conn, &rows, false));
        let result = match fast {
            Err(error) if ledger::is_about_a_row(&error) => {
                self.importer.forget(&mark);
                self.state = before.clone();
                conn.transaction(|conn| self.attempt(conn, &rows, true))
            }
            other => other,
        };
        match &result {
            Ok(_) => self.importer.keep(),
            Err(_) => {
                self.importer.forget(&mark);
                self.state = before;
            }
        }
        result
    }

    fn attempt(&mut self, conn: &mut PgConnection, rows: &[(u64, RowText)], carefully: bool) -> Result<Signal> {
        let mut entries = Vec::with_capacity(rows.len());
        self.pending.clear();
        for (number, read) in rows {
            let row = self.importer.row(*number, read.clone());
            let found = self.importer.matching(&row);
            let verdict = self.importer.decide(&row, found.as_ref());
            let (at, mark) = (entries.len(), self.importer.mark());
            let done = match carefully {
                false => self.apply(conn, &row, &verdict, &mut entries),
                true => conn.transaction(|conn| {
                    self.apply(conn, &row, &verdict, &mut entries).and_then(|()| self.settle(conn))
                }),
            };
            match done {
                Ok(()) => {}
                Err(error) if carefully && ledger::is_about_a_row(&error) => {
                    entries.truncate(at);
                    self.pending.clear();
                    self.importer.forget(&mark);
                    let faults = self.faults(&row, &error);
                    self.fail(&row, &faults, &mut entries);
                }
                Err(error) => return Err(error),
            }
            self.state.done += 1;
        }
        self.settle(conn)?;
        self.store(conn, &mut entries)?;
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        self.state.per_second = ((self.state.done - self.begun) as f64 / seconds * 10.0).round() / 10.0;
        let state = self.state.clone();
        self.run.checkpoint(conn, &state)
    }

    fn apply(&mut self, conn: &mut PgConnection, row: &Row, verdict: &Verdict, entries: &mut Vec<Entry>) -> Result<()> {
        let object = self.importer.object.clone();
        let engine = self.importer.engine;
        let (outcome, id) = match verdict {
            Verdict::Fail(_) => {
                let faults: Vec<Fault> = match (verdict, row.faults.is_empty()) {
                    (Verdict::Fail(fault), true) => vec![fault.clone()],
                    _ => row.faults.clone(),
                };
                self.fail(row, &faults, entries);
                return Ok(());
            }
            Verdict::Skip => {
                let found = self.importer.matching(row);
                let id = found.and_then(|f| match f.hit {
                    Hit::One(id) => Some(id),
                    Hit::Many => None,
                });
                entries.push(Entry { raw: Some(ledger::raw(&row.cells)), ..self.entry(row, "skipped", id) });
                return Ok(());
            }
            Verdict::Delete(id) => {
                self.settle(conn)?;
                engine.delete(conn, &self.importer.caller, &object, *id, None)?;
                ("deleted", *id)
            }
            Verdict::Create => {
                let mut record = self.importer.fresh(row);
                self.make(conn, row, &mut record, entries)?;
                let id = match self.together {
                    true => Uuid::now_v7(),
                    false => engine.create(conn, &self.importer.caller, &object, record.clone())?.id,
                };
                if self.together {
                    self.pending.push((id, record.clone()));
                }
                record.insert("id".to_owned(), json!(id.to_string()));
                self.importer.note(&object.name, id, &record, Some(row.number));
                ("created", id)
            }
            Verdict::Update(id) => {
                self.settle(conn)?;
                let mut patch = self.importer.patch(row);
                self.make(conn, row, &mut patch, entries)?;
                engine.update(conn, &self.importer.caller, &object, *id, patch, None)?;
                ("updated", *id)
            }
        };
        let links = (!row.links.is_empty() && outcome != "deleted").then(|| {
            json!(row.links.iter().map(|l| json!({ "field": l.field, "title": l.title })).collect::<Vec<_>>())
        });
        entries.push(Entry { links, ..self.entry(row, outcome, Some(id)) });
        Ok(())
    }

    /// Creates what is pending.
    fn settle(&mut self, conn: &mut PgConnection) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.importer.engine.create_many(conn, &self.importer.caller, &self.importer.object, &pending)
    }

    /// Makes the records that the row needs and that are still missing.
    fn make(
        &mut self,
        conn: &mut PgConnection,
        row: &Row,
        record: &mut Record,
        entries: &mut Vec<Entry>,
    ) -> Result<()> {
        for (at, make) in row.makes.iter().enumerate() {
            let known = self.importer.targets.get(&make.target).and_then(|d| d.find(&make.title));
            let id = match known {
                Some(Hit::One(id)) => id,
                Some(Hit::Many) => {
                    return Err(Error::Invalid(vec![
                        Violation::new(&*make.field, Code::AmbiguousValue).with(&make.title),
                    ]));
                }
                None => {
                    let unknown = || Error::Internal(format!("unknown object {}", make.target));
                    let target = self.importer.caller.catalog.get(&make.target).cloned().ok_or_else(unknown)?;
                    let values = self.importer.making(&target, &make.title);
                    // What is wrong with the missing record is wrong with the column that names it.
                    let written =
                        self.importer.engine.create(conn, &self.importer.caller, &target, values.clone()).map_err(
                            |error| match error {
                                Error::Invalid(mut faults) => {
                                    faults.iter_mut().for_each(|f| f.field.clone_from(&make.field));
                                    Error::Invalid(faults)
                                }
                                other => other,
                            },
                        )?;
                    self.importer.note(&target.name, written.id, &values, None);
                    let object = target.name.to_string();
                    entries.push(Entry { part: at + 1, object, ..self.entry(row, "created", Some(written.id)) });
                    written.id
                }
            };
            let value = json!(id.to_string());
            match self.importer.object.field(&make.field).map(|f| f.kind.is_list()) {
                Some(true) => match record.entry(make.field.clone()).or_insert_with(|| json!([])) {
                    Value::Array(list) => list.push(value),
                    other => *other = json!([value]),
                },
                _ => drop(record.insert(make.field.clone(), value)),
            }
        }
        Ok(())
    }

    fn entry(&self, row: &Row, outcome: &'static str, record_id: Option<Uuid>) -> Entry {
        let object = self.importer.object.name.to_string();
        Entry { row_no: row.number, outcome, object, record_id, ..Entry::default() }
    }

    fn fail(&self, row: &Row, faults: &[Fault], entries: &mut Vec<Entry>) {
        let lang = self.importer.caller.lang;
        let errors: Vec<Value> = faults.iter().map(|f| self.importer.describe(f, lang)).collect();
        let error = Some(json!(errors));
        entries.push(Entry { error, raw: Some(ledger::raw(&row.cells)), ..self.entry(row, "failed", None) });
    }

    fn faults(&self, row: &Row, error: &Error) -> Vec<Fault> {
        let whole = |code, args: &[String]| Fault {
            column: None,
            field: String::new(),
            value: String::new(),
            code,
            args: args.to_vec(),
        };
        match error {
            Error::Invalid(list) => list.iter().map(|v| self.importer.fault_of(row, v)).collect(),
            Error::Refused { code, args } => vec![whole(*code, args)],
            Error::Stale(_) => vec![whole(Code::Stale, &[])],
            other => {
                log::warn!("row {} of import {} fails: {other}", row.number, self.run.job.id);
                vec![whole(Code::BadRow, &[self.run.job.id.to_string()])]
            }
        }
    }

    /// Puts these rows on record.
    fn store(&mut self, conn: &mut PgConnection, entries: &mut [Entry]) -> Result<()> {
        let vault = self.importer.brings_sealed().then(|| self.importer.engine.vault());
        ledger::store(conn, &self.run.job, entries, vault)?;
        self.count(entries);
        Ok(())
    }

    fn count(&mut self, entries: &[Entry]) {
        for entry in entries {
            let state = &mut self.state;
            match (entry.part, entry.outcome) {
                (1.., _) => state.parents += 1,
                (_, "created") => state.created += 1,
                (_, "updated") => state.updated += 1,
                (_, "skipped") => state.skipped += 1,
                (_, "deleted") => state.deleted += 1,
                (_, "cancelled") => state.cancelled += 1,
                _ => state.failed += 1,
            }
        }
    }

    /// Every row that was not reached is on record as such.
    fn give_up(&mut self, conn: &mut PgConnection, source: &mut dyn RowSource) -> Result<()> {
        conn.transaction(|conn| {
            loop {
                let rows = self.read(source, CHUNK_MAX * 4);
                if rows.is_empty() {
                    break;
                }
                let object = self.importer.object.name.to_string();
                let entry = |(row_no, _): &(u64, RowText)| Entry {
                    row_no: *row_no,
                    outcome: "cancelled",
                    object: object.clone(),
                    ..Entry::default()
                };
                let mut entries: Vec<Entry> = rows.iter().map(entry).collect();
                self.store(conn, &mut entries)?;
            }
            let state = self.state.clone();
            self.run.checkpoint(conn, &state).map(drop)
        })
    }

    fn revive(&mut self, conn: &mut PgConnection) -> Result<()> {
        conn.transaction(|conn| {
            let mut sql = Sql::new("DELETE FROM import_rows WHERE tenant_id = ");
            sql.uuid(self.run.job.tenant_id).push(" AND job_id = ").uuid(self.run.job.id);
            sql.push(" AND outcome = 'cancelled'");
            sql.execute(conn)?;
            self.state.cancelled = 0;
            let state = self.state.clone();
            self.run.checkpoint(conn, &state).map(drop)
        })
    }
}

type RowText = std::result::Result<Vec<Cell>, super::read::RowError>;
