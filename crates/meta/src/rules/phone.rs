//! Telephone numbers: mainland China in detail, the rest of the world by E.164.
//!
//! Own rules rather than a port of libphonenumber: the same answer is needed in the browser, where
//! its metadata alone would outweigh the application.

use super::text::half_width;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneKind {
    Mobile,
    Landline,
    /// 400 and 800 numbers.
    Service,
    /// Company numbers such as 95588.
    Short,
    /// A landline without its area code: plausible, but cannot be dialled from elsewhere.
    Local,
    International,
}

/// A plausible number, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    pub kind: PhoneKind,
    /// `+` and digits; none for a local number.
    pub e164: Option<String>,
    pub extension: Option<String>,
}

/// Regions whose numbers are understood without `+`: code, calling code, trunk prefix, length of the
/// national number. China has rules of its own.
const REGIONS: &[(&str, &str, &str, usize, usize)] = &[
    ("AE", "971", "0", 8, 9),
    ("AU", "61", "0", 9, 9),
    ("BR", "55", "0", 10, 11),
    ("CA", "1", "1", 10, 10),
    ("CH", "41", "0", 9, 9),
    ("DE", "49", "0", 6, 13),
    ("ES", "34", "", 9, 9),
    ("FR", "33", "0", 9, 9),
    ("GB", "44", "0", 9, 10),
    ("HK", "852", "", 8, 8),
    ("ID", "62", "0", 8, 12),
    ("IN", "91", "0", 10, 10),
    ("IT", "39", "", 6, 11),
    ("JP", "81", "0", 9, 10),
    ("KR", "82", "0", 8, 10),
    ("MO", "853", "", 8, 8),
    ("MX", "52", "", 10, 10),
    ("MY", "60", "0", 8, 10),
    ("NL", "31", "0", 9, 9),
    ("PH", "63", "0", 8, 10),
    ("RU", "7", "8", 10, 10),
    ("SG", "65", "", 8, 8),
    ("TH", "66", "0", 8, 9),
    ("TW", "886", "0", 8, 9),
    ("US", "1", "1", 10, 10),
    ("VN", "84", "0", 9, 10),
];

/// Assigned calling codes of two digits; every other code has three, except 1 and 7.
const TWO_DIGIT_CODES: &[&str] = &[
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95", "98",
];

/// Ranges of assigned calling codes of three digits (ITU-T E.164).
const THREE_DIGIT_CODES: &[(u16, u16)] = &[
    (211, 213),
    (216, 216),
    (218, 218),
    (220, 258),
    (260, 269),
    (290, 291),
    (297, 299),
    (350, 359),
    (370, 378),
    (380, 383),
    (385, 387),
    (389, 389),
    (420, 421),
    (423, 423),
    (500, 509),
    (590, 599),
    (670, 670),
    (672, 683),
    (685, 692),
    (800, 800),
    (808, 808),
    (850, 850),
    (852, 853),
    (855, 856),
    (870, 870),
    (878, 878),
    (880, 883),
    (886, 886),
    (888, 888),
    (960, 968),
    (970, 977),
    (979, 979),
    (992, 996),
    (998, 998),
];

/// Takes a number apart. `default_region` (ISO 3166, such as `CN`) is where numbers without a country
/// code are dialled from. None where the text is no plausible number.
pub fn parse(raw: &str, default_region: &str) -> Option<Phone> {
    let text = half_width(raw).to_lowercase();
    let text = text.trim();
    let text = ["tel:", "tel.", "电话:", "手机:"].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text).trim();
    let (text, extension) = split_extension(text);
    let digits = Digits::read(text)?;
    let china = default_region.eq_ignore_ascii_case("CN");
    let (e164, kind) = match digits.international() {
        Some(number) => match number.strip_prefix("86") {
            Some(national) => chinese(national.strip_prefix('0').unwrap_or(national))?,
            None => (Some(world(number)?), PhoneKind::International),
        },
        None if china => chinese_as_dialled(&digits)?,
        None => (Some(foreign(&digits.all, default_region)?), PhoneKind::International),
    };
    // `021-6123-4567` is one number, `021-61234567-801` has an extension that only its length tells.
    match (digits.tail, extension) {
        (Some(_), Some(_)) => None,
        (tail, extension) => Some(Phone { kind, e164, extension: extension.or(tail) }),
    }
}

