//! Fields that are encrypted at rest: read by whoever may, found by equal values, and nowhere in the clear.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use kezhan_engine::jobs::Worker;
use kezhan_engine::transfer::ledger;
use kezhan_features::platform::sealing::{self, Reseal};
use kezhan_tests::TestServer;
use kezhan_tests::import::plan;
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};
use std::sync::Arc;

const CARD: &str = "11010519491231002X";
const OTHER: &str = "440524188001010014";
/// Its last digit does not follow from the others.
const MISSPELT: &str = "440524188001010015";

pub fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

pub fn texts(conn: &mut PgConnection, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    sql_query(sql).load::<Row>(conn).unwrap().into_iter().map(|r| r.text).collect()
}

/// Every table in which this text stands.
pub fn tables_with(conn: &mut PgConnection, text: &str) -> Vec<String> {
    let all = texts(
        conn,
        "SELECT c.relname::text AS text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'public' AND c.relkind = 'r'",
    );
    let bytes = hex::encode(text);
    let holds = |table: &String| {
        let sql = format!(
            "SELECT 'x' AS text FROM \"{table}\" t WHERE t::text LIKE '%{text}%' OR t::text LIKE '%{bytes}%' LIMIT 1"
        );
        !texts(conn, &sql).is_empty()
    };
    all.into_iter().filter(holds).collect()
}

pub fn work(server: &TestServer) {
    let engine = Arc::new(kezhan_tests::sealing_engine());
    Worker::new(server.db.url(), vec![Arc::new(Reseal(engine))]).drain().unwrap();
}

pub fn field(api: &Api, key: &str, kind: &str, more: Value) -> Value {
    let mut field = json!({"object": "account", "key": key, "kind": kind, "label_zh": key, "label_en": key});
    field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.create("field_definitions", field)
}

pub fn found(api: &Api, path: &str) -> Vec<String> {
    api.get(path).ok()["data"].as_array().unwrap().iter().map(|r| id(r).to_owned()).collect()
}

#[test]
fn a_sealed_value_stands_nowhere_in_the_clear() {
    let server = TestServer::with(&[("KEZHAN_WORKER", "false")]);
    let api = server.admin();
    // Every way in: alone, under a key, changed, many at once, merged.
    let first = api.create("contacts", json!({"name": "张三", "id_number": CARD}));
    let once = api.request(reqwest::Method::POST, "/contacts").header("Idempotency-Key", "k1");
    let body = json!({"name": "李四", "id_number": OTHER});
    let kept: Value = once.json(&body).send().unwrap().json().unwrap();
    assert_eq!(kept["id_number"], OTHER);
    let again: Value = api
        .request(reqwest::Method::POST, "/contacts")
        .header("Idempotency-Key", "k1")
        .json(&body)
        .send()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(again, kept, "the kept answer opens again");
    let path = format!("/contacts/{}", id(&first));
    assert_eq!(api.get(&path).ok()["id_number"], CARD);
    api.patch(&path, &json!({"id_number": "110105194912310038"})).ok();
    api.patch(&path, &json!({"id_number": CARD, "job_title": "经理"})).ok();
    let batch = json!({"operations": [{"op": "create", "record": {"name": "王五", "id_number": CARD}}]});
    let batch = api.post("/contacts/batch", &batch);
    assert!(batch.status.is_success(), "{}", batch.text);
    let merge = json!({"losers": [id(&kept)], "take": {"id_number": id(&kept)}});
    let merged = api.post(&format!("{path}/actions/merge"), &merge).ok();
    assert_eq!(merged["record"]["id_number"], OTHER);

    let conn = &mut server.db.connect();
    for text in [CARD, OTHER, "110105194912310038"] {
        assert_eq!(tables_with(conn, text), Vec::<String>::new(), "{text}");
    }
    // History tells that it changed, and not to what.
    let history = api.get(&format!("{path}/history")).ok();
    let changes: Vec<&Value> = history["data"].as_array().unwrap().iter().map(|e| &e["changes"]["id_number"]).collect();
    assert_eq!(changes.last(), Some(&&json!({"to": "***"})), "{history}");
    assert!(changes.contains(&&json!({"from": "***", "to": "***"})), "{history}");
    // And parting what was merged brings the value back.
    let undo = api.post(&format!("{path}/actions/undo_merge"), &json!({"merge": merged["merge"]}));
    assert!(undo.status.is_success(), "{}", undo.text);
    assert_eq!(api.get(&path).ok()["id_number"], CARD);
}

