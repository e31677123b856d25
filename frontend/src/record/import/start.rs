//! Step one: the file. Below it, what was imported lately.

use super::{Wizard, jobs};
use crate::api::transfer;
use crate::bridge;
use crate::i18n::{
    IMPORT_CHOOSE, IMPORT_DROP, IMPORT_FORMATS, IMPORT_INTO, IMPORT_READING, IMPORT_TEMPLATE, IMPORT_UPLOADING, label,
    t, tf,
};
use crate::state::catalog;
use crate::ui::{icon, icon_large};
use leptos::html;
use leptos::prelude::*;

pub fn panel(wizard: Wizard) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let progress = RwSignal::new(None::<f64>);
    let over = RwSignal::new(false);
    let wanted = wizard.url.peek("object").and_then(|o| catalog::object(&o));
    let name = wanted.as_ref().map(|o| o.name.to_string());
    let send = Callback::new(move |file: send_wrapper::SendWrapper<web_sys::File>| {
        if progress.get_untracked().is_some() {
            return;
        }
        progress.set(Some(0.0));
        wizard.error.set(None);
        let name = name.clone();
        leptos::task::spawn_local(async move {
            let told = move |share: f64| {
                let _ = progress.try_set(Some(share));
            };
            let answer = transfer::upload(&file, name.as_deref(), told).await;
            let _ = progress.try_set(None);
            match answer {
                Ok(upload) => {
                    let (id, object) = (upload.id.clone(), upload.object.clone());
                    wizard.take(upload);
                    wizard.turn_to(Some(id), object);
                }
                Err(error) => {
                    let _ = wizard.error.try_set(Some(error));
                }
            }
        });
    });
    let first = move |files: Option<web_sys::FileList>| {
        if let Some(file) = files.and_then(|f| f.get(0)) {
            send.run(send_wrapper::SendWrapper::new(file));
        }
    };
    let class = move || {
        if over.get() {
            "rounded-xl border-2 border-dashed border-primary bg-primary/5 p-10 text-center flex flex-col items-center gap-2"
        } else {
            "rounded-xl border-2 border-dashed border-base-300 p-10 text-center flex flex-col items-center gap-2"
        }
    };
    let busy = move || {
        progress.get().map(|share| {
            let percent = bridge::decimal(&format!("{:.0}", share * 100.0), 0, 0);
            let text = if share < 1.0 { tf(IMPORT_UPLOADING, &[("percent", &percent)]) } else { t(IMPORT_READING).to_owned() };
            view! { <progress class="progress progress-primary w-64" max="1" value=share.to_string()></progress><p class="muted text-[13px]" role="status">{text}</p> }
        })
    };
    let template = wanted.as_ref().map(|o| {
        view! { <a class="link text-[13px] inline-flex items-center gap-1" href=transfer::template_url(&o.name) download>{icon("file-down")}{tf(IMPORT_TEMPLATE, &[("object", &label(&o.label))])}</a> }
    });
    view! {
        <div class="max-w-3xl mx-auto p-4 md:p-6 flex flex-col gap-4">
            {wanted.as_ref().map(|o| view! { <p class="text-[13px] muted">{tf(IMPORT_INTO, &[("object", &label(&o.label))])}</p> })}
            <div class=class
                on:dragover=move |ev| { ev.prevent_default(); over.set(true) }
                on:dragleave=move |_| over.set(false)
                on:drop=move |ev| { ev.prevent_default(); over.set(false); first(ev.data_transfer().and_then(|d| d.files())) }>
                <span class="muted">{icon_large("file-up")}</span>
                <p class="font-semibold pointer-coarse:hidden">{t(IMPORT_DROP)}</p>
                <p class="muted text-[13px]">{t(IMPORT_FORMATS)}</p>
                <label class="btn btn-primary mt-2">
                    {t(IMPORT_CHOOSE)}
                    <input type="file" id="import-file" class="sr-only" node_ref=input accept=".csv,.tsv,.txt,.xlsx,.xls,.ods,.ndjson,.jsonl"
                        on:change=move |_| if let Some(input) = input.get_untracked() { first(input.files()); input.set_value("") }/>
                </label>
                {busy}
            </div>
            {move || wizard.error.get().map(|error| view! { <p class="rounded-md bg-error/10 text-error px-3 py-2 text-[13px]" role="alert">{error.message()}</p> })}
            {template}
            {jobs::list()}
        </div>
    }
    .into_any()
}
