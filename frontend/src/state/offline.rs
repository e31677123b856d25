//! Working without the network: what was last seen is shown, new follow-ups wait until they can be sent.

use super::{app, session, toast, touched};
use crate::api::client::{ApiError, Call};
use crate::api::files;
use crate::api::records::RecordExt;
use crate::bridge;
use crate::i18n::{OUTBOX_ARRIVED, OUTBOX_SENT, RELOAD, RENEWED, t, tf};
use kezhan_meta::Record;
use leptos::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use wasm_bindgen::JsValue;

const FOLLOW_UP: &str = "follow_up";
/// How often one looks whether the server is back.
const LOOK: Duration = Duration::from_secs(5);
/// In an entry of what waits: the follow-up itself, the names of its files, why it was refused, and its id once only
/// files are still to be sent.
pub const RECORD: &str = "record";
pub const FILES: &str = "files";
pub const REFUSED: &str = "refused";
const MADE: &str = "made";

/// Once, when the application starts.
pub fn install() {
    set_timeout(
        || {
            bridge::install_worker(|take_over| {
                let take_over = send_wrapper::SendWrapper::new(take_over);
                toast::offer(t(RENEWED), t(RELOAD), move || {
                    let _ = take_over.call0(&JsValue::NULL);
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

/// The browser itself knows that there is none, or the last call went unanswered.
pub fn no_network() -> bool {
    let get = |of: &JsValue, key: &str| js_sys::Reflect::get(of, &key.into()).unwrap_or_default();
    app().offline.get_untracked() || get(&get(&window(), "navigator"), "onLine").as_bool() == Some(false)
}

fn user() -> Option<String> {
    session::me()?.id.clone()
}

/// Keeps a follow-up until it can be sent. It is about the record that its field `link` names. The key is the one it was
/// tried with, so that it is never there twice.
pub async fn keep(key: &str, record: &Record, link: &str, title: &str, files: &[web_sys::File]) -> bool {
    let Some(user) = user() else { return false };
    let about = [("user", user.as_str()), ("key", key), ("link", link), ("title", title)];
    let mut entry: Record = about.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
    entry.insert(RECORD.to_owned(), json!(record));
    put(&entry, Some(files)).await
}

/// What waits, as it is now; its files stay with it where no others are given.
pub async fn put(entry: &Record, files: Option<&[web_sys::File]>) -> bool {
    let kept = bridge::outbox_put(entry, files).await;
    count().await;
    kept
}

/// What was to go with it comes back.
pub async fn withdraw(entry: &Record) -> Vec<web_sys::File> {
    let files = bridge::outbox_files(key(entry)).await;
    bridge::outbox_remove(key(entry)).await;
    count().await;
    files
}

fn key(entry: &Record) -> &str {
    entry.get("key").and_then(Value::as_str).unwrap_or_default()
}

/// Why the server has not taken it.
pub fn refusal(entry: &Record) -> Option<&str> {
    entry.get(REFUSED).and_then(Value::as_str)
}

/// Asks anew what waits.
pub async fn count() {
    if let Some(user) = user() {
        app().waiting.set(bridge::outbox_of(&user).await);
    }
}

/// Sends a follow-up. Nothing that was carried over from the record may stand in the way of writing it down.
pub async fn deliver(key: &str, record: &mut Record, link: &str) -> Result<Record, ApiError> {
    let post = |key: &str, record: &Record| Call::post("/follow_ups").key(key).body(record).json::<Record>();
    let answer = post(key, record).await;
    let strange = |problem: &ApiError| {
        problem.items().iter().find(|i| i.code == "not_within" && i.field != link).map(|i| i.field.clone())
    };
    match answer.as_ref().err().and_then(strange) {
        Some(field) => {
            record.remove(&field);
            post(&uuid::Uuid::new_v4().to_string(), record).await
        }
        None => answer,
    }
}

/// Sends what waits, oldest first.
pub async fn send() {
    let Some(user) = user() else { return };
    let mut sent = 0;
    for mut entry in bridge::outbox_of(&user).await {
        let Some(Value::Object(mut record)) = entry.get(RECORD).cloned() else { continue };
        let link = entry.get("link").and_then(Value::as_str).unwrap_or_default().to_owned();
        let sent_whole = async {
            let made = match entry.get(MADE).and_then(Value::as_str) {
                Some(id) => id.to_owned(),
                None => deliver(key(&entry), &mut record, &link).await?.id().to_owned(),
            };
            send_files(&mut entry, made).await
        };
        match sent_whole.await {
            Ok(()) => {
                sent += 1;
                bridge::outbox_remove(key(&entry)).await;
            }
            Err(error) if error == ApiError::Network || error.is_unauthenticated() => break,
            // Kept with the reason, to be mended or withdrawn.
            Err(error) => {
                entry.insert(REFUSED.to_owned(), json!(reason(&error)));
                bridge::outbox_put(&entry, None).await;
            }
        }
    }
    count().await;
    if sent > 0 {
        toast::done(tf(OUTBOX_SENT, &[("n", &sent.to_string())]));
        touched();
    }
}

/// The files that wait with a follow-up which the server has by now. What has arrived waits no longer.
async fn send_files(entry: &mut Record, made: String) -> Result<(), ApiError> {
    let mut files = bridge::outbox_files(key(entry)).await;
    while let Some(file) = files.first() {
        if entry.insert(MADE.to_owned(), json!(made)).is_none() {
            bridge::outbox_put(entry, None).await;
        }
        files::upload(file, FOLLOW_UP, &made, |_| (), None).await?;
        files.remove(0);
        bridge::outbox_put(entry, Some(&files)).await;
    }
    Ok(())
}

fn reason(error: &ApiError) -> String {
    match error {
        // Changed after it had arrived without an answer.
        ApiError::Problem(problem) if problem.code == "idempotency_mismatch" => t(OUTBOX_ARRIVED).to_owned(),
        _ => error.items().first().map_or_else(|| error.message(), |item| item.message.clone()),
    }
}
