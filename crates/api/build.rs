//! Migrations are embedded by a macro, which cargo cannot see through: tell it when one is added.
#![allow(clippy::print_stdout)]

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
