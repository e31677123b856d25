//! Lists: pages, order, filters in SQL and in memory, groups.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use kezhan_engine::{Caller, DataScope};
use kezhan_meta::matches::{Graph, matches};
use kezhan_meta::query::{Aggregate, By, Count, Function, GroupKey, ListQuery, Sort};
use kezhan_meta::resolve::{ReadsAll, resolve};
use kezhan_meta::{Filter, Op, Record};
use kezhan_tests::engine::Bench;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

fn list(b: &mut Bench, object: &str, query: &ListQuery) -> Value {
    let meta = b.object(object);
    let body = b.engine.list(&mut b.conn, &b.system, &meta, query).unwrap_or_else(|e| panic!("{query:?}: {e}"));
    serde_json::from_slice(&body).unwrap()
}

/// Accounts with parents and contacts, many values missing or equal.
fn populate(b: &mut Bench, runner: &mut TestRunner) {
    let cities = ["上海", "北京", "Köln", "a_b%c", "Shanghai"];
    let mut accounts: Vec<String> = Vec::new();
    for n in 0..60 {
        let mut pick = |max: usize| (0..max).new_tree(runner).unwrap().current();
        let mut record = json!({ "name": format!("客户{:02} {}", pick(20), cities[pick(5)]) });
        let mut put = |key: &str, value: Value| drop(record.as_object_mut().unwrap().insert(key.into(), value));
        if pick(3) > 0 {
            put("city", json!(cities[pick(5)]));
        }
        if pick(3) > 0 {
            put("annual_revenue", json!(format!("{}.{:02}", pick(5) * 100, pick(3) * 25)));
        }
        if pick(3) > 0 {
            put("employees", json!(pick(4)));
        }
        if pick(2) > 0 {
            put("level", json!(["a", "b", "c"][pick(3)]));
        }
        if pick(2) > 0 {
            put("tags", json!(["红", "绿", "蓝"][..=pick(3)]));
        }
        if pick(2) > 0 {
            put("next_contact_at", json!(format!("2026-11-{:02}T{:02}:30:00Z", 20 + pick(8), pick(24))));
        }
        if pick(3) > 0 {
            let part = ["city", "province", "detail"][pick(3)];
            put("address", json!({ "country": "CN", part: cities[pick(5)] }));
        }
        if n > 0 && pick(2) > 0 {
            put("parent", json!(accounts[pick(accounts.len())]));
        }
        let id = b.create("account", record).to_string();
        for c in 0..pick(3) {
            let contact =
                json!({ "name": format!("联系人{c}"), "account": id, "job_title": (pick(2) > 0).then_some("经理") });
            b.create("contact", contact);
        }
        accounts.push(id);
    }
}

/// All records in memory, linked.
struct World {
    accounts: HashMap<String, Record>,
    contacts: Vec<Record>,
}

struct Node<'a>(&'a World, &'a Record);

impl Graph for Node<'_> {
    fn value(&self, field: &str) -> Value {
        self.1.get(field).cloned().unwrap_or(Value::Null)
    }
    fn reference(&self, field: &str) -> Option<Box<dyn Graph + '_>> {
        let id = self.1.get(field)?.as_str()?;
        self.0.accounts.get(id).map(|r| Box::new(Node(self.0, r)) as Box<dyn Graph>)
    }
    fn related(&self, relation: &str) -> Vec<Box<dyn Graph + '_>> {
        let id = &self.1["id"];
        let (all, key): (Vec<&Record>, &str) = match relation {
            "contacts" => (self.0.contacts.iter().collect(), "account"),
            _ => (self.0.accounts.values().collect(), "parent"),
        };
        let here = all.into_iter().filter(|r| r.get(key) == Some(id));
        here.map(|r| Box::new(Node(self.0, r)) as Box<dyn Graph>).collect()
    }
}

