//! The condition language: one tree for lists, rules, scopes, segments and automation.
//!
//! Evaluated in SQL by the engine and in memory by [`crate::matches`]; a property test holds the two equal.
//! It is two-valued: a comparison with an empty value is false, its negation true.

use crate::text::Str;
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Deepest nesting that is accepted.
pub const MAX_DEPTH: usize = 12;
/// Most leaves that are accepted.
pub const MAX_LEAVES: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    In,
    Nin,
    Contains,
    StartsWith,
    EndsWith,
    /// `[low, high]`, both inclusive.
    Between,
    /// `true`: is empty; `false`: is not.
    Null,
    /// List fields: shares an item with the given list.
    HasAny,
    HasAll,
    HasNone,
    /// A relative date or a period: `last_7_days`, `this_quarter`, `2026-11`.
    Within,
}

impl Op {
    pub const ALL: [Op; 17] = [
        Op::Eq,
        Op::Ne,
        Op::Gt,
        Op::Gte,
        Op::Lt,
        Op::Lte,
        Op::In,
        Op::Nin,
        Op::Contains,
        Op::StartsWith,
        Op::EndsWith,
        Op::Between,
        Op::Null,
        Op::HasAny,
        Op::HasAll,
        Op::HasNone,
        Op::Within,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Op::Eq => "eq",
            Op::Ne => "ne",
            Op::Gt => "gt",
            Op::Gte => "gte",
            Op::Lt => "lt",
            Op::Lte => "lte",
            Op::In => "in",
            Op::Nin => "nin",
            Op::Contains => "contains",
            Op::StartsWith => "starts_with",
            Op::EndsWith => "ends_with",
            Op::Between => "between",
            Op::Null => "null",
            Op::HasAny => "has_any",
            Op::HasAll => "has_all",
            Op::HasNone => "has_none",
            Op::Within => "within",
        }
    }

    pub fn parse(key: &str) -> Option<Op> {
        Op::ALL.into_iter().find(|op| op.key() == key)
    }

    /// Takes a list of values?
    pub fn takes_list(self) -> bool {
        matches!(self, Op::In | Op::Nin | Op::Between | Op::HasAny | Op::HasAll | Op::HasNone)
    }
}

/// Which operators a field type understands.
pub fn operators(kind: &crate::FieldType) -> &'static [Op] {
    use crate::FieldType as T;
    match kind {
        T::Id | T::Reference { .. } | T::User | T::Department | T::File => &[Op::Eq, Op::Ne, Op::In, Op::Nin, Op::Null],
        T::Text | T::Phone | T::Email | T::Url | T::AutoNumber { .. } => {
            &[Op::Eq, Op::Ne, Op::In, Op::Nin, Op::Contains, Op::StartsWith, Op::EndsWith, Op::Null]
        }
        T::LongText | T::RichText => &[Op::Contains, Op::Null],
        T::Integer | T::Decimal { .. } | T::Money | T::Percent => {
            &[Op::Eq, Op::Ne, Op::Gt, Op::Gte, Op::Lt, Op::Lte, Op::In, Op::Nin, Op::Between, Op::Null]
        }
        T::Date | T::DateTime => &[Op::Eq, Op::Ne, Op::Gt, Op::Gte, Op::Lt, Op::Lte, Op::Between, Op::Within, Op::Null],
        T::Boolean => &[Op::Eq, Op::Ne, Op::Null],
        T::Choice { .. } => &[Op::Eq, Op::Ne, Op::In, Op::Nin, Op::Null],
        T::MultiChoice { .. } | T::Tags | T::MultiReference { .. } => &[Op::HasAny, Op::HasAll, Op::HasNone, Op::Null],
        T::Address => &[Op::Contains, Op::Null],
        T::Geo | T::Json => &[Op::Null],
    }
}

/// A condition over a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// `field` may be a path through references: `account.city`.
    Field {
        field: Str,
        op: Op,
        value: Value,
    },
    /// Some record of a relation that points here meets the condition.
    Exists {
        relation: Str,
        filter: Option<Box<Filter>>,
    },
}

impl Filter {
    /// The condition that always holds.
    pub fn all() -> Filter {
        Filter::And(Vec::new())
    }

    pub fn field(field: impl Into<Str>, op: Op, value: impl Into<Value>) -> Filter {
        Filter::Field { field: field.into(), op, value: value.into() }
    }

    pub fn is_all(&self) -> bool {
        matches!(self, Filter::And(list) if list.is_empty())
    }

    pub fn and(self, other: Filter) -> Filter {
        match (self, other) {
            (a, b) if b.is_all() => a,
            (a, b) if a.is_all() => b,
            (Filter::And(mut a), Filter::And(b)) => {
                a.extend(b);
                Filter::And(a)
            }
            (Filter::And(mut a), b) => {
                a.push(b);
                Filter::And(a)
            }
            (a, b) => Filter::And(vec![a, b]),
        }
    }

