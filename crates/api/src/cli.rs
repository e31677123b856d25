//! The command line.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use crate::config::{Config, ConfigError};
use crate::database::{self, Database, DatabaseError};
use crate::{backup, logging};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Kezhan CRM: one program, one PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "kezhan", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the database schema up to date
    Migrate,
    /// Print every setting, its value and where it comes from
    Config,
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
    match cli.command {
        Command::Config => print!("{}", config.describe()),
        Command::Migrate => {
            let applied = with_database(&config, |url| Ok(database::migrate(url)?))?;
            for name in &applied {
                println!("applied {name}");
            }
            println!("the schema is up to date");
        }
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

/// Opens the database, works on it, and stops what was started for it, whatever came out.
fn with_database<T>(config: &Config, work: impl FnOnce(&str) -> Result<T, CliError>) -> Result<T, CliError> {
    let database = Database::open(config)?;
    let result = work(database.url());
    database.close()?;
    result
}
