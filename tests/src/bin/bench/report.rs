//! Figures as a table and as JSON.

use super::bulk::Bulk;
use serde::Serialize;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    pub case: String,
    pub requests: u64,
    pub failures: u64,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub server_cpu_ms: f64,
    pub postgres_cpu_ms: f64,
    /// The same SQL through pgbench.
    pub raw_per_second: Option<f64>,
    pub raw_postgres_cpu_ms: Option<f64>,
    /// Statements of one request, and whether they ran in a transaction of their own.
    pub statements: usize,
    pub transaction: bool,
    /// Cores that other programs used meanwhile.
    pub others_cores: f64,
    pub note: Option<String>,
}

impl Row {
    pub fn cpu_ms(&self) -> f64 {
        self.server_cpu_ms + self.postgres_cpu_ms
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub accounts: u64,
    pub memory_at_rest_mb: f64,
    pub memory_under_load_mb: f64,
    pub bulk: Option<Bulk>,
    /// Why import and export were not measured.
    pub bulk_note: Option<String>,
    pub rows: Vec<Row>,
}

pub fn print(report: &Report, small: Option<&Report>) {
    println!("\n{} accounts, 16 connections", report.accounts);
    println!(
        "{:<30} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>6} {:>8} {:>7} {:>7}",
        "",
        "req/s",
        "p50 ms",
        "p95 ms",
        "cpu ms",
        "server",
        "postgres",
        "pgbench/s",
        "ratio",
        "raw cpu",
        "sql",
        "vs small"
    );
    for row in &report.rows {
        let ratio = row.raw_per_second.map_or("-".into(), |raw| format!("{:.2}", row.per_second / raw));
        let raw = row.raw_per_second.map_or("-".into(), |raw| format!("{raw:.0}"));
        let raw_cpu = row.raw_postgres_cpu_ms.map_or("-".into(), |cpu| format!("{cpu:.3}"));
        let sql = format!("{}{}", row.statements, if row.transaction { "+tx" } else { "" });
        let before = small.and_then(|s| s.rows.iter().find(|r| r.case == row.case));
        let growth = before.map_or("-".into(), |b| format!("{:.2}", row.cpu_ms() / b.cpu_ms().max(1e-9)));
        println!(
            "{:<30} {:>8.0} {:>8.2} {:>8.2} {:>8.3} {:>8.3} {:>8.3} {:>9} {:>6} {:>8} {:>7} {:>7}",
            row.case,
            row.per_second,
            row.p50_ms,
            row.p95_ms,
            row.cpu_ms(),
            row.server_cpu_ms,
            row.postgres_cpu_ms,
            raw,
            ratio,
            raw_cpu,
            sql,
            growth
        );
        if row.failures > 0 {
            println!("    {} of {} requests failed", row.failures, row.requests);
        }
        if let Some(note) = &row.note {
            println!("    {note}");
        }
    }
    println!(
        "server memory: {:.0} MB at rest, {:.0} MB under load",
        report.memory_at_rest_mb, report.memory_under_load_mb
    );
    if let Some(b) = &report.bulk {
        println!(
            "import of {} rows: {:.1} s (upload {:.1} s before it), {:.1} s CPU in the server, at most {:.0} MB",
            b.rows, b.import_seconds, b.upload_seconds, b.import_cpu_seconds, b.import_memory_mb
        );
        println!(
            "export of them: {:.1} s, {:.0} MB, at most {:.0} MB",
            b.export_seconds, b.export_mb, b.export_memory_mb
        );
    }
    if let Some(note) = &report.bulk_note {
        println!("import and export: {note}");
    }
    let busy = report.rows.iter().map(|r| r.others_cores).fold(0.0, f64::max);
    if busy > 0.2 {
        println!("other programs used up to {busy:.1} cores meanwhile: rates are lower than on an idle machine");
    }
}
