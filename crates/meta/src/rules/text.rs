//! Comparing text as people do: width, case, accents, spaces and company-form words left aside.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Full-width letters, digits and punctuation as their ordinary forms; nothing else is changed.
pub fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '\u{3000}' => ' ',
            '\u{ffe5}' => '\u{a5}',
            _ => c,
        })
        .collect()
}

/// The form in which texts are compared and searched: lower case, half width, accents removed,
/// runs of white space as one space. Folding twice changes nothing more.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        push_collapsed(&mut out, text.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        let simplified = text
            .chars()
            .filter(|c| !is_invisible(*c))
            .nfkd()
            .filter(|c| !is_accent(*c))
            .flat_map(char::to_lowercase)
            .filter(|c| !is_accent(*c));
        let mut plain = String::with_capacity(text.len());
        for c in simplified {
            match plain_letters(c) {
                Some(letters) => plain.push_str(letters),
                None => plain.push(c),
            }
        }
        push_collapsed(&mut out, plain.nfc());
    }
    out
}

/// `fold` without spaces and punctuation: "GTX-Pro" and "gtxpro" are the same.
pub fn squash(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric() || is_combining_mark(*c)).collect()
}

/// Whether a character is written Chinese (Han).
pub fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '〇')
}

fn push_collapsed(out: &mut String, chars: impl Iterator<Item = char>) {
    for c in chars {
        if !c.is_whitespace() && !c.is_control() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
}

/// Marks that European scripts put on letters; those of other scripts carry meaning and stay.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Letters that no decomposition separates from their stroke.
fn plain_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ı' => "i",
        'ς' => "σ",
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '‐'..='—' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn widths() {
        assert_eq!(half_width("ＡＢＣ　１２３（北京）￥"), "ABC 123(北京)¥");
        assert_eq!(half_width("中文。é"), "中文。é");
    }

    #[test]
    fn folding() {
        for (text, expected) in [
            ("  Société   Générale ", "societe generale"),
            ("MÜLLER Straße", "muller strasse"),
            ("Ørsted Łódź Đà Nẵng İstanbul", "orsted lodz da nang istanbul"),
            ("ＧＴＸ　Ｐｒｏ", "gtx pro"),
            ("华为（北京）", "华为(北京)"),
            ("a\u{200b}b\tc\nd", "ab c d"),
            ("ﬁn ℡", "fin tel"),
            ("한국", "한국"),
            ("", ""),
        ] {
            assert_eq!(fold(text), expected, "{text}");
        }
        assert_eq!(squash("GTX-Pro（专业版）"), "gtxpro专业版");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in ".{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            let squashed = squash(&text);
            prop_assert_eq!(squash(&squashed), squashed);
        }

        #[test]
        fn case_and_width_do_not_matter(text in "[ -~]{0,30}") {
            let wide: String = text
                .chars()
                .map(|c| match c { ' ' => '\u{3000}', c => char::from_u32(c as u32 + 0xfee0).unwrap() })
                .collect();
            prop_assert_eq!(fold(&wide), fold(&text));
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
            prop_assert_eq!(half_width(&wide), text);
        }
    }
}
