//! Screens and dialogs whose code is fetched when they are first needed: with the feature `split` each becomes a file of
//! its own, without it (in development) all is one. Everything outside calls them through here, because one direct call
//! would pull the code back into the first load.

use crate::i18n::{RETRY, SCREEN_UNAVAILABLE, t};
use crate::record::conflict::Conflict;
use crate::record::detail::Open;
use crate::record::files::Uploads;
use crate::record::list::List;
use crate::record::list::views::Edited;
use crate::record::url::Url;
use crate::state::current::Acting;
use crate::ui::{self, Button};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use send_wrapper::SendWrapper;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

type Loaded = Result<AnyView, SplitLoaderError>;

/// `file: name(arguments) => view`; several names may share a file.
macro_rules! lazily {
    ($($file:ident: $name:ident($($arg:ident: $kind:ty),*) => $view:expr;)+) => {$(
        mod $name {
            use super::*;

            #[cfg(feature = "split")]
            #[leptos::wasm_split::wasm_split($file, wasm_split_path = leptos::wasm_split, preload(#[allow(dead_code)] fetch), fallible)]
            pub fn $name($($arg: $kind),*) -> Loaded {
                Ok($view)
            }

            #[cfg(not(feature = "split"))]
            pub async fn $name($($arg: $kind),*) -> Loaded {
                Ok($view)
            }

            #[cfg(not(feature = "split"))]
            #[allow(dead_code, reason = "only some are fetched beforehand")]
            pub async fn fetch() -> Result<(), SplitLoaderError> {
                Ok(())
            }
        }

        pub fn $name($($arg: $kind),*) -> AnyView {
            later(move || $name::$name($($arg.clone()),*))
        }
    )+};
}

lazily! {
    detail: record_screen() => crate::record::detail::screen();
    detail: outbox(open: RwSignal<bool>) => crate::record::detail::waiting::dialog(open);
    detail: peek(object: Arc<ObjectMeta>, id: String, url: Url) => crate::record::detail::peek::aside(object, id, url);
    files: files_panel(open: Open, uploads: Uploads) => crate::record::files::panel(open, uploads);
    form: create_form(object: Arc<ObjectMeta>, url: Url) => crate::record::form::create_layer(object, url);
    form: edit_form(object: Arc<ObjectMeta>, record: Record, close: Callback<()>) =>
        crate::record::form::edit_layer(object, record, close);
    form: create_page() => crate::record::form::create_page();
    form: edit_page() => crate::record::form::edit_page();
    kanban: kanban(list: List) => crate::record::list::layouts::board::screen(list);
    calendar: calendar(list: List) => crate::record::list::layouts::calendar::calendar(list);
    gallery: gallery(list: List) => crate::record::list::layouts::gallery::gallery(list);
    chart: chart(list: List) => crate::record::list::layouts::chart::chart(list);
    columns: layout_settings(list: List) => crate::record::list::layouts::settings::panel(list);
    cell: cell_editor(list: List) => crate::record::list::editor::editor(list);
    cell: cell_tools(list: List) => crate::record::list::tools::tools(list);
    batch: batch_bar(list: List, exporting: RwSignal<bool>) => crate::record::list::batch::bar(list, exporting);
    groups: group_panel(list: List) => crate::record::list::groups::panel(list);
    groups: grouping(list: List) => crate::record::list::groups::hands(list);
    columns: totals_line(list: List) => crate::record::list::summary::line(list);
    columns: sort_panel(list: List) => crate::record::list::sort_panel::panel(list);
    columns: columns_panel(list: List) => crate::record::list::columns::panel(list);
    filter: filter_dialog(list: List, open: RwSignal<bool>) => crate::record::filter::dialog(list, open, None);
    filter: filter_chips(list: List) => crate::record::filter::chips::chips(list);
    filter: filter_broken(list: List) => crate::record::filter::broken(list);
    merge: merge_screen() => crate::record::merge::screen();
    export: export_dialog(list: List, open: RwSignal<bool>) => crate::record::export::dialog(list, open);
    import: import_screen() => crate::record::import::screen();
    conflict: conflict(conflict: Conflict) => crate::record::conflict::dialog(conflict);
    act: act(acting: Acting) => crate::record::detail::act::dialog(acting);
    door: sign_in() => crate::layout::sign_in::screen();
    palette: palette(open: RwSignal<bool>) => crate::layout::palette::panel(open);
    views: view_dialog(list: List, edited: RwSignal<Option<Edited>>) =>
        crate::record::list::views::save::dialog(list, edited);
    views: view_changes(list: List, edited: RwSignal<Option<Edited>>) =>
        crate::record::list::views::changes::note(list, edited);
    views: views_panel(list: List, edited: RwSignal<Option<Edited>>) =>
        crate::record::list::views::manage::panel(list, edited);
    door: host_screen() => crate::features::host::screen();
    inbox: inbox(open: RwSignal<bool>) => crate::layout::inbox::panel(open);
    manage: preferences_screen() => crate::layout::preferences::screen();
    manage: help(open: RwSignal<bool>) => crate::layout::help::dialog(open);
    manage: settings_screen() => crate::layout::settings::index::screen();
    audit: keys_screen() => crate::features::people::keys::screen();
    audit: apps_screen() => crate::features::people::apps::screen();
    audit: consent_screen() => crate::features::people::apps::consent::screen();
    door: security_screen() => crate::layout::security::screen();
    audit: audit_screen() => crate::features::people::audit::screen();
    roles: roles_screen() => crate::features::people::roles::screen();
    privacy: data_map_screen() => crate::features::platform::privacy::data_map::screen();
    roles: sharing_screen() => crate::features::people::sharing::screen();
    roles: invitations_screen() => crate::features::people::invitations::screen();
    door: welcome_screen() => crate::layout::sign_in::welcome::signed_in();
    roles: policy_screen() => crate::features::people::policy::screen();
    roles: hand_over_screen() => crate::features::people::hand_over::screen();
    elsewhere: elsewhere_screen() => crate::features::people::sign_in::screen();
    access: reveal_dialog(open: Open) => crate::features::people::reveal::dialog(open);
    access: access_panel(open: Open) => crate::features::people::explain::panel(open);
    privacy: privacy_screen() => crate::features::platform::privacy::screen();
    manage: recycle_screen() => crate::record::recycle::screen();
}

