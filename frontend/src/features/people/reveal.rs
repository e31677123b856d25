//! A masked value in full, for a reason that is kept.

use crate::api::client::{ApiError, Call};
use crate::i18n::{CANCEL, REVEAL, REVEAL_REASON, REVEAL_TEXT, label, t};
use crate::record::detail::Open;
use crate::ui::{Button, Field, Layer, Look, Shape, keys};
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Revealed {
    value: Value,
}

/// `?reveal=` names the field.
pub fn dialog(open: Open) -> AnyView {
    let close = move || open.url.replace(&[("reveal", None)]);
    let Some(key) = open.url.peek("reveal") else { return ().into_any() };
    let name = open.object().field(&key).map(|f| label(&f.label)).unwrap_or_default();
    let (reason, busy, fault) = (RwSignal::new(String::new()), RwSignal::new(false), RwSignal::new(None::<String>));
    let act = Callback::new(move |()| {
        let (key, path) = (key.clone(), format!("/{}/{}/actions/reveal", open.object().plural, open.id.get_value()));
        let body = json!({ "field": key, "reason": reason.get_untracked() });
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer: Result<Revealed, ApiError> = Call::post(&path).body(&body).json().await;
            let _ = busy.try_set(false);
            match answer {
                Ok(revealed) => {
                    open.show(&key, revealed.value);
                    close();
                }
                Err(error) => {
                    let text = error.items().first().map_or_else(|| error.message(), |item| item.message.clone());
                    let _ = fault.try_set(Some(text));
                }
            }
        });
    });
    crate::record::detail::focus_later("reveal-reason".to_owned());
    view! {
        <Layer shape=Shape::Dialog label=format!("{} · {name}", t(REVEAL)) on_close=move |()| close()>
            <div class="p-4 flex flex-col gap-3">
                <p class="text-[13px] muted">{t(REVEAL_TEXT)}</p>
                <Field id="reveal-reason" label=t(REVEAL_REASON) required=true error=Signal::derive(move || fault.get())>
                    <input id="reveal-reason" class="input" maxlength="500" prop:value=move || reason.get()
                        on:input=move |ev| reason.set(event_target_value(&ev))
                        on:keydown=move |ev| if ev.key() == "Enter" && !keys::composing(&ev) { ev.prevent_default(); act.run(()) }/>
                </Field>
            </div>
            <footer class="flex justify-end gap-2 p-3 border-t border-base-300 shrink-0">
                <Button label=t(CANCEL) on_click=move |_| close()/>
                <Button label=t(REVEAL) look=Look::Primary icon="eye" busy=busy on_click=move |_| act.run(())/>
            </footer>
        </Layer>
    }
    .into_any()
}
