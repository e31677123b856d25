//! What a record is found by, and what a query looks for: folded text, full pinyin, initials, digits.

mod sounds;

use kezhan_meta::rules::phone::{self, digits};
use kezhan_meta::rules::text::{fold, is_han, squash};

/// Longest stored search text, in characters.
const TEXT_MAX: usize = 500;
/// Characters of one name and of a long text that are searchable.
const NAME_MAX: usize = 120;
const LONG_MAX: usize = 200;
/// Characters of a name that are spelled out in pinyin.
const SPELLED_MAX: usize = 40;
/// More terms than this are not a search but a pasted paragraph.
const TERMS_MAX: usize = 8;

/// A piece of a record by the way in which people look for it.
#[derive(Clone, Copy, Debug)]
pub enum SearchPart<'a> {
    /// Names: characters, pinyin, initials.
    Name(&'a str),
    /// Prose: its beginning, as it is.
    Text(&'a str),
    Phone(&'a str),
    Email(&'a str),
    /// Numbers and codes, as they are.
    Code(&'a str),
}

/// What is stored beside a record for search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchKeys {
    /// A query's terms are substrings of it.
    pub text: String,
    /// The pairs of it, for the index.
    pub pairs: Vec<i32>,
}

/// Between what everybody finds a record by and what only those do who see personal fields in full.
pub const PERSONAL: char = '\u{1}';

impl SearchKeys {
    pub fn of(open: &[SearchPart<'_>], personal: &[SearchPart<'_>]) -> SearchKeys {
        let text = format!("{} {PERSONAL} {}", search_text(open), search_text(personal));
        SearchKeys { pairs: pairs(&text), text }
    }
}

/// The pairs of neighbouring characters of a text, each once, in ascending order: what a text of two characters or
/// more can be found by in an index. Pairs across a space or a line break are left out: nobody searches for them.
///
/// Two characters of 16 bits make one number; of rarer ones the halves are mixed, so that different pairs may share a
/// number. Numbers are several times cheaper to index than texts, and made here several times faster than in SQL.
pub fn pairs(text: &str) -> Vec<i32> {
    let half = |c: char| (c as u32 ^ (c as u32 >> 16)) & 0xffff;
    let mut out: Vec<i32> = text
        .chars()
        .zip(text.chars().skip(1))
        .filter(|(a, b)| !a.is_whitespace() && !b.is_whitespace())
        .map(|(a, b)| (half(a) << 16 | half(b)).cast_signed())
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// The text that is stored beside the record; a query's terms are substrings of it.
///
/// What identifies comes first and prose last, so that the bound cuts off what is missed least.
pub fn search_text(parts: &[SearchPart<'_>]) -> String {
    let mut out = Text::default();
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        match *part {
            SearchPart::Name(name) => {
                let folded = fold(head(name, NAME_MAX));
                out.add(&folded);
                // "GTXPro" finds "GTX Pro", 华为北京 finds 华为（北京）.
                if folded.chars().any(|c| !c.is_alphanumeric()) {
                    out.add(&squash(&folded));
                }
                names.push(folded);
            }
            SearchPart::Phone(raw) => add_phone(&mut out, raw),
            SearchPart::Email(text) | SearchPart::Code(text) => out.add(&fold(head(text, NAME_MAX))),
            SearchPart::Text(_) => {}
        }
    }
    for name in &names {
        sounds::of(head(name, SPELLED_MAX), |spelling| out.add(spelling));
    }
    for part in parts {
        if let SearchPart::Text(text) = *part {
            out.add(&fold(head(text, LONG_MAX)));
        }
    }
    out.text
}

/// The terms of a query, all of which must be in a record's search text.
///
/// A telephone number is one term however it is spaced. Lone letters and digits are left out where
/// there is more to go by.
pub fn query_terms(query: &str) -> Vec<String> {
    let folded = fold(query);
    if let Some(number) = phone_number(&folded) {
        return vec![number];
    }
    let words = || folded.split(' ').filter(|t| !t.is_empty());
    let telling = |word: &&str| word.chars().nth(1).is_some() || word.chars().any(is_han);
    let mut terms: Vec<String> = Vec::new();
    let any_telling = words().any(|w| telling(&w));
    for word in words().filter(|w| !any_telling || telling(w)) {
        if !terms.iter().any(|t| t == word) && terms.len() < TERMS_MAX {
            terms.push(word.to_owned());
        }
    }
    terms
}

/// The searchable text while it grows: pieces apart by a space, none twice, bounded.
#[derive(Default)]
struct Text {
    text: String,
    chars: usize,
}

impl Text {
    fn add(&mut self, piece: &str) {
        let room = TEXT_MAX.saturating_sub(self.chars + 1);
        let piece = head(piece, room).trim_end();
        if piece.is_empty() || self.text.contains(piece) {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
            self.chars += 1;
        }
        self.text.push_str(piece);
        self.chars += piece.chars().count();
    }
}

/// The digits as typed, and as dialled within China: `+86 21…` is also looked for as `021…`.
fn add_phone(out: &mut Text, raw: &str) {
    let raw = head(raw, NAME_MAX);
    out.add(&digits(raw));
    if let Some(number) = phone::parse(raw, "CN")
        && number.kind == phone::PhoneKind::Landline
        && let Some(national) = number.e164.as_deref().and_then(|n| n.strip_prefix("+86"))
    {
        out.add(&format!("0{national}"));
    }
}

/// A query that consists of digits and their separators only.
fn phone_number(folded: &str) -> Option<String> {
    let separators = [' ', '-', '(', ')', '+', '.'];
    if !folded.chars().all(|c| c.is_ascii_digit() || separators.contains(&c)) {
        return None;
    }
    let all = digits(folded);
    if all.len() < 4 {
        return None;
    }
    let abroad = folded.starts_with('+') || folded.starts_with("00") || all.len() > 12;
    let number = all.strip_prefix("00").unwrap_or(&all);
    // Many numbers are stored without their country code, so it must not be insisted on.
    let national = number.strip_prefix("86").filter(|rest| rest.len() == 11 || (abroad && rest.len() >= 5));
    let number = if abroad { number } else { &all };
    Some(national.unwrap_or(number).to_owned())
}

fn head(text: &str, chars: usize) -> &str {
    match text.char_indices().nth(chars) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests;
