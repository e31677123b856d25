//! The command line.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use crate::audit_cli::{self, AuditCommand, AuditError};
use crate::backup_cover::{Cover, Opening};
use crate::config::{Config, ConfigError};
use crate::database::{self, Database, DatabaseError};
use crate::host_cli::{self, HostCommand};
use crate::serve::{self, ServeError};
use crate::tenant::{self, TenantCommand, TenantError};
use crate::{backup, backup_cover, keys_cli, logging, openapi};
use chrono::Utc;
use clap::{Parser, Subcommand};
use diesel::{Connection, PgConnection};
use kezhan_features::demo;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Whoever gets at the archive may guess as fast as their machines can.
const PASSPHRASE_MIN: usize = 12;

/// Kezhan CRM: one program, one PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "kezhan", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the product (what happens without a command)
    Serve {
        /// Load the demonstration company first, unless it is there
        #[arg(long)]
        demo: bool,
    },
    /// Do background jobs, apart from any server
    Worker,
    /// Bring the database schema up to date
    Migrate,
    /// Make anew what records are found by, after an update that says so
    Reindex,
    /// Load the demonstration company, unless it is there
    Demo,
    /// Add, list, suspend, take along or erase the companies on this installation
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Administrators of this installation
    #[command(subcommand)]
    Host(HostCommand),
    /// Print the OpenAPI document of the standard objects
    Openapi,
    /// Print every setting, its value and where it comes from
    Config,
    /// Check the audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
    /// List, rotate and renew the keys that secrets are sealed with
    #[command(subcommand)]
    Keys(keys_cli::KeysCommand),
    /// Write the database and all uploaded files into one archive
    Backup {
        /// The archive to write
        file: PathBuf,
        /// Encrypt it under a passphrase, which is asked for or read from the first line of the standard input
        #[arg(long)]
        encrypt: bool,
        /// Encrypt it for whoever keeps the key of this recipient (`age1…`); may be given more than once
        #[arg(long, value_name = "RECIPIENT", conflicts_with = "encrypt")]
        recipient: Vec<String>,
    },
    /// Check an archive, then put its database and files in place
    Restore {
        /// The archive to read
        file: PathBuf,
        /// Replace a database that is not empty
        #[arg(long)]
        force: bool,
        /// The key file of a recipient for whom it was encrypted
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
    },
}

