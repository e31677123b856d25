//! A link that an action has made, to be copied and handed over: it is shown once.

use crate::bridge;
use crate::i18n::{CLOSE, COPIED, COPY_LINK, LINK_TEXT, LINK_TITLE, t};
use crate::state::toast;
use crate::ui::{Button, Layer, Look, Shape};
use leptos::prelude::*;

/// `path` stands behind our own address.
pub fn dialog(path: &str, close: Callback<()>) -> AnyView {
    let url = format!("{}{path}", window().location().origin().unwrap_or_default());
    let copied = url.clone();
    let copy = move |_| {
        let url = copied.clone();
        leptos::task::spawn_local(async move {
            if bridge::copy(&url).await {
                toast::done(t(COPIED));
            }
        });
    };
    view! {
        <Layer shape=Shape::Dialog label=t(LINK_TITLE) on_close=close>
            <div class="flex flex-col gap-3 p-4">
                <p class="text-[13px]">{t(LINK_TEXT)}</p>
                <input id="made-link" class="input" readonly aria-label=t(LINK_TITLE) prop:value=url/>
            </div>
            <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
                <Button label=t(CLOSE) on_click=move |_| close.run(())/>
                <Button label=t(COPY_LINK) look=Look::Primary icon="copy" on_click=copy/>
            </footer>
        </Layer>
    }
    .into_any()
}
