//! The editor over a cell: the field's own input, checked before anything is sent.

use super::List;
use super::cells::{self, Ahead, At, CLEAR};
use super::check::{checked, notice};
use super::write::{self, Write};
use crate::api::records::RecordExt;
use crate::fields::{self, Input};
use crate::i18n::label;
use crate::state::toast;
use crate::ui::keys;
use kezhan_meta::{FieldMeta, FieldType as T};
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use serde_json::Value;
use std::collections::VecDeque;
use wasm_bindgen::JsCast;

const ID: &str = "cell-editor";

pub fn editor(list: List) -> AnyView {
    let Some((field, record)) = cells::current(list) else { return ().into_any() };
    if let Some(after) = at_once(list, &field, record.value(&field.key)) {
        // Not while this is being drawn.
        request_animation_frame(move || {
            match checked(list, &field, &after, &record) {
                Ok(after) if after == *record.value(&field.key) => {}
                Ok(after) => {
                    let text = notice(&field, &after, &record);
                    write::apply(list, vec![Write::of(&record, &field.key, after)], text);
                }
                Err(problem) => toast::problem(problem),
            }
            list.cells.close(list);
        });
        return ().into_any();
    }
    let value = RwSignal::new(record.value(&field.key).clone());
    let error = RwSignal::new(None::<String>);
    let node = NodeRef::<html::Div>::new();
    let id = record.id().to_owned();

    // Answers whether the editor may close.
    let save = {
        let field = field.clone();
        let (before, expanded) = (record.value(&field.key).clone(), record.clone());
        Callback::new(move |()| {
            if !list.cells.is_editing() {
                return true;
            }
            finish_typing(node);
            // Leaving the input may have saved already.
            if !list.cells.is_editing() {
                return true;
            }
            let row = list.find(&id).unwrap_or_else(|| expanded.clone());
            match checked(list, &field, &value.get_untracked(), &row) {
                Ok(after) => {
                    list.cells.close(list);
                    if after != before {
                        let text = notice(&field, &after, &row);
                        write::apply(list, vec![Write::of(&row, &field.key, after)], text);
                    }
                    true
                }
                Err(problem) => {
                    error.set(Some(problem));
                    focus_control();
                    false
                }
            }
        })
    };
    list.cells.leave.set_value(Some(save));
    // What is chosen is meant; what is typed is meant once one leaves it.
    let chosen = fields::listed(&field)
        || matches!(
            field.kind,
            T::Choice { .. } | T::Reference { .. } | T::User | T::Department | T::Date | T::DateTime
        );
    let leaving = StoredValue::new(false);
    let input = Input {
        id: ID.to_owned(),
        field: field.clone(),
        value,
        expanded: record.expanded(&field.key).cloned(),
        home: None,
        invalid: Signal::derive(move || error.get().is_some()),
        done: Callback::new(move |()| {
            error.set(None);
            if chosen && !leaving.get_value() {
                leaving.set_value(true);
                save.run(());
                let _ = leaving.try_set_value(false);
            }
        }),
    };
    let many_lines = cells::many_lines(&field);
    let on_key = move |ev: KeyboardEvent| key(list, save, many_lines, &ev);
    // A press anywhere else is leaving.
    let outside = window_event_listener(leptos::ev::pointerdown, move |ev| {
        let inside = |node: web_sys::HtmlDivElement| {
            ev.target().and_then(|t| t.dyn_into::<web_sys::Node>().ok()).is_some_and(|t| node.contains(Some(&t)))
        };
        let in_grid = list.cells.scroller.try_get_untracked().flatten().is_some_and(inside);
        if !in_grid {
            save.run(());
        }
    });
    on_cleanup(move || outside.remove());
    start(list, field.clone());
    view! {
        <div node_ref=node class="cell-editor" prop:style=format!("min-width:max(100%, {}px)", width(&field)) role="group" aria-label=label(&field.label)
            on:keydown=on_key on:mousedown=|ev| ev.stop_propagation() on:dblclick=|ev| ev.stop_propagation()>
            {fields::input(input)}
            {move || error.get().map(|text| view! { <p class="text-xs text-error px-2 py-1" role="alert">{text}</p> })}
        </div>
    }
    .into_any()
}

