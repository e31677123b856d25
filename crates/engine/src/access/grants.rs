//! What roles grant, as it is stored and as several roles add up.

use super::Action;
use super::fields::FieldRule;
use kezhan_meta::Filter;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// How far a rule reaches.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DataScope {
    #[default]
    None,
    /// Records that the caller owns.
    Own,
    /// Records of the caller and of everyone who reports to them, at any depth.
    Subordinates,
    /// Records of the caller's department.
    Department,
    DepartmentAndBelow,
    /// Records of chosen departments, with everything below them where `below` is set.
    Departments {
        departments: Vec<Uuid>,
        below: bool,
    },
    /// Records that meet a condition.
    When(Filter),
    /// Records that hang on one that meets a condition: what a sharing rule opens besides. Roles are not given it.
    Follows(Filter),
    All,
}

const WORDS: [(&str, DataScope); 6] = [
    ("none", DataScope::None),
    ("self", DataScope::Own),
    ("subordinates", DataScope::Subordinates),
    ("department", DataScope::Department),
    ("department_and_below", DataScope::DepartmentAndBelow),
    ("all", DataScope::All),
];

impl Serialize for DataScope {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            DataScope::Departments { departments, below } => {
                json!({ "departments": departments, "below": below }).serialize(s)
            }
            DataScope::When(condition) => json!({ "when": condition }).serialize(s),
            DataScope::Follows(condition) => json!({ "follows": condition }).serialize(s),
            word => WORDS.iter().find(|(_, scope)| scope == word).map_or("none", |(text, _)| text).serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for DataScope {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<DataScope, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Chosen {
            departments: Vec<Uuid>,
            #[serde(default)]
            below: bool,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Condition {
            when: Filter,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Followed {
            follows: Filter,
        }
        match Value::deserialize(d)? {
            Value::String(word) => {
                let found = WORDS.iter().find(|(text, _)| *text == word).map(|(_, scope)| scope.clone());
                found.ok_or_else(|| D::Error::custom(format!("unknown data scope {word}")))
            }
            value if value.get("when").is_some() => {
                let Condition { when } = serde_json::from_value(value).map_err(D::Error::custom)?;
                Ok(DataScope::When(when))
            }
            value if value.get("follows").is_some() => {
                let Followed { follows } = serde_json::from_value(value).map_err(D::Error::custom)?;
                Ok(DataScope::Follows(follows))
            }
            value => {
                let Chosen { departments, below } = serde_json::from_value(value).map_err(D::Error::custom)?;
                Ok(DataScope::Departments { departments, below })
            }
        }
    }
}

impl DataScope {
    /// A measure of those that contain each other.
    fn rank(&self) -> Option<u8> {
        match self {
            DataScope::None => Some(0),
            DataScope::Own => Some(1),
            DataScope::Subordinates => Some(2),
            DataScope::Department => Some(3),
            DataScope::DepartmentAndBelow => Some(4),
            DataScope::All => Some(9),
            DataScope::Departments { .. } | DataScope::When(_) | DataScope::Follows(_) => None,
        }
    }

    /// Does every record within `inner` surely lie within this?
    fn covers(&self, inner: &DataScope) -> bool {
        match (self.rank(), inner.rank()) {
            (Some(9), _) | (_, Some(0)) => true,
            // A department does not contain those who report to someone from elsewhere.
            (Some(outer @ (3 | 4)), Some(inner)) => inner <= outer && inner != 2,
            (Some(outer), Some(inner)) => inner <= outer,
            _ => self == inner,
        }
    }
}

/// One line of a role: these records yes, or these records no.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub deny: bool,
    pub scope: DataScope,
    /// What it comes from, to explain decisions with.
    pub source: Option<Source>,
}

/// Who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Role(Arc<str>),
    SharingRule(Arc<str>),
}

