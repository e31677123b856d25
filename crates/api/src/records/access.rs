//! Why a user can or cannot see or change a record.

use super::Request;
use crate::call::{Answer, Call};
use kezhan_engine::access::Relation;
use kezhan_engine::explain::{FieldVerdict, Reason, Verdict};
use kezhan_engine::{Access, Caller, Error, ReadOptions, Result};
use kezhan_features::people::access::{self, Person};
use kezhan_features::people::identity::access_of;
use kezhan_features::people::limits::{Limits, Place};
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
    let lang = call.caller.lang;
    let asked = match request.params.get("user").filter(|u| *u != "me") {
        Some(text) => Some(Uuid::parse_str(text).map_err(|_| bad())?),
        None => None,
    };
    let (person, subject) = match asked.filter(|user| call.caller.user != Some(*user)) {
        None => (call.identity.person.clone(), call.caller.clone()),
        Some(user) => {
            let (person, access) =
                access_of(call.conn, call.caller.tenant, user, &call.caller.catalog)?.ok_or_else(bad)?;
            (Some(person), subject(call.caller, user, access))
        }
    };
    let found = call.state.engine.explain(call.conn, &subject, object, id)?;
    let limited = person.as_ref().map(|p| limited(p, call.caller)).unwrap_or_default();
    let called = |role: &str| person.as_ref().map_or_else(|| role.to_owned(), |p| p.called(role, lang));
    let about =
        person.as_ref().map(|p| json!({"id": p.id, "name": p.name, "role": p.role_name.as_deref().map(called)}));
    let verdicts: Vec<Value> =
        found.verdicts.iter().map(|v| in_words(v, lang, v.role.as_deref().map(called), &limited)).collect();
    let fields: Vec<Value> = found
        .fields
        .iter()
        .map(|verdict| {
            let roles = person.as_ref().map(|p| holding(p, object, verdict, found.relation)).unwrap_or_default();
            let roles: Vec<String> = roles.iter().map(|role| called(role)).collect();
            json!({"field": verdict.field, "level": verdict.level, "roles": roles})
        })
        .collect();
    Answer::json(200, &json!({"user": about, "relation": found.relation, "verdicts": verdicts, "fields": fields}))
}

/// A role that is not in force everywhere and always.
struct Limited {
    role: String,
    limits: Limits,
    /// At this moment; of the networks only the asker's own is known.
    holds: bool,
}

fn limited(person: &Person, asker: &Caller) -> Vec<Limited> {
    let me = asker.user == Some(person.id);
    let place = Place::now(asker.origin.ip.as_deref().unwrap_or_default());
    let zone = access::zone(person.time_zone.as_deref());
    let one = |role: &Value| {
        let limits = role.get("limits").filter(|limits| !limits.is_null())?;
        let limits = serde_json::from_value(limits.clone()).unwrap_or_else(|_| Limits::never());
        let asked = if me { limits.clone() } else { Limits { networks: Vec::new(), ..limits.clone() } };
        Some(Limited { role: role.get("name")?.as_str()?.to_owned(), holds: asked.hold(&place, zone), limits })
    };
    person.roles.as_array().into_iter().flatten().filter_map(one).collect()
}

/// The roles that hold a field to this level. Of several the strictest counts.
fn holding(person: &Person, object: &ObjectMeta, verdict: &FieldVerdict, relation: Relation) -> Vec<String> {
    let Some(field) = object.field(&verdict.field) else { return Vec::new() };
    let one = |role: &Value| {
        let mut alone = Access::default();
        alone.grants = access::parse_grants(role.get("grants")?);
        let same = alone.field_rule(object, field).level(relation) == verdict.level;
        same.then(|| role.get("name")?.as_str().map(str::to_owned)).flatten()
    };
    person.roles.as_array().into_iter().flatten().filter_map(one).collect()
}

/// The asker's call as the other user would make it.
fn subject(caller: &Caller, user: Uuid, access: Access) -> Caller {
    Caller { user: Some(user), department: access.department, access: Arc::new(access), ..caller.clone() }
}

fn in_words(verdict: &Verdict, lang: Lang, role: Option<String>, limited: &[Limited]) -> Value {
    let mut explanation = words(verdict.reason).get(lang).to_owned();
    let bound = match verdict.allowed {
        true => limited.iter().find(|l| verdict.role.as_deref() == Some(&*l.role)),
        // What the role would grant elsewhere, or at another time.
        false if verdict.reason == Reason::NotGranted => limited.iter().find(|l| !l.holds),
        false => None,
    };
    if let Some(bound) = bound {
        let (comma, when) = (Label::new("，", ", "), bound.limits.words(lang));
        let only = Label::new("角色仅在此范围内生效：", "the role is in force only within: ");
        explanation.push_str(&format!("{}{}{when}", comma.get(lang), only.get(lang)));
    }
    json!({
        "action": verdict.action,
        "allowed": verdict.allowed,
        "reason": verdict.reason,
        "role": role,
        "scope": verdict.scope,
        "explanation": explanation,
        "limits": bound.map(|bound| json!({"limits": bound.limits, "holds_now": bound.holds})),
    })
}

fn words(reason: Reason) -> Label {
    match reason {
        Reason::NotGranted => Label::new("没有角色授予此权限", "No role grants this"),
        Reason::Granted => Label::new("角色授予了此权限", "A role grants this"),
        Reason::Shared => Label::new("共享规则开放了此记录", "A sharing rule opens this record"),
        Reason::Restricted => Label::new(
            "此人的信息已限制处理，仅隐私负责人可见",
            "Processing of this person's data is restricted: only those who keep requests see it",
        ),
        Reason::NotCovered => Label::new("角色授予的范围不包含此记录", "Roles grant this, but not on this record"),
        Reason::Denied => Label::new("角色明确禁止", "A role denies this"),
        Reason::Member => Label::new("是此记录的团队成员", "They are in the record's team"),
        Reason::Follows => Label::new("负责或协作其所属的记录", "They own, or work on, the record that it hangs on"),
        Reason::Parent => Label::new("可访问其所属记录", "The record that it hangs on is within reach"),
        Reason::ParentOutOfReach => Label::new("无权访问其所属记录", "The record that it hangs on is out of reach"),
        Reason::Personal => Label::new("本人所有或已共享", "It is the user's own, or shared"),
        Reason::NotPersonal => Label::new("属于他人且未共享", "It is someone else's and not shared"),
        Reason::Confidential => Label::new(
            "记录（或其所属的记录）已保密，仅负责人和团队成员可见",
            "It, or the record that it belongs to, is confidential: only owner and team see it",
        ),
    }
}