#[test]
fn it_is_found_by_equal_values_and_in_no_other_way() {
    let server = TestServer::new();
    let api = server.admin();
    let one = api.create("contacts", json!({"name": "张三", "id_number": CARD}));
    let two = api.create("contacts", json!({"name": "李四", "id_number": OTHER}));
    let none = api.create("contacts", json!({"name": "王五"}));
    assert_eq!(found(&api, &format!("/contacts?id_number={CARD}")), [id(&one)]);
    assert_eq!(found(&api, &format!("/contacts?id_number[in]={CARD},{OTHER}")).len(), 2);
    assert_eq!(found(&api, "/contacts?id_number[null]=true"), [id(&none)]);
    let not = json!({"filter": {"not": {"field": "id_number", "op": "eq", "value": CARD}}});
    let others = api.post("/contacts/query", &not).ok();
    assert_eq!(others["data"].as_array().unwrap().len(), 2);
    assert!(others["data"].as_array().unwrap().iter().any(|r| id(r) == id(&two)));
    for refused in [
        "/contacts?id_number[contains]=1101",
        "/contacts?id_number[starts_with]=1",
        "/contacts?id_number[ne]=1",
        "/contacts?sort=id_number",
        "/accounts?bank_account[contains]=6222",
    ] {
        assert_eq!(api.get(refused).status, 400, "{refused}");
    }
    for group in [
        json!({"group_by": ["id_number"]}),
        json!({"aggregates": [{"fn": "min", "field": "id_number"}]}),
        json!({"aggregates": [{"fn": "count_distinct", "field": "id_number"}]}),
    ] {
        assert_eq!(api.post("/contacts/query", &group).status, 400, "{group}");
    }
    assert_eq!(found(&api, &format!("/contacts?q={CARD}")), Vec::<String>::new());
    let meta = api.get("/meta/objects/contact").ok();
    let told = meta["fields"].as_array().unwrap().iter().find(|f| f["key"] == "id_number").unwrap();
    assert_eq!((&told["sealed"], &told["operators"]), (&json!(true), &json!(["eq", "in", "null"])), "{told}");
}

#[test]
fn who_sees_it_masked_or_not_at_all_cannot_find_it_out() {
    let server = TestServer::new();
    let admin = server.admin();
    field(&admin, "code", "text", json!({"is_sealed": true, "is_unique": true}));
    let account = admin.create("accounts", json!({"name": "甲", "code": "S-1", "bank_account": "6222000011112222"}));
    let grants = |level: &str| json!({"account": {"read": "all", "create": "all", "edit": "all", "fields": {"code": level, "bank_account": level}}});
    for (name, level) in [("masked", "masked"), ("hidden", "hidden")] {
        let role = server.role(name, grants(level));
        server.user(name, &role, json!({}));
        let api = server.sign_in(name, PASSWORD);
        let seen = api.get(&format!("/accounts/{}", id(&account))).ok();
        let shown = if level == "masked" { [json!("S***"), json!("6***22")] } else { [Value::Null, Value::Null] };
        assert_eq!([&seen["code"], &seen["bank_account"]], [&shown[0], &shown[1]], "{seen}");
        for value in ["S-1", "S-2"] {
            // The same answer whether it is right or wrong.
            assert_eq!(api.get(&format!("/accounts?code={value}")).status, 400, "{name} {value}");
            let not = json!({"filter": {"not": {"field": "code", "op": "in", "value": [value]}}});
            assert_eq!(api.post("/accounts/query", &not).status, 400, "{name} {value}");
            let put = api.put(&format!("/accounts/by/code/{value}"), &json!({"name": "乙"}));
            assert_eq!(put.status, 400, "{name} {value}");
            // Nor by writing: whether a value is taken is said to nobody who may not have the value.
            let code = if level == "masked" { "read_only" } else { "unknown_key" };
            let record = json!({"name": "乙", "code": value});
            let mine = api.create("accounts", json!({"name": "丙"}));
            let path = format!("/accounts/{}", id(&mine));
            for reply in [api.post("/accounts", &record), api.patch(&path, &json!({"code": value}))] {
                let problem = reply.problem(422, "invalid");
                let faults = problem["errors"].as_array().unwrap();
                assert!(faults.len() == 1 && faults[0]["code"] == code, "{name} {value}: {problem}");
            }
            let batch = json!({"operations": [{"op": "create", "record": record}], "all_or_none": false});
            let batch = api.post("/accounts/batch", &batch);
            assert!(batch.text.contains(code) && !batch.text.contains("taken"), "{}", batch.text);
        }
        let through = json!({"filter": {"field": "account.code", "op": "eq", "value": "S-1"}});
        assert_ne!(api.post("/contacts/query", &through).status, 200, "{name}");
    }
    // Whoever reads it uses it as the key it is.
    let put = admin.put("/accounts/by/code/S-1", &json!({"name": "改名"})).ok();
    assert_eq!((id(&put), &put["name"]), (id(&account), &json!("改名")));
    let taken = admin.post("/accounts", &json!({"name": "丙", "code": "S-1"})).problem(422, "invalid");
    assert_eq!((&taken["errors"][0]["field"], &taken["errors"][0]["code"]), (&json!("code"), &json!("taken")));
}

