//! What a form holds: the fields that a person fills in, and the record that they make together.

use super::{Plan, keep};
use crate::api::records::{self, RecordExt};
use crate::fields;
use crate::record::{self, similar::Similar};
use crate::state::{catalog, prefs, session};
use kezhan_meta::layout::{Place, Standing};
use kezhan_meta::matches::{self, Reached};
use kezhan_meta::{Default, FieldMeta, Layout, ObjectMeta, Record, normalise_value};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One field of the form.
#[derive(Clone)]
pub struct Draft {
    pub field: FieldMeta,
    pub value: RwSignal<Value>,
    pub error: RwSignal<Option<String>>,
    pub expanded: Option<Value>,
    /// What stands there where nobody has typed.
    pub pristine: Value,
}

#[derive(Clone)]
pub struct Form {
    pub object: Arc<ObjectMeta>,
    pub drafts: StoredValue<Vec<Draft>>,
    /// The record as it was read; nothing for a new one.
    pub base: RwSignal<Option<Record>>,
    pub problem: RwSignal<Option<String>>,
    /// Field and text of whatever is to be corrected; the summary lists them.
    pub faults: RwSignal<Vec<(String, String)>>,
    pub busy: RwSignal<bool>,
    pub similar: Similar,
    /// The record as it stands in the form.
    pub live: Memo<Record>,
    /// Records that conditions read through a reference, by id.
    known: RwSignal<HashMap<String, Record>>,
    asked: StoredValue<HashSet<String>>,
    pub kept: keep::Slot,
    /// What was begun before is back; had the record been changed since?
    pub restored: Option<bool>,
    pub wide: bool,
}

/// Fields that a person fills in.
fn editable(object: &ObjectMeta, new: bool) -> impl Iterator<Item = &FieldMeta> {
    object.fields.iter().filter(move |f| !f.read_only && (new || !f.immutable) && (!f.hidden || f.required))
}

/// What a new record starts with.
fn default_value(object: &ObjectMeta, field: &FieldMeta) -> (Value, Option<Value>) {
    if record::settled::elsewhere(object, &field.key) {
        return (json!({}), None);
    }
    let me = session::me().filter(|_| matches!(field.default, Some(Default::CurrentUser)));
    (fields::usual(field), me.map(|me| json!({"id": me.id, "name": me.name})))
}

impl Draft {
    /// The server makes it of the rest where it is left empty.
    pub fn derived(&self) -> bool {
        self.field.default == Some(Default::Derived)
    }
}

/// A value as it may be stored: a file that waits for the record is sent once there is one.
pub fn settled(field: &FieldMeta, value: &Value) -> Result<Value, kezhan_meta::Violation> {
    match fields::file::waits(value) {
        true => Ok(Value::Null),
        false => normalise_value(field, value),
    }
}

/// The keys of fields without which nothing comes to where a record refers to: of stages.
const REQUIRES: &str = "requires";

impl Form {
    pub fn new(plan: &Plan) -> Form {
        let Plan { object, base, given, wide, .. } = plan;
        let kept = keep::Slot::of(object, base.as_ref(), given);
        let (restored, outdated) = kept.read().unzip();
        let drafts: Vec<Draft> = editable(object, base.is_none())
            .map(|field| {
                let (pristine, expanded) = match base {
                    Some(record) => (record.value(&field.key).clone(), record.expanded(&field.key).cloned()),
                    None => match given.get(field.key.as_ref()) {
                        Some(value) => (value.clone(), None),
                        None => default_value(object, field),
                    },
                };
                let mine = restored.as_ref().and_then(|r| r.get(field.key.as_ref())).filter(|v| **v != pristine);
                let (value, expanded) = match mine {
                    Some(mine) => (mine.clone(), None),
                    None => (pristine.clone(), expanded),
                };
                Draft {
                    field: field.clone(),
                    value: RwSignal::new(value),
                    error: RwSignal::new(None),
                    expanded,
                    pristine,
                }
            })
            .collect();
        let restored = drafts.iter().any(|d| d.value.with_untracked(|v| *v != d.pristine));
        let restored = restored.then(|| outdated.unwrap_or_default());
        let drafts = StoredValue::new(drafts);
        let base = RwSignal::new(base.clone());
        let live = Memo::new(move |_| {
            let mut record = base.get().unwrap_or_default();
            record.remove("expand");
            drafts.with_value(|all| {
                for draft in all {
                    let value = draft.value.with(|v| settled(&draft.field, v)).unwrap_or(Value::Null);
                    record.insert(draft.field.key.to_string(), value);
                }
            });
            record
        });
        let form = Form {
            similar: Similar::new(),
            object: object.clone(),
            drafts,
            base,
            problem: RwSignal::new(None),
            faults: RwSignal::new(Vec::new()),
            busy: RwSignal::new(false),
            live,
            known: RwSignal::new(HashMap::new()),
            asked: StoredValue::new(HashSet::new()),
            kept,
            restored,
            wide: *wide,
        };
        form.reach();
        form.cascade();
        form.keep();
        if base.with_untracked(Option::is_none) {
            form.similar.follow(&form.object, form.live);
        }
        form
    }

