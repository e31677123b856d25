//! Measures the server at size: seeds a database, sends requests over HTTP, runs the same SQL through pgbench beside
//! it, and prints both.

mod bulk;
mod cases;
mod cluster;
mod company;
mod copy;
mod dice;
mod http;
mod names;
mod pgbench;
mod proc;
mod records;
mod report;
mod rounds;
mod screens;
mod server;

use cases::Case;
use clap::Parser;
use cluster::Cluster;
use names::Names;
use report::Report;
use rounds::{Bench, Run, rounds};
use server::Server;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Seeds a company and measures the server beside raw SQL")]
struct Args {
    /// Accounts; three times as many contacts, as many opportunities, five times as many follow-ups.
    #[arg(long, default_value_t = 1_000_000)]
    accounts: u64,
    /// Accounts of the small database to compare with; 0 for none.
    #[arg(long, default_value_t = 10_000)]
    small: u64,
    /// Seconds per case, in rounds of one, and again for pgbench.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// The server to measure.
    #[arg(long)]
    server: PathBuf,
    /// Only cases whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Figures as JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Print the plan of each statement.
    #[arg(long)]
    explain: bool,
    /// Leave the seeded databases for the next run.
    #[arg(long)]
    keep: bool,
    /// Instead of requests: work the web client in a browser, the one that `KEZHAN_WEB` names.
    #[arg(long)]
    screens: bool,
    /// Seed and stop.
    #[arg(long)]
    seed_only: bool,
}

fn main() {
    let args = Args::parse();
    let list = std::env::var_os("KEZHAN_BENCH_NAMES").map(PathBuf::from);
    let names = Names::load(list.as_deref()).unwrap_or_else(|e| panic!("cannot read KEZHAN_BENCH_NAMES: {e}"));
    let mut cluster = Cluster::open();
    let sizes: Vec<u64> = [args.small, args.accounts].into_iter().filter(|n| *n > 0).collect();
    let databases: Vec<String> = sizes.iter().map(|n| cluster.seeded(*n, &names)).collect();
    let mut reports = Vec::new();
    for (accounts, database) in sizes.iter().zip(&databases).filter(|_| !args.seed_only) {
        eprintln!("measuring {accounts} accounts");
        if args.screens {
            look(&args, &cluster, database);
            continue;
        }
        let mut report = measure(&args, &cluster, database, &names);
        report.accounts = *accounts;
        if args.keep {
            tidy(&cluster, database);
        }
        reports.push(report);
    }
    match args.keep {
        true => cluster.stop(),
        false => cluster.remove(),
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&reports).unwrap());
        return;
    }
    for (at, report) in reports.iter().enumerate() {
        report::print(report, reports.first().filter(|_| at > 0));
    }
}

fn measure(args: &Args, cluster: &Cluster, database: &str, names: &Names) -> Report {
    let dir = std::env::temp_dir().join(format!("kezhan-bench-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    prepare(cluster, database);
    let server = Server::start(&args.server, &cluster.postgres().url_of(database), &dir);
    let mut report = Report::default();
    for (_, user) in company::WHO {
        server.sign_in(user);
    }
    settle(cluster, database);
    // At rest is what it is when nobody has asked for anything for a while; hashing passwords takes 19 MB each.
    std::thread::sleep(Duration::from_secs(60));
    report.memory_at_rest_mb = proc::memory_mb(server.pid());
    let cases = cases::all(cluster, database, &server, names);
    let wanted = |case: &&Case| args.only.as_ref().is_none_or(|only| case.name.contains(only.as_str()));
    let bench = Bench { cluster, database, server: &server, dir: &dir, explain: args.explain };
    let mut runs: Vec<Run<'_>> = cases.iter().filter(wanted).map(|case| bench.prepared(case)).collect();
    // In rounds, so that a machine that becomes slower or faster meanwhile does so for all alike.
    let rounds = rounds(args.seconds);
    for round in 0..rounds {
        for run in &mut runs {
            eprintln!("  {}: {}", round + 1, run.case.name);
            bench.measure(run);
            if round == rounds / 2 {
                bench.compare(run, args.seconds);
            }
            report.memory_under_load_mb = report.memory_under_load_mb.max(proc::memory_mb(server.pid()));
        }
    }
    report.rows = runs.into_iter().map(Run::row).collect();
    if args.only.as_ref().is_none_or(|only| "import and export".contains(only.as_str())) {
        eprintln!("  import and export");
        match bulk::measure(&server, company::ADMIN.1, names) {
            Ok(bulk) => report.bulk = Some(bulk),
            Err(problem) => report.bulk_note = Some(problem),
        }
    }
    drop(server);
    fs::remove_dir_all(&dir).unwrap();
    report
}

fn look(args: &Args, cluster: &Cluster, database: &str) {
    let dir = std::env::temp_dir().join(format!("kezhan-bench-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    prepare(cluster, database);
    let server = Server::start(&args.server, &cluster.postgres().url_of(database), &dir);
    screens::measure(&server);
    screens::scores();
    drop(server);
    fs::remove_dir_all(&dir).unwrap();
}

/// Rights that are not seeded, and one password for those who sign in.
fn prepare(cluster: &Cluster, database: &str) {
    use diesel::Connection;
    let mut conn = diesel::PgConnection::establish(&cluster.postgres().url_of(database)).unwrap();
    company::grant(&mut conn);
    for (user, _) in company::WHO {
        let (tenant, user) = (company::tenant(), company::user(user));
        kezhan_features::people::sign_in::set_password(&mut conn, tenant, user, server::PASSWORD, None).unwrap();
    }
}

/// Waits until the server has made the indexes that the rights ask for.
fn settle(cluster: &Cluster, database: &str) {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Open {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let mut conn = diesel::PgConnection::establish(&cluster.postgres().url_of(database)).unwrap();
    for _ in 0..300 {
        let open = "SELECT (SELECT count(*) FROM jobs WHERE finished_at IS NULL) \
                    + (SELECT count(*) FROM tenants WHERE reach_epoch IS DISTINCT FROM access_epoch) AS n";
        if diesel::sql_query(open).get_result::<Open>(&mut conn).unwrap().n == 0 {
            return;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    eprintln!("  the indexes for the rights are not there yet");
}

/// Takes away what the run created.
fn tidy(cluster: &Cluster, database: &str) {
    cluster.execute(
        database,
        "SET kezhan.maintenance = 'bench'; DELETE FROM changes; DELETE FROM jobs; DELETE FROM accounts WHERE created_at > '2026-07-02'",
    );
    cluster.execute(database, "VACUUM (ANALYZE) accounts");
}
