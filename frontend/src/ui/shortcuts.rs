//! Every shortcut of the product: the handlers ask this table, and the help shows it.

use super::keys;
use crate::i18n::{
    HELP, INBOX, Key, REDO, SC_CLOSE, SC_CREATE, SC_EDIT, SC_EVERYWHERE, SC_FILTER, SC_IN_LISTS, SC_NEXT,
    SC_ON_RECORDS, SC_PREVIOUS, SC_SEND, SEARCH, STAR, UNDO,
};
use leptos::ev::KeyboardEvent;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    Palette,
    Inbox,
    Help,
    Send,
    Close,
    Undo,
    Redo,
    Search,
    Create,
    Edit,
    Star,
    Next,
    Previous,
}

use Shortcut::{Close, Create, Edit, Help, Inbox, Next, Palette, Previous, Redo, Search, Send, Star, Undo};

/// One way to press it.
#[derive(Clone, Copy)]
pub struct Press {
    /// As the browser names the key.
    key: &'static str,
    /// With Ctrl or, on a Mac, ⌘.
    command: bool,
    alt: bool,
    shift: bool,
}

const fn key(key: &'static str) -> Press {
    Press { key, command: false, alt: false, shift: false }
}

const fn command(key: &'static str) -> Press {
    Press { key, command: true, alt: false, shift: false }
}

const fn shifted(key: &'static str) -> Press {
    Press { shift: true, ..command(key) }
}

const fn alt(key: &'static str) -> Press {
    Press { key, command: false, alt: true, shift: false }
}

/// A shortcut, what it does, and the keys for it.
pub type Line = (Shortcut, Key, &'static [Press]);

/// Where it works, and what does what there.
pub const TABLE: &[(Key, &[Line])] = &[
    (
        SC_EVERYWHERE,
        &[
            (Palette, SEARCH, &[command("k")]),
            (Inbox, INBOX, &[key("n")]),
            (Help, HELP, &[key("?")]),
            (Send, SC_SEND, &[command("Enter")]),
            (Close, SC_CLOSE, &[key("Escape")]),
            (Undo, UNDO, &[command("z")]),
            (Redo, REDO, &[shifted("z"), command("y")]),
        ],
    ),
    (SC_IN_LISTS, &[(Search, SC_FILTER, &[key("/")]), (Create, SC_CREATE, &[key("c")])]),
    (
        SC_ON_RECORDS,
        &[
            (Edit, SC_EDIT, &[key("e")]),
            (Star, STAR, &[key("s")]),
            (Next, SC_NEXT, &[key("j"), alt("ArrowDown")]),
            (Previous, SC_PREVIOUS, &[key("k"), alt("ArrowUp")]),
        ],
    ),
];

/// Was it pressed? Never while an input method composes, and single keys not while one types.
pub fn pressed(ev: &KeyboardEvent, wanted: Shortcut) -> bool {
    let of = |(shortcut, _, presses): &(Shortcut, Key, &'static [Press])| (*shortcut == wanted).then_some(*presses);
    let mut presses = TABLE.iter().flat_map(|(_, all)| all.iter()).filter_map(of).flatten();
    !keys::composing(ev)
        && presses.any(|p| {
            ev.key().eq_ignore_ascii_case(p.key)
                && (ev.ctrl_key() || ev.meta_key()) == p.command
                && ev.alt_key() == p.alt
                // A sign such as `?` may take it to be typed at all.
                && (!p.command || ev.shift_key() == p.shift)
                && (p.command || !keys::typing(ev))
        })
}

/// As it stands on the keyboard.
pub fn caption(press: &Press) -> String {
    let name = match press.key {
        "ArrowDown" => "↓".to_owned(),
        "ArrowUp" => "↑".to_owned(),
        "Escape" => "Esc".to_owned(),
        key if key.len() == 1 => key.to_ascii_uppercase(),
        key => key.to_owned(),
    };
    match (press.command, press.alt) {
        (true, _) if press.shift => format!("{}Shift {name}", crate::bridge::command_key()),
        (true, _) => format!("{}{name}", crate::bridge::command_key()),
        (_, true) => format!("Alt {name}"),
        _ => name,
    }
}
