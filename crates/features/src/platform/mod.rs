//! What serves all areas: imports and exports, people's inboxes.

pub mod bulk;
mod hints;
pub mod layouts;
pub mod merge;
pub mod notify;
pub mod privacy;
pub mod sealing;
pub mod transfer;
pub mod uploads;
mod views;

pub use hints::HINTS;

use kezhan_engine::Hooks;
use std::sync::Arc;

/// What this area adds to the life of records.
pub fn hooks() -> Vec<(String, Arc<dyn Hooks>)> {
    let mut all = privacy::hooks();
    all.extend([
        (layouts::OBJECT.into(), Arc::new(layouts::Layouts) as Arc<dyn Hooks>),
        (views::OBJECT.into(), Arc::new(views::Views)),
    ]);
    all
}
