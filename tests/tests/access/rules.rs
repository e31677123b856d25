//! Who may see and do what: rules of roles, teams, what hangs on a record, confidentiality, fields.

use diesel::RunQueryDsl;
use kezhan_engine::access::{Grants, grants};
use kezhan_engine::explain::Reason;
use kezhan_engine::{Access, Action, Caller, DataScope, Error, ReadOptions};
use kezhan_meta::query::{Count, ListQuery, Sort};
use kezhan_meta::{Filter, Op, Record};
use kezhan_tests::engine::Bench;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

fn parsed(value: Value) -> Grants {
    serde_json::from_value(value).unwrap()
}

/// The member with other rights than one scope for everything.
fn with(caller: &Caller, value: Value) -> Caller {
    let mut access: Access = (*caller.access).clone();
    access.grants = parsed(value);
    Caller { access: Arc::new(access), ..caller.clone() }
}

fn names(b: &mut Bench, caller: &Caller, object: &str, query: &ListQuery) -> Vec<String> {
    let meta = b.object(object);
    let (records, _) = b.engine.records(&mut b.conn, caller, &meta, query).unwrap();
    records.iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect()
}

fn by_name() -> ListQuery {
    ListQuery { sort: vec![Sort { field: "name".into(), descending: false }], ..ListQuery::default() }
}

fn counted(b: &mut Bench, caller: &Caller, object: &str) -> i64 {
    let meta = b.object(object);
    b.engine.count(&mut b.conn, caller, &meta, &ListQuery::default()).unwrap()
}

fn fields(b: &mut Bench, caller: &Caller, object: &str, id: Uuid) -> Option<Record> {
    let meta = b.object(object);
    b.engine.fetch(&mut b.conn, caller, &meta, id).unwrap()
}

