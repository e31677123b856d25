//! How a record's fields are laid out on forms and record pages, and when one of them is shown, needed or fixed.

use crate::catalog::Catalog;
use crate::check::Violation;
use crate::field::FieldMeta;
use crate::filter::{Filter, Op};
use crate::kept;
use crate::matches::{Graph, matches};
use crate::object::ObjectMeta;
use crate::problem::Code;
use crate::resolve::{Context, ReadsAll, resolve};
use crate::text::{Label, Str};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most sections, and most fields of one.
pub const SECTIONS_MAX: usize = 40;
pub const PLACES_MAX: usize = 200;

/// Fields in sections, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub sections: Vec<Section>,
    /// Fields that no section names follow at the end, so that one made later is not lost.
    #[serde(default = "yes")]
    pub rest: bool,
}

/// Fields under one heading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub title: Label,
    /// 1 or 2 beside each other, where there is room.
    #[serde(default = "two")]
    pub columns: u8,
    #[serde(default)]
    pub collapsible: bool,
    /// Closed at first.
    #[serde(default)]
    pub collapsed: bool,
    pub fields: Vec<Place>,
}

/// One field in its place. Conditions read the record itself, and through a reference one step further (`stage.outcome`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub field: Str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<Filter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_when: Option<Filter>,
    /// Holds what is stored: not when a record is made, nor while the same change brings the condition about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only_when: Option<Filter>,
}

/// What a declaration says of a field by a condition on another.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    pub effect: Effect,
    pub field: Str,
    pub op: Op,
    pub value: Str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Visible,
    Required,
    ReadOnly,
}

/// How a field stands in a record as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub visible: bool,
    pub required: bool,
    pub read_only: bool,
}

fn yes() -> bool {
    true
}

fn two() -> u8 {
    2
}

/// Headings that declarations name by a key; a tenant's own are their own words.
const TITLES: [(&str, Label); 15] = [
    ("basic", Label::new("基本信息", "Basics")),
    ("contact", Label::new("联系方式", "Contact details")),
    ("scale", Label::new("规模", "Size")),
    ("money", Label::new("产品与金额", "Product and amount")),
    ("progress", Label::new("进展", "Progress")),
    ("related", Label::new("关联", "Related to")),
    ("subject", Label::new("信息主体", "Data subject")),
    ("account", Label::new("登录与权限", "Sign-in and rights")),
    ("regional", Label::new("语言与时区", "Language and time zone")),
    ("claims", Label::new("声明映射", "Claims")),
    ("attributes", Label::new("属性映射", "Attributes")),
    ("people", Label::new("人员与权限", "People and rights")),
    ("sync", Label::new("同步", "Synchronisation")),
    ("more", Label::new("其他信息", "More")),
    ("system", Label::new("归属与系统", "Ownership and system")),
];

fn title(key: &str) -> Label {
    let known = TITLES.iter().find(|(k, _)| *k == key).map(|(_, label)| label.clone());
    known.unwrap_or_else(|| Label { zh: Str::Owned(key.to_owned()), en: Str::Owned(key.to_owned()) })
}

impl When {
    fn filter(&self) -> Filter {
        let value = match (self.op, self.value.split_once('|')) {
            (Op::Null, _) => json!(self.value != "false"),
            (op, _) if op.takes_list() => json!(self.value.split('|').collect::<Vec<_>>()),
            _ => match self.value.as_ref() {
                "true" => json!(true),
                "false" => json!(false),
                text => json!(text),
            },
        };
        Filter::Field { field: self.field.clone(), op: self.op, value }
    }
}

fn heading(field: &FieldMeta) -> &str {
    if field.section.is_empty() { "basic" } else { &field.section }
}

/// Has the field a place where nobody says otherwise?
fn placed(field: &FieldMeta) -> bool {
    !field.secret && (!field.hidden || (field.required && !field.read_only))
}

impl Place {
    fn of(field: &FieldMeta) -> Place {
        let when = |effect: Effect| {
            let all = field.when.iter().filter(|w| w.effect == effect).map(When::filter);
            all.reduce(Filter::and)
        };
        Place {
            field: field.key.clone(),
            visible_when: when(Effect::Visible),
            required_when: when(Effect::Required),
            read_only_when: when(Effect::ReadOnly),
        }
    }

