//! A job while it runs and after: progress, result, failed rows, undo.

use super::check::problem_line;
use super::{jobs, result, undo};
use crate::api::client::ApiError;
use crate::api::transfer::{self, Job, JobRow};
use crate::bridge;
use crate::i18n::{
    BATCH_STOP, IMPORT_ANOTHER, IMPORT_PROBLEMS, JOB_ACT_CANCEL, JOB_ACT_RESUME, JOB_ACT_UNDO, JOB_ACT_UNDO_CHANGE,
    JOB_FAILED_FILE, JOB_PARENTS, JOB_SHOW, JOB_SPEED, JOB_SUCCESS_FILE, JOB_UNDO_KEPT, JOB_UNDONE, NAV_IMPORTS,
    OUT_CREATED, OUT_DELETED, OUT_FAILED, OUT_HANDED_OVER, OUT_KEPT, OUT_RESTORED, OUT_SKIPPED, OUT_UPDATED, t, tf,
};
use crate::record::list::record_url;
use crate::record::url::Url;
use crate::state::{catalog, toast, touched};
use crate::ui::{self, Button, Look, icon};
use leptos::prelude::*;
use leptos_router::components::A;
use std::time::Duration;

const LOOK_AGAIN: Duration = Duration::from_millis(700);

pub fn screen(id: String, url: Url) -> AnyView {
    let job = RwSignal::new(None::<Job>);
    let error = RwSignal::new(None::<ApiError>);
    let failed = RwSignal::new(Vec::<JobRow>::new());
    let asking = RwSignal::new(false);
    let id = StoredValue::new(id);
    follow(id, job, error, failed);
    let act = move |action: &'static str| {
        leptos::task::spawn_local(async move {
            let Some(key) = id.try_get_value() else { return };
            match transfer::act(&key, action).await {
                // An undo is a job of its own.
                Ok(now) if now.id != key => url.go(format!("/imports/{}", now.id)),
                Ok(now) => {
                    let _ = job.try_set(Some(now));
                    follow(id, job, error, failed);
                }
                Err(problem) => toast::error(&problem),
            }
        });
    };
    let body = move || match (job.get(), error.get()) {
        (None, Some(problem)) => ui::failed(&problem, move || follow(id, job, error, failed)),
        (None, None) => ui::loading_rows(5),
        (Some(job), _) => content(&job, failed, act, asking),
    };
    let imports = move || job.with(|j| j.as_ref().is_none_or(|j| j.kind == "import"));
    let undo_name = move || t(if imports() { JOB_ACT_UNDO } else { JOB_ACT_UNDO_CHANGE });
    let undo_dialog = move || {
        let job = asking.get().then(|| job.get_untracked()).flatten()?;
        Some(undo::ask(&job, undo_name(), asking, move || act("undo")))
    };
    view! {
        <section class="grow min-h-0 overflow-y-auto scroll-thin bg-base-100">
            <div class="flex items-center gap-3 h-12 px-4 border-b border-base-300">
                <A href="/imports" attr:class="btn btn-quiet btn-icon" attr:aria-label=t(NAV_IMPORTS)>{icon("arrow-left")}</A>
                <h1 class="font-semibold text-base truncate">{move || job.with(|j| j.as_ref().map(jobs::title).unwrap_or_default())}</h1>
            </div>
            <div class="max-w-3xl mx-auto p-4 md:p-6 flex flex-col gap-4">{body}</div>
        </section>
        {undo_dialog}
    }
    .into_any()
}

/// Looks again until the job has ended; a lost connection is tried again.
fn follow(
    id: StoredValue<String>,
    job: RwSignal<Option<Job>>,
    error: RwSignal<Option<ApiError>>,
    failed: RwSignal<Vec<JobRow>>,
) {
    let Some(key) = id.try_get_value() else { return };
    leptos::task::spawn_local(async move {
        let again = match transfer::job(&key).await {
            Ok(now) => {
                let running = now.running();
                let faults = now.progress.failed > 0;
                let _ = error.try_set(None);
                if job.try_set(Some(now)).is_some() {
                    return;
                }
                if !running {
                    touched();
                    if faults {
                        let _ = failed.try_set(transfer::failed_rows(&key).await.unwrap_or_default());
                    }
                }
                running
            }
            Err(problem) => {
                let lost = problem == ApiError::Network && job.try_with_untracked(Option::is_some).unwrap_or(false);
                let _ = error.try_set(Some(problem));
                lost
            }
        };
        if again {
            set_timeout(move || follow(id, job, error, failed), LOOK_AGAIN);
        }
    });
}

fn number(n: u64) -> String {
    bridge::decimal(&n.to_string(), 0, 0)
}