fn member(b: &mut Bench, record: Uuid, principal: Value, more: Value) -> Uuid {
    let mut entry = json!({"object": "account", "record": record});
    for part in [principal, more] {
        entry.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    b.create("record_member", entry)
}

#[test]
fn a_role_reaches_by_condition_and_by_chosen_departments_and_denials_win() {
    let mut b = Bench::new();
    let north = b.create("department", json!({"name": "华北"}));
    let south = b.create("department", json!({"name": "华南"}));
    let wang = b.member("wang", Some(north), DataScope::Own);
    let li = b.member("li", Some(south), DataScope::Own);
    for (name, owner, level, industry) in [
        ("a", &wang, "a", "software"),
        ("b", &wang, "b", "government"),
        ("c", &li, "a", "government"),
        ("d", &li, "b", "software"),
    ] {
        b.create("account", json!({"name": name, "owner": owner.user, "level": level, "industry": industry}));
    }
    let level_a = json!({"when": {"field": "level", "op": "eq", "value": "a"}});
    let government = json!({"when": {"field": "industry", "op": "eq", "value": "government"}});
    let sees = |b: &mut Bench, rules: Value| {
        let caller = with(&wang, json!({"account": {"read": rules}}));
        let listed = names(b, &caller, "account", &by_name());
        assert_eq!(counted(b, &caller, "account"), listed.len() as i64, "counts and lists agree");
        listed.concat()
    };
    assert_eq!(sees(&mut b, json!("self")), "ab");
    assert_eq!(sees(&mut b, level_a.clone()), "ac");
    assert_eq!(sees(&mut b, json!(["self", level_a])), "abc");
    assert_eq!(sees(&mut b, json!({"departments": [south]})), "cd");
    assert_eq!(sees(&mut b, json!(["all", {"deny": government}])), "ad");
    assert_eq!(sees(&mut b, json!(["self", {"deny": government}])), "a");
    let gone = json!({"when": {"field": "no_such_field", "op": "eq", "value": 1}});
    assert_eq!(sees(&mut b, gone.clone()), "", "a rule that nobody understands allows nothing");
    assert_eq!(sees(&mut b, json!(["all", {"deny": gone}])), "", "and denies everything");

    // Two roles of one person.
    let seller = parsed(json!({"*": {"read": "self"}}));
    let auditor = parsed(json!({"account": {"read": ["all", {"deny": government}]}}));
    let caller = with(&wang, serde_json::to_value(grants::merge(&seller, &auditor)).unwrap());
    assert_eq!(names(&mut b, &caller, "account", &by_name()).concat(), "ad");

    // Where one may create is where the result lies.
    let creates = |b: &mut Bench, rules: Value, record: Value| {
        let caller = with(&wang, json!({"account": {"create": rules, "read": "all"}, "user": {"read": "all"}}));
        let meta = b.object("account");
        b.engine.create(&mut b.conn, &caller, &meta, record.as_object().cloned().unwrap()).is_ok()
    };
    assert!(creates(&mut b, level_a_rule(), json!({"name": "e", "level": "a"})));
    assert!(!creates(&mut b, level_a_rule(), json!({"name": "f", "level": "b"})));
    assert!(!creates(&mut b, json!({"departments": [north]}), json!({"name": "g", "owner": li.user})));
    assert!(creates(&mut b, json!({"departments": [north]}), json!({"name": "h"})));
}

fn level_a_rule() -> Value {
    json!({"when": {"field": "level", "op": "eq", "value": "a"}})
}

#[test]
fn pages_of_several_reaches_are_one_list() {
    let mut b = Bench::new();
    let north = b.create("department", json!({"name": "华北"}));
    let wang = b.member("wang", Some(north), DataScope::Own);
    let li = b.member("li", None, DataScope::Own);
    let mut expected = Vec::new();
    for n in 0..60 {
        let owner = if n % 3 == 0 { wang.user } else { li.user };
        let id = b.create("account", json!({"name": format!("{n:02}"), "owner": owner, "employees": n / 7}));
        // Some of them are the caller's own as well.
        if n % 10 == 5 || n > 30 && n % 6 == 0 {
            member(&mut b, id, json!({"user": wang.user}), json!({}));
        }
        if n % 3 == 0 || n % 10 == 5 {
            expected.push(format!("{n:02}"));
        }
    }
    let (own, department) = (json!({"account": {"read": "self"}}), json!({"account": {"read": "department"}}));
    let orders = [
        vec![("name", false)],
        vec![("employees", true), ("name", false)],
        vec![("created_at", false)],
        vec![("created_at", true)],
    ];
    let caller = with(&wang, own);
    let callers = [&caller, &with(&wang, department)];
    for (caller, sort) in callers.iter().flat_map(|c| orders.iter().map(move |sort| (*c, sort.clone()))) {
        let sort: Vec<Sort> =
            sort.into_iter().map(|(field, descending)| Sort { field: field.into(), descending }).collect();
        let mut seen = paged(&mut b, caller, &sort);
        if sort[0].descending {
            let number =
                |name: &String| name.parse::<i32>().unwrap() / if sort[0].field == "employees" { 7 } else { 1 };
            let in_order = seen.windows(2).all(|w| number(&w[0]) >= number(&w[1]));
            assert!(in_order, "{seen:?}");
            seen.sort();
        }
        assert_eq!(seen, expected);
    }
    assert_eq!(counted(&mut b, &caller, "account"), expected.len() as i64);
    let meta = b.object("account");
    let query = ListQuery {
        group_by: serde_json::from_value(json!(["owner"])).unwrap(),
        count: Count::None,
        ..ListQuery::default()
    };
    let body: Value = serde_json::from_slice(&b.engine.list(&mut b.conn, &caller, &meta, &query).unwrap()).unwrap();
    let total: i64 = body["data"].as_array().unwrap().iter().map(|g| g["count"].as_i64().unwrap()).sum();
    assert_eq!(total, expected.len() as i64, "groups count what lists show");
}

/// The names that pages of four show one after another.
fn paged(b: &mut Bench, caller: &Caller, sort: &[Sort]) -> Vec<String> {
    let meta = b.object("account");
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let query = ListQuery { sort: sort.to_vec(), limit: Some(4), cursor, ..ListQuery::default() };
        let (page, next) = b.engine.records(&mut b.conn, caller, &meta, &query).unwrap();
        assert!(page.len() == 4 || next.is_none(), "a page is full: {seen:?}");
        seen.extend(page.iter().map(|r| r["name"].as_str().unwrap().to_owned()));
        match next {
            Some(_) => cursor = next,
            None => return seen,
        }
    }
}

