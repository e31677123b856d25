//! Lists of references, expanded.

use diesel::connection::{Connection, InstrumentationEvent};
use diesel::{PgConnection, RunQueryDsl};
use kezhan_engine::{Caller, DataScope, Error, ReadOptions};
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{FieldMeta, FieldType, Label, Storage};
use kezhan_tests::engine::Bench;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use uuid::Uuid;

/// Accounts with `partners`, a list of accounts in the JSON of custom fields, and `people`, a list of contacts in a
/// column of its own.
fn bench() -> Bench {
    let mut b = Bench::new();
    diesel::sql_query("ALTER TABLE accounts ADD COLUMN people_ids uuid[]").execute(&mut b.conn).unwrap();
    let list = |key: &'static str, to: &'static str, storage: Storage| FieldMeta {
        storage,
        ..FieldMeta::new(key, Label::new(key, key), FieldType::MultiReference { to: to.into() })
    };
    let fields = [
        ("account".into(), list("partners", "account", Storage::Custom)),
        ("account".into(), list("people", "contact", Storage::Column("people_ids".into()))),
    ];
    b.system.catalog = Arc::new(b.system.catalog.extended(fields, [], []));
    b
}

fn read(b: &mut Bench, caller: &Caller, id: Uuid, expand: &[&str]) -> Result<Value, Error> {
    let expand = expand.iter().map(|e| (*e).to_owned()).collect();
    let options = ReadOptions { expand, ..ReadOptions::default() };
    let meta = b.object("account");
    let found = b.engine.read(&mut b.conn, caller, &meta, id, &options)?.unwrap();
    Ok(serde_json::from_slice(&found.body).unwrap())
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect()
}

fn count_statements(conn: &mut PgConnection) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { .. } = event {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    count
}

#[test]
fn lists_expand_in_their_order_two_levels_deep_by_one_statement() {
    let mut b = bench();
    let system = b.system.clone();
    let group = b.create("account", json!({"name": "集团"}));
    let wang =
        b.create("contact", json!({"name": "王", "account": group.to_string(), "job_title": "采购 \"A\", 经理"}));
    let li = b.create("contact", json!({"name": "李"}));
    let [one, two] = ["甲", "乙"].map(|name| {
        b.create("account", json!({"name": name, "parent": group.to_string(), "people": [li.to_string()]}))
    });
    let account = json!({"name": "总", "partners": [two.to_string(), one.to_string()], "people": [li.to_string(), wang.to_string()]});
    let id = b.create("account", account);

    let count = count_statements(&mut b.conn);
    let expand = ["partners.parent", "partners.people", "people.account", "parent.people"];
    let found = read(&mut b, &system, id, &expand).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let (partners, people) = (&found["expand"]["partners"], &found["expand"]["people"]);
    assert_eq!((names(partners), names(people)), (vec!["乙", "甲"], vec!["李", "王"]));
    assert_eq!(partners[0]["expand"]["parent"]["name"], "集团");
    assert_eq!(names(&partners[1]["expand"]["people"]), ["李"]);
    assert_eq!(people[1]["job_title"], "采购 \"A\", 经理");
    assert_eq!(people[1]["expand"]["account"]["name"], "集团");
    assert!(people[0]["expand"].as_object().unwrap().is_empty(), "without an account");
    assert!(found["expand"].get("parent").is_none());
    // A list in what a single reference leads to.
    let below = read(&mut b, &system, one, &["parent.people"]).unwrap();
    assert_eq!(below["expand"]["parent"]["expand"]["people"], json!([]), "an empty list is a list");

    // Dotted fields choose what is sent of each.
    let query = ListQuery { fields: Some(["name", "partners.name"].map(str::to_owned).into()), ..ListQuery::default() };
    let meta = b.object("account");
    count.store(0, Ordering::Relaxed);
    let (page, _) = b.engine.records(&mut b.conn, &system, &meta, &query).unwrap();
    assert_eq!((page.len(), count.load(Ordering::Relaxed)), (4, 1));
    let listed = page.iter().find(|r| r["id"] == id.to_string()).unwrap();
    let partner = &listed["expand"]["partners"][0];
    assert_eq!(partner, &json!({"id": two.to_string(), "name": "乙"}));
}

#[test]
fn whom_the_caller_may_not_see_is_absent() {
    let mut b = bench();
    let owner = b.member("zhao", None, DataScope::Own);
    let other = b.member("qian", None, DataScope::Own);
    let mut add = |name: &str, who: &Caller| {
        b.create("contact", json!({"name": name, "owner": who.user.unwrap().to_string()})).to_string()
    };
    let (mine, theirs, gone) = (add("我的", &owner), add("别人的", &other), add("删除的", &owner));
    let people = json!([theirs, gone, mine]);
    let id = b.create("account", json!({"name": "甲", "owner": owner.user.unwrap().to_string(), "people": people}));
    let contacts = b.object("contact");
    b.engine.delete(&mut b.conn, &b.system, &contacts, gone.parse().unwrap(), None).unwrap();

    let system = b.system.clone();
    let all = read(&mut b, &system, id, &["people"]).unwrap();
    assert_eq!(names(&all["expand"]["people"]), ["别人的", "我的"]);
    let seen = read(&mut b, &owner, id, &["people"]).unwrap();
    assert_eq!(names(&seen["expand"]["people"]), ["我的"]);
}

#[test]
fn what_could_bring_too_much_is_refused() {
    let mut b = bench();
    let system = b.system.clone();
    let id = b.create("account", json!({"name": "甲"}));
    assert!(read(&mut b, &system, id, &["partners.people"]).is_ok());
    let query = ListQuery { expand: vec!["partners.people".into()], ..ListQuery::default() };
    let meta = b.object("account");
    let refused = b.engine.list(&mut b.conn, &system, &meta, &query).unwrap_err();
    assert!(matches!(&refused, Error::Refused { code: Code::TooComplex, args } if args == &["expand"]), "{refused}");
    let one = ListQuery { limit: Some(1), ..query };
    assert!(b.engine.list(&mut b.conn, &system, &meta, &one).is_ok());
}