/// The rules of one action: whatever one allows, unless one denies it.
///
/// Stored as a scope, or as a list of scopes among which `{"deny": scope}` takes away; `"deny"` alone denies all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules(pub Vec<Rule>);

impl From<DataScope> for Rules {
    fn from(scope: DataScope) -> Rules {
        Rules(vec![Rule { deny: false, scope, source: None }])
    }
}

impl Rules {
    pub fn allows(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(|r| !r.deny && r.scope != DataScope::None)
    }

    pub fn denies(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(|r| r.deny && r.scope != DataScope::None)
    }

    /// Is there a record that these rules could let through?
    pub fn any(&self) -> bool {
        self.allows().next().is_some() && !self.denies().any(|r| r.scope == DataScope::All)
    }

    /// What both let through; nothing where neither contains the other.
    pub fn common(&self, other: &Rules) -> Rules {
        match (other.cover(self), self.cover(other)) {
            (true, _) => self.clone(),
            (_, true) => other.clone(),
            _ => Rules::default(),
        }
    }

    /// Does everything that `inner` lets through surely pass here too?
    pub fn cover(&self, inner: &Rules) -> bool {
        !inner.any()
            || inner.allows().all(|i| self.allows().any(|o| o.scope.covers(&i.scope)))
                && self.denies().all(|o| inner.denies().any(|i| i.scope.covers(&o.scope)))
    }
}

impl Serialize for Rules {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let one = |rule: &Rule| match rule.deny {
            true => json!({ "deny": rule.scope }),
            false => json!(rule.scope),
        };
        match self.0.as_slice() {
            [] => "none".serialize(s),
            [rule] if !rule.deny => rule.scope.serialize(s),
            many => many.iter().map(one).collect::<Vec<_>>().serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Rules, D::Error> {
        fn one<E: serde::de::Error>(value: Value) -> Result<Rule, E> {
            let (deny, scope) = match value {
                Value::String(word) if word == "deny" => (true, json!("all")),
                Value::Object(mut map) if map.contains_key("deny") => match (map.remove("deny"), map.is_empty()) {
                    (Some(scope), true) => (true, scope),
                    _ => return Err(E::custom("deny stands alone")),
                },
                other => (false, other),
            };
            Ok(Rule { deny, scope: serde_json::from_value(scope).map_err(E::custom)?, source: None })
        }
        match Value::deserialize(d)? {
            Value::Array(list) => list.into_iter().map(one).collect::<Result<_, _>>().map(Rules),
            value => Ok(Rules(vec![one(value)?])),
        }
    }
}

/// What a role says of one object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectGrants {
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub fields: HashMap<String, FieldRule>,
    #[serde(flatten)]
    pub actions: HashMap<Action, Rules>,
}

impl FromIterator<(Action, DataScope)> for ObjectGrants {
    fn from_iter<I: IntoIterator<Item = (Action, DataScope)>>(list: I) -> ObjectGrants {
        let actions = list.into_iter().map(|(action, scope)| (action, scope.into())).collect();
        ObjectGrants { fields: HashMap::new(), actions }
    }
}

/// Object name or `*` → what is granted on it. A named object overrides `*` entirely.
pub type Grants = HashMap<String, ObjectGrants>;

/// What is said of this object.
pub fn of<'g>(grants: &'g Grants, object: &str) -> Option<&'g ObjectGrants> {
    grants.get(object).or_else(|| grants.get("*"))
}

/// Names the role in each of its rules.
pub fn named(mut grants: Grants, role: &str) -> Grants {
    let role: Arc<str> = role.into();
    for rule in grants.values_mut().flat_map(|o| o.actions.values_mut()).flat_map(|r| &mut r.0) {
        rule.source = Some(Source::Role(role.clone()));
    }
    grants
}

/// Only what they deny and hide.
pub fn denials(mut grants: Grants) -> Grants {
    for rules in grants.values_mut().flat_map(|o| o.actions.values_mut()) {
        rules.0.retain(|rule| rule.deny);
    }
    grants
}

