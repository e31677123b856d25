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
mod screens;
mod server;

use cases::Case;
use clap::Parser;
use cluster::{Cluster, Statement};
use http::{Client, Load};
use names::Names;
use report::{Report, Row};
use server::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CONNECTIONS: usize = 16;

#[derive(Parser)]
#[command(about = "Seeds a company and measures the server beside raw SQL")]
struct Args {
    /// Accounts; three times as many contacts, as many opportunities, five times as many follow-ups.
    #[arg(long, default_value_t = 1_000_000)]
    accounts: u64,
    /// Accounts of the small database to compare with; 0 for none.
    #[arg(long, default_value_t = 10_000)]
    small: u64,
    /// Seconds per case, and again for pgbench.
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
    std::thread::sleep(Duration::from_secs(2));
    settle(cluster, database);
    report.memory_at_rest_mb = proc::memory_mb(server.pid());
    for case in cases::all(cluster, database, &server, names) {
        if args.only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
            continue;
        }
        eprintln!("  {}", case.name);
        let row = one(args, cluster, database, &server, &case, &dir);
        report.memory_under_load_mb = report.memory_under_load_mb.max(proc::memory_mb(server.pid()));
        report.rows.push(row);
    }
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

fn one(args: &Args, cluster: &Cluster, database: &str, server: &Server, case: &Case, dir: &Path) -> Row {
    let mut row = Row { case: case.name.to_owned(), ..Row::default() };
    let token = server.sign_in(case.user);
    // Numbers of requests are never used twice: writes must differ.
    let mut used = 0;
    if let Err(problem) = check(server, &token, case, &mut used) {
        row.note = Some(problem);
        return row;
    }
    let scripts = capture(cluster, server, &token, case, &mut used);
    let mut counts: Vec<usize> = scripts.iter().map(Vec::len).collect();
    counts.sort_unstable();
    let usual = counts.get(counts.len() / 2).copied().unwrap_or_default();
    // Now and then a request also asks whether the session still stands.
    let scripts: Vec<Vec<Statement>> = scripts.into_iter().filter(|s| s.len() == usual).collect();
    let control =
        |s: &&Statement| matches!(s.sql.split_whitespace().next(), Some("BEGIN" | "COMMIT" | "SAVEPOINT" | "RELEASE"));
    if let Some(first) = scripts.first() {
        row.statements = first.iter().filter(|s| !control(s)).count();
        row.transaction = first.iter().any(|s| control(&s));
        if args.explain {
            explain(cluster, database, case.name, first);
        }
    }

    let postgres = cluster.postgres().pid().unwrap_or_default();
    let before = used;
    let make = |n: u64| (case.make)(n + before);
    http::load(server.addr, &token, CONNECTIONS, 1.0, &make);
    let make = |n: u64| (case.make)(n + before + 1_000_000);
    let start = Sample::take(server.pid(), postgres);
    let load: Load = http::load(server.addr, &token, CONNECTIONS, args.seconds, &make);
    let spent = Sample::take(server.pid(), postgres).since(&start);
    row.requests = load.requests;
    row.failures = load.failures;
    row.note = load.first_failure.clone();
    row.per_second = load.per_second();
    row.p50_ms = load.percentile_ms(50);
    row.p95_ms = load.percentile_ms(95);
    row.server_cpu_ms = spent.server / load.requests as f64;
    row.postgres_cpu_ms = spent.postgres / load.requests as f64;
    row.others_cores = (spent.machine - spent.server - spent.postgres - spent.own).max(0.0) / load.seconds / 1000.0;

    let ids = |s: &Statement| s.values.get(1).cloned().flatten();
    let fresh: Vec<String> = match case.creates {
        true => scripts.iter().filter_map(|s| s.last().and_then(ids)).collect(),
        false => Vec::new(),
    };
    let start = Sample::take(server.pid(), postgres);
    match pgbench::run(cluster, database, &scripts, &fresh, args.seconds, dir) {
        Ok(raw) => {
            let spent = Sample::take(server.pid(), postgres).since(&start);
            row.raw_per_second = Some(raw.per_second);
            row.raw_postgres_cpu_ms = Some(spent.postgres / (raw.per_second * args.seconds.ceil().max(1.0)));
        }
        Err(problem) => row.note = Some(format!("pgbench: {problem}")),
    }
    row
}

/// CPU time used so far.
struct Sample {
    server: f64,
    postgres: f64,
    own: f64,
    machine: f64,
}

impl Sample {
    fn take(server: u32, postgres: u32) -> Sample {
        Sample {
            server: proc::cpu_ms(server),
            postgres: proc::family_cpu_ms(postgres),
            own: proc::cpu_ms(std::process::id()),
            machine: proc::machine_cpu_ms(),
        }
    }

    fn since(&self, before: &Sample) -> Sample {
        Sample {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            own: self.own - before.own,
            machine: self.machine - before.machine,
        }
    }
}

/// Are the answers what they should be? Warms caches as well.
fn check(server: &Server, token: &str, case: &Case, used: &mut u64) -> Result<(), String> {
    let mut client = Client::connect(server.addr, token).map_err(|e| e.to_string())?;
    for _ in 0..case.variants {
        let request = (case.make)(*used);
        *used += 1;
        let answer = client.send(&request).map_err(|e| e.to_string())?;
        if answer.status >= 300 {
            return Err(format!("{} {}: {} {}", request.method, request.path, answer.status, answer.text()));
        }
        let items = answer.json()["data"].as_array().map_or(0, Vec::len);
        if items < case.at_least {
            return Err(format!("{} {} answers {items} items", request.method, request.path));
        }
    }
    Ok(())
}

/// The statements of each variant.
fn capture(cluster: &Cluster, server: &Server, token: &str, case: &Case, used: &mut u64) -> Vec<Vec<Statement>> {
    const MARK: &str = "SELECT 'next request'";
    let mut mark = cluster.connection();
    let mut client = Client::connect(server.addr, token).unwrap();
    let all = cluster.statements(|| {
        for _ in 0..case.variants {
            diesel::connection::SimpleConnection::batch_execute(&mut mark, MARK).unwrap();
            client.send(&(case.make)(*used)).unwrap();
            *used += 1;
        }
        diesel::connection::SimpleConnection::batch_execute(&mut mark, MARK).unwrap();
    });
    let mut parts: Vec<Vec<Statement>> = all.split(|s| s.sql == MARK).map(<[_]>::to_vec).collect();
    parts.pop();
    parts.into_iter().skip(1).collect()
}

fn explain(cluster: &Cluster, database: &str, case: &str, statements: &[Statement]) {
    for statement in statements {
        let verb = statement.sql.split_whitespace().next().unwrap_or_default();
        if matches!(verb, "SELECT" | "WITH" | "INSERT" | "UPDATE" | "(SELECT") {
            eprintln!("--- {case}: {}", statement.sql);
            for line in cluster.explain(database, statement) {
                eprintln!("{line}");
            }
        }
    }
}

/// Takes away what the run created.
fn tidy(cluster: &Cluster, database: &str) {
    cluster.execute(
        database,
        "SET kezhan.maintenance = 'bench'; DELETE FROM changes; DELETE FROM jobs; DELETE FROM accounts WHERE created_at > '2026-07-02'",
    );
    cluster.execute(database, "VACUUM (ANALYZE) accounts");
}
