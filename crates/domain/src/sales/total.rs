//! What a line comes to.

use rust_decimal::{Decimal, RoundingStrategy};

/// quantity × unit price × (1 − discount ÷ 100), rounded half away from zero to two places.
pub fn line_total(quantity: Decimal, unit_price: Decimal, discount: Option<Decimal>) -> Option<Decimal> {
    let hundred = Decimal::ONE_HUNDRED;
    let kept = (hundred - discount.unwrap_or_default()).checked_div(hundred)?;
    let total = quantity.checked_mul(unit_price)?.checked_mul(kept)?;
    Some(total.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::prelude::FromStr;

    fn d(text: &str) -> Decimal {
        Decimal::from_str(text).unwrap()
    }

    #[test]
    fn totals_round_half_away_from_zero() {
        assert_eq!(line_total(d("3"), d("19.99"), None), Some(d("59.97")));
        assert_eq!(line_total(d("1"), d("0.125"), None), Some(d("0.13")));
        assert_eq!(line_total(d("-1"), d("0.125"), None), Some(d("-0.13")));
        assert_eq!(line_total(d("2"), d("100"), Some(d("15"))), Some(d("170")));
        assert_eq!(line_total(d("2"), d("100"), Some(d("100"))), Some(d("0")));
    }

    #[test]
    fn what_cannot_be_held_is_none() {
        assert_eq!(line_total(Decimal::MAX, Decimal::MAX, None), None);
    }
}
