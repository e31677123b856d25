//! The order of the list: by one column or by several.

use super::List;
use kezhan_meta::query::{SORT_MAX, Sort};
use leptos::prelude::*;

pub fn put(list: List, sort: &[Sort]) {
    let text: Vec<String> = sort.iter().map(Sort::to_string).collect();
    list.url.push(&[("sort", Some(text.join(",")))]);
}

/// Up, down, not at all. With `further` the other columns of the order stay.
pub fn cycle(list: List, key: &str, further: bool) {
    let mut sort = if further { list.state.with_untracked(|s| s.sort.clone()) } else { Vec::new() };
    let now = list.state.with_untracked(|s| s.direction(key));
    match (now, sort.iter().position(|s| s.field == key)) {
        (None, _) if sort.len() < SORT_MAX => sort.push(Sort { field: key.to_owned(), descending: false }),
        (Some(false), Some(at)) => sort[at].descending = true,
        (Some(false), None) => sort.push(Sort { field: key.to_owned(), descending: true }),
        (Some(true), _) => sort.retain(|s| s.field != key),
        _ => {}
    }
    put(list, &sort);
}

pub fn only(list: List, key: &str, descending: bool) {
    put(list, &[Sort { field: key.to_owned(), descending }]);
}