/// Opens records, besides what is open already. Whoever may not do such a thing at all gets nothing by it.
pub fn open(grants: &mut Grants, object: &str, action: Action, scope: DataScope, rule: &Arc<str>) {
    let Some(mut granted) = of(grants, object).cloned() else { return };
    let Some(rules) = granted.actions.get_mut(&action).filter(|rules| rules.any()) else { return };
    let source = Some(Source::SharingRule(rule.clone()));
    rules.0.push(Rule { deny: false, scope, source });
    grants.insert(object.to_owned(), granted);
}

/// Several roles of one person: each allows what it allows, and what one denies or hides is denied and hidden.
pub fn merge(a: &Grants, b: &Grants) -> Grants {
    let both = |object: &String| {
        let mut out = of(a, object).cloned().unwrap_or_default();
        let Some(more) = of(b, object) else { return (object.clone(), out) };
        for (action, rules) in &more.actions {
            out.actions.entry(*action).or_default().0.extend(rules.0.iter().cloned());
        }
        for (field, rule) in &more.fields {
            let stricter = out.fields.get(field).map_or(*rule, |known| known.stricter(*rule));
            out.fields.insert(field.clone(), stricter);
        }
        (object.clone(), out)
    };
    a.keys().chain(b.keys()).map(both).collect()
}

/// What two sets of grants both allow; where neither rule of an action contains the other, nothing.
pub fn common(a: &Grants, b: &Grants) -> Grants {
    let both = |object: &String| {
        let mut out = ObjectGrants::default();
        let (Some(a), Some(b)) = (of(a, object), of(b, object)) else { return (object.clone(), out) };
        for (action, mine) in &a.actions {
            let Some(theirs) = b.actions.get(action) else { continue };
            let common = mine.common(theirs);
            if common.any() {
                out.actions.insert(*action, common);
            }
        }
        out.fields.clone_from(&a.fields);
        for (field, rule) in &b.fields {
            let stricter = out.fields.get(field).map_or(*rule, |known| known.stricter(*rule));
            out.fields.insert(field.clone(), stricter);
        }
        (object.clone(), out)
    };
    a.keys().chain(b.keys()).map(both).collect()
}

/// Does every permission of `inner` lie within `outer`?
pub fn within(inner: &Grants, outer: &Grants) -> bool {
    let none = ObjectGrants::default();
    let fits = |inner: &ObjectGrants, outer: &ObjectGrants| {
        let rules = inner.actions.iter().all(|(action, rules)| match outer.actions.get(action) {
            Some(outer) => outer.cover(rules),
            None => !rules.any(),
        });
        rules && outer.fields.iter().all(|(field, rule)| inner.fields.get(field).is_some_and(|i| i.within(*rule)))
    };
    let covers = |object: &String| inner.get(object).is_none_or(|i| fits(i, of(outer, object).unwrap_or(&none)));
    // `*` stands for every object that is not named, so the outer exceptions count as well.
    let star = || {
        let exceptions = || outer.iter().filter(|(object, _)| !inner.contains_key(*object));
        inner.get("*").is_none_or(|i| exceptions().all(|(_, outer)| fits(i, outer)))
    };
    inner.keys().all(covers) && star()
}

