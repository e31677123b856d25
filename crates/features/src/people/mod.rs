//! Who someone is: passwords, sign-in, sessions, API keys, and what a caller may reach.

pub mod access;
pub mod admit;
pub mod api_key;
pub mod challenge;
pub mod definitions;
pub mod delegation;
pub mod door;
pub mod effect;
pub mod end_sessions;
pub mod factors;
pub mod hand_over;
pub mod hooks;
pub mod identity;
pub mod invite;
mod kept;
pub mod limits;
pub mod links;
pub mod lock;
pub mod members;
pub mod move_effect;
pub mod oauth;
pub mod outside;
pub mod password;
pub mod policy;
pub mod presets;
pub mod reach;
pub mod reveal;
pub mod session;
pub mod sessions;
pub mod set_password;
pub mod setup;
pub mod sharing;
pub mod sign_in;
pub mod transfer;
pub mod username;
pub mod uses;

pub use identity::{Credential, Identities, Identity};

use kezhan_engine::Hooks;
use std::sync::Arc;

/// What this area adds to the life of records.
pub fn hooks() -> Vec<(String, Arc<dyn Hooks>)> {
    vec![
        ("user".into(), Arc::new(hooks::Users)),
        ("department".into(), Arc::new(hooks::Departments)),
        ("role".into(), Arc::new(hooks::Roles)),
        ("record_member".into(), Arc::new(members::RecordMembers)),
        ("oauth_client".into(), Arc::new(oauth::clients::Clients)),
        ("sharing_rule".into(), Arc::new(sharing::SharingRules)),
        ("identity_provider".into(), Arc::new(outside::hooks::IdentityProviders)),
        ("directory".into(), Arc::new(outside::hooks::Directories)),
        ("object_definition".into(), Arc::new(definitions::Objects)),
        ("field_definition".into(), Arc::new(definitions::Fields)),
    ]
}

/// 32 random bytes.
pub(crate) fn random_bytes() -> [u8; 32] {
    rand::random()
}

/// 32 random bytes as text that goes into a cookie.
pub fn random_token() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random_bytes())
}

/// What is kept of a secret token.
pub(crate) fn digest(secret: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    Sha256::digest(secret).to_vec()
}

/// Compares without telling by the time it takes where the difference is.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}
