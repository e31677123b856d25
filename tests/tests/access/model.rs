//! The reach that SQL prints against a naive model in memory: random roles, teams and records, one truth.

use kezhan_engine::access::{Access, Grants, Reach, Rows, grants};
use kezhan_engine::{Action, Caller, DataScope};
use kezhan_meta::query::ListQuery;
use kezhan_meta::{Filter, ObjectMeta, Op};
use kezhan_tests::engine::Bench;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// Questions of one run: whoever asks for whichever action, over all records.
const CASES: usize = 10_000;
const ACCOUNTS: usize = 12;
const CONTACTS: usize = 12;

/// A record as the model knows it.
struct Known {
    id: Uuid,
    owner: Option<usize>,
    level: &'static str,
    confidential: bool,
    binned: bool,
    /// The account that a contact hangs on.
    parent: Option<usize>,
    team: Vec<Entry>,
}

struct Entry {
    /// A user by number, or a department.
    user: Option<usize>,
    department: Option<usize>,
    write: bool,
    children: &'static str,
    expired: bool,
}

struct Person {
    caller: Caller,
    department: usize,
}

struct World {
    b: Bench,
    departments: Vec<Uuid>,
    /// Parent of each department.
    tree: Vec<Option<usize>>,
    people: Vec<Person>,
    accounts: Vec<Known>,
    contacts: Vec<Known>,
}

fn world(rng: &mut StdRng) -> World {
    let mut b = Bench::new();
    let tree = vec![None, Some(0), Some(0), Some(1)];
    let mut departments: Vec<Uuid> = Vec::new();
    for (n, parent) in tree.iter().enumerate() {
        let parent = parent.map(|p: usize| departments[p]);
        departments.push(b.create("department", json!({"name": format!("d{n}"), "parent": parent})));
    }
    let people: Vec<Person> = (0..5)
        .map(|n| {
            let department = n % departments.len();
            let caller = b.member(&format!("u{n}"), Some(departments[department]), DataScope::None);
            Person { caller, department }
        })
        .collect();
    let mut world = World { b, departments, tree, people, accounts: Vec::new(), contacts: Vec::new() };
    for n in 0..ACCOUNTS {
        let known = world.record(rng, "account", n, None);
        world.accounts.push(known);
    }
    for n in 0..CONTACTS {
        let parent = rng.random_bool(0.7).then(|| rng.random_range(0..ACCOUNTS));
        let known = world.record(rng, "contact", n, parent);
        world.contacts.push(known);
    }
    for account in &mut world.accounts {
        account.binned = rng.random_bool(0.15);
        if account.binned {
            world.b.delete("account", account.id);
        }
    }
    world
}

impl World {
    fn record(&mut self, rng: &mut StdRng, object: &str, n: usize, parent: Option<usize>) -> Known {
        let owner = rng.random_bool(0.9).then(|| rng.random_range(0..self.people.len()));
        let level = *["a", "b", "c"].choose(rng).unwrap();
        let confidential = rng.random_bool(0.2);
        let user = owner.map(|o| self.people[o].caller.user);
        let mut record = json!({"name": format!("r{n}"), "owner": user, "confidential": confidential});
        match object {
            "account" => record["level"] = json!(level),
            _ => record["job_title"] = json!(level),
        }
        if let Some(parent) = parent {
            record["account"] = json!(self.accounts[parent].id);
        }
        let id = self.b.create(object, record);
        let mut team = Vec::new();
        let mut used = HashSet::new();
        for _ in 0..rng.random_range(0..3) {
            let by_user = rng.random_bool(0.6);
            let at = rng.random_range(0..if by_user { self.people.len() } else { self.departments.len() });
            if !used.insert((by_user, at)) {
                continue;
            }
            let entry = Entry {
                user: by_user.then_some(at),
                department: (!by_user).then_some(at),
                write: rng.random_bool(0.5),
                children: ["none", "read", "write"].choose(rng).unwrap(),
                expired: rng.random_bool(0.2),
            };
            let expires = if entry.expired { "2020-01-01T00:00:00Z" } else { "2120-01-01T00:00:00Z" };
            self.b.create(
                "record_member",
                json!({"object": object, "record": id, "level": if entry.write { "write" } else { "read" },
                    "children": entry.children, "expires_at": expires,
                    "user": entry.user.map(|u| self.people[u].caller.user),
                    "unit": entry.department.map(|d| self.departments[d])}),
            );
            team.push(entry);
        }
        Known { id, owner, level, confidential, binned: false, parent, team }
    }

