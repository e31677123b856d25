//! Values written from the list: seen at once, sent one after the other, put back with the reason where the server
//! refuses, and undone by writing what was there before.

mod disputed;

use super::tools::Left;
use super::{List, strays};
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt, Written, title_of};
use crate::fields::reference;
use crate::i18n::{BATCH_SKIPPED_WHY, FIELD_FAULT, STALE_RELOADED, UNDO, UNDONE, label, t, tf};
use crate::record::ask;
use crate::state::{app, toast, touched};
use kezhan_meta::query::{Count, LIMIT_MAX, ListQuery};
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Op, Record};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// One value of one record, before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub id: String,
    pub key: String,
    pub before: Value,
    pub after: Value,
    /// Of the record when it was last seen.
    pub version: Option<i64>,
}

impl Write {
    pub fn of(record: &Record, key: &str, after: Value) -> Write {
        Write {
            id: record.id().to_owned(),
            key: key.to_owned(),
            before: record.value(key).clone(),
            after,
            version: record.version(),
        }
    }

    fn back(&self) -> Write {
        let (before, after) = (self.after.clone(), self.before.clone());
        Write { before, after, ..self.clone() }
    }
}

struct Job {
    list: List,
    object: Arc<ObjectMeta>,
    writes: Vec<Write>,
    kind: Kind,
    /// What the notice says, of a new act and of one done again.
    text: String,
    progress: Option<Callback<usize>>,
    then: Option<Callback<Outcome>>,
}

/// An undo remembers what it takes back, and a redo what else there is to be done again.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Act,
    Undo,
    Redo,
}

/// What became of a set of writes.
#[derive(Clone, Default)]
pub struct Outcome {
    pub done: Vec<Write>,
    pub failed: Vec<(Write, String)>,
}

/// Versions of the records written last.
const REMEMBERED: usize = 1_000;

