//! Objects down, actions across: how far the role reaches.

use super::draft::{ACTIONS, Draft, REST};
use super::rules::{self, Place};
use crate::i18n::{
    self, EDIT, Key, RESET, ROLE_FOLD, ROLE_FOLLOWS, ROLE_OBJECT, ROLE_REST, SCOPE_CUSTOM, label, t, tf,
};
use crate::state::catalog;
use crate::ui::{Button, Look, icon};
use kezhan_meta::{ObjectMeta, Scope};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

pub const SCOPES: [(&str, Key); 6] = [
    ("none", i18n::SCOPE_NONE),
    ("self", i18n::SCOPE_SELF),
    ("subordinates", i18n::SCOPE_SUBORDINATES),
    ("department", i18n::SCOPE_DEPARTMENT),
    ("department_and_below", i18n::SCOPE_DEPARTMENT_AND_BELOW),
    ("all", i18n::SCOPE_ALL),
];

pub fn action_name(action: &str) -> &'static str {
    t(match action {
        "read" => i18n::ACTION_READ,
        "create" => i18n::ACTION_CREATE,
        "edit" => i18n::ACTION_EDIT,
        "delete" => i18n::ACTION_DELETE,
        "transfer" => i18n::ACTION_TRANSFER,
        "share" => i18n::ACTION_SHARE,
        "export" => i18n::ACTION_EXPORT,
        "import" => i18n::ACTION_IMPORT,
        "bulk_edit" => i18n::ACTION_BULK_EDIT,
        "reveal" => i18n::ACTION_REVEAL,
        "confidential" => i18n::ACTION_CONFIDENTIAL,
        _ => i18n::ACTION_CONFIGURE,
    })
}

/// Objects that roles speak of: what is personal needs none.
pub fn objects() -> Vec<Arc<ObjectMeta>> {
    catalog::catalog().objects().filter(|o| o.scope != Scope::Personal).cloned().collect()
}

pub fn matrix(draft: Draft) -> AnyView {
    let open = RwSignal::new(None::<(Place, bool)>);
    let heads = ACTIONS.map(|a| view! { <th scope="col" class="px-1 py-2 font-normal muted text-start whitespace-nowrap">{action_name(a)}</th> });
    let rest = line(draft, open, REST.to_owned(), t(ROLE_REST).to_owned(), "asterisk", true);
    let lines = objects().into_iter().map(|o| {
        let reaches = o.scope == Scope::Owned;
        line(draft, open, o.name.to_string(), label(&o.label_many), &o.icon, reaches)
    });
    view! {
        <div class="overflow-auto scroll-thin grow min-h-0" role="region" aria-label=t(i18n::ROLE_MATRIX) tabindex="0">
            <table class="text-[13px] border-separate border-spacing-0 max-md:block">
                <thead class="sticky top-0 bg-base-100 z-10 max-md:hidden">
                    <tr>
                        <th scope="col" class="sticky left-0 bg-base-100 px-4 py-2 font-normal muted text-start min-w-44">{t(ROLE_OBJECT)}</th>
                        {heads.collect_view()}
                        <th></th>
                    </tr>
                </thead>
                <tbody class="max-md:block">{rest}{lines.collect_view()}</tbody>
            </table>
        </div>
        {move || open.get().map(|(place, reaches)| rules::dialog(draft, place, reaches, Callback::new(move |()| open.set(None))))}
    }
    .into_any()
}

type Opened = RwSignal<Option<(Place, bool)>>;