    /// Departments above this one, itself included.
    fn above(&self, department: usize) -> Vec<usize> {
        let mut out = vec![department];
        while let Some(up) = self.tree[out[out.len() - 1]] {
            out.push(up);
        }
        out
    }

    fn below(&self, department: usize) -> Vec<usize> {
        (0..self.departments.len()).filter(|d| self.above(*d).contains(&department)).collect()
    }

    /// The caller of this person with these grants and this place in the organisation.
    fn caller(&self, who: usize, grants: Grants) -> Caller {
        let person = &self.people[who];
        let user = person.caller.user.unwrap();
        let mut access = Access::default();
        access.grants = grants;
        access.user = Some(user);
        access.department = Some(self.departments[person.department]);
        access.subordinates = self.reports(who).iter().filter_map(|u| self.people[*u].caller.user).collect();
        access.departments = self.below(person.department).iter().map(|d| self.departments[*d]).collect();
        access.principals =
            std::iter::once(user).chain(self.above(person.department).iter().map(|d| self.departments[*d])).collect();
        Caller { access: Arc::new(access), ..person.caller.clone() }
    }

    /// Whoever comes later reports to whoever comes first.
    fn reports(&self, who: usize) -> Vec<usize> {
        if who == 0 { (0..self.people.len()).collect() } else { vec![who] }
    }

    fn means(&self, entry: &Entry, who: usize) -> bool {
        !entry.expired
            && (entry.user == Some(who)
                || entry.department.is_some_and(|d| self.above(self.people[who].department).contains(&d)))
    }

    fn covers(&self, who: usize, asked: &Asked<'_>, line: &Line, record: &Known) -> bool {
        match &line.scope {
            Extent::All => true,
            Extent::Own => record.owner == Some(who),
            Extent::Subordinates => record.owner.is_some_and(|o| self.reports(who).contains(&o)),
            Extent::Department => {
                record.owner.is_some_and(|o| self.people[o].department == self.people[who].department)
            }
            Extent::Below => record
                .owner
                .is_some_and(|o| self.below(self.people[who].department).contains(&self.people[o].department)),
            Extent::Chosen(d) => record.owner.is_some_and(|o| self.people[o].department == *d),
            Extent::Level(level) => record.level == *level,
            // Not through one that is confidential to them.
            Extent::Hangs(level) => self.opening(who, asked, record).is_some_and(|p| {
                p.level == *level
                    && (!p.confidential || p.owner == Some(who) || p.team.iter().any(|e| self.means(e, who)))
            }),
        }
    }

    /// The account on which the record hangs, where it opens what hangs on it: neither in the bin nor denied.
    fn opening(&self, who: usize, asked: &Asked<'_>, record: &Known) -> Option<&Known> {
        let account = &self.accounts[record.parent?];
        let denied = asked.accounts.iter().any(|l| l.deny && self.covers(who, asked, l, account));
        (!account.binned && !denied).then_some(account)
    }