#[test]
fn what_is_moved_in_the_database_does_not_open() {
    let server = TestServer::new();
    let api = server.admin();
    let a = api.create("contacts", json!({"name": "张三", "id_number": CARD}));
    let b = api.create("contacts", json!({"name": "李四", "id_number": OTHER}));
    let conn = &mut server.db.connect();
    let stored = |conn: &mut PgConnection, id: &str| {
        texts(conn, &format!("SELECT id_number AS text FROM contacts WHERE id = '{id}'")).remove(0)
    };
    let (of_a, of_b) = (stored(conn, id(&a)), stored(conn, id(&b)));
    let path = format!("/contacts/{}", id(&b));
    let index = |text: &str| text.split('.').nth(1).unwrap().to_owned();
    // Another record's value; one's own under another's index, so as to be found by it; a bit of it.
    let mut bent = of_b.clone().into_bytes();
    let last = bent.len() - 3;
    bent[last] = if bent[last] == b'A' { b'B' } else { b'A' };
    for forged in [of_a.clone(), of_b.replace(&index(&of_b), &index(&of_a)), String::from_utf8(bent).unwrap()] {
        conn.batch_execute(&format!("UPDATE contacts SET id_number = '{forged}' WHERE id = '{}'", id(&b))).unwrap();
        assert_eq!(api.get(&path).status, 500, "{forged}");
    }
    conn.batch_execute(&format!("UPDATE contacts SET id_number = '{of_b}' WHERE id = '{}'", id(&b))).unwrap();
    assert_eq!(api.get(&path).ok()["id_number"], OTHER);
}

#[test]
fn values_of_every_sort_that_can_be_sealed_come_back_as_they_were() {
    let server = TestServer::new();
    let api = server.admin();
    let kinds = [
        ("text", json!("甲-1"), true),
        ("long_text", json!("第一行\n第二行 “引号”"), false),
        ("integer", json!(42), true),
        ("decimal", json!("12.50"), false),
        ("money", json!("9800.00"), false),
        ("percent", json!("12.5"), false),
        ("date", json!("2026-11-29"), true),
        ("email", json!("a@example.com"), true),
        ("phone", json!("13812345678"), true),
        ("url", json!("https://example.com/x"), true),
    ];
    let mut record = json!({"name": "甲"});
    for (kind, value, _) in &kinds {
        field(&api, &format!("s_{kind}"), kind, json!({"is_sealed": true, "is_indexed": true}));
        record[format!("s_{kind}")] = value.clone();
    }
    let made = api.create("accounts", record.clone());
    let read = api.get(&format!("/accounts/{}", id(&made))).ok();
    let conn = &mut server.db.connect();
    for (kind, value, findable) in &kinds {
        let key = format!("s_{kind}");
        match value.as_str().and_then(|v| v.parse::<f64>().ok()).filter(|_| *kind != "text") {
            Some(number) => assert_eq!(read[&key].as_str().unwrap().parse::<f64>().unwrap(), number, "{kind}"),
            None => assert_eq!(&read[&key], value, "{kind}"),
        }
        let stored = texts(conn, &format!("SELECT custom->>'{key}' AS text FROM accounts"));
        assert!(stored[0].starts_with("sealed:1."), "{kind}: {stored:?}");
        let by = json!({"filter": {"field": key, "op": "eq", "value": value}});
        let answer = api.post("/accounts/query", &by);
        assert_eq!(answer.status == 200, *findable, "{kind}");
        if *findable {
            assert_eq!(answer.ok()["data"].as_array().unwrap().len(), 1, "{kind}");
        }
    }
    assert_eq!(tables_with(conn, "13812345678"), Vec::<String>::new(), "nor its international form");
}

