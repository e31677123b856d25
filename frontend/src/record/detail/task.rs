//! Something to do about the record, in one line.

use super::Open;
use crate::api::records;
use crate::fields::{self, Input};
use crate::i18n::{CREATED, TASK_ADD, label, t, tf};
use crate::state::{catalog, prefs, session, toast, touched};
use crate::ui::{Button, Field, Look, keys};
use kezhan_meta::{FieldMeta, ObjectMeta, Record, check_record, normalise_value};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const OBJECT: &str = "task";
/// What is asked for; the rest is filled in on the task itself.
const ASKED: [&str; 4] = ["subject", "due_at", "owner", "priority"];

/// The object of tasks, and its field that refers to records like this one.
pub fn possible(object: &ObjectMeta) -> Option<(Arc<ObjectMeta>, String)> {
    let task = catalog::object(OBJECT).filter(|_| session::may(OBJECT, "create") && object.name != OBJECT)?;
    let link = task
        .fields
        .iter()
        .find(|f| !f.kind.is_list() && !f.read_only && f.target() == Some(object.name.as_ref()) && f.inverse.is_some())?
        .key
        .to_string();
    Some((task, link))
}

#[derive(Clone)]
struct Line {
    field: FieldMeta,
    value: RwSignal<Value>,
    error: RwSignal<Option<String>>,
}

pub fn form(open: Open, task: Arc<ObjectMeta>, link: String) -> AnyView {
    // A new round after each task.
    let round = RwSignal::new(0);
    (move || {
        round.track();
        one(open, task.clone(), link.clone(), Callback::new(move |()| round.update(|r| *r += 1)))
    })
    .into_any()
}

fn one(open: Open, task: Arc<ObjectMeta>, link: String, next: Callback<()>) -> AnyView {
    let lines: Vec<Line> = ASKED
        .iter()
        .filter_map(|key| task.field(key).filter(|f| !f.read_only).cloned())
        .map(|field| Line { value: RwSignal::new(fields::usual(&field)), error: RwSignal::new(None), field })
        .collect();
    let me = session::me().map(|me| json!({ "id": me.id, "name": me.name }));
    let controls = lines.iter().map(|line| {
        let id = format!("task-{}", line.field.key);
        let error = line.error;
        let input = Input {
            id: id.clone(),
            field: line.field.clone(),
            value: line.value,
            expanded: (line.field.target() == Some("user")).then(|| me.clone()).flatten(),
            invalid: Signal::derive(move || error.get().is_some()),
            home: None,
            done: Callback::new(|()| ()),
        };
        let wide = line.field.key == task.title;
        view! { <Field id=id label=label(&line.field.label) required=line.field.required error=error wide=wide>{fields::input(input)}</Field> }
    });
    let controls = controls.collect_view();
    let busy = RwSignal::new(false);
    let send = Callback::new({
        let task = task.clone();
        move |()| {
            if busy.get_untracked() {
                return;
            }
            let mut record = Record::from_iter([(link.clone(), json!(open.id.get_value()))]);
            let mut faults = Vec::new();
            for line in &lines {
                match normalise_value(&line.field, &line.value.get_untracked()) {
                    Ok(Value::Null) => {}
                    Ok(value) => drop(record.insert(line.field.key.to_string(), value)),
                    Err(fault) => faults.push(fault),
                }
            }
            // What has a default is the server's to fill in.
            let asked = |key: &str| lines.iter().any(|l| l.field.key == key);
            faults.extend(check_record(&task, &record).into_iter().filter(|v| asked(&v.field)));
            for line in &lines {
                let fault = faults.iter().find(|f| f.field == line.field.key);
                line.error.set(fault.map(|f| f.item(prefs::lang()).message));
            }
            if !faults.is_empty() {
                return;
            }
            busy.set(true);
            let (task, lines) = (task.clone(), lines.clone());
            leptos::task::spawn_local(async move {
                match records::create(&task, &record).await {
                    Ok(made) => {
                        toast::done(tf(CREATED, &[("title", &records::RecordExt::title(&made, &task))]));
                        next.run(());
                        touched();
                    }
                    Err(error) => {
                        let _ = busy.try_set(false);
                        let mut told = false;
                        for item in error.items() {
                            if let Some(line) = lines.iter().find(|l| l.field.key == item.field) {
                                let _ = line.error.try_set(Some(item.message.clone()));
                                told = true;
                            }
                        }
                        if !told {
                            toast::error(&error);
                        }
                    }
                }
            });
        }
    });
    view! {
        <form class="panel m-4 p-3 flex flex-col gap-3" aria-label=t(TASK_ADD) novalidate
            on:submit=move |ev| { ev.prevent_default(); send.run(()) }
            on:keydown=move |ev| if ev.key() == "Enter" && (ev.ctrl_key() || ev.meta_key()) && !keys::composing(&ev) { ev.prevent_default(); send.run(()) }>
            <div class="grid sm:grid-cols-3 gap-x-4 gap-y-3">{controls}</div>
            <div class="flex justify-end"><Button label=t(TASK_ADD) look=Look::Primary submit=true busy=busy/></div>
        </form>
    }
    .into_any()
}