    /// The model: the rules as one would explain them, without any SQL.
    fn reaches(&self, who: usize, asked: &Asked<'_>, record: &Known, action: Action) -> bool {
        let rules = asked.rules;
        let covers = |line: &Line| self.covers(who, asked, line, record);
        let granted = rules.iter().any(|l| !l.deny);
        let all_denied = rules.iter().any(|l| l.deny && matches!(l.scope, Extent::All));
        if !granted || all_denied || rules.iter().any(|l| l.deny && covers(l)) {
            return false;
        }
        let member = record.team.iter().any(|e| self.means(e, who));
        let works = record.team.iter().any(|e| self.means(e, who) && e.write);
        let may = asked.accounts.iter().any(|l| !l.deny);
        let follows = self.opening(who, asked, record).filter(|_| may).is_some_and(|p| {
            let part = |wanted: &[&str]| p.team.iter().any(|e| self.means(e, who) && wanted.contains(&e.children));
            match action {
                Action::Read => p.owner == Some(who) || part(&["read", "write"]),
                Action::Edit => part(&["write"]),
                _ => false,
            }
        });
        let let_in = match action {
            Action::Read => member || follows,
            Action::Edit => works || follows,
            _ => false,
        };
        let reached = let_in || rules.iter().any(|l| !l.deny && covers(l));
        let works_on = |one: &Known| one.owner == Some(who) || one.team.iter().any(|e| self.means(e, who));
        let disclosed = !record.confidential || works_on(record) || asked.sees;
        let parent = record.parent.map(|p| &self.accounts[p]);
        // What happened with a confidential account is, too; their own work stays with whoever does it.
        reached && disclosed && (works_on(record) || parent.is_none_or(|p| !p.confidential || works_on(p)))
    }
}

