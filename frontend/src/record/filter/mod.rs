//! The filter builder: groups of conditions, all, any or none, at any depth, over fields, fields of references and
//! related records.

pub mod chips;
mod draw;
mod node;
pub mod words;

use super::list::{List, dialog as layer};
use crate::i18n::{FILTER, FILTER_APPLY, FILTER_CLEAR, t};
use crate::ui::{Button, Look};
use kezhan_meta::{Filter, ObjectMeta};
use leptos::prelude::*;
use node::Node;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// A filter in the address; nothing where everything passes.
pub fn to_text(filter: &Filter) -> Option<String> {
    (!filter.is_all()).then(|| serde_json::to_string(filter).ok()).flatten()
}

/// A filter for the address of a list. Where a view is open even one that lets everything pass is said, else the view's
/// own conditions would be back with the next visit.
pub fn in_address(list: List, filter: &Filter) -> (&'static str, Option<String>) {
    let said = !filter.is_all() || list.url.peek("view").is_some();
    ("filter", said.then(|| serde_json::to_string(filter).ok()).flatten())
}

/// The conditions that must all hold.
pub fn conditions(filter: &Filter) -> Vec<Filter> {
    match filter {
        Filter::And(list) => list.clone(),
        other => vec![other.clone()],
    }
}

/// `at`: the condition that the reader wants to change.
pub fn dialog(list: List, shown: RwSignal<bool>, at: Option<usize>) -> AnyView {
    let state = list.state.get_untracked();
    let root = Node::root(&state.filter, &state.object);
    let body = draw::whole(&root, &state.object);
    let apply = move |_| {
        let filter = root.close().unwrap_or_else(Filter::all);
        shown.set(false);
        list.url.push(&[in_address(list, &filter)]);
    };
    let clear = move |_| {
        shown.set(false);
        list.url.push(&[in_address(list, &Filter::all())]);
    };
    request_animation_frame(move || focus(at));
    let content = view! {
        <div id="filter-builder" class="p-4 overflow-y-auto grow">{body}</div>
        <footer class="flex gap-2 p-3 border-t border-base-300 shrink-0">
            <Button label=t(FILTER_CLEAR) look=Look::Quiet on_click=clear/>
            <div class="grow"></div>
            <Button label=t(FILTER_APPLY) look=Look::Primary on_click=apply/>
        </footer>
    }
    .into_any();
    layer(t(FILTER).to_owned(), true, move || shown.set(false), content)
}

/// A condition that is built elsewhere than in a list: of a role, of a sharing rule.
#[derive(Clone)]
pub struct Builder {
    root: Node,
    object: Arc<ObjectMeta>,
}

impl Builder {
    pub fn new(filter: &Filter, object: &Arc<ObjectMeta>) -> Builder {
        Builder { root: Node::root(filter, object), object: object.clone() }
    }

    pub fn view(&self) -> AnyView {
        draw::whole(&self.root, &self.object)
    }

    /// As it stands; whoever asks within an effect hears of changes.
    pub fn filter(&self) -> Filter {
        self.root.track();
        self.root.close().unwrap_or_else(Filter::all)
    }
}

/// To the operand of the condition in question, else to what is still empty.
fn focus(at: Option<usize>) {
    let css = match at {
        Some(at) => format!("#filter-builder > div > [data-part='{at}'] [data-operand] :is(input, select)"),
        None => "#filter-builder [data-part]:last-of-type input".to_owned(),
    };
    let within = at.map(|at| format!("#filter-builder > div > [data-part='{at}'] :is(input, select)"));
    let found = [Some(css), within].into_iter().flatten().find_map(|css| document().query_selector(&css).ok()?);
    if let Some(element) = found.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}
