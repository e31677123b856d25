//! Measures cases in turn, a little of each at a time.

use super::cases::Case;
use super::cluster::{Cluster, Statement};
use super::http::{self, Client, Load};
use super::report::Row;
use super::server::Server;
use super::{pgbench, proc};
use std::path::Path;

const CONNECTIONS: usize = 16;
/// Of one case at a time: what else the machine does falls on all of them alike.
const SECONDS: f64 = 1.0;

/// So many rounds make this time.
pub fn rounds(seconds: f64) -> usize {
    (seconds / SECONDS).round().max(1.0) as usize
}

pub struct Bench<'a> {
    pub cluster: &'a Cluster,
    pub database: &'a str,
    pub server: &'a Server,
    pub dir: &'a Path,
    /// Print the plan of each statement.
    pub explain: bool,
}

/// A case and what was measured of it so far.
pub struct Run<'a> {
    pub case: &'a Case,
    row: Row,
    /// It answers as it should.
    answers: bool,
    token: String,
    /// Numbers of requests are never used twice: writes must differ.
    used: u64,
    /// The statements of several requests.
    scripts: Vec<Vec<Statement>>,
    load: Load,
    spent: Vec<Spent>,
}

/// CPU time of one round, and for how many requests.
struct Spent {
    sample: Sample,
    requests: f64,
}

impl Bench<'_> {
    /// Signed in, tried, and with its statements known. One that does not answer as it should is not measured.
    pub fn prepared<'c>(&self, case: &'c Case) -> Run<'c> {
        let mut run = Run {
            case,
            row: Row { case: case.name.to_owned(), ..Row::default() },
            answers: false,
            token: self.server.sign_in(case.user),
            used: 0,
            scripts: Vec::new(),
            load: Load::default(),
            spent: Vec::new(),
        };
        if let Err(problem) = check(self.server, &run.token, case, &mut run.used) {
            run.row.note = Some(problem);
            return run;
        }
        run.answers = true;
        let scripts = capture(self.cluster, self.server, &run.token, case, &mut run.used);
        let mut counts: Vec<usize> = scripts.iter().map(Vec::len).collect();
        counts.sort_unstable();
        let usual = counts.get(counts.len() / 2).copied().unwrap_or_default();
        // Now and then a request also asks whether the session still stands.
        run.scripts = scripts.into_iter().filter(|s| s.len() == usual).collect();
        let control = |s: &&Statement| {
            matches!(s.sql.split_whitespace().next(), Some("BEGIN" | "COMMIT" | "SAVEPOINT" | "RELEASE"))
        };
        if let Some(first) = run.scripts.first() {
            run.row.statements = first.iter().filter(|s| !control(s)).count();
            run.row.transaction = first.iter().any(|s| control(&s));
            if self.explain {
                explain(self.cluster, self.database, case.name, first);
            }
        }
        let before = run.used;
        http::load(self.server.addr, &run.token, CONNECTIONS, 1.0, &|n| (case.make)(n + before));
        run.used += 1_000_000;
        run
    }

    /// One round of it over HTTP.
    pub fn measure(&self, run: &mut Run<'_>) {
        if !run.answers {
            return;
        }
        let postgres = self.cluster.postgres().pid().unwrap_or_default();
        let (before, case) = (run.used, run.case);
        let start = Sample::take(self.server.pid(), postgres);
        let load = http::load(self.server.addr, &run.token, CONNECTIONS, SECONDS, &|n| (case.make)(n + before));
        let sample = Sample::take(self.server.pid(), postgres).since(&start);
        run.spent.push(Spent { sample, requests: load.requests.max(1) as f64 });
        run.used += load.requests;
        run.load.add(load);
    }

    /// Its statements through pgbench, in one go: it prepares each of them for each connection first.
    pub fn compare(&self, run: &mut Run<'_>, seconds: f64) {
        if !run.answers {
            return;
        }
        let postgres = self.cluster.postgres().pid().unwrap_or_default();
        let ids = |s: &Statement| s.values.get(1).cloned().flatten();
        let fresh: Vec<String> = match run.case.creates {
            true => run.scripts.iter().filter_map(|s| s.last().and_then(ids)).collect(),
            false => Vec::new(),
        };
        let start = Sample::take(self.server.pid(), postgres);
        match pgbench::run(self.cluster, self.database, &run.scripts, &fresh, seconds, self.dir) {
            Ok(raw) => {
                let spent = Sample::take(self.server.pid(), postgres).since(&start);
                run.row.raw_per_second = Some(raw.per_second);
                run.row.raw_postgres_cpu_ms = Some(spent.postgres / (raw.per_second * seconds.ceil().max(1.0)));
            }
            Err(problem) => run.row.note = Some(format!("pgbench: {problem}")),
        }
    }
}

impl Run<'_> {
    pub fn row(mut self) -> Row {
        self.load.times.sort_unstable();
        let load = &self.load;
        if load.requests == 0 {
            return self.row;
        }
        let others = |s: &Sample| (s.machine - s.server - s.postgres - s.own).max(0.0);
        let others: f64 = self.spent.iter().map(|round| others(&round.sample)).sum();
        Row {
            requests: load.requests,
            failures: load.failures,
            per_second: load.per_second(),
            p50_ms: load.percentile_ms(50),
            p95_ms: load.percentile_ms(95),
            server_cpu_ms: middle(self.spent.iter().map(|r| r.sample.server / r.requests)),
            postgres_cpu_ms: middle(self.spent.iter().map(|r| r.sample.postgres / r.requests)),
            others_cores: others / load.seconds / 1000.0,
            note: self.row.note.or_else(|| load.first_failure.clone()),
            ..self.row
        }
    }
}

/// The median, or of two the smaller: one round in which the machine was slow is no matter.
fn middle(figures: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = figures.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// CPU time used so far, in ms.
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
