//! The query string: every parameter known, none of them twice.

use kezhan_engine::{Error, ReadOptions, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::query::{Count, LIMIT_MAX, ListQuery, Sort, parse_parameter};
use kezhan_meta::{Filter, ObjectMeta, Op};
use std::fmt;

/// Names and values in their order.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| write!(f, "{name}={value}&"))
    }
}

impl Params {
    pub fn parse(query: &str) -> Result<Params> {
        if query.is_empty() {
            return Ok(Params::default());
        }
        match actix_web::web::Query::<Vec<(String, String)>>::from_query(query) {
            Ok(pairs) if pairs.iter().any(|(n, v)| n.contains('\0') || v.contains('\0')) => {
                Err(Error::refused(Code::BadRequest, &["U+0000"]))
            }
            Ok(pairs) => Ok(Params(pairs.into_inner())),
            Err(e) => Err(Error::refused(Code::BadRequest, &[&e.to_string()])),
        }
    }

    /// For calls that take these parameters only.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(Error::refused(Code::UnknownParameter, &[name]));
            }
            if self.0.iter().take(at).any(|(n, _)| n == name) {
                return Err(Error::refused(Code::BadValue, &[name, "2×"]));
            }
        }
        Ok(())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        self.get(name).map(words).unwrap_or_default()
    }

    pub fn limit(&self) -> Result<Option<u32>> {
        let Some(text) = self.get("limit") else { return Ok(None) };
        match text.parse() {
            Ok(n) if (1..=LIMIT_MAX).contains(&n) => Ok(Some(n)),
            _ => Err(Error::refused(Code::BadValue, &["limit", &format!("1–{LIMIT_MAX}")])),
        }
    }

    pub fn number(&self, name: &str) -> Result<Option<i64>> {
        let number = self.get(name).map(str::parse).transpose();
        number.map_err(|_| Error::refused(Code::BadValue, &[name, "1, 2, 3 …"]))
    }

    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::refused(Code::BadValue, &[name, "true | false"])),
        }
    }

    /// `fields`, `expand` and `deleted` of a single record.
    pub fn read_options(&self) -> Result<ReadOptions> {
        self.only(&["fields", "expand", "deleted"])?;
        Ok(ReadOptions {
            fields: self.get("fields").map(words),
            expand: self.list("expand"),
            deleted: self.flag("deleted")?,
        })
    }

    /// A list request: what is no parameter of its own is a filter.
    pub fn list_query(&self, object: &ObjectMeta) -> Result<ListQuery> {
        let mut query = ListQuery::default();
        let mut filters = Vec::new();
        for (at, (name, value)) in self.0.iter().enumerate() {
            let known = ["limit", "cursor", "sort", "fields", "expand", "q", "view", "count", "deleted", "import"];
            if known.contains(&name.as_str()) {
                if self.0.iter().take(at).any(|(n, _)| n == name) {
                    return Err(Error::refused(Code::BadValue, &[name, "2×"]));
                }
            } else {
                filters.push(filter(object, name, value)?);
            }
            match name.as_str() {
                "limit" => query.limit = self.limit()?,
                "cursor" => query.cursor = Some(value.clone()),
                "sort" => query.sort = words(value).iter().map(|s| Sort::parse(s)).collect(),
                "fields" => query.fields = Some(words(value)),
                "expand" => query.expand = words(value),
                "q" => query.q = Some(value.clone()),
                "view" => query.view = Some(value.clone()),
                "count" => query.count = count(value)?,
                "deleted" => query.deleted = self.flag("deleted")?,
                "import" => {
                    let id = uuid::Uuid::parse_str(value);
                    query.import = Some(id.map_err(|_| Error::refused(Code::BadValue, &["import", "uuid"]))?);
                }
                _ => {}
            }
        }
        if !filters.is_empty() {
            query.filter = Some(Filter::And(filters));
        }
        Ok(query)
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn count(value: &str) -> Result<Count> {
    match value {
        "none" => Ok(Count::None),
        "capped" => Ok(Count::Capped),
        "exact" => Ok(Count::Exact),
        _ => Err(Error::refused(Code::BadValue, &["count", "none | capped | exact"])),
    }
}

fn filter(object: &ObjectMeta, name: &str, value: &str) -> Result<Filter> {
    let field = name.split(['[', '.']).next().unwrap_or_default();
    if object.field(field).is_none() {
        return Err(Error::refused(Code::UnknownParameter, &[name]));
    }
    let filter = parse_parameter(name, value).map_err(|op| Error::refused(Code::UnknownOperator, &[field, &op]))?;
    match &filter {
        Filter::Field { op: Op::Null, .. } if !["true", "false"].contains(&value) => {
            Err(Error::refused(Code::BadValue, &[name, "true | false"]))
        }
        _ => Ok(filter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<ListQuery> {
        let object = kezhan_domain::standard().get("account").unwrap().clone();
        Params::parse(query)?.list_query(&object)
    }

    #[test]
    fn filters_and_settings_are_told_apart() {
        let query = parse("city=%E4%B8%8A%E6%B5%B7&employees[gte]=10&limit=5&sort=-name&count=capped").unwrap();
        assert_eq!((query.limit, query.count), (Some(5), Count::Capped));
        assert_eq!(query.sort, [Sort::parse("-name")]);
        assert_eq!(query.filter.unwrap().leaves(), 2);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let named = |query: &str| match parse(query) {
            Err(Error::Refused { code, args }) => (code, args.first().cloned().unwrap_or_default()),
            other => panic!("{other:?}"),
        };
        assert_eq!(named("colour=red"), (Code::UnknownParameter, "colour".into()));
        assert_eq!(named("name[like]=x"), (Code::UnknownOperator, "name".into()));
        assert_eq!(named("limit=0"), (Code::BadValue, "limit".into()));
        assert_eq!(named("limit=201"), (Code::BadValue, "limit".into()));
        assert_eq!(named("limit=1&limit=2"), (Code::BadValue, "limit".into()));
        assert_eq!(named("count=all"), (Code::BadValue, "count".into()));
        assert_eq!(named("city[null]=maybe"), (Code::BadValue, "city[null]".into()));
    }
}
