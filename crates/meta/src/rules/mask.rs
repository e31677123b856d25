//! Outlines of values that someone may not see in full: enough to recognise what one knows already, and no more.

use crate::field::FieldType;

/// How the value of a field is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    Phone,
    Email,
    /// A name or a code.
    Name,
    /// Nothing but that there is something.
    Whole,
}

impl Mask {
    /// None for values that have no outline, such as numbers: they show as empty.
    pub fn of(kind: &FieldType) -> Option<Mask> {
        match kind {
            FieldType::Phone => Some(Mask::Phone),
            FieldType::Email => Some(Mask::Email),
            FieldType::Text | FieldType::AutoNumber { .. } => Some(Mask::Name),
            FieldType::LongText | FieldType::RichText | FieldType::Url => Some(Mask::Whole),
            _ => None,
        }
    }

    pub fn apply(self, value: &str) -> String {
        match self {
            Mask::Phone => phone(value),
            Mask::Email => email(value),
            Mask::Name => name(value),
            Mask::Whole => "***".to_owned(),
        }
    }
}

/// `13812345678` → `138****5678`; of short numbers two digits on either side.
pub fn phone(raw: &str) -> String {
    let digits: Vec<char> = raw.chars().filter(char::is_ascii_digit).collect();
    let ends = match digits.len() {
        0..6 => return "****".to_owned(),
        6..11 => (2, 2),
        _ => (3, 4),
    };
    // A number with its country code keeps what stands after it.
    let digits = match (raw.trim_start().strip_prefix("+86"), digits.len()) {
        (Some(_), 13) => digits.get(2..).unwrap_or(&digits),
        _ => &digits,
    };
    outline(digits, ends, "****")
}

/// `zhang.san@example.com` → `z***@example.com`
pub fn email(raw: &str) -> String {
    match raw.split_once('@') {
        Some((local, domain)) => format!("{}***@{domain}", local.chars().next().map(String::from).unwrap_or_default()),
        None => "***".to_owned(),
    }
}

/// Endings that say what sort of body it is and nothing else.
const BODIES: [&str; 12] =
    ["公司", "集团", "工厂", "商行", "事务所", "研究院", "大学", "学校", "医院", "银行", "合作社", "中心"];

/// 华为技术有限公司 → 华***公司, 王小明 → 王**, Acme Ltd → A***; of a number or code its last two characters as well.
pub fn name(text: &str) -> String {
    let text = text.trim();
    let Some(first) = text.chars().next() else { return String::new() };
    let length = text.chars().count();
    let body = BODIES.iter().find(|b| text.ends_with(*b) && length > b.chars().count() + 1);
    let code = || text.chars().all(|c| c.is_ascii_alphanumeric()) && text.contains(|c: char| c.is_ascii_digit());
    match body {
        Some(body) => format!("{first}***{body}"),
        // A person's name keeps its length, which tells little.
        None if super::text::is_han(first) && length <= 4 => {
            format!("{first}{}", "*".repeat(length.saturating_sub(1).max(1)))
        }
        None if length >= 8 && code() => outline(&text.chars().collect::<Vec<_>>(), (1, 2), "***"),
        None => format!("{first}***"),
    }
}

fn outline(chars: &[char], (head, tail): (usize, usize), middle: &str) -> String {
    let end = chars.len().saturating_sub(tail);
    let (first, last) = (chars.iter().take(head), chars.iter().skip(end.max(head)));
    first.copied().map(String::from).chain([middle.to_owned()]).chain(last.copied().map(String::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_are_what_people_know_them_as() {
        assert_eq!(phone("13812345678"), "138****5678");
        assert_eq!(phone("+86 138 1234 5678"), "138****5678");
        assert_eq!(phone("021-6888"), "02****88");
        assert_eq!(phone("110"), "****");
        assert_eq!(email("zhang.san@example.com"), "z***@example.com");
        assert_eq!(email("nonsense"), "***");
        for (text, masked) in [
            ("华为技术有限公司", "华***公司"),
            ("王小明", "王**"),
            ("李", "李*"),
            ("Acme Ltd", "A***"),
            ("北京大学", "北***大学"),
            ("上海鑫茂贸易商店", "上***"),
            ("914403001922038216", "9***16"),
            ("  ", ""),
        ] {
            assert_eq!(name(text), masked);
        }
        assert_eq!(Mask::of(&FieldType::Money), None);
    }

    #[test]
    fn the_middle_never_shows() {
        for text in ["914403001922038216", "Betatech Industries", "客户有限公司"] {
            let masked = name(text);
            let middle: String = text.chars().skip(1).take(text.chars().count() - 3).collect();
            assert!(!masked.contains(&middle), "{masked}");
        }
    }
}
