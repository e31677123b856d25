//! A field from its JSON, by hand: what is derived for a flattened and tagged type weighs more in a browser than the rest
//! of the metadata together.

use super::{FieldMeta, FieldType as T};
use crate::Record;
use crate::text::{Label, Str};
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::{Error, Value};
use std::borrow::Cow;

impl<'de> serde::Deserialize<'de> for FieldMeta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FieldMeta, D::Error> {
        read(&Record::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn get<V: DeserializeOwned>(map: &Record, key: &str) -> Result<Option<V>, Error> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value.clone()).map(Some),
    }
}

fn text(map: &Record, key: &str) -> Option<Str> {
    map.get(key).and_then(Value::as_str).map(|text| Cow::Owned(text.to_owned()))
}

fn need<V>(value: Option<V>, key: &'static str) -> Result<V, Error> {
    value.ok_or_else(|| Error::missing_field(key))
}

/// Once it was one text; what was kept then is still read.
fn help(map: &Record) -> Result<Label, Error> {
    match map.get("help") {
        Some(Value::String(one)) => Ok(Label { zh: Cow::Owned(one.clone()), en: Cow::Owned(one.clone()) }),
        _ => Ok(get(map, "help")?.unwrap_or_default()),
    }
}

fn read(map: &Record) -> Result<FieldMeta, Error> {
    let flag = |key| map.get(key) == Some(&Value::Bool(true));
    Ok(FieldMeta {
        key: need(text(map, "key"), "key")?,
        label: need(get(map, "label")?, "label")?,
        help: help(map)?,
        kind: kind(map)?,
        storage: need(get(map, "storage")?, "storage")?,
        required: flag("required"),
        unique: flag("unique"),
        indexed: flag("indexed"),
        searchable: flag("searchable"),
        read_only: flag("read_only"),
        immutable: flag("immutable"),
        secret: flag("secret"),
        sealed: flag("sealed"),
        hidden: flag("hidden"),
        unasked: flag("unasked"),
        sensitivity: get(map, "sensitivity")?.unwrap_or_default(),
        rules: Cow::Owned(get(map, "rules")?.unwrap_or_default()),
        default: get(map, "default")?,
        inverse: text(map, "inverse"),
        inverse_label: get(map, "inverse_label")?,
        timeline: flag("timeline"),
        foreseen: flag("foreseen"),
        section: text(map, "section").unwrap_or_default(),
        in_list: flag("in_list"),
        within: text(map, "within"),
        when: Cow::Borrowed(&[]),
    })
}

fn kind(map: &Record) -> Result<T, Error> {
    let to = || need(text(map, "to"), "to");
    let options = || Ok(Cow::Owned(need(get(map, "options")?, "options")?));
    Ok(match need(text(map, "type"), "type")?.as_ref() {
        "id" => T::Id,
        "text" => T::Text,
        "long_text" => T::LongText,
        "rich_text" => T::RichText,
        "integer" => T::Integer,
        "decimal" => T::Decimal { scale: need(get(map, "scale")?, "scale")? },
        "money" => T::Money,
        "percent" => T::Percent,
        "date" => T::Date,
        "date_time" => T::DateTime,
        "boolean" => T::Boolean,
        "choice" => T::Choice { options: options()? },
        "multi_choice" => T::MultiChoice { options: options()? },
        "tags" => T::Tags,
        "phone" => T::Phone,
        "email" => T::Email,
        "url" => T::Url,
        "address" => T::Address,
        "geo" => T::Geo,
        "reference" => T::Reference { to: to()? },
        "multi_reference" => T::MultiReference { to: to()? },
        "user" => T::User,
        "department" => T::Department,
        "file" => T::File,
        "auto_number" => {
            T::AutoNumber { pattern: need(text(map, "pattern"), "pattern")?, reset: need(get(map, "reset")?, "reset")? }
        }
        "json" => T::Json,
        other => return Err(Error::custom(format_args!("no field type {other}"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Default, Reset, Rule, Sensitivity, Storage};
    use crate::{Choice, Tone};

    /// The type after this one, so that a new one does not compile before it has a place here.
    fn after(kind: &T) -> Option<T> {
        let options: Cow<'static, [Choice]> = Cow::Owned(vec![Choice::new("a", "甲", "A", Tone::Info)]);
        Some(match kind {
            T::Id => T::Text,
            T::Text => T::LongText,
            T::LongText => T::RichText,
            T::RichText => T::Integer,
            T::Integer => T::Decimal { scale: 3 },
            T::Decimal { .. } => T::Money,
            T::Money => T::Percent,
            T::Percent => T::Date,
            T::Date => T::DateTime,
            T::DateTime => T::Boolean,
            T::Boolean => T::Choice { options },
            T::Choice { .. } => T::MultiChoice { options },
            T::MultiChoice { .. } => T::Tags,
            T::Tags => T::Phone,
            T::Phone => T::Email,
            T::Email => T::Url,
            T::Url => T::Address,
            T::Address => T::Geo,
            T::Geo => T::Reference { to: "account".into() },
            T::Reference { .. } => T::MultiReference { to: "role".into() },
            T::MultiReference { .. } => T::User,
            T::User => T::Department,
            T::Department => T::File,
            T::File => T::AutoNumber { pattern: "SJ{0000}".into(), reset: Reset::Monthly },
            T::AutoNumber { .. } => T::Json,
            T::Json => return None,
        })
    }

    #[test]
    fn a_field_of_every_type_comes_back_as_it_went() {
        let full = FieldMeta {
            help: Label::new("作何用。", "What it is for."),
            storage: Storage::Custom,
            required: true,
            unique: true,
            indexed: true,
            searchable: true,
            read_only: true,
            immutable: true,
            secret: true,
            sealed: true,
            hidden: true,
            sensitivity: Sensitivity::Personal,
            rules: Cow::Owned(vec![Rule::Uscc, Rule::Range { min: Some("1".into()), max: None }]),
            default: Some(Default::CurrentUser),
            inverse: Some("contacts".into()),
            inverse_label: Some(Label::new("联系人", "Contacts")),
            timeline: true,
            foreseen: true,
            section: "account".into(),
            in_list: true,
            within: Some("account".into()),
            ..FieldMeta::new("field", Label::new("字段", "Field"), T::Id)
        };
        let mut next = Some(T::Id);
        while let Some(kind) = next {
            next = after(&kind);
            for field in [full.clone(), FieldMeta::new("bare", Label::new("", ""), T::Id)] {
                let field = FieldMeta { kind: kind.clone(), ..field };
                let told = serde_json::to_value(&field).unwrap();
                assert_eq!(serde_json::from_value::<FieldMeta>(told).unwrap(), field);
            }
        }
    }

    #[test]
    fn what_is_no_field_is_told() {
        let told = |json: &str| serde_json::from_str::<FieldMeta>(json).unwrap_err().to_string();
        assert!(told(r#"{"label": {"zh": "", "en": ""}}"#).contains("key"));
        let field = r#""key": "k", "label": {"zh": "", "en": ""}, "storage": "custom""#;
        assert!(told(&format!("{{{field}}}")).contains("type"));
        assert!(told(&format!(r#"{{{field}, "type": "reference"}}"#)).contains("to"));
        assert!(told(&format!(r#"{{{field}, "type": "telepathy"}}"#)).contains("telepathy"));
    }
}
