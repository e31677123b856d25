//! Label above, control, then hint or error: one shape for every form.

use leptos::prelude::*;

#[component]
pub fn Field(
    /// Id of the control.
    #[prop(into)]
    id: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] required: Signal<bool>,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] wide: bool,
    children: Children,
) -> impl IntoView {
    let note = format!("{id}-note");
    view! {
        <div class=if wide { "flex flex-col gap-1 sm:col-span-full min-w-0" } else { "flex flex-col gap-1 min-w-0" }>
            <label for=id class="text-[13px] muted">
                {label}
                {move || required.get().then(|| view! { <span class="text-error" aria-hidden="true">" *"</span> })}
            </label>
            {children()}
            <div id=note aria-live="polite">
                {move || error.get().map(|text| view! { <p class="text-xs text-error">{text}</p> })}
                {(!hint.is_empty()).then(|| view! { <p class="text-xs muted">{hint}</p> })}
            </div>
        </div>
    }
}
