//! `kezhan host`: administrators of this installation.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use crate::tenant::{TenantError, password_for};
use clap::Subcommand;
use diesel::PgConnection;
use kezhan_features::host::admins;
use kezhan_features::host::trail::Actor;

#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// Add an administrator of the installation, or give one another password
    ///
    /// Administrators sign in at `/host`, look after the companies and see none of their records. The password is asked
    /// for on the terminal, or read from the first line of the standard input; where that line is empty, one is made up
    /// and printed, this once.
    Add {
        /// The user name
        name: String,
    },
}

pub fn run(conn: &mut PgConnection, command: &HostCommand) -> Result<(), TenantError> {
    let HostCommand::Add { name } = command;
    let (password, made_up) = password_for(name)?;
    admins::put(conn, &Actor::command_line(), name, &password)?;
    println!("added {name}, who signs in at /host");
    if made_up {
        println!("password: {password}");
    }
    Ok(())
}
