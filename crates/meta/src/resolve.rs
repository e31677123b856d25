//! A filter tree made ready for evaluation: fields known and readable, operators fitting, operands in
//! canonical form, relative dates and `me` replaced. SQL and memory both start from here.

use crate::catalog::Catalog;
use crate::check::normalise_value;
use crate::field::{FieldMeta, FieldType, Rule};
use crate::filter::{Filter, MAX_DEPTH, MAX_LEAVES, Op};
use crate::object::ObjectMeta;
use crate::problem::Code;
use crate::query::allows;
use crate::rules::{periods, relative};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// Operands of fields of people: the asker, and everyone who reports to them, at any depth.
pub const ME: &str = "me";
pub const MY_SUBORDINATES: &str = "my_subordinates";
/// Operands of department fields: the asker's own, and that with all below it.
pub const MY_DEPARTMENT: &str = "my_department";
pub const MY_DEPARTMENTS: &str = "my_departments";
/// Longest path: three references and a field.
pub const PATH_MAX: usize = 4;

/// Who asks, when and where; what relative operands mean.
#[derive(Clone, Debug)]
pub struct Context {
    pub now: DateTime<Utc>,
    /// Minutes east of UTC of the asker's time zone, for "today".
    pub offset_minutes: i32,
    pub user: Option<String>,
    /// Everyone who reports to the asker, at any depth.
    pub subordinates: Arc<[String]>,
    pub department: Option<String>,
    /// The asker's department and all below it.
    pub departments: Vec<String>,
}

impl Context {
    pub fn today(&self) -> NaiveDate {
        (self.now + Duration::minutes(i64::from(self.offset_minutes))).date_naive()
    }

    /// The instant at which a calendar day begins for the asker.
    fn day_start(&self, day: NaiveDate) -> DateTime<Utc> {
        (day.and_time(chrono::NaiveTime::MIN) - Duration::minutes(i64::from(self.offset_minutes))).and_utc()
    }
}

/// What is wrong with a query, naming what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFault {
    pub code: Code,
    pub args: Vec<String>,
}

impl QueryFault {
    pub fn new(code: Code, args: &[&str]) -> Self {
        QueryFault { code, args: args.iter().map(|a| (*a).to_owned()).collect() }
    }
}

/// Answers whether the asker may read (and so filter by) a field.
pub trait Readable {
    fn readable(&self, object: &ObjectMeta, field: &FieldMeta) -> bool;
}

/// Everything is readable: for rules that the system itself evaluates.
pub struct ReadsAll;

impl Readable for ReadsAll {
    fn readable(&self, _: &ObjectMeta, _: &FieldMeta) -> bool {
        true
    }
}

/// Follows a path such as `account.city` to the field it names; the references passed come first.
pub fn follow<'c>(
    catalog: &'c Catalog,
    object: &'c ObjectMeta,
    path: &str,
    access: &dyn Readable,
) -> Result<Vec<(&'c ObjectMeta, &'c FieldMeta)>, QueryFault> {
    let unknown = || QueryFault::new(Code::UnknownField, &[path]);
    let mut steps = Vec::new();
    let mut at = object;
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let field = at.field(part).filter(|f| !f.secret && access.readable(at, f)).ok_or_else(unknown)?;
        steps.push((at, field));
        if let (Some(rest), FieldType::Address) = (parts.peek(), &field.kind) {
            steps.push((at, crate::address::part(rest).ok_or_else(unknown)?));
            parts.next();
            if parts.next().is_some() {
                return Err(unknown());
            }
            break;
        }
        if parts.peek().is_some() {
            let target = field.kind.is_reference().then(|| field.target()).flatten();
            at = target.and_then(|t| catalog.get(t)).ok_or_else(unknown)?;
        }
    }
    match steps.len() {
        0 => Err(unknown()),
        1..=PATH_MAX => Ok(steps),
        _ => Err(QueryFault::new(Code::TooComplex, &[path])),
    }
}

/// Checks and canonicalises a whole tree.
pub fn resolve(
    filter: &Filter,
    catalog: &Catalog,
    object: &ObjectMeta,
    access: &dyn Readable,
    context: &Context,
) -> Result<Filter, QueryFault> {
    if filter.depth() > MAX_DEPTH {
        return Err(QueryFault::new(Code::TooComplex, &[&format!("> {MAX_DEPTH} levels")]));
    }
    if filter.leaves() > MAX_LEAVES {
        return Err(QueryFault::new(Code::TooComplex, &[&format!("> {MAX_LEAVES} conditions")]));
    }
    Resolver { catalog, access, context }.tree(filter, object)
}

