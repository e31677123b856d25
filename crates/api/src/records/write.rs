//! Writing one record.

use super::Request;
use crate::call::{Answer, Call};
use kezhan_engine::{Error, Result, Written};
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record};
use std::sync::Arc;
use uuid::Uuid;

pub fn create(call: &mut Call<'_>, object: &Arc<ObjectMeta>, request: &Request) -> Result<Answer> {
    request.params.only(&[])?;
    no_condition(request)?;
    let record: Record = request.json()?;
    call.note_write(object);
    let written = call.state.engine.create(call.conn, call.caller, object, record)?;
    Ok(created(object, written))
}

pub fn update(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    request.params.only(&["undoes"])?;
    let (patch, expected): (Record, _) = (request.json()?, request.expected()?);
    let undoes = request.params.number("undoes")?;
    call.note_write(object);
    let brought: Vec<String> = patch.keys().cloned().collect();
    let written = call.state.engine.update_back(call.conn, call.caller, object, id, patch, expected, undoes)?;
    changed(call, object, written, &brought)
}

pub fn delete(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    request.params.only(&[])?;
    let expected = request.expected()?;
    call.note_write(object);
    let version = call.state.engine.delete(call.conn, call.caller, object, id, expected)?;
    Ok(Answer::empty(204).version(version))
}

pub fn restore(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    request.params.only(&[])?;
    call.note_write(object);
    let written = call.state.engine.restore(call.conn, call.caller, object, id)?;
    changed(call, object, written, &[])
}

pub fn upsert(
    call: &mut Call<'_>,
    object: &Arc<ObjectMeta>,
    key: &str,
    value: &str,
    request: &Request,
) -> Result<Answer> {
    request.params.only(&[])?;
    no_condition(request)?;
    let record: Record = request.json()?;
    let brought: Vec<String> = record.keys().cloned().collect();
    call.note_write(object);
    let (written, is_new) = call.state.engine.upsert(call.conn, call.caller, object, key, value, record)?;
    if is_new { Ok(created(object, written)) } else { changed(call, object, written, &brought) }
}

/// A condition that would not be kept must not be swallowed.
fn no_condition(request: &Request) -> Result<()> {
    match request.if_match {
        Some(_) => Err(Error::refused(Code::BadValue, &["If-Match", "PATCH, DELETE, actions"])),
        None => Ok(()),
    }
}

fn created(object: &ObjectMeta, written: Written) -> Answer {
    let location = format!("/api/v1/{}/{}", object.plural, written.id);
    Answer { status: 201, ..Answer::ok(written.body) }.version(written.version).with("location", location)
}

/// The answer shows the whole record: whoever changed one field of it is given the others.
fn changed(call: &mut Call<'_>, object: &ObjectMeta, written: Written, brought: &[String]) -> Result<Answer> {
    written.given.without(&object.name, brought).note(call.conn, call.caller)?;
    Ok(Answer::ok(written.body).version(written.version))
}
