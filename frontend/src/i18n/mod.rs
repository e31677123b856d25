//! Texts in both languages, of which the browser has those that were wanted. `t(SIGN_IN)` is checked at compile time:
//! see `build.rs`.
//!
//! Reading a text does not subscribe to the language: the application is rebuilt when it changes.

use crate::bridge;
use crate::state::prefs;
use kezhan_meta::{Label, Lang, trail};
use std::sync::OnceLock;

/// A text of the product, by its place in the tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(usize);

/// Texts that stand for words of the server; see `FAMILIES` in `build.rs`.
#[derive(Clone, Copy)]
pub struct Family(&'static [(&'static str, Key)]);

impl Family {
    /// What a word is called; the word itself where it has no text yet.
    pub fn name(self, word: &str) -> String {
        self.0.iter().find(|(known, _)| *known == word).map_or_else(|| word.to_owned(), |(_, key)| t(*key).to_owned())
    }
}

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

type Texts = OnceLock<Vec<&'static str>>;

/// Of each language what the first load can show, and what only parts that are fetched later do.
static TEXTS: [[Texts; 2]; 2] = [[OnceLock::new(), OnceLock::new()], [OnceLock::new(), OnceLock::new()]];

fn texts(lang: Lang) -> &'static [Texts; 2] {
    &TEXTS[usize::from(lang == Lang::En)]
}

async fn fetch(lang: Lang, rest: bool) -> bool {
    let texts = &texts(lang)[usize::from(rest)];
    if texts.get().is_none() {
        let all: &'static str = bridge::texts(lang.tag(), rest).await.leak();
        if !all.is_empty() {
            let _ = texts.set(all.split('\n').collect());
        }
    }
    texts.get().is_some()
}

/// Brings a language here, which has to be there before anything is drawn in it.
pub async fn load(lang: Lang) {
    fetch(lang, false).await;
}

/// Brings what parts that are fetched later show; false where it cannot be had now.
pub async fn rest() -> bool {
    fetch(prefs::lang(), true).await
}

/// Brings all of a language here, for whoever changes to it.
pub async fn whole(lang: Lang) {
    load(lang).await;
    fetch(lang, true).await;
}

pub fn t(key: Key) -> &'static str {
    let mut there = texts(prefs::lang()).iter().filter_map(|texts| texts.get()?.get(key.0).copied());
    // A text of the other file is an empty line.
    let text = there.find(|text| !text.is_empty());
    debug_assert!(text.is_some(), "text {} is asked for before it has come", key.0);
    text.unwrap_or_default()
}

/// A text with its placeholders filled in: `{name}` by the value of that name, `{name|record|records}` by what English
/// says after it. Its plural is all but the number 1 without decimals (CLDR, "en" cardinals); Chinese has none.
pub fn tf(key: Key, values: &[(&str, &str)]) -> String {
    let (mut out, mut rest) = (String::new(), t(key));
    while let Some((before, (hole, after))) = rest.split_once('{').and_then(|(b, a)| Some((b, a.split_once('}')?))) {
        out.push_str(before);
        let mut parts = hole.split('|');
        let name = parts.next().unwrap_or_default();
        let value = values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        debug_assert!(value.is_some(), "nothing for {name}");
        let value = value.unwrap_or_default();
        out.push_str(match (parts.next(), parts.next()) {
            (Some(one), Some(many)) => {
                if value == "1" {
                    one
                } else {
                    many
                }
            }
            _ => value,
        });
        rest = after;
    }
    out + rest
}

/// Between the members of a list.
pub fn comma() -> &'static str {
    t(LIST_COMMA)
}

/// The name of a language in that language.
pub fn in_own_words(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => ZH,
        Lang::En => EN,
    }
}

/// A name as it stands within a sentence: English begins it with a small letter, unless it is an abbreviation.
pub fn within(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(first), second) if prefs::lang() == Lang::En && !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(name.chars().skip(1)).collect()
        }
        _ => name.to_owned(),
    }
}

/// What an action of the audit trail is called; its key where it has no name.
pub fn action_name(key: &str) -> String {
    trail::action_label(key).map_or_else(|| key.to_owned(), |name| label(&name))
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
