//! Dialogs and drawers on the native `dialog`: the browser keeps the focus inside and the page behind inert.

use super::button::{Button, Look};
use crate::i18n::{CLOSE, t};
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Dialog,
    Wide,
    Drawer,
    Palette,
}

const FIRST: &str = ":is(a, button, input, select, textarea, [tabindex='0']):not(:disabled, header *)";

/// Mount it to open it, unmount it to close it: whoever holds the state renders it.
#[component]
pub fn Layer(
    shape: Shape,
    #[prop(into)] label: String,
    #[prop(into)] on_close: Callback<()>,
    /// No heading of its own.
    #[prop(optional)]
    bare: bool,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<leptos::html::Dialog>::new();
    let before =
        document().active_element().and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()).map(SendWrapper::new);
    on_cleanup(move || {
        if let Some(element) = before {
            // Once the dialog is gone: until then nothing behind it takes the focus.
            request_animation_frame(move || {
                let _ = element.focus();
            });
        }
    });
    Effect::new(move || {
        if let Some(dialog) = node.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
            // On what there is to do in it, not on the way out of it.
            if let Ok(Some(_)) = dialog.query_selector("header :focus")
                && let Ok(Some(first)) = dialog.query_selector(FIRST)
                && let Some(first) = first.dyn_ref::<web_sys::HtmlElement>()
            {
                let _ = first.focus();
            }
        }
    });
    let class = match shape {
        Shape::Dialog => "layer layer-dialog rise",
        Shape::Wide => "layer layer-dialog layer-wide rise",
        Shape::Drawer => "layer layer-drawer",
        Shape::Palette => "layer layer-palette rise",
    };
    let heading = (!bare).then(|| {
        view! {
            <header class="flex items-center gap-2 h-12 px-4 border-b border-base-300 shrink-0">
                <h2 class="font-semibold grow truncate">{label.clone()}</h2>
                <Button label=t(CLOSE) look=Look::Quiet icon="x" icon_only=true on_click=move |_| on_close.run(())/>
            </header>
        }
    });
    view! {
        <dialog node_ref=node class=class aria-label=label
            on:cancel=move |ev: web_sys::Event| { ev.prevent_default(); on_close.run(()) }
            on:mousedown=move |ev| {
                // A press on the dialog element itself is one on its backdrop: the content covers the rest.
                let own = ev.target().zip(node.get_untracked()).is_some_and(|(t, d)| t.dyn_ref::<web_sys::HtmlDialogElement>() == Some(&d));
                if own { on_close.run(()) }
            }>
            {heading}
            {children()}
        </dialog>
    }
}
