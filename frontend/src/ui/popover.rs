//! A floating panel beside what opened it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// `trigger` gets drawn in place; the panel appears beside it while `open`.
#[component]
pub fn Popover(
    open: RwSignal<bool>,
    trigger: AnyView,
    #[prop(optional)] class: &'static str,
    /// As wide as the trigger at least.
    #[prop(optional)]
    fit: bool,
    #[prop(optional, into)] panel_class: String,
    children: ChildrenFn,
) -> impl IntoView {
    let anchor = NodeRef::<leptos::html::Div>::new();
    let panel = {
        let children = StoredValue::new(children);
        let panel_class = StoredValue::new(format!("popover rise {panel_class}"));
        move || {
            let style = anchor.get_untracked().map(|a| place(&a.get_bounding_client_rect(), fit)).unwrap_or_default();
            dismiss_outside(open, anchor);
            view! {
                <div class=panel_class.get_value() prop:style=style>{children.with_value(|c| c())}</div>
            }
        }
    };
    view! {
        <div class=format!("inline-flex shrink-0 {class}") node_ref=anchor
            on:keydown=move |ev| {
                if ev.key() == "Escape" && open.get_untracked() {
                    // Not also the dialog around it.
                    ev.prevent_default();
                    ev.stop_propagation();
                    open.set(false);
                    if let Some(first) = anchor.get_untracked().and_then(|a| a.query_selector("[role=combobox]").ok().flatten().or_else(|| a.query_selector("button, input").ok().flatten()))
                        && let Some(element) = first.dyn_ref::<web_sys::HtmlElement>() { let _ = element.focus(); }
                }
            }>
            {trigger}
            <Show when=move || open.get()>{panel}</Show>
        </div>
    }
}

fn dismiss_outside(open: RwSignal<bool>, anchor: NodeRef<leptos::html::Div>) {
    let close_if_outside = move |target: Option<web_sys::EventTarget>| {
        let inside = target
            .and_then(|t| t.dyn_into::<web_sys::Node>().ok())
            .zip(anchor.get_untracked())
            .is_some_and(|(t, a)| a.contains(Some(&t)));
        if !inside {
            open.set(false);
        }
    };
    let press = window_event_listener(leptos::ev::pointerdown, move |ev| close_if_outside(ev.target()));
    let focus = window_event_listener(leptos::ev::focusin, move |ev| close_if_outside(ev.target()));
    let resize = window_event_listener(leptos::ev::resize, move |_| {
        // Phones resize when the keyboard comes up: stay.
        if !crate::state::prefs::narrow() {
            open.set(false);
        }
    });
    on_cleanup(move || {
        press.remove();
        focus.remove();
        resize.remove();
    });
}

/// Below, or above where there is more room; never beyond the window's edges.
fn place(at: &web_sys::DomRect, fit: bool) -> String {
    // Whole pixels do: writing fractions takes code that nothing else at the start needs.
    let whole = |v: f64| v.round() as i32;
    let size =
        |v: Result<wasm_bindgen::JsValue, _>| v.ok().and_then(|v: wasm_bindgen::JsValue| v.as_f64()).map_or(0, whole);
    let (width, height) = (size(window().inner_width()), size(window().inner_height()));
    let (top, bottom, left, right) = (whole(at.top()), whole(at.bottom()), whole(at.left()), whole(at.right()));
    let (below, above) = (height - bottom - 12, top - 12);
    let vertical = if below >= 280 || below >= above {
        format!("top:{}px;max-height:{}px", bottom + 4, below.clamp(120, 440))
    } else {
        format!("bottom:{}px;max-height:{}px", height - top + 4, above.clamp(120, 440))
    };
    let horizontal = if width < 480 {
        "left:8px;right:8px".to_owned()
    } else if left > width * 3 / 5 && !fit {
        format!("right:{}px", (width - right).max(8))
    } else {
        format!("left:{}px", left.max(8))
    };
    let least = if fit { format!(";min-width:{}px", whole(at.width())) } else { String::new() };
    format!("{vertical};{horizontal}{least}")
}
