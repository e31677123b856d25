//! Language and theme, remembered by the browser. `js/boot.js` reads the same keys before the first paint.

use super::app;
use crate::i18n;
use chrono::{DateTime, NaiveDateTime};
use kezhan_meta::Lang;
use kezhan_meta::resolve::Context;
use leptos::prelude::*;
use std::cell::Cell;

pub fn read(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

pub fn write(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A full or forbidden store only means that the choice is forgotten.
        let _ = storage.set_item(key, value);
    }
}

pub fn remove(key: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.remove_item(key);
    }
}

/// What relative conditions mean to the reader now: "today" is the day in their own time zone.
pub fn context() -> Context {
    let now = DateTime::from_timestamp_millis(js_sys::Date::now() as i64).unwrap_or_default();
    let local = crate::bridge::wall_clock(&now.to_rfc3339());
    let local = NaiveDateTime::parse_from_str(&local, "%Y-%m-%d %H:%M").map(|l| l.and_utc());
    // To the quarter of an hour, as zones are: the clock's seconds are not shown.
    let minutes = local.map_or(480, |l| ((l - now).num_seconds() as f64 / 900.0).round() as i32 * 15);
    let me = super::session::me();
    Context {
        now,
        offset_minutes: minutes,
        user: me.as_ref().and_then(|m| m.id.clone()),
        // Conditions of forms are about the record at hand; who reports to whom is the server's to say.
        subordinates: [].into(),
        department: me.as_ref().and_then(|m| m.department.clone()),
        departments: me.as_ref().map(|m| m.departments.clone()).unwrap_or_default(),
    }
}

pub fn lang_of(tag: &str) -> Lang {
    if tag == Lang::En.tag() { Lang::En } else { Lang::Zh }
}

pub fn stored_lang() -> Lang {
    lang_of(&read("kz.locale").unwrap_or_default())
}

/// The reader's language; does not subscribe.
pub fn lang() -> Lang {
    app().lang.get_untracked()
}

/// Once its texts are there.
pub fn set_lang(lang: Lang) {
    write("kz.locale", lang.tag());
    leptos::task::spawn_local(async move {
        i18n::whole(lang).await;
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("lang", lang.tag());
        }
        app().lang.set(lang);
    });
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    pub fn of(key: &str) -> Theme {
        Theme::ALL.into_iter().find(|t| t.key() == key).unwrap_or(Theme::System)
    }

    pub fn key(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn stored() -> Theme {
        read("kz.theme").map_or(Theme::System, |key| Theme::of(&key))
    }

    pub fn choose(self) {
        let dark = match self {
            Theme::Light => false,
            Theme::Dark => true,
            Theme::System => system_is_dark(),
        };
        write("kz.theme", self.key());
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", if dark { "dark" } else { "light" });
        }
    }
}

fn system_is_dark() -> bool {
    window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|m| m.matches())
}

/// A phone's width? Read when a view is built; cards and tables are not switched while one looks.
pub fn narrow() -> bool {
    window().match_media("(max-width: 767px)").ok().flatten().is_some_and(|m| m.matches())
}

/// Worked with a finger?
pub fn coarse() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|m| m.matches())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Density {
    Compact,
    Normal,
    Roomy,
}

impl Density {
    /// Height of a row in a list, in pixels.
    pub fn row(self) -> i32 {
        match self {
            Density::Compact => 30,
            Density::Normal => 36,
            Density::Roomy => 44,
        }
    }

    pub fn of(key: &str) -> Density {
        match key {
            "compact" => Density::Compact,
            "roomy" => Density::Roomy,
            _ => Density::Normal,
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Density::Compact => "compact",
            Density::Normal => "normal",
            Density::Roomy => "roomy",
        }
    }

    pub fn stored() -> Density {
        read("kz.density").map_or(Density::Normal, |key| Density::of(&key))
    }

    pub fn choose(self) {
        let key = self.key();
        write("kz.density", key);
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-density", key);
        }
        app().density.set(self);
    }
}

/// How days can be written; as is the custom of the language, where none was chosen.
pub const DATE_FORMS: [&str; 3] = ["words", "day_first", "iso"];

thread_local! {
    static DATES: Cell<&'static str> = const { Cell::new("") };
}

thread_local! {
    static SHORT_AMOUNTS: Cell<bool> = const { Cell::new(false) };
}

/// Amounts in lists are counted in 万 and 亿, or in thousands and millions.
pub fn short_amounts() -> bool {
    SHORT_AMOUNTS.get()
}

pub fn set_short_amounts(short: bool) {
    SHORT_AMOUNTS.set(short);
}

pub fn dates() -> &'static str {
    DATES.get()
}

pub fn set_dates(form: Option<&str>) {
    DATES.set(DATE_FORMS.into_iter().find(|known| Some(*known) == form).unwrap_or_default());
}

/// The time zone in which times are shown and typed; the browser's own where none was chosen.
pub fn zone() -> String {
    crate::bridge::zone()
}

pub fn set_zone(zone: &str) {
    write("kz.zone", zone);
    crate::bridge::set_zone(zone);
}
