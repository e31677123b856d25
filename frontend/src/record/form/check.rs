//! Validation by the rules that the server holds as well: when a field is left, while it is corrected, and before sending.

use super::model::{Draft, Form, settled};
use crate::api::client::ApiError;
use crate::i18n::{FORM_FAULTS, label, tf};
use crate::state::prefs;
use kezhan_meta::check::check_field;
use kezhan_meta::problem::Code;
use kezhan_meta::{Record, Violation, check_record};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

impl Form {
    /// The record as it would be, in canonical form, with what is wrong with each field's form.
    pub fn gather(&self) -> (Record, Vec<Violation>) {
        let mut record = self.base.get_untracked().unwrap_or_default();
        record.remove("expand");
        let mut faults = Vec::new();
        for draft in self.drafts.get_value() {
            match settled(&draft.field, &draft.value.get_untracked()) {
                Ok(value) => {
                    record.insert(draft.field.key.to_string(), value);
                }
                Err(fault) => faults.push(fault),
            }
        }
        (record, faults)
    }

    /// Everything that is wrong before it is sent, in the order of the form.
    pub fn inspect(&self, record: &Record, mut faults: Vec<Violation>) -> Vec<(String, String)> {
        let known = |faults: &[Violation], key: &str| faults.iter().any(|f| f.field == key);
        for violation in check_record(&self.object, record) {
            let given = violation.code == Code::Required && self.draft(&violation.field).is_some_and(|d| d.derived());
            if self.draft(&violation.field).is_some() && !given && !known(&faults, &violation.field) {
                faults.push(violation);
            }
        }
        for draft in self.drafts.get_value() {
            let key = draft.field.key.as_ref();
            let standing = self.stands(key);
            if !standing.visible {
                faults.retain(|f| f.field != key);
            } else if standing.required
                && record.get(key).is_none_or(serde_json::Value::is_null)
                && !known(&faults, key)
            {
                faults.push(Violation::new(key, Code::Required));
            }
        }
        let layout = self.layout();
        let place = |key: &str| layout.places().position(|p| p.field == key).unwrap_or(usize::MAX);
        faults.sort_by_key(|f| place(&f.field));
        faults.into_iter().map(|f| (f.field.clone(), f.item(prefs::lang()).message)).collect()
    }

    /// When a field is left: only its own faults, so that nobody is blamed for what is still to come.
    pub fn check_one(&self, draft: &Draft) {
        let (record, _) = self.gather();
        let fault = match settled(&draft.field, &draft.value.get_untracked()) {
            Err(fault) => Some(fault),
            Ok(value) if value.is_null() => None,
            Ok(value) => check_field(&self.object, &draft.field, &value, &record).into_iter().next(),
        };
        self.put(draft, fault.map(|f| f.item(prefs::lang()).message));
    }

    /// While a fault is being corrected: it goes as soon as it is no more.
    pub fn recheck(&self, draft: &Draft) {
        if draft.error.with_untracked(Option::is_some) {
            self.check_one(draft);
        }
    }

    fn put(&self, draft: &Draft, text: Option<String>) {
        let key = draft.field.key.as_ref();
        self.faults.update(|all| match &text {
            None => all.retain(|(field, _)| field != key),
            Some(text) => {
                if let Some(fault) = all.iter_mut().find(|(field, _)| field == key) {
                    fault.1.clone_from(text);
                }
            }
        });
        if self.faults.with_untracked(Vec::is_empty) {
            self.problem.set(None);
        }
        draft.error.set(text);
    }

    pub fn show_faults(&self, faults: Vec<(String, String)>) {
        for draft in self.drafts.get_value() {
            draft.error.set(faults.iter().find(|(field, _)| *field == draft.field.key).map(|(_, text)| text.clone()));
        }
        self.problem.set(Some(tf(FORM_FAULTS, &[("n", &faults.len().to_string())])));
        let first = faults.iter().map(|(field, _)| field.clone()).find(|field| self.draft(field).is_some());
        self.faults.set(faults);
        // Once a closed section has opened for it.
        if let Some(field) = first {
            request_animation_frame(move || focus(&field));
        }
    }

    pub fn refuse(&self, error: &ApiError) {
        if error.items().is_empty() {
            self.faults.set(Vec::new());
            return self.problem.set(Some(error.message()));
        }
        self.show_faults(error.items().iter().map(|i| (i.field.clone(), i.message.clone())).collect());
    }

    /// The field as people call it.
    pub fn name(&self, key: &str) -> String {
        self.object.field(key).map_or_else(|| key.to_owned(), |f| label(&f.label))
    }
}

pub fn focus(field: &str) {
    if let Some(element) = document().get_element_by_id(&format!("field-{field}")) {
        let middle = web_sys::ScrollIntoViewOptions::new();
        middle.set_block(web_sys::ScrollLogicalPosition::Center);
        element.scroll_into_view_with_scroll_into_view_options(&middle);
        let _ = element.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}
