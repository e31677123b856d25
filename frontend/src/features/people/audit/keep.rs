//! For how long each kind of entry is kept.

use crate::api::audit::{self, Retention};
use crate::api::client::ApiError;
use crate::bridge;
use crate::i18n::{AUDIT_KEEP, AUDIT_KEEP_DAYS, AUDIT_KEEP_TEXT, AUDIT_SEALED, SAVED, label, t, tf};
use crate::state::toast;
use crate::ui::{self, Field, Layer, Shape};
use kezhan_meta::trail::Category;
use leptos::prelude::*;

pub fn dialog(open: RwSignal<bool>) -> AnyView {
    let rules = RwSignal::new(None::<Result<Retention, ApiError>>);
    let load = move || {
        leptos::task::spawn_local(async move {
            let _ = rules.try_set(Some(audit::retention().await));
        });
    };
    load();
    view! {
        <Layer shape=Shape::Dialog label=t(AUDIT_KEEP) on_close=move |()| open.set(false)>
            {move || match rules.get() {
                None => ui::loading_rows(4),
                Some(Err(error)) => ui::failed(&error, load),
                Some(Ok(now)) => form(&now),
            }}
        </Layer>
    }
    .into_any()
}

fn form(now: &Retention) -> AnyView {
    let fewest = now.days_min.to_string();
    let sealed = now
        .seal
        .as_ref()
        .map(|seal| tf(AUDIT_SEALED, &[("at", &bridge::date_time(&seal.at)), ("n", &seal.no.to_string())]));
    let line = |category: Category| {
        let key = category.key();
        let days = now.days.get(key).map(i64::to_string).unwrap_or_default();
        let error = RwSignal::new(None::<String>);
        let fewest = fewest.clone();
        let change = move |ev| {
            let typed: String = event_target_value(&ev);
            let days = typed.trim().parse::<i64>().ok();
            leptos::task::spawn_local(async move {
                match audit::keep(key, days).await {
                    Ok(_) => {
                        let _ = error.try_set(None);
                        toast::done(t(SAVED));
                    }
                    Err(problem) => {
                        let text = problem.items().first().map_or_else(|| problem.message(), |i| i.message.clone());
                        let _ = error.try_set(Some(text));
                    }
                }
            });
        };
        view! {
            <Field id=format!("keep-{key}") label=format!("{} ({})", label(&category.label()), t(AUDIT_KEEP_DAYS)) error=error>
                <input id=format!("keep-{key}") type="number" class="input tnum" min=fewest inputmode="numeric" value=days on:change=change/>
            </Field>
        }
    };
    view! {
        <div class="p-4 overflow-y-auto scroll-thin">
        <p class="muted text-[13px] mb-4">{tf(AUDIT_KEEP_TEXT, &[("n", &fewest)])}</p>
        <div class="grid sm:grid-cols-2 gap-3">{Category::ALL.into_iter().filter(|c| *c != Category::Retention).map(line).collect_view()}</div>
        {sealed.map(|text| view! { <p class="muted text-xs mt-4">{text}</p> })}
        </div>
    }
    .into_any()
}