/// Every chosen department that stands for those below it as well.
pub fn tops(grants: &Grants) -> Vec<Uuid> {
    let rules = grants.values().flat_map(|o| o.actions.values()).flat_map(|r| &r.0);
    let of = |rule: &Rule| match &rule.scope {
        DataScope::Departments { departments, below: true } => departments.clone(),
        _ => Vec::new(),
    };
    let mut out: Vec<Uuid> = rules.flat_map(of).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Replaces chosen departments by themselves and those below them.
pub fn spread(grants: &mut Grants, below: &HashMap<Uuid, Vec<Uuid>>) {
    for rule in grants.values_mut().flat_map(|o| o.actions.values_mut()).flat_map(|r| &mut r.0) {
        if let DataScope::Departments { departments, below: wide @ true } = &mut rule.scope {
            *departments = departments.iter().flat_map(|d| below.get(d).cloned().unwrap_or(vec![*d])).collect();
            *wide = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(value: Value) -> Grants {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn scopes_read_as_they_are_written() {
        let stored = json!({"account": {
            "read": ["department", {"when": {"field": "level", "op": "eq", "value": "a"}}, {"deny": {"when": {"field": "industry", "op": "eq", "value": "government"}}}],
            "edit": "self",
            "delete": [{"deny": "all"}],
            "export": {"departments": ["018f0000-0000-7000-8000-000000000001"], "below": true},
            "fields": {"phone": "masked", "tax_id": {"owner": "write", "team": "read", "other": "hidden"}},
        }});
        let parsed = grants(stored.clone());
        assert_eq!(serde_json::to_value(&parsed).unwrap(), stored);
        assert!(!parsed["account"].actions[&Action::Delete].any());
        assert_eq!(grants(json!({"*": {"read": "deny"}}))["*"].actions[&Action::Read].denies().count(), 1);
        for wrong in [json!("everything"), json!({"departments": "x"}), json!({"deny": "all", "when": {}}), json!(7)] {
            assert!(serde_json::from_value::<Grants>(json!({"*": {"read": wrong}})).is_err());
        }
        assert!(serde_json::from_value::<Grants>(json!({"*": {"fly": "all"}})).is_err(), "no such action");
    }

    #[test]
    fn roles_add_up_and_denials_win() {
        let seller = grants(json!({"*": {"read": "self"}, "account": {"read": "self", "fields": {"phone": "write"}}}));
        let clerk = grants(json!({"*": {"read": "department"}, "lead": {"read": "deny"}, "account":
            {"read": "department", "fields": {"phone": "masked"}}}));
        let both = merge(&seller, &clerk);
        assert_eq!(both["*"].actions[&Action::Read].0.len(), 2);
        assert!(!both["lead"].actions[&Action::Read].any(), "what one role denies stays denied");
        assert_eq!(both["account"].fields["phone"], clerk["account"].fields["phone"], "the stricter rule");
    }

    #[test]
    fn what_is_common_is_never_more_than_either() {
        let a = grants(json!({"*": {"read": "all", "edit": "department"}}));
        let b = grants(json!({"*": {"read": "self", "edit": "subordinates"}, "account": {"read": "all"}}));
        let both = common(&a, &b);
        assert_eq!(both["*"].actions[&Action::Read], DataScope::Own.into());
        assert!(!both["*"].actions.contains_key(&Action::Edit), "neither contains the other");
        assert_eq!(both["account"].actions[&Action::Read], DataScope::All.into());
        assert!(within(&both, &a) && within(&both, &b));
    }

    #[test]
    fn a_key_never_gets_more_than_its_maker_has() {
        let outer = grants(json!({"*": {"read": "all", "edit": "self"}, "role": {"read": "self"},
            "contact": {"read": ["all", {"deny": "self"}], "fields": {"mobile": "masked"}}}));
        let fits = |value: Value| within(&grants(value), &outer);
        assert!(fits(json!({"account": {"read": "department", "edit": "self"}})));
        assert!(!fits(json!({"account": {"edit": "department"}})));
        assert!(!fits(json!({"account": {"delete": "self"}})));
        assert!(!fits(json!({"*": {"read": "all"}})), "role is an exception");
        assert!(
            !fits(json!({"contact": {"read": "department", "fields": {"mobile": "masked"}}})),
            "the denial is lost"
        );
        assert!(!fits(json!({"contact": {"read": ["self", {"deny": "self"}]}})), "the mask is lost");
        assert!(fits(json!({"contact": {"read": ["self", {"deny": "self"}], "fields": {"mobile": "hidden"}}})));
    }
}