/// The code of a record's page comes while it is not known yet who asks for it.
pub fn ahead() {
    let path = window().location().pathname().unwrap_or_default();
    if path.starts_with("/o/") && path.matches('/').count() > 2 {
        leptos::task::spawn_local(async {
            let _ = record_screen::fetch().await;
        });
    }
}

/// What one opens next from a list comes while the list is being read, so that the press is answered at once. Not while
/// that list is still on its way: its answer would wait behind all of this.
pub fn warm() {
    let fetch = || {
        leptos::task::spawn_local(async {
            // What cannot be had now is asked for again when it is needed.
            let _ = record_screen::fetch().await;
            let _ = create_form::fetch().await;
            let _ = palette::fetch().await;
            let _ = cell_editor::fetch().await;
            let _ = batch_bar::fetch().await;
            let _ = filter_dialog::fetch().await;
            let _ = columns_panel::fetch().await;
            let _ = grouping::fetch().await;
            let _ = kanban::fetch().await;
        });
    };
    // Safari has learnt it late.
    let idle = js_sys::Reflect::has(&window(), &"requestIdleCallback".into()).unwrap_or_default();
    set_timeout(move || if idle { request_idle_callback(fetch) } else { fetch() }, Duration::from_millis(800));
}

/// Nothing until the code is there; after a failure a way to try again.
fn later<F>(load: impl Fn() -> F + Send + Sync + 'static) -> AnyView
where
    F: Future<Output = Loaded> + 'static,
{
    let attempt = RwSignal::new(0_u32);
    (move || {
        attempt.track();
        let load = load();
        Suspend::new(SendWrapper::new(async move {
            match load.await {
                Ok(view) => view,
                Err(_) => unavailable(attempt),
            }
        }))
    })
    .into_any()
}

fn unavailable(attempt: RwSignal<u32>) -> AnyView {
    let action = view! { <Button label=t(RETRY) icon="rotate-cw" on_click=move |_| attempt.update(|n| *n += 1)/> };
    ui::empty("cloud-off", t(SCREEN_UNAVAILABLE), "", action.into_any())
}
