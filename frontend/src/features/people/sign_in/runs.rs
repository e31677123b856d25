//! Synchronising with a directory: tried out first, then done; and what the last runs did.

use crate::api::actions;
use crate::api::outside::{self, Report, Run, Tally};
use crate::api::records::RecordExt;
use crate::bridge;
use crate::i18n::{
    CLOSE, ELSEWHERE_ANYWAY, ELSEWHERE_DEPARTMENTS, ELSEWHERE_LAST, ELSEWHERE_N_BACK, ELSEWHERE_N_CHANGED,
    ELSEWHERE_N_CREATED, ELSEWHERE_N_GONE, ELSEWHERE_N_LINKED, ELSEWHERE_N_READ, ELSEWHERE_N_SAME, ELSEWHERE_NO_RUNS,
    ELSEWHERE_PREVIEW, ELSEWHERE_REFUSED_EMAIL, ELSEWHERE_REFUSED_INACTIVE, ELSEWHERE_REFUSED_OTHER,
    ELSEWHERE_RUN_FAILED, ELSEWHERE_RUNNING, ELSEWHERE_STOPPED, ELSEWHERE_SYNC, ELSEWHERE_SYNC_NOW,
    ELSEWHERE_SYNC_TEXT, ELSEWHERE_TRIED, ELSEWHERE_UNTRIED, Key, t, tf,
};
use crate::state::toast;
use crate::ui::{Button, Layer, Look, Shape, badge};
use kezhan_meta::{ObjectMeta, Record, Tone};
use leptos::prelude::*;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub fn layer(object: Arc<ObjectMeta>, directory: Record, close: Callback<()>) -> AnyView {
    let runs = RwSignal::new(None::<Vec<Run>>);
    let id = directory.id().to_owned();
    watch(id.clone(), runs);
    let busy = Signal::derive(move || runs.with(|runs| runs.iter().flatten().any(|run| !run.is_over())));
    // Only what has just been tried out may be done.
    let last = Memo::new(move |_| runs.with(|runs| runs.as_ref().and_then(|all| all.first().cloned())));
    let order = move |dry_run: bool, anyway: bool| {
        let (object, id) = (object.clone(), id.clone());
        leptos::task::spawn_local(async move {
            let input =
                Record::from_iter([("dry_run".to_owned(), json!(dry_run)), ("anyway".to_owned(), json!(anyway))]);
            match actions::perform(&object, &id, "sync", &input, None).await {
                Ok(_) => watch(id, runs),
                Err(error) => toast::error(&error),
            }
        });
    };
    let (try_out, now, anyway) = (order.clone(), order.clone(), order);
    let stopped = move || last.get().and_then(|run| run.report).is_some_and(|report| report.stopped);
    let tried = move || last.get().is_some_and(|run| run.dry_run && run.is_over() && run.report.is_some());
    let body = move || match last.get() {
        None => view! { <p class="muted text-[13px]">{t(ELSEWHERE_NO_RUNS)}</p> }.into_any(),
        Some(run) => one(&run, true),
    };
    let past = move || {
        let all = runs.get().unwrap_or_default();
        let rest: Vec<AnyView> = all.iter().skip(1).map(|run| one(run, false)).collect();
        (!rest.is_empty()).then(|| {
            view! { <h3 class="font-semibold text-[13px]">{t(ELSEWHERE_LAST)}</h3><ul class="flex flex-col gap-2" data-past>{rest}</ul> }
        })
    };
    let do_it = move || {
        let (now, anyway) = (now.clone(), anyway.clone());
        match (tried() || stopped(), stopped()) {
            (true, true) => view! { <Button label=t(ELSEWHERE_ANYWAY) look=Look::Danger busy=busy on_click=move |_| anyway(false, true)/> }.into_any(),
            (true, false) => view! { <Button label=t(ELSEWHERE_SYNC_NOW) look=Look::Primary busy=busy on_click=move |_| now(false, false)/> }.into_any(),
            (false, _) => ().into_any(),
        }
    };
    view! {
        <Layer shape=Shape::Wide label=format!("{} · {}", t(ELSEWHERE_SYNC), directory.value("name").as_str().unwrap_or_default()) on_close=close>
            <div class="p-4 overflow-y-auto scroll-thin grow flex flex-col gap-3" data-sync>
                <p class="muted text-[13px]">{t(ELSEWHERE_SYNC_TEXT)}</p>
                {body}
                {past}
            </div>
            <footer class="flex flex-wrap justify-end gap-2 p-3 border-t border-base-300 shrink-0">
                <Button label=t(CLOSE) on_click=move |_| close.run(())/>
                <Button label=t(ELSEWHERE_PREVIEW) icon="eye" busy=busy on_click=move |_| try_out(true, false)/>
                {do_it}
            </footer>
        </Layer>
    }
    .into_any()
}

