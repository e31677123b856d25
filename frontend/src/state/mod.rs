//! What the whole application shares: preferences, session, metadata, toasts, remembered lists.
//!
//! Signals live as long as the page, so that code after an `await`, whose component may be gone, can use them.

pub mod catalog;
pub mod current;
pub mod faces;
pub mod favorites;
pub mod inbox;
pub mod lists;
pub mod live;
pub mod navigation;
pub mod offline;
pub mod own;
pub mod prefs;
pub mod recent;
pub mod session;
pub mod toast;
pub mod views;

use kezhan_meta::{Catalog, Lang};
use leptos::prelude::*;
use std::sync::Arc;

/// The signals of the application.
#[derive(Clone, Copy)]
pub struct App {
    pub session: RwSignal<session::Session>,
    pub catalog: RwSignal<Arc<Catalog>>,
    pub toasts: RwSignal<Vec<toast::Toast>>,
    /// What can be taken back, the last act last.
    pub undos: StoredValue<Vec<(u64, Callback<()>)>>,
    /// What was taken back, and can be done again.
    pub redos: StoredValue<Vec<Callback<()>>>,
    pub lang: RwSignal<Lang>,
    pub density: RwSignal<prefs::Density>,
    /// Grows with every record written here, so that lists and panels on screen know to look again.
    pub written: RwSignal<u64>,
    /// Notifications that wait to be read.
    pub unread: RwSignal<i64>,
    pub favorites: RwSignal<Vec<favorites::Favorite>>,
    pub recent: RwSignal<Vec<recent::Recent>>,
    /// The link of the navigation that was followed last: its place, and where it leads.
    pub followed: RwSignal<String>,
    pub navigation: RwSignal<navigation::Navigation>,
    pub views: RwSignal<views::Choices>,
    pub faces: RwSignal<faces::Faces>,
    /// The record that is open.
    pub current: RwSignal<Option<current::Current>>,
    pub acting: RwSignal<Option<current::Acting>>,
    /// The server does not answer: what is shown was seen before.
    pub offline: RwSignal<bool>,
    /// Follow-ups that wait to be sent.
    pub waiting: RwSignal<Vec<kezhan_meta::Record>>,
    /// A change that met another's.
    pub conflict: RwSignal<Option<crate::record::conflict::Conflict>>,
    /// Grows with everything that the server tells of by itself.
    pub told: RwSignal<u64>,
    /// Grows with what others do to the record on screen and to what hangs on it.
    pub heard: RwSignal<u64>,
    /// The object of the list on screen, and what others do in it, until the list has taken it up.
    pub listed: RwSignal<String>,
    pub news: RwSignal<Vec<live::Change>>,
}

thread_local! {
    static APP: App = {
        // Not the owner of whichever component asks first.
        let owner = Owner::new();
        let app = owner.with(|| App {
            session: RwSignal::new(session::Session::Starting),
            catalog: RwSignal::new(Arc::new(Catalog::default())),
            toasts: RwSignal::new(Vec::new()),
            undos: StoredValue::new(Vec::new()),
            redos: StoredValue::new(Vec::new()),
            lang: RwSignal::new(prefs::stored_lang()),
            density: RwSignal::new(prefs::Density::stored()),
            written: RwSignal::new(0),
            unread: RwSignal::new(0),
            favorites: RwSignal::new(Vec::new()),
            recent: RwSignal::new(Vec::new()),
            followed: RwSignal::new(String::new()),
            navigation: RwSignal::new(navigation::Navigation::default()),
            views: RwSignal::new(views::Choices::default()),
            faces: RwSignal::new(faces::Faces::new()),
            current: RwSignal::new(None),
            acting: RwSignal::new(None),
            offline: RwSignal::new(false),
            waiting: RwSignal::new(Vec::new()),
            conflict: RwSignal::new(None),
            told: RwSignal::new(0),
            heard: RwSignal::new(0),
            listed: RwSignal::new(String::new()),
            news: RwSignal::new(Vec::new()),
        });
        std::mem::forget(owner);
        app
    };
}

pub fn app() -> App {
    APP.with(|app| *app)
}

/// Something was written: whatever shows records looks again.
pub fn touched() {
    app().written.update(|n| *n += 1);
}
