//! What surrounds every screen: sign-in, shell, navigation, palette.

mod arranged;
pub mod bell;
pub mod help;
pub mod inbox;
pub mod kept;
pub mod nav;
pub mod palette;
pub mod preferences;
mod profile;
pub mod routes;
pub mod security;
pub mod settings;
pub mod shell;
pub mod sign_in;
pub mod user_menu;
