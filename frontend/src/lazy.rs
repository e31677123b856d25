//! Screens and dialogs whose code is fetched when they are first needed: with the feature `split` each becomes a file of
//! its own, without it (in development) all is one. Everything outside calls them through here, because one direct call
//! would pull the code back into the first load.

use crate::i18n::{self, RETRY, SCREEN_UNAVAILABLE, t};
use crate::record::ask::Ask;
use crate::record::conflict::Conflict;
use crate::record::detail::Open;
use crate::record::files::Uploads;
use crate::record::list::List;
use crate::record::list::views::Edited;
use crate::record::list::write::Write;
use crate::record::url::Url;
use crate::state::current::Acting;
use crate::ui::{self, Button};
use futures_util::future::join;
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use send_wrapper::SendWrapper;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

type Loaded = Result<AnyView, SplitLoaderError>;
type Coming<T> = Pin<Box<dyn Future<Output = Result<T, SplitLoaderError>>>>;

/// `file { name(arguments) => view; }`. Each file is entered at one place, as each further one costs the first load a
/// kilobyte.
macro_rules! lazily {
    ($($file:ident { $($name:ident($($arg:ident: $kind:ty),*) => $view:expr;)+ })+) => {$(
        mod $file {
            use super::*;

            #[allow(non_camel_case_types)]
            #[derive(Clone)]
            pub enum Wanted {
                $($name($($kind),*)),+
            }

            #[cfg(feature = "split")]
            #[leptos::wasm_split::wasm_split($file, wasm_split_path = leptos::wasm_split, preload(fetched), fallible)]
            fn open(wanted: Wanted) -> Loaded {
                Ok(match wanted { $(Wanted::$name($($arg),*) => $view),+ })
            }

            #[cfg(not(feature = "split"))]
            async fn open(wanted: Wanted) -> Loaded {
                Ok(match wanted { $(Wanted::$name($($arg),*) => $view),+ })
            }

            #[cfg(not(feature = "split"))]
            async fn fetched() -> Result<(), SplitLoaderError> {
                Ok(())
            }

            pub fn fetch() -> Coming<()> {
                Box::pin(fetched())
            }

            pub fn later(wanted: Wanted) -> AnyView {
                super::later(fetch, Box::new(move || Box::pin(open(wanted.clone()))))
            }
        }

        $(pub fn $name($($arg: $kind),*) -> AnyView {
            $file::later($file::Wanted::$name($($arg),*))
        })+
    )+};
}