/// What needs no editor: emptying, and the other of two values.
fn at_once(list: List, field: &FieldMeta, now: &Value) -> Option<Value> {
    let cleared = list.cells.editing.with_untracked(|typed| typed.as_deref() == Some(CLEAR));
    match field.kind {
        _ if cleared => Some(Value::Null),
        T::Boolean => Some(Value::Bool(now.as_bool() != Some(true))),
        _ => None,
    }
}

fn key(list: List, save: Callback<(), bool>, many_lines: bool, ev: &KeyboardEvent) {
    ev.stop_propagation();
    if keys::composing(ev) || ev.default_prevented() {
        return;
    }
    let Some(at) = list.cells.at.get_untracked() else { return };
    match ev.key().as_str() {
        "Escape" => {
            ev.prevent_default();
            list.cells.close(list);
        }
        "Enter" if !many_lines || ev.ctrl_key() || ev.meta_key() => {
            ev.prevent_default();
            if save.run(()) {
                cells::go(list, At { row: cells::beside(list, at.row, ev.shift_key()).unwrap_or(at.row), ..at });
            }
        }
        "Tab" => {
            ev.prevent_default();
            if save.run(())
                && let Some(next) = cells::step(list, at, ev.shift_key())
            {
                cells::go(list, next);
            }
        }
        _ => {}
    }
}

/// Room that the input wants beyond its column.
fn width(field: &FieldMeta) -> u32 {
    match field.kind {
        T::Address => 560,
        T::LongText | T::RichText => 420,
        T::MultiChoice { .. } | T::MultiReference { .. } | T::Tags => 260,
        T::Integer | T::Percent | T::Decimal { .. } | T::Money => 120,
        _ => 200,
    }
}

fn control() -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(ID)?.dyn_into().ok()
}

fn focus_control() {
    if let Some(control) = control() {
        let _ = control.focus();
    }
}

/// Takes the focus; what opened the editor goes into it, and a list opens.
fn start(list: List, field: FieldMeta) {
    request_animation_frame(move || {
        let Some(control) = control() else { return list.cells.ahead.update_value(VecDeque::clear) };
        let _ = control.focus();
        let typed = list.cells.editing.try_get_untracked().flatten().unwrap_or_default();
        let text = control.dyn_ref::<web_sys::HtmlInputElement>();
        if !typed.is_empty() {
            match (text, control.dyn_ref::<web_sys::HtmlTextAreaElement>()) {
                (Some(input), _) => input.set_value(&typed),
                (_, Some(area)) => area.set_value(&typed),
                _ => {}
            }
            tell(&control, "input");
        } else if let Some(input) = text.filter(|_| !opens(&field)) {
            input.select();
        }
        // What ended it before it was there.
        if let Some(Ahead::Key(ev)) = list.cells.ahead.try_update_value(VecDeque::pop_front).flatten() {
            press(&control, &ev);
            return match list.cells.is_editing() {
                true => list.cells.ahead.update_value(VecDeque::clear),
                // Once this one is gone.
                false => request_animation_frame(move || cells::go_on(list)),
            };
        }
        if opens(&field) && typed.is_empty() {
            tell(&control, "mousedown");
        }
    });
}

fn opens(field: &FieldMeta) -> bool {
    fields::listed(field)
        || matches!(
            field.kind,
            T::Choice { .. }
                | T::MultiChoice { .. }
                | T::Reference { .. }
                | T::MultiReference { .. }
                | T::User
                | T::Department
        )
}

fn tell(control: &web_sys::HtmlElement, name: &str) {
    let options = web_sys::EventInit::new();
    options.set_bubbles(true);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict(name, &options) {
        let _ = control.dispatch_event(&event);
    }
}

/// The same key once more, where it is understood by now.
fn press(control: &web_sys::HtmlElement, ev: &KeyboardEvent) {
    let options = web_sys::KeyboardEventInit::new();
    options.set_bubbles(true);
    options.set_cancelable(true);
    options.set_key(&ev.key());
    options.set_shift_key(ev.shift_key());
    options.set_ctrl_key(ev.ctrl_key());
    options.set_meta_key(ev.meta_key());
    if let Ok(event) = web_sys::KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &options) {
        let _ = control.dispatch_event(&event);
    }
}

/// Inputs report on leaving.
fn finish_typing(node: NodeRef<html::Div>) {
    let active = document().active_element().and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
    if let (Some(active), Some(node)) = (active, node.get_untracked())
        && node.contains(Some(&active))
    {
        let _ = active.blur();
    }
}
