//! One value of the record at hand, changed by one press: seen at once, put back where the server refuses, and undone.

use super::Open;
use crate::api::records::{self, RecordExt};
use crate::i18n::{MARK_AS, STALE_RELOADED, UNDO, label, t, tf};
use crate::record::conflict;
use crate::record::list::notice;
use crate::state::{prefs, session, toast, touched};
use crate::ui::Button;
use kezhan_meta::Record;
use leptos::prelude::*;
use serde_json::{Value, json};

/// `more` is what has to be said along with it.
pub fn set(open: Open, key: String, value: Value, more: Record, notice: String) {
    let Some(record) = open.record.get_untracked() else { return };
    let before = record.value(&key).clone();
    open.record.update(|r| {
        if let Some(r) = r {
            r.insert(key.clone(), value.clone());
        }
    });
    leptos::task::spawn_local(async move {
        let object = open.object();
        let change = move |value: Value| Record::from_iter([(key.clone(), value)]);
        let mut changes = change(value);
        changes.extend(more);
        match records::update(&object, record.id(), &changes, record.version()).await {
            Ok(now) => {
                touched();
                toast::undoable(notice, t(UNDO), move || {
                    leptos::task::spawn_local(conflict::undo(object.clone(), now.clone(), change(before.clone())));
                });
            }
            Err(error) => {
                let stale = error.is_stale();
                let _ = open.record.try_set(Some(record));
                if stale {
                    toast::problem(t(STALE_RELOADED));
                    open.load();
                } else {
                    toast::problem(error.items().first().map_or_else(|| error.message(), |i| i.message.clone()));
                }
            }
        }
    });
}

/// For what can be done with, as a task: a press that says so.
pub fn finish(open: Open) -> AnyView {
    let object = open.object();
    let Some((field, choice)) = object.closing().filter(|_| session::may(&object.name, "edit")) else {
        return ().into_any();
    };
    let (field, value, text) = (field.clone(), json!(choice.value), tf(MARK_AS, &[("choice", &label(&choice.label))]));
    let key = field.key.to_string();
    let (wanted, at) = (value.clone(), key.clone());
    let open_still = Memo::new(move |_| open.record.with(|r| r.as_ref().is_some_and(|r| *r.value(&at) != wanted)));
    let press = Callback::new(move |()| {
        let Some(record) = open.record.get_untracked() else { return };
        let text = notice(&field, &value, &record);
        set(open, key.clone(), value.clone(), Record::new(), text);
    });
    (move || {
        let text = text.clone();
        open_still.get().then(
            || view! { <Button label=text icon="check" icon_only=prefs::narrow() on_click=move |_| press.run(())/> },
        )
    })
    .into_any()
}
