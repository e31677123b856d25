//! Everything that somebody leaves behind goes to a successor: counted first, then done by a job that can be undone.

use super::keep;
use crate::api::client::{ApiError, Call};
use crate::api::transfer::Job;
use crate::bridge;
use crate::fields::reference;
use crate::i18n::{
    HAND_OVER_DO, HAND_OVER_FROM, HAND_OVER_NOTHING, HAND_OVER_TEXT, HAND_OVER_TITLE, HAND_OVER_TO, HAND_OVER_WHAT,
    HAND_OVER_WHO, label, t, tf,
};
use crate::layout::settings;
use crate::record::url::Url;
use crate::state::{catalog, toast};
use crate::ui::{self, Button, Combobox, Field, Item, Look, icon};
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Share {
    object: String,
    records: u64,
    usual: bool,
}

#[derive(Deserialize)]
struct Preview {
    objects: Vec<Share>,
}

#[derive(Clone, Copy)]
struct Wish {
    from: Memo<Option<String>>,
    to: RwSignal<Vec<Item>>,
    keep: RwSignal<&'static str>,
    shares: RwSignal<Option<Result<Vec<Share>, ApiError>>>,
    chosen: RwSignal<HashSet<String>>,
}

impl Wish {
    fn body(self, whole: bool) -> Value {
        let mut body = json!({ "from": self.from.get_untracked() });
        if whole {
            body["to"] = json!(self.to.with_untracked(|to| to.first().map(|i| i.value.clone())));
            body["objects"] = json!(self.chosen.get_untracked());
        }
        if let Some(keep) = keep::wish(self.keep) {
            body["keep"] = json!(keep);
        }
        body
    }

    fn look(self) {
        self.shares.set(None);
        let (from, body) = (self.from.get_untracked(), self.body(false));
        if from.is_none() {
            return;
        }
        leptos::task::spawn_local(async move {
            let answer = Call::post("/bulk/hand_overs/preview").body(&body).json::<Preview>().await;
            if self.from.try_get_untracked().flatten() != from {
                return;
            }
            let answer = answer.map(|p| p.objects);
            if let Ok(shares) = &answer {
                let usual = shares.iter().filter(|s| s.usual).map(|s| s.object.clone());
                let _ = self.chosen.try_set(usual.collect());
            }
            let _ = self.shares.try_set(Some(answer));
        });
    }

    fn total(self) -> u64 {
        self.shares.with(|shares| match shares {
            Some(Ok(shares)) => {
                self.chosen.with(|c| shares.iter().filter(|s| c.contains(&s.object)).map(|s| s.records).sum())
            }
            _ => 0,
        })
    }
}

/// `?from=` names who leaves.
pub fn screen() -> AnyView {
    let url = Url::new();
    let leaver = RwSignal::new(url.peek("from").map(|id| Item::new(id, "")).into_iter().collect::<Vec<_>>());
    reference::resolve_names("user", leaver, false);
    let wish = Wish {
        from: Memo::new(move |_| leaver.with(|l| l.first().map(|i| i.value.clone()))),
        to: RwSignal::new(Vec::new()),
        keep: RwSignal::new(keep::NOTHING),
        shares: RwSignal::new(None),
        chosen: RwSignal::new(HashSet::new()),
    };
    Effect::new(move || {
        url.replace(&[("from", wish.from.get())]);
        wish.look();
    });
    let busy = RwSignal::new(false);
    let ready = move || {
        let to = wish.to.with(|to| to.first().map(|i| i.value.clone()));
        to.is_some() && to != wish.from.get() && wish.total() > 0
    };
    let act = move |_| {
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = Call::post("/bulk/hand_overs").body(&wish.body(true)).json::<Job>().await;
            let _ = busy.try_set(false);
            match answer {
                Ok(job) => url.go(format!("/imports/{}", job.id)),
                Err(error) => {
                    toast::problem(error.items().first().map_or_else(|| error.message(), |i| i.message.clone()))
                }
            }
        });
    };
    let button = move || tf(HAND_OVER_DO, &[("n", &bridge::decimal(&wish.total().to_string(), 0, 0))]);
    view! {
        <section class="grow min-h-0 overflow-y-auto scroll-thin bg-base-100">
            {settings::head(HAND_OVER_TITLE, HAND_OVER_TEXT, ().into_any())}
            <div class="max-w-2xl p-4 flex flex-col gap-5" data-hand-over>
                <div class="grid sm:grid-cols-2 gap-3">
                    <Field id="hand-from" label=t(HAND_OVER_FROM) required=true>
                        <Combobox id="hand-from" chosen=leaver lookup=reference::lookup("user")/>
                    </Field>
                    <Field id="hand-to" label=t(HAND_OVER_TO) required=true>
                        <Combobox id="hand-to" chosen=wish.to lookup=reference::lookup("user")/>
                    </Field>
                </div>
                {move || shares(wish)}
                {keep::choice(wish.keep)}
                <div>
                    {move || view! { <Button label=button() look=Look::Primary icon="handshake" busy=busy disabled=Signal::derive(move || !ready()) on_click=act/> }}
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn shares(wish: Wish) -> AnyView {
    if wish.from.get().is_none() {
        return view! { <p class="muted text-[13px]">{t(HAND_OVER_WHO)}</p> }.into_any();
    }
    let list = match wish.shares.get() {
        None => return ui::loading_rows(4),
        Some(Err(error)) => return ui::failed(&error, move || wish.look()),
        Some(Ok(list)) if list.is_empty() => {
            return view! { <p class="muted text-[13px]">{t(HAND_OVER_NOTHING)}</p> }.into_any();
        }
        Some(Ok(list)) => list,
    };
    let line = move |share: Share| {
        let object = catalog::object(&share.object);
        let name = object.as_ref().map_or_else(|| share.object.clone(), |o| label(&o.label_many));
        let sign = object.map(|o| icon(&o.icon));
        let (key, toggled) = (share.object.clone(), share.object.clone());
        let on = move || wish.chosen.with(|c| c.contains(&key));
        view! {
            <li>
                <label class="flex items-center gap-2 py-1.5 border-t border-base-300/60 min-h-8 pointer-coarse:min-h-11">
                    <input type="checkbox" prop:checked=on on:change=move |ev| wish.chosen.update(|c| {
                        match event_target_checked(&ev) {
                            true => drop(c.insert(toggled.clone())),
                            false => drop(c.remove(&toggled)),
                        }
                    })/>
                    {sign}<span class="grow">{name}</span>
                    <span class="tnum muted">{bridge::decimal(&share.records.to_string(), 0, 0)}</span>
                </label>
            </li>
        }
    };
    view! {
        <fieldset class="text-[13px]">
            <legend class="font-semibold pb-1">{t(HAND_OVER_WHAT)}</legend>
            <ul>{list.into_iter().map(line).collect_view()}</ul>
        </fieldset>
    }
    .into_any()
}
