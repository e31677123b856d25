//! `kezhan tenant`: companies on this installation.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use clap::Subcommand;
use diesel::PgConnection;
use kezhan_engine::{Engine, Error};
use kezhan_features::people::setup::{self, Tenant};
use kezhan_meta::Lang;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, IsTerminal, Write};

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
}

#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    #[error("{}", words(.0))]
    Refused(#[from] Error),
    #[error("cannot read the password: {0}")]
    Input(#[from] io::Error),
    #[error("the two passwords differ")]
    Differ,
}

pub fn run(conn: &mut PgConnection, engine: &Engine, command: TenantCommand) -> Result<(), TenantError> {
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
    }
}

fn add(conn: &mut PgConnection, engine: &Engine, key: &str, name: &str, admin: &str) -> Result<(), TenantError> {
    let typed = match io::stdin().is_terminal() {
        true => asked(admin)?,
        false => line()?,
    };
    let password = if typed.is_empty() { generated() } else { typed.clone() };
    setup::create_tenant(engine, conn, key, name, admin, &password)?;
    println!("added {key}: {name}, administrator {admin}");
    if typed.is_empty() {
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