    pub fn layout(&self) -> Layout {
        self.object.layout.clone().unwrap_or_else(|| Layout::generated(&self.object))
    }

    pub fn draft(&self, key: &str) -> Option<Draft> {
        self.drafts.with_value(|all| all.iter().find(|d| d.field.key == key).cloned())
    }

    /// Fetches what conditions read through a reference, and what asks for more, each record once.
    fn reach(&self) {
        let heads: HashSet<String> = self.layout().reaches().into_iter().chain(self.gates()).collect();
        let (object, live, known, asked) = (self.object.clone(), self.live, self.known, self.asked);
        if heads.is_empty() {
            return;
        }
        Effect::new(move || {
            for head in &heads {
                let target = object.field(head).and_then(|f| f.target()).and_then(catalog::object);
                let id = live.with(|r| r.value(head).as_str().map(str::to_owned));
                let (Some(target), Some(id)) = (target, id) else { continue };
                if !asked.try_update_value(|all| all.insert(id.clone())).unwrap_or_default() {
                    continue;
                }
                leptos::task::spawn_local(async move {
                    // Without it the condition decides nothing; the server does.
                    if let Ok(found) = records::read(&target, &id).await {
                        let _ = known.try_update(|k| k.insert(id, found));
                    }
                });
            }
        });
    }

    /// Fields that refer to what says which other fields there must be, as a stage does.
    fn gates(&self) -> Vec<String> {
        let asks = |f: &&FieldMeta| f.target().and_then(catalog::object).is_some_and(|o| o.field(REQUIRES).is_some());
        self.object.fields.iter().filter(asks).map(|f| f.key.to_string()).collect()
    }

    fn reached(&self, record: &Record, known: &HashMap<String, Record>) -> HashMap<String, Record> {
        let one = |head: String| {
            let found = known.get(record.value(&head).as_str()?)?.clone();
            Some((head, found))
        };
        self.layout().reaches().into_iter().filter_map(one).collect()
    }

    /// How a field stands, as often as that changes.
    pub fn standing(&self, place: &Place) -> Memo<Standing> {
        const FREE: Standing = Standing { visible: true, required: false, read_only: false };
        let (free, gates) = (place.conditions().next().is_none(), self.gates());
        if free && gates.is_empty() {
            return Memo::new(|_| FREE);
        }
        let (form, place) = (self.clone(), place.clone());
        Memo::new(move |_| {
            let now = form.live.get();
            let before = form.base.get();
            form.known.with(|known| {
                let around = form.reached(&now, known);
                let earlier = before.as_ref().map(|b| form.reached(b, known)).unwrap_or_default();
                let entered = |gate: &String| {
                    let to = now.value(gate);
                    let asked = to.as_str().and_then(|id| known.get(id)).map(|to| to.value(REQUIRES));
                    let asked = asked.and_then(Value::as_array).into_iter().flatten();
                    before.as_ref().is_none_or(|b| b.value(gate) != to)
                        && asked.into_iter().any(|key| key.as_str() == Some(place.field.as_ref()))
                };
                let required = gates.iter().any(entered);
                let before = before.as_ref().map(|record| Reached { record, references: &earlier });
                let before = before.as_ref().map(|b| b as &dyn matches::Graph);
                let after = Reached { record: &now, references: &around };
                let standing = match free {
                    true => FREE,
                    false => place.standing(&catalog::catalog(), &form.object, &prefs::context(), before, &after),
                };
                Standing { required: required || standing.required, ..standing }
            })
        })
    }

    /// The same at this moment.
    pub fn stands(&self, key: &str) -> Standing {
        match self.layout().place(key) {
            Some(place) => untrack(|| self.standing(place).get()),
            None => Standing { visible: true, required: false, read_only: false },
        }
    }
}
