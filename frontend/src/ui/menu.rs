//! Menus: a button and what it offers.

use super::icon::icon;
use super::popover::Popover;
use crate::i18n::{SEARCH, t};
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// More than one sees at a glance.
const MANY: usize = 12;

#[derive(Clone)]
pub struct MenuItem {
    pub icon: Option<&'static str>,
    pub label: String,
    pub danger: bool,
    pub checked: Option<bool>,
    pub action: Callback<()>,
}

impl MenuItem {
    pub fn new(icon: &'static str, label: impl Into<String>, action: impl Fn() + Send + Sync + 'static) -> MenuItem {
        MenuItem {
            icon: Some(icon),
            label: label.into(),
            danger: false,
            checked: None,
            action: Callback::new(move |()| action()),
        }
    }

    pub fn danger(mut self) -> MenuItem {
        self.danger = true;
        self
    }

    pub fn checked(mut self, checked: bool) -> MenuItem {
        self.checked = Some(checked);
        self
    }
}

/// Boxed, so that each menu brings its items and not code of its own.
#[derive(Clone)]
pub struct Items(Arc<dyn Fn() -> Vec<MenuItem> + Send + Sync>);

impl<F: Fn() -> Vec<MenuItem> + Send + Sync + 'static> From<F> for Items {
    fn from(items: F) -> Items {
        Items(Arc::new(items))
    }
}

#[component]
pub fn Menu(
    #[prop(into)] label: String,
    /// What the button shows.
    face: AnyView,
    #[prop(optional)] class: &'static str,
    /// The face is text that names the button; then the label only explains it.
    #[prop(optional)]
    named: bool,
    /// Read each time the menu opens.
    #[prop(into)]
    items: Items,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let class = if class.is_empty() { "btn btn-quiet btn-icon" } else { class };
    let trigger = view! {
        <button type="button" class=class aria-haspopup="menu" aria-expanded=move || open.get().to_string()
            aria-label=(!named).then(|| label.clone()) title=label
            on:click=move |_| open.update(|o| *o = !*o)>{face}</button>
    }
    .into_any();
    view! {
        <Popover open=open trigger=trigger panel_class="p-1 min-w-44">
            {entries((items.0)(), open)}
        </Popover>
    }
}

/// Of many one looks for the one; what keys do here is in `js/keys.js`.
fn entries(all: Vec<MenuItem>, open: RwSignal<bool>) -> AnyView {
    let many = all.len() > MANY;
    let node = NodeRef::<leptos::html::Div>::new();
    Effect::new(move || {
        let Some(menu) = node.get() else { return };
        let first = if many { menu.previous_element_sibling() } else { menu.first_element_child() };
        if let Some(element) = first.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
    let find = many.then(|| {
        view! { <input type="search" class="input sticky top-0 z-10 mb-1" autocomplete="off" aria-label=t(SEARCH) placeholder=t(SEARCH) data-find/> }.into_any()
    });
    view! {
        {find}
        <div role="menu" node_ref=node>{all.into_iter().map(|item| menu_item(item, open)).collect_view()}</div>
    }
    .into_any()
}

fn menu_item(item: MenuItem, open: RwSignal<bool>) -> AnyView {
    let class = if item.danger { "menu-item text-error" } else { "menu-item" };
    view! {
        <button type="button" role=if item.checked.is_some() { "menuitemradio" } else { "menuitem" } class=class
            aria-checked=item.checked.map(|c| c.to_string())
            on:click=move |_| { open.set(false); item.action.run(()) }>
            {item.icon.map(icon)}
            <span class="grow">{item.label}</span>
            {item.checked.filter(|c| *c).map(|_| icon("check"))}
        </button>
    }
    .into_any()
}
