//! A PostgreSQL of the bench's own, set up as the product sets up its embedded one.

use super::company;
use super::names::Names;
use super::records::Plan;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use kezhan_api::embedded::{Options, Postgres, reachable_home};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Mutex;
use std::time::Instant;

/// Raised when seeding changes, so that kept databases are not taken for current ones.
const SEED: u32 = 2;
/// Connections that build indexes side by side.
const BUILDERS: usize = 2;

pub struct Cluster {
    options: Options,
    postgres: Option<Postgres>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl Cluster {
    pub fn open() -> Cluster {
        let home = reachable_home(kezhan_tests::cache().join("bench-pg"));
        let options = Options { home, durable: true, stop: true, ..kezhan_tests::postgres::cluster_options() };
        let mut cluster = Cluster { options, postgres: None };
        cluster.restart(true);
        cluster
    }

    /// Durable as in service, or fast for seeding.
    pub fn restart(&mut self, durable: bool) {
        self.stop();
        self.options.durable = durable;
        self.postgres = Some(Postgres::open(self.options.clone()).unwrap());
    }

    pub fn stop(&mut self) {
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().unwrap();
        }
    }

    pub fn postgres(&self) -> &Postgres {
        self.postgres.as_ref().unwrap()
    }

    /// Stops the server and deletes everything.
    pub fn remove(mut self) {
        if let Some(postgres) = self.postgres.take() {
            postgres.remove().unwrap();
        }
    }

    fn connect(&self, database: &str) -> PgConnection {
        PgConnection::establish(&self.postgres().url_of(database)).unwrap()
    }

    pub fn connection(&self) -> PgConnection {
        self.connect("postgres")
    }

    pub fn execute(&self, database: &str, sql: &str) {
        self.connect(database).batch_execute(sql).unwrap();
    }

    pub fn lines(&self, database: &str, sql: &str) -> Vec<String> {
        let rows: Vec<Line> = sql_query(sql).load(&mut self.connect(database)).unwrap();
        rows.into_iter().map(|row| row.line).collect()
    }

    pub fn number(&self, database: &str, sql: &str) -> i64 {
        sql_query(sql).get_result::<Number>(&mut self.connect(database)).unwrap().n
    }

    /// The name of the database with that many accounts, seeded first if it is not there.
    pub fn seeded(&mut self, accounts: u64, names: &Names) -> String {
        let name = format!("seed{SEED}_{}_{accounts}", kezhan_tests::postgres::migrations_key());
        let exists = format!("SELECT count(*) AS n FROM pg_database WHERE datname = '{name}'");
        if self.number("postgres", &exists) == 0 {
            self.restart(false);
            self.seed(&name, accounts, names);
            self.restart(true);
        }
        name
    }

