//! `kezhan keys`: the keys that secrets are sealed with.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use crate::config::{Config, ConfigError};
use clap::Subcommand;
use diesel::PgConnection;
use kezhan_engine::Error;
use kezhan_features::people::setup;
use kezhan_features::platform::sealing;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the master keys by fingerprint and, for each company, its data keys
    List,
    /// Wrap all data keys with the first master key; servers may go on running
    ///
    /// With --new, a new master key is put in front of those in their file first. Servers that read another copy of the
    /// file, or KEZHAN_MASTER_KEY, must know the new key beforehand: put it behind the old one there and start them anew,
    /// then in front. When this is done, and once no backup is needed that was made before, the old key may go.
    Rotate {
        /// Make a new master key
        #[arg(long)]
        new: bool,
    },
    /// Give every company a new data key, and seal its secrets anew in the background
    Renew {
        /// Only this company
        #[arg(long, value_name = "KEY")]
        tenant: Option<String>,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Failed(#[from] Error),
    #[error("there is no company {0}")]
    NoTenant(String),
}

pub fn run(config: &Config, conn: &mut PgConnection, command: &KeysCommand) -> Result<(), KeysError> {
    match command {
        KeysCommand::List => {
            let vault = config.vault()?;
            for (at, fingerprint) in vault.fingerprints().iter().enumerate() {
                println!("master\t{fingerprint}\t{}", if at == 0 { "wraps" } else { "unwraps" });
            }
            let keys = vault.keys(conn)?;
            for tenant in setup::tenant_ids(conn)? {
                for key in keys.iter().filter(|k| k.tenant_id == tenant.id) {
                    let state = if key.current { "current" } else { "old" };
                    let (made, name) = (key.created_at.format("%Y-%m-%d"), &tenant.key);
                    println!("{name}\t{}\t{}\t{state}\t{made}\twrapped by {}", key.id, key.purpose, key.master);
                }
            }
        }
        KeysCommand::Rotate { new } => {
            if *new {
                // Before a new key: with one missing, the old must not be pushed further back.
                let vault = config.vault()?;
                config.check_vault(&vault, conn)?;
                println!("a new master key stands first in {}", config.add_master_key()?.display());
            }
            let vault = config.vault()?;
            let changed = vault.rewrap(conn)?;
            let first = vault.fingerprints().into_iter().next().unwrap_or_default();
            println!("{changed} data key(s) wrapped anew; all are wrapped by {first}");
        }
        KeysCommand::Renew { tenant } => {
            let engine = config.engine()?;
            let all = setup::tenant_ids(conn)?;
            let chosen = all.iter().filter(|t| tenant.as_ref().is_none_or(|key| *key == t.key));
            let mut any = false;
            for tenant in chosen {
                any = true;
                sealing::renew(&engine, conn, tenant.id)?;
                println!("{}: new data key", tenant.key);
            }
            if let (false, Some(key)) = (any, tenant) {
                return Err(KeysError::NoTenant(key.clone()));
            }
        }
    }
    Ok(())
}
