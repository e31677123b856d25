//! What administrators keep in order, and everybody for themselves: each screen of its own is declared here once. Its
//! route, its place among the settings, in the palette, and who may come in follow from that.

pub mod index;

use crate::i18n::{self, Key, NAV_SETTINGS, t};
use crate::lazy;
use crate::state::{catalog, session};
use kezhan_meta::{ObjectMeta, Scope};
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Mine,
    People,
    SignIn,
    Programs,
    Privacy,
}

/// In the order in which they are shown; what has no screen of its own follows.
const GROUPS: [(Group, Key); 5] = [
    (Group::People, i18n::SETTINGS_PEOPLE),
    (Group::SignIn, i18n::SETTINGS_SIGN_IN),
    (Group::Programs, i18n::SETTINGS_PROGRAMS),
    (Group::Privacy, i18n::SETTINGS_PRIVACY),
    (Group::Mine, i18n::SETTINGS_MINE),
];

pub struct Page {
    pub path: &'static str,
    pub icon: &'static str,
    pub title: Key,
    pub text: Key,
    group: Group,
    /// The object and the action that one has to have a right to; everybody comes in without.
    right: Option<(&'static str, &'static str)>,
    /// Objects whose records are kept there.
    keeps: &'static [&'static str],
    pub draw: fn() -> AnyView,
}

impl Page {
    pub fn is_ones_own(&self) -> bool {
        self.group == Group::Mine
    }

    pub fn allowed(&self) -> bool {
        self.right.is_none_or(|(object, action)| session::may(object, action))
    }
}

/// Most are for those who configure users.
const PAGE: Page = Page {
    path: "",
    icon: "",
    title: NAV_SETTINGS,
    text: NAV_SETTINGS,
    group: Group::People,
    right: Some(("user", "configure")),
    keeps: &[],
    draw: lazy::settings_screen,
};

pub static PAGES: &[Page] = &[
    Page {
        path: "/settings/roles",
        icon: "shield-check",
        title: i18n::ROLES_TITLE,
        text: i18n::ROLES_TEXT,
        right: Some(("role", "configure")),
        keeps: &["role"],
        draw: lazy::roles_screen,
        ..PAGE
    },
    Page {
        path: "/settings/sharing",
        icon: "share-2",
        title: i18n::SHARING_TITLE,
        text: i18n::SHARING_TEXT,
        right: Some(("sharing_rule", "configure")),
        keeps: &["sharing_rule"],
        draw: lazy::sharing_screen,
        ..PAGE
    },
    Page {
        path: "/settings/invitations",
        icon: "user-plus",
        title: i18n::INVITE_TITLE,
        text: i18n::INVITE_TEXT,
        draw: lazy::invitations_screen,
        ..PAGE
    },
    Page {
        path: "/settings/hand-over",
        icon: "handshake",
        title: i18n::HAND_OVER_TITLE,
        text: i18n::HAND_OVER_TEXT,
        draw: lazy::hand_over_screen,
        ..PAGE
    },
    Page {
        path: "/settings/sign-in",
        icon: "log-in",
        title: i18n::ELSEWHERE_TITLE,
        text: i18n::ELSEWHERE_TEXT,
        group: Group::SignIn,
        right: Some(("identity_provider", "configure")),
        keeps: &["directory", "identity_provider"],
        draw: lazy::elsewhere_screen,
    },
    Page {
        path: "/settings/policy",
        icon: "lock-keyhole",
        title: i18n::POLICY_TITLE,
        text: i18n::POLICY_TEXT,
        group: Group::SignIn,
        draw: lazy::policy_screen,
        ..PAGE
    },
    Page {
        path: "/settings/audit",
        icon: "scroll-text",
        title: i18n::AUDIT_TITLE,
        text: i18n::AUDIT_TEXT,
        group: Group::SignIn,
        draw: lazy::audit_screen,
        ..PAGE
    },
    Page {
        path: "/settings/keys",
        icon: "key-round",
        title: i18n::KEYS_TITLE,
        text: i18n::KEYS_TEXT,
        group: Group::Programs,
        draw: lazy::keys_screen,
        ..PAGE
    },
    Page {
        path: "/settings/apps",
        icon: "box",
        title: i18n::APPS_TITLE,
        text: i18n::APPS_TEXT,
        group: Group::Programs,
        keeps: &["oauth_client"],
        draw: lazy::apps_screen,
        ..PAGE
    },
    Page {
        path: "/settings/privacy",
        icon: "hand",
        title: i18n::PRIVACY_TITLE,
        text: i18n::PRIVACY_TEXT,
        group: Group::Privacy,
        right: Some(("subject_request", "read")),
        keeps: &["processing_purpose", "retention_rule"],
        draw: lazy::privacy_screen,
    },
    Page {
        path: "/settings/privacy/data-map",
        icon: "map",
        title: i18n::DATA_MAP_TITLE,
        text: i18n::DATA_MAP_TEXT,
        group: Group::Privacy,
        right: Some(("field_policy", "configure")),
        keeps: &["field_policy"],
        draw: lazy::data_map_screen,
    },
    Page {
        path: "/preferences",
        icon: "settings-2",
        title: i18n::PREFERENCES,
        text: i18n::PREFERENCES_TEXT,
        group: Group::Mine,
        right: None,
        draw: lazy::preferences_screen,
        ..PAGE
    },
    Page {
        path: "/settings/security",
        icon: "shield",
        title: i18n::SECURITY_TITLE,
        text: i18n::SECURITY_TEXT,
        group: Group::Mine,
        right: None,
        draw: lazy::security_screen,
        ..PAGE
    },
];

/// Which of the pages an address means.
pub fn at(path: &str) -> Option<usize> {
    PAGES.iter().position(|page| page.path == path)
}

/// Objects of the company that have no place in everybody's navigation, nor a screen of their own.
pub fn objects() -> Vec<Arc<ObjectMeta>> {
    let kept = |name: &str| PAGES.iter().any(|page| page.keeps.contains(&name));
    catalog::catalog().objects().filter(|o| !o.listed && o.scope == Scope::Tenant && !kept(&o.name)).cloned().collect()
}

/// Is there anything to set beyond what is one's own?
pub fn any() -> bool {
    PAGES.iter().any(|page| page.right.is_some() && page.allowed()) || !objects().is_empty()
}

/// The head that all these screens have: the way back, what it is, and what can be done.
pub fn head(title: Key, text: Key, actions: AnyView) -> AnyView {
    view! {
        <div class="px-4 py-3 border-b border-base-300 bg-base-100 shrink-0 flex flex-wrap items-end gap-x-3 gap-y-2">
            <div class="grow min-w-0 basis-64">
                <nav class="text-xs muted leading-5" aria-label=t(NAV_SETTINGS)><A href="/settings" attr:class="relative inline-block hover:underline pointer-coarse:py-3 pointer-coarse:-my-3">{t(NAV_SETTINGS)}</A></nav>
                <h1 class="font-semibold text-base">{t(title)}</h1>
                <p class="muted text-[13px] max-w-3xl">{t(text)}</p>
            </div>
            <div class="flex flex-wrap gap-2">{actions}</div>
        </div>
    }
    .into_any()
}