lazily! {
    detail {
        record_screen() => crate::record::detail::screen();
        outbox(open: RwSignal<bool>) => crate::record::detail::waiting::dialog(open);
        peek(object: Arc<ObjectMeta>, id: String, url: Url) => crate::record::detail::peek::aside(object, id, url);
    }
    files {
        files_panel(open: Open, uploads: Uploads) => crate::record::files::panel(open, uploads);
    }
    form {
        create_form(object: Arc<ObjectMeta>, url: Url) => crate::record::form::create_layer(object, url);
        edit_form(object: Arc<ObjectMeta>, record: Record, close: Callback<()>) =>
            crate::record::form::edit_layer(object, record, close);
        create_page() => crate::record::form::create_page();
        edit_page() => crate::record::form::edit_page();
    }
    kanban {
        kanban(list: List) => crate::record::list::layouts::board::screen(list);
    }
    calendar {
        calendar(list: List) => crate::record::list::layouts::calendar::calendar(list);
    }
    gallery {
        gallery(list: List) => crate::record::list::layouts::gallery::gallery(list);
        tree(list: List) => crate::record::list::layouts::tree::tree(list);
    }
    chart {
        chart(list: List) => crate::record::list::layouts::chart::chart(list);
    }
    columns {
        layout_settings(list: List) => crate::record::list::layouts::settings::panel(list);
        totals_line(list: List) => crate::record::list::summary::line(list);
        sort_panel(list: List) => crate::record::list::sort_panel::panel(list);
        columns_panel(list: List) => crate::record::list::columns::panel(list);
    }
    cell {
        ask(ask: Ask) => crate::record::ask::dialog(ask);
        cell_editor(list: List) => crate::record::list::editor::editor(list);
        cell_tools(list: List) => crate::record::list::tools::tools(list);
    }
    batch {
        batch_bar(list: List, exporting: RwSignal<bool>) => crate::record::list::batch::bar(list, exporting);
        row_pressed(list: List, write: Write, text: String) => crate::record::list::write::pressed(list, write, text);
        list_news(list: List) => crate::record::list::news::chip(list);
    }
    groups {
        group_panel(list: List) => crate::record::list::groups::panel(list);
        grouping(list: List) => crate::record::list::groups::hands(list);
    }
    filter {
        filter_dialog(list: List, open: RwSignal<bool>) => crate::record::filter::dialog(list, open, None);
        filter_chips(list: List) => crate::record::filter::chips::chips(list);
        filter_broken(list: List) => crate::record::filter::broken(list);
    }
    merge {
        merge_screen() => crate::record::merge::screen();
    }
    export {
        export_dialog(list: List, open: RwSignal<bool>) => crate::record::export::dialog(list, open);
    }
    import {
        import_screen() => crate::record::import::screen();
    }
    conflict {
        conflict(conflict: Conflict) => crate::record::conflict::dialog(conflict);
    }
    act {
        act(acting: Acting) => crate::record::detail::act::dialog(acting);
    }
    door {
        sign_in() => crate::layout::sign_in::screen();
        host_screen() => crate::features::host::screen();
        security_screen() => crate::layout::security::screen();
        welcome_screen() => crate::layout::sign_in::welcome::signed_in();
    }
    palette {
        palette(open: RwSignal<bool>) => crate::layout::palette::panel(open);
    }
    views {
        view_dialog(list: List, edited: RwSignal<Option<Edited>>) =>
            crate::record::list::views::save::dialog(list, edited);
        view_changes(list: List, edited: RwSignal<Option<Edited>>) =>
            crate::record::list::views::changes::note(list, edited);
        views_panel(list: List, edited: RwSignal<Option<Edited>>) =>
            crate::record::list::views::manage::panel(list, edited);
    }
    inbox {
        inbox(open: RwSignal<bool>) => crate::layout::inbox::panel(open);
    }
    manage {
        preferences_screen() => crate::layout::preferences::screen();
        help(open: RwSignal<bool>) => crate::layout::help::dialog(open);
        settings_screen() => crate::layout::settings::index::screen();
        recycle_screen() => crate::record::recycle::screen();
    }
    audit {
        keys_screen() => crate::features::people::keys::screen();
        apps_screen() => crate::features::people::apps::screen();
        consent_screen() => crate::features::people::apps::consent::screen();
        audit_screen() => crate::features::people::audit::screen();
    }
    roles {
        change_effect(object: Arc<ObjectMeta>, base: Record, live: Memo<Record>) =>
            crate::features::people::effect::of_change(object, base, live);
        roles_screen() => crate::features::people::roles::screen();
        sharing_screen() => crate::features::people::sharing::screen();
        invitations_screen() => crate::features::people::invitations::screen();
        policy_screen() => crate::features::people::policy::screen();
        hand_over_screen() => crate::features::people::hand_over::screen();
    }
    privacy {
        data_map_screen() => crate::features::platform::privacy::data_map::screen();
        privacy_screen() => crate::features::platform::privacy::screen();
    }
    elsewhere {
        elsewhere_screen() => crate::features::people::sign_in::screen();
    }
    access {
        reveal_dialog(open: Open) => crate::features::people::reveal::dialog(open);
        access_panel(open: Open) => crate::features::people::explain::panel(open);
    }
}

/// The code of a record's page comes while it is not known yet who asks for it.
pub fn ahead() {
    let path = window().location().pathname().unwrap_or_default();
    if path.starts_with("/o/") && path.matches('/').count() > 2 {
        leptos::task::spawn_local(async {
            let _ = detail::fetch().await;
        });
    }
}

/// What one opens next from a list comes while the list is being read, so that the press is answered at once. Not while
/// that list is still on its way: its answer would wait behind all of this.
pub fn warm() {
    let fetch = || {
        leptos::task::spawn_local(async {
            i18n::rest().await;
            // What cannot be had now is asked for again when it is needed.
            for fetch in [
                detail::fetch,
                form::fetch,
                palette::fetch,
                cell::fetch,
                batch::fetch,
                filter::fetch,
                columns::fetch,
                groups::fetch,
                kanban::fetch,
            ] {
                let _ = fetch().await;
            }
        });
    };
    // Safari has learnt it late.
    let idle = js_sys::Reflect::has(&window(), &"requestIdleCallback".into()).unwrap_or_default();
    set_timeout(move || if idle { request_idle_callback(fetch) } else { fetch() }, Duration::from_millis(800));
}

/// Nothing until code and texts are there; after a failure a way to try again.
fn later(fetch: fn() -> Coming<()>, open: Box<dyn Fn() -> Coming<AnyView> + Send + Sync>) -> AnyView {
    let attempt = RwSignal::new(0_u32);
    (move || {
        attempt.track();
        let (code, view) = (fetch(), open());
        Suspend::new(SendWrapper::new(async move {
            // Side by side, and both before anything is drawn.
            if let (true, Ok(())) = join(i18n::rest(), code).await
                && let Ok(view) = view.await
            {
                return view;
            }
            unavailable(attempt)
        }))
    })
    .into_any()
}

fn unavailable(attempt: RwSignal<u32>) -> AnyView {
    let action = view! { <Button label=t(RETRY) icon="rotate-cw" on_click=move |_| attempt.update(|n| *n += 1)/> };
    ui::empty("cloud-off", t(SCREEN_UNAVAILABLE), "", action.into_any())
}
