//! Files on their way to the server: several at once, each with its progress, to be cancelled and tried again.

use crate::api::client::ApiError;
use crate::api::files;
use crate::i18n::{CANCEL, FILE_TOO_LARGE, FILE_WAITING, REMOVE, RETRY, t, tf};
use crate::state::{session, touched};
use crate::ui::{Button, Look, icon};
use kezhan_meta::Record;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::collections::VecDeque;

/// Files that travel side by side; the others wait for their turn.
const LANES: usize = 3;

#[derive(Clone, PartialEq)]
enum State {
    /// For its turn, or for the record to be there.
    Waiting,
    Sending,
    Failed(String),
}

#[derive(Clone)]
struct Item {
    id: u64,
    file: SendWrapper<web_sys::File>,
    abort: SendWrapper<web_sys::AbortController>,
    state: RwSignal<State>,
    progress: RwSignal<f64>,
}

/// What is being sent to one record.
#[derive(Clone, Copy)]
pub struct Uploads {
    items: RwSignal<Vec<Item>>,
    /// Object and record; unknown as long as the record is not made.
    home: RwSignal<Option<(String, String)>>,
    next: StoredValue<u64>,
    queue: StoredValue<VecDeque<u64>>,
    running: StoredValue<usize>,
}

impl Uploads {
    pub fn new(home: Option<(String, String)>) -> Uploads {
        Uploads {
            items: RwSignal::new(Vec::new()),
            home: RwSignal::new(home),
            next: StoredValue::new(0),
            queue: StoredValue::new(VecDeque::new()),
            running: StoredValue::new(0),
        }
    }

    /// Takes files; those that the server would refuse are told so at once.
    pub fn add(self, list: Vec<web_sys::File>) {
        let max = session::me().map_or(0, |me| me.upload_max_bytes);
        for file in list {
            let Ok(abort) = web_sys::AbortController::new() else { continue };
            let id = self.next.get_value();
            self.next.set_value(id + 1);
            let refused = max > 0 && file.size() > max as f64;
            let state = match refused {
                true => State::Failed(tf(FILE_TOO_LARGE, &[("max", &super::size_text(max as f64))])),
                false => State::Waiting,
            };
            self.items.update(|items| {
                items.push(Item {
                    id,
                    file: SendWrapper::new(file),
                    abort: SendWrapper::new(abort),
                    state: RwSignal::new(state),
                    progress: RwSignal::new(0.0),
                });
            });
            if !refused {
                self.queue.update_value(|q| q.push_back(id));
            }
        }
        self.pump();
    }

    /// Now it is known where they belong.
    pub fn send_to(self, object: &str, record: &str) {
        self.home.set(Some((object.to_owned(), record.to_owned())));
        self.pump();
    }

    pub fn is_empty(self) -> bool {
        self.items.with_untracked(Vec::is_empty)
    }

    /// Everything has arrived, or was taken out; looks again whenever something does.
    pub fn through(self) -> bool {
        self.items.try_with(Vec::is_empty).unwrap_or(true)
    }

    /// What waits and would be taken by the server.
    pub fn files(self) -> Vec<web_sys::File> {
        self.items.with_untracked(|items| {
            let waiting = items.iter().filter(|i| i.state.with_untracked(|s| *s == State::Waiting));
            waiting.map(|i| (*i.file).clone()).collect()
        })
    }

    /// Sent some other way.
    pub fn clear(self) {
        self.queue.update_value(VecDeque::clear);
        self.items.update(Vec::clear);
    }

    fn find(self, id: u64) -> Option<Item> {
        self.items.try_with_untracked(|items| items.iter().find(|i| i.id == id).cloned()).flatten()
    }

    fn pump(self) {
        let Some(home) = self.home.try_get_untracked().flatten() else { return };
        while self.running.try_get_value().is_some_and(|n| n < LANES) {
            let Some(id) = self.queue.try_update_value(VecDeque::pop_front).flatten() else { return };
            if let Some(item) = self.find(id) {
                self.running.update_value(|n| *n += 1);
                self.send(item, home.clone());
            }
        }
    }

