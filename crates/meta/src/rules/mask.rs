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

/// `华为技术有限公司` → `华***公司`, `张三` → `张**`
pub fn name(raw: &str) -> String {
    let chars: Vec<char> = raw.chars().collect();
    match chars.len() {
        0 => String::new(),
        1..5 => outline(&chars, (1, 0), "**"),
        _ => outline(&chars, (1, 2), "***"),
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
        assert_eq!(name("华为技术有限公司"), "华***公司");
        assert_eq!(name("张三"), "张**");
        assert_eq!(name("李"), "李**");
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
