//! What is seen is in the address: filters, order, columns, the open tab, the record peeked at.

use crate::layout::routes;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::params::ParamsMap;

/// Reads and changes the query part of the address.
#[derive(Clone, Copy)]
pub struct Url {
    pub query: Memo<ParamsMap>,
    path: Memo<String>,
    go: Callback<(String, bool)>,
}

impl Url {
    pub fn new() -> Url {
        let navigate = use_navigate();
        let go = Callback::new(move |(url, replace): (String, bool)| {
            navigate(&url, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
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
        self.go.run((self.with(changes), false));
    }

    /// A refinement that Back skips.
    pub fn replace(self, changes: &[(&str, Option<String>)]) {
        self.go.run((self.with(changes), true));
    }

    /// Elsewhere, so that Back does not come here again.
    pub fn replace_by(self, url: String) {
        self.go.run((url, true));
    }

    pub fn go(self, url: String) {
        self.go.run((url, false));
    }
}
