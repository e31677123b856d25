//! What is shown of a second factor wherever one is set up: the secret to be scanned, the codes to be kept.

use crate::api::sign_in::Offer;
use crate::bridge;
use crate::i18n::{COPIED, COPY, DOWNLOAD, FACTOR_CODES_TEXT, FACTOR_SCAN, FACTOR_SECRET, t};
use crate::state::toast;
use crate::ui::{Button, Field};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// Where the codes are kept that somebody downloads.
const FILE: &str = "kezhan-recovery-codes.txt";

/// The secret, as a picture and in letters.
pub fn offer(offer: &Offer) -> AnyView {
    let picture = format!("data:image/svg+xml,{}", js_sys::encode_uri_component(&offer.qr_svg));
    let groups: Vec<String> =
        offer.secret.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
    let secret = offer.secret.clone();
    view! {
        <p class="text-[13px]">{t(FACTOR_SCAN)}</p>
        // Dark on light in both themes: that is what cameras read.
        <img src=picture alt="" width="200" height="200" class="self-center rounded-lg border border-base-300 bg-white"/>
        <div class="text-[13px]">
            <p class="muted">{t(FACTOR_SECRET)}</p>
            <div class="flex items-center gap-2">
                <code id="factor-secret" data-secret=secret.clone() class="grow break-all tnum">{groups.join(" ")}</code>
                {copier(secret)}
            </div>
        </div>
    }
    .into_any()
}

fn copier(text: String) -> AnyView {
    let copy = move |_| {
        let text = text.clone();
        leptos::task::spawn_local(async move {
            if bridge::copy(&text).await {
                toast::done(t(COPIED));
            }
        });
    };
    view! { <Button label=t(COPY) icon="copy" on_click=copy/> }.into_any()
}

/// The codes, with the ways to keep them.
pub fn codes(codes: &[String]) -> AnyView {
    let all = codes.join("\n");
    let download = {
        let all = all.clone();
        move |_| bridge::save(FILE, &JsValue::from_str(&all))
    };
    let lines = codes.iter().map(|code| view! { <li class="tnum">{code.clone()}</li> }).collect_view();
    view! {
        <p class="text-[13px]">{t(FACTOR_CODES_TEXT)}</p>
        <ul id="recovery-codes" class="grid gap-y-1 whitespace-nowrap font-mono text-[13px] rounded-lg bg-base-200 p-3">{lines}</ul>
        <div class="flex gap-2">{copier(all)}<Button label=t(DOWNLOAD) icon="download" on_click=download/></div>
    }
    .into_any()
}

/// One line of text with its fault, for codes and passwords.
#[derive(Clone, Copy)]
pub struct Line {
    pub id: &'static str,
    pub value: RwSignal<String>,
    pub error: RwSignal<Option<String>>,
}

impl Line {
    pub fn new(id: &'static str) -> Line {
        Line { id, value: RwSignal::new(String::new()), error: RwSignal::new(None) }
    }

    /// `kind`: `code` for one of six digits, else the type of the input.
    pub fn view(self, label: &'static str, kind: &'static str, complete: &'static str, hint: &'static str) -> AnyView {
        let (id, digits) = (self.id, kind == "code");
        view! {
            <Field id=id label=label error=self.error hint=hint>
                <input id=id name=id type=if digits { "text" } else { kind } inputmode=digits.then_some("numeric") class="input"
                    autocomplete=complete autocapitalize="off" spellcheck="false" aria-describedby=format!("{id}-note")
                    aria-invalid=move || self.error.get().is_some().to_string() prop:value=move || self.value.get()
                    on:input=move |ev| { self.value.set(event_target_value(&ev)); self.error.set(None) }/>
            </Field>
        }
        .into_any()
    }

    /// Puts the faults of these fields here; was there one?
    pub fn refuse(self, error: &crate::api::client::ApiError, fields: &[&str]) -> bool {
        let message = error.items().iter().find(|i| fields.contains(&i.field.as_str())).map(|i| i.message.clone());
        let found = message.is_some();
        let _ = self.error.try_set(message);
        found
    }
}
