//! The program as a whole: as a process, with generated clients, fuzzed.

mod clients;
mod demo;
mod fuzzing;
mod operations;
