//! What is special about each object: hooks, actions, jobs, queries; one folder per area.
//!
//! Lives here: behaviour that metadata cannot say, identity, and the assembled engine. Never here: HTTP, or a
//! second way to write a record.

pub mod actions;
pub mod customers;
pub mod demo;
mod fits;
pub mod host;
pub mod names;
pub mod people;
pub mod platform;
pub mod sales;
pub mod work;

use kezhan_engine::{Engine, Hooks};
use std::sync::Arc;

/// The engine with the standard objects and everything that the areas add to them.
pub fn engine() -> Engine {
    let mut hooks: Vec<(String, Arc<dyn Hooks>)> = Vec::new();
    hooks.extend(people::hooks());
    hooks.extend(sales::hooks());
    hooks.extend(work::hooks());
    hooks.extend(platform::hooks());
    for entry in kezhan_domain::registry::entries() {
        if entry.meta.english().is_some() {
            hooks.push((entry.meta.name.to_string(), Arc::new(names::Named)));
        }
        hooks.push((entry.meta.name.to_string(), Arc::new(fits::Fits(entry.fits))));
    }
    Engine::new(kezhan_domain::standard().clone(), hooks)
}
