//! The fields of one object: who sees them, in outline or in full, and who changes them.

use super::draft::Draft;
use super::matrix;
use crate::features::platform::privacy::data_map::tone;
use crate::i18n::{self, Key, LEVELS_MASK_PERSONAL, LEVELS_MASKED, ROLE_FIELD, ROLE_OBJECT, label, t, tf};
use crate::record::url::Url;
use crate::state::{catalog, toast};
use crate::ui::{Button, badge};
use kezhan_meta::{FieldMeta, ObjectMeta, Scope, Sensitivity};
use leptos::prelude::*;
use std::sync::Arc;

const LEVELS: [(&str, Key); 4] = [
    ("write", i18n::LEVEL_WRITE),
    ("read", i18n::LEVEL_READ),
    ("masked", i18n::LEVEL_MASKED),
    ("hidden", i18n::LEVEL_HIDDEN),
];

const RELATIONS: [(&str, Key); 3] =
    [("owner", i18n::RELATION_OWNER), ("team", i18n::RELATION_TEAM), ("other", i18n::RELATION_OTHER)];

pub fn levels(draft: Draft, url: Url) -> AnyView {
    let objects = matrix::objects();
    let first = objects
        .iter()
        .find(|o| o.listed && o.scope == Scope::Owned)
        .or(objects.first())
        .map(|o| o.name.to_string())
        .unwrap_or_default();
    let chosen = Memo::new(move |_| url.get("object").unwrap_or_else(|| first.clone()));
    let options = objects
        .iter()
        .map(|o| {
            let name = o.name.to_string();
            view! { <option value=name.clone() selected=move || chosen.get() == name>{label(&o.label_many)}</option> }
        })
        .collect_view();
    view! {
        <div class="px-4 py-2 shrink-0 flex flex-wrap gap-2">
            <select class="select !w-48" aria-label=t(ROLE_OBJECT)
                on:change=move |ev| url.replace(&[("object", Some(event_target_value(&ev)))])>{options}</select>
            <Button label=t(LEVELS_MASK_PERSONAL) icon="eye-off" on_click=move |_| mask_personal(draft)/>
        </div>
        <div class="overflow-auto scroll-thin grow min-h-0">
            {move || catalog::object(&chosen.get()).map(|object| table(draft, &object))}
        </div>
    }
    .into_any()
}

/// Masks every field that is personal, in all objects, for everyone who has the role. What is hidden stays so.
fn mask_personal(draft: Draft) {
    let mut masked = 0;
    for object in matrix::objects() {
        for field in object.fields.iter().filter(|f| shown(f) && f.sensitivity >= Sensitivity::Personal) {
            let open = ["owner", "team", "other"].into_iter().filter(|relation| {
                matches!(draft.level(&object.name, &field.key, relation).as_str(), "read" | "write")
            });
            let open: Vec<&str> = open.collect();
            masked += usize::from(!open.is_empty());
            for relation in open {
                draft.set_level(&object.name, &field.key, relation, "masked");
            }
        }
    }
    toast::done(tf(LEVELS_MASKED, &[("n", &masked.to_string())]));
}

fn shown(field: &FieldMeta) -> bool {
    !field.hidden && !field.secret
}

fn table(draft: Draft, object: &Arc<ObjectMeta>) -> AnyView {
    // Without an owner nobody stands nearer to a record than others.
    let relations: Vec<(&str, Key)> = match object.scope {
        Scope::Owned => RELATIONS.to_vec(),
        _ => vec![("other", i18n::RELATION_ALL)],
    };
    let single = relations.len() == 1;
    let lines = object.fields.iter().filter(|f| shown(f)).map(|field| {
        let cells = relations.iter().map(|(relation, name)| {
            let (object, key, relation) = (object.name.to_string(), field.key.to_string(), *relation);
            let what = format!("{} · {}", label(&field.label), t(*name));
            let now = {
                let (object, key) = (object.clone(), key.clone());
                Memo::new(move |_| draft.level(&object, &key, relation))
            };
            let options = move || {
                LEVELS.map(|(word, text)| view! { <option value=word selected=now.get() == word>{t(text)}</option> })
                    .collect_view()
            };
            view! {
                <td class="px-1 py-1 border-t border-base-300/60 max-md:border-0 max-md:min-w-0">
                    <span class="muted text-xs md:hidden" aria-hidden="true">{t(*name)}</span>
                    <select class="select !h-8 !w-32 text-[13px] max-md:!w-full max-md:!h-11 max-md:!ps-2" aria-label=what class:muted=move || now.get() == "write"
                        on:change=move |ev| {
                            let word = event_target_value(&ev);
                            let all: &[&str] = if single { &["owner", "team", "other"] } else { std::slice::from_ref(&relation) };
                            for relation in all { draft.set_level(&object, &key, relation, &word) }
                        }>{options}</select>
                </td>
            }
        });
        let careful = field.sensitivity >= Sensitivity::Personal;
        let level = careful.then(|| badge(label(&field.sensitivity.label()), tone(field.sensitivity)));
        view! {
            <tr class="max-md:grid max-md:grid-cols-3 max-md:border-t max-md:border-base-300/60 max-md:px-3 max-md:py-2">
                <th scope="row" class="sticky left-0 z-[1] bg-base-100 px-4 py-1 text-start font-normal border-t border-base-300/60 min-w-44 max-md:static max-md:border-0 max-md:col-span-full max-md:px-1">
                    <span class="inline-flex flex-wrap items-center gap-2">{label(&field.label)}{level}</span>
                </th>
                {cells.collect_view()}
            </tr>
        }
    });
    view! {
        <table class="text-[13px] border-separate border-spacing-0 max-md:block">
            <thead class="sticky top-0 bg-base-100 z-10 max-md:hidden">
                <tr>
                    <th scope="col" class="sticky left-0 bg-base-100 px-4 py-2 font-normal muted text-start">{t(ROLE_FIELD)}</th>
                    {relations.iter().map(|(_, name)| view! { <th scope="col" class="px-1 py-2 font-normal muted text-start">{t(*name)}</th> }).collect_view()}
                </tr>
            </thead>
            // On a phone a line is a card.
            <tbody class="max-md:block">{lines.collect_view()}</tbody>
        </table>
    }
    .into_any()
}
