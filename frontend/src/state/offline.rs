//! Working without the network: what was last seen is shown, new follow-ups wait until they can be sent.

use super::{app, session, toast, touched};
use crate::api::client::{ApiError, Call};
use crate::bridge;
use crate::i18n::{OUTBOX_REFUSED, OUTBOX_SENT, RELOAD, RENEWED, t, tf};
use kezhan_meta::Record;
use leptos::prelude::*;
use std::time::Duration;

/// How often one looks whether the server is back.
const LOOK: Duration = Duration::from_secs(5);

/// Once, when the application starts.
pub fn install() {
    set_timeout(
        || {
            bridge::install_worker(|take_over| {
                let take_over = send_wrapper::SendWrapper::new(take_over);
                toast::offer(t(RENEWED), t(RELOAD), move || {
                    let _ = take_over.call0(&wasm_bindgen::JsValue::NULL);
                });
            });
        },
        Duration::from_secs(2),
    );
}

/// A call has got no answer, or one from memory.
pub fn lost() {
    if app().offline.get_untracked() {
        return;
    }
    app().offline.set(true);
    set_timeout(look, LOOK);
}

fn look() {
    leptos::task::spawn_local(async {
        if !bridge::reachable().await {
            set_timeout(look, LOOK);
            return;
        }
        app().offline.set(false);
        send().await;
        touched();
    });
}

fn user() -> Option<String> {
    session::me()?.id.clone()
}

/// Keeps a follow-up until it can be sent; the key is the one it was tried with, so that it is never there twice.
pub async fn keep(key: &str, record: &Record) -> bool {
    let (Some(user), Ok(body)) = (user(), serde_json::to_string(record)) else { return false };
    let kept = bridge::outbox_add(&user, key, &body).await;
    count().await;
    kept
}

/// Asks anew how much waits.
pub async fn count() {
    if let Some(user) = user() {
        app().waiting.set(bridge::outbox_of(&user).await.len());
    }
}

/// Sends what waits, oldest first.
pub async fn send() {
    let Some(user) = user() else { return };
    let mut sent = 0;
    for (key, body) in bridge::outbox_of(&user).await {
        let Ok(record) = serde_json::from_str::<Record>(&body) else { continue };
        match Call::post("/follow_ups").key(&key).body(&record).send().await {
            Ok(_) => sent += 1,
            Err(ApiError::Network) => break,
            // Not to be lost without a word: its text goes into the notice.
            Err(error) if error.status() < 500 && !error.is_unauthenticated() => {
                let text = record.get("content").and_then(|c| c.as_str()).unwrap_or_default();
                toast::problem(tf(OUTBOX_REFUSED, &[("text", text), ("reason", &error.message())]));
            }
            Err(_) => break,
        }
        bridge::outbox_remove(&key).await;
    }
    count().await;
    if sent > 0 {
        toast::done(tf(OUTBOX_SENT, &[("n", &sent.to_string())]));
        touched();
    }
}
