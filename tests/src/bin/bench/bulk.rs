//! Import and export of 100,000 rows.

use super::http::{Client, Request};
use super::names::{CITIES, Names};
use super::proc;
use super::server::Server;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

pub const ROWS: u64 = 100_000;
/// A job that takes longer has stopped.
const PATIENCE: Duration = Duration::from_secs(900);

#[derive(Clone, Debug, Default, Serialize)]
pub struct Bulk {
    pub rows: u64,
    /// Upload and analysis, until the mapping is there.
    pub upload_seconds: f64,
    /// From the start of the job to its end.
    pub import_seconds: f64,
    pub import_cpu_seconds: f64,
    /// Most memory that the server held meanwhile.
    pub import_memory_mb: f64,
    pub export_seconds: f64,
    pub export_memory_mb: f64,
    pub export_mb: f64,
}

/// Uploads a sheet of accounts, takes the mapping that is proposed, waits for the job, and exports what came in.
pub fn measure(server: &Server, user: &str, names: &Names) -> Result<Bulk, String> {
    let mut bulk = Bulk { rows: ROWS, ..Bulk::default() };
    let token = server.sign_in(user);
    let mut client = Client::connect(server.addr, &token).map_err(|e| e.to_string())?;
    let mut ask = |request: Request| -> Result<Value, String> {
        let answer = client.send(&request).map_err(|e| e.to_string())?;
        match answer.status {
            200..300 => Ok(answer.json()),
            status => Err(format!("{} {}: {status} {}", request.method, request.path, answer.text())),
        }
    };
    let sheet = sheet(names);
    proc::forget_peak(server.pid());
    let start = Instant::now();
    let upload = ask(Request::file("/api/v1/bulk/uploads", "accounts.csv", &sheet))?;
    bulk.upload_seconds = start.elapsed().as_secs_f64();
    let columns: Vec<Value> = upload["mapping"].as_array().into_iter().flatten().map(plan).collect();
    let plan = json!({
        "upload": upload["id"], "object": "account", "columns": columns, "duplicates": { "action": "skip" },
    });
    let cpu = proc::cpu_ms(server.pid());
    let start = Instant::now();
    let mut job = ask(Request::with("POST", "/api/v1/bulk/jobs", plan))?;
    let path = format!("/api/v1/bulk/jobs/{}", job["id"].as_str().unwrap_or_default());
    while !matches!(job["state"].as_str(), Some("done" | "failed" | "cancelled")) {
        if start.elapsed() > PATIENCE {
            return Err(format!("the import does not end: {job}"));
        }
        std::thread::sleep(Duration::from_millis(100));
        job = ask(Request::get(&path))?;
    }
    bulk.import_seconds = start.elapsed().as_secs_f64();
    bulk.import_cpu_seconds = (proc::cpu_ms(server.pid()) - cpu) / 1000.0;
    bulk.import_memory_mb = proc::peak_mb(server.pid());
    // Some of a hundred thousand numbers are the numbers of companies that are there.
    let count = |what: &str| job["progress"][what].as_u64().unwrap_or_default();
    if count("created") + count("skipped") != ROWS || count("created") < ROWS * 9 / 10 {
        return Err(format!("{ROWS} rows were to be created: {job}"));
    }

    proc::forget_peak(server.pid());
    let wanted = json!({
        "object": "account", "format": "csv",
        "filter": { "field": "created_at", "op": "gte", "value": job["created_at"] },
    });
    let start = Instant::now();
    let answer = client.send(&Request::with("POST", "/api/v1/bulk/exports", wanted)).map_err(|e| e.to_string())?;
    bulk.export_seconds = start.elapsed().as_secs_f64();
    bulk.export_memory_mb = proc::peak_mb(server.pid());
    bulk.export_mb = answer.body.len() as f64 / 1e6;
    // The heading is a line as well.
    let lines = answer.body.iter().filter(|b| **b == b'\n').count() as u64;
    match answer.status == 200 && lines > count("created") {
        true => Ok(bulk),
        false => Err(format!("the export answers {} with {lines} lines", answer.status)),
    }
}

/// A proposed column as the plan takes it.
fn plan(proposed: &Value) -> Value {
    json!({ "column": proposed["column"], "field": proposed["field"] })
}

fn sheet(names: &Names) -> String {
    let mut out = String::from("客户名称,客户级别,所属行业,电话,邮箱,城市,员工人数,年营业额,标签,备注,外部编号\n");
    for n in 0..ROWS {
        let city = CITIES[n as usize % CITIES.len()];
        let name = names.company(n.wrapping_mul(7_919), city);
        let level = ["A", "B", "C"][n as usize % 3];
        let industry = ["软件", "零售", "金融"][n as usize / 7 % 3];
        let _ = writeln!(
            out,
            "{name} {n},{level},{industry},021-6{:07},n{n}@example.com,{city},{},{},重点,来自展会,import-{n}",
            n % 10_000_000,
            n % 500,
            n * 1_000 % 90_000_000,
        );
    }
    out
}