fn everything(b: &mut Bench, object: &str) -> Vec<Record> {
    let meta = b.object(object);
    let query = ListQuery { limit: Some(200), ..Default::default() };
    b.engine.records(&mut b.conn, &b.system, &meta, &query).unwrap().0
}

fn day_of() -> impl Strategy<Value = String> {
    (18..30u32).prop_map(|d| format!("2026-11-{d:02}"))
}

fn leaf() -> impl Strategy<Value = Filter> {
    let text = prop::sample::select(vec!["上海", "北京", "köln", "KÖLN", "a_b%c", "shang", "_", "%", "Shanghai"]);
    let number = prop::sample::select(vec!["0", "100", "100.25", "200.50", "-1", "400.5"]);
    let path = prop::sample::select(vec!["", "parent.", "parent.parent."]);
    let ordered = prop::sample::select(vec![Op::Eq, Op::Ne, Op::Gt, Op::Gte, Op::Lt, Op::Lte]);
    let worded = prop::sample::select(vec![Op::Eq, Op::Ne, Op::Contains, Op::StartsWith, Op::EndsWith]);
    let listed = prop::sample::select(vec![Op::HasAny, Op::HasAll, Op::HasNone]);
    prop_oneof![
        (path.clone(), worded.clone(), text.clone()).prop_map(|(p, op, v)| Filter::field(format!("{p}city"), op, v)),
        (path.clone(), prop::sample::select(vec!["city", "province"]), worded, text.clone())
            .prop_map(|(p, part, op, v)| Filter::field(format!("{p}address.{part}"), op, v)),
        (path.clone(), any::<bool>()).prop_map(|(p, v)| Filter::field(format!("{p}address.city"), Op::Null, v)),
        (path.clone(), any::<bool>(), text.clone()).prop_map(|(p, not, v)| Filter::field(
            format!("{p}address.province"),
            if not { Op::Nin } else { Op::In },
            json!([v, "上海"])
        )),
        (path.clone(), day_of(), day_of()).prop_map(|(p, a, b)| Filter::field(
            format!("{p}next_contact_at"),
            Op::Between,
            json!([a, b])
        )),
        (path.clone(), ordered.clone(), number).prop_map(|(p, op, v)| Filter::field(
            format!("{p}annual_revenue"),
            op,
            v
        )),
        (path.clone(), ordered.clone(), 0..4i64).prop_map(|(p, op, v)| Filter::field(format!("{p}employees"), op, v)),
        (path.clone(), ordered, day_of()).prop_map(|(p, op, v)| Filter::field(format!("{p}next_contact_at"), op, v)),
        (path.clone(), any::<bool>(), prop::sample::select(vec!["city", "tags", "parent", "annual_revenue"]))
            .prop_map(|(p, v, f)| Filter::field(format!("{p}{f}"), Op::Null, v)),
        (path.clone(), prop::bool::ANY, prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..3))
            .prop_map(|(p, not, v)| Filter::field(format!("{p}level"), if not { Op::Nin } else { Op::In }, json!(v))),
        (path.clone(), listed, prop::collection::vec(prop::sample::select(vec!["红", "绿", "蓝", "黑"]), 1..3))
            .prop_map(|(p, op, v)| Filter::field(format!("{p}tags"), op, json!(v))),
        (0..3i64, 0..3i64).prop_map(|(a, b)| Filter::field("employees", Op::Between, json!([a, b]))),
        prop::sample::select(vec!["this_week", "last_7_days", "tomorrow", "this_month", "last_year"])
            .prop_map(|k| Filter::field("next_contact_at", Op::Within, k)),
        any::<bool>().prop_map(|v| Filter::Exists {
            relation: "contacts".into(),
            filter: Some(Box::new(Filter::field("job_title", Op::Null, v))),
        }),
        Just(Filter::Exists { relation: "subsidiaries".into(), filter: None }),
    ]
}

fn tree() -> impl Strategy<Value = Filter> {
    leaf().prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.clone().prop_map(|f| Filter::Not(Box::new(f))),
            inner.prop_map(|f| Filter::Exists { relation: "subsidiaries".into(), filter: Some(Box::new(f)) }),
        ]
    })
}

