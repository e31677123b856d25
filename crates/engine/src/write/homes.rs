//! Files that were sent before their record was made: put on the sender's own person, they go to the record that holds
//! them from now on, so that a field that must have a file can have one at once.

use super::update::lock;
use super::{draft, store};
use crate::sql::column::uuid;
use crate::sql::scope::Life;
use crate::{Action, Caller, Result};
use diesel::PgConnection;
use kezhan_meta::{FieldType, ObjectMeta, Record};
use serde_json::{Value, json};
use uuid::Uuid;

/// The files in a record's fields.
pub fn held(object: &ObjectMeta, record: &Record) -> Vec<Uuid> {
    let files = object.fields.iter().filter(|f| f.kind == FieldType::File);
    files.filter_map(|f| record.get(f.key.as_ref()).and_then(uuid)).collect()
}

/// Takes them from the caller's person; a file that hangs elsewhere stays there.
pub fn bring(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, id: Uuid, files: &[Uuid]) -> Result<()> {
    let (Some(user), Some(attachment)) = (caller.user, caller.catalog.get("attachment").cloned()) else {
        return Ok(());
    };
    if object.name == "user" {
        return Ok(());
    }
    let (system, mine) = (caller.elevated(), json!(user.to_string()));
    for file in files {
        let before = lock(conn, &system, &attachment, *file, Action::Edit, Life::Living)?.record;
        let is = |key: &str, value: &Value| before.get(key) == Some(value);
        if !is("object", &json!("user")) || !is("record", &mine) || !is("created_by", &mine) {
            continue;
        }
        let mut after = before.clone();
        after.insert("object".to_owned(), json!(object.name));
        after.insert("record".to_owned(), json!(id.to_string()));
        let diff = draft::diff(&attachment, Some(&before), &after);
        store::update(conn, &system, &attachment, *file, &after, diff)?;
    }
    Ok(())
}
