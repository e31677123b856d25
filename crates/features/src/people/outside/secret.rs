//! What a provider or a directory is shown to prove who asks. It goes in and is never read back.

use crate::actions::{ActionDef, Target};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::vault::SealedColumn;
use kezhan_engine::{Action, Engine, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};
use uuid::Uuid;

const LENGTH_MAX: usize = 1000;

/// Where the secrets lie, for when their key is renewed.
pub const COLUMN: SealedColumn =
    SealedColumn { table: "sign_in_secrets", id: "source_id", column: "sealed", context: "sign_in_secret" };

pub struct SetSecret;

impl ActionDef for SetSecret {
    fn key(&self) -> &'static str {
        "set_secret"
    }

    fn label(&self) -> Label {
        Label::new("设置密钥", "Set secret")
    }

    fn help(&self) -> &'static str {
        "Stores the client secret of a provider, or the password of a directory's bind DN; null takes it away. It is sealed, and never read back."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        ["identity_provider", "directory"].contains(&object.name.as_ref())
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn offered(&self) -> bool {
        false
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"secret": {"type": ["string", "null"], "minLength": 1, "maxLength": LENGTH_MAX, "description": "The secret."}},
            "required": ["secret"],
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        super::hooks::may_configure(target.caller, &target.object.name)?;
        let secret = match input.get("secret") {
            Some(Value::Null) => None,
            Some(Value::String(text)) if !text.is_empty() && text.chars().count() <= LENGTH_MAX => Some(text.as_str()),
            Some(Value::String(_)) => return Err(Error::invalid("secret", Code::BadValue)),
            _ => return Err(Error::invalid("secret", Code::Required)),
        };
        store(target.engine, target.conn, target.caller.tenant, target.id, secret)?;
        let patch = Record::from_iter([("secret_set".to_owned(), json!(secret.is_some()))]);
        target.engine.amend(target.conn, target.caller, target.object, target.id, patch)?;
        let note = Note::by(target.caller, Event::SecretSet).on(&target.object.name, Some(target.id));
        note.with(json!({"set": secret.is_some()})).write(target.conn, target.caller.tenant)?;
        Ok(json!({"id": target.id, "secret_set": secret.is_some()}))
    }
}

fn store(engine: &Engine, conn: &mut PgConnection, tenant: Uuid, source: Uuid, secret: Option<&str>) -> Result<()> {
    let Some(secret) = secret else { return forget(conn, tenant, source) };
    let sealed = COLUMN.seal(engine.vault(), conn, tenant, source, secret.as_bytes())?;
    diesel::sql_query(
        "INSERT INTO sign_in_secrets (tenant_id, source_id, sealed) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant_id, source_id) DO UPDATE SET sealed = EXCLUDED.sealed, set_at = now()",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(source)
    .bind::<Binary, _>(sealed)
    .execute(conn)?;
    Ok(())
}

pub fn forget(conn: &mut PgConnection, tenant: Uuid, source: Uuid) -> Result<()> {
    diesel::sql_query("DELETE FROM sign_in_secrets WHERE tenant_id = $1 AND source_id = $2")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(source)
        .execute(conn)?;
    Ok(())
}

/// For showing it to the provider or the directory, and to nobody else.
pub fn open(engine: &Engine, conn: &mut PgConnection, tenant: Uuid, source: Uuid) -> Result<Option<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        sealed: Vec<u8>,
    }
    let row: Option<Row> =
        diesel::sql_query("SELECT sealed FROM sign_in_secrets WHERE tenant_id = $1 AND source_id = $2")
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(source)
            .get_result(conn)
            .optional()?;
    let Some(row) = row else { return Ok(None) };
    let plain = COLUMN.open(engine.vault(), conn, tenant, source, &row.sealed)?;
    String::from_utf8(plain).map(Some).map_err(|_| Error::Internal("a secret that is no text".into()))
}