    /// The same condition on the record that a reference names. None where it asks for records that point there: that
    /// cannot be asked through a reference.
    pub fn through(&self, reference: &str) -> Option<Filter> {
        let all = |list: &[Filter]| list.iter().map(|f| f.through(reference)).collect::<Option<Vec<_>>>();
        Some(match self {
            Filter::And(list) => Filter::And(all(list)?),
            Filter::Or(list) => Filter::Or(all(list)?),
            Filter::Not(inner) => Filter::Not(Box::new(inner.through(reference)?)),
            Filter::Field { field, op, value } => Filter::field(format!("{reference}.{field}"), *op, value.clone()),
            Filter::Exists { .. } => return None,
        })
    }

    pub fn depth(&self) -> usize {
        1 + match self {
            Filter::And(l) | Filter::Or(l) => l.iter().map(Filter::depth).max().unwrap_or(0),
            Filter::Not(f) => f.depth(),
            Filter::Field { .. } => 0,
            Filter::Exists { filter, .. } => filter.as_deref().map_or(0, Filter::depth),
        }
    }

    pub fn leaves(&self) -> usize {
        match self {
            Filter::And(l) | Filter::Or(l) => l.iter().map(Filter::leaves).sum(),
            Filter::Not(f) => f.leaves(),
            Filter::Field { .. } => 1,
            Filter::Exists { filter, .. } => 1 + filter.as_deref().map_or(0, Filter::leaves),
        }
    }

    /// Every field path that the condition reads, relations written `relation.field`.
    pub fn paths(&self) -> Vec<String> {
        fn walk(filter: &Filter, prefix: &str, out: &mut Vec<String>) {
            match filter {
                Filter::And(l) | Filter::Or(l) => l.iter().for_each(|f| walk(f, prefix, out)),
                Filter::Not(f) => walk(f, prefix, out),
                Filter::Field { field, .. } => out.push(format!("{prefix}{field}")),
                Filter::Exists { relation, filter } => {
                    out.push(format!("{prefix}{relation}"));
                    if let Some(f) = filter {
                        walk(f, &format!("{prefix}{relation}."), out);
                    }
                }
            }
        }
        let mut out = Vec::new();
        walk(self, "", &mut out);
        out
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        match self {
            Filter::And(list) => map.serialize_entry("and", list)?,
            Filter::Or(list) => map.serialize_entry("or", list)?,
            Filter::Not(inner) => map.serialize_entry("not", inner)?,
            Filter::Field { field, op, value } => {
                map.serialize_entry("field", field)?;
                map.serialize_entry("op", op)?;
                map.serialize_entry("value", value)?;
            }
            Filter::Exists { relation, filter } => {
                map.serialize_entry("exists", relation)?;
                if let Some(filter) = filter {
                    map.serialize_entry("where", filter)?;
                }
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(FilterVisitor)
    }
}

struct FilterVisitor;

impl<'de> Visitor<'de> for FilterVisitor {
    type Value = Filter;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a condition: {and:[…]}, {or:[…]}, {not:…}, {field,op,value} or {exists,where}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Filter, A::Error> {
        let (mut group, mut field, mut op, mut value, mut exists, mut within) = (None, None, None, None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "and" => group = Some(Filter::And(map.next_value()?)),
                "or" => group = Some(Filter::Or(map.next_value()?)),
                "not" => group = Some(Filter::Not(Box::new(map.next_value()?))),
                "field" => field = Some(map.next_value::<String>()?),
                "op" => op = Some(map.next_value::<Op>()?),
                "value" => value = Some(map.next_value::<Value>()?),
                "exists" => exists = Some(map.next_value::<String>()?),
                "where" => within = Some(map.next_value::<Filter>()?),
                other => {
                    const KNOWN: &[&str] = &["and", "or", "not", "field", "op", "value", "exists", "where"];
                    return Err(de::Error::unknown_field(other, KNOWN));
                }
            }
        }
        match (group, field, exists) {
            (Some(group), None, None) => Ok(group),
            (None, Some(field), None) => Ok(Filter::Field {
                field: Str::Owned(field),
                op: op.unwrap_or(Op::Eq),
                value: value.unwrap_or(Value::Null),
            }),
            (None, None, Some(relation)) => {
                Ok(Filter::Exists { relation: Str::Owned(relation), filter: within.map(Box::new) })
            }
            _ => Err(de::Error::custom("a condition has exactly one of and, or, not, field, exists")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_tree_survives_the_trip_through_json() {
        let text = json!({"and":[
            {"field":"account.city","op":"eq","value":"上海"},
            {"or":[{"not":{"field":"amount","op":"gte","value":"100"}},{"exists":"contacts","where":{"and":[]}}]}
        ]});
        let filter: Filter = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&filter).unwrap(), text);
        assert_eq!(filter.leaves(), 3);
        assert_eq!(filter.paths(), ["account.city", "amount", "contacts"]);
    }

    #[test]
    fn what_is_not_a_condition_is_refused_by_name() {
        let error = serde_json::from_value::<Filter>(json!({"filed":"a"})).unwrap_err().to_string();
        assert!(error.contains("filed"), "{error}");
        assert!(serde_json::from_value::<Filter>(json!({"and":[],"field":"a"})).is_err());
        assert!(serde_json::from_value::<Filter>(json!({"field":"a","op":"like","value":"b"})).is_err());
    }
}
