//! Saving what was filled in.

use super::model::Form;
use crate::api::records::{self, RecordExt};
use crate::fields;
use crate::record::conflict::Conflict;
use crate::state::{app, toast};
use kezhan_meta::Record;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use serde_json::json;

impl Form {
    /// What differs from the record as it was read, or what a new one has. What is out of sight stays as it is.
    fn body(&self, record: &Record, base: Option<&Record>) -> Record {
        let one = |key: &str| {
            let value = record.get(key)?;
            let send = match base {
                Some(base) => base.value(key) != value,
                None => !value.is_null(),
            };
            (send && self.stands(key).visible).then(|| (key.to_owned(), value.clone()))
        };
        self.drafts.get_value().iter().filter_map(|d| one(&d.field.key)).collect()
    }

    pub fn submit(&self, again: bool, saved: impl Fn(Record, bool) + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        let (record, faults) = self.gather();
        let faults = self.inspect(&record, faults);
        if !faults.is_empty() {
            return self.show_faults(faults);
        }
        let base = self.base.get_untracked();
        let body = self.body(&record, base.as_ref());
        self.busy.set(true);
        self.problem.set(None);
        self.faults.set(Vec::new());
        let form = self.clone();
        leptos::task::spawn_local(async move {
            let answer = match &base {
                None => records::create(&form.object, &body).await,
                Some(base) if body.is_empty() => Ok(base.clone()),
                Some(base) => records::update(&form.object, base.id(), &body, base.version()).await,
            };
            if answer.is_ok() {
                form.kept.close();
            }
            if form.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(record) => {
                    form.send_files(&record).await;
                    saved(record, again)
                }
                // What was typed stays until it is decided field by field.
                Err(error) if error.is_stale() => {
                    let Some(base) = base else { return };
                    let (saved, kept) = (SendWrapper::new(saved), SendWrapper::new(form.kept.clone()));
                    let saved = Callback::new(move |record: Record| {
                        kept.close();
                        saved(record, again)
                    });
                    let object = form.object.clone();
                    app().conflict.set(Some(Conflict { object, base, mine: body, saved, written: true }));
                }
                Err(error) => form.refuse(&error),
            }
        });
    }

    /// Sends the files that were chosen before the record was there, and puts them into their fields.
    async fn send_files(&self, record: &Record) {
        let mut version = record.version();
        for draft in self.drafts.get_value() {
            let Some(file) = fields::file::take(&draft.value.get_untracked()) else { continue };
            let sent = crate::record::files::single(&file, &self.object.name, record.id()).await;
            let answer = match sent {
                Ok(stored) => {
                    let change = Record::from_iter([(draft.field.key.to_string(), json!(stored.id()))]);
                    records::update(&self.object, record.id(), &change, version).await
                }
                Err(error) => Err(error),
            };
            match answer {
                Ok(now) => version = now.version(),
                Err(error) => toast::error(&error),
            }
        }
    }
}
