//! What one can do with a record beyond changing its fields: convert, move to a stage, transfer.

use kezhan_engine::{Action, Caller, Engine, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record, Violation};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// The record that an action is about, and who wants it done.
pub struct Target<'a> {
    pub engine: &'a Engine,
    pub conn: &'a mut diesel::PgConnection,
    pub caller: &'a Caller,
    pub object: &'a Arc<ObjectMeta>,
    pub id: Uuid,
    /// As the caller sees it.
    pub record: &'a Record,
    /// The version that the caller has seen, where it says so.
    pub expected: Option<i64>,
}

impl Target<'_> {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.record.get(key).and_then(Value::as_str)
    }

    /// Another object of the tenant's.
    pub fn object(&self, name: &str) -> Result<Arc<ObjectMeta>> {
        self.caller.catalog.get(name).cloned().ok_or_else(|| Error::Internal(format!("no object {name}")))
    }
}

/// A thing to do with a record. It runs inside one transaction, under the caller's own rights.
pub trait ActionDef: Send + Sync {
    /// Path segment: `convert`.
    fn key(&self) -> &'static str;

    fn label(&self) -> Label;

    /// One sentence for the API reference.
    fn help(&self) -> &'static str;

    /// The objects that have this action.
    fn applies(&self, object: &ObjectMeta) -> bool;

    /// The right to the record that it takes.
    fn permission(&self) -> Action {
        Action::Edit
    }

    /// JSON schema of the input, an object. What is no field of the object is named for people by `x-label`, and the
    /// words of an `enum` by `x-options`, in the form of a choice's options. `x-preview` names the action that tells what
    /// this one would do; `x-danger` says that it cannot be taken back.
    fn input(&self) -> Value;

    /// Among what people choose from? Not what a screen of its own asks for.
    fn offered(&self) -> bool {
        true
    }

    /// Does the answer hold what is shown once? Then it is not kept for a repetition under the same `Idempotency-Key`,
    /// which gets the id alone.
    fn answers_secret(&self) -> bool {
        false
    }

    /// Does the record's present state allow it?
    fn possible(&self, _record: &Record) -> bool {
        true
    }

    /// Does it; the answer is the action's result.
    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value>;
}

/// Every action of the product.
pub fn all() -> Vec<Arc<dyn ActionDef>> {
    vec![
        Arc::new(crate::customers::convert::Convert),
        Arc::new(crate::sales::move_stage::MoveStage),
        Arc::new(crate::people::transfer::Transfer),
        Arc::new(crate::people::set_password::SetPassword),
        Arc::new(crate::people::end_sessions::EndSessions),
        Arc::new(crate::people::invite::MakeLink(crate::people::links::Purpose::Invitation)),
        Arc::new(crate::people::invite::MakeLink(crate::people::links::Purpose::Reset)),
        Arc::new(crate::people::factors::remove::RemoveSecondFactor),
        Arc::new(crate::people::effect::Effect),
        Arc::new(crate::people::move_effect::MoveEffect),
        Arc::new(crate::people::reveal::Reveal),
        Arc::new(crate::people::outside::secret::SetSecret),
        Arc::new(crate::people::outside::preview::Preview),
        Arc::new(crate::people::outside::sync::Sync),
        Arc::new(crate::platform::merge::Merge),
        Arc::new(crate::platform::merge::Unmerge),
        Arc::new(crate::platform::privacy::Gather),
        Arc::new(crate::platform::privacy::Foresee),
        Arc::new(crate::platform::privacy::Restrict),
        Arc::new(crate::platform::privacy::Erase),
    ]
}

/// Keys of the input that the schema does not know, as faults.
pub fn refuse_unknown(action: &dyn ActionDef, input: &Record) -> Result<()> {
    let schema = action.input();
    let known = schema.get("properties").and_then(Value::as_object);
    let unknown = |key: &&String| known.is_none_or(|k| !k.contains_key(key.as_str()));
    let faults: Vec<Violation> =
        input.keys().filter(unknown).map(|key| Violation::new(key.as_str(), Code::UnknownKey)).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// An id in the input; none where it is empty.
pub fn id(input: &Record, key: &str) -> Result<Option<Uuid>> {
    match input.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => match Uuid::parse_str(text) {
            Ok(id) => Ok(Some(id)),
            Err(_) => Err(Error::Invalid(vec![Violation::new(key, Code::WrongType).with("id")])),
        },
        Some(_) => Err(Error::Invalid(vec![Violation::new(key, Code::WrongType).with("id")])),
    }
}

/// An id that the action cannot do without.
pub fn required_id(input: &Record, key: &str) -> Result<Uuid> {
    id(input, key)?.ok_or_else(|| Error::invalid(key, Code::Required))
}
