//! `kezhan host`: administrators of this installation.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use crate::tenant::{TenantError, password_for};
use clap::Subcommand;
use diesel::PgConnection;
use kezhan_features::host::trail::Actor;
use kezhan_features::host::{admins, factors};

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
    /// Switch an administrator's second factor off
    ///
    /// For somebody who has lost the authenticator application and the recovery codes.
    ForgetFactor {
        /// The user name
        name: String,
    },
}

pub fn run(conn: &mut PgConnection, command: &HostCommand) -> Result<(), TenantError> {
    let name = match command {
        HostCommand::Add { name } => name,
        HostCommand::ForgetFactor { name } => {
            factors::forget(conn, &Actor::command_line(), name)?;
            println!("{name} signs in with the password alone");
            return Ok(());
        }
    };
    let (password, made_up) = password_for(name)?;
    admins::put(conn, &Actor::command_line(), name, &password)?;
    println!("added {name}, who signs in at /host");
    if made_up {
        println!("password: {password}");
    }
    Ok(())
}
