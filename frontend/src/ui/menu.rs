//! Menus: a button and what it offers.

use super::icon::icon;
use super::popover::Popover;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;

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
            <div role="menu" on:keydown=walk node_ref=focus_first()>
                {(items.0)().into_iter().map(|item| menu_item(item, open)).collect_view()}
            </div>
        </Popover>
    }
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

/// A node reference that takes the focus to the first item when the menu appears.
fn focus_first() -> NodeRef<leptos::html::Div> {
    let node = NodeRef::<leptos::html::Div>::new();
    Effect::new(move || {
        if let Some(first) = node.get().and_then(|n| n.first_element_child())
            && let Some(element) = first.dyn_ref::<web_sys::HtmlElement>()
        {
            let _ = element.focus();
        }
    });
    node
}

/// Arrow keys move between the items of a menu or list of buttons.
pub fn walk(ev: KeyboardEvent) {
    let Some(current) = document().active_element() else { return };
    let next = match ev.key().as_str() {
        "ArrowDown" => current.next_element_sibling().or_else(|| current.parent_element()?.first_element_child()),
        "ArrowUp" => current.previous_element_sibling().or_else(|| current.parent_element()?.last_element_child()),
        _ => return,
    };
    ev.prevent_default();
    if let Some(element) = next.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}
