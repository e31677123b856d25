//! Prints the SQL of standard objects' tables, for a new migration: `cargo run -p kezhan-features --example ddl -- account`,
//! or of all of them, with their foreign keys, without a name.
#![allow(clippy::print_stdout)]

use kezhan_engine::ddl;
use kezhan_meta::{Label, ObjectMeta};
use std::process::ExitCode;

fn main() -> ExitCode {
    let catalog = kezhan_domain::standard();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| catalog.get(name).is_none()) {
        eprintln!("no object is called {unknown}");
        return ExitCode::FAILURE;
    }
    let shared =
        ObjectMeta::custom("custom_record".into(), "custom_records".into(), Label::default(), Label::default(), vec![]);
    let mut objects: Vec<&ObjectMeta> = catalog
        .objects()
        .map(AsRef::as_ref)
        .filter(|o| wanted.is_empty() || wanted.iter().any(|w| *w == o.name))
        .collect();
    if wanted.is_empty() {
        objects.push(&shared);
    }
    for object in &objects {
        println!("-- {}\n{}", object.label.en, ddl::create_table(object));
    }
    for object in &objects {
        let table_of = |name: &str| catalog.get(name).map(|o| o.table.to_string());
        let keys = ddl::foreign_keys(object, table_of);
        if !keys.is_empty() {
            println!("{keys}");
        }
    }
    ExitCode::SUCCESS
}