#[test]
fn a_branch_is_one_list_whoever_made_the_newest() {
    let mut b = Bench::new();
    let north = b.create("department", json!({"name": "华北"}));
    let others = b.create("department", json!({"name": "市场部"}));
    let mut staff = vec![b.member("others", Some(others), DataScope::Own)];
    let mut below = Vec::new();
    for name in ["北京", "天津", "石家庄"] {
        let one = b.create("department", json!({"name": name, "parent": north}));
        below.push(one);
        staff.push(b.member(name, Some(one), DataScope::Own));
    }
    let head = b.member("head", Some(north), DataScope::Own);
    let mut expected = Vec::new();
    let mut ids = Vec::new();
    for n in 0..40 {
        // One in three is of another department, and all of the newest; one in five is confidential.
        let owner = if n % 3 == 0 || n > 32 { &staff[0] } else { &staff[1 + n / 3 % 3] };
        let (name, confidential) = (format!("{n:02}"), n % 5 == 0);
        ids.push(b.create("account", json!({"name": name, "owner": owner.user, "confidential": confidential})));
        if owner.user != staff[0].user && !confidential {
            expected.push(name);
        }
    }
    let newest = |descending| [Sort { field: "created_at".into(), descending }];
    let branch = with(&head, json!({"account": {"read": {"departments": below}}}));
    assert_eq!(paged(&mut b, &branch, &newest(false)), expected);
    expected.reverse();
    assert_eq!(paged(&mut b, &branch, &newest(true)), expected);
    assert_eq!(counted(&mut b, &branch, "account"), expected.len() as i64);

    // Whoever is a member of some as well gets them once; one of another department and a confidential one in their places.
    for n in [1, 10, 33] {
        member(&mut b, ids[n], json!({"user": head.user}), json!({}));
    }
    expected.extend(["10".to_owned(), "33".to_owned()]);
    expected.sort();
    assert_eq!(paged(&mut b, &branch, &newest(false)), expected);
    assert_eq!(counted(&mut b, &branch, "account"), expected.len() as i64);
}

#[test]
fn a_team_sees_and_works_on_a_record_until_its_time_is_up() {
    let mut b = Bench::new();
    let north = b.create("department", json!({"name": "华北"}));
    let beijing = b.create("department", json!({"name": "北京", "parent": north}));
    let owner = b.member("zhao", None, DataScope::Own);
    let li = b.member("li", Some(beijing), DataScope::Own);
    let account = b.create("account", json!({"name": "x", "owner": owner.user}));
    assert!(fields(&mut b, &li, "account", account).is_none());

    let entry = member(&mut b, account, json!({"user": li.user}), json!({"level": "read"}));
    assert!(fields(&mut b, &li, "account", account).is_some());
    let meta = b.object("account");
    let rename = |b: &mut Bench, caller: &Caller| {
        let patch = json!({"name": "y"}).as_object().cloned().unwrap();
        b.engine.update(&mut b.conn, caller, &meta, account, patch, None)
    };
    assert!(matches!(rename(&mut b, &li), Err(Error::Refused { .. })), "read only");
    let members = b.object("record_member");
    let change = |b: &mut Bench, patch: Value| {
        let system = b.system.clone();
        b.engine.update(&mut b.conn, &system, &members, entry, patch.as_object().cloned().unwrap(), None).unwrap();
    };
    change(&mut b, json!({"level": "write"}));
    rename(&mut b, &li).unwrap();
    let verdict = b.engine.explain(&mut b.conn, &li, &meta, account).unwrap();
    let of = |action: Action| verdict.verdicts.iter().find(|v| v.action == action).unwrap();
    assert_eq!((of(Action::Edit).allowed, of(Action::Edit).reason), (true, Reason::Member));
    assert!(!of(Action::Delete).allowed && !of(Action::Transfer).allowed, "a team works on it, no more");
    change(&mut b, json!({"expires_at": "2020-01-01T00:00:00Z"}));
    assert!(fields(&mut b, &li, "account", account).is_none(), "its time is up");

    // A department stands for everybody in and below it.
    let mut above = li.clone();
    let mut access = (*li.access).clone();
    access.principals = vec![li.user.unwrap(), beijing, north];
    above.access = Arc::new(access);
    member(&mut b, account, json!({"unit": north}), json!({}));
    assert!(fields(&mut b, &above, "account", account).is_some());

    // Letting others in is for whoever may share the record.
    let add = |b: &mut Bench, caller: &Caller| {
        let entry = json!({"object": "account", "record": account, "user": b.system.user.or(li.user)});
        let meta = b.object("record_member");
        b.engine.create(&mut b.conn, caller, &meta, entry.as_object().cloned().unwrap()).is_ok()
    };
    assert!(!add(&mut b, &above));
    for wrong in [json!({}), json!({"user": li.user, "unit": north})] {
        let mut entry = json!({"object": "account", "record": account});
        entry.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let system = b.system.clone();
        let failed = b.engine.create(&mut b.conn, &system, &members, entry.as_object().cloned().unwrap());
        assert!(matches!(failed, Err(Error::Invalid(_))), "one principal");
    }
}

