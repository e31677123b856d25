//! The object engine without HTTP.

mod expand;
mod jobs;
mod queries;
mod records;
mod storage;