#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("demonstration: {0}")]
    Demo(#[from] kezhan_engine::Error),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Tenant(#[from] TenantError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Keys(#[from] keys_cli::KeysError),
    #[error(transparent)]
    Backup(#[from] backup::BackupError),
    #[error(transparent)]
    Input(#[from] io::Error),
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("kezhan: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), CliError> {
    let config = Config::load()?;
    logging::init(&config);
    for name in config.unknown_variables() {
        log::warn!("{name} is not a setting");
    }
    match cli.command.unwrap_or(Command::Serve { demo: false }) {
        Command::Serve { demo: false } => serve::serve(&config, |_| Ok(()), announce)?,
        Command::Serve { demo: true } => {
            let settings = config.clone();
            let load =
                move |url: &str| load_demo(&settings, url).map(|_| ()).map_err(|e| ServeError::Prepare(Box::new(e)));
            serve::serve(&config, load, |address| {
                announce(address);
                say(&format!("Company {}, password {}; for example admin, wang.wei", demo::TENANT, demo::PASSWORD));
            })?;
        }
        Command::Worker => serve::work(&config)?,
        Command::Demo => {
            let summary = with_database(&config, |url| {
                database::migrate(url)?;
                load_demo(&config, url)
            })?;
            match summary.loaded {
                true => summary.records.iter().for_each(|(object, count)| println!("{count:>8} {object}")),
                false => println!("the demonstration company is there already"),
            }
        }
        Command::Tenant(command @ TenantCommand::Add { .. }) => {
            with_database(&config, |url| tenants(&config, url, command))?;
        }
        Command::Tenant(command) => with_existing(&config, |url| tenants(&config, url, command))?,
        Command::Host(command) => with_database(&config, |url| {
            database::migrate(url)?;
            let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
            Ok(host_cli::run(&mut connection, &command)?)
        })?,
        Command::Audit(command) => with_existing(&config, |url| {
            database::migrate(url)?;
            let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
            Ok(audit_cli::run(&mut connection, &command)?)
        })?,
        Command::Keys(command) => with_existing(&config, |url| {
            database::migrate(url)?;
            let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
            Ok(keys_cli::run(&config, &mut connection, &command)?)
        })?,
        Command::Openapi => {
            let document = openapi::document(kezhan_domain::standard(), &kezhan_features::actions::all());
            print!("{}", openapi::text(&document));
        }
        Command::Config => print!("{}", config.describe()),
        Command::Migrate => {
            let applied = with_database(&config, |url| Ok(database::migrate(url)?))?;
            for name in &applied {
                println!("applied {name}");
            }
            println!("the schema is up to date");
        }
        Command::Reindex => with_existing(&config, |url| {
            database::migrate(url)?;
            let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
            let each = |tenant: &str, object: &str, changed: usize| println!("{changed:>8} {tenant} {object}");
            Ok(kezhan_features::people::setup::reindex(&mut connection, &config.engine()?, each)?)
        })?,
        Command::Backup { file, encrypt, recipient } => {
            let cover = cover(encrypt, &recipient)?;
            let manifest = with_existing(&config, |url| Ok(backup::backup(&config, url, &file, cover.as_ref())?))?;
            println!("wrote {}: the database and {} file(s)", file.display(), manifest.entries.len() - 1);
        }
        Command::Restore { file, force, identity } => {
            let opening = match identity {
                Some(path) => Opening::identities(&path)?,
                None if backup_cover::wants_passphrase(&file)? => {
                    Opening::passphrase(&typed("Passphrase of the backup: ")?)
                }
                None => Opening::default(),
            };
            let manifest = with_database(&config, |url| Ok(backup::restore(&config, url, &file, force, &opening)?))?;
            println!("restored the backup of {}", manifest.created_at.format("%Y-%m-%d %H:%M:%S UTC"));
        }
    }
    Ok(())
}

/// What an archive is encrypted by. Twice where somebody types it: one under a mistyped passphrase is none.
pub(crate) fn cover(encrypt: bool, recipients: &[String]) -> io::Result<Option<Cover>> {
    if !recipients.is_empty() {
        return Cover::recipients(recipients).map(Some);
    }
    if !encrypt {
        return Ok(None);
    }
    let first = typed("Passphrase for the archive: ")?;
    if first.chars().count() < PASSPHRASE_MIN {
        return Err(io::Error::other(format!("a passphrase has at least {PASSPHRASE_MIN} characters")));
    }
    if io::stdin().is_terminal() && typed("Once more: ")? != first {
        return Err(io::Error::other("the two passphrases differ"));
    }
    Ok(Some(Cover::passphrase(&first)))
}

fn typed(prompt: &str) -> io::Result<Zeroizing<String>> {
    let text = if io::stdin().is_terminal() { tenant::hidden(prompt) } else { tenant::line() };
    text.map(Zeroizing::new)
}

fn announce(address: SocketAddr) {
    say(&format!("Kezhan CRM: http://{address}\nAPI documentation: http://{address}/docs"));
}

/// Prints for whoever may be listening; nobody is no reason to stop.
fn say(text: &str) {
    if let Err(e) = writeln!(io::stdout(), "{text}") {
        log::debug!("cannot print: {e}");
    }
}

fn load_demo(config: &Config, url: &str) -> Result<demo::Summary, CliError> {
    let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
    log::info!("loading the demonstration company");
    Ok(demo::load(&mut connection, &config.engine()?, Utc::now())?)
}

fn tenants(config: &Config, url: &str, command: TenantCommand) -> Result<(), CliError> {
    database::migrate(url)?;
    let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
    Ok(tenant::run(config, &mut connection, &config.engine()?, command)?)
}

/// Opens the database, works on it, and stops what was started for it, whatever came out.
fn with_database<T>(config: &Config, work: impl FnOnce(&str) -> Result<T, CliError>) -> Result<T, CliError> {
    within(Database::open(config)?, work)
}

/// The same where there is one.
fn with_existing<T>(config: &Config, work: impl FnOnce(&str) -> Result<T, CliError>) -> Result<T, CliError> {
    within(Database::existing(config)?, work)
}

fn within<T>(database: Database, work: impl FnOnce(&str) -> Result<T, CliError>) -> Result<T, CliError> {
    let result = work(database.url());
    database.close()?;
    result
}