    pub fn conditions(&self) -> impl Iterator<Item = &Filter> {
        [&self.visible_when, &self.required_when, &self.read_only_when].into_iter().flatten()
    }

    /// How the field stands; `before` is the record as it is stored, nothing for a new one.
    pub fn standing(
        &self,
        catalog: &Catalog,
        object: &ObjectMeta,
        context: &Context,
        before: Option<&dyn Graph>,
        after: &dyn Graph,
    ) -> Standing {
        // A condition on what is gone, or on what the reader may not see, decides nothing.
        let holds = |filter: &Option<Filter>, record: &dyn Graph, otherwise: bool| match filter {
            None => otherwise,
            Some(filter) => resolve(filter, catalog, object, &ReadsAll, context)
                .map_or(otherwise, |filter| matches(&filter, catalog, object, record)),
        };
        let visible = holds(&self.visible_when, after, true);
        Standing {
            visible,
            required: visible && holds(&self.required_when, after, false),
            read_only: before.is_some_and(|b| {
                holds(&self.read_only_when, b, false)
                    // As if this field had not been touched: it may itself be what the condition is about.
                    && holds(&self.read_only_when, &Untouched { field: &self.field, before: b, after }, false)
            }),
        }
    }
}

/// A record as it is now, but for one field, which is as it was.
struct Untouched<'a> {
    field: &'a str,
    before: &'a dyn Graph,
    after: &'a dyn Graph,
}

impl Untouched<'_> {
    fn side(&self, field: &str) -> &dyn Graph {
        if field == self.field { self.before } else { self.after }
    }
}

impl Graph for Untouched<'_> {
    fn value(&self, field: &str) -> Value {
        self.side(field).value(field)
    }
    fn reference(&self, field: &str) -> Option<Box<dyn Graph + '_>> {
        self.side(field).reference(field)
    }
    fn related(&self, relation: &str) -> Vec<Box<dyn Graph + '_>> {
        self.after.related(relation)
    }
}

impl Layout {
    /// From the sections that the fields name, the system's own last.
    pub fn generated(object: &ObjectMeta) -> Layout {
        let mut layout = Layout { sections: Vec::new(), rest: true };
        let mut keys: Vec<&str> = Vec::new();
        for field in object.fields.iter().filter(|f| placed(f)) {
            let key = heading(field);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys.sort_by_key(|k| (*k == "system", *k != "basic"));
        for key in keys {
            let fields = object.fields.iter().filter(|f| placed(f) && heading(f) == key).map(Place::of).collect();
            layout.sections.push(Section {
                title: title(key),
                columns: 2,
                collapsible: true,
                collapsed: key == "system",
                fields,
            });
        }
        layout
    }

    /// With the fields that nothing names at the end, and without those that are gone.
    pub fn completed(mut self, object: &ObjectMeta) -> Layout {
        for section in &mut self.sections {
            section.fields.retain(|p| object.field(&p.field).is_some_and(|f| !f.secret));
        }
        let left: Vec<Place> =
            object.fields.iter().filter(|f| placed(f) && self.place(&f.key).is_none()).map(Place::of).collect();
        // Without what is required nothing could be saved.
        let needed = |p: &Place| {
            self.rest || object.field(&p.field).is_some_and(|f| f.required && !f.read_only && f.default.is_none())
        };
        let left: Vec<Place> = left.into_iter().filter(needed).collect();
        let (own, system): (Vec<Place>, Vec<Place>) =
            left.into_iter().partition(|p| object.field(&p.field).is_none_or(|f| f.section != "system"));
        for (key, fields) in [("basic", own), ("system", system)] {
            if fields.is_empty() {
                continue;
            }
            let title = title(if key == "basic" { "more" } else { key });
            self.sections.push(Section { title, columns: 2, collapsible: true, collapsed: key == "system", fields });
        }
        self.sections.retain(|s| !s.fields.is_empty());
        self
    }

    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.sections.iter().flat_map(|s| s.fields.iter())
    }

    pub fn place(&self, field: &str) -> Option<&Place> {
        self.places().find(|p| p.field == field)
    }

    /// The references through which conditions read.
    pub fn reaches(&self) -> Vec<String> {
        let paths = self.places().flat_map(Place::conditions).flat_map(Filter::paths);
        let mut heads: Vec<String> = paths.filter_map(|p| Some(p.split_once('.')?.0.to_owned())).collect();
        heads.sort_unstable();
        heads.dedup();
        heads
    }

