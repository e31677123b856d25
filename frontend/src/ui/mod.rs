//! The design system: everything that screens are made of. Knows nothing of records or the server.

pub mod badge;
pub mod button;
pub mod combobox;
pub mod date;
pub mod field;
#[cfg(debug_assertions)]
pub mod gallery;
pub mod icon;
pub mod keys;
pub mod layer;
pub mod menu;
pub mod popover;
pub mod shortcuts;
pub mod states;
pub mod tabs;
pub mod toaster;

pub use badge::{avatar, badge};
pub use button::{Button, Look};
pub use combobox::{Combobox, Item, Lookup};
pub use date::DateInput;
pub use field::Field;
pub use icon::{icon, icon_large};
pub use layer::{Layer, Shape};
pub use menu::{Menu, MenuItem};
pub use popover::Popover;
pub use states::{empty, failed, loading_rows, soon, spinner};
pub use tabs::tabs;
