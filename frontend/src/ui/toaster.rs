//! Shows the toasts, bottom centre, on phones under the top bar and the head of the page: nothing one needs to press lies there.

use super::button::{Button, Look};
use super::icon::icon;
use crate::i18n::{CLOSE, t};
use crate::state::app;
use crate::state::toast::{self, Kind, Toast};
use leptos::prelude::*;

pub fn toaster() -> AnyView {
    let toasts = app().toasts;
    view! {
        <div class="fixed z-[70] max-md:top-27 md:bottom-5 left-1/2 -translate-x-1/2 flex flex-col gap-2 items-center w-max max-w-[calc(100vw-2rem)]"
            role="status" aria-live="polite">
            <For each=move || toasts.get() key=|toast| toast.id let(toast)>{line(toast)}</For>
        </div>
    }
    .into_any()
}

fn line(toast: Toast) -> AnyView {
    let id = toast.id;
    let picture = match toast.kind {
        Kind::Done => view! { <span class="text-success">{icon("circle-check")}</span> }.into_any(),
        Kind::Problem => view! { <span class="text-error">{icon("triangle-alert")}</span> }.into_any(),
    };
    let action = toast.action.map(|(label, run)| {
        view! { <button type="button" class="link tap px-1 font-semibold whitespace-nowrap" on:click=move |_| { toast::dismiss(id); run.run(()) }>{label}</button> }
    });
    view! {
        <div class="panel rise flex items-center gap-3 pl-3 pr-1 min-h-10 text-[13px] shadow-xl max-w-full">
            {picture}
            <span class="min-w-0 break-words py-1">{toast.text}</span>
            {action}
            <Button label=t(CLOSE) look=Look::Quiet icon="x" icon_only=true on_click=move |_| toast::dismiss(id)/>
        </div>
    }
    .into_any()
}