    /// Does it hold anything against what is saved?
    pub fn binds(&self) -> bool {
        self.places().any(|p| p.required_when.is_some() || p.read_only_when.is_some())
    }

    /// What is wrong with a layout that someone drew, by its place in the body.
    pub fn faults(&self, catalog: &Catalog, object: &ObjectMeta, context: &Context) -> Vec<Violation> {
        let mut out = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        if self.sections.len() > SECTIONS_MAX {
            out.push(Violation::new("sections", Code::TooBig).with(SECTIONS_MAX));
        }
        for (s, section) in self.sections.iter().enumerate() {
            let at = format!("sections.{s}");
            if !(1..=2).contains(&section.columns) {
                out.push(Violation::new(format!("{at}.columns"), Code::NotAnOption).with(section.columns));
            }
            if section.title.zh.trim().is_empty() || section.title.en.trim().is_empty() {
                out.push(Violation::new(format!("{at}.title"), Code::Required));
            }
            if section.fields.len() > PLACES_MAX {
                out.push(Violation::new(format!("{at}.fields"), Code::TooBig).with(PLACES_MAX));
            }
            for (p, place) in section.fields.iter().enumerate() {
                let at = format!("{at}.fields.{p}");
                let Some(field) = object.field(&place.field).filter(|f| !f.secret) else {
                    out.push(Violation::new(format!("{at}.field"), Code::UnknownKey));
                    continue;
                };
                if seen.contains(&place.field.as_ref()) {
                    out.push(Violation::new(format!("{at}.field"), Code::Taken));
                }
                seen.push(&place.field);
                // What must always be given cannot be out of sight.
                if place.visible_when.is_some() && field.required && field.default.is_none() && !field.read_only {
                    out.push(Violation::new(format!("{at}.visible_when"), Code::Required));
                }
                let named = [
                    ("visible_when", &place.visible_when),
                    ("required_when", &place.required_when),
                    ("read_only_when", &place.read_only_when),
                ];
                for (key, filter) in named {
                    let Some(filter) = filter else { continue };
                    if let Some((code, args)) = condition_fault(filter, catalog, object, context) {
                        out.push(Violation { field: format!("{at}.{key}"), code, args });
                    }
                }
            }
        }
        out
    }
}

fn condition_fault(
    filter: &Filter,
    catalog: &Catalog,
    object: &ObjectMeta,
    context: &Context,
) -> Option<(Code, Vec<String>)> {
    if let Some(far) = filter.paths().into_iter().find(|p| p.matches('.').count() > 1) {
        return Some((Code::TooComplex, vec![far]));
    }
    if looks_back(filter) {
        return Some((Code::TooComplex, vec!["exists".to_owned()]));
    }
    if let Some(sealed) = kept::compared(filter, catalog, object) {
        return Some((Code::SealedCondition, vec![sealed]));
    }
    resolve(filter, catalog, object, &ReadsAll, context).err().map(|fault| (fault.code, fault.args))
}

fn looks_back(filter: &Filter) -> bool {
    match filter {
        Filter::And(list) | Filter::Or(list) => list.iter().any(looks_back),
        Filter::Not(inner) => looks_back(inner),
        Filter::Field { .. } => false,
        Filter::Exists { .. } => true,
    }
}

/// What the conditions of the object's layout hold against a record.
pub fn check(
    catalog: &Catalog,
    object: &ObjectMeta,
    context: &Context,
    before: Option<&dyn Graph>,
    after: &dyn Graph,
) -> Vec<Violation> {
    let Some(layout) = &object.layout else { return Vec::new() };
    let mut out = Vec::new();
    for place in layout.places().filter(|p| p.required_when.is_some() || p.read_only_when.is_some()) {
        let Some(field) = object.field(&place.field).filter(|f| !f.read_only) else { continue };
        let standing = place.standing(catalog, object, context, before, after);
        let now = after.value(&field.key);
        if standing.required && now.is_null() {
            out.push(Violation::new(field.key.as_ref(), Code::Required));
        }
        if standing.read_only && before.is_some_and(|b| b.value(&field.key) != now) {
            out.push(Violation::new(field.key.as_ref(), Code::ReadOnly));
        }
    }
    out
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
