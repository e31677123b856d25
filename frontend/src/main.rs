//! The web client. Screens come from the server's metadata; nothing here knows a concrete object by heart
//! except what lives under `features`.

mod api;
mod app;
mod bridge;
mod features;
mod fields;
mod i18n;
mod layout;
mod lazy;
mod record;
mod state;
mod ui;

fn main() {
    console_error_panic_hook::set_once();
    // Leptos starts its own executor when it mounts.
    wasm_bindgen_futures::spawn_local(async {
        i18n::load(state::prefs::stored_lang()).await;
        leptos::mount::mount_to_body(app::root);
    });
}
