//! What may be the same as a record that is being made, or that is there.

use super::Request;
use crate::call::{Answer, Call};
use kezhan_engine::{Action, Error, Result};
use kezhan_features::platform::HINTS;
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    record: Record,
    #[serde(default)]
    except: Option<Uuid>,
}

/// Of values that are being typed.
pub fn ask(call: &mut Call<'_>, object: &Arc<ObjectMeta>, request: &Request) -> Result<Answer> {
    request.params.only(&[])?;
    let Question { record, except } = request.json()?;
    if let Some(unknown) = record.keys().find(|k| object.field(k).is_none_or(|f| f.secret)) {
        return Err(Error::refused(Code::UnknownField, &[unknown]));
    }
    // Whoever could not add or see a record has no business with asking.
    let access = &call.caller.access;
    if !access.may(&object.name, Action::Read) {
        return Err(Error::refused(Code::Forbidden, &["read"]));
    }
    answer(call, object, &record, except)
}

/// Of a record that is there.
pub fn of(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    request.params.only(&[])?;
    let record = call.state.engine.fetch(call.conn, call.caller, object, id)?.ok_or_else(Error::not_found)?;
    answer(call, object, &record, Some(id))
}

fn answer(call: &mut Call<'_>, object: &Arc<ObjectMeta>, record: &Record, except: Option<Uuid>) -> Result<Answer> {
    let found = call.state.engine.similar(call.conn, call.caller, &HINTS, object, record, except)?;
    Answer::json(200, &json!({ "data": found }))
}
