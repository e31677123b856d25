//! Why a user can or cannot see or change a record.

use super::Request;
use crate::call::{Answer, Call};
use kezhan_engine::explain::{Rule, Verdict};
use kezhan_engine::{Access, Caller, Error, ReadOptions, Result};
use kezhan_features::people::identity::access_of;
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, Lang, ObjectMeta};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// `?user=`; without it, about the caller.
pub fn explain(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    request.params.only(&["user"])?;
    // The asker must see the record; then nothing is hidden from the explanation.
    let options = ReadOptions { fields: Some(vec!["id".into()]), deleted: true, ..ReadOptions::default() };
    call.state.engine.read(call.conn, call.caller, object, id, &options)?.ok_or_else(Error::not_found)?;
    let bad = || Error::refused(Code::BadValue, &["user", "id"]);
    let asked = match request.params.get("user").filter(|u| *u != "me") {
        Some(text) => Some(Uuid::parse_str(text).map_err(|_| bad())?),
        None => None,
    };
    let (about, subject) = match asked.filter(|user| call.caller.user != Some(*user)) {
        None => (
            call.identity.person.as_ref().map(|p| json!({"id": p.id, "name": p.name, "role": p.role_name})),
            call.caller.clone(),
        ),
        Some(user) => {
            let (person, access) = access_of(call.conn, call.caller.tenant, user)?.ok_or_else(bad)?;
            let about = json!({"id": person.id, "name": person.name, "role": person.role_name});
            (Some(about), subject(call.caller, user, access))
        }
    };
    let verdicts = call.state.engine.explain(call.conn, &subject, object, id)?;
    let lang = call.caller.lang;
    let verdicts: Vec<Value> = verdicts.iter().map(|v| in_words(v, lang)).collect();
    Answer::json(200, &json!({"user": about, "verdicts": verdicts}))
}

/// The asker's call as the other user would make it.
fn subject(caller: &Caller, user: Uuid, access: Access) -> Caller {
    Caller { user: Some(user), department: access.department, access: Arc::new(access), ..caller.clone() }
}

fn in_words(verdict: &Verdict, lang: Lang) -> Value {
    json!({
        "action": verdict.action,
        "allowed": verdict.allowed,
        "scope": verdict.scope,
        "rule": verdict.rule,
        "explanation": words(verdict.rule).get(lang),
    })
}

fn words(rule: Rule) -> Label {
    match rule {
        Rule::NotGranted => Label::new("角色未授予此权限", "The role does not grant this"),
        Rule::Everything => Label::new("角色可访问全部记录", "The role reaches every record"),
        Rule::Owner => Label::new("记录由本人或下属负责", "The owner is this user or one who reports to them"),
        Rule::NotOwner => Label::new("记录由他人负责", "Someone else owns the record"),
        Rule::Department => Label::new("记录属于可访问的部门", "The record belongs to a department within reach"),
        Rule::OtherDepartment => Label::new("记录属于其他部门", "The record belongs to another department"),
        Rule::Parent => Label::new("可访问其所属记录", "The record that it hangs on is within reach"),
        Rule::ParentOutOfReach => Label::new("无权访问其所属记录", "The record that it hangs on is out of reach"),
        Rule::Shared => Label::new("本人所有或已共享", "It is the user's own, or shared"),
        Rule::Private => Label::new("属于他人且未共享", "It is someone else's and not shared"),
    }
}
