//! What a record is found by, and what a query looks for: folded text, full pinyin, initials, digits.

use kezhan_meta::rules::phone::digits;
use kezhan_meta::rules::text::{fold, is_han};
use pinyin::ToPinyin;

/// Longest stored search text, in characters.
const TEXT_MAX: usize = 500;
/// Characters of a long text that are searchable.
const LONG_MAX: usize = 200;

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

/// The text that is stored beside the record; a query's terms are substrings of it.
pub fn search_text(parts: &[SearchPart<'_>]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            SearchPart::Name(name) => {
                let folded = fold(name);
                let (full, initials) = pinyin_of(&folded);
                add(&mut out, &folded);
                add(&mut out, &full);
                // A lone initial finds nothing worth finding.
                if initials.len() > 1 {
                    add(&mut out, &initials);
                }
            }
            SearchPart::Text(text) => add(&mut out, &fold(&text.chars().take(LONG_MAX).collect::<String>())),
            SearchPart::Phone(raw) => add(&mut out, &digits(raw)),
            SearchPart::Email(text) | SearchPart::Code(text) => add(&mut out, &fold(text)),
        }
    }
    match out.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => out[..end].to_owned(),
        None => out,
    }
}

fn add(out: &mut String, piece: &str) {
    if piece.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(piece);
}

/// Full pinyin without separators and the initials; Latin letters and digits between Chinese ones stay.
fn pinyin_of(folded: &str) -> (String, String) {
    let (mut full, mut initials) = (String::new(), String::new());
    if !folded.chars().any(is_han) {
        return (full, initials);
    }
    for c in folded.chars() {
        match c.to_pinyin() {
            Some(sound) => {
                full.push_str(sound.plain());
                initials.push_str(sound.first_letter());
            }
            None if c.is_ascii_alphanumeric() => {
                full.push(c);
                initials.push(c);
            }
            None => {}
        }
    }
    (full, initials)
}

/// The terms of a query, all of which must be in a record's search text.
/// A run of digits shorter than four is noise in telephone numbers and is only searched with other terms.
pub fn query_terms(query: &str) -> Vec<String> {
    let folded = fold(query);
    // A telephone number is one term however it is spaced.
    let compact: String = folded.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '+')).collect();
    if compact.len() >= 4 && compact.bytes().all(|b| b.is_ascii_digit()) {
        return vec![compact.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(&compact).to_owned()];
    }
    folded.split(' ').filter(|t| !t.is_empty()).take(8).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(part: SearchPart<'_>, query: &str) -> bool {
        let text = search_text(&[part]);
        let terms = query_terms(query);
        !terms.is_empty() && terms.iter().all(|t| text.contains(t.as_str()))
    }

    #[test]
    fn names_are_found_by_characters_pinyin_and_initials() {
        let name = SearchPart::Name("上海鑫茂科技（集团）有限公司");
        for query in ["鑫茂", "xinmao", "xmkj", "XMKJ", "上海 科技", "shxm"] {
            assert!(finds(name, query), "{query}");
        }
        assert!(!finds(name, "鑫科"));
        assert!(finds(SearchPart::Name("Société Générale"), "societe"));
        assert!(finds(SearchPart::Name("Betatech"), "tatec"));
    }

    #[test]
    fn phones_are_found_by_fragments_however_written() {
        let phone = SearchPart::Phone("138-1234-5678");
        for query in ["1234", "13812345678", "138 1234 5678", "+86 138 1234 5678"] {
            assert!(finds(phone, query), "{query}");
        }
        assert!(!finds(phone, "9999"));
    }
}
