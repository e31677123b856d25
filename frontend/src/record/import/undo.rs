//! Before an import, a change or a hand-over is taken back: what that will do, in numbers, and why something stays.

use super::check::number;
use crate::api::client::ApiError;
use crate::api::transfer::{self, Job, Reason, Undo};
use crate::i18n::{
    CANCEL, HAND_OVER_UNDO, JOB_UNDO_CHANGE_TEXT, JOB_UNDO_DELETES, JOB_UNDO_GONE, JOB_UNDO_KEEPS, JOB_UNDO_LEFT,
    JOB_UNDO_RESTORES, JOB_UNDO_TEXT, JOB_UNDO_WITHDRAWS, label, t, tf,
};
use crate::record::list::{dialog, record_url};
use crate::state::catalog;
use crate::ui::{self, Button, Look, icon};
use leptos::prelude::*;

pub fn ask(
    job: &Job,
    name: &'static str,
    asking: RwSignal<bool>,
    act: impl Fn() + Send + Sync + Copy + 'static,
) -> AnyView {
    let found = RwSignal::new(None::<Result<Undo, ApiError>>);
    let id = StoredValue::new(job.id.clone());
    let look = move || {
        leptos::task::spawn_local(async move {
            let answer = transfer::undo(&id.get_value()).await;
            let _ = found.try_set(Some(answer));
        });
    };
    look();
    let text = t(match (job.kind.as_str(), job.hand_over) {
        ("import", _) => JOB_UNDO_TEXT,
        (_, true) => HAND_OVER_UNDO,
        _ => JOB_UNDO_CHANGE_TEXT,
    });
    let told = move || match found.get() {
        None => ui::loading_rows(3),
        Some(Err(error)) => ui::failed(&error, look),
        Some(Ok(undo)) => numbers(&undo),
    };
    let nothing =
        move || found.with(|f| !matches!(f, Some(Ok(undo)) if undo.deleted + undo.withdrawn + undo.restored > 0));
    let content = view! {
        <div class="p-4 flex flex-col gap-3 text-[13px] overflow-y-auto scroll-thin" data-undo>
            <p>{text}</p>
            {told}
        </div>
        <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
            <Button label=t(CANCEL) on_click=move |_| asking.set(false)/>
            <Button label=name look=Look::Danger disabled=Signal::derive(nothing) on_click=move |_| { asking.set(false); act() }/>
        </footer>
    }
    .into_any();
    dialog(name.to_owned(), false, move || asking.set(false), content)
}

fn numbers(undo: &Undo) -> AnyView {
    let line = |picture: &'static str, text: String| {
        view! { <li class="flex items-start gap-2"><span class="muted pt-0.5">{icon(picture)}</span>{text}</li> }
            .into_any()
    };
    let counted = [
        ("trash-2", JOB_UNDO_DELETES, undo.deleted),
        ("user-minus", JOB_UNDO_WITHDRAWS, undo.withdrawn),
        ("rotate-ccw", JOB_UNDO_RESTORES, undo.restored),
        ("lock", JOB_UNDO_KEEPS, undo.kept),
        ("circle-slash", JOB_UNDO_GONE, undo.gone),
    ];
    let counted = counted.into_iter().filter(|(.., n)| *n > 0);
    let left = undo.left.iter().map(|left| {
        let name = catalog::so_many(&left.object, left.count);
        line("link", tf(JOB_UNDO_LEFT, &[("n", &number(left.count)), ("object", &name)]))
    });
    view! {
        <ul class="flex flex-col gap-1.5">
            {counted.map(|(picture, key, n)| line(picture, tf(key, &[("n", &number(n))]))).collect_view()}
            {left.collect_view()}
        </ul>
        {undo.reasons.iter().map(reason).collect_view()}
    }
    .into_any()
}

/// Why, and which: the first of them by name.
fn reason(reason: &Reason) -> AnyView {
    let object = catalog::object(&reason.object);
    let name = object.as_ref().map_or_else(|| reason.object.clone(), |o| label(&o.label));
    let each = reason.records.iter().map(|record| {
        let href = object.as_ref().map(|o| record_url(o, &record.id)).unwrap_or_default();
        view! { <li><a class="link" href=href target="_blank">{record.title.clone()}</a></li> }
    });
    let more = reason.count > reason.records.len() as u64;
    view! {
        <div>
            <p class="font-semibold">{format!("{name} × {}", number(reason.count))}<span class="font-normal muted">" · "{reason.message.clone()}</span></p>
            <ul class="flex flex-wrap gap-x-3">{each.collect_view()}{more.then(|| view! { <li class="muted">"…"</li> })}</ul>
        </div>
    }
    .into_any()
}
