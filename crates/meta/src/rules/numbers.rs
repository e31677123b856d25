//! Numbers and truth values as people write them in spreadsheets.

use rust_decimal::Decimal;

use super::text::half_width;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    Integer,
    Decimal,
    /// A currency sign or word was written; its ISO 4217 code where it names exactly one.
    Money(Option<&'static str>),
    Percent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// As written: `12.5%` has the value 12.5.
    pub value: Decimal,
    pub kind: NumberKind,
}

/// Currency marks, longest first where one contains another. `$` is read as the US dollar.
const CURRENCIES: &[(&str, Option<&str>)] = &[
    ("hk$", Some("HKD")),
    ("us$", Some("USD")),
    ("nt$", Some("TWD")),
    ("人民币", Some("CNY")),
    ("美元", Some("USD")),
    ("欧元", Some("EUR")),
    ("港元", Some("HKD")),
    ("港币", Some("HKD")),
    ("日元", Some("JPY")),
    ("英镑", Some("GBP")),
    ("rmb", Some("CNY")),
    ("cny", Some("CNY")),
    ("usd", Some("USD")),
    ("eur", Some("EUR")),
    ("gbp", Some("GBP")),
    ("hkd", Some("HKD")),
    ("jpy", Some("JPY")),
    ("$", Some("USD")),
    ("€", Some("EUR")),
    ("£", Some("GBP")),
    // Yuan and yen share the sign.
    ("¥", None),
    ("元", None),
    ("圆", None),
];

/// The currency that a mark stands for by itself.
pub(super) fn currency(mark: &str) -> Option<&'static str> {
    let mark = half_width(mark).trim().to_lowercase();
    CURRENCIES.iter().find(|(known, _)| *known == mark)?.1
}

/// Multipliers at the end, longest first.
const MULTIPLIERS: &[(&str, u32)] =
    &[("万亿", 12), ("千万", 7), ("百万", 6), ("亿", 8), ("万", 4), ("萬", 4), ("千", 3)];

/// Reads a number: thousands separators, currencies, 万 and 亿, percent, accounting brackets,
/// `1.234,56` where both separators show what is meant. A single comma that is no thousands
/// separator (`1,5`) is not guessed at.
pub fn parse_number(text: &str) -> Option<Number> {
    let half = half_width(text).to_lowercase().replace('−', "-");
    let mut rest = half.trim();
    if rest.len() > 60 {
        return None;
    }
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
        negative = true;
        rest = inner.trim();
    }
    let mut signs = 0;
    let mut currency = None;
    // The sign stands before or behind the currency: -¥5, ¥-5.
    loop {
        if let Some(after) = rest.strip_prefix('-') {
            negative = !negative;
            signs += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix('+') {
            signs += 1;
            rest = after;
        } else if currency.is_none()
            && let Some((mark, code)) = CURRENCIES.iter().find(|(mark, _)| rest.starts_with(mark))
        {
            currency = Some(*code);
            rest = rest[mark.len()..].trim_start();
        } else {
            break;
        }
    }
    if signs > 1 {
        return None;
    }
    if let Some((mark, code)) = CURRENCIES.iter().find(|(mark, _)| rest.ends_with(mark)) {
        // `¥5元` says it twice, `$5 eur` contradicts itself.
        match currency {
            Some(Some(first)) if code.is_some_and(|c| c != first) => return None,
            Some(first) => currency = Some(first.or(*code)),
            None => currency = Some(*code),
        }
        rest = rest[..rest.len() - mark.len()].trim_end();
    }
    let percent = rest.strip_suffix('%').map(str::trim_end);
    if percent.is_some() && currency.is_some() {
        return None;
    }
    rest = percent.unwrap_or(rest);
    let mut power = 0;
    if let Some((mark, p)) = MULTIPLIERS.iter().find(|(mark, _)| rest.ends_with(mark)) {
        power = *p;
        rest = rest[..rest.len() - mark.len()].trim_end();
    }
    let mut value = plain(rest)?;
    if power > 0 {
        value = value.checked_mul(Decimal::from(10u64.pow(power)))?.normalize();
    }
    if negative {
        value.set_sign_negative(!value.is_zero());
    }
    let kind = match (currency, percent) {
        (Some(code), _) => NumberKind::Money(code),
        (None, Some(_)) => NumberKind::Percent,
        _ if value.scale() == 0 => NumberKind::Integer,
        _ => NumberKind::Decimal,
    };
    Some(Number { value, kind })
}

/// Whether digits would be lost by reading a text as a number: `007`, or more digits than a
/// spreadsheet keeps. Such columns are names, not amounts.
pub fn is_identifier(text: &str) -> bool {
    let text = text.trim();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits && (text.len() > 15 || (text.len() > 1 && text.starts_with('0')))
}

/// Reads a truth value in either language. `1` and `0` count.
pub fn parse_bool(text: &str) -> Option<bool> {
    let text = half_width(text).trim().to_lowercase();
    match text.as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" | "是" | "有" | "对" | "真" | "启用" | "√" | "✓" | "✔" => {
            Some(true)
        }
        "false" | "f" | "no" | "n" | "off" | "0" | "否" | "无" | "错" | "假" | "停用" | "×" | "✗" | "✘" => {
            Some(false)
        }
        _ => None,
    }
}

/// Digits with separators and perhaps an exponent; no sign.
fn plain(text: &str) -> Option<Decimal> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !text.ends_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return None;
    }
    if text.contains('e') {
        return scientific(text);
    }
    let (whole, fraction) = split_fraction(text)?;
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = without_separators(&whole)?;
    let whole = if whole.is_empty() { "0" } else { &whole };
    let digits = format!("{whole}.{fraction}");
    Decimal::from_str_exact(digits.trim_end_matches('.')).ok()
}

