//! What tests of imports share: a file goes in, a job is waited for.

use crate::server::{Api, Reply, send};
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// How long a job may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

impl Api {
    pub fn send_file(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Reply {
        let form = Form::new().part("file", Part::bytes(bytes.into()).file_name(name.to_owned()));
        send(self.request(Method::POST, "/bulk/uploads").multipart(form).timeout(PATIENCE))
    }

    pub fn upload(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
        self.send_file(name, bytes).created()
    }

    /// The preview's answer.
    pub fn preview(&self, plan: &Value) -> Value {
        send(self.request(Method::POST, "/bulk/preview").json(plan).timeout(PATIENCE)).ok()
    }

    pub fn order(&self, plan: &Value) -> String {
        let reply = self.post("/bulk/jobs", plan);
        assert_eq!(reply.status, 202, "{}", reply.text);
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    /// Waits for a job to end.
    pub fn wait(&self, job: &str) -> Value {
        let started = Instant::now();
        loop {
            let body = self.get(&format!("/bulk/jobs/{job}")).ok();
            if !["queued", "running"].contains(&body["state"].as_str().unwrap()) {
                return body;
            }
            assert!(started.elapsed() < PATIENCE, "still {body}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Imports to the end, which must be reached.
    pub fn import(&self, plan: &Value) -> Value {
        let job = self.wait(&self.order(plan));
        assert_eq!(job["state"], "done", "{job}");
        job
    }

    pub fn undo(&self, job: &Value) -> Value {
        let reply = self.post(&format!("/bulk/jobs/{}/undo", job["id"].as_str().unwrap()), &json!({}));
        assert_eq!(reply.status, 202, "{}", reply.text);
        let undo = self.wait(reply.json()["id"].as_str().unwrap());
        assert_eq!(undo["state"], "done", "{undo}");
        undo
    }
}

/// The plan that a wizard would send when all proposals are accepted.
pub fn plan(upload: &Value) -> Value {
    let column = |c: &Value| json!({ "column": c["column"], "field": c["field"], "unknown": c["unknown"], "values": c.get("values").cloned().unwrap_or(json!({})) });
    let columns: Vec<Value> = upload["mapping"].as_array().unwrap().iter().map(column).collect();
    json!({ "upload": upload["id"], "object": upload["object"], "columns": columns })
}

/// The column of a plan that goes into this field.
pub fn column_of<'p>(plan: &'p mut Value, field: &str) -> &'p mut Value {
    let columns = plan["columns"].as_array_mut().unwrap();
    columns.iter_mut().find(|c| c["field"] == field).unwrap_or_else(|| panic!("no column goes into {field}"))
}

/// Accepts the first proposal for every value that was not found.
pub fn accept(plan: &mut Value, preview: &Value) {
    for column in preview["unresolved"].as_array().unwrap() {
        for value in column["values"].as_array().unwrap() {
            if let Some(first) = value["proposals"].as_array().unwrap().first() {
                let field = column["field"].as_str().unwrap();
                column_of(plan, field)["values"][value["value"].as_str().unwrap()] = first["value"].clone();
            }
        }
    }
}