/// Reads the runs, and again as long as one goes on and somebody looks.
fn watch(directory: String, runs: RwSignal<Option<Vec<Run>>>) {
    leptos::task::spawn_local(async move {
        match outside::runs(&directory).await {
            Ok(all) => {
                let goes_on = all.iter().any(|run| !run.is_over());
                if runs.try_set(Some(all)).is_none() && goes_on {
                    set_timeout(move || watch(directory, runs), Duration::from_millis(700));
                }
            }
            Err(error) => toast::error(&error),
        }
    });
}

fn one(run: &Run, open: bool) -> AnyView {
    let at = bridge::date_time(&run.created_at);
    let kind =
        if run.dry_run { badge(t(ELSEWHERE_TRIED), Tone::Info) } else { badge(t(ELSEWHERE_UNTRIED), Tone::Success) };
    let body = match (&run.report, run.is_over()) {
        (_, false) => view! { <p role="status">{t(ELSEWHERE_RUNNING)}</p> }.into_any(),
        (Some(report), true) => report_view(report, open),
        (None, true) => failed(run.error.as_deref().unwrap_or_default()),
    };
    view! {
        <div class="panel p-3 text-[13px] flex flex-col gap-2" data-run=run.state.clone()>
            <p class="flex items-center gap-2">{kind}<span class="muted">{at}</span></p>
            {body}
        </div>
    }
    .into_any()
}

fn failed(why: &str) -> AnyView {
    view! { <p class="text-error" role="alert">{tf(ELSEWHERE_RUN_FAILED, &[("why", why)])}</p> }.into_any()
}

fn report_view(report: &Report, open: bool) -> AnyView {
    if let Some(why) = &report.error {
        return failed(why);
    }
    let plain = |key: Key, n: u32| tf(key, &[("n", &n.to_string())]);
    let tallies: [(Key, &Tally); 5] = [
        (ELSEWHERE_N_CREATED, &report.created),
        (ELSEWHERE_N_CHANGED, &report.changed),
        (ELSEWHERE_N_LINKED, &report.linked),
        (ELSEWHERE_N_BACK, &report.reactivated),
        (ELSEWHERE_N_GONE, &report.deactivated),
    ];
    let words = tallies.map(|(key, tally)| plain(key, tally.count));
    let summary = format!(
        "{} · {} · {}",
        plain(ELSEWHERE_N_READ, report.read),
        words.join(" · "),
        plain(ELSEWHERE_N_SAME, report.unchanged)
    );
    let names = tallies.into_iter().filter(|(_, tally)| open && tally.count > 0).map(|(key, tally)| {
        let more = if tally.names.len() < tally.count as usize { "…" } else { "" };
        let all = format!("{}{more}", tally.names.join(crate::i18n::comma()));
        view! { <li><span class="font-semibold">{plain(key, tally.count)}</span>" "<span class="muted break-words">{all}</span></li> }
    });
    let refused = report.refused.iter().map(|(why, tally)| {
        let text = match why.as_str() {
            "inactive" => ELSEWHERE_REFUSED_INACTIVE,
            "email_taken" => ELSEWHERE_REFUSED_EMAIL,
            _ => ELSEWHERE_REFUSED_OTHER,
        };
        view! { <li class="text-warning">{plain(text, tally.count)}" "<span class="break-words">{tally.names.join(crate::i18n::comma())}</span></li> }
    });
    let departments = (!report.unknown_departments.is_empty()).then(|| {
        let names = report.unknown_departments.join(crate::i18n::comma());
        view! { <li class="text-warning">{tf(ELSEWHERE_DEPARTMENTS, &[("names", &names)])}</li> }
    });
    let stopped = report.stopped.then(|| view! { <p class="text-error" role="alert">{t(ELSEWHERE_STOPPED)}</p> });
    view! {
        <p data-summary>{summary}</p>
        {stopped}
        <ul class="flex flex-col gap-1">{names.collect_view()}{refused.collect_view()}{departments}</ul>
    }
    .into_any()
}