    fn send(self, item: Item, (object, record): (String, String)) {
        item.state.set(State::Sending);
        item.progress.set(0.0);
        leptos::task::spawn_local(async move {
            let progress = item.progress;
            let told = move |share| {
                let _ = progress.try_set(share);
            };
            let signal = item.abort.signal();
            let answer = files::upload(&item.file, &object, &record, told, Some(&signal)).await;
            let _ = self.running.try_update_value(|n| *n -= 1);
            match answer {
                Ok(_) => {
                    let _ = self.items.try_update(|items| items.retain(|i| i.id != item.id));
                    touched();
                }
                // It is no longer in the list then.
                Err(_) if signal.aborted() => {}
                Err(error) => {
                    let _ = item.state.try_set(State::Failed(reason(&error)));
                }
            }
            self.pump();
        });
    }

    fn cancel(self, id: u64) {
        if let Some(item) = self.find(id) {
            self.queue.update_value(|q| q.retain(|queued| *queued != id));
            self.items.update(|items| items.retain(|i| i.id != id));
            item.abort.abort();
        }
    }

    fn retry(self, id: u64) {
        if let Some(item) = self.find(id) {
            item.state.set(State::Waiting);
            self.queue.update_value(|q| q.push_back(id));
            self.pump();
        }
    }

    /// One line a file.
    pub fn view(self) -> AnyView {
        let lines = move || {
            (!self.items.with(Vec::is_empty)).then(|| {
                view! {
                    <ul class="flex flex-col gap-1.5" aria-live="polite">
                        <For each=move || self.items.get() key=|item| item.id let(item)>{self.line(item)}</For>
                    </ul>
                }
            })
        };
        lines.into_any()
    }

    fn line(self, item: Item) -> AnyView {
        let Item { id, file, state, progress, .. } = item;
        let name = file.name();
        let size = super::size_text(file.size());
        let too_large = state.with_untracked(|s| matches!(s, State::Failed(_)));
        let status = move || {
            match state.get() {
            State::Waiting => view! { <span class="muted text-xs">{t(FILE_WAITING)}</span> }.into_any(),
            State::Sending => view! {
                <progress class="progress progress-primary w-24 sm:w-40" max="1" value=move || progress.get().to_string()></progress>
                <span class="muted text-xs tnum w-9 text-end">{move || format!("{:.0}%", progress.get() * 100.0)}</span>
            }
            .into_any(),
            State::Failed(text) => view! { <span class="text-xs text-error">{text}</span> }.into_any(),
        }
        };
        let again = move || {
            (!too_large && matches!(state.get(), State::Failed(_))).then(|| {
                view! { <Button label=t(RETRY) icon="rotate-cw" look=Look::Quiet on_click=move |_| self.retry(id)/> }
            })
        };
        let label = move || t(if state.with(|s| matches!(s, State::Failed(_))) { REMOVE } else { CANCEL });
        view! {
            <li class="flex flex-wrap items-center gap-x-3 gap-y-1 text-[13px] px-2 py-1 rounded-md bg-base-content/4">
                <span class="muted">{icon("paperclip")}</span>
                <span class="truncate grow min-w-24">{name}</span>
                <span class="muted text-xs tnum">{size}</span>
                {status}
                {again}
                <button type="button" class="btn btn-quiet btn-icon !h-7 !w-7" aria-label=label title=label on:click=move |_| self.cancel(id)>{icon("x")}</button>
            </li>
        }
        .into_any()
    }
}

/// What stood in the way, the reason of a field before that of the whole.
fn reason(error: &ApiError) -> String {
    error.items().first().map_or_else(|| error.message(), |i| i.message.clone())
}

/// Sends one file to a record, for a field that holds it.
pub async fn single(file: &web_sys::File, object: &str, record: &str) -> Result<Record, ApiError> {
    files::upload(file, object, record, |_| (), None).await
}
