//! A file held by the server: chosen among those that are there, or sent from here.

use super::{Input, Shown, plain, reference};
use crate::api::files;
use crate::api::records::RecordExt;
use crate::i18n::{FILE_CHOOSE, t};
use crate::record::files::{list_of, single, size_text};
use crate::state::{session, toast};
use crate::ui::{Item, icon};
use leptos::html;
use leptos::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;

pub fn cell(shown: Shown<'_>) -> AnyView {
    let id = plain::text(shown.value);
    view! {
        <a class="link inline-flex items-center gap-1 min-w-0" href=files::download_url(&id) download
            on:click=|ev| ev.stop_propagation()>{icon("paperclip")}<span class="truncate">{reference::text(shown)}</span></a>
    }
    .into_any()
}

thread_local! {
    /// Files chosen for records that are not made yet, by the value that stands for them meanwhile.
    static WAITING: RefCell<HashMap<String, web_sys::File>> = RefCell::default();
}

const WAITS: &str = "waiting:";

/// Does the value stand for a file that is still to be sent?
pub fn waits(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(WAITS))
}

/// The file that the value stands for.
pub fn take(value: &Value) -> Option<web_sys::File> {
    WAITING.with_borrow_mut(|all| all.remove(value.as_str()?))
}

pub fn input(input: Input) -> AnyView {
    let (value, done, home) = (input.value, input.done, input.home.clone());
    let now = value.get_untracked();
    let shown = Shown { field: &input.field, value: &now, expanded: input.expanded.as_ref(), currency: "" };
    let first = (!now.is_null()).then(|| Item::new(plain::text(&now), reference::text(shown)));
    let chosen = RwSignal::new(first.into_iter().collect::<Vec<_>>());
    let (busy, required) = (RwSignal::new(false), input.field.required);
    let node = NodeRef::<html::Input>::new();
    let put = move |id: String, name: String| {
        let _ = chosen.try_set(vec![Item::new(id.clone(), name)]);
        let _ = value.try_set(json!(id));
        crate::fields::finished(done);
    };
    let send = move |file: web_sys::File| {
        let max = session::me().map_or(0, |me| me.upload_max_bytes);
        if max > 0 && file.size() > max as f64 {
            let text = crate::i18n::tf(crate::i18n::FILE_TOO_LARGE, &[("max", &size_text(max as f64))]);
            return toast::problem(text);
        }
        // What must have a file waits on one's own person: the server takes it along to the record.
        let me = || session::me().and_then(|me| Some(("user".to_owned(), me.id.clone()?)));
        let Some((object, record)) = home.clone().or_else(|| me().filter(|_| required)) else {
            let key = format!("{WAITS}{}", uuid::Uuid::new_v4());
            let name = file.name();
            WAITING.with_borrow_mut(|all| all.insert(key.clone(), file));
            return put(key, name);
        };
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = single(&file, &object, &record).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(stored) => put(stored.id().to_owned(), file.name()),
                Err(error) => toast::error(&error),
            }
        });
    };
    let picker = crate::record::files::possible().then(|| {
        view! {
            <label class="btn btn-plain" aria-busy=move || busy.get().to_string()>
                {move || if busy.get() { view! { <span class="spin">{icon("loader-circle")}</span> }.into_any() } else { icon("upload") }}
                {t(FILE_CHOOSE)}
                <input type="file" class="sr-only" node_ref=node disabled=move || busy.get()
                    on:change=move |_| if let Some(input) = node.get_untracked() {
                        if let Some(file) = list_of(input.files()).into_iter().next() { send(file) }
                        input.set_value("");
                    }/>
            </label>
        }
    });
    view! { <div class="flex gap-2"><div class="grow min-w-0">{reference::chooser(input, chosen, false)}</div>{picker}</div> }
        .into_any()
}
