//! Names in two languages.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Static for what is declared in code, owned for what a tenant declares at run time.
pub type Str = Cow<'static, str>;

/// A language of the product's own texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    #[default]
    #[serde(rename = "zh-CN")]
    Zh,
    #[serde(rename = "en")]
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Zh, Lang::En];

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }

    /// Picks from an `Accept-Language` header or a stored preference; Chinese when nothing fits.
    pub fn negotiate(header: &str) -> Lang {
        let mut best = (0.0_f32, Lang::Zh);
        for part in header.split(',') {
            let mut bits = part.split(';');
            let tag = bits.next().unwrap_or("").trim().to_ascii_lowercase();
            let quality =
                bits.find_map(|b| b.trim().strip_prefix("q=").and_then(|q| q.parse().ok())).unwrap_or(1.0_f32);
            let lang = match tag.split('-').next() {
                Some("zh") => Lang::Zh,
                Some("en") => Lang::En,
                _ => continue,
            };
            if quality > best.0 {
                best = (quality, lang);
            }
        }
        best.1
    }
}

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub zh: Str,
    pub en: Str,
}

impl Label {
    pub const fn new(zh: &'static str, en: &'static str) -> Self {
        Label { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }

    /// Does a text, as a person would write it in a column heading, name this label?
    pub fn is(&self, text: &str) -> bool {
        let text = text.trim();
        self.zh == text || self.en.eq_ignore_ascii_case(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_known_language_wins_and_chinese_is_the_default() {
        assert_eq!(Lang::negotiate("en-GB,en;q=0.9,zh;q=0.5"), Lang::En);
        assert_eq!(Lang::negotiate("fr, zh-TW;q=0.8, en;q=0.7"), Lang::Zh);
        assert_eq!(Lang::negotiate(""), Lang::Zh);
        assert_eq!(Lang::negotiate("fr;q=abc"), Lang::Zh);
    }
}
