//! What can be reached, object by object, in words.

use crate::api::keys::ObjectReach;
use crate::features::people::matrix::action_name;
use crate::i18n::{KEY_REACH_FIELDS, KEY_REACH_NOTHING, LIST_JOIN, label, t, tf};
use crate::state::catalog;
use crate::ui::icon;
use leptos::prelude::*;

pub fn list(all: Vec<ObjectReach>) -> AnyView {
    if all.is_empty() {
        return view! { <p class="muted text-[13px]">{t(KEY_REACH_NOTHING)}</p> }.into_any();
    }
    view! { <ul class="text-[13px]" data-reach>{all.into_iter().map(line).collect_view()}</ul> }.into_any()
}

fn line(one: ObjectReach) -> AnyView {
    let object = catalog::object(&one.object);
    let name = object.as_ref().map_or_else(|| one.object.clone(), |o| label(&o.label_many));
    let sign = icon(object.as_ref().map_or("box", |o| &o.icon));
    // In the order that people think in.
    let order = [
        "read",
        "create",
        "edit",
        "delete",
        "transfer",
        "share",
        "export",
        "import",
        "bulk_edit",
        "reveal",
        "confidential",
        "configure",
    ];
    let actions: Vec<&str> = order.into_iter().filter(|a| one.actions.contains_key(*a)).map(action_name).collect();
    let fields = one.fields.map(|keys| {
        let named = |key: &String| object.as_ref().and_then(|o| o.field(key)).map(|f| label(&f.label));
        let some: Vec<String> = keys.iter().filter(|k| !matches!(k.as_str(), "id" | "version")).filter_map(named).collect();
        let (n, list) = (some.len().to_string(), some.join(t(LIST_JOIN)));
        view! { <p class="muted text-xs wrap-anywhere md:truncate" title=list.clone()>{tf(KEY_REACH_FIELDS, &[("n", &n), ("fields", &list)])}</p> }
    });
    view! {
        <li class="flex gap-2 py-1.5 border-t border-base-300/60 first:border-t-0">
            <span class="muted pt-0.5">{sign}</span>
            <div class="grow min-w-0 flex flex-wrap gap-x-3">
                <span class="font-semibold w-28 wrap-anywhere md:truncate">{name}</span>
                <div class="min-w-0 grow basis-40"><p>{actions.join(t(LIST_JOIN))}</p>{fields}</div>
            </div>
        </li>
    }
    .into_any()
}