#[test]
fn a_filter_means_the_same_in_sql_and_in_memory() {
    let mut b = Bench::new();
    let mut runner = TestRunner::deterministic();
    populate(&mut b, &mut runner);
    // Without it the planner takes the tables for empty and joins them in the worst order.
    diesel::sql_query("ANALYZE accounts, contacts").execute(&mut b.conn).unwrap();
    let accounts =
        everything(&mut b, "account").into_iter().map(|r| (r["id"].as_str().unwrap().to_owned(), r)).collect();
    let world = World { accounts, contacts: everything(&mut b, "contact") };
    let meta = b.object("account");
    let mut both = (0, 0);
    for _ in 0..200 {
        let filter = tree().new_tree(&mut runner).unwrap().current();
        let query = ListQuery {
            filter: Some(filter.clone()),
            fields: Some(vec!["id".into()]),
            limit: Some(200),
            ..Default::default()
        };
        let (found, _) = b
            .engine
            .records(&mut b.conn, &b.system, &meta, &query)
            .unwrap_or_else(|e| panic!("{}: {e}", serde_json::to_string(&filter).unwrap()));
        let sql: BTreeSet<&str> = found.iter().map(|r| r["id"].as_str().unwrap()).collect();
        let resolved = resolve(&filter, &b.system.catalog, &meta, &ReadsAll, &b.system.context()).unwrap();
        let memory: BTreeSet<&str> = world
            .accounts
            .iter()
            .filter(|(_, r)| matches(&resolved, &b.system.catalog, &meta, &Node(&world, r)))
            .map(|(id, _)| id.as_str())
            .collect();
        assert_eq!(sql, memory, "{}", serde_json::to_string(&filter).unwrap());
        both = (both.0 + sql.len(), both.1 + world.accounts.len() - sql.len());
    }
    // The generator must not be trivial: both outcomes occur often.
    assert!(both.0 > 500 && both.1 > 500, "{both:?}");
}

#[test]
fn a_choice_is_sorted_by_the_order_of_its_options() {
    let mut b = Bench::new();
    for (name, industry) in
        [("a", json!("retail")), ("b", json!("software")), ("c", json!(null)), ("d", json!("manufacturing"))]
    {
        b.create("account", json!({"name": name, "industry": industry}));
    }
    // An option that is no more has no place.
    b.create("account", json!({"name": "e", "industry": "retail"}));
    diesel::sql_query("UPDATE accounts SET industry = 'gone' WHERE name = 'e'").execute(&mut b.conn).unwrap();
    for (sort, expected) in [("industry", "cebda"), ("-industry", "adbec")] {
        assert_eq!(names_one_by_one(&mut b, None, "account", sort).concat(), expected, "{sort}");
    }
}

/// The names of all records, from pages of one.
fn names_one_by_one(b: &mut Bench, caller: Option<&Caller>, object: &str, sort: &str) -> Vec<String> {
    let meta = b.object(object);
    let mut seen = Vec::new();
    let mut query = ListQuery { sort: vec![Sort::parse(sort)], limit: Some(1), ..Default::default() };
    loop {
        let body = b.engine.list(&mut b.conn, caller.unwrap_or(&b.system), &meta, &query).unwrap();
        let page: Value = serde_json::from_slice(&body).unwrap();
        seen.push(page["data"][0]["name"].as_str().unwrap().to_owned());
        query.cursor = page["next_cursor"].as_str().map(str::to_owned);
        if query.cursor.is_none() {
            return seen;
        }
    }
}

