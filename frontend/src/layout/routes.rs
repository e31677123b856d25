//! Which screen an address means. One route for all: each further one would bring the router's code once more.

use super::{nav, settings, shell};
use crate::{lazy, record};
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Redirect, Route};
use leptos_router::hooks::use_location;
use leptos_router::params::ParamsMap;
use leptos_router::path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Screen {
    Home,
    List,
    Create,
    Merge,
    Record,
    Edit,
    Imports,
    Settings,
    /// One of the settings.
    Page(usize),
    Welcome,
    Recycle,
    Gallery,
    Missing,
}

/// A screen, and what its path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    screen: Screen,
    /// The object, as in `/o/accounts`.
    pub plural: String,
    pub id: Option<String>,
}

impl Place {
    fn read(path: &str) -> Place {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (screen, plural, id) = match parts[..] {
            [] => (Screen::Home, "", None),
            ["o", plural] => (Screen::List, plural, None),
            ["o", plural, "new"] => (Screen::Create, plural, None),
            ["o", plural, "merge"] => (Screen::Merge, plural, None),
            ["o", plural, id] => (Screen::Record, plural, Some(id)),
            ["o", plural, id, "edit"] => (Screen::Edit, plural, Some(id)),
            ["imports"] => (Screen::Imports, "", None),
            ["imports", id] => (Screen::Imports, "", Some(id)),
            ["settings"] => (Screen::Settings, "", None),
            ["welcome"] => (Screen::Welcome, "", None),
            ["recycle"] => (Screen::Recycle, "", None),
            ["ui"] => (Screen::Gallery, "", None),
            _ => (settings::at(path.trim_end_matches('/')).map_or(Screen::Missing, Screen::Page), "", None),
        };
        Place { screen, plural: plural.to_owned(), id: id.map(str::to_owned) }
    }
}

impl Screen {
    fn draw(self) -> AnyView {
        match self {
            Screen::Home => home(),
            Screen::List => record::list::screen(),
            Screen::Create => lazy::create_page(),
            Screen::Merge => lazy::merge_screen(),
            Screen::Record => lazy::record_screen(),
            Screen::Edit => lazy::edit_page(),
            Screen::Imports => lazy::import_screen(),
            Screen::Settings => lazy::settings_screen(),
            Screen::Page(at) => {
                settings::PAGES.get(at).filter(|page| page.allowed()).map_or_else(shell::missing, |p| (p.draw)())
            }
            Screen::Welcome => lazy::welcome_screen(),
            Screen::Recycle => lazy::recycle_screen(),
            Screen::Gallery => gallery(),
            Screen::Missing => shell::missing(),
        }
    }
}

/// What a screen reads of its address: as it was, once the address means another screen.
#[derive(Clone, Copy)]
struct Held {
    place: Memo<Place>,
    query: Memo<ParamsMap>,
}

/// Where the screen stands that asks.
pub fn place() -> Memo<Place> {
    use_context().map_or_else(|| Memo::new(|_| Place::read("/")), |held: Held| held.place)
}

/// What stands behind the path of the screen that asks, or of whatever is shown.
pub fn query() -> Memo<ParamsMap> {
    use_context().map_or_else(|| use_location().query, |held: Held| held.query)
}

pub fn routes() -> AnyView {
    view! {
        <FlatRoutes fallback=screens>
            <Route path=path!("/*path") view=screens/>
        </FlatRoutes>
    }
    .into_any()
}

fn screens() -> AnyView {
    let at = use_location();
    let place = Memo::new(move |_| Place::read(&at.pathname.get()));
    // Of another object, it is another screen.
    let now = Memo::new(move |_| place.with(|place| (place.screen, place.plural.clone())));
    (move || {
        let drawn = StoredValue::new(now.get());
        let left = move || drawn.with_value(|drawn| now.with(|now| now != drawn));
        provide_context(Held {
            place: Memo::new(move |last: Option<&Place>| {
                let now = place.get();
                last.filter(|_| left()).cloned().unwrap_or(now)
            }),
            query: Memo::new(move |last: Option<&ParamsMap>| {
                let now = at.query.get();
                last.filter(|_| left()).cloned().unwrap_or(now)
            }),
        });
        drawn.with_value(|(screen, _)| screen.draw())
    })
    .into_any()
}

/// The first list that this person has.
fn home() -> AnyView {
    match nav::groups().into_iter().flat_map(|group| group.objects).next() {
        Some(object) => view! { <Redirect path=nav::list_url(&object)/> }.into_any(),
        None => shell::missing(),
    }
}

/// The parts of the design system, in development.
fn gallery() -> AnyView {
    #[cfg(debug_assertions)]
    return crate::ui::gallery::screen();
    #[cfg(not(debug_assertions))]
    shell::missing()
}