#[derive(Clone, Debug)]
enum Extent {
    All,
    Own,
    Subordinates,
    Department,
    Below,
    Chosen(usize),
    Level(&'static str),
    /// On an account of this level: what a sharing rule opens.
    Hangs(&'static str),
}

/// What somebody's roles say.
struct Asked<'a> {
    /// Of the action and the object that are asked about.
    rules: &'a [Line],
    /// Of reading accounts.
    accounts: &'a [Line],
    /// Sees what is confidential.
    sees: bool,
}

#[derive(Clone, Debug)]
struct Line {
    deny: bool,
    scope: Extent,
}

fn lines(rng: &mut StdRng, departments: usize) -> Vec<Line> {
    (0..rng.random_range(0..4))
        .map(|_| Line {
            deny: rng.random_bool(0.25),
            scope: match rng.random_range(0..8) {
                0 => Extent::All,
                1 | 2 => Extent::Own,
                3 => Extent::Subordinates,
                4 => Extent::Department,
                5 => Extent::Below,
                6 => Extent::Chosen(rng.random_range(0..departments)),
                _ => Extent::Level(["a", "b", "c"].choose(rng).unwrap()),
            },
        })
        .collect()
}

/// What sharing rules add to what is stored of roles.
fn shared(grants: &mut Grants, action: Action, lines: &[Line]) {
    for line in lines {
        let Extent::Hangs(level) = line.scope else { continue };
        let condition = Filter::field("level", Op::Eq, level);
        grants::open(grants, "contact", action, DataScope::Follows(condition), &"rule".into());
    }
}

fn stored(world: &World, object: &str, lines: &[Line]) -> Value {
    let one = |line: &Line| {
        let field = if object == "account" { "level" } else { "job_title" };
        let scope = match &line.scope {
            Extent::All => json!("all"),
            Extent::Own => json!("self"),
            Extent::Subordinates => json!("subordinates"),
            Extent::Department => json!("department"),
            Extent::Below => json!("department_and_below"),
            Extent::Chosen(d) => json!({"departments": [world.departments[*d]]}),
            Extent::Level(level) => json!({"when": {"field": field, "op": "eq", "value": level}}),
            Extent::Hangs(_) => unreachable!("no role says this"),
        };
        if line.deny { json!({"deny": scope}) } else { scope }
    };
    Value::Array(lines.iter().filter(|l| !matches!(l.scope, Extent::Hangs(_))).map(one).collect())
}

#[test]
fn sql_and_the_model_agree_on_every_reach() {
    let mut rng = StdRng::seed_from_u64(20_261_129);
    let mut cases = 0;
    let mut differing = 0;
    while cases < CASES {
        let mut world = world(&mut rng);
        for _ in 0..30 {
            let object = *["account", "contact"].choose(&mut rng).unwrap();
            let who = rng.random_range(0..world.people.len());
            let (mut read, mut edit) = (lines(&mut rng, 4), lines(&mut rng, 4));
            for rules in [&mut read, &mut edit] {
                // A rule adds to what a role grants, and to nothing else.
                if object == "contact" && rules.iter().any(|l| !l.deny) && rng.random_bool(0.4) {
                    let scope = Extent::Hangs(["a", "b", "c"].choose(&mut rng).unwrap());
                    rules.push(Line { deny: false, scope });
                }
            }
            let sees = rng.random_bool(0.2);
            // Accounts may be read at all, and some of them may be denied; what hangs on them follows.
            let mut accounts = vec![Line { deny: false, scope: Extent::Own }];
            if object == "account" {
                accounts.clone_from(&read);
            } else if rng.random_bool(0.4) {
                let scope = Extent::Level(["a", "b", "c"].choose(&mut rng).unwrap());
                accounts.push(Line { deny: true, scope });
            }
            let grants = json!({
                "account": {"read": stored(&world, "account", &accounts)},
                object: {"read": stored(&world, object, &read), "edit": stored(&world, object, &edit),
                    "confidential": if sees { "all" } else { "none" }},
            });
            let mut grants: Grants = serde_json::from_value(grants).unwrap();
            shared(&mut grants, Action::Read, &read);
            shared(&mut grants, Action::Edit, &edit);
            let caller = world.caller(who, grants);
            let meta = world.b.object(object);
            for (action, rules) in [(Action::Read, &read), (Action::Edit, &edit)] {
                let records = if object == "account" { &world.accounts } else { &world.contacts };
                let asked = Asked { rules, accounts: &accounts, sees };
                let expected: BTreeSet<Uuid> = records
                    .iter()
                    .filter(|r| !r.binned && world.reaches(who, &asked, r, action))
                    .map(|r| r.id)
                    .collect();
                cases += records.len();
                differing += usize::from(!expected.is_empty() && expected.len() < records.len());
                // In one page or in several: where one ends, nothing may be lost, and nothing come twice.
                let limit = *[3, 5, 200].choose(&mut rng).unwrap();
                let found = reached(&mut world.b, &caller, &meta, action, limit);
                assert_eq!(found, expected, "{who} {action:?} {object} {rules:?}");
            }
        }
    }
    assert!(differing > 100, "most cases must be neither all nor nothing: {differing}");
}

/// As a list finds them for reading; one by one, as writing asks, for anything else.
fn reached(b: &mut Bench, caller: &Caller, meta: &Arc<ObjectMeta>, action: Action, limit: u32) -> BTreeSet<Uuid> {
    if action == Action::Read {
        if !caller.access.may(&meta.name, action) {
            return BTreeSet::new();
        }
        let (mut records, mut cursor) = (Vec::new(), None);
        loop {
            let query = ListQuery { limit: Some(limit), cursor, ..ListQuery::default() };
            let (page, next) = b.engine.records(&mut b.conn, caller, meta, &query).unwrap();
            records.extend(page);
            if next.is_none() {
                break;
            }
            cursor = next;
        }
        let ids = records.iter().map(|r| Uuid::parse_str(r["id"].as_str().unwrap()).unwrap());
        let listed: BTreeSet<Uuid> = ids.collect();
        assert_eq!(listed.len(), records.len(), "none comes twice");
        let counted = b.engine.count(&mut b.conn, caller, meta, &ListQuery::default()).unwrap();
        assert_eq!(counted, listed.len() as i64);
        return listed;
    }
    let query = ListQuery { limit: Some(200), filter: Some(Filter::all()), ..ListQuery::default() };
    let system = b.system.clone();
    let (all, _) = b.engine.records(&mut b.conn, &system, meta, &query).unwrap();
    let ids = all.iter().map(|r| Uuid::parse_str(r["id"].as_str().unwrap()).unwrap());
    ids.filter(|id| {
        let found = b.engine.explain(&mut b.conn, caller, meta, *id).unwrap();
        found.verdicts.iter().any(|v| v.action == action && v.allowed)
    })
    .collect()
}

#[test]
fn an_empty_reach_is_none() {
    assert!(Rows::default().is_none());
    assert!(Rows { allow: vec![Reach::All], deny: vec![Reach::All] }.is_none());
    assert!(!Rows::all().is_none());
}
