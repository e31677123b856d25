//! A secret that is shown this once.

use crate::bridge;
use crate::i18n::{CLOSE, COPIED, COPY, COPY_BY_HAND, ONCE_LABEL, ONCE_TEXT, t};
use crate::state::toast;
use crate::ui::{Button, Field, Layer, Look, Shape};
use leptos::prelude::*;

/// What is shown: its name and text.
pub type Shown = RwSignal<Option<(String, String)>>;

pub fn dialog(shown: Shown) -> AnyView {
    (move || {
        let (title, text) = shown.get()?;
        let input = NodeRef::<leptos::html::Input>::new();
        let copied = text.clone();
        let copy = move |_| {
            let text = copied.clone();
            leptos::task::spawn_local(async move {
                if bridge::copy(&text).await {
                    toast::done(t(COPIED));
                } else if let Some(input) = input.get_untracked() {
                    input.select();
                    toast::problem(t(COPY_BY_HAND).to_owned());
                }
            });
        };
        Some(view! {
            <Layer shape=Shape::Dialog label=title.clone() on_close=move |()| shown.set(None)>
                <div class="p-4 flex flex-col gap-4" data-once>
                    <Field id="once-text" label=t(ONCE_LABEL) hint=t(ONCE_TEXT)>
                        <div class="flex gap-2">
                            <input id="once-text" node_ref=input class="input grow font-mono text-[13px]" readonly=true value=text
                                on:focus=move |_| if let Some(input) = input.get_untracked() { input.select() }/>
                            <Button label=t(COPY) icon="copy" look=Look::Primary on_click=copy/>
                        </div>
                    </Field>
                    <div class="flex justify-end"><Button label=t(CLOSE) on_click=move |_| shown.set(None)/></div>
                </div>
            </Layer>
        })
    })
    .into_any()
}