/// A region in an address is the same however its name is written.
fn spelled(leaf: Filter) -> Filter {
    match leaf {
        Filter::Field { field, op: op @ (Op::Eq | Op::Ne | Op::In | Op::Nin), value }
            if [".province", ".city", ".district"].iter().any(|part| field.ends_with(part)) =>
        {
            let names = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
            let all = names.iter().filter_map(Value::as_str).flat_map(crate::regions::spellings);
            let op = if matches!(op, Op::Eq | Op::In) { Op::In } else { Op::Nin };
            Filter::Field { field, op, value: all.collect() }
        }
        other => other,
    }
}

/// A day given without a time.
fn plain_day(value: &Value) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(value.as_str()?, "%Y-%m-%d").ok()
}

struct Resolver<'a> {
    catalog: &'a Catalog,
    access: &'a dyn Readable,
    context: &'a Context,
}

impl Resolver<'_> {
    fn tree(&self, filter: &Filter, object: &ObjectMeta) -> Result<Filter, QueryFault> {
        let all = |list: &[Filter]| list.iter().map(|f| self.tree(f, object)).collect::<Result<Vec<_>, _>>();
        Ok(match filter {
            Filter::And(list) => Filter::And(all(list)?),
            Filter::Or(list) => Filter::Or(all(list)?),
            Filter::Not(inner) => Filter::Not(Box::new(self.tree(inner, object)?)),
            Filter::Exists { relation, filter } => {
                let related = self.catalog.relation(&object.name, relation);
                let target = related.and_then(|r| self.catalog.get(&r.object));
                let via =
                    related.zip(target).and_then(|(r, t)| t.field(&r.field).filter(|f| self.access.readable(t, f)));
                let (Some(target), Some(_)) = (target, via) else {
                    return Err(QueryFault::new(Code::UnknownField, &[relation]));
                };
                let filter = filter.as_deref().map(|f| self.tree(f, target).map(Box::new)).transpose()?;
                Filter::Exists { relation: relation.clone(), filter }
            }
            Filter::Field { field, op, value } => {
                let steps = follow(self.catalog, object, field, self.access)?;
                let Some((_, meta)) = steps.last() else {
                    return Err(QueryFault::new(Code::UnknownField, &[field]));
                };
                let leaf = self.leaf(field, meta, *op, value)?;
                let whole = steps.len().checked_sub(2).and_then(|at| steps.get(at));
                match whole.is_some_and(|(_, whole)| whole.kind == FieldType::Address) {
                    true => spelled(leaf),
                    false => leaf,
                }
            }
        })
    }

    fn leaf(&self, path: &crate::Str, field: &FieldMeta, op: Op, value: &Value) -> Result<Filter, QueryFault> {
        if !allows(field, op) {
            return Err(QueryFault::new(Code::UnknownOperator, &[path, op.key()]));
        }
        let bad = |why: &str| QueryFault::new(Code::BadValue, &[path, why]);
        let leaf = |op, value| Filter::Field { field: path.clone(), op, value };
        match op {
            Op::Null => match value {
                Value::Bool(_) => Ok(leaf(op, value.clone())),
                Value::Null => Ok(leaf(op, Value::Bool(true))),
                _ => Err(bad("true | false")),
            },
            Op::Within => {
                let keyword = value.as_str().ok_or_else(|| bad("last_7_days"))?;
                let days = relative::range(keyword, self.context.today()).or_else(|| periods::range(keyword));
                let days = days.ok_or_else(|| bad(keyword))?;
                let bound = |day: NaiveDate| match field.kind {
                    FieldType::DateTime => json!(crate::check::instant(self.context.day_start(day))),
                    _ => json!(day.format("%Y-%m-%d").to_string()),
                };
                Ok(Filter::And(vec![leaf(Op::Gte, bound(days.start)), leaf(Op::Lt, bound(days.end))]))
            }
            Op::Contains | Op::StartsWith | Op::EndsWith => match value.as_str() {
                Some(text) if !text.is_empty() && text.chars().count() <= 200 => Ok(leaf(
                    op,
                    json!(if field.rules.contains(&Rule::City) { crate::regions::city(text) } else { text }),
                )),
                _ => Err(bad("text, 1–200")),
            },
            Op::HasAny | Op::HasAll | Op::HasNone => match self.operand(field, value, &bad)? {
                Value::Null => Err(bad("[]")),
                list => Ok(leaf(op, list)),
            },
            Op::Between => {
                let [low, high] = value.as_array().map_or(&[][..], Vec::as_slice) else {
                    return Err(bad("[low, high]"));
                };
                if field.kind == FieldType::DateTime && (plain_day(low).is_some() || plain_day(high).is_some()) {
                    let edges = [(Op::Gte, low), (Op::Lte, high)];
                    let edges = edges.into_iter().map(|(op, edge)| self.leaf(path, field, op, edge));
                    return Ok(Filter::And(edges.collect::<Result<Vec<_>, _>>()?));
                }
                let edges = [self.single(field, low, &bad)?, self.single(field, high, &bad)?];
                Ok(leaf(op, Value::Array(edges.into())))
            }
            Op::In | Op::Nin => {
                let items = value.as_array().filter(|l| (1..=200).contains(&l.len())).ok_or_else(|| bad("[…]"))?;
                let mut all = Vec::with_capacity(items.len());
                for item in items {
                    match self.named(field, item) {
                        Some(ids) => all.extend(ids),
                        None => all.push(self.single(field, item, &bad)?),
                    }
                }
                Ok(leaf(op, Value::Array(all)))
            }
            Op::Eq | Op::Ne if self.named(field, value).is_some() => {
                let ids = self.named(field, value).unwrap_or_default();
                Ok(match (ids.as_slice(), op) {
                    ([id], op) => leaf(op, id.clone()),
                    (_, Op::Eq) => leaf(Op::In, Value::Array(ids)),
                    _ => leaf(Op::Nin, Value::Array(ids)),
                })
            }
            Op::Eq | Op::Ne if value.is_null() => Ok(leaf(Op::Null, Value::Bool(op == Op::Eq))),
            Op::Eq | Op::Ne | Op::Gt | Op::Gte | Op::Lt | Op::Lte => {
                // A plain day compared with an instant means that whole day, for the asker.
                if field.kind == FieldType::DateTime
                    && let Some(day) = plain_day(value)
                {
                    return Ok(self.whole_day(&leaf, op, day));
                }
                Ok(leaf(op, self.single(field, value, &bad)?))
            }
        }
    }

    fn whole_day(&self, leaf: &dyn Fn(Op, Value) -> Filter, op: Op, day: NaiveDate) -> Filter {
        let at = |day: NaiveDate| json!(crate::check::instant(self.context.day_start(day)));
        let next = day.succ_opt().unwrap_or(day);
        let during = || Filter::And(vec![leaf(Op::Gte, at(day)), leaf(Op::Lt, at(next))]);
        match op {
            Op::Gt => leaf(Op::Gte, at(next)),
            Op::Gte => leaf(Op::Gte, at(day)),
            Op::Lt => leaf(Op::Lt, at(day)),
            Op::Lte => leaf(Op::Lt, at(next)),
            Op::Ne => Filter::Not(Box::new(during())),
            _ => during(),
        }
    }

    fn single(&self, field: &FieldMeta, value: &Value, bad: &dyn Fn(&str) -> QueryFault) -> Result<Value, QueryFault> {
        match self.operand(field, value, bad)? {
            Value::Null => Err(bad("null")),
            value => Ok(value),
        }
    }

    /// The ids that `me` and the like stand for; none where the asker has no department.
    fn named(&self, field: &FieldMeta, value: &Value) -> Option<Vec<Value>> {
        let ids = match (&field.kind, value.as_str()?) {
            (FieldType::User, ME) => self.context.user.as_slice(),
            (FieldType::User, MY_SUBORDINATES) => &self.context.subordinates,
            (FieldType::Department, MY_DEPARTMENT) => self.context.department.as_slice(),
            (FieldType::Department, MY_DEPARTMENTS) => self.context.departments.as_slice(),
            _ => return None,
        };
        Some(ids.iter().map(|id| json!(id)).collect())
    }

    fn operand(&self, field: &FieldMeta, value: &Value, bad: &dyn Fn(&str) -> QueryFault) -> Result<Value, QueryFault> {
        // Parts of a number or an address are fair operands though they would not be fair values.
        let loose = !field.sealed
            && matches!(
                field.kind,
                FieldType::Phone | FieldType::Email | FieldType::Url | FieldType::AutoNumber { .. }
            );
        if loose && value.is_string() {
            return Ok(value.clone());
        }
        normalise_value(field, value).map_err(|v| bad(&v.code.message(crate::Lang::En, &v.args)))
    }
}
