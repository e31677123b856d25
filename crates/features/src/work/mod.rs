//! Follow-ups reach what they are about, and so do tasks; done ones know when.

use crate::sales::{id_of, object};
use kezhan_engine::{Draft, Error, Hooks, ReadOptions, Result, Saved};
use kezhan_meta::Record;
use kezhan_meta::check::instant;
use kezhan_meta::resolve::Readable;
use serde_json::{Value, json};
use std::sync::Arc;

const ACCOUNT: &str = "account";

/// What is written down about a deal or a person belongs to their account as well: its owner is to see it.
fn name_account(draft: &mut Draft<'_>) -> Result<()> {
    for key in ["opportunity", "contact"] {
        let Some(id) = id_of(draft.after, key).filter(|_| draft.is_empty(ACCOUNT) && draft.changed(key)) else {
            continue;
        };
        let about = object(draft.caller, key)?;
        if about.field(ACCOUNT).is_none_or(|field| !draft.caller.access.readable(&about, field)) {
            continue;
        }
        // Nothing else of it: what is confidential would count as read.
        let options = ReadOptions { fields: Some(vec![ACCOUNT.into()]), ..ReadOptions::default() };
        let Some(found) = draft.engine.read(draft.conn, draft.caller, &about, id, &options)? else { continue };
        let mut found: Record = serde_json::from_slice(&found.body).map_err(|e| Error::Internal(e.to_string()))?;
        if let Some(account) = found.remove(ACCOUNT).filter(|account| !account.is_null()) {
            draft.set(ACCOUNT, account);
        }
    }
    Ok(())
}

pub struct FollowUpHooks;

impl Hooks for FollowUpHooks {
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        name_account(draft)
    }

    fn reads_before_save(&self) -> bool {
        true
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        let Some(after) = saved.after else { return Ok(()) };
        let happened = after.get("happened_at").cloned().unwrap_or(Value::Null);
        let next = after.get("next_contact_at").cloned().unwrap_or(Value::Null);
        for key in ["account", "contact", "lead"] {
            let Some(id) = id_of(after, key) else { continue };
            let target = object(saved.caller, key)?;
            // Whoever writes something down has not met anyone.
            if !happened.is_null() && after.get("kind") != Some(&json!("note")) {
                saved.engine.raise(saved.conn, saved.caller, &target, id, "last_followed_at", &happened)?;
            }
            let planned = saved.before.is_none_or(|b| b.get("next_contact_at") != Some(&next));
            if !next.is_null() && planned && target.field("next_contact_at").is_some() {
                let mut patch = Record::new();
                patch.insert("next_contact_at".into(), next.clone());
                saved.derive(&target, id, patch)?;
            }
        }
        Ok(())
    }

    fn acts_after_save(&self) -> bool {
        true
    }
}

pub struct TaskHooks;

impl Hooks for TaskHooks {
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        if draft.changed("status") {
            let done = draft.text("status") == Some("done");
            let at = if done { json!(instant(chrono::Utc::now())) } else { Value::Null };
            draft.set("completed_at", at);
        }
        name_account(draft)
    }

    fn reads_before_save(&self) -> bool {
        true
    }
}

pub fn hooks() -> Vec<(String, Arc<dyn Hooks>)> {
    vec![("follow_up".into(), Arc::new(FollowUpHooks) as Arc<dyn Hooks>), ("task".into(), Arc::new(TaskHooks))]
}
