//! What administrators keep in order: the objects that have no place in everybody's navigation.

use super::nav::list_url;
use crate::i18n::{
    APPS_TITLE, AUDIT_TITLE, DATA_MAP_TITLE, ELSEWHERE_TITLE, HAND_OVER_TITLE, INVITE_TITLE, KEYS_TITLE, Key,
    NAV_SETTINGS, POLICY_TITLE, PRIVACY_TITLE, ROLES_TITLE, SETTINGS_TEXT, SHARING_TITLE, label, t,
};
use crate::state::{catalog, session};
use crate::ui::icon;
use kezhan_meta::{ObjectMeta, Scope};
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;

/// A screen of its own, and the right that it takes.
struct Page {
    path: &'static str,
    icon: &'static str,
    title: Key,
    object: &'static str,
    action: &'static str,
}

const PAGES: &[Page] = &[
    Page { path: "/settings/roles", icon: "shield-check", title: ROLES_TITLE, object: "role", action: "configure" },
    Page {
        path: "/settings/sharing",
        icon: "share-2",
        title: SHARING_TITLE,
        object: "sharing_rule",
        action: "configure",
    },
    Page {
        path: "/settings/sign-in",
        icon: "key-round",
        title: ELSEWHERE_TITLE,
        object: "identity_provider",
        action: "configure",
    },
    Page {
        path: "/settings/hand-over",
        icon: "handshake",
        title: HAND_OVER_TITLE,
        object: "user",
        action: "configure",
    },
    Page { path: "/settings/invitations", icon: "user-plus", title: INVITE_TITLE, object: "user", action: "configure" },
    Page { path: "/settings/policy", icon: "lock-keyhole", title: POLICY_TITLE, object: "user", action: "configure" },
    Page {
        path: "/settings/privacy/data-map",
        icon: "map",
        title: DATA_MAP_TITLE,
        object: "field_policy",
        action: "configure",
    },
    Page { path: "/settings/keys", icon: "key-round", title: KEYS_TITLE, object: "user", action: "configure" },
    Page { path: "/settings/apps", icon: "box", title: APPS_TITLE, object: "user", action: "configure" },
    Page { path: "/settings/privacy", icon: "hand", title: PRIVACY_TITLE, object: "subject_request", action: "read" },
    Page { path: "/settings/audit", icon: "scroll-text", title: AUDIT_TITLE, object: "user", action: "configure" },
];

/// Have a screen of their own.
const ELSEWHERE: &[&str] = &[
    "directory",
    "field_policy",
    "identity_provider",
    "oauth_client",
    "processing_purpose",
    "retention_rule",
    "role",
    "sharing_rule",
];

pub fn objects() -> Vec<Arc<ObjectMeta>> {
    catalog::catalog()
        .objects()
        .filter(|o| !o.listed && o.scope == Scope::Tenant && !ELSEWHERE.contains(&o.name.as_ref()))
        .cloned()
        .collect()
}

pub fn screen() -> AnyView {
    let card = |object: Arc<ObjectMeta>| {
        let (sign, name) = (icon(&object.icon), label(&object.label_many));
        view! {
            <A href=list_url(&object) attr:class="panel flex items-center gap-3 p-3 hover:border-primary/50">
                <span class="size-9 rounded-lg bg-primary/10 text-primary grid place-items-center shrink-0">{sign}</span>
                <span class="font-semibold truncate">{name}</span>
            </A>
        }
    };
    let pages = PAGES.iter().filter(|page| session::may(page.object, page.action)).map(|page| {
        view! {
            <A href=page.path attr:class="panel flex items-center gap-3 p-3 hover:border-primary/50">
                <span class="size-9 rounded-lg bg-primary/10 text-primary grid place-items-center shrink-0">{icon(page.icon)}</span>
                <span class="font-semibold truncate">{t(page.title)}</span>
            </A>
        }
    });
    view! {
        <section class="grow overflow-y-auto p-4 md:p-6 max-w-4xl">
            <h1 class="font-semibold text-base">{t(NAV_SETTINGS)}</h1>
            <p class="muted text-[13px] mb-4">{t(SETTINGS_TEXT)}</p>
            <div class="grid sm:grid-cols-2 lg:grid-cols-3 gap-3">{pages.collect_view()}{objects().into_iter().map(card).collect_view()}</div>
        </section>
    }
    .into_any()
}
