//! `kezhan tenant`: companies on this installation.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use crate::backup_cover::{Cover, Sink};
use crate::config::Config;
use crate::context::{Context, IoFault};
use crate::files::convert::Place;
use crate::host;
use clap::Subcommand;
use diesel::PgConnection;
use kezhan_connect::Storage;
use kezhan_engine::{Engine, Error};
use kezhan_features::host::tenants;
use kezhan_features::host::trail::Actor;
use kezhan_features::people::setup::{self, Tenant};
use kezhan_meta::Lang;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tokio::runtime::Handle;

/// Characters of a generated password: none that is taken for another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
const GENERATED_LENGTH: usize = 16;

#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Add a company, with roles, a sales pipeline and an administrator
    ///
    /// The administrator's password is asked for on the terminal, or read from the first line of the standard input.
    /// Where that line is empty, a password is made up and printed, this once.
    Add {
        /// What people type beside their user name where there are several companies: `acme`
        key: String,
        /// The company's name
        name: String,
        /// The administrator's user name
        #[arg(long, value_name = "USER")]
        admin: String,
    },
    /// Let somebody in again who has lost password and second factor, and whom no colleague can help
    ///
    /// Takes the second factor away and prints what to put behind the address of the application: a link by which they
    /// choose another password, good once and for a day.
    Rescue {
        /// The company's key
        key: String,
        /// The user name
        user: String,
    },
    /// List the companies: key, name, status, users, day of creation
    List,
    /// Suspend a company: its sessions, keys and jobs stop at once
    Suspend { key: String },
    /// Let a suspended company go on
    Resume { key: String },
    /// Write all that a company has into one archive (tar)
    Export {
        key: String,
        /// The archive to write
        file: PathBuf,
        /// Encrypt it under a passphrase, which is asked for or read from the first line of the standard input
        #[arg(long)]
        encrypt: bool,
        /// Encrypt it for whoever keeps the key of this recipient (`age1…`); may be given more than once
        #[arg(long, value_name = "RECIPIENT", conflicts_with = "encrypt")]
        recipient: Vec<String>,
    },
    /// Suspend a company and have it erased after some days, by a server that runs then
    Erase {
        key: String,
        /// The key once more, by whoever means it
        #[arg(long, value_name = "KEY")]
        confirm: String,
        /// Erase it here and now
        #[arg(long)]
        now: bool,
    },
    /// Call an erasure off; the company stays suspended
    Keep { key: String },
}

