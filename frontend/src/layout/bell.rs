//! The way to the inbox, with how much waits there.

use crate::api::inbox;
use crate::i18n::{INBOX, INBOX_UNREAD_N, t, tf};
use crate::lazy;
use crate::state::app;
use crate::state::inbox::shown;
use crate::ui::icon;
use leptos::prelude::*;

pub fn bell(open: RwSignal<bool>) -> AnyView {
    if !inbox::possible() {
        return ().into_any();
    }
    let unread = app().unread;
    let name = move || match unread.get() {
        0 => t(INBOX).to_owned(),
        n => tf(INBOX_UNREAD_N, &[("n", &shown(n))]),
    };
    view! {
        <button type="button" id="bell" class="btn btn-quiet btn-icon relative" aria-haspopup="dialog" title=t(INBOX)
            aria-label=name aria-expanded=move || open.get().to_string() on:click=move |_| open.set(true)>
            {icon("bell")}
            {move || (unread.get() > 0).then(|| view! {
                <span class="absolute -top-0.5 -right-0.5 min-w-4 h-4 px-1 rounded-full bg-error text-error-content text-[10px] leading-4 font-semibold tnum" aria-hidden="true">
                    {shown(unread.get())}
                </span>
            })}
        </button>
        {move || open.get().then(|| lazy::inbox(open))}
    }
    .into_any()
}
