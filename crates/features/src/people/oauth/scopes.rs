//! Scopes: `account:read`, `account:write`, `account:<action>`, with `*` for every object. Each stands for actions, and
//! never for more than the person or role can do.

use kezhan_engine::Action;
use kezhan_engine::access::Bounds;
use kezhan_engine::access::bounds::{Actions, EVERY};
use kezhan_meta::Catalog;
use std::collections::{BTreeMap, BTreeSet};

/// Most scopes of one application.
pub const MAX: usize = 200;

/// Writing is what changes records: not reading, and none of what goes to many or to others.
const WRITE: [Action; 3] = [Action::Create, Action::Edit, Action::Delete];

/// Object and actions that a scope stands for.
fn parse(scope: &str) -> Option<(&str, Vec<Action>)> {
    let (object, word) = scope.split_once(':').filter(|(o, _)| *o == EVERY || kezhan_meta::check::is_key(o))?;
    let actions = match word {
        "write" => WRITE.to_vec(),
        word => vec![Action::ALL.into_iter().find(|a| a.key() == word)?],
    };
    Some((object, actions))
}

/// The scopes in a text, sorted, each once.
pub fn list(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The first scope that means nothing here.
pub fn unknown<'s>(scopes: &'s [String], catalog: &Catalog) -> Option<&'s str> {
    let known = |scope: &str| parse(scope).is_some_and(|(object, _)| object == EVERY || catalog.get(object).is_some());
    scopes.iter().map(String::as_str).find(|scope| !known(scope))
}

fn actions(scopes: &[String]) -> BTreeMap<String, BTreeSet<Action>> {
    let mut out: BTreeMap<String, BTreeSet<Action>> = BTreeMap::new();
    for (object, actions) in scopes.iter().filter_map(|scope| parse(scope)) {
        out.entry(object.to_owned()).or_default().extend(actions);
    }
    out
}

/// Does `outer` allow this scope?
pub fn covers(outer: &[String], scope: &str) -> bool {
    let allowed = actions(outer);
    let has = |object: &str, action: Action| {
        [object, EVERY].iter().filter_map(|name| allowed.get(*name)).any(|known| known.contains(&action))
    };
    parse(scope).is_some_and(|(object, wanted)| wanted.into_iter().all(|action| has(object, action)))
}

/// The scopes that are left of these where only those are allowed.
pub fn within(scopes: &[String], allowed: &[String]) -> Vec<String> {
    scopes.iter().filter(|scope| covers(allowed, scope)).cloned().collect()
}

/// What someone who holds these is held to.
pub fn bounds(scopes: &[String]) -> Bounds {
    let objects = actions(scopes).into_iter().map(|(object, actions)| (object, Actions::Only(actions))).collect();
    Bounds { objects: Some(objects), fields: BTreeMap::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        list(text)
    }

    #[test]
    fn a_scope_is_covered_by_what_says_no_less() {
        let app = of("account:read account:write *:read");
        for inside in ["account:read", "account:edit", "account:write", "contact:read", "*:read"] {
            assert!(covers(&app, inside), "{inside}");
        }
        for outside in ["contact:write", "account:export", "*:write", "account", "account:fly", ":read", "openid"] {
            assert!(!covers(&app, outside), "{outside}");
        }
        assert_eq!(within(&of("account:read lead:write"), &app), of("account:read"));
        assert_eq!(bounds(&of("openid")).objects, Some(BTreeMap::new()), "what means nothing allows nothing");
    }
}
