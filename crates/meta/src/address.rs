//! The parts of an address as fields of their own, so that conditions can name them: `address.city`.

use crate::field::{FieldMeta, FieldType};
use crate::text::Label;

const fn text(key: &'static str, zh: &'static str, en: &'static str) -> FieldMeta {
    FieldMeta::new(key, Label::new(zh, en), FieldType::Text)
}

/// In the order in which an address is searched.
static PARTS: [FieldMeta; 7] = [
    text("country", "国家", "Country"),
    text("code", "行政区划代码", "Region code"),
    text("province", "省份", "Province"),
    text("city", "城市", "City"),
    text("district", "区县", "District"),
    text("detail", "街道门牌", "Street"),
    text("postcode", "邮编", "Postcode"),
];

pub fn parts() -> &'static [FieldMeta] {
    &PARTS
}

pub fn part(key: &str) -> Option<&'static FieldMeta> {
    PARTS.iter().find(|f| f.key == key)
}
