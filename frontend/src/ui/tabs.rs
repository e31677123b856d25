//! Tabs are links: which one is open is part of the address.

use leptos::prelude::*;

pub struct Tab {
    pub key: String,
    pub label: String,
    pub count: Option<String>,
    pub href: String,
}

pub fn tabs(label: &'static str, current: &str, tabs: Vec<Tab>) -> AnyView {
    let current = current.to_owned();
    let node = NodeRef::<leptos::html::Nav>::new();
    // On a phone the open tab may lie beyond the edge.
    Effect::new(move || {
        let Some(nav) = node.get() else { return };
        if let Ok(Some(tab)) = nav.query_selector("[aria-current]") {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_inline(web_sys::ScrollLogicalPosition::Center);
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            tab.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    view! {
        <nav node_ref=node class="flex gap-4 shrink-0 border-b border-base-300 overflow-x-auto scroll-thin px-4" aria-label=label>
            {tabs.into_iter().map(|tab| {
                let here = tab.key == current;
                let class = if here { "tap shrink-0 inline-flex items-center justify-center gap-1 py-2 border-b-2 border-primary text-primary font-semibold whitespace-nowrap text-[13px]" }
                    else { "tap shrink-0 inline-flex items-center justify-center gap-1 py-2 border-b-2 border-transparent muted hover:text-base-content whitespace-nowrap text-[13px]" };
                view! {
                    <a href=tab.href class=class aria-current=here.then_some("true") data-noscroll="true">
                        {tab.label}
                        {tab.count.map(|c| view! { <span class="muted font-normal tnum">" "{c}</span> })}
                    </a>
                }
            }).collect_view()}
        </nav>
    }
    .into_any()
}
