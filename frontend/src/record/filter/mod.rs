//! The filter builder: groups of conditions, all, any or none, at any depth, over fields, fields of references and
//! related records.

pub mod chips;
mod draw;
mod node;
pub mod words;

use super::list::{List, dialog as layer};
use crate::api::client::ApiError;
use crate::i18n::{
    DRAFT_DISCARD, FILTER, FILTER_APPLY, FILTER_BROKEN, FILTER_BROKEN_TEXT, FILTER_CLEAR, FILTER_RESTORED,
    FILTER_UNFINISHED, t,
};
use crate::ui::{self, Button, Look};
use kezhan_meta::{Filter, ObjectMeta, Str};
use leptos::prelude::*;
use node::Node;
use std::cell::RefCell;
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

thread_local! {
    /// What was built and not applied, and what it was to replace.
    static DRAFTS: RefCell<Vec<Draft>> = const { RefCell::new(Vec::new()) };
}

struct Draft {
    object: Str,
    applied: Filter,
    built: Filter,
}

impl Draft {
    fn of(object: &ObjectMeta, applied: &Filter) -> Option<Filter> {
        DRAFTS.with_borrow(|all| all.iter().find(|d| d.is(object, applied)).map(|d| d.built.clone()))
    }

    fn is(&self, object: &ObjectMeta, applied: &Filter) -> bool {
        self.object == object.name && self.applied == *applied
    }

    fn keep(object: &ObjectMeta, applied: &Filter, built: Option<Filter>) {
        DRAFTS.with_borrow_mut(|all| {
            all.retain(|d| !d.is(object, applied));
            all.extend(built.map(|built| Draft { object: object.name.clone(), applied: applied.clone(), built }));
        });
    }
}

/// `at`: the condition that the reader wants to change.
pub fn dialog(list: List, shown: RwSignal<bool>, at: Option<usize>) -> AnyView {
    let state = list.state.get_untracked();
    let (object, applied) = (state.object.clone(), state.filter.clone());
    let begin = applied.clone();
    let untouched = Node::root(&applied, &object).draft();
    // A condition that was pressed is the one that is meant.
    let kept = RwSignal::new(Draft::of(&object, &applied).filter(|_| at.is_none()));
    let root = StoredValue::new(Node::root(kept.get_untracked().as_ref().unwrap_or(&applied), &object));
    let body = {
        let object = object.clone();
        move || {
            if kept.with(Option::is_none) {
                root.set_value(Node::root(&begin, &object));
            }
            root.with_value(|root| draw::whole(root, &object))
        }
    };
    let forget = {
        let (object, applied) = (object.clone(), applied.clone());
        move || Draft::keep(&object, &applied, None)
    };
    let forget = Callback::new(move |()| forget());
    let unfinished = RwSignal::new(false);
    let apply = move |_| {
        // Left out without a word, it would show more than was asked for.
        if root.with_value(Node::unfinished) {
            return unfinished.set(true);
        }
        let filter = root.with_value(Node::close).unwrap_or_else(Filter::all);
        forget.run(());
        shown.set(false);
        list.url.push(&[in_address(list, &filter)]);
    };
    let clear = move |_| {
        forget.run(());
        shown.set(false);
        list.url.push(&[in_address(list, &Filter::all())]);
    };
    // Escape and a press beside it are easily done.
    let leave = move || {
        let built = root.with_value(Node::draft);
        Draft::keep(&object, &applied, built.filter(|built| Some(built) != untouched.as_ref()));
        shown.set(false);
    };
    let discard = move |_| {
        forget.run(());
        kept.set(None);
        request_animation_frame(move || focus(at));
    };
    request_animation_frame(move || focus(at));
    let content = view! {
        {move || kept.with(Option::is_some).then(|| view! {
            <p class="flex items-center gap-2 px-4 pt-3 text-[13px]" role="status">
                <span class="muted">{t(FILTER_RESTORED)}</span>
                <Button label=t(DRAFT_DISCARD) look=Look::Quiet on_click=discard/>
            </p>
        })}
        <div id="filter-builder" class="p-4 overflow-y-auto grow">{body}</div>
        <footer class="flex items-center gap-2 p-3 border-t border-base-300 shrink-0">
            <Button label=t(FILTER_CLEAR) look=Look::Quiet on_click=clear/>
            <p class="grow text-xs text-error text-end" role="alert">{move || unfinished.get().then(|| t(FILTER_UNFINISHED))}</p>
            <Button label=t(FILTER_APPLY) look=Look::Primary on_click=apply/>
        </footer>
    }
    .into_any();
    layer(t(FILTER).to_owned(), true, leave, content)
}

/// In place of the records, where the address asks for what cannot be understood, here or by the server.
pub fn broken(list: List) -> AnyView {
    let refused = list.rows.error.with_untracked(|e| e.as_ref().map(ApiError::message));
    let text = refused.unwrap_or_else(|| t(FILTER_BROKEN_TEXT).to_owned());
    let clear = move |_| list.url.push(&[in_address(list, &Filter::all())]);
    let action = view! { <Button label=t(FILTER_CLEAR) on_click=clear/> };
    let said = ui::empty("triangle-alert", t(FILTER_BROKEN), text, action.into_any());
    view! { <div class="grow" role="alert">{said}</div> }.into_any()
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

/// To the operand of the condition in question, or of the first; else to what is still empty.
fn focus(at: Option<usize>) {
    let part = format!("#filter-builder > div > [data-part='{}']", at.unwrap_or_default());
    let found = [" [data-operand] :is(input, select)", " :is(input, select)"]
        .into_iter()
        .find_map(|within| document().query_selector(&format!("{part}{within}")).ok()?);
    if let Some(element) = found.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}