fn line(draft: Draft, open: Opened, object: String, name: String, picture: &str, reaches: bool) -> AnyView {
    let picture = icon(picture);
    let own = {
        let object = object.clone();
        Memo::new(move |_| draft.own(&object))
    };
    let cells = ACTIONS.map(|action| cell(draft, open, object.clone(), name.clone(), action, reaches, own));
    let reset = {
        let (object, name) = (object.clone(), name.clone());
        move || {
            let object = object.clone();
            (own.get() && object != REST).then(|| {
                view! {
                    <Button label=tf(RESET, &[("name", &name)]) icon="rotate-ccw" icon_only=true look=Look::Quiet
                        on_click=move |_| draft.reset(&object)/>
                }
            })
        }
    };
    // On a phone a line is a card, and one that only follows the rest is folded.
    let follows = {
        let object = object.clone();
        move || object != REST && !own.get()
    };
    let (folds, unfolded) = (follows.clone(), RwSignal::new(false));
    let folded = Memo::new(move |_| folds() && !unfolded.get());
    let fold = {
        let name = name.clone();
        move || {
            let (text, sign) =
                if folded.get() { (t(ROLE_FOLLOWS), "chevron-down") } else { (t(ROLE_FOLD), "chevron-up") };
            let name = format!("{name} · {text}");
            follows().then(|| view! {
                <button type="button" class="link inline-flex items-center gap-1 font-normal min-h-11 md:hidden" aria-label=name
                    aria-expanded=move || (!folded.get()).to_string() on:click=move |_| unfolded.update(|u| *u = !*u)>{text}{icon(sign)}</button>
            })
        }
    };
    view! {
        <tr class="group max-md:grid max-md:grid-cols-2 max-md:border-t max-md:border-base-300/60 max-md:py-1"
            class=("max-md:[&>td]:hidden", move || folded.get())>
            <th scope="row" class="sticky left-0 z-[1] bg-base-100 px-4 py-1 text-start border-t border-base-300/60 max-md:static max-md:border-0 max-md:col-span-2"
                class:font-semibold=move || own.get() class:font-normal=move || !own.get()>
                <span class="flex items-center justify-between gap-2 max-md:min-h-11"><span class="inline-flex items-center gap-2">{picture}{name.clone()}</span>{fold}</span>
            </th>
            {cells.into_iter().collect_view()}
            <td class="border-t border-base-300/60 px-1 max-md:border-0 max-md:self-end">{reset}</td>
        </tr>
    }
    .into_any()
}

fn cell(
    draft: Draft,
    open: Opened,
    object: String,
    name: String,
    action: &'static str,
    reaches: bool,
    own: Memo<bool>,
) -> AnyView {
    let now = {
        let object = object.clone();
        Memo::new(move |_| draft.scope(&object, action))
    };
    let is = move |word: &str| now.with(|n| n.as_str() == Some(word));
    // Several rules, conditions, chosen departments, denials.
    let custom = move || now.with(|n| !matches!(n, Value::String(s) if SCOPES.iter().any(|(word, _)| word == s)));
    // What has no owner is open as a whole or not at all.
    let offered = move |word: &str| reaches || matches!(word, "none" | "all") || is(word);
    let again = RwSignal::new(0_u32);
    let options = move || {
        again.track();
        let plain = SCOPES.into_iter().filter(|(word, _)| offered(word)).map(|(word, text)| {
            view! { <option value=word selected=is(word)>{t(text)}</option> }
        });
        view! {
            {plain.collect_view()}
            <option value="rules" selected=custom>{t(SCOPE_CUSTOM)}</option>
        }
    };
    let edit = {
        let (object, name) = (object.clone(), name.clone());
        move || open.set(Some((Place { object: object.clone(), action, name: name.clone() }, reaches)))
    };
    let pencil = {
        let (edit, name) = (edit.clone(), format!("{} {name} · {}", t(EDIT), action_name(action)));
        move || {
            let (edit, name) = (edit.clone(), name.clone());
            custom().then(|| {
                view! { <Button label=name icon="pencil" icon_only=true look=Look::Quiet on_click=move |_| edit()/> }
            })
        }
    };
    let what = format!("{name} · {}", action_name(action));
    view! {
        <td class="border-t border-base-300/60 px-1 py-1 max-md:border-0 max-md:px-4">
            <span class="muted md:hidden" aria-hidden="true">{action_name(action)}</span>
            <div class="flex items-center gap-1">
                <select class="select !h-8 !w-32 text-[13px] max-md:!w-full max-md:!h-11" aria-label=what class:muted=move || !own.get() || is("none")
                    on:change=move |ev| match event_target_value(&ev).as_str() {
                        "rules" => {
                            // Until something is decided, all is as it was.
                            again.update(|n| *n += 1);
                            edit();
                        }
                        word => draft.set_scope(&object, action, word),
                    }>{options}</select>
                {pencil}
            </div>
        </td>
    }
    .into_any()
}
