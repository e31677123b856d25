//! The command line.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use crate::audit_cli::{self, AuditCommand, AuditError};
use crate::config::{Config, ConfigError};
use crate::database::{self, Database, DatabaseError};
use crate::serve::{self, ServeError};
use crate::tenant::{self, TenantCommand, TenantError};
use crate::{backup, keys_cli, logging, openapi};
use chrono::Utc;
use clap::{Parser, Subcommand};
use diesel::{Connection, PgConnection};
use kezhan_features::demo;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

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
    /// Add or list the companies on this installation
    #[command(subcommand)]
    Tenant(TenantCommand),
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
    },
    /// Check an archive, then put its database and files in place
    Restore {
        /// The archive to read
        file: PathBuf,
        /// Replace a database that is not empty
        #[arg(long)]
        force: bool,
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
        Command::Tenant(command) => with_database(&config, |url| {
            database::migrate(url)?;
            let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
            Ok(tenant::run(&mut connection, &config.engine()?, command)?)
        })?,
        Command::Audit(command) => with_database(&config, |url| {
            database::migrate(url)?;
            let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
            Ok(audit_cli::run(&mut connection, &command)?)
        })?,
        Command::Keys(command) => with_database(&config, |url| {
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
        Command::Reindex => with_database(&config, |url| {
            database::migrate(url)?;
            let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
            let each = |tenant: &str, object: &str, changed: usize| println!("{changed:>8} {tenant} {object}");
            Ok(kezhan_features::people::setup::reindex(&mut connection, &config.engine()?, each)?)
        })?,
        Command::Backup { file } => {
            let manifest = with_database(&config, |url| Ok(backup::backup(&config, url, &file)?))?;
            println!("wrote {}: the database and {} file(s)", file.display(), manifest.entries.len() - 1);
        }
        Command::Restore { file, force } => {
            let manifest = with_database(&config, |url| Ok(backup::restore(&config, url, &file, force)?))?;
            println!("restored the backup of {}", manifest.created_at.format("%Y-%m-%d %H:%M:%S UTC"));
        }
    }
    Ok(())
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

/// Opens the database, works on it, and stops what was started for it, whatever came out.
fn with_database<T>(config: &Config, work: impl FnOnce(&str) -> Result<T, CliError>) -> Result<T, CliError> {
    let database = Database::open(config)?;
    let result = work(database.url());
    database.close()?;
    result
}
