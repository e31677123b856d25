//! `kezhan audit`: does the trail hold?
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use clap::Subcommand;
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use kezhan_engine::Error;
use kezhan_engine::audit::{self, Verdict};
use kezhan_features::people::setup::{self, TenantId};
use std::num::ParseIntError;

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Work out the chain of seals anew and hold every entry against it
    ///
    /// Ends with a failure and names the first seal or entry that is not as it was. Whoever can change everything in the
    /// database could also make a new chain: note the last seal elsewhere from time to time, and give it here.
    Verify {
        /// Only this company
        #[arg(long, value_name = "KEY")]
        tenant: Option<String>,
        /// A seal and its hash as noted before: `412:9f86d081…`; with --tenant
        #[arg(long, value_name = "SEAL:HASH", requires = "tenant")]
        anchor: Option<String>,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("{0}")]
    Failed(#[from] Error),
    #[error("{0}")]
    Database(#[from] diesel::result::Error),
    #[error("there is no company {0}")]
    NoTenant(String),
    #[error("an anchor is a number, a colon and a hash, as `kezhan audit verify` prints them")]
    Anchor,
    #[error("there is no company here, and nothing was verified")]
    Nothing,
    #[error("the audit trail does not hold for {0}")]
    Broken(String),
}

pub fn run(conn: &mut PgConnection, command: &AuditCommand) -> Result<(), AuditError> {
    let AuditCommand::Verify { tenant, anchor } = command;
    conn.batch_execute("SET TIME ZONE 'UTC'")?;
    let anchor = anchor.as_deref().map(parse).transpose()?;
    let all = setup::tenant_ids(conn)?;
    let chosen: Vec<&TenantId> = all.iter().filter(|t| tenant.as_ref().is_none_or(|key| *key == t.key)).collect();
    if let (Some(key), true) = (tenant, chosen.is_empty()) {
        return Err(AuditError::NoTenant(key.clone()));
    }
    if chosen.is_empty() {
        return Err(AuditError::Nothing);
    }
    let mut broken = Vec::new();
    for TenantId { id, key } in chosen {
        let Verdict { seals, entries, retired, redacted, head, fault } =
            audit::verify(conn, *id, anchor.as_ref().map(|(no, hash)| (*no, hash.as_slice())))?;
        match fault {
            None => {
                println!(
                    "{key}: {seals} seals over {entries} entries hold, {retired} retired, {redacted} redacted; last {seals}:{head}"
                )
            }
            Some(fault) => {
                println!("{key}: {fault}");
                broken.push(key.as_str());
            }
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(AuditError::Broken(broken.join(", "))) }
}

fn parse(anchor: &str) -> Result<(i64, Vec<u8>), AuditError> {
    let (no, hash) = anchor.split_once(':').ok_or(AuditError::Anchor)?;
    let no = no.parse().map_err(|_: ParseIntError| AuditError::Anchor)?;
    Ok((no, hex::decode(hash).map_err(|_| AuditError::Anchor)?))
}