fn content(
    job: &Job,
    failed: RwSignal<Vec<JobRow>>,
    act: impl Fn(&'static str) + Copy + Send + Sync + 'static,
    asking: RwSignal<bool>,
) -> AnyView {
    let p = &job.progress;
    let share = if job.running() { p.done as f64 / p.total.max(1) as f64 } else { 1.0 };
    let tile = |text: &'static str, n: u64, class: &'static str| {
        view! { <div class="panel px-4 py-3"><p class="text-xs muted">{text}</p><p class=class>{number(n)}</p></div> }
            .into_any()
    };
    let (plain, failed_class) = ("text-xl font-semibold tnum", "text-xl font-semibold tnum text-error");
    let (good, other) = ("text-xl font-semibold tnum text-success", "text-xl font-semibold tnum text-info");
    let changed = if job.hand_over { OUT_HANDED_OVER } else { OUT_UPDATED };
    let tiles = match job.kind.as_str() {
        "undo" => vec![(OUT_DELETED, p.deleted, plain), (OUT_RESTORED, p.restored, good), (OUT_KEPT, p.kept, plain)],
        "export" => Vec::new(),
        kind => {
            let made = (kind == "import").then_some((OUT_CREATED, p.created, good));
            let rest = [(changed, p.updated, other), (OUT_SKIPPED, p.skipped, plain)];
            let failed = (OUT_FAILED, p.failed, if p.failed > 0 { failed_class } else { plain });
            let gone = (p.deleted > 0).then_some((OUT_DELETED, p.deleted, plain));
            made.into_iter().chain(rest).chain([failed]).chain(gone).collect()
        }
    };
    let tiles = tiles.into_iter().map(|(key, n, class)| tile(t(key), n, class)).collect_view();
    let may = |action: &str| job.actions.iter().any(|a| a == action);
    let kept = job.report.get("kept").and_then(serde_json::Value::as_u64).filter(|n| *n > 0);
    // Exactly what came in; where nothing is left of it, the whole list.
    let result = result::section(job);
    let list = catalog::object(&job.object).map(|o| match result.is_some() {
        true => format!("/o/{}?import={}&totals=1", o.plural, job.id),
        false => format!("/o/{}", o.plural),
    });
    let files = (!job.running() && may("download")).then(|| {
        let (bad, good) = (transfer::result_url(&job.id, "failed"), transfer::result_url(&job.id, "success"));
        view! {
            {(p.failed > 0).then(|| view! { <a class="btn btn-plain" href=bad download>{icon("file-down")}{t(JOB_FAILED_FILE)}</a> })}
            {(p.created + p.updated > 0).then(|| view! { <a class="btn btn-plain" href=good download>{icon("file-down")}{t(JOB_SUCCESS_FILE)}</a> })}
        }
    });
    let rows = move || {
        let rows = failed.get();
        (!rows.is_empty()).then(|| {
            let lines = rows
                .iter()
                .flat_map(|r| r.errors.iter().map(|e| problem_line(r.row, e.header.as_deref(), &e.value, &e.message)))
                .collect_view();
            view! { <section><h2 class="text-[13px] font-semibold mb-1">{t(IMPORT_PROBLEMS)}</h2><ul class="panel divide-y divide-base-300 max-h-96 overflow-y-auto">{lines}</ul></section> }
        })
    };
    // Records that could not be changed, or that an undo has left.
    let left = job
        .report
        .get("problems")
        .and_then(serde_json::Value::as_array)
        .filter(|all| job.kind != "import" && !all.is_empty());
    let left = left.map(|all| {
        let line = |one: &serde_json::Value| {
            let text = |key: &str| one.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            let href = catalog::object(&text("object")).map(|o| record_url(&o, &text("id"))).unwrap_or_default();
            let (title, message) = (text("title"), text("message"));
            view! { <li class="flex flex-wrap items-baseline gap-x-3 px-3 py-1.5 text-[13px]"><A href=href attr:class="font-semibold hover:text-primary">{title}</A><span class="text-error">{message}</span></li> }
        };
        view! { <ul class="panel divide-y divide-base-300 max-h-96 overflow-y-auto">{all.iter().map(line).collect_view()}</ul> }
    });
    let speed = (job.running() && p.per_second > 0.0).then(|| tf(JOB_SPEED, &[("n", &number(p.per_second as u64))]));
    view! {
        <div class="flex items-center gap-3 text-[13px]">
            {jobs::state_badge(job)}
            <span class="tnum">{number(p.done)}" / "{number(p.total)}</span>
            <span class="muted">{speed}</span>
            {job.undone_by.is_some().then(|| view! { <span class="muted">{t(JOB_UNDONE)}</span> })}
        </div>
        <progress class="progress progress-primary w-full" max="1" value=share.to_string() aria-label=jobs::title(job)></progress>
        {job.error.clone().map(|text| view! { <p class="rounded-md bg-error/10 text-error px-3 py-2 text-[13px]" role="alert">{text}</p> })}
        <div class="grid grid-cols-2 sm:grid-cols-4 gap-3">{tiles}</div>
        {(p.parents > 0).then(|| view! { <p class="text-[13px] muted">{tf(JOB_PARENTS, &[("n", &number(p.parents))])}</p> })}
        {kept.map(|n| view! { <p class="text-[13px] text-warning">{tf(JOB_UNDO_KEPT, &[("n", &number(n))])}</p> })}
        <div class="flex flex-wrap gap-2">
            {list.map(|href| view! { <A href=href attr:class="btn btn-primary">{t(JOB_SHOW)}</A> })}
            {files}
            {may("cancel").then(|| view! { <Button label=t(if job.kind == "import" { JOB_ACT_CANCEL } else { BATCH_STOP }) icon="circle-stop" on_click=move |_| act("cancel")/> })}
            {may("resume").then(|| view! { <Button label=t(JOB_ACT_RESUME) icon="play" on_click=move |_| act("resume")/> })}
            {may("undo").then(|| view! { <Button label=t(if job.kind == "import" { JOB_ACT_UNDO } else { JOB_ACT_UNDO_CHANGE }) look=Look::Danger icon="undo-2" on_click=move |_| asking.set(true)/> })}
            {(!job.running() && job.kind == "import").then(|| view! { <A href="/imports" attr:class="btn btn-quiet">{t(IMPORT_ANOTHER)}</A> })}
        </div>
        {left}
        {result}
        {rows}
    }
    .into_any()
}
