//! Who is signed in.

use crate::api::auth::{self, Me};
use crate::api::client::ApiError;
use crate::state::{app, catalog};
use leptos::prelude::*;
use std::sync::Arc;

#[derive(Clone)]
pub enum Session {
    /// Not known yet: the cookie has been sent and not answered.
    Starting,
    Anonymous,
    SignedIn(Arc<Me>),
    /// The server cannot be reached or fails.
    Failed(ApiError),
}

/// Asks the server whom the cookies stand for, then loads what that person may see.
pub async fn start() {
    match auth::me().await {
        Ok(me) => enter(me).await,
        Err(error) if error.is_unauthenticated() => app().session.set(Session::Anonymous),
        Err(error) => app().session.set(Session::Failed(error)),
    }
}

async fn enter(me: Me) {
    if let Some(id) = &me.id {
        crate::bridge::seen_by(id).await;
    }
    super::own::adopt(&me);
    match catalog::load().await {
        Ok(()) => {
            app().session.set(Session::SignedIn(Arc::new(me)));
            leptos::task::spawn_local(super::offline::send());
        }
        Err(error) => app().session.set(Session::Failed(error)),
    }
}

/// Looks as another user, or as oneself again: everything is read anew.
pub fn look_as(user: Option<String>) {
    leptos::task::spawn_local(async move {
        match auth::view_as(user.as_deref()).await {
            Ok(()) => {
                super::lists::forget_all();
                crate::bridge::forget_seen().await;
                let _ = window().location().set_href("/");
            }
            Err(error) => super::toast::error(&error),
        }
    });
}

pub async fn sign_out() {
    // Whatever the server answers, this browser forgets.
    let onward = auth::logout().await.ok().flatten();
    super::lists::forget_all();
    super::toast::forget();
    crate::bridge::forget_seen().await;
    // The provider through which one came sends one back here.
    if let Some(url) = onward {
        let _ = leptos::prelude::window().location().set_href(&url);
        return;
    }
    app().session.set(Session::Anonymous);
}

/// The session ended under our feet.
pub fn expired() {
    if matches!(app().session.get_untracked(), Session::SignedIn(_)) {
        leptos::task::spawn_local(crate::bridge::forget_seen());
        super::lists::forget_all();
        super::toast::forget();
        app().session.set(Session::Anonymous);
    }
}

/// Something about the signed-in person has changed.
pub fn renew(me: Me) {
    app().session.set(Session::SignedIn(Arc::new(me)));
}

pub fn me() -> Option<Arc<Me>> {
    match app().session.get_untracked() {
        Session::SignedIn(me) => Some(me),
        _ => None,
    }
}

/// May the signed-in person do this with records of this object? The server decides again.
pub fn may(object: &str, action: &str) -> bool {
    me().is_some_and(|me| may_of(&me, object, action))
}

fn may_of(me: &Me, object: &str, action: &str) -> bool {
    me.permissions.get(object).is_some_and(|granted| granted.get(action).is_some())
}