#[test]
fn a_renewed_key_takes_over_in_every_record() {
    let server = TestServer::with(&[("KEZHAN_WORKER", "false")]);
    let api = server.admin();
    field(&api, "code", "text", json!({"is_sealed": true}));
    for n in 0..3 {
        api.create(
            "accounts",
            json!({"name": n.to_string(), "code": format!("C{n}"), "bank_account": format!("6222{n}")}),
        );
    }
    let contact = api.create("contacts", json!({"name": "张三", "id_number": CARD}));
    let conn = &mut server.db.connect();
    let all = "SELECT id_number AS text FROM contacts WHERE id_number IS NOT NULL UNION ALL SELECT bank_account FROM \
               accounts UNION ALL SELECT custom->>'code' FROM accounts";
    let before = texts(conn, all);
    assert_eq!(before.len(), 7);
    let engine = kezhan_tests::sealing_engine();
    sealing::renew(&engine, conn, server.tenant.tenant).unwrap();
    // A server that has not seen the new key reads what another seals with it.
    work(&server);
    let after = texts(conn, all);
    assert!(after.iter().all(|text| !before.contains(text)));
    let path = format!("/contacts/{}", id(&contact));
    assert_eq!(api.get(&path).ok()["id_number"], CARD);
    assert_eq!(found(&api, &format!("/contacts?id_number={CARD}")), [id(&contact)]);
    assert_eq!(api.get(&path).ok()["version"], 1, "no edit");
    // The old key is not needed any more.
    conn.batch_execute("DELETE FROM vault_keys WHERE NOT current").unwrap();
    let fresh = kezhan_tests::sealing_engine();
    let caller = kezhan_features::people::setup::system(&fresh, conn, server.tenant.tenant).unwrap();
    let meta = caller.catalog.get("contact").unwrap().clone();
    let record = fresh.fetch(conn, &caller, &meta, id(&contact).parse().unwrap()).unwrap().unwrap();
    assert_eq!(record["id_number"], CARD);
}