#[test]
fn what_hangs_on_a_record_follows_its_owner_and_its_team() {
    let mut b = Bench::new();
    let zhao = b.member("zhao", None, DataScope::Own);
    let li = b.member("li", None, DataScope::Own);
    let account = b.create("account", json!({"name": "x", "owner": zhao.user}));
    let contact = b.create("contact", json!({"name": "王", "account": account, "owner": li.user}));
    let loose = b.create("contact", json!({"name": "李", "owner": li.user}));
    assert!(fields(&mut b, &zhao, "contact", contact).is_some(), "the account's owner sees everything under it");
    assert!(fields(&mut b, &zhao, "contact", loose).is_none());
    assert_eq!(names(&mut b, &zhao, "contact", &by_name()), ["王"]);
    let meta = b.object("contact");
    let patch = || json!({"name": "汪"}).as_object().cloned().unwrap();
    assert!(b.engine.update(&mut b.conn, &zhao, &meta, contact, patch(), None).is_err(), "sees, and no more");

    let qian = b.member("qian", None, DataScope::Own);
    let entry = member(&mut b, account, json!({"user": qian.user}), json!({"children": "none"}));
    assert!(fields(&mut b, &qian, "contact", contact).is_none());
    let system = b.system.clone();
    let members = b.object("record_member");
    let widen = |b: &mut Bench, children: &str| {
        let patch = json!({"children": children}).as_object().cloned().unwrap();
        b.engine.update(&mut b.conn, &system, &members, entry, patch, None).unwrap();
    };
    widen(&mut b, "read");
    assert!(fields(&mut b, &qian, "contact", contact).is_some());
    assert!(b.engine.update(&mut b.conn, &qian, &meta, contact, patch(), None).is_err());
    widen(&mut b, "write");
    b.engine.update(&mut b.conn, &qian, &meta, contact, patch(), None).unwrap();
}