#[test]
fn what_refers_to_others_is_sorted_by_their_places_and_their_names() {
    let mut b = Bench::new();
    let pipeline = b.create("pipeline", json!({"name": "渠道"})).to_string();
    let mut stages = Vec::new();
    for (name, place) in [("甲", 3), ("丙", 1), ("乙", 2)] {
        let stage = json!({"name": name, "pipeline": pipeline, "sort_order": place});
        stages.push(b.create("stage", stage).to_string());
    }
    // Two of the same name, of which each keeps its own together.
    let accounts: Vec<String> =
        ["张", "李", "张", "阿"].map(|name| b.create("account", json!({"name": name})).to_string()).into();
    for (name, stage, account) in
        [("a", Some(0), 0), ("b", Some(1), 1), ("c", None, 2), ("d", Some(2), 3), ("e", Some(1), 2), ("f", Some(0), 0)]
    {
        let stage = stage.map_or(Value::Null, |at: usize| json!(stages[at]));
        let id = b.create("opportunity", json!({"name": name, "stage": stage, "account": accounts[account]}));
        if name == "c" {
            diesel::sql_query("UPDATE opportunities SET stage_id = NULL WHERE id = $1")
                .bind::<diesel::sql_types::Uuid, _>(id)
                .execute(&mut b.conn)
                .unwrap();
        }
    }
    for (sort, expected) in [("stage", "cbedaf"), ("-stage", "fadebc"), ("account", "dbafce"), ("-account", "ecfabd")] {
        assert_eq!(names_one_by_one(&mut b, None, "opportunity", sort).concat(), expected, "{sort}");
    }
}

#[test]
fn the_names_of_what_one_may_not_see_tell_nothing_in_the_order() {
    let mut b = Bench::new();
    let north = b.create("department", json!({ "name": "北区" }));
    let south = b.create("department", json!({ "name": "南区" }));
    let wang = b.member("wang", Some(north), DataScope::Department);
    let li = b.member("li", Some(south), DataScope::Department);
    let seen = b.create_as(&wang, "account", json!({ "name": "m" }));
    let hidden = ["z", "a"].map(|name| b.create_as(&li, "account", json!({ "name": name })));
    for (name, parent) in [("of m", seen), ("of z", hidden[0]), ("of a", hidden[1])] {
        b.create_as(&wang, "account", json!({ "name": name }));
        diesel::sql_query("UPDATE accounts SET parent_id = $1 WHERE name = $2")
            .bind::<diesel::sql_types::Uuid, _>(parent)
            .bind::<diesel::sql_types::Text, _>(name)
            .execute(&mut b.conn)
            .unwrap();
    }
    assert_eq!(names_one_by_one(&mut b, Some(&wang), "account", "parent"), ["m", "of z", "of a", "of m"]);
    assert_eq!(names_one_by_one(&mut b, Some(&wang), "account", "-parent"), ["of m", "of a", "of z", "m"]);
    assert_eq!(names_one_by_one(&mut b, None, "account", "parent").last().unwrap(), "of z");
}

