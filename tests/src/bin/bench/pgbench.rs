//! The same statements straight to PostgreSQL, through `pgbench`.

use super::cluster::{Cluster, Statement};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

pub struct Raw {
    pub per_second: f64,
}

/// A new id at every execution, of the kind that the engine makes.
const NEW_ID: &str = "overlay(gen_random_uuid()::text placing \
    regexp_replace(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0'), '(.{8})', '\\1-') || '-7' \
    from 1 for 15)::uuid";

/// Each script is the statements of one request; values become pgbench's variables, so that every client prepares
/// every statement once and binds from then on, as the server does. `fresh` marks values that must be new each time.
pub fn run(
    cluster: &Cluster,
    database: &str,
    scripts: &[Vec<Statement>],
    fresh: &[String],
    seconds: f64,
    dir: &Path,
) -> Result<Raw, String> {
    let program = cluster.postgres().bin().join("pgbench");
    if !program.exists() {
        return Err("pgbench is not installed".into());
    }
    let mut command = Command::new(program);
    let seconds = format!("{}", seconds.ceil().max(1.0));
    command.args(["-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", &seconds]);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (at, statements) in scripts.iter().enumerate() {
        let mut text = String::new();
        for statement in statements {
            writeln!(text, "{};", script(statement, fresh, &mut names)).unwrap();
        }
        let path = dir.join(format!("script-{at}.sql"));
        fs::write(&path, text).map_err(|e| e.to_string())?;
        command.arg("-f").arg(path);
    }
    for (value, name) in &names {
        command.arg("-D").arg(format!("{name}={value}"));
    }
    command.arg(cluster.postgres().url_of(database));
    let output = command.output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let tps = text.lines().find_map(|l| l.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
    match tps {
        Some(per_second) if output.status.success() => Ok(Raw { per_second }),
        _ => Err(String::from_utf8_lossy(&output.stderr).lines().take(6).collect::<Vec<_>>().join(" | ")),
    }
}

fn script(statement: &Statement, fresh: &[String], names: &mut BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = statement.sql.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let value = after[..digits].parse::<usize>().ok().and_then(|n| statement.values.get(n - 1));
        match value {
            None => out.push('$'),
            Some(None) => out.push_str("NULL"),
            Some(Some(value)) if fresh.contains(value) => out.push_str(NEW_ID),
            Some(Some(value)) => {
                let next = names.len();
                let name = names.entry(value.clone()).or_insert_with(|| format!("p{next}"));
                out.push(':');
                out.push_str(name);
            }
        }
        rest = if value.is_some() { &after[digits..] } else { after };
    }
    out + rest
}
