//! Buttons. One primary button per screen.

use super::icon::icon;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    Primary,
    #[default]
    Plain,
    Quiet,
    Danger,
}

#[component]
pub fn Button(
    /// What it does; the accessible name when only the icon is shown.
    #[prop(into)]
    label: String,
    #[prop(optional)] look: Look,
    #[prop(optional)] icon: Option<&'static str>,
    #[prop(optional)] icon_only: bool,
    #[prop(optional)] submit: bool,
    #[prop(optional, into)] busy: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional)] class: &'static str,
    #[prop(optional, into)] on_click: Option<Callback<MouseEvent>>,
) -> impl IntoView {
    let look = match look {
        Look::Primary => "btn btn-primary",
        Look::Plain => "btn btn-plain",
        Look::Quiet => "btn btn-quiet",
        Look::Danger => "btn btn-danger",
    };
    let class = format!("{look} {} {class}", if icon_only { "btn-icon" } else { "" });
    let picture = move || {
        if busy.get() {
            Some(view! { <span class="spin">{self::icon("loader-circle")}</span> }.into_any())
        } else {
            icon.map(self::icon)
        }
    };
    view! {
        <button type=if submit { "submit" } else { "button" } class=class
            disabled=move || disabled.get() || busy.get()
            aria-label=icon_only.then(|| label.clone()) title=icon_only.then(|| label.clone())
            on:click=move |ev| { if let Some(f) = on_click { f.run(ev) } }>
            {picture}
            {(!icon_only).then(|| label.clone())}
        </button>
    }
}
