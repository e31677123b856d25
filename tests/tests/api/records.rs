//! The record routes over HTTP: what every object's API promises.

use diesel::RunQueryDsl;
use kezhan_tests::TestServer;
use kezhan_tests::server::{PASSWORD, Reply, send};
use reqwest::Method;
use serde_json::{Value, json};

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

#[test]
fn a_city_is_one_however_its_name_is_written() {
    let server = TestServer::new();
    let api = server.admin();
    let place = |city: &str| json!({"province": "江苏", "city": city});
    let made = api.create("accounts", json!({"name": "甲", "city": "南京市", "address": place("南京")}));
    api.create("accounts", json!({"name": "乙", "city": "南京", "address": place("南京市")}));
    api.create("accounts", json!({"name": "丙", "city": "苏州", "address": place("苏州")}));
    assert_eq!(made["city"], "南京");
    assert_eq!(made["address"], json!({"code": "320100", "province": "江苏省", "city": "南京市"}));
    // As it was written before names were settled.
    let old = json!({"province": "江苏", "city": "南京"});
    diesel::sql_query("UPDATE accounts SET address = $1 WHERE name = '乙'")
        .bind::<diesel::sql_types::Jsonb, _>(old)
        .execute(&mut server.db.connect())
        .unwrap();
    let found = |field: &str, op: &str, value: Value| {
        let question = json!({"filter": {"field": field, "op": op, "value": value}, "sort": ["created_at"]});
        let page = api.post("/accounts/query", &question).ok();
        page["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect::<String>()
    };
    for name in ["南京", "南京市"] {
        for field in ["city", "address.city"] {
            assert_eq!(found(field, "eq", json!(name)), "甲乙", "{field} {name}");
            assert_eq!(found(field, "in", json!([name, "无锡"])), "甲乙", "{field} {name}");
            assert_eq!(found(field, "ne", json!(name)), "丙", "{field} {name}");
        }
        assert_eq!(found("city", "starts_with", json!(name)), "甲乙");
    }
    assert_eq!(found("address.province", "eq", json!("江苏")), "甲乙丙");
}

#[test]
fn a_record_lives() {
    let server = TestServer::new();
    let api = server.admin();
    let made = api.post("/accounts", &json!({"name": "上海鑫茂", "city": "上海", "employees": 12, "tags": ["重点"]}));
    let account = made.created();
    let path = format!("/accounts/{}", id(&account));
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    assert_eq!((made.header("etag"), account["version"].as_i64()), ("\"1\"", Some(1)));

    let read = api.get(&path);
    assert_eq!(read.ok()["city"], "上海");
    assert_eq!(read.header("etag"), "\"1\"");
    let unchanged = send(api.request(Method::GET, &path).header("if-none-match", "\"1\""));
    assert_eq!((unchanged.status.as_u16(), unchanged.text.as_str()), (304, ""));

    let patched = api.patch(&path, &json!({"city": "苏州"}));
    assert_eq!((patched.ok()["city"].as_str(), patched.header("etag")), (Some("苏州"), "\"2\""));
    let stale = send(api.request(Method::PATCH, &path).header("if-match", "\"1\"").json(&json!({"city": "x"})));
    assert_eq!(stale.problem(412, "stale")["current_version"], 2);
    send(api.request(Method::DELETE, &path).header("if-match", "\"1\"")).problem(412, "stale");
    send(api.request(Method::PATCH, &path).header("if-match", "two").json(&json!({}))).problem(400, "bad_value");

    assert_eq!(api.delete(&path).status, 204);
    api.get(&path).problem(404, "not_found");
    assert_eq!(api.get("/accounts?deleted=true").ids(), [id(&account)]);
    api.post(&format!("{path}/restore"), &json!({})).ok();
    api.get(&path).ok();

    let history = api.get(&format!("{path}/history")).ok();
    let actions: Vec<&str> =
        history["data"].as_array().unwrap().iter().map(|h| h["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["restore", "delete", "update", "create"]);
    api.get(&format!("{path}/timeline")).ok();
}

#[test]
fn mistakes_are_named_in_two_languages() {
    let server = TestServer::new();
    let mut api = server.admin();
    let problem = api.post("/accounts", &json!({"employees": -1, "colour": "red"})).problem(422, "invalid");
    assert_eq!(problem["instance"], "/api/v1/accounts");
    let code_of = |problem: &Value, field: &str| {
        let errors = problem["errors"].as_array().unwrap().clone();
        errors.iter().find(|e| e["field"] == field).map(|e| e["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(code_of(&problem, "colour").as_deref(), Some("unknown_key"));
    let english = api.post("/accounts", &json!({"city": "x"})).problem(422, "invalid");
    assert_eq!(english["errors"][0]["message"], "Required");
    api.lang = "zh-CN,zh;q=0.9";
    let chinese = api.post("/accounts", &json!({"city": "x"}));
    assert_eq!(chinese.problem(422, "invalid")["errors"][0]["message"], "必填");
    assert_eq!(chinese.header("content-language"), "zh-CN");
    api.lang = "en";

    for (path, code, named) in [
        ("/accounts?colour=red", "unknown_parameter", "colour"),
        ("/accounts?name[like]=x", "unknown_operator", "like"),
        ("/accounts?tags[gt]=x", "unknown_operator", "gt"),
        ("/accounts?limit=1000", "bad_value", "limit"),
        ("/accounts?sort=colour", "unknown_field", "colour"),
        ("/accounts?fields=colour", "unknown_field", "colour"),
        ("/accounts?expand=colour", "unknown_field", "colour"),
        ("/accounts?cursor=abc", "bad_cursor", "cursor"),
        ("/accounts?view=abc", "bad_value", "view"),
        ("/accounts?employees=many", "bad_value", "employees"),
    ] {
        let problem = api.get(path).problem(400, code);
        assert!(problem["title"].as_str().unwrap().contains(named), "{path}: {problem}");
    }
    let text = |body: &str| {
        send(api.request(Method::POST, "/accounts").header("content-type", "application/json").body(body.to_owned()))
    };
    text("{\"name\":").problem(400, "malformed_json");
    text("[]").problem(400, "bad_request");
    send(api.request(Method::POST, "/accounts").body("name=x")).problem(415, "unsupported_media");
    let unknown = api.post("/accounts/query", &json!({"filters": []})).problem(400, "bad_request");
    assert!(unknown["title"].as_str().unwrap().contains("filters"));
    api.get("/accounts/not-an-id").problem(404, "not_found");
    api.get("/nonsense").problem(404, "not_found");
    let refused = api.put("/accounts", &json!({}));
    refused.problem(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), "GET, POST");
}

#[test]
fn pages_filters_and_groups() {
    let server = TestServer::new();
    let api = server.admin();
    for (name, city, employees) in [("甲", "上海", 1), ("乙", "北京", 2), ("丙", "上海", 3), ("丁", "深圳", 4)]
    {
        api.create("accounts", json!({"name": name, "city": city, "employees": employees}));
    }
    let first = api.get("/accounts?sort=-employees&limit=2&count=exact&fields=id,name").ok();
    assert_eq!(first["count"], 4);
    assert_eq!(first["data"][0], json!({"id": first["data"][0]["id"], "name": "丁"}));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = api.get(&format!("/accounts?sort=-employees&limit=2&cursor={cursor}")).ok();
    assert_eq!((second["data"][1]["name"].as_str(), &second["next_cursor"]), (Some("甲"), &Value::Null));

    assert_eq!(api.get("/accounts?city=上海&employees[gte]=2").ids().len(), 1);
    assert_eq!(api.get("/accounts?city[in]=上海,北京").ids().len(), 3);
    assert_eq!(api.get("/accounts?q=bj").ids().len(), 0, "the city is no part of search");
    let tree = json!({"filter": {"or": [{"field": "city", "op": "eq", "value": "北京"}, {"field": "employees", "op": "gt", "value": 3}]}});
    assert_eq!(api.post("/accounts/query", &tree).ids().len(), 2);
    let groups = json!({"group_by": ["city"], "aggregates": [{"fn": "count"}, {"fn": "sum", "field": "employees", "as": "staff"}]});
    let groups = api.post("/accounts/query", &groups).ok();
    let shanghai = groups["data"].as_array().unwrap().iter().find(|g| g["city"] == "上海").unwrap().clone();
    assert_eq!((shanghai["count"].as_i64(), shanghai["staff"].to_string()), (Some(2), shanghai["staff"].to_string()));

    let view = json!({"name": "大客户", "object": "account", "settings": {"filter": {"field": "employees", "op": "gte", "value": 2}, "sort": ["employees"], "layout": "table"}});
    let view = api.create("saved_views", view);
    let through = api.get(&format!("/accounts?view={}&city=上海", id(&view))).ok();
    assert_eq!(through["data"].as_array().unwrap().len(), 1);
    api.get(&format!("/contacts?view={}", id(&view))).problem(400, "bad_value");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let server = TestServer::new();
    let mut api = server.admin();
    let faults = |reply: Reply| -> Vec<(String, String)> {
        let problem = reply.problem(422, "invalid");
        let text = |e: &Value, key: &str| e[key].as_str().unwrap().to_owned();
        let mut faults: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|e| (text(e, "field"), text(e, "code"))).collect();
        faults.sort();
        faults
    };
    let named = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
    };
    let wrong = json!({"employees": "many", "website": "nowhere", "colour": "red", "currency": "yuan"});
    let expected = [
        ("colour", "unknown_key"),
        ("currency", "bad_currency"),
        ("employees", "wrong_type"),
        ("name", "required"),
        ("website", "bad_url"),
    ];
    assert_eq!(faults(api.post("/accounts", &wrong)), named(&expected));
    let account = api.create("accounts", json!({"name": "甲"}));
    let patch = json!({"employees": "many", "name": null});
    let patched = faults(api.patch(&format!("/accounts/{}", id(&account)), &patch));
    assert_eq!(patched, named(&[("employees", "wrong_type"), ("name", "required")]));
    // What hooks find comes with what the fields' own rules find, once for each field.
    let definition = json!({"object": "nonsense", "key": "plate", "label_zh": 1});
    let expected =
        [("kind", "required"), ("label_en", "required"), ("label_zh", "wrong_type"), ("object", "not_an_option")];
    assert_eq!(faults(api.post("/field_definitions", &definition)), named(&expected));

    api.lang = "zh-CN";
    let problem = api.post("/accounts", &json!({"name": "甲", "employees": "many"})).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["message"], "类型不正确，应为整数");
}

#[test]
fn batches_stand_or_fall() {
    let server = TestServer::new();
    let api = server.admin();
    let old = api.create("accounts", json!({"name": "旧"}));
    let operations = json!([
        {"op": "create", "record": {"name": "新"}, "client_ref": "a"},
        {"op": "create", "record": {"employees": 1}, "client_ref": 2},
        {"op": "update", "id": id(&old), "record": {"city": "上海"}, "version": 1},
        {"op": "update", "id": id(&old), "record": {"city": "北京"}, "version": 1},
        {"op": "upsert", "key": "external_id", "value": "X1", "record": {"name": "外"}},
        {"op": "delete", "id": id(&old)},
    ]);
    let all = api.post("/accounts/batch", &json!({"all_or_none": true, "operations": operations}));
    assert_eq!(all.problem(422, "invalid")["errors"][0]["field"], "operations[1].name");
    assert_eq!(api.get("/accounts").ids().len(), 1);

    let each = api.post("/accounts/batch", &json!({"operations": operations})).ok();
    assert_eq!((each["succeeded"].as_i64(), each["failed"].as_i64()), (Some(4), Some(2)));
    let statuses: Vec<i64> =
        each["results"].as_array().unwrap().iter().map(|r| r["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [201, 422, 200, 412, 201, 204]);
    assert_eq!((&each["results"][0]["client_ref"], &each["results"][1]["client_ref"]), (&json!("a"), &json!(2)));
    assert_eq!(each["results"][0]["record"]["name"], "新");
    assert_eq!(each["results"][3]["problem"]["current_version"], 2);

    let many: Vec<Value> = (0..501).map(|n| json!({"op": "create", "record": {"name": n.to_string()}})).collect();
    api.post("/accounts/batch", &json!({"operations": many})).problem(400, "bad_value");
    api.post("/accounts/batch", &json!({"operations": [{"op": "merge"}]})).problem(400, "bad_request");
}

#[test]
fn upsert_finds_by_any_unique_field() {
    let server = TestServer::new();
    let api = server.admin();
    let made = api.put("/accounts/by/external_id/a%2Fb", &json!({"name": "甲"}));
    assert_eq!((made.status.as_u16(), made.json()["external_id"].as_str()), (201, Some("a/b")));
    let changed = api.put("/accounts/by/external_id/a%2Fb", &json!({"name": "乙"}));
    assert_eq!(id(&changed.ok()), id(&made.json()));
    api.put("/accounts/by/city/上海", &json!({"name": "丙"})).problem(400, "unknown_field");
    api.put("/accounts/by/external_id/a%2Fb", &json!({"external_id": " a/b ", "city": "上海"})).ok();
    let two = api.put("/accounts/by/external_id/a%2Fb", &json!({"external_id": "c", "name": "乙"}));
    assert_eq!(two.problem(422, "invalid")["errors"][0]["field"], "external_id");
}

#[test]
fn a_composite_refers_to_what_it_made() {
    let server = TestServer::new();
    let api = server.admin();
    let requests = |contact: Value| {
        json!({"requests": [
            {"ref": "customer", "method": "POST", "path": "/accounts", "body": {"name": "甲公司"}},
            {"ref": "person", "method": "POST", "path": "/contacts", "body": contact},
            {"method": "GET", "path": "/accounts/@{customer.id}?fields=id,name"},
            {"method": "PATCH", "path": "/accounts/@{customer.id}", "if_match": "\"1\"", "body": {"notes": "联系人：@{person.name}"}},
        ]})
    };
    let done = api.post("/composite", &requests(json!({"name": "王伟", "account": "@{customer.id}"}))).ok();
    let responses = done["responses"].as_array().unwrap();
    assert_eq!(responses[1]["body"]["account"], responses[0]["body"]["id"]);
    assert_eq!(responses[2]["body"]["name"], "甲公司");
    assert_eq!((responses[3]["body"]["notes"].as_str(), &responses[0]["status"]), (Some("联系人：王伟"), &json!(201)));
    assert_eq!(responses[0]["headers"]["etag"], "\"1\"");

    let failed = api.post("/composite", &requests(json!({"account": "@{customer.id}"})));
    assert_eq!(failed.problem(422, "invalid")["errors"][0]["field"], "requests[1].name");
    assert_eq!(api.get("/accounts").ids().len(), 1, "nothing of it happened");
    let unknown = json!({"requests": [{"method": "GET", "path": "/accounts/@{nobody.id}"}]});
    api.post("/composite", &unknown).problem(422, "invalid");
}

#[test]
fn scopes_reach_as_far_as_the_role_says() {
    let server = TestServer::new();
    let admin = server.admin();
    let department = |name: &str, parent: Value| {
        id(&admin.create("departments", json!({"name": name, "parent": parent}))).to_owned()
    };
    let sales = department("销售部", Value::Null);
    let east = department("华东区", json!(sales));
    let scope = |scope: &str| json!({"account": {"read": scope, "create": "all", "edit": "self"}, "department": {"read": "all"}});
    let member = |name: &str, reach: &str, department: &str, more: Value| {
        let role = server.role(&format!("{reach} {name}"), scope(reach));
        let mut record = json!({"home_department": department});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        (server.user(name, &role, record), name.to_owned())
    };
    let (head, _) = member("head", "subordinates", &sales, json!({}));
    let (li, _) = member("li", "self", &east, json!({"manager": head}));
    member("zhao", "department", &east, json!({}));
    member("qian", "department_and_below", &sales, json!({}));
    member("sun", "all", &east, json!({}));
    let sign_in = |name: &str| server.sign_in(name, PASSWORD);

    let own = sign_in("li").create("accounts", json!({"name": "李的客户"}));
    sign_in("head").create("accounts", json!({"name": "主管的客户"}));
    admin.create("accounts", json!({"name": "总部的客户"}));
    assert_eq!(own["owner"], json!(li));
    for (name, sees) in [("li", 1), ("head", 2), ("zhao", 1), ("qian", 2), ("sun", 3)] {
        assert_eq!(sign_in(name).get("/accounts").ids().len(), sees, "{name}");
    }
    let others = sign_in("head").get("/accounts?name=主管的客户").ids();
    let path = format!("/accounts/{}", others[0]);
    sign_in("li").get(&path).problem(404, "not_found");
    sign_in("li").patch(&path, &json!({"city": "x"})).problem(404, "not_found");
    sign_in("sun").patch(&path, &json!({"city": "x"})).problem(403, "forbidden");
    sign_in("li").get("/contacts").problem(403, "forbidden");
    // What a person's own is, such as their inbox, needs no role.
    let known = sign_in("li").get("/meta/objects").ok();
    let known: Vec<&str> = known["data"].as_array().unwrap().iter().filter_map(|o| o["name"].as_str()).collect();
    assert_eq!(known, ["department", "account", "saved_view", "notification", "favorite"]);
    // All of them at once are the same, small on their way, and not sent again to whoever has them.
    let all = sign_in("li").get("/meta/catalog");
    let each: Vec<Value> = known.iter().map(|name| sign_in("li").get(&format!("/meta/objects/{name}")).ok()).collect();
    let tag = all.headers["etag"].clone();
    assert_eq!(all.ok()["data"], json!(each));
    let again = |name: &str, value: &str| {
        kezhan_tests::server::send(sign_in("li").request(reqwest::Method::GET, "/meta/catalog").header(name, value))
    };
    assert_eq!(again("if-none-match", tag.to_str().unwrap()).status, 304);
    assert_eq!(again("accept-encoding", "br").headers["content-encoding"], "br");

    let why = admin.get(&format!("{path}/access?user={li}")).ok();
    assert_eq!(why["user"]["name"], "li");
    assert_eq!((&why["verdicts"][0]["allowed"], &why["verdicts"][0]["reason"]), (&json!(false), &json!("not_covered")));
    sign_in("li").get(&format!("{path}/access")).problem(404, "not_found");

    // A change of role is felt with the next call.
    let mut grants = scope("all");
    grants["user"] = json!({"read": "all", "edit": "all"});
    let wide = server.role("宽", grants);
    let session = sign_in("li");
    admin.patch(&format!("/users/{li}"), &json!({"role": wide})).ok();
    assert_eq!(session.get("/accounts").ids().len(), 3);
    let everything = server.tenant.role;
    session.patch(&format!("/users/{li}"), &json!({"role": everything})).problem(403, "forbidden");
}

#[test]
fn tenants_do_not_meet() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let engine = kezhan_tests::sealing_engine();
    let mut conn = server.db.connect();
    kezhan_features::people::setup::create_tenant(&engine, &mut conn, "other", "别家", "admin", PASSWORD).unwrap();
    let anonymous = server.anonymous();
    let login = |tenant: Value| {
        anonymous.post("/auth/login", &json!({"username": "admin", "password": PASSWORD, "tenant": tenant}))
    };
    assert_eq!(login(Value::Null).problem(422, "invalid")["errors"][0]["field"], "tenant");
    login(json!("nowhere")).problem(401, "bad_credentials");
    let mut other = anonymous.clone();
    other.token = Some(login(json!("other")).ok()["access_token"].as_str().unwrap().into());
    assert!(other.get("/accounts").ids().is_empty());
    other.get(&format!("/accounts/{}", id(&account))).problem(404, "not_found");
    other.delete(&format!("/accounts/{}", id(&account))).problem(404, "not_found");
}

#[test]
fn actions_do_what_they_offer() {
    let server = TestServer::new();
    let api = server.admin();
    let lead = api.create("leads", json!({"name": "王伟", "company": "鑫茂", "mobile": "13800138000"}));
    let path = format!("/leads/{}", id(&lead));
    let offered = api.get(&format!("{path}/actions")).ok();
    let keys: Vec<&str> = offered["data"].as_array().unwrap().iter().map(|a| a["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["convert", "transfer"]);
    let rights = ["edit", "delete", "transfer", "share", "reveal"].map(|action| (action.to_owned(), json!(true)));
    assert_eq!(offered["permissions"], json!(serde_json::Map::from_iter(rights)));
    let convert = format!("{path}/actions/convert");
    let unknown = api.post(&convert, &json!({"colour": 1})).problem(422, "invalid");
    assert_eq!(unknown["errors"][0]["code"], "unknown_key");
    send(api.request(Method::POST, &convert).header("if-match", "\"7\"").json(&json!({}))).problem(412, "stale");
    let done = api.post(&convert, &json!({"opportunity": {"amount": "1000"}})).ok();
    let contact = api.get(&format!("/contacts/{}", done["contact"].as_str().unwrap())).ok();
    assert_eq!((contact["name"].as_str(), &contact["account"]), (Some("王伟"), &done["account"]));
    assert_eq!(api.get(&path).ok()["status"], "converted");
    api.post(&convert, &json!({})).problem(422, "not_possible");
    api.post(&format!("{path}/actions/dance"), &json!({})).problem(404, "not_found");

    let role = server.role("外勤", json!({"account": {"read": "self", "edit": "self"}}));
    let li = server.user("li", &role, json!({}));
    let account = done["account"].as_str().unwrap();
    let moved = api.post(&format!("/accounts/{account}/actions/transfer"), &json!({"owner": li})).ok();
    assert_eq!(moved["owner"], json!(li));
    assert_eq!(server.sign_in("li", PASSWORD).get("/accounts").ids(), [account]);
}

#[test]
fn a_tenants_own_objects_are_objects() {
    let server = TestServer::new();
    let api = server.admin();
    let object = json!({"key": "vehicle", "plural": "vehicles", "label_zh": "车辆", "label_en": "Vehicle"});
    api.create("object_definitions", object.clone());
    api.post("/object_definitions", &json!({"key": "account", "plural": "auth", "label_zh": "x", "label_en": "x"}))
        .problem(422, "invalid");
    for (object, key, kind, more) in [
        ("vehicle", "plate", "text", json!({"is_unique": true})),
        ("vehicle", "seats", "integer", json!({"is_indexed": true})),
        (
            "account",
            "grade",
            "choice",
            json!({"settings": {"options": [{"value": "x", "label": {"zh": "甲", "en": "X"}}]}}),
        ),
    ] {
        let mut field = json!({"object": object, "key": key, "kind": kind, "label_zh": key, "label_en": key});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        api.create("field_definitions", field);
    }
    for bad in [
        json!({"object": "vehicle", "key": "seats", "kind": "text"}),
        json!({"object": "account", "key": "name", "kind": "text"}),
        json!({"object": "nothing", "key": "x", "kind": "text"}),
        json!({"object": "account", "key": "x", "kind": "colour"}),
        json!({"object": "account", "key": "x", "kind": "choice"}),
        json!({"object": "account", "key": "x", "kind": "reference", "settings": {"to": "nothing"}}),
    ] {
        let mut field = json!({"label_zh": "x", "label_en": "x"});
        field.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        api.post("/field_definitions", &field).problem(422, "invalid");
    }
    let car = api.create("vehicles", json!({"plate": "沪A12345", "seats": 5}));
    api.create("vehicles", json!({"plate": "沪B00001", "seats": 7}));
    api.post("/vehicles", &json!({"plate": "沪A12345"})).problem(422, "invalid");
    assert_eq!(api.get("/vehicles?seats[gt]=5&sort=-seats").ids().len(), 1);
    assert_eq!(api.get(&format!("/vehicles/{}", id(&car))).ok()["seats"], 5);
    let account = api.create("accounts", json!({"name": "甲", "grade": "x"}));
    assert_eq!(account["grade"], "x");
    assert_eq!(api.get("/accounts?grade=x").ids().len(), 1);
    let layouts = &api.get("/meta/objects/account").ok()["layouts"];
    assert_eq!(layouts["list"][0], "name");
    let basic = layouts["record"].as_array().unwrap().iter().find(|s| s["section"] == "basic").unwrap();
    assert!(basic["fields"].as_array().unwrap().contains(&json!("industry")), "{basic}");
    let meta = api.get("/meta/objects/vehicles").ok();
    assert_eq!((&meta["custom"], &meta["title"]), (&json!(true), &json!("plate")));
    assert_eq!(meta["fields"].as_array().unwrap().iter().filter(|f| f["key"] == "seats").count(), 1);
}

#[test]
fn the_feed_tells_and_the_stream_follows() {
    use std::io::{BufRead, BufReader};
    let server = TestServer::new();
    let api = server.admin();
    let start = api.get("/changes").ok()["next_cursor"].as_str().unwrap().to_owned();
    let stream = api.request(Method::GET, &format!("/events?since={start}&objects=account")).send().unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let account = api.create("accounts", json!({"name": "甲"}));
    api.patch(&format!("/accounts/{}", id(&account)), &json!({"city": "上海"})).ok();
    // A change shows once every older transaction of the whole server has ended, those of other tests included.
    let feed = (0..200)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            api.get(&format!("/changes?since={start}&objects=account")).ok()
        })
        .find(|feed| feed["data"].as_array().unwrap().len() == 2)
        .expect("the changes never came");
    assert_eq!((&feed["data"][0]["action"], &feed["data"][1]["action"]), (&json!("create"), &json!("update")));
    assert_eq!(feed["data"][1]["changes"]["city"]["to"], "上海");
    api.get("/changes?since=nonsense").problem(400, "bad_cursor");

    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let data = lines.by_ref().find(|l| l.starts_with("data: ")).unwrap();
    let change: Value = serde_json::from_str(data.trim_start_matches("data: ")).unwrap();
    assert_eq!((&change["id"], &change["action"]), (&account["id"], &json!("create")));
    assert!(lines.by_ref().any(|l| l.starts_with("id: ")));
}

#[test]
fn names_for_people_are_made() {
    let server = TestServer::new();
    let api = server.admin();
    let names: Vec<Value> = (0..2).map(|_| api.create("users", json!({"name": "王伟"}))["username"].clone()).collect();
    assert_eq!(names, ["wang.wei", "wang.wei2"]);
    let hits = api.get("/search?q=王伟&objects=user").ok();
    assert_eq!(hits["data"].as_array().unwrap().len(), 2);
    api.get("/search?q=").problem(400, "bad_value");
    api.post("/users", &json!({"name": "x", "time_zone": "Mars/Olympus"})).problem(422, "invalid");

    let top = api.create("departments", json!({"name": "总部"}));
    let below = api.create("departments", json!({"name": "分部", "parent": top["id"]}));
    let circle = api.patch(&format!("/departments/{}", id(&top)), &json!({"parent": below["id"]}));
    assert_eq!(circle.problem(422, "invalid")["errors"][0]["field"], "parent");
    api.delete(&format!("/departments/{}", id(&top))).problem(409, "in_use");
    let grants = json!({"name": "坏", "grants": {"account": {"read": "everything"}}});
    api.post("/roles", &grants).problem(422, "invalid");
    api.post("/roles", &json!({"name": "坏", "grants": {"planet": {"read": "all"}}})).problem(422, "invalid");
}

#[test]
fn the_server_reports_on_itself() {
    let server = TestServer::new();
    let get = |path: &str| server.anonymous().client.get(server.url(path)).send().unwrap();
    assert_eq!(get("/healthz").json::<Value>().unwrap()["status"], "ok");
    assert_eq!(get("/readyz").status(), 200);
    let metrics = get("/metrics").text().unwrap();
    assert!(metrics.contains("kezhan_http_requests_total{status=\"2xx\"}"), "{metrics}");
    let reply = get("/healthz");
    assert!(reply.headers()["content-security-policy"].to_str().unwrap().contains("'wasm-unsafe-eval'"));
    assert_eq!(reply.headers()["x-content-type-options"], "nosniff");
    let echoed = server.anonymous().client.get(server.url("/healthz")).header("x-request-id", "abc-1").send().unwrap();
    assert_eq!(echoed.headers()["x-request-id"], "abc-1");
}
