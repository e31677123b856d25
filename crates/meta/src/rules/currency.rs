//! Currencies by their ISO 4217 codes.

use super::numbers;

/// Those in use by the list of ISO 4217 (2026), and two that ended lately and still stand in contracts: ANG and BGN.
/// Funds, metals and codes for testing are none to sell in.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN \
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD \
    HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD \
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON \
    RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX \
    USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// In the order of the alphabet.
pub fn codes() -> impl Iterator<Item = &'static str> {
    CODES.split_ascii_whitespace()
}

pub fn is_code(text: &str) -> bool {
    codes().any(|code| code == text)
}

/// `usd`, `美元` and `US$` are USD; what is no currency stays as it is.
pub fn normalise(text: &str) -> String {
    let upper = text.trim().to_ascii_uppercase();
    match numbers::currency(text) {
        Some(code) if !is_code(&upper) => code.to_owned(),
        _ => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_known_by_code_name_and_sign() {
        for (written, code) in
            [("cny", "CNY"), (" Usd", "USD"), ("美元", "USD"), ("HK$", "HKD"), ("€", "EUR"), ("人民币", "CNY")]
        {
            assert_eq!(normalise(written), code);
            assert!(is_code(code));
        }
        for none in ["ABC", "¥", "", "CN", "CNYX", "AED AFN"] {
            assert!(!is_code(&normalise(none)), "{none}");
        }
        assert!(codes().all(|code| code.len() == 3) && codes().is_sorted());
    }
}
