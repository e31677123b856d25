//! How much there is to read.

use super::app;
use crate::api::inbox;
use crate::i18n::{APP_NAME, t};
use leptos::prelude::*;

/// In the title, for as long as the component that calls it is on screen.
pub fn follow() {
    if !inbox::possible() {
        return;
    }
    look();
    on_cleanup(move || {
        app().unread.set(0);
        document().set_title(t(APP_NAME));
    });
    Effect::new(|| {
        let name = t(APP_NAME);
        document().set_title(&match app().unread.get() {
            0 => name.to_owned(),
            unread => format!("({}) {name}", shown(unread)),
        });
    });
}

/// Asks again how many are unread.
pub fn look() {
    leptos::task::spawn_local(async {
        // Out of reach, the last number stands.
        if let Ok(unread) = inbox::unread().await {
            app().unread.set(unread);
        }
    });
}

pub fn shown(unread: i64) -> String {
    if unread > 99 { "99+".to_owned() } else { unread.to_string() }
}
