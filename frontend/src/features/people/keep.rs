//! What becomes of former owners when their records get another.

use crate::i18n::{HAND_OVER_KEEP, KEEP_NONE, KEEP_READ, KEEP_WRITE, Key, t};
use leptos::prelude::*;

const KEEPS: [(&str, Key); 3] = [(NOTHING, KEEP_NONE), ("read", KEEP_READ), ("write", KEEP_WRITE)];
pub const NOTHING: &str = "none";

/// As the server wants it: nothing is what is usual.
pub fn wish(keep: RwSignal<&'static str>) -> Option<&'static str> {
    Some(keep.get_untracked()).filter(|keep| *keep != NOTHING)
}

pub fn choice(keep: RwSignal<&'static str>) -> AnyView {
    let choices = KEEPS.map(|(key, text)| {
        view! {
            <label class="inline-flex items-center gap-2 min-h-8 pointer-coarse:min-h-11">
                <input type="radio" name="keep" value=key prop:checked=move || keep.get() == key on:change=move |_| keep.set(key)/>
                {t(text)}
            </label>
        }
    });
    view! {
        <fieldset class="text-[13px] flex flex-wrap gap-x-5 gap-y-1">
            <legend class="font-semibold pb-1">{t(HAND_OVER_KEEP)}</legend>
            {choices}
        </fieldset>
    }
    .into_any()
}
