//! Signing in, keys, applications, companies.

mod auth;
mod directory;
mod elsewhere;
mod host;
mod host_factor;
mod invitations;
mod keys;
mod linked;
mod oauth;
mod passkeys;
mod password_policy;
mod second_factor;
mod sessions;
mod tenants;
