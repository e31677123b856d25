//! Why somebody can or cannot do something with a record: the rules that decided, in words.

use super::matrix::action_name;
use crate::api::client::{ApiError, Call};
use crate::fields::reference;
use crate::i18n::{
    self, ACCESS_ACTION, ACCESS_FIELDS, ACCESS_FIELDS_ALL, ACCESS_NO, ACCESS_TEXT, ACCESS_TITLE, ACCESS_WHO,
    ACCESS_WHY, ACCESS_YES, Key, ROLE_FIELD, VIEW_AS, label, t, tf,
};
use crate::record::detail::Open;
use crate::state::session;
use crate::ui::{self, Button, Combobox, Item, Layer, Shape, icon};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Explanation {
    relation: String,
    verdicts: Vec<Verdict>,
    fields: Vec<FieldVerdict>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Verdict {
    action: String,
    allowed: bool,
    explanation: String,
    role: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct FieldVerdict {
    field: String,
    level: String,
    roles: Vec<String>,
}

fn level_name(level: &str) -> Key {
    match level {
        "write" => i18n::LEVEL_WRITE,
        "read" => i18n::LEVEL_READ,
        "masked" => i18n::LEVEL_MASKED,
        _ => i18n::LEVEL_HIDDEN,
    }
}

fn relation_name(relation: &str) -> Key {
    match relation {
        "owner" => i18n::RELATION_OWNER,
        "team" => i18n::RELATION_TEAM,
        _ => i18n::RELATION_OTHER,
    }
}

/// `?access=` names whom it is about: `me`, or a user's id.
pub fn panel(open: Open) -> AnyView {
    let close = move |()| open.url.replace(&[("access", None)]);
    let me = session::me();
    let mine = me.as_ref().and_then(|me| me.id.clone());
    let asked = open.url.peek("access").filter(|user| user != "me").or(mine.clone()).unwrap_or_default();
    let name = me.filter(|_| mine.as_deref() == Some(asked.as_str())).and_then(|me| me.name.clone());
    let chosen = RwSignal::new(vec![Item::new(asked.clone(), name.clone().unwrap_or_default())]);
    reference::resolve_names("user", chosen, name.is_some());
    let found = RwSignal::new(None::<Result<Explanation, ApiError>>);
    let subject = Memo::new(move |_| chosen.with(|c| c.first().map(|i| i.value.clone())));
    Effect::new(move || {
        let Some(user) = subject.get() else { return };
        found.set(None);
        open.url.replace(&[("access", Some(user.clone()))]);
        let path = format!("/{}/{}/access?user={user}", open.object().plural, open.id.get_value());
        leptos::task::spawn_local(async move {
            let answer = Call::get(&path).json().await;
            if subject.try_get_untracked().flatten().as_deref() == Some(user.as_str()) {
                let _ = found.try_set(Some(answer));
            }
        });
    });
    let body = move || match found.get() {
        None => ui::loading_rows(6),
        Some(Err(error)) => ui::failed(&error, move || chosen.update(|_| ())),
        Some(Ok(told)) => content(&open.object(), &told),
    };
    let looks = move || {
        let user = subject.get().filter(|user| Some(user) != mine.as_ref())?;
        session::may("user", "configure").then(|| {
            view! { <Button label=t(VIEW_AS) icon="eye" on_click=move |_| session::look_as(Some(user.clone()))/> }
        })
    };
    view! {
        <Layer shape=Shape::Drawer label=t(ACCESS_TITLE) on_close=close>
            <div class="p-4 overflow-y-auto scroll-thin grow flex flex-col gap-4" data-access>
                <p class="text-[13px] muted">{t(ACCESS_TEXT)}</p>
                <div class="flex flex-col gap-1">
                    <label for="access-user" class="text-[13px] muted">{t(ACCESS_WHO)}</label>
                    <Combobox id="access-user" chosen=chosen lookup=reference::lookup("user")/>
                </div>
                {body}
                <div>{looks}</div>
            </div>
        </Layer>
    }
    .into_any()
}

fn content(object: &ObjectMeta, told: &Explanation) -> AnyView {
    let lines = told.verdicts.iter().map(|verdict| {
        let (sign, class, word) = match verdict.allowed {
            true => ("check", "text-success", t(ACCESS_YES)),
            false => ("x", "text-error", t(ACCESS_NO)),
        };
        let source = verdict.role.as_ref().map(|role| format!("{} · {role}", verdict.explanation));
        view! {
            <tr class="border-t border-base-300/60 align-top">
                <th scope="row" class="py-1.5 pe-2 text-start font-normal whitespace-nowrap">{action_name(&verdict.action)}</th>
                <td class="py-1.5 pe-2"><span class=format!("inline-flex items-center gap-1 whitespace-nowrap {class}")>{icon(sign)}{word}</span></td>
                <td class="py-1.5 muted">{source.unwrap_or_else(|| verdict.explanation.clone())}</td>
            </tr>
        }
    });
    let fields = told.fields.iter().filter_map(|verdict| {
        let field = object.field(&verdict.field)?;
        // What nobody changes says nothing about anybody.
        (!field.read_only || verdict.level != "read").then(|| {
            view! {
                <li class="flex justify-between gap-3 py-1 border-t border-base-300/60">
                    <span>{label(&field.label)}</span>
                    <span class="muted text-end">{std::iter::once(t(level_name(&verdict.level)).to_owned()).chain(verdict.roles.iter().cloned()).collect::<Vec<_>>().join(" · ")}</span>
                </li>
            }
        })
    });
    let fields = fields.collect::<Vec<_>>();
    let relation = tf(ACCESS_FIELDS, &[("relation", t(relation_name(&told.relation)))]);
    let fields = match fields.is_empty() {
        true => view! { <p class="muted">{t(ACCESS_FIELDS_ALL)}</p> }.into_any(),
        false => view! { <ul aria-label=t(ROLE_FIELD)>{fields}</ul> }.into_any(),
    };
    view! {
        <table class="text-[13px] w-full">
            <thead>
                <tr class="muted text-start">
                    <th scope="col" class="font-normal text-start pb-1">{t(ACCESS_ACTION)}</th>
                    <th scope="col"></th>
                    <th scope="col" class="font-normal text-start pb-1">{t(ACCESS_WHY)}</th>
                </tr>
            </thead>
            <tbody>{lines.collect_view()}</tbody>
        </table>
        <section class="text-[13px]">
            <h3 class="font-semibold pb-1">{relation}</h3>
            {fields}
        </section>
    }
    .into_any()
}
