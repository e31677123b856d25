//! One's own menu: language, theme, leaving.

use crate::i18n::{
    HELP, PREFERENCES, SECURITY_TITLE, SIGN_OUT, THEME_DARK, THEME_LIGHT, THEME_SYSTEM, USER_MENU, in_own_words, t,
};
use crate::state::faces::face;
use crate::state::prefs::{self, Theme};
use crate::state::{own, session};
use crate::ui::{Menu, MenuItem};
use kezhan_meta::Lang;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde_json::json;

pub fn language_items() -> Vec<MenuItem> {
    let now = prefs::lang();
    Lang::ALL
        .into_iter()
        .map(|lang| {
            // Each language is named in itself, so that it can be found from the other one.
            MenuItem::new("languages", in_own_words(lang), move || {
                prefs::set_lang(lang);
                own::tell(json!({ "locale": lang.tag() }));
            })
            .checked(lang == now)
        })
        .collect()
}

pub fn theme_items() -> Vec<MenuItem> {
    let now = Theme::stored();
    Theme::ALL
        .into_iter()
        .map(|theme| {
            let (icon, label) = match theme {
                Theme::System => ("monitor", THEME_SYSTEM),
                Theme::Light => ("sun", THEME_LIGHT),
                Theme::Dark => ("moon", THEME_DARK),
            };
            MenuItem::new(icon, t(label), move || {
                theme.choose();
                own::tell(json!({ "theme": theme.key() }));
            })
            .checked(theme == now)
        })
        .collect()
}

pub fn user_menu(help: RwSignal<bool>) -> AnyView {
    let id = session::me().and_then(|me| me.id.clone());
    let name = session::me().and_then(|me| me.name.clone().or_else(|| me.username.clone())).unwrap_or_default();
    let face = view! { {face(id.as_deref(), &name, false)}<span class="hidden lg:inline max-w-28 truncate">{name.clone()}</span> }
        .into_any();
    let navigate = use_navigate();
    let items = move || {
        let (navigate, at) = (navigate.clone(), navigate.clone());
        let mut items = vec![
            MenuItem::new("settings-2", t(PREFERENCES), move || navigate("/preferences", NavigateOptions::default())),
            MenuItem::new("shield", t(SECURITY_TITLE), move || at("/settings/security", NavigateOptions::default())),
            MenuItem::new("keyboard", t(HELP), move || help.set(true)),
        ];
        items.extend(language_items());
        items.extend(theme_items());
        items.push(MenuItem::new("log-out", t(SIGN_OUT), || leptos::task::spawn_local(session::sign_out())));
        items
    };
    view! { <Menu label=t(USER_MENU) class="btn btn-quiet" face=face named=true items=items/> }.into_any()
}