#[test]
fn a_confidential_record_is_not_there_for_others_whatever_their_role() {
    let mut b = Bench::new();
    let zhao = b.member("zhao", None, DataScope::All);
    let boss = b.member("boss", None, DataScope::All);
    let everything = json!({"read": "all", "create": "all", "edit": "all", "share": "all"});
    let (zhao, boss) = (with(&zhao, json!({"*": everything})), with(&boss, json!({"*": everything})));
    let account = b.create_as(&zhao, "account", json!({"name": "机密公司", "confidential": true}));
    let contact = b.create_as(&boss, "contact", json!({"name": "王", "account": null}));
    let meta = b.object("account");
    assert!(fields(&mut b, &zhao, "account", account).is_some());
    assert!(fields(&mut b, &boss, "account", account).is_none());
    assert_eq!(counted(&mut b, &boss, "account"), 0);
    let query = ListQuery { q: Some("机密".into()), ..ListQuery::default() };
    assert!(names(&mut b, &boss, "account", &query).is_empty());
    let search = kezhan_engine::search::SearchQuery { q: "机密".into(), ..Default::default() };
    let hits = b.engine.search(&mut b.conn, &boss, &search).unwrap();
    assert_eq!(String::from_utf8(hits).unwrap(), r#"{"data":[]}"#);
    let contacts = b.object("contact");
    let patch = json!({"account": account}).as_object().cloned().unwrap();
    let named = b.engine.update(&mut b.conn, &boss, &contacts, contact, patch, None);
    assert!(matches!(named, Err(Error::Invalid(_))), "it cannot even be referred to");
    let verdicts = b.engine.explain(&mut b.conn, &boss, &meta, account).unwrap().verdicts;
    assert_eq!((verdicts[0].allowed, verdicts[0].reason), (false, Reason::Confidential));

    // Nor what happened with it, but for what is their own.
    let hidden = b.create_as(&zhao, "contact", json!({"name": "机密联系人", "account": account}));
    let task = b.create_as(&zhao, "task", json!({"subject": "机密任务", "account": account}));
    let own = b.create("contact", json!({"name": "李", "account": account, "owner": boss.user}));
    for (object, id) in [("contact", hidden), ("task", task)] {
        assert!(fields(&mut b, &zhao, object, id).is_some());
        assert!(fields(&mut b, &boss, object, id).is_none(), "{object}");
        let meta = b.object(object);
        let verdicts = b.engine.explain(&mut b.conn, &boss, &meta, id).unwrap().verdicts;
        assert_eq!((verdicts[0].allowed, verdicts[0].reason), (false, Reason::Confidential), "{object}");
    }
    assert!(fields(&mut b, &boss, "contact", own).is_some());
    assert_eq!(counted(&mut b, &boss, "contact"), 2);

    member(&mut b, account, json!({"user": boss.user}), json!({}));
    assert!(fields(&mut b, &boss, "account", account).is_some(), "its team sees it");
    assert!(fields(&mut b, &boss, "contact", hidden).is_some());
    let chief = with(&b.member("chief", None, DataScope::All), json!({"*": {"read": "all", "confidential": "all"}}));
    assert!(fields(&mut b, &chief, "account", account).is_some(), "and whoever has the right to");
}

#[test]
fn fields_are_hidden_and_masked_by_role_and_by_relation() {
    let mut b = Bench::new();
    let zhao = b.member("zhao", None, DataScope::All);
    let li = b.member("li", None, DataScope::All);
    let rights = json!({"*": {"read": "all", "edit": "all", "export": "all"}, "account": {
    "read": "all", "edit": "all", "export": "all", "fields": {
        "phone": {"owner": "write", "team": "read", "other": "masked"},
        "tax_id": "masked", "annual_revenue": "hidden", "employees": "masked",
    }}});
    let (zhao, li) = (with(&zhao, rights.clone()), with(&li, rights));
    let account = b.create(
        "account",
        json!({"name": "华为技术有限公司", "owner": zhao.user, "phone": "13812345678", "tax_id": "914403001922038216",
            "annual_revenue": "5000", "employees": 70}),
    );
    let own = fields(&mut b, &zhao, "account", account).unwrap();
    assert_eq!((&own["phone"], &own["phone_e164"]), (&json!("13812345678"), &json!("+8613812345678")));
    assert_eq!(own["tax_id"], "9***16");
    assert_eq!(own["employees"], Value::Null, "a number has no outline");
    assert!(!own.contains_key("annual_revenue"));
    let other = fields(&mut b, &li, "account", account).unwrap();
    assert_eq!(
        (&other["phone"], other["phone_e164"].as_str().unwrap().contains("1234")),
        (&json!("138****5678"), false)
    );
    member(&mut b, account, json!({"user": li.user}), json!({}));
    assert_eq!(fields(&mut b, &li, "account", account).unwrap()["phone"], "13812345678", "a member of the team");

    // Nothing can be asked by what one does not see in full.
    let meta = b.object("account");
    for field in ["phone", "tax_id", "annual_revenue", "phone_e164"] {
        let op = if field == "annual_revenue" { Op::Null } else { Op::StartsWith };
        let value = if op == Op::Null { json!(true) } else { json!("138") };
        let asks = [
            ListQuery { filter: Some(Filter::field(field, op, value)), ..ListQuery::default() },
            ListQuery { sort: vec![Sort { field: field.into(), descending: false }], ..ListQuery::default() },
            ListQuery { group_by: serde_json::from_value(json!([field])).unwrap(), ..ListQuery::default() },
        ];
        for query in asks {
            assert!(b.engine.list(&mut b.conn, &zhao, &meta, &query).is_err(), "{field}");
        }
    }
    for q in ["1234567", "914403001922"] {
        let query = ListQuery { q: Some(q.into()), ..ListQuery::default() };
        assert!(names(&mut b, &zhao, "account", &query).is_empty(), "{q}");
        let search = kezhan_engine::search::SearchQuery { q: q.into(), ..Default::default() };
        assert_eq!(b.engine.search(&mut b.conn, &zhao, &search).unwrap(), br#"{"data":[]}"#, "{q}");
    }
    let query = ListQuery { q: Some("华为".into()), ..ListQuery::default() };
    assert_eq!(names(&mut b, &zhao, "account", &query).len(), 1, "what one sees is found");

    // History and writes keep to the same levels.
    let history = b.engine.history(&mut b.conn, &li, &meta, account, None, None).unwrap();
    let history = String::from_utf8(history).unwrap();
    assert!(!history.contains("914403001922038216") && !history.contains("annual_revenue"), "{history}");
    let write = |b: &mut Bench, caller: &Caller, patch: Value| {
        b.engine.update(&mut b.conn, caller, &meta, account, patch.as_object().cloned().unwrap(), None).is_ok()
    };
    assert!(write(&mut b, &zhao, json!({"phone": "13900001111"})));
    assert!(!write(&mut b, &li, json!({"phone": "13900002222"})), "the team reads");
    assert!(!write(&mut b, &zhao, json!({"tax_id": "91350100M000100Y43"})));
    assert!(!write(&mut b, &zhao, json!({"annual_revenue": "1"})));
    let options = ReadOptions { fields: Some(vec!["annual_revenue".into()]), ..ReadOptions::default() };
    assert!(b.engine.read(&mut b.conn, &zhao, &meta, account, &options).is_err());
}

#[test]
fn giving_a_record_away_takes_more_than_editing_it() {
    let mut b = Bench::new();
    let zhao = b.member("zhao", None, DataScope::Own);
    let li = b.member("li", None, DataScope::Own);
    let rights = |transfer: &str| json!({"*": {"read": "self", "create": "self", "edit": "self", "transfer": transfer}, "user": {"read": "all"}});
    let keeps = with(&zhao, rights("none"));
    let gives = with(&zhao, rights("self"));
    let account = b.create_as(&keeps, "account", json!({"name": "x"}));
    let meta = b.object("account");
    let give = |b: &mut Bench, caller: &Caller| {
        let patch = json!({"owner": li.user}).as_object().cloned().unwrap();
        b.engine.update(&mut b.conn, caller, &meta, account, patch, None)
    };
    assert!(matches!(give(&mut b, &keeps), Err(Error::Refused { .. })));
    give(&mut b, &gives).unwrap();
    assert!(fields(&mut b, &gives, "account", account).is_none());
    assert!(fields(&mut b, &li, "account", account).is_some());
}

#[test]
fn search_keys_of_old_records_are_made_anew() {
    let mut b = Bench::new();
    let li = b.member("li", None, DataScope::All);
    let rights = json!({"account": {"read": "all", "fields": {"phone": "masked"}}});
    let li = with(&li, rights);
    b.create("account", json!({"name": "鑫茂科技", "phone": "13812345678"}));
    let gone = b.create("account", json!({"name": "鑫茂旧部"}));
    let (meta, system) = (b.object("account"), b.system.clone());
    b.engine.delete(&mut b.conn, &system, &meta, gone, None).unwrap();
    // As they were before there was a part that is personal: closed to whoever does not see all of it.
    diesel::sql_query("UPDATE accounts SET search_text = replace(search_text, E'\\x01', '')")
        .execute(&mut b.conn)
        .unwrap();
    let query = ListQuery { q: Some("xmkj".into()), ..ListQuery::default() };
    assert!(names(&mut b, &li, "account", &query).is_empty());
    assert_eq!(b.engine.reindex(&mut b.conn, &system, &meta).unwrap(), 2);
    assert_eq!(b.engine.reindex(&mut b.conn, &system, &meta).unwrap(), 0, "what is right is left alone");
    assert_eq!(names(&mut b, &li, "account", &query), ["鑫茂科技"]);
    assert!(b.engine.reindex(&mut b.conn, &li, &meta).is_err());
}

#[test]
fn what_hangs_on_a_record_is_its_owners_whoever_that_becomes() {
    let mut b = Bench::new();
    let (wang, li, zhao) = (
        b.member("wang", None, DataScope::Own),
        b.member("li", None, DataScope::Own),
        b.member("zhao", None, DataScope::Own),
    );
    let (first, second) = (
        b.create("account", json!({"name": "一", "owner": wang.user})),
        b.create("account", json!({"name": "二", "owner": zhao.user})),
    );
    let contact = b.create("contact", json!({"name": "李的", "account": first, "owner": li.user}));
    let many: Vec<(Uuid, Record)> = ["批1", "批2"]
        .iter()
        .map(|name| {
            let record = json!({"name": name, "account": first, "owner": li.user});
            (Uuid::now_v7(), record.as_object().cloned().unwrap())
        })
        .collect();
    let (contacts, system) = (b.object("contact"), b.system.clone());
    b.engine.create_many(&mut b.conn, &system, &contacts, &many).unwrap();
    let see = |b: &mut Bench| [&wang, &li, &zhao].map(|who| counted(b, who, "contact"));
    assert_eq!(see(&mut b), [3, 3, 0], "those of the account's owner, and those of the contacts'");
    let accounts = b.object("account");
    let give = |owner: Option<Uuid>| Record::from_iter([("owner".to_owned(), json!(owner))]);
    b.engine.amend(&mut b.conn, &system, &accounts, first, give(zhao.user)).unwrap();
    assert_eq!(see(&mut b), [0, 3, 3], "the account went to another");
    b.engine.amend(&mut b.conn, &system, &accounts, first, give(li.user)).unwrap();
    assert_eq!(see(&mut b), [0, 3, 0], "whose it was anyhow");
    let hang = |account: Uuid| Record::from_iter([("account".to_owned(), json!(account))]);
    b.engine.amend(&mut b.conn, &system, &contacts, contact, hang(second)).unwrap();
    assert_eq!(see(&mut b), [0, 3, 1], "hung on another account");
    b.engine.amend(&mut b.conn, &system, &contacts, contact, give(zhao.user)).unwrap();
    b.engine.amend(&mut b.conn, &system, &accounts, second, give(wang.user)).unwrap();
    assert_eq!(see(&mut b), [1, 2, 1], "the contact's owner and the account's");
    b.delete("account", second);
    assert_eq!(see(&mut b), [0, 2, 1], "an account in the bin opens nothing to its owner");
    b.create("contact", json!({"name": "晚", "account": first, "owner": zhao.user}));
    assert_eq!(see(&mut b), [0, 3, 2]);
    b.engine.restore(&mut b.conn, &system, &accounts, second).unwrap();
    assert_eq!(see(&mut b), [1, 3, 2], "and comes back with what hangs on it");
}