#[test]
fn pages_walk_every_record_once_in_any_order() {
    let mut b = Bench::new();
    populate(&mut b, &mut TestRunner::deterministic());
    for sort in [
        vec![],
        vec!["name"],
        vec!["-name"],
        vec!["annual_revenue"],
        vec!["-annual_revenue"],
        vec!["city", "-employees"],
        vec!["-level", "employees", "-next_contact_at"],
        vec!["industry"],
        vec!["-industry"],
        vec!["level", "-industry", "name"],
        vec!["-created_at"],
        vec!["parent"],
        vec!["-parent"],
        vec!["level", "-parent", "name"],
        vec!["-owner"],
    ] {
        let sort: Vec<Sort> = sort.into_iter().map(Sort::parse).collect();
        let whole = list(&mut b, "account", &ListQuery { sort: sort.clone(), limit: Some(200), ..Default::default() });
        let expected: Vec<&Value> = whole["data"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
        assert_eq!(expected.len(), 60);
        assert!(whole["next_cursor"].is_null());
        for limit in [1, 7, 59, 60] {
            let mut seen = Vec::new();
            let mut cursor: Option<String> = None;
            loop {
                let query =
                    ListQuery { sort: sort.clone(), limit: Some(limit), cursor: cursor.clone(), ..Default::default() };
                let page = list(&mut b, "account", &query);
                seen.extend(page["data"].as_array().unwrap().iter().map(|r| r["id"].clone()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => break,
                }
            }
            assert_eq!(seen.iter().collect::<Vec<_>>(), expected, "{sort:?} by {limit}");
        }
    }
}

#[test]
fn a_cursor_is_good_only_for_its_own_query() {
    let mut b = Bench::new();
    for n in 0..3 {
        b.create("product", json!({ "name": format!("产品{n}") }));
    }
    let query = ListQuery { sort: vec![Sort::parse("name")], limit: Some(1), ..Default::default() };
    let cursor = list(&mut b, "product", &query)["next_cursor"].as_str().unwrap().to_owned();
    let meta = b.object("product");
    for (sort, cursor) in [("-name", cursor.as_str()), ("name", "nonsense"), ("name", "bm9uc2Vuc2U")] {
        let query = ListQuery { sort: vec![Sort::parse(sort)], cursor: Some(cursor.into()), ..Default::default() };
        assert!(b.engine.list(&mut b.conn, &b.system, &meta, &query).is_err(), "{sort} {cursor}");
    }
}

#[test]
fn references_expand_only_as_far_as_the_caller_sees() {
    let mut b = Bench::new();
    let north = b.create("department", json!({ "name": "北区" }));
    let south = b.create("department", json!({ "name": "南区" }));
    let wang = b.member("wang", Some(north), DataScope::Department);
    let li = b.member("li", Some(south), DataScope::Department);
    let secret = b.create_as(&li, "account", json!({ "name": "南方集团" }));
    let child = b.create(
        "account",
        json!({ "name": "北方子公司", "parent": secret.to_string(), "owner": wang.user.unwrap().to_string() }),
    );
    let meta = b.object("account");
    let query = ListQuery { expand: vec!["owner".into(), "parent".into()], ..Default::default() };
    let body = b.engine.list(&mut b.conn, &wang, &meta, &query).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let record = &body["data"][0];
    assert_eq!(record["id"], child.to_string());
    assert_eq!(record["expand"]["owner"]["name"], "wang");
    assert_eq!(record["parent"], secret.to_string());
    assert!(record["expand"].get("parent").is_none());
    // Nor can it be guessed through a filter.
    let guess = ListQuery { filter: Some(Filter::field("parent.name", Op::StartsWith, "南")), ..Default::default() };
    assert_eq!(b.engine.count(&mut b.conn, &wang, &meta, &guess).unwrap(), 0);
}

#[test]
fn groups_count_and_sum_in_the_callers_own_months() {
    let mut b = Bench::new();
    for (level, revenue, at) in [
        ("a", "100.10", "2026-10-31T15:59:00Z"),
        ("a", "200.20", "2026-10-31T16:01:00Z"),
        ("b", "1", "2026-11-30T00:00:00Z"),
    ] {
        b.create(
            "account",
            json!({ "name": "客户", "level": level, "annual_revenue": revenue, "next_contact_at": at }),
        );
    }
    let sum = Aggregate { function: Function::Sum, field: Some("annual_revenue".into()), name: Some("total".into()) };
    let count = Aggregate { function: Function::Count, field: None, name: None };
    let by_level = ListQuery {
        group_by: vec![GroupKey::Field("level".into())],
        aggregates: vec![count.clone(), sum],
        sort: vec![Sort::parse("-total")],
        ..Default::default()
    };
    let data = list(&mut b, "account", &by_level)["data"].clone();
    assert_eq!(data, json!([{"level":"a","count":2,"total":"300.3"},{"level":"b","count":1,"total":"1"}]));
    let by_month = ListQuery {
        group_by: vec![GroupKey::Dated { field: "next_contact_at".into(), by: By::Month }],
        aggregates: vec![count],
        ..Default::default()
    };
    // One minute after midnight in Shanghai is November already.
    let data = list(&mut b, "account", &by_month)["data"].clone();
    assert_eq!(data, json!([{"next_contact_at":"2026-10","count":1},{"next_contact_at":"2026-11","count":2}]));
}

#[test]
fn counts_stop_where_they_are_told() {
    let mut b = Bench::new();
    for n in 0..3 {
        b.create("task", json!({ "subject": format!("任务{n}") }));
    }
    for (count, expected) in [(Count::Exact, json!(3)), (Count::Capped, json!(3)), (Count::None, Value::Null)] {
        let query = ListQuery { count, limit: Some(1), ..Default::default() };
        assert_eq!(list(&mut b, "task", &query)["count"], expected);
    }
}

/// Lists are searched in two ways, by how common PostgreSQL takes a query's characters to be, and find the same.
#[test]
fn rare_and_common_characters_are_found_alike() {
    let mut b = Bench::new();
    let names: Vec<String> = (0..60u32)
        .map(|n| (0..30u32).filter_map(|at| char::from_u32(0x4e00 + n * 30 + at)).chain("公司".chars()).collect())
        .collect();
    for name in &names {
        b.create("account", json!({ "name": name }));
    }
    let found = |b: &mut Bench, q: &str| {
        let query = ListQuery { q: Some(q.into()), limit: Some(200), ..ListQuery::default() };
        list(b, "account", &query)["data"].as_array().unwrap().len()
    };
    b.conn.batch_execute("ANALYZE accounts").unwrap();
    for name in names.iter().step_by(7) {
        let chars: Vec<char> = name.chars().collect();
        for at in (0..28).step_by(9) {
            let pair: String = chars[at..at + 2].iter().collect();
            assert_eq!(found(&mut b, &pair), 1, "{pair}");
            assert_eq!(found(&mut b, &format!("{pair} 公司")), 1, "{pair}");
        }
    }
    assert_eq!(found(&mut b, "公司"), 60);
    assert_eq!(found(&mut b, "司公"), 0);
}

#[test]
fn what_hangs_on_a_record_is_found_by_that_ones_name_as_far_as_it_is_seen() {
    let mut b = Bench::new();
    let north = b.create("department", json!({ "name": "北区" }));
    let south = b.create("department", json!({ "name": "南区" }));
    let wang = b.member("wang", Some(north), DataScope::Department);
    let li = b.member("li", Some(south), DataScope::Department);
    let seen = b.create_as(&wang, "account", json!({ "name": "杭州天晟电子" }));
    let hidden = b.create_as(&li, "account", json!({ "name": "杭州蓝海物流" }));
    for (name, account) in [("年度框架", seen), ("仓库改造", hidden), ("杭州机房", seen)] {
        let deal = b.create_as(&wang, "opportunity", json!({ "name": name, "account": seen.to_string() }));
        diesel::sql_query("UPDATE opportunities SET account_id = $1 WHERE id = $2")
            .bind::<diesel::sql_types::Uuid, _>(account)
            .bind::<diesel::sql_types::Uuid, _>(deal)
            .execute(&mut b.conn)
            .unwrap();
    }
    let meta = b.object("opportunity");
    for (q, whole, own) in [("杭州", 3, 2), ("tiansheng", 2, 2), ("蓝海", 1, 0), ("改造", 1, 1), ("南京", 0, 0)]
    {
        let query = ListQuery { q: Some(q.into()), count: Count::Exact, ..ListQuery::default() };
        assert_eq!(b.engine.count(&mut b.conn, &b.system, &meta, &query).unwrap(), whole, "{q}");
        assert_eq!(b.engine.count(&mut b.conn, &wang, &meta, &query).unwrap(), own, "{q}");
        let rows = b.engine.records(&mut b.conn, &wang, &meta, &query).unwrap().0;
        assert_eq!(rows.len() as i64, own, "{q}");
    }
}
