//! Spreadsheets in and out: typed cells, readers and writers of CSV, XLSX and NDJSON as streams of rows, and on top
//! of them import (mapping, dry run, job, undo) and export of any object.
//!
//! `read` and `write` know neither objects nor the database; memory stays bounded whatever the file.

pub mod analyse;
mod cell;
pub mod change;
mod check;
pub mod convert;
pub mod directory;
pub mod export;
pub mod hints;
pub mod ledger;
mod link;
pub mod mapping;
pub mod preview;
pub mod read;
pub mod results;
pub mod rows;
pub mod run;
pub mod settings;
pub mod template;
pub mod texts;
pub mod undo;
pub mod write;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

pub use cell::Cell;

/// The file formats of import and export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Xlsx,
    Ndjson,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Ndjson => "ndjson",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        [Self::Csv, Self::Xlsx, Self::Ndjson].into_iter().find(|f| f.name() == name).ok_or(())
    }
}
