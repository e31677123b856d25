//! Whatever is sent, a value is refused or takes a form that stays as it is.
#![cfg(not(target_arch = "wasm32"))]

use kezhan_meta::{FieldMeta, FieldType, Filter, Label, normalise_value};
use proptest::prelude::*;
use serde_json::Value;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[-+]?[0-9]{1,20}(\\.[0-9]{0,6})?(e[0-9]{1,2})?".prop_map(Value::from),
        "[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}(T[0-9:]{5,8}(Z|[+-]08:00))?".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,8}", inner, 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn kinds() -> Vec<FieldType> {
    use FieldType as T;
    vec![
        T::Id,
        T::Text,
        T::LongText,
        T::RichText,
        T::Integer,
        T::Decimal { scale: 2 },
        T::Money,
        T::Percent,
        T::Date,
        T::DateTime,
        T::Boolean,
        T::Tags,
        T::Phone,
        T::Email,
        T::Url,
        T::Address,
        T::Geo,
        T::User,
        T::Json,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn normalising_is_stable(value in any_json(), kind in prop::sample::select(kinds())) {
        let field = FieldMeta::new("f", Label::new("字段", "Field"), kind);
        if let Ok(once) = normalise_value(&field, &value) {
            prop_assert_eq!(normalise_value(&field, &once), Ok(once.clone()));
        }
    }

    #[test]
    fn reading_a_condition_never_fails_badly(value in any_json()) {
        let _ = serde_json::from_value::<Filter>(value);
    }
}
