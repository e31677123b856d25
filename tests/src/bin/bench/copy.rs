//! Rows into tables by COPY, through `psql`.

use chrono::{DateTime, Utc};
use kezhan_engine::search::keys::{SearchKeys, SearchPart};
use std::fmt::{Display, Write as _};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A table being filled.
pub struct Copy {
    psql: Child,
    input: BufWriter<ChildStdin>,
    line: String,
}

impl Copy {
    pub fn start(bin: &Path, url: &str, table: &str, columns: &str) -> Copy {
        // Rows are consistent by construction: foreign keys need not be looked up one by one.
        let mut psql = Command::new(bin.join("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", "SET session_replication_role = replica", "-c"])
            .arg(format!("COPY {table} ({columns}) FROM STDIN"))
            .arg(url)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let input = BufWriter::with_capacity(1 << 20, psql.stdin.take().unwrap());
        Copy { psql, input, line: String::new() }
    }

    pub fn text(&mut self, text: &str) -> &mut Copy {
        for c in text.chars() {
            match c {
                '\\' => self.line.push_str("\\\\"),
                '\t' => self.line.push_str("\\t"),
                '\n' => self.line.push_str("\\n"),
                '\r' => self.line.push_str("\\r"),
                c => self.line.push(c),
            }
        }
        self.line.push('\t');
        self
    }

    /// What search finds the row by: `search_text` and `search_pairs`.
    pub fn search(&mut self, parts: &[SearchPart<'_>]) -> &mut Copy {
        let SearchKeys { text, pairs } = SearchKeys::of(parts, &[]);
        self.text(&text);
        let pairs: Vec<String> = pairs.iter().map(i32::to_string).collect();
        self.put(format_args!("{{{}}}", pairs.join(",")))
    }

    /// Numbers, ids and whatever else prints without special characters.
    pub fn put(&mut self, value: impl Display) -> &mut Copy {
        write!(self.line, "{value}\t").unwrap();
        self
    }

    pub fn maybe(&mut self, value: Option<impl Display>) -> &mut Copy {
        match value {
            Some(value) => self.put(value),
            None => self.put("\\N"),
        }
    }

    pub fn time(&mut self, at: DateTime<Utc>) -> &mut Copy {
        self.put(at.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }

    pub fn maybe_time(&mut self, at: Option<DateTime<Utc>>) -> &mut Copy {
        match at {
            Some(at) => self.time(at),
            None => self.put("\\N"),
        }
    }

    pub fn end_row(&mut self) {
        self.line.pop();
        self.line.push('\n');
        self.input.write_all(self.line.as_bytes()).unwrap();
        self.line.clear();
    }

    pub fn finish(mut self) {
        self.input.flush().unwrap();
        drop(self.input);
        assert!(self.psql.wait().unwrap().success(), "COPY failed");
    }
}
