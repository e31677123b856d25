//! The ways in besides a password here.

use crate::api::outside::Place;
use crate::api::records::encode;
use crate::i18n::{
    SIGN_IN_WHY_DENIED, SIGN_IN_WHY_EMAIL_DOMAIN, SIGN_IN_WHY_EMAIL_TAKEN, SIGN_IN_WHY_INACTIVE, SIGN_IN_WHY_PROVIDER,
    SIGN_IN_WHY_STATE, SIGN_IN_WHY_UNKNOWN_USER, SIGN_IN_WHY_UNPROVED, SIGN_IN_WITH, t, tf,
};
use crate::ui::icon;
use leptos::prelude::*;

/// Why a sign-in elsewhere did not succeed: the way back says so in the address.
pub fn why() -> Option<String> {
    let search = window().location().search().ok()?;
    let key = search.trim_start_matches('?').split('&').find_map(|part| part.strip_prefix("sign_in="))?;
    let text = match key {
        "state" => SIGN_IN_WHY_STATE,
        "denied" => SIGN_IN_WHY_DENIED,
        "unproved" => SIGN_IN_WHY_UNPROVED,
        "unknown_user" => SIGN_IN_WHY_UNKNOWN_USER,
        "email_domain" => SIGN_IN_WHY_EMAIL_DOMAIN,
        "email_taken" => SIGN_IN_WHY_EMAIL_TAKEN,
        "inactive" => SIGN_IN_WHY_INACTIVE,
        "provider" => SIGN_IN_WHY_PROVIDER,
        _ => return None,
    };
    Some(t(text).to_owned())
}

/// A way to each provider of the company, and from there back to where one is.
pub fn ways(places: Vec<Place>) -> AnyView {
    let at = window().location();
    let here = format!("{}{}", at.pathname().unwrap_or_default(), at.search().unwrap_or_default());
    let here = if here.contains("sign_in=") { "/".to_owned() } else { here };
    let link = |place: Place| {
        let href = format!("{}&return_to={}", place.start, encode(&here));
        // Not of the router: it leads away.
        view! { <a href=href rel="external" class="btn btn-plain w-full">{icon("key-round")}{tf(SIGN_IN_WITH, &[("name", &place.name)])}</a> }
    };
    places.into_iter().map(link).collect_view().into_any()
}
