//! What is seen is in the address: filters, order, columns, the open tab, the record peeked at.

use crate::layout::routes;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::location::State;
use leptos_router::params::ParamsMap;

/// Marks the step of the history that opened a peek.
const PEEK: &str = "peek";

/// Reads and changes the query part of the address.
#[derive(Clone, Copy)]
pub struct Url {
    pub query: Memo<ParamsMap>,
    path: Memo<String>,
    go: Callback<(String, bool, bool)>,
}

impl Url {
    pub fn new() -> Url {
        let navigate = use_navigate();
        let go = Callback::new(move |(url, replace, peeks): (String, bool, bool)| {
            let go = |url: &str, replace, state| {
                navigate(url, NavigateOptions { replace, scroll: false, state, ..NavigateOptions::default() });
            };
            // The router takes no step to where it believes to be: after Back, that is where a replaced address was.
            if !replace && let Ok(history) = window().history() {
                let here = window().location();
                let at = format!("{}{}", here.pathname().unwrap_or_default(), here.search().unwrap_or_default());
                go(&at, true, State::new(history.state().ok().filter(|state| !state.is_null())));
            }
            go(&url, replace, State::new(peeks.then(|| PEEK.into())));
        });
        Url { query: routes::query(), path: use_location().pathname, go }
    }

    pub fn get(self, key: &str) -> Option<String> {
        self.query.with(|q| q.get(key)).filter(|v| !v.is_empty())
    }

    pub fn peek(self, key: &str) -> Option<String> {
        self.query.with_untracked(|q| q.get(key)).filter(|v| !v.is_empty())
    }

    /// The address with some of its parameters changed.
    pub fn with(self, changes: &[(&str, Option<String>)]) -> String {
        let mut query = self.query.get_untracked();
        for (key, value) in changes {
            query.remove(key);
            if let Some(value) = value.clone().filter(|v| !v.is_empty()) {
                query.insert((*key).to_owned(), value);
            }
        }
        format!("{}{}", self.path.get_untracked(), query.to_query_string())
    }

    /// A step that Back undoes.
    pub fn push(self, changes: &[(&str, Option<String>)]) {
        self.go.run((self.with(changes), false, false));
    }

    /// A refinement that Back skips.
    pub fn replace(self, changes: &[(&str, Option<String>)]) {
        self.go.run((self.with(changes), true, false));
    }

    /// Elsewhere, so that Back does not come here again.
    pub fn replace_by(self, url: String) {
        self.go.run((url, true, false));
    }

    pub fn go(self, url: String) {
        self.go.run((url, false, false));
    }

    /// A record beside the list, or none any more. Back closes it, however many were looked at one after the other.
    pub fn beside(self, id: Option<String>) {
        let made = window().history().and_then(|h| h.state()).is_ok_and(|s| s.as_string().as_deref() == Some(PEEK));
        let open = self.peek(PEEK).is_some();
        if id.is_none() && (made || !open) {
            if open && let Ok(history) = window().history() {
                let _ = history.back();
            }
            return;
        }
        let marks = id.is_some() && (made || !open);
        self.go.run((self.with(&[(PEEK, id)]), open, marks));
    }

    /// Opens it, or closes it where it is the one that is open.
    pub fn toggle_beside(self, id: &str) {
        self.beside((self.peek(PEEK).as_deref() != Some(id)).then(|| id.to_owned()));
    }
}