#[test]
fn what_an_import_keeps_of_a_file_is_sealed_like_its_values() {
    let server = TestServer::new();
    let api = server.admin();
    let csv = format!(
        "姓名,邮箱,身份证号\n张三,zhang@example.com,{CARD}\n李四,not-an-address,{OTHER}\n王五,wang@example.com,{MISSPELT}\n"
    );
    let upload = api.upload("联系人.csv", csv);
    let mut plan = plan(&upload);
    plan["object"] = json!("contact");
    assert!(upload["mapping"].as_array().unwrap().iter().any(|c| c["field"] == "id_number"), "{upload}");
    plan["dry_run"] = json!(true);
    let dry = api.import(&plan);
    plan["dry_run"] = json!(false);
    let job = api.import(&plan);
    let path = format!("/bulk/jobs/{}", id(&job));
    let check = |api: &Api| {
        let dry = api.get(&format!("/bulk/jobs/{}", id(&dry))).ok();
        let problems = dry["report"]["problems"].as_array().unwrap();
        assert!(problems.iter().any(|p| p["value"] == MISSPELT), "{dry}");
        let failed = api.get(&format!("{path}/rows?outcome=failed")).ok();
        let cells: Vec<&Value> = failed["data"].as_array().unwrap().iter().map(|row| &row["cells"][2]).collect();
        assert_eq!(cells, [&json!(OTHER), &json!(MISSPELT)], "{failed}");
        assert_eq!(failed["data"][1]["errors"][0]["value"], MISSPELT);
        let file = api.get(&format!("{path}/files/failed"));
        assert!(file.text.contains(OTHER) && file.text.contains(MISSPELT), "{}", file.text);
    };
    check(&api);
    let conn = &mut server.db.connect();
    for text in [CARD, OTHER, MISSPELT] {
        assert_eq!(tables_with(conn, text), Vec::<String>::new(), "{text}");
    }

    // A renewed key takes them over, too.
    let (engine, tenant) = (kezhan_tests::sealing_engine(), server.tenant.tenant);
    let renewal = sealing::renew(&engine, conn, tenant).unwrap();
    let state = format!("SELECT state AS text FROM jobs WHERE id = '{renewal}'");
    let since = std::time::Instant::now();
    while texts(conn, &state) != ["done"] {
        assert!(since.elapsed().as_secs() < 30, "{:?}", texts(conn, &state));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    conn.batch_execute("DELETE FROM vault_keys WHERE NOT current").unwrap();
    for column in [ledger::SEALED, kezhan_engine::jobs::SEALED] {
        let sql = format!("SELECT '' AS text FROM {0} WHERE {1} IS NOT NULL", column.table, column.column);
        assert!(!texts(conn, &sql).is_empty(), "{sql}");
        // A vault that has never seen the old key.
        let left = column.reseal(kezhan_tests::sealing_engine().vault(), conn, tenant, 100).unwrap();
        assert_eq!(left, 0, "{}", column.table);
    }
    check(&server.admin());
}

#[test]
fn who_sees_an_outline_sees_that_of_the_value() {
    let server = TestServer::new();
    let admin = server.admin();
    let kinds = [
        ("phone", json!("13812345678"), json!("138****5678")),
        ("email", json!("zhang.san@example.com"), json!("z***@example.com")),
        ("text", json!("王小明"), json!("王**")),
        ("long_text", json!("一段话"), json!("***")),
        ("integer", json!(42), Value::Null),
        ("date", json!("1983-02-05"), Value::Null),
    ];
    let (mut record, mut fields) = (json!({"name": "甲"}), json!({}));
    for (kind, value, _) in &kinds {
        // One that is sealed and one that is not: nobody can tell which is which.
        for (key, sealed) in [(format!("s_{kind}"), true), (format!("p_{kind}"), false)] {
            field(&admin, &key, kind, json!({"is_sealed": sealed}));
            record[&key] = value.clone();
            fields[&key] = json!("masked");
        }
    }
    let account = admin.create("accounts", record);
    let role = server.role("masked", json!({"account": {"read": "all", "export": "all", "fields": fields}}));
    server.user("li", &role, json!({}));
    let li = server.sign_in("li", PASSWORD);
    let seen = li.get(&format!("/accounts/{}", id(&account))).ok();
    let listed = li.get("/accounts").ok()["data"][0].clone();
    for (kind, value, outline) in &kinds {
        let (sealed, plain) = (format!("s_{kind}"), format!("p_{kind}"));
        assert_eq!((&seen[&sealed], &seen[&plain], &listed[&sealed]), (outline, outline, outline), "{kind}");
        let whole = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert!(!seen.to_string().contains(&whole) || *kind == "integer", "{seen}");
    }
    for column in ["s_phone", "p_phone"] {
        let sheet = json!({"object": "account", "format": "csv", "columns": [column]});
        li.post("/bulk/exports", &sheet).problem(400, "unknown_field");
    }
}

#[test]
fn conditions_that_are_kept_hold_no_sealed_value() {
    let server = TestServer::new();
    let api = server.admin();
    let is = json!({"field": "id_number", "op": "eq", "value": CARD});
    let empty = json!({"field": "id_number", "op": "null", "value": true});
    let far = json!({"exists": "contacts", "where": {"or": [{"field": "name", "op": "eq", "value": "x"}, is]}});
    let view = |object: &str, filter: &Value| {
        api.post("/saved_views", &json!({"name": "v", "object": object, "settings": {"filter": filter}}))
    };
    let user = server.user("li", &server.role("r", json!({"contact": {"read": "self"}})), json!({}));
    let rule = |condition: &Value| {
        api.post("/sharing_rules", &json!({"name": "s", "object": "contact", "user": user, "condition": condition}))
    };
    let role = |condition: &Value| {
        api.post("/roles", &json!({"name": "k", "grants": {"contact": {"read": {"when": condition}}}}))
    };
    let keeping = |condition: &Value| {
        let mut rule = json!({"name": "k", "object": "contact", "since": "created_at", "months": 60});
        rule["condition"] = condition.clone();
        api.post("/retention_rules", &rule)
    };
    for reply in [view("contact", &is), view("account", &far), rule(&is), role(&is), keeping(&is)] {
        let problem = reply.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], "sealed_condition", "{problem}");
    }
    // Whether there is a value may be asked; and a query that is kept nowhere may compare it.
    for reply in [view("contact", &empty), rule(&empty), role(&empty), keeping(&empty)] {
        reply.created();
    }
    api.post("/contacts/query", &json!({"filter": is})).ok();
    assert_eq!(tables_with(&mut server.db.connect(), CARD), Vec::<String>::new());

    // A field that such a condition compares already is not sealed before that is changed.
    let definition = field(&api, "passport", "text", json!({}));
    let compares = json!({"field": "passport", "op": "eq", "value": "E12345678"});
    let kept = view("account", &compares).created();
    let through = view("contact", &json!({"field": "account.passport", "op": "eq", "value": "E1"})).created();
    let path = format!("/field_definitions/{}", id(&definition));
    let seal = || api.patch(&path, &json!({"is_sealed": true}));
    assert_eq!(seal().problem(422, "invalid")["errors"][0]["code"], "sealed_in_use");
    assert_eq!(api.delete(&format!("/saved_views/{}", id(&kept))).status, 204);
    seal().problem(422, "invalid");
    assert_eq!(api.delete(&format!("/saved_views/{}", id(&through))).status, 204);
    seal().ok();
}