/// Excel writes large and small values like `1.2e+05`.
fn scientific(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    if !(-20..=20).contains(&exponent) || !mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let value = Decimal::from_str_exact(mantissa).ok()?;
    let factor = Decimal::from(10u64.checked_pow(exponent.unsigned_abs().min(19))?);
    let scaled = if exponent < 0 { value.checked_div(factor)? } else { value.checked_mul(factor)? };
    Some(scaled.normalize())
}

/// Cuts at the decimal separator. Where `.` and `,` both occur the later one is it.
fn split_fraction(text: &str) -> Option<(String, &str)> {
    let continental = match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(dot)) => comma > dot,
        _ => false,
    };
    if continental {
        let (whole, fraction) = text.rsplit_once(',')?;
        (!whole.contains(',')).then(|| (whole.replace('.', ","), fraction))
    } else {
        match text.split_once('.') {
            Some((whole, fraction)) => Some((whole.to_owned(), fraction)),
            None => Some((text.to_owned(), "")),
        }
    }
}

/// Groups must be of three digits, or of four as Chinese numbers are sometimes grouped.
fn without_separators(whole: &str) -> Option<String> {
    let groups: Vec<&str> = whole.split([',', '\'', ' ', '\u{a0}', '\u{202f}']).collect();
    let digits = groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_digit()));
    if !digits {
        return None;
    }
    if let [first, rest @ ..] = groups.as_slice()
        && !rest.is_empty()
    {
        let fits = |size: usize| (1..=size).contains(&first.len()) && rest.iter().all(|g| g.len() == size);
        if !(fits(3) || fits(4) && whole.contains(',')) {
            return None;
        }
    }
    Some(groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(String, NumberKind)> {
        parse_number(text).map(|n| (n.value.to_string(), n.kind))
    }

    #[test]
    fn numbers() {
        use NumberKind::*;
        for (text, value, kind) in [
            ("550", "550", Integer),
            ("1,100.04", "1100.04", Decimal),
            ("1,234,567", "1234567", Integer),
            ("1,2345,6789", "123456789", Integer),
            ("1.234,56", "1234.56", Decimal),
            ("1 234 567.8", "1234567.8", Decimal),
            ("-12", "-12", Integer),
            ("−12", "-12", Integer),
            ("(1,234)", "-1234", Integer),
            (".5", "0.5", Decimal),
            ("5.", "5", Integer),
            ("１２３．４", "123.4", Decimal),
            ("¥1,200", "1200", Money(None)),
            ("￥ 1200.50", "1200.50", Money(None)),
            ("1200元", "1200", Money(None)),
            ("¥5元", "5", Money(None)),
            ("人民币1200元", "1200", Money(Some("CNY"))),
            ("-$5", "-5", Money(Some("USD"))),
            ("$-5", "-5", Money(Some("USD"))),
            ("US$ 12.00", "12.00", Money(Some("USD"))),
            ("12 EUR", "12", Money(Some("EUR"))),
            ("HK$3", "3", Money(Some("HKD"))),
            ("3.5万", "35000", Integer),
            ("1.2亿元", "120000000", Money(None)),
            ("2千万", "20000000", Integer),
            ("12.5%", "12.5", Percent),
            ("12 %", "12", Percent),
            ("1.2E+05", "120000", Integer),
            ("5e-3", "0.005", Decimal),
            ("-0", "0", Integer),
        ] {
            assert_eq!(read(text), Some((value.into(), kind)), "{text}");
        }
    }

    #[test]
    fn not_numbers() {
        for text in [
            "",
            " ",
            "-",
            "abc",
            "1,5",
            "1,23",
            "1.2.3",
            "12,34,567",
            "1-2",
            "--1",
            "5%%",
            "¥",
            "万",
            "1e400",
            "e5",
            "$5 eur",
            "¥5%",
            "()",
            "1,,000",
            "2016-10-20",
            "+",
            "99999999999999999999999999999999999",
            "1.234.567,89,0",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn identifiers_and_truth() {
        assert!(is_identifier("007") && is_identifier("1234567890123456"));
        assert!(!is_identifier("0") && !is_identifier("7") && !is_identifier("0.5") && !is_identifier("x"));
        assert_eq!(parse_bool(" 是 "), Some(true));
        assert_eq!(parse_bool("No"), Some(false));
        assert_eq!(parse_bool("maybe"), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(mantissa in -1_000_000_000_000i64..1_000_000_000_000, scale in 0u32..8) {
            let value = Decimal::new(mantissa, scale);
            prop_assert_eq!(parse_number(&value.to_string()).map(|n| n.value), Some(value));
        }

        #[test]
        fn thousands_separators(value in 0u64..10_000_000_000_000) {
            let digits = value.to_string();
            let mut grouped = String::new();
            for (i, c) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i) % 3 == 0 { grouped.push(','); }
                grouped.push(c);
            }
            let wanted = Some(Decimal::from(value));
            prop_assert_eq!(parse_number(&grouped).map(|n| n.value), wanted);
            let money = format!("¥{}.00", grouped);
            prop_assert_eq!(parse_number(&money).map(|n| n.value), wanted);
        }

        #[test]
        fn never_panics(text in "[-+()$¥€%0-9.,eE万亿元 ]{0,24}") {
            let _ = parse_number(&text);
        }
    }
}