    fn seed(&self, name: &str, accounts: u64, names: &Names) {
        let start = Instant::now();
        let took = |what: &str| eprintln!("[{:6.1} s] {what}", start.elapsed().as_secs_f64());
        let draft = format!("{name}_draft");
        self.execute("postgres", &format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"));
        self.execute("postgres", &format!("CREATE DATABASE {draft} TEMPLATE template0"));
        let url = self.postgres().url_of(&draft);
        kezhan_api::database::migrate(&url).unwrap();
        let bin = self.postgres().bin();
        company::fill(bin, &url, names);
        let tables = "('accounts', 'contacts', 'opportunities', 'follow_ups')";
        // Biggest first; the primary keys and what depends on them stay.
        let later = format!(
            "SELECT pg_get_indexdef(i.indexrelid) AS line FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid \
             WHERE t.relname IN {tables} AND NOT i.indisprimary ORDER BY i.indrelid, i.indexrelid"
        );
        let later = self.lines(&draft, &later);
        let drops = format!(
            "SELECT format('DROP INDEX %I', c.relname) AS line FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid \
             JOIN pg_class c ON c.oid = i.indexrelid WHERE t.relname IN {tables} AND NOT i.indisprimary"
        );
        self.execute(&draft, &self.lines(&draft, &drops).join(";"));

        let plan = Plan { accounts, names, bin, url: &url };
        std::thread::scope(|scope| {
            scope.spawn(|| plan.fill_follow_ups());
            plan.fill_accounts();
            plan.fill_contacts();
            plan.fill_opportunities();
        });
        took("rows");
        let queue = Mutex::new(later);
        std::thread::scope(|scope| {
            for _ in 0..BUILDERS {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap().pop();
                        let Some(statement) = next else { break };
                        self.execute(&draft, &statement);
                    }
                });
            }
        });
        took("indexes");
        self.execute(&draft, "VACUUM (ANALYZE)");
        took("statistics");
        self.execute("postgres", &format!("ALTER DATABASE {draft} RENAME TO {name}"));
        self.execute("postgres", "CHECKPOINT");
        took("done");
    }

    /// How the statement runs with its values, and in the plan that is made for any values.
    pub fn explain(&self, database: &str, statement: &Statement) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Plan {
            #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
            line: String,
        }
        let quoted = |v: &Option<String>| v.as_ref().map_or("NULL".into(), |v| format!("'{}'", v.replace('\'', "''")));
        let values: Vec<String> = statement.values.iter().map(quoted).collect();
        let values = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
        let mut conn = self.connect(database);
        let mut out = Vec::new();
        for mode in ["force_custom_plan", "force_generic_plan"] {
            let prepare = format!("BEGIN; SET LOCAL plan_cache_mode = {mode}; PREPARE s AS {}", statement.sql);
            let plan = conn.batch_execute(&prepare).and_then(|()| {
                sql_query(format!("EXPLAIN (ANALYZE, BUFFERS) EXECUTE s{values}")).load::<Plan>(&mut conn)
            });
            out.push(format!("[{mode}]"));
            match plan {
                Ok(lines) => out.extend(lines.into_iter().map(|row| row.line)),
                Err(e) => out.push(e.to_string()),
            }
            conn.batch_execute("ROLLBACK; DEALLOCATE ALL").unwrap();
        }
        out
    }

    /// Every statement that runs while `during` does, with its values, in order.
    pub fn statements(&self, during: impl FnOnce()) -> Vec<Statement> {
        let path = self.options.home.join("postgres.log");
        let log = |on: bool| {
            let value = if on { "all" } else { "none" };
            for sql in [&format!("ALTER SYSTEM SET log_statement = '{value}'"), "SELECT pg_reload_conf()"] {
                self.execute("postgres", sql);
            }
            // Sessions look at the new settings between two statements, once the signal has come.
            std::thread::sleep(std::time::Duration::from_millis(300));
        };
        log(true);
        let mut file = File::open(&path).unwrap();
        let start = file.seek(SeekFrom::End(0)).unwrap();
        during();
        let end = file.seek(SeekFrom::End(0)).unwrap();
        log(false);
        file.seek(SeekFrom::Start(start)).unwrap();
        let mut text = String::new();
        file.take(end - start).read_to_string(&mut text).unwrap();
        parse_log(&text)
    }
}

/// A statement with `$n` and what stood for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub sql: String,
    pub values: Vec<Option<String>>,
}

fn parse_log(text: &str) -> Vec<Statement> {
    let mut out: Vec<Statement> = Vec::new();
    for line in text.lines() {
        let entry = line.split_once("] ").map_or("", |(_, rest)| rest);
        if let Some(rest) = entry.strip_prefix("LOG:  execute ") {
            let sql = rest.split_once(": ").map_or("", |(_, sql)| sql).to_owned();
            out.push(Statement { sql, values: Vec::new() });
        } else if let Some(sql) = entry.strip_prefix("LOG:  statement: ") {
            out.push(Statement { sql: sql.to_owned(), values: Vec::new() });
        } else if let Some(list) = entry.strip_prefix("DETAIL:  parameters: ") {
            if let Some(last) = out.last_mut() {
                last.values = parse_values(list);
            }
        } else if let Some(more) = line.strip_prefix('\t')
            && let Some(last) = out.last_mut()
        {
            last.sql.push('\n');
            last.sql.push_str(more);
        }
    }
    out
}

/// `$1 = 'a''b', $2 = NULL`
fn parse_values(list: &str) -> Vec<Option<String>> {
    let mut out = Vec::new();
    let mut rest = list;
    while let Some((_, tail)) = rest.split_once(" = ") {
        let Some(quoted) = tail.strip_prefix('\'') else {
            out.push(None);
            rest = tail.strip_prefix("NULL").unwrap_or_default();
            continue;
        };
        let mut value = String::new();
        let mut chars = quoted.char_indices().peekable();
        rest = "";
        while let Some((at, c)) = chars.next() {
            if c != '\'' {
                value.push(c);
            } else if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                value.push('\'');
                chars.next();
            } else {
                rest = &quoted[at + 1..];
                break;
            }
        }
        out.push(Some(value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_read_back() {
        let log = "2026-11-24 02:00:00.000 UTC [77] LOG:  execute __d1: SELECT $1, $2, $3\n\
                   2026-11-24 02:00:00.000 UTC [77] DETAIL:  parameters: $1 = 'it''s = , $2', $2 = NULL, $3 = '{1,2}'\n\
                   2026-11-24 02:00:00.000 UTC [77] LOG:  statement: COMMIT\n";
        let text = |s: &str| Some(s.to_owned());
        let first =
            Statement { sql: "SELECT $1, $2, $3".into(), values: vec![text("it's = , $2"), None, text("{1,2}")] };
        assert_eq!(parse_log(log), [first, Statement { sql: "COMMIT".into(), values: vec![] }]);
    }
}
