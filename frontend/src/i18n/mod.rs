//! Texts in both languages. `t(SIGN_IN)` is checked at compile time: see `build.rs`.
//!
//! Reading a text does not subscribe to the language: the application is rebuilt when it changes.

use crate::state::prefs;
use kezhan_meta::{Label, Lang};

/// A text of the product, by its place in the tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(usize);

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

pub fn t(key: Key) -> &'static str {
    match prefs::lang() {
        Lang::Zh => ZH[key.0],
        Lang::En => EN[key.0],
    }
}

/// A text with `{name}` placeholders filled in.
pub fn tf(key: Key, values: &[(&str, &str)]) -> String {
    values.iter().fold(t(key).to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The name of a language in that language.
pub fn in_own_words(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => ZH[LANGUAGE_NAME.0],
        Lang::En => EN[LANGUAGE_NAME.0],
    }
}

/// A label of the metadata in the reader's language; the other language where this one is empty.
pub fn label(label: &Label) -> String {
    let lang = prefs::lang();
    let text = label.get(lang);
    if text.is_empty() {
        label.get(if lang == Lang::Zh { Lang::En } else { Lang::Zh }).to_owned()
    } else {
        text.to_owned()
    }
}