/// The number as `+` and digits, without its extension.
pub fn e164(raw: &str, default_region: &str) -> Option<String> {
    parse(raw, default_region)?.e164
}

/// Whether a text is a plausible number.
pub fn is_phone(raw: &str, default_region: &str) -> bool {
    parse(raw, default_region).is_some()
}

/// All digits of a text: what is compared and searched when nothing better is known.
pub fn digits(raw: &str) -> String {
    half_width(raw).chars().filter(char::is_ascii_digit).collect()
}

struct Digits {
    plus: bool,
    all: String,
    /// Hyphens, slashes and dots: more than one in a short number makes it a date.
    breaks: usize,
    /// Digits after the last hyphen of a landline, when they are too many to belong to it.
    tail: Option<String>,
}

impl Digits {
    /// Only digits, one leading `+` and the usual separators may occur.
    fn read(text: &str) -> Option<Self> {
        let (plus, body) = match text.strip_prefix('+').or_else(|| text.strip_prefix("(+")) {
            Some(body) => (true, body),
            None => (false, text),
        };
        // `+44 (0)20 …`: the bracketed zero is dialled only at home.
        let body = if plus { body.replacen("(0)", "", 1) } else { body.to_owned() };
        let mut all = String::with_capacity(body.len());
        let mut last_group = String::new();
        let mut hyphens = 0;
        let mut breaks = 0;
        for c in body.chars() {
            match c {
                '0'..='9' => {
                    all.push(c);
                    last_group.push(c);
                }
                '-' | '–' | '—' | '−' => {
                    hyphens += 1;
                    breaks += 1;
                    last_group.clear();
                }
                '.' | '/' => breaks += 1,
                ' ' | '\u{a0}' | '(' | ')' => {}
                _ => return None,
            }
        }
        if all.len() > 24 {
            return None;
        }
        let mut digits = Self { plus, all, breaks, tail: None };
        digits.cut_tail(hyphens, &last_group);
        Some(digits)
    }

    /// `021-61234567-801`: what follows the last of two hyphens is an extension if the rest already
    /// is a full landline.
    fn cut_tail(&mut self, hyphens: usize, last_group: &str) {
        if hyphens == 0 || last_group.is_empty() || last_group.len() > 6 {
            return;
        }
        let head = &self.all[..self.all.len() - last_group.len()];
        let national = head.strip_prefix("0086").or_else(|| head.strip_prefix("86")).unwrap_or(head);
        let national = national.strip_prefix('0').unwrap_or(national);
        let complete = matches!(chinese(national), Some((_, PhoneKind::Landline | PhoneKind::Service)));
        let whole = chinese(self.all.strip_prefix('0').unwrap_or(&self.all)).is_some();
        if complete && !whole {
            self.tail = Some(last_group.to_owned());
            self.all.truncate(self.all.len() - last_group.len());
        }
    }

    fn international(&self) -> Option<&str> {
        if self.plus { Some(&self.all) } else { self.all.strip_prefix("00") }
    }
}

fn split_extension(text: &str) -> (&str, Option<String>) {
    const MARKS: &[&str] = &["分机号", "分机", "转", "extension", "ext.", "ext", "#", "x"];
    for mark in MARKS {
        let Some((number, rest)) = text.split_once(mark) else { continue };
        let rest = rest.trim().trim_start_matches([':', '.']).trim();
        if (1..=6).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()) {
            return (number.trim_end_matches([' ', ',', '(', '-']), Some(rest.to_owned()));
        }
    }
    (text, None)
}

