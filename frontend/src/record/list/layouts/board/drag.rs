//! Cards under the pointer: with a mouse at once, with a finger after a long press, so that a swipe still scrolls.

use super::{Board, Place, card, moving};
use crate::bridge;
use leptos::ev::PointerEvent;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::time::Duration;
use wasm_bindgen::JsCast;

/// How far a pressed pointer may stray before it drags, or a finger before it scrolls.
const SLOP: i32 = 6;
const LONG_PRESS: Duration = Duration::from_millis(350);
/// Near an edge the board moves along.
const EDGE: f64 = 48.0;
const STEP: i32 = 10;

#[derive(Clone, PartialEq)]
pub struct Drag {
    pub id: String,
    pub title: String,
    pub from: Place,
    pub over: Option<Place>,
    pub x: i32,
    pub y: i32,
}

#[derive(Clone)]
struct Card {
    id: String,
    title: String,
}

/// The press on one card.
#[derive(Clone, Copy)]
pub struct Grab {
    board: Board,
    place: Place,
    card: StoredValue<Card>,
    from: StoredValue<Option<(i32, i32)>>,
    /// Of the long press that is waited for.
    ticket: StoredValue<u64>,
}

impl Grab {
    pub fn new(board: Board, place: Place, id: String, title: String) -> Grab {
        let card = StoredValue::new(Card { id, title });
        Grab { board, place, card, from: StoredValue::new(None), ticket: StoredValue::new(0) }
    }

    /// Is this card under way?
    pub fn held(self) -> bool {
        self.board.drag.with_untracked(|d| d.as_ref().is_some_and(|d| self.card.with_value(|c| c.id == d.id)))
    }

    pub fn down(self, ev: &PointerEvent) {
        let control = ev.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        if ev.button() != 0 || control.is_some_and(|e| e.closest("button, [role=menu]").ok().flatten().is_some()) {
            return;
        }
        let at = (ev.client_x(), ev.client_y());
        self.from.set_value(Some(at));
        if ev.pointer_type() != "touch" {
            return;
        }
        let mine = self.ticket.get_value() + 1;
        self.ticket.set_value(mine);
        let Some(element) = ev.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return };
        let (element, pointer) = (SendWrapper::new(element), ev.pointer_id());
        set_timeout(
            move || {
                if self.ticket.try_get_value() == Some(mine) {
                    bridge::buzz();
                    self.begin(&element, pointer, at);
                }
            },
            LONG_PRESS,
        );
    }

    fn begin(self, element: &web_sys::Element, pointer: i32, (x, y): (i32, i32)) {
        // The pointer stays with the card, so that the release is told here.
        let _ = element.set_pointer_capture(pointer);
        let Card { id, title } = self.card.get_value();
        self.board.drag.set(Some(Drag { id, title, from: self.place, over: Some(self.place), x, y }));
        along(self.board);
    }

    pub fn moved(self, ev: &PointerEvent) {
        let Some(from) = self.from.get_value() else { return };
        let (x, y) = (ev.client_x(), ev.client_y());
        if !self.held() {
            if (x - from.0).abs() + (y - from.1).abs() < SLOP {
                return;
            }
            if ev.pointer_type() == "touch" {
                // A swipe.
                return self.forget();
            }
            let Some(element) = ev.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return };
            self.begin(&element, ev.pointer_id(), (x, y));
        }
        let over = under(x, y).filter(|to| {
            (self.board.movable || to.column == self.place.column) && (self.board.across || to.lane == self.place.lane)
        });
        self.board.drag.update(|drag| {
            if let Some(drag) = drag {
                (drag.over, drag.x, drag.y) = (over, x, y);
            }
        });
    }

    pub fn up(self) {
        self.forget();
        let Some(drag) = self.board.drag.get_untracked() else { return };
        self.board.drag.set(None);
        if let Some(to) = drag.over.filter(|to| *to != drag.from) {
            moving::shift(self.board, &drag.id, drag.from, to);
            card::follow(to);
        }
    }

    pub fn cancel(self) {
        self.forget();
        self.board.drag.set(None);
    }

    fn forget(self) {
        self.from.set_value(None);
        self.ticket.update_value(|t| *t += 1);
    }
}

/// Frame by frame while a card is held near an edge, even where the pointer rests.
fn along(board: Board) {
    request_animation_frame(move || {
        let Some(Some((x, y))) = board.drag.try_with_untracked(|d| d.as_ref().map(|d| (d.x, d.y))) else { return };
        if let Some(node) = document().get_element_by_id("board") {
            let edge = node.get_bounding_client_rect();
            let push = |at: i32, low: f64, high: f64| match f64::from(at) {
                at if at > high - EDGE => STEP,
                at if at < low + EDGE => -STEP,
                _ => 0,
            };
            node.set_scroll_left(node.scroll_left() + push(x, edge.left(), edge.right()));
            node.set_scroll_top(node.scroll_top() + push(y, edge.top(), edge.bottom()));
        }
        along(board);
    });
}

fn under(x: i32, y: i32) -> Option<Place> {
    let element = document().element_from_point(x as f32, y as f32)?.closest("[data-column]").ok().flatten()?;
    let part = |name| element.get_attribute(name)?.parse().ok();
    Some(Place { lane: part("data-lane")?, column: part("data-column")? })
}

/// What follows the pointer.
pub fn shadow(board: Board) -> AnyView {
    (move || {
        board.drag.get().map(|d| {
            view! { <div class="panel fixed z-50 px-3 py-2 w-56 truncate font-semibold text-[13px] shadow-xl pointer-events-none opacity-90" prop:style=format!("left:{}px;top:{}px", d.x + 8, d.y + 8)>{d.title}</div> }
        })
    })
    .into_any()
}