#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    #[error("{}", words(.0))]
    Refused(#[from] Error),
    #[error("cannot read the password: {0}")]
    Input(#[from] io::Error),
    #[error("the two passwords differ")]
    Differ,
    #[error(transparent)]
    File(#[from] IoFault),
    #[error("storage: {0}")]
    Storage(String),
}

pub fn run(
    config: &Config,
    conn: &mut PgConnection,
    engine: &Engine,
    command: TenantCommand,
) -> Result<(), TenantError> {
    let actor = Actor::command_line();
    match command {
        TenantCommand::Add { key, name, admin } => add(conn, engine, &key, &name, &admin),
        TenantCommand::Rescue { key, user } => {
            println!("{}", setup::rescue(engine, conn, &key, &user)?);
            Ok(())
        }
        TenantCommand::List => {
            for Tenant { key, name, status, users, created_at } in setup::tenants(conn)? {
                println!("{key}\t{name}\t{status}\t{users}\t{}", created_at.format("%Y-%m-%d"));
            }
            Ok(())
        }
        TenantCommand::Suspend { key } => {
            let company = tenants::find_key(conn, &key)?;
            tenants::suspend(conn, &actor, &company)?;
            println!("suspended {key}");
            Ok(())
        }
        TenantCommand::Resume { key } => {
            let company = tenants::find_key(conn, &key)?;
            tenants::resume(conn, &actor, &company)?;
            println!("resumed {key}");
            Ok(())
        }
        TenantCommand::Export { key, file, encrypt, recipient } => {
            let cover = crate::cli::cover(encrypt, &recipient).context(|| "encryption".to_owned())?;
            export(config, engine, conn, &actor, (&key, &file), cover.as_ref())
        }
        TenantCommand::Erase { key, confirm, now } => {
            let company = tenants::find_key(conn, &key)?;
            let days = if now { 0 } else { i32::try_from(config.erase_wait_days).unwrap_or(i32::MAX) };
            let company = tenants::order_erasure(conn, &actor, &company, &confirm, days)?;
            if now {
                let (files, handle) = store(config)?;
                host::erase_due(conn, &actor, config, (&files, &handle))?;
                println!("erased {key}");
            } else if let Some(at) = company.erase_after {
                println!("suspended {key}; it will be erased after {}", at.format("%Y-%m-%d %H:%M UTC"));
            }
            Ok(())
        }
        TenantCommand::Keep { key } => {
            let company = tenants::find_key(conn, &key)?;
            tenants::call_off(conn, &actor, &company)?;
            println!("{key} is kept; it is suspended");
            Ok(())
        }
    }
}

/// The files, and what reads them for a thread that waits.
pub(crate) fn store(config: &Config) -> Result<(Storage, Handle), TenantError> {
    let files = match &config.bucket {
        Some(bucket) => Storage::bucket(bucket),
        None => Storage::directory(&config.files),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    // It is driven by a thread of its own, to the end of the command.
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    Ok((files.map_err(|e| TenantError::Storage(e.to_string()))?, handle))
}

fn export(
    config: &Config,
    engine: &Engine,
    conn: &mut PgConnection,
    actor: &Actor,
    (key, file): (&str, &Path),
    cover: Option<&Cover>,
) -> Result<(), TenantError> {
    let company = tenants::find_key(conn, key)?;
    let (files, handle) = store(config)?;
    let named = || file.display().to_string();
    // It is there only once it is whole.
    let draft = PathBuf::from(format!("{}.part", file.display()));
    let out = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft).context(named)?;
    let mut out = Sink::new(out, cover).context(named)?;
    let place = Place { storage: &files, handle: &handle, root: &config.files };
    host::export_to(conn, engine, actor, &company, &place, &mut out)?;
    out.finish().context(named)?;
    std::fs::rename(&draft, file).context(named)?;
    println!("wrote {}", file.display());
    Ok(())
}

/// A password that was typed, or one that was made up and is to be printed.
pub(crate) fn password_for(name: &str) -> Result<(String, bool), TenantError> {
    let typed = match io::stdin().is_terminal() {
        true => asked(name)?,
        false => line()?,
    };
    let made_up = typed.is_empty();
    Ok((if made_up { generated() } else { typed }, made_up))
}

fn add(conn: &mut PgConnection, engine: &Engine, key: &str, name: &str, admin: &str) -> Result<(), TenantError> {
    let (password, made_up) = password_for(admin)?;
    setup::create_tenant(engine, conn, key, name, admin, &password)?;
    println!("added {key}: {name}, administrator {admin}");
    if made_up {
        println!("password: {password}");
    }
    Ok(())
}

/// Twice, and not to be seen.
fn asked(admin: &str) -> Result<String, TenantError> {
    let first = hidden(&format!("Password for {admin} (empty: make one up): "))?;
    if !first.is_empty() && hidden("Once more: ")? != first {
        return Err(TenantError::Differ);
    }
    Ok(first)
}

pub(crate) fn hidden(prompt: &str) -> io::Result<String> {
    let mut err = io::stderr();
    write!(err, "{prompt}")?;
    err.flush()?;
    let stdin = io::stdin();
    let before: Termios = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
    let typed = line();
    tcsetattr(&stdin, OptionalActions::Flush, &before)?;
    writeln!(err)?;
    typed
}

fn words(error: &Error) -> String {
    let problem = error.problem(Lang::En);
    if problem.detail.is_empty() { problem.title } else { problem.detail }
}

pub(crate) fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Five bits of chance for each character.
fn generated() -> String {
    let bytes: [u8; GENERATED_LENGTH] = rand::random();
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}
