//! Language and theme, remembered by the browser. `js/boot.js` reads the same keys before the first paint.

use super::app;
use crate::i18n;
use kezhan_meta::Lang;
use leptos::prelude::*;

pub fn read(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

pub fn write(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A full or forbidden store only means that the choice is forgotten.
        let _ = storage.set_item(key, value);
    }
}

pub fn stored_lang() -> Lang {
    match read("kz.locale").as_deref() {
        Some("en") => Lang::En,
        _ => Lang::Zh,
    }
}

/// The reader's language; does not subscribe.
pub fn lang() -> Lang {
    app().lang.get_untracked()
}

/// Once its texts are there.
pub fn set_lang(lang: Lang) {
    write("kz.locale", lang.tag());
    leptos::task::spawn_local(async move {
        i18n::load(lang).await;
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

    pub fn stored() -> Theme {
        match read("kz.theme").as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }
    }

    pub fn choose(self) {
        let (key, dark) = match self {
            Theme::Light => ("light", false),
            Theme::Dark => ("dark", true),
            Theme::System => ("system", system_is_dark()),
        };
        write("kz.theme", key);
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

    pub fn stored() -> Density {
        match read("kz.density").as_deref() {
            Some("compact") => Density::Compact,
            Some("roomy") => Density::Roomy,
            _ => Density::Normal,
        }
    }

    pub fn choose(self) {
        let key = match self {
            Density::Compact => "compact",
            Density::Normal => "normal",
            Density::Roomy => "roomy",
        };
        write("kz.density", key);
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-density", key);
        }
        app().density.set(self);
    }
}

/// The time zone in which times are shown and typed; the browser's own where none was chosen.
pub fn zone() -> String {
    crate::bridge::zone()
}

pub fn set_zone(zone: &str) {
    write("kz.zone", zone);
    crate::bridge::set_zone(zone);
}
