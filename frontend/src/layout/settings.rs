//! What administrators keep in order: the objects that have no place in everybody's navigation.

use super::nav::list_url;
use crate::i18n::{NAV_SETTINGS, ROLES_TITLE, SETTINGS_TEXT, label, t};
use crate::state::{catalog, session};
use crate::ui::icon;
use kezhan_meta::{ObjectMeta, Scope};
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;

pub fn objects() -> Vec<Arc<ObjectMeta>> {
    catalog::catalog().objects().filter(|o| !o.listed && o.scope == Scope::Tenant).cloned().collect()
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
    let roles = session::may("role", "configure").then(|| {
        view! {
            <A href="/settings/roles" attr:class="panel flex items-center gap-3 p-3 hover:border-primary/50">
                <span class="size-9 rounded-lg bg-primary/10 text-primary grid place-items-center shrink-0">{icon("shield-check")}</span>
                <span class="font-semibold truncate">{t(ROLES_TITLE)}</span>
            </A>
        }
    });
    view! {
        <section class="grow overflow-y-auto p-4 md:p-6 max-w-4xl">
            <h1 class="font-semibold text-base">{t(NAV_SETTINGS)}</h1>
            <p class="muted text-[13px] mb-4">{t(SETTINGS_TEXT)}</p>
            <div class="grid sm:grid-cols-2 lg:grid-cols-3 gap-3">{roles}{objects().into_iter().map(card).collect_view()}</div>
        </section>
    }
    .into_any()
}