fn chinese_as_dialled(digits: &Digits) -> Option<(Option<String>, PhoneKind)> {
    let all = digits.all.as_str();
    if let Some(national) = all.strip_prefix('0') {
        return match chinese(national) {
            Some((e164, PhoneKind::Landline | PhoneKind::Mobile)) => Some((e164, kind_of(national))),
            _ => None,
        };
    }
    match chinese(all) {
        // An area code is always dialled with its zero.
        Some((_, PhoneKind::Landline)) | None => {}
        some => return some,
    }
    // The country code without its plus.
    if let Some(national) = all.strip_prefix("86")
        && let Some(found @ (_, PhoneKind::Mobile | PhoneKind::Landline)) =
            chinese(national.strip_prefix('0').unwrap_or(national))
        && all.len() >= 12
    {
        return Some(found);
    }
    let local = (7..=8).contains(&all.len()) && digits.breaks < 2 && matches!(all.as_bytes()[0], b'2'..=b'8');
    local.then_some((None, PhoneKind::Local))
}

fn kind_of(national: &str) -> PhoneKind {
    if national.len() == 11 && national.starts_with('1') { PhoneKind::Mobile } else { PhoneKind::Landline }
}

/// A Chinese number without country code and trunk zero.
fn chinese(national: &str) -> Option<(Option<String>, PhoneKind)> {
    let bytes = national.as_bytes();
    let length = bytes.len();
    let second = *bytes.get(1)?;
    let kind = match bytes[0] {
        b'1' if length == 11 && second >= b'3' => PhoneKind::Mobile,
        // 010, and 02x: eight digits follow, seven in old data.
        b'1' if second == b'0' && (9..=10).contains(&length) && subscriber(&bytes[2..]) => PhoneKind::Landline,
        b'4' | b'8' if length == 10 && bytes[1..3] == *b"00" => PhoneKind::Service,
        b'9' if second == b'5' && (5..=8).contains(&length) => PhoneKind::Short,
        b'2' if (9..=10).contains(&length) && subscriber(&bytes[2..]) => PhoneKind::Landline,
        b'3'..=b'9' if (10..=11).contains(&length) && second != b'0' && subscriber(&bytes[3..]) => PhoneKind::Landline,
        _ => return None,
    };
    Some((Some(format!("+86{national}")), kind))
}

/// Subscriber numbers never start with 0 or 1.
fn subscriber(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'2'..=b'9'))
}

/// A number with its country code, checked only against what E.164 says for all.
fn world(number: &str) -> Option<String> {
    let code = calling_code(number)?;
    let rest = &number[code.len()..];
    let fits = match REGIONS.iter().find(|r| r.1 == code) {
        Some((_, _, _, min, max)) => (*min..=*max).contains(&rest.len()),
        None => rest.len() >= 4,
    };
    (fits && (7..=15).contains(&number.len())).then(|| format!("+{number}"))
}

fn calling_code(number: &str) -> Option<&str> {
    if number.starts_with(['1', '7']) {
        return Some(&number[..1]);
    }
    let two = number.get(..2)?;
    if TWO_DIGIT_CODES.contains(&two) {
        return Some(two);
    }
    let three = number.get(..3)?;
    let code: u16 = three.parse().ok()?;
    THREE_DIGIT_CODES.iter().any(|(from, to)| (*from..=*to).contains(&code)).then_some(three)
}

