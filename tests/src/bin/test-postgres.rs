//! Starts the PostgreSQL that the tests share ahead of them, or removes it when nobody uses it.

use kezhan_api::embedded::Postgres;
use kezhan_tests::postgres::cluster_options;
use std::process::ExitCode;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let done = match argument.as_deref() {
        Some("start") => Postgres::open(cluster_options()).map(|postgres| println!("{}", postgres.url())),
        Some("stop") if !cluster_options().home.exists() => Ok(()),
        Some("stop") => Postgres::open(cluster_options()).and_then(|postgres| {
            println!("{}", if postgres.remove()? { "removed" } else { "still used by another process" });
            Ok(())
        }),
        _ => {
            eprintln!("usage: test-postgres start|stop");
            return ExitCode::FAILURE;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
