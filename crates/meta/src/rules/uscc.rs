//! 统一社会信用代码 (GB 32100-2015) and the 15-character tax numbers that preceded it.

use std::fmt;

use super::text::half_width;

/// The 31 characters of the standard; I, O, S, V and Z are left out as too easily misread.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// 3^(i-1) mod 31.
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Which of the accepted numbers a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxIdKind {
    /// 18 characters with a correct check character.
    Uscc,
    /// 15 characters: accepted, but worth a warning because it has no check character and should
    /// have been replaced by a credit code.
    Legacy,
}

/// An accepted tax id in its normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxId {
    pub code: String,
    pub kind: TaxIdKind,
}

impl TaxId {
    /// 行政区划代码 of the place of registration.
    pub fn region(&self) -> Option<&str> {
        region_code(&self.code)
    }
}

/// Why a text is not a tax id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxIdError {
    Length,
    Character(char),
    Region,
    /// The last character should have been this one.
    Check(char),
}

impl TaxIdError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length => "tax_id_length",
            Self::Character(_) => "tax_id_character",
            Self::Region => "tax_id_region",
            Self::Check(_) => "tax_id_check",
        }
    }
}

impl fmt::Display for TaxIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("must have 18 characters (or 15 for an old tax number)"),
            Self::Character(c) => write!(f, "must not contain {c:?}"),
            Self::Region => f.write_str("characters 3 to 8 must be the digits of a region code"),
            Self::Check(_) => f.write_str("the check character does not match; a character is probably mistyped"),
        }
    }
}

impl std::error::Error for TaxIdError {}

/// Upper case, half width, without the spaces and hyphens people put between groups.
pub fn normalise(raw: &str) -> String {
    half_width(raw).chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect()
}

/// Checks a tax id as typed.
pub fn check(raw: &str) -> Result<TaxId, TaxIdError> {
    let code = normalise(raw);
    let kind = match code.chars().count() {
        18 => TaxIdKind::Uscc,
        15 => TaxIdKind::Legacy,
        _ => return Err(TaxIdError::Length),
    };
    match kind {
        TaxIdKind::Uscc => check_uscc(&code)?,
        TaxIdKind::Legacy => check_legacy(&code)?,
    }
    Ok(TaxId { code, kind })
}

/// Whether a text is an 18-character credit code; old tax numbers do not count.
pub fn is_uscc(raw: &str) -> bool {
    matches!(check(raw), Ok(TaxId { kind: TaxIdKind::Uscc, .. }))
}

/// The check character for the first 17.
pub fn check_char(first_17: &str) -> Option<char> {
    if first_17.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in first_17.bytes().zip(WEIGHTS) {
        sum += value_of(byte)? * weight;
    }
    ALPHABET.get(((31 - sum % 31) % 31) as usize).map(|byte| char::from(*byte))
}

/// 行政区划代码 contained in a normalised credit code or old tax number.
pub fn region_code(code: &str) -> Option<&str> {
    let region = match code.len() {
        18 => code.get(2..8)?,
        15 => code.get(..6)?,
        _ => return None,
    };
    region.bytes().all(|b| b.is_ascii_digit()).then_some(region)
}

fn check_uscc(code: &str) -> Result<(), TaxIdError> {
    if let Some(c) = code.chars().find(|c| !c.is_ascii() || value_of(*c as u8).is_none()) {
        return Err(TaxIdError::Character(c));
    }
    if region_code(code).is_none() {
        return Err(TaxIdError::Region);
    }
    match check_char(&code[..17]) {
        Some(expected) if code.ends_with(expected) => Ok(()),
        Some(expected) => Err(TaxIdError::Check(expected)),
        None => Err(TaxIdError::Length),
    }
}

/// Six digits of region, then the nine characters of the organisation code.
fn check_legacy(code: &str) -> Result<(), TaxIdError> {
    if let Some(c) = code.chars().find(|c| !c.is_ascii_alphanumeric()) {
        return Err(TaxIdError::Character(c));
    }
    region_code(code).map(|_| ()).ok_or(TaxIdError::Region)
}

fn value_of(byte: u8) -> Option<u32> {
    ALPHABET.iter().position(|c| *c == byte).map(|index| index as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_codes() {
        for code in [
            "91350100M000100Y43",
            "91330100799655058B",
            "914403001922038216",
            "91440300708461136T",
            "9144030071526726XG",
        ] {
            assert_eq!(check(code), Ok(TaxId { code: code.into(), kind: TaxIdKind::Uscc }), "{code}");
            assert!(is_uscc(code));
        }
        assert_eq!(check("91350100M000100Y4Z"), Err(TaxIdError::Character('Z')));
        assert_eq!(check("91350100M000100Y44"), Err(TaxIdError::Check('3')));
        assert_eq!(check("9135010"), Err(TaxIdError::Length));
        assert_eq!(check(""), Err(TaxIdError::Length));
        assert_eq!(check("91A50100M000100Y43"), Err(TaxIdError::Region));
    }

    #[test]
    fn written_carelessly() {
        let id = check(" 9135 0100－m000100y43　").unwrap();
        assert_eq!(id.code, "91350100M000100Y43");
        assert_eq!(id.region(), Some("350100"));
        assert_eq!(check("９１３５０１００Ｍ０００１００Ｙ４３").unwrap().code, "91350100M000100Y43");
    }

    #[test]
    fn old_tax_numbers() {
        let id = check("350100m000100y4").unwrap();
        assert_eq!(id.kind, TaxIdKind::Legacy);
        assert_eq!(id.region(), Some("350100"));
        assert_eq!(check("客3501000000100"), Err(TaxIdError::Length));
        assert_eq!(check("客35010000001000"), Err(TaxIdError::Character('客')));
        assert!(!is_uscc("350100000100011"));
    }

    proptest! {
        #[test]
        fn every_single_mistake_and_swap_is_caught(
            region in "[0-9]{6}",
            body in "[0-9A-HJ-NPQRTUWXY]{9}",
            at in 0usize..18,
            other in 0usize..31,
        ) {
            let first = format!("91{region}{body}");
            let code = format!("{first}{}", check_char(&first).unwrap());
            prop_assert!(is_uscc(&code));

            let mut wrong: Vec<u8> = code.clone().into_bytes();
            wrong[at] = ALPHABET[other];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(is_uscc(&wrong), wrong == code);

            let mut swapped: Vec<u8> = code.clone().into_bytes();
            swapped.swap(at.min(16), at.min(16) + 1);
            let swapped = String::from_utf8(swapped).unwrap();
            prop_assert_eq!(is_uscc(&swapped), swapped == code);
        }

        #[test]
        fn never_panics(text in ".{0,24}") {
            let _ = check(&text);
            let _ = region_code(&text);
            let _ = check_char(&text);
        }
    }
}
