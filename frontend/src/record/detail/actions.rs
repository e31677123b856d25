//! What one does with a record as a whole.

use super::{Open, act};
use crate::api::actions::{self, Action, Offered};
use crate::api::records;
use crate::bridge;
use crate::i18n::{ACCESS_TITLE, COPIED, COPY_LINK, DELETE, DELETED, EDIT, MORE, PRINT, UNDO, label, t, tf};
use crate::state::current::Current;
use crate::state::session::may;
use crate::state::{app, prefs, toast, touched};
use crate::ui::{Button, Menu, MenuItem, icon};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

pub fn bar(open: Open) -> AnyView {
    let offered = RwSignal::new(Offered::default());
    let object = open.object();
    let allowed = move |action: &str| may(&object.name, action) && offered.with(|o| o.allows(action));
    Effect::new(move || {
        // What is possible changes with the record.
        open.record.track();
        leptos::task::spawn_local(async move {
            if let Ok(found) = actions::list(&open.object(), &open.id.get_value()).await {
                let _ = offered.try_set(found);
            }
        });
    });
    let deletable = allowed.clone();
    let items = move || {
        // They may come while the menu is open already.
        let mut items: Vec<MenuItem> = offered.with(|all| all.data.iter().map(offer).collect());
        items.push(MenuItem::new("link", t(COPY_LINK), || {
            copy_link(window().location().href().unwrap_or_default());
        }));
        items.push(MenuItem::new("printer", t(PRINT), print));
        items.push(MenuItem::new("shield-question-mark", t(ACCESS_TITLE), move || {
            open.url.replace(&[("access", Some("me".to_owned()))]);
        }));
        if deletable("delete") {
            let gone = move || open.url.go(format!("/o/{}", open.object().plural));
            items.push(MenuItem::new("trash-2", t(DELETE), move || delete(gone)).danger());
        }
        items
    };
    view! {
        {move || allowed("edit").then(|| view! {
            <Button label=t(EDIT) icon="pencil" icon_only=prefs::narrow() on_click=move |_| open.url.replace(&[("edit", Some("1".to_owned()))])/>
        })}
        <Menu label=t(MORE) face=icon("ellipsis") items=items/>
    }
    .into_any()
}

fn offer(action: &Action) -> MenuItem {
    let this = action.clone();
    MenuItem::new("zap", label(&action.label), move || {
        if let Some(on) = app().current.get_untracked() {
            act::begin(on, this.clone());
        }
    })
}

pub fn copy_link(address: String) {
    leptos::task::spawn_local(async move {
        if bridge::copy(&address).await {
            toast::done(t(COPIED));
        }
    });
}

pub fn print() {
    // Once the menu is gone.
    set_timeout(
        || {
            let _ = window().print();
        },
        Duration::from_millis(50),
    );
}

/// The record on screen goes to the recycle bin, with a way back; `leave` shows the list it came from.
pub fn delete(leave: impl Fn() + 'static) {
    let Some(Current { object, id, title, version }) = app().current.get_untracked() else { return };
    leptos::task::spawn_local(async move {
        match records::delete(&object, &id, version).await {
            Ok(()) => {
                leave();
                // Once its page is gone: it would look for what is no longer there.
                set_timeout(touched, Duration::from_millis(50));
                let text = tf(DELETED, &[("title", &title)]);
                toast::undoable(text, t(UNDO), move || restore(object.clone(), id.clone()));
            }
            Err(error) => toast::error(&error),
        }
    });
}

fn restore(object: Arc<ObjectMeta>, id: String) {
    leptos::task::spawn_local(async move {
        match records::restore(&object, &id).await {
            Ok(()) => touched(),
            Err(error) => toast::error(&error),
        }
    });
}
