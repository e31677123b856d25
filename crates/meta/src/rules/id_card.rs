//! 居民身份证 numbers (GB 11643-1999, check character by ISO 7064 MOD 11-2).

use std::fmt;

use chrono::NaiveDate;

use super::text::half_width;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

/// What a valid number says about its holder. Highly sensitive: callers decide who may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdCard {
    pub number: String,
    /// 行政区划代码 at the time of first registration.
    pub region: String,
    pub born: NaiveDate,
    pub male: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdCardError {
    Length,
    Character,
    BirthDate,
    Check,
}

impl IdCardError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length => "id_card_length",
            Self::Character => "id_card_character",
            Self::BirthDate => "id_card_birth_date",
            Self::Check => "id_card_check",
        }
    }
}

impl fmt::Display for IdCardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "must have 18 characters",
            Self::Character => "must be 17 digits and a digit or X",
            Self::BirthDate => "contains no possible date of birth",
            Self::Check => "the check character does not match; a digit is probably mistyped",
        })
    }
}

impl std::error::Error for IdCardError {}

/// Checks a number as typed.
pub fn check(raw: &str) -> Result<IdCard, IdCardError> {
    let number: String =
        half_width(raw).chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    if number.chars().count() != 18 {
        return Err(IdCardError::Length);
    }
    let expected = check_char(&number).ok_or(IdCardError::Character)?;
    let last = number.as_bytes()[17];
    if !last.is_ascii_digit() && last != b'X' {
        return Err(IdCardError::Character);
    }
    let born = birth_date(&number).ok_or(IdCardError::BirthDate)?;
    if last != expected {
        return Err(IdCardError::Check);
    }
    Ok(IdCard { region: number[..6].to_owned(), born, male: number.as_bytes()[16] % 2 == 1, number })
}

/// The check byte for the first 17 digits; none where one of them is no digit.
fn check_char(number: &str) -> Option<u8> {
    let mut sum = 0;
    for (byte, weight) in number.bytes().zip(WEIGHTS) {
        if !byte.is_ascii_digit() {
            return None;
        }
        sum += u32::from(byte - b'0') * weight;
    }
    CHECKS.get((sum % 11) as usize).copied()
}

fn birth_date(number: &str) -> Option<NaiveDate> {
    let year: i32 = number.get(6..10)?.parse().ok()?;
    let month = number.get(10..12)?.parse().ok()?;
    let day = number.get(12..14)?.parse().ok()?;
    if !(1850..=2200).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_the_standard() {
        let card = check("11010519491231002X").unwrap();
        assert_eq!(card.region, "110105");
        assert_eq!(card.born, NaiveDate::from_ymd_opt(1949, 12, 31).unwrap());
        assert!(!card.male);
        assert!(check("440524188001010014").unwrap().male);
        assert_eq!(check("１１０１０５ 19491231 002x").unwrap().number, "11010519491231002X");
    }

    #[test]
    fn mistakes() {
        assert_eq!(check("110105194912310021"), Err(IdCardError::Check));
        assert_eq!(check("110105194913310021"), Err(IdCardError::BirthDate));
        assert_eq!(check("11010519491231002Y"), Err(IdCardError::Character));
        assert_eq!(check("1101051949123100X2"), Err(IdCardError::Character));
        assert_eq!(check("110105491231002"), Err(IdCardError::Length));
        assert_eq!(check("一一〇一〇五一九四九一二三一〇〇二X"), Err(IdCardError::Character));
    }

    proptest! {
        #[test]
        fn any_changed_digit_is_caught(
            region in "[1-8][0-9]{5}", year in 1900u32..2020, month in 1u32..13, day in 1u32..29,
            order in "[0-9]{3}", at in 0usize..17, digit in b'0'..=b'9',
        ) {
            let first = format!("{region}{year:04}{month:02}{day:02}{order}");
            let number = format!("{first}{}", char::from(check_char(&first).unwrap()));
            prop_assert!(check(&number).is_ok());
            let mut wrong = number.clone().into_bytes();
            wrong[at] = digit;
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(check(&wrong).is_ok(), wrong == number);
        }

        #[test]
        fn never_panics(text in ".{0,24}") {
            let _ = check(&text);
        }
    }
}
