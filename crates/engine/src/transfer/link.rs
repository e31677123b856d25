//! References between rows of one file: set when all rows are in, so that their order does not matter.

use super::directory::Hit;
use super::ledger;
use super::run::{CHUNK_MAX, Phase, Work};
use crate::jobs::Signal;
use crate::sql::{Bind, Sql};
use crate::{Error, Result};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
use kezhan_meta::{Record, Violation};
use serde_json::{Value, json};
use uuid::Uuid;

impl Work<'_, '_> {
    /// Sets references between rows of the file, some at a time.
    pub fn link(&mut self, conn: &mut PgConnection) -> Result<Signal> {
        let before = self.state.clone();
        let result = conn.transaction(|conn| {
            let mut sql = Sql::new("SELECT row_no, record_id, links::text FROM import_rows WHERE tenant_id = ");
            sql.uuid(self.run.job.tenant_id).push(" AND job_id = ").uuid(self.run.job.id);
            sql.push(" AND links IS NOT NULL ORDER BY row_no").limit(CHUNK_MAX);
            let mut waiting: Vec<(i64, Uuid, Vec<Value>)> = Vec::new();
            sql.rows(conn, |row| {
                let links = row.text(2).and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default();
                if let (Some(number), Some(id)) = (row.int8(0), row.uuid(1)) {
                    waiting.push((number, id, links));
                }
                Ok(())
            })?;
            if waiting.is_empty() {
                self.state.phase = Phase::Finished;
            }
            for (number, id, links) in waiting {
                let error = match conn.transaction(|conn| self.set_links(conn, id, &links)) {
                    Ok(()) => None,
                    Err(error) if ledger::is_about_a_row(&error) => {
                        self.state.warnings += 1;
                        let problem = error.problem(self.importer.caller.lang);
                        Some(json!(problem.errors))
                    }
                    Err(error) => return Err(error),
                };
                let mut sql = Sql::new("UPDATE import_rows SET links = NULL, error = ");
                sql.bind(Bind::Json(error)).push(" WHERE tenant_id = ").uuid(self.run.job.tenant_id);
                sql.push(" AND job_id = ")
                    .uuid(self.run.job.id)
                    .push(" AND row_no = ")
                    .int(number)
                    .push(" AND part = 0");
                sql.execute(conn)?;
            }
            let state = self.state.clone();
            self.run.checkpoint(conn, &state)
        });
        if result.is_err() {
            self.state = before;
        }
        result
    }

    fn set_links(&self, conn: &mut PgConnection, id: Uuid, links: &[Value]) -> Result<()> {
        let mut patch = Record::new();
        let mut faults = Vec::new();
        let text = |link: &Value, key: &str| link.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        for link in links {
            let (field, title) = (text(link, "field"), text(link, "title"));
            let found = self.importer.targets.get(self.importer.object.name.as_ref()).and_then(|d| d.find(&title));
            match found {
                Some(Hit::One(target)) => {
                    let many = self.importer.object.field(&field).is_some_and(|f| f.kind.is_list());
                    let value = json!(target.to_string());
                    match (many, patch.get_mut(&field)) {
                        (true, Some(Value::Array(list))) => list.push(value),
                        (true, _) => drop(patch.insert(field, json!([value]))),
                        (false, _) => drop(patch.insert(field, value)),
                    }
                }
                Some(Hit::Many) => {
                    faults.push(Violation::new(field, Code::AmbiguousValue).with(title));
                }
                None => faults.push(Violation::new(field, Code::UnknownValue).with(title)),
            }
        }
        if !patch.is_empty() {
            let importer = &self.importer;
            importer.engine.update(conn, &importer.caller, &importer.object, id, patch, None)?;
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }
}
