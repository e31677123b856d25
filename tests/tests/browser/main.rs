//! The web client in a real browser.

mod access;
mod acts;
mod cells;
mod daily;
mod forms;
mod grid;
mod host;
mod host_factor;
mod import;
mod layouts;
mod lists;
mod main_path;
mod merge;
mod passkeys;
mod people;
mod phone;
mod pictures;
mod privacy;
mod programs;
mod quality;
mod rights;
mod second_factor;
mod security;
mod sign_in;
mod views;