/// A number as dialled in a region other than China.
fn foreign(all: &str, region: &str) -> Option<String> {
    let (_, code, trunk, min, max) = REGIONS.iter().find(|r| r.0.eq_ignore_ascii_case(region))?;
    let fits = |national: &str| (*min..=*max).contains(&national.len());
    let without_trunk = if trunk.is_empty() { None } else { all.strip_prefix(trunk) };
    let national = match without_trunk {
        Some(national) if fits(national) => national,
        _ if fits(all) => all,
        _ => return None,
    };
    world(&format!("{code}{national}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cn(raw: &str) -> (PhoneKind, Option<String>, Option<String>) {
        let phone = parse(raw, "CN").unwrap_or_else(|| panic!("{raw} is a number"));
        (phone.kind, phone.e164, phone.extension)
    }

    #[test]
    fn mobiles() {
        for raw in [
            "13800138000",
            "138 0013 8000",
            "138-0013-8000",
            "+86 138 0013 8000",
            "+8613800138000",
            "(+86)13800138000",
            "0086-13800138000",
            "8613800138000",
            "86-138-0013-8000",
            "１３８００１３８０００",
            "013800138000",
            "Tel: 13800138000",
        ] {
            assert_eq!(cn(raw), (PhoneKind::Mobile, Some("+8613800138000".into()), None), "{raw}");
        }
        for raw in ["12800138000", "1380013800", "138001380000", "138oo138000", "", "-", "１３８"] {
            assert!(!is_phone(raw, "CN"), "{raw}");
        }
    }

    #[test]
    fn landlines() {
        assert_eq!(cn("021-61234567"), (PhoneKind::Landline, Some("+862161234567".into()), None));
        assert_eq!(cn("(0755) 8612 3456").1.as_deref(), Some("+8675586123456"));
        assert_eq!(cn("0571-8612345").1.as_deref(), Some("+865718612345"));
        assert_eq!(cn("+86 021 61234567").1.as_deref(), Some("+862161234567"));
        assert_eq!(cn("86-21-61234567").1.as_deref(), Some("+862161234567"));
        assert_eq!(cn("010 62345678").1.as_deref(), Some("+861062345678"));
        assert_eq!(cn("61234567"), (PhoneKind::Local, None, None));
        for raw in [
            "021-6123-4567-801",
            "021-61234567转801",
            "021-61234567 ext. 801",
            "021-61234567#801",
            "02161234567x801",
            "021-61234567（分机801）",
        ] {
            let raw = raw.replace(['）', '（'], " ");
            assert_eq!(cn(&raw), (PhoneKind::Landline, Some("+862161234567".into()), Some("801".into())), "{raw}");
        }
        assert!(!is_phone("021-11234567", "CN"));
        assert!(!is_phone("2016-10-20", "CN"));
        assert!(!is_phone("20161020001", "CN"));
    }

    #[test]
    fn service_numbers() {
        assert_eq!(cn("400-800-1234"), (PhoneKind::Service, Some("+864008001234".into()), None));
        assert_eq!(cn("400-800-1234-5").2.as_deref(), Some("5"));
        assert_eq!(cn("800-810-1234").0, PhoneKind::Service);
        assert_eq!(cn("95588"), (PhoneKind::Short, Some("+8695588".into()), None));
    }

    #[test]
    fn abroad() {
        for (raw, region, expected) in [
            ("+1 (212) 555-0123", "CN", Some("+12125550123")),
            ("+1 212 555 0123 ext 9", "CN", Some("+12125550123")),
            ("+44 (0)20 7946 0958", "CN", Some("+442079460958")),
            ("00 852 2123 4567", "CN", Some("+85221234567")),
            ("+254 20 1234567", "CN", Some("+254201234567")),
            ("(212) 555-0123", "US", Some("+12125550123")),
            ("1-212-555-0123", "US", Some("+12125550123")),
            ("020 7946 0958", "GB", Some("+442079460958")),
            ("2123 4567", "HK", Some("+85221234567")),
            ("13800138000", "HK", None),
            ("+999 1234567", "CN", None),
            ("+1 212 555", "CN", None),
            ("++8613800138000", "CN", None),
            ("212 555 0123", "XX", None),
        ] {
            assert_eq!(e164(raw, region).as_deref(), expected, "{raw}");
        }
        assert_eq!(parse("+1 212 555 0123 x9", "CN").unwrap().extension.as_deref(), Some("9"));
    }

    proptest! {
        #[test]
        fn e164_is_stable(raw in "[+(]{0,2}[0-9() -]{3,22}") {
            if let Some(number) = e164(&raw, "CN") {
                prop_assert!(number.starts_with('+') && number[1..].bytes().all(|b| b.is_ascii_digit()));
                prop_assert!(number.len() <= 16);
                prop_assert_eq!(e164(&number, "CN"), Some(number.clone()));
                prop_assert_eq!(e164(&number, "US"), Some(number));
            }
        }

        #[test]
        fn mobiles_however_grouped(number in "1[3-9][0-9]{9}", a in 1usize..10, sep in "[ -]") {
            let grouped = format!("{}{sep}{}", &number[..a], &number[a..]);
            prop_assert_eq!(e164(&grouped, "CN"), Some(format!("+86{number}")));
        }

        #[test]
        fn never_panics(raw in ".{0,30}", region in ".{0,3}") {
            let _ = parse(&raw, &region);
            let _ = digits(&raw);
        }
    }
}
