//! Work on what is picked, however many: done by the server as a job, watched, stopped and taken back from here.

use super::List;
use super::batch::Failure;
use super::check::notice;
use super::pause::pause;
use crate::api::client::ApiError;
use crate::api::transfer::{self, Change, Job};
use crate::bridge;
use crate::i18n::{
    BATCH_DELETED, BATCH_EDITED, BATCH_FAILURES, BATCH_NOTHING, BATCH_STOP, BATCH_STOPPED, BATCH_TAKEN_BACK, UNDO, t,
    tf,
};
use crate::state::{toast, touched};
use kezhan_meta::check::LIST_MAX;
use kezhan_meta::{FieldMeta, Filter, Op, Record};
use leptos::prelude::*;
use serde_json::{Value, json};

const LOOK_AGAIN: i32 = 500;

fn number(n: u64) -> String {
    bridge::decimal(&n.to_string(), 0, 0)
}

/// One value for all that are picked; without one they go to the recycle bin. `keep`: what former owners may still do.
pub fn start(
    list: List,
    value: Option<(FieldMeta, Value)>,
    keep: Option<&'static str>,
    failures: RwSignal<Vec<Failure>>,
) {
    let state = list.state.get_untracked();
    let record = value.iter().map(|(field, value)| (field.key.to_string(), value.clone())).collect::<Record>();
    let mut change = Change {
        object: state.object.name.to_string(),
        operation: if value.is_some() { "update" } else { "delete" },
        record,
        filter: None,
        q: None,
        import: None,
        except: Vec::new(),
        keep,
    };
    let count = match list.every.get_untracked() {
        Some(every) => {
            change.filter = Some(state.filter.clone()).filter(|f| !f.is_all());
            change.q = Some(state.q.clone()).filter(|q| !q.is_empty());
            change.import = state.import;
            change.except = every.except.into_iter().collect();
            every.count
        }
        None => {
            let ids: Vec<String> = list.selected.with_untracked(|s| s.iter().cloned().collect());
            let some = ids.chunks(LIST_MAX).map(|ids| Filter::field("id", Op::In, json!(ids)));
            change.filter = Some(Filter::Or(some.collect()));
            ids.len()
        }
    };
    let what = value.map(|(field, value)| notice(&field, &value, &Record::new()));
    list.progress.set(Some((0, count)));
    leptos::task::spawn_local(async move {
        let ended = match transfer::change(&change).await {
            Ok(job) => {
                let _ = list.job.try_set(Some(job.id.clone()));
                follow(list, job).await
            }
            Err(error) => Err(error),
        };
        let _ = list.job.try_set(None);
        let _ = list.progress.try_set(None);
        match ended {
            Ok(job) => over(list, &job, what, failures),
            Err(error) => toast::error(&error),
        }
    });
}

/// Until it has ended. A lost connection is tried again.
async fn follow(list: List, mut job: Job) -> Result<Job, ApiError> {
    while job.running() {
        pause(LOOK_AGAIN).await;
        match transfer::job(&job.id).await {
            Ok(now) => job = now,
            Err(ApiError::Network) => {}
            Err(error) => return Err(error),
        }
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let _ = list.progress.try_set(Some((count(job.progress.done), count(job.progress.total))));
    }
    Ok(job)
}

fn over(list: List, job: &Job, what: Option<String>, failures: RwSignal<Vec<Failure>>) {
    list.pick_none();
    touched();
    if let Some(error) = job.error.clone().filter(|_| job.state == "failed") {
        toast::problem(error);
    }
    let text = |record: &Value, key: &str| record[key].as_str().unwrap_or_default().to_owned();
    let problems = job.report["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    let left: Vec<Failure> = problems.iter().map(|p| (text(p, "id"), text(p, "title"), text(p, "message"))).collect();
    if job.progress.failed > 0 {
        toast::problem(tf(BATCH_FAILURES, &[("n", &number(job.progress.failed))]));
        let _ = failures.try_set(left);
    }
    let done = job.progress.updated + job.progress.deleted;
    if done == 0 {
        return toast::done(t(if job.state == "cancelled" { BATCH_STOPPED } else { BATCH_NOTHING }));
    }
    let done = number(done);
    let n = [("n", done.as_str())];
    let mut said = match what {
        Some(what) => format!("{what} · {}", tf(BATCH_EDITED, &n)),
        None => tf(BATCH_DELETED, &n),
    };
    if job.state == "cancelled" {
        said = format!("{} · {said}", t(BATCH_STOPPED));
    }
    let id = job.id.clone();
    toast::undoable(said, t(UNDO), move || take_back(list, id.clone()));
}

fn take_back(list: List, id: String) {
    leptos::task::spawn_local(async move {
        let ended = match transfer::act(&id, "undo").await {
            Ok(job) => follow(list, job).await,
            Err(error) => Err(error),
        };
        let _ = list.progress.try_set(None);
        touched();
        match ended {
            Ok(job) => {
                let count = |key: &str| job.report[key].as_u64().unwrap_or_default();
                toast::done(tf(BATCH_TAKEN_BACK, &[("n", &number(count("restored") + count("deleted")))]));
                if count("kept") > 0 {
                    toast::problem(tf(BATCH_FAILURES, &[("n", &number(count("kept")))]));
                }
            }
            Err(error) => toast::error(&error),
        }
    });
}

/// Stops the job that runs.
pub fn stop(list: List) -> AnyView {
    (move || {
        list.job.get().map(|id| {
            let stop = move |_| {
                let id = id.clone();
                leptos::task::spawn_local(async move {
                    if let Err(error) = transfer::act(&id, "cancel").await {
                        toast::error(&error);
                    }
                });
            };
            view! { <button type="button" class="btn btn-plain" on:click=stop>{t(BATCH_STOP)}</button> }
        })
    })
    .into_any()
}
