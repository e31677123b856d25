//! Imports, exports and undos of late.

use crate::api::transfer::{self, Job};
use crate::bridge;
use crate::i18n::{
    HAND_OVER_TITLE, IMPORT_RECENT, JOB_CANCELLED, JOB_CHANGE, JOB_DONE, JOB_EXPORT, JOB_FAILED, JOB_IMPORT,
    JOB_QUEUED, JOB_RUNNING, JOB_UNDO, OUT_CREATED, OUT_DELETED, OUT_FAILED, OUT_HANDED_OVER, OUT_KEPT, OUT_RESTORED,
    OUT_SKIPPED, OUT_UPDATED, label, t,
};
use crate::state::catalog;
use crate::ui::badge;
use kezhan_meta::Tone;
use leptos::prelude::*;
use leptos_router::components::A;

pub fn state_badge(job: &Job) -> AnyView {
    let (key, tone) = match job.state.as_str() {
        "queued" => (JOB_QUEUED, Tone::Neutral),
        "running" => (JOB_RUNNING, Tone::Info),
        "done" => (JOB_DONE, Tone::Success),
        "cancelled" => (JOB_CANCELLED, Tone::Warning),
        _ => (JOB_FAILED, Tone::Danger),
    };
    badge(t(key), tone)
}

pub fn title(job: &Job) -> String {
    let object = catalog::object(&job.object).map(|o| label(&o.label)).unwrap_or_default();
    let kind = t(match job.kind.as_str() {
        "change" if job.hand_over => HAND_OVER_TITLE,
        "change" => JOB_CHANGE,
        "undo" => JOB_UNDO,
        "export" => JOB_EXPORT,
        _ => JOB_IMPORT,
    });
    if job.name.is_empty() { format!("{kind} · {object}") } else { format!("{kind} · {}", job.name) }
}

pub fn counts(job: &Job) -> String {
    let p = &job.progress;
    let changed = if job.hand_over { OUT_HANDED_OVER } else { OUT_UPDATED };
    let counts = [
        (OUT_CREATED, p.created),
        (changed, p.updated),
        (OUT_RESTORED, p.restored),
        (OUT_DELETED, p.deleted),
        (OUT_SKIPPED, p.skipped),
        (OUT_KEPT, p.kept),
        (OUT_FAILED, p.failed),
    ];
    let told = counts.iter().filter(|(_, n)| *n > 0);
    told.map(|(key, n)| format!("{} {}", t(*key), bridge::decimal(&n.to_string(), 0, 0)))
        .collect::<Vec<_>>()
        .join(" · ")
}

pub fn list() -> AnyView {
    let jobs = RwSignal::new(Vec::<Job>::new());
    leptos::task::spawn_local(async move {
        // Without the list one can still import.
        if let Ok(page) = transfer::jobs(None).await {
            let _ = jobs.try_set(page.data);
        }
    });
    (move || {
        let jobs = jobs.get();
        (!jobs.is_empty()).then(|| {
            view! {
                <section class="mt-4">
                    <h2 class="text-[13px] muted mb-1">{t(IMPORT_RECENT)}</h2>
                    <ul class="panel divide-y divide-base-300">{jobs.iter().map(line).collect_view()}</ul>
                </section>
            }
        })
    })
    .into_any()
}

fn line(job: &Job) -> AnyView {
    let href = format!("/imports/{}", job.id);
    let (title, counts, when, state) = (title(job), counts(job), bridge::date_time(&job.created_at), state_badge(job));
    view! {
        <li>
            <A href=href attr:class="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-[13px] hover:bg-base-content/3">
                <span class="font-semibold truncate grow min-w-40">{title}</span>
                <span class="muted tnum">{counts}</span>
                <span class="muted tnum">{when}</span>
                {state}
            </A>
        </li>
    }
    .into_any()
}
