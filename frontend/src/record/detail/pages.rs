//! Entries that come by the page and grow by a press: timeline and history.

use crate::api::client::ApiError;
use crate::api::records::Many;
use crate::i18n::{LOAD_MORE, t};
use crate::state::{live, toast};
use crate::ui::Button;
use leptos::prelude::*;

pub struct Pages<T: Send + Sync + 'static> {
    pub list: RwSignal<Option<Result<Vec<T>, ApiError>>>,
    next: RwSignal<Option<String>>,
    load: Callback<bool>,
}

impl<T: Send + Sync + 'static> Clone for Pages<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Pages<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Pages<T> {
    /// Asks for the first page, and again for as many as are there whenever something happens to the record.
    pub fn new<F>(ask: impl Fn(Option<String>) -> F + Clone + Send + Sync + 'static) -> Pages<T>
    where
        F: Future<Output = Result<Many<T>, ApiError>> + 'static,
    {
        let list = RwSignal::new(None::<Result<Vec<T>, ApiError>>);
        let next = RwSignal::new(None::<String>);
        let load = Callback::new(move |more: bool| {
            let ask = ask.clone();
            let before = list.with_untracked(|l| l.as_ref().and_then(|l| l.as_ref().ok().cloned())).unwrap_or_default();
            let mut cursor = next.get_untracked().filter(|_| more);
            leptos::task::spawn_local(async move {
                let mut all = if more { before.clone() } else { Vec::new() };
                loop {
                    match ask(cursor).await {
                        Ok(page) => {
                            all.extend(page.data);
                            cursor = page.next_cursor;
                        }
                        // What is there stays.
                        Err(error) if more => return toast::error(&error),
                        Err(error) => {
                            if before.is_empty() {
                                let _ = list.try_set(Some(Err(error)));
                            }
                            return;
                        }
                    }
                    if all.len() >= before.len() || cursor.is_none() {
                        break;
                    }
                }
                let _ = next.try_set(cursor);
                if list.try_with_untracked(|l| !matches!(l, Some(Ok(l)) if *l == all)).unwrap_or_default() {
                    let _ = list.try_set(Some(Ok(all)));
                }
            });
        });
        let pages = Pages { list, next, load };
        Effect::new(move || {
            live::track();
            pages.again();
        });
        pages
    }

    pub fn again(self) {
        self.load.run(false);
    }

    /// Asks for one page more, if there is one.
    pub fn further(self) {
        if self.next.with_untracked(Option::is_some) {
            self.load.run(true);
        }
    }

    /// The button under what is there.
    pub fn more(self) -> impl IntoView {
        move || {
            self.next.get().map(|_| {
                view! { <div class="px-4 pb-6"><Button label=t(LOAD_MORE) on_click=move |_| self.further()/></div> }
            })
        }
    }
}