thread_local! {
    static VERSIONS: RefCell<HashMap<String, i64>> = RefCell::new(HashMap::new());
    static QUEUE: RefCell<VecDeque<Job>> = const { RefCell::new(VecDeque::new()) };
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

fn remember(id: &str, version: Option<i64>) {
    let Some(version) = version else { return };
    VERSIONS.with_borrow_mut(|all| {
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(id.to_owned(), version);
    });
}

fn latest(id: &str) -> Option<i64> {
    VERSIONS.with_borrow(|all| all.get(id).copied())
}

/// Shows the values and sends them.
pub fn apply(list: List, writes: Vec<Write>, text: String) {
    start(list, writes, Kind::Act, text, None, None);
}

/// What a button in a row writes.
pub fn pressed(list: List, write: Write, text: String) -> AnyView {
    leptos::task::spawn_local(async move {
        apply(list, vec![write], text);
        let _ = list.pressed.try_set(None);
    });
    ().into_any()
}

/// As [`apply`], with a count of what is done and a word at the end.
pub fn apply_many(
    list: List,
    writes: Vec<Write>,
    text: String,
    progress: impl Fn(usize) + Send + Sync + 'static,
    then: impl Fn(Outcome) + Send + Sync + 'static,
) {
    start(list, writes, Kind::Act, text, Some(Callback::new(progress)), Some(Callback::new(then)));
}

fn undo(list: List, object: &Arc<ObjectMeta>, done: &[Write], text: &str) {
    let back: Vec<Write> = done.iter().map(Write::back).collect();
    match list.object.try_with_value(|_| ()).is_some() {
        true => start(list, back, Kind::Undo, text.to_owned(), None, None),
        // The list has gone with its page; what was written in it is still there.
        false => away(object.clone(), back, Kind::Undo, text.to_owned()),
    }
}

/// The same without the list that it was done in.
fn away(object: Arc<ObjectMeta>, writes: Vec<Write>, kind: Kind, text: String) {
    leptos::task::spawn_local(async move {
        let made = |id: &str| writes.iter().find(|w| w.id == id)?.version;
        let mut by_id: Vec<(String, Option<i64>, Record)> = Vec::new();
        for write in &writes {
            match by_id.iter_mut().find(|(id, ..)| *id == write.id) {
                Some((.., changes)) => drop(changes.insert(write.key.clone(), write.after.clone())),
                None => {
                    let changes = Record::from_iter([(write.key.clone(), write.after.clone())]);
                    by_id.push((write.id.clone(), write.version, changes));
                }
            }
        }
        // What was taken back before this has raised the version.
        for (id, version, _) in &mut by_id {
            *version = latest(id).or(*version);
        }
        let operation = |(id, version, changes): &(String, Option<i64>, Record)| {
            let undoes = made(id).filter(|_| kind == Kind::Undo);
            json!({"op": "update", "id": id, "record": changes, "version": version, "undoes": undoes})
        };
        let answers = match by_id.as_slice() {
            [(id, version, changes)] if kind == Kind::Undo => {
                let answer = records::take_back(&object, id, changes, made(id), *version).await;
                vec![answer.map(|record| Written { version: record.version(), record: Some(record) })]
            }
            all => {
                let operations: Vec<Value> = all.iter().map(operation).collect();
                records::batch(&object, &operations, |_| {}).await
            }
        };
        let mut done = Vec::new();
        for ((id, ..), answer) in by_id.iter().zip(&answers) {
            match answer {
                Ok(now) => {
                    remember(id, now.version);
                    let own = writes.iter().filter(|w| w.id == *id);
                    done.extend(own.map(|w| Write { version: now.version, ..w.clone() }));
                }
                Err(error) => toast::problem(reason(&object, error)),
            }
        }
        touched();
        if !done.is_empty() {
            let back: Vec<Write> = done.iter().map(Write::back).collect();
            match kind {
                Kind::Undo => toast::undone(t(UNDONE), move || {
                    away(object.clone(), back.clone(), Kind::Redo, text.clone());
                }),
                _ => toast::done_again(text.clone(), t(UNDO), move || {
                    away(object.clone(), back.clone(), Kind::Undo, text.clone());
                }),
            }
        }
    });
}

fn start(
    list: List,
    writes: Vec<Write>,
    kind: Kind,
    text: String,
    progress: Option<Callback<usize>>,
    then: Option<Callback<Outcome>>,
) {
    show(list, &writes);
    // What a paste left is seen to by hand, or goes back with the whole of it.
    if list.cells.left.with_untracked(|left| !left.is_empty()) {
        let mended = |one: &Left| writes.iter().any(|w| one.is(&w.id, &w.key));
        list.cells.left.update(|left| left.retain(|one| kind != Kind::Undo && !mended(one)));
    }
    let object = list.object.with_value(Arc::clone);
    QUEUE.with_borrow_mut(|queue| queue.push_back(Job { list, object, writes, kind, text, progress, then }));
    if !RUNNING.replace(true) {
        leptos::task::spawn_local(async {
            while let Some(job) = QUEUE.with_borrow_mut(VecDeque::pop_front) {
                run(job).await;
            }
            RUNNING.set(false);
        });
    }
}

/// Puts the values into the rows on screen.
fn show(list: List, writes: &[Write]) {
    let mut by_id: HashMap<&str, Vec<&Write>> = HashMap::new();
    for write in writes {
        by_id.entry(&write.id).or_default().push(write);
    }
    let ids: HashSet<&str> = by_id.keys().copied().collect();
    list.change(&ids, |record| {
        let id = record.id().to_owned();
        for write in by_id.get(id.as_str()).into_iter().flatten() {
            put(list, record, &write.key, write.after.clone());
        }
    });
}

/// A reference's name no longer fits its new value; it is kept for when the old one comes back.
fn put(list: List, record: &mut Record, key: &str, value: Value) {
    if record.value(key) == &value {
        return;
    }
    let target = list.object.with_value(|o| o.field(key).and_then(|f| f.target().map(str::to_owned)));
    if let Some(target) = target
        && let Some(known) = record.get_mut("expand").and_then(Value::as_object_mut).and_then(|e| e.remove(key))
        && let Some(id) = record.value(key).as_str()
    {
        reference::meet(id, &title_of(&target, &known));
    }
    record.insert(key.to_owned(), value);
}

async fn run(job: Job) {
    let Job { list, object, writes, kind, text, progress, then } = job;
    let mut order: Vec<&str> = Vec::new();
    let mut by_id: HashMap<&str, Vec<&Write>> = HashMap::new();
    for write in &writes {
        let all = by_id.entry(&write.id).or_default();
        if all.is_empty() {
            order.push(&write.id);
        }
        all.push(write);
    }
    let changes = |id: &str| -> Record {
        by_id.get(id).into_iter().flatten().map(|w| (w.key.clone(), w.after.clone())).collect()
    };
    // The version as of now: what was sent before this has raised it.
    let version = |id: &str| match list.find(id) {
        Some(row) => row.version(),
        None => by_id.get(id).and_then(|w| w.first()?.version),
    };
    // An undo says which change it takes back: what came along with that goes back too.
    let made = |id: &str| by_id.get(id).and_then(|w| w.first()?.version).filter(|_| kind == Kind::Undo);
    let answers: Vec<Result<Written, ApiError>> = match order.as_slice() {
        [id] => {
            let answer = match made(id) {
                Some(made) => records::take_back(&object, id, &changes(id), Some(made), version(id)).await,
                None => records::update(&object, id, &changes(id), version(id)).await,
            };
            vec![answer.map(|record| Written { version: record.version(), record: Some(record) })]
        }
        ids => {
            let operations: Vec<Value> = ids
                .iter()
                .map(|id| json!({"op": "update", "id": id, "record": changes(id), "version": version(id), "undoes": made(id)}))
                .collect();
            records::batch(&object, &operations, |n| {
                if let Some(progress) = progress {
                    progress.run(n);
                }
            })
            .await
        }
    };
    let mut outcome = Outcome::default();
    let mut asked: Vec<(FieldMeta, Option<String>)> = Vec::new();
    let mut in_vain = kind != Kind::Act;
    let mut fresh: HashMap<&str, Written> = HashMap::new();
    let mut stale: Vec<String> = Vec::new();
    for (id, answer) in order.iter().zip(answers) {
        let writes = by_id.get(id).into_iter().flatten().map(|w| (*w).clone());
        match answer {
            Ok(written) => {
                remember(id, written.version);
                outcome.done.extend(writes.map(|w| Write { version: written.version, ..w }));
                fresh.insert(id, written);
            }
            Err(error) => {
                let reason = reason(&object, &error);
                // A rule that more would satisfy is a question, not an end.
                let wanted = ask::asked_by(&object, &error, &changes(id));
                in_vain |= wanted.is_empty();
                for one in wanted {
                    if asked.iter().all(|(field, _)| field.key != one.0.key) {
                        asked.push(one);
                    }
                }
                if is_stale(&error) {
                    stale.push((*id).to_owned());
                }
                outcome.failed.extend(writes.map(|w| (w, reason.clone())));
            }
        }
    }
    absorb(list, &fresh);
    roll_back(list, &outcome.failed);
    // One that somebody else was faster with is for whoever typed to decide.
    let base = list.find(order.first().unwrap_or(&"")).filter(|_| kind == Kind::Act && then.is_none());
    reload(list, &stale).await;
    wrote(list);
    let ids: Vec<String> = fresh.keys().map(|id| (*id).to_owned()).collect();
    leptos::task::spawn_local(strays::mark(list, ids));
    if let (Some(base), [id], [_]) = (base, stale.as_slice(), order.as_slice()) {
        return disputed::clash(list, object, &base, changes(id), text);
    }
    if !asked.is_empty() && !in_vain {
        let done = Outcome { done: std::mem::take(&mut outcome.done), ..Outcome::default() };
        report(list, &object, &done, kind, text.clone(), false);
        return disputed::question(list, object, outcome, asked, (text, progress, then));
    }
    // Whoever wants to know names the failures too.
    report(list, &object, &outcome, kind, text, then.is_none());
    if let Some(then) = then {
        then.run(outcome);
    }
}

/// For people: the field's fault where there is one, and whose it is.
pub fn reason(object: &ObjectMeta, error: &ApiError) -> String {
    if is_stale(error) {
        return t(STALE_RELOADED).to_owned();
    }
    let Some(item) = error.items().first() else { return error.message() };
    match object.field(item.field.rsplit('.').next().unwrap_or_default()) {
        Some(field) => tf(FIELD_FAULT, &[("field", &label(&field.label)), ("message", &item.message)]),
        None => item.message.clone(),
    }
}

fn is_stale(error: &ApiError) -> bool {
    error.is_stale() || error.items().first().is_some_and(|i| i.code == "stale")
}

/// Rows that somebody else has changed are shown as they are now; tells those that are no longer to be had.
pub async fn reload(list: List, ids: &[String]) -> Vec<String> {
    let mut gone = Vec::new();
    let Some(state) = list.state.try_get_untracked().filter(|_| !ids.is_empty()) else { return gone };
    for chunk in ids.chunks(LIMIT_MAX as usize) {
        let query = ListQuery {
            filter: Some(Filter::field("id", Op::In, json!(chunk))),
            sort: Vec::new(),
            q: None,
            import: None,
            count: Count::None,
            limit: Some(LIMIT_MAX),
            ..state.query(None)
        };
        let Ok(page) = records::query(&state.object.plural, &query).await else { return gone };
        let rows: HashMap<&str, &Record> = page.data.iter().map(|r| (r.id(), r)).collect();
        let found: HashSet<&str> = rows.keys().copied().collect();
        list.change(&found, |row| {
            let id = row.id().to_owned();
            if let Some(now) = rows.get(id.as_str()) {
                row.clone_from(now);
            }
        });
        gone.extend(chunk.iter().filter(|id| !found.contains(id.as_str())).cloned());
    }
    gone
}

/// What the server made of it, except where another change is under way.
fn absorb(list: List, fresh: &HashMap<&str, Written>) {
    let pending: HashSet<(String, String)> = QUEUE.with_borrow(|queue| {
        queue.iter().flat_map(|job| job.writes.iter().map(|w| (w.id.clone(), w.key.clone()))).collect()
    });
    let ids: HashSet<&str> = fresh.keys().copied().collect();
    list.change(&ids, |row| {
        let id = row.id().to_owned();
        let Some(written) = fresh.get(id.as_str()) else { return };
        if let Some(record) = &written.record {
            let keys: Vec<String> = row.keys().filter(|k| *k != "expand").cloned().collect();
            for key in keys {
                if let Some(value) = record.get(&key).filter(|_| !pending.contains(&(id.clone(), key.clone()))) {
                    put(list, row, &key, value.clone());
                }
            }
        }
        if let Some(version) = written.version {
            row.insert("version".to_owned(), json!(version));
        }
    });
}

fn roll_back(list: List, failed: &[(Write, String)]) {
    if failed.is_empty() {
        return;
    }
    let back: Vec<Write> = failed.iter().map(|(w, _)| w.back()).collect();
    show(list, &back);
    let cells: Vec<(String, String)> = back.into_iter().map(|w| (w.id, w.key)).collect();
    let _ = list.cells.refused.try_set(cells);
    set_timeout(
        move || {
            let _ = list.cells.refused.try_set(Vec::new());
        },
        Duration::from_millis(2500),
    );
}

/// Others look again; this list shows it already.
pub fn wrote(list: List) {
    let next = app().written.get_untracked() + 1;
    if list.own.try_set_value(next).is_none() {
        list.rows.seen(next);
    }
    touched();
}

fn report(list: List, object: &Arc<ObjectMeta>, outcome: &Outcome, kind: Kind, text: String, failures: bool) {
    if let Some((_, first)) = outcome.failed.first().filter(|_| failures) {
        let mut reasons: Vec<&str> = Vec::new();
        for (_, reason) in &outcome.failed {
            if !reasons.contains(&reason.as_str()) && reasons.len() < 3 {
                reasons.push(reason);
            }
        }
        match outcome.failed.len() {
            1 => toast::problem(first.clone()),
            _ => {
                let ids: HashSet<&str> = outcome.failed.iter().map(|(w, _)| w.id.as_str()).collect();
                toast::problem(tf(BATCH_SKIPPED_WHY, &[("n", &ids.len().to_string()), ("why", &reasons.join(" "))]));
            }
        }
    }
    if outcome.done.is_empty() {
        return;
    }
    let (object, done) = (object.clone(), outcome.done.clone());
    match kind {
        Kind::Undo => toast::undone(t(UNDONE), move || {
            let again: Vec<Write> = done.iter().map(Write::back).collect();
            match list.object.try_with_value(|_| ()).is_some() {
                true => start(list, again, Kind::Redo, text.clone(), None, None),
                false => away(object.clone(), again, Kind::Redo, text.clone()),
            }
        }),
        Kind::Act => toast::undoable(text.clone(), t(UNDO), move || undo(list, &object, &done, &text)),
        Kind::Redo => toast::done_again(text.clone(), t(UNDO), move || undo(list, &object, &done, &text)),
    }
}
