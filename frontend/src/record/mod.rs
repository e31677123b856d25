//! The screens that every object has, drawn from its metadata.

pub mod ask;
pub mod conflict;
pub mod detail;
pub mod export;
pub mod few;
pub mod files;
pub mod filter;
pub mod follow;
pub mod form;
pub mod import;
pub mod list;
pub mod merge;
pub mod recycle;
pub mod settled;
pub mod similar;
pub mod url;
