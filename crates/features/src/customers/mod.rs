//! Accounts, contacts, leads.

pub mod convert;
