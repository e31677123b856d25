//! Log lines on stderr, as text for people or JSON for collectors.
//!
//! Whatever a line belongs to travels as key-values of the `log` crate: `info!(request_id = id; "…")`.

use crate::config::Config;
use chrono::{SecondsFormat, Utc};
use env_logger::{Builder, Target};
use log::kv::{Error, Key, Value, VisitSource};
use serde_json::{Map, json};
use std::io::Write;

/// Sets logging up for this process; later calls change nothing.
pub fn init(config: &Config) {
    let mut builder = Builder::new();
    builder.parse_filters(&config.log).target(Target::Stderr).format_timestamp_millis();
    if config.log_json {
        builder.format(|out, record| writeln!(out, "{}", json_line(record)));
    }
    if builder.try_init().is_err() {
        log::debug!("logging is set up already");
    }
}

fn json_line(record: &log::Record<'_>) -> String {
    let mut line = Map::new();
    line.insert("time".into(), Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into());
    line.insert("level".into(), record.level().as_str().into());
    line.insert("target".into(), record.target().into());
    line.insert("message".into(), record.args().to_string().into());
    if let Err(e) = record.key_values().visit(&mut Fields(&mut line)) {
        line.insert("fields_error".into(), e.to_string().into());
    }
    json!(line).to_string()
}

struct Fields<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let value = match value.to_i64() {
            Some(number) => json!(number),
            None => json!(value.to_string()),
        };
        // A caller's key never replaces one of ours.
        self.0.entry(key.as_str()).or_insert(value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_line_carries_its_fields() {
        let fields = [("request_id", "r-1"), ("level", "fake")];
        let line = json_line(
            &log::Record::builder()
                .args(format_args!("says \"hi\"\nthere"))
                .level(log::Level::Warn)
                .target("kezhan")
                .key_values(&fields)
                .build(),
        );
        let parsed: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(parsed["request_id"], "r-1");
        assert_eq!(parsed["level"], "WARN");
        assert_eq!(parsed["message"], "says \"hi\"\nthere");
        assert!(!line.contains('\n'));
    }
}
