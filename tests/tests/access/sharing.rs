//! Sharing rules, and roles that hold only here and now.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

fn names(api: &Api, path: &str) -> Vec<String> {
    let page = api.get(path).ok();
    page["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect()
}

fn verdict(api: &Api, path: &str, action: &str) -> Value {
    let told = api.get(path).ok();
    told["verdicts"].as_array().unwrap().iter().find(|v| v["action"] == action).unwrap().clone()
}

#[test]
fn a_sharing_rule_opens_what_meets_its_condition_and_nothing_else() {
    let server = TestServer::new();
    let admin = server.admin();
    let own =
        json!({"*": {"read": "self", "edit": "self", "create": "self", "export": "self"}, "product": {"read": "none"}});
    let role = server.role("销售三组", own);
    let east = admin.create("departments", json!({"name": "华东"}))["id"].clone();
    let team = admin.create("departments", json!({"name": "上海组", "parent": east}))["id"].clone();
    server.user("wang", &role, json!({"home_department": team}));
    server.user("li", &role, json!({}));
    let mut ids = Vec::new();
    for (name, level, confidential) in [("a1", "a", false), ("a2", "a", true), ("b1", "b", false)] {
        let record = json!({"name": name, "level": level, "confidential": confidential});
        ids.push(admin.create("accounts", record)["id"].as_str().unwrap().to_owned());
    }
    let (wang, li) = (server.sign_in("wang", PASSWORD), server.sign_in("li", PASSWORD));
    assert!(names(&wang, "/accounts").is_empty());

    let condition = json!({"field": "level", "op": "eq", "value": "a"});
    let wish = json!({"name": "A 级客户", "object": "account", "condition": condition, "unit": east});
    wang.post("/sharing_rules", &wish).problem(403, "forbidden");
    let rule = admin.create("sharing_rules", wish);
    let path = format!("/sharing_rules/{}", rule["id"].as_str().unwrap());
    assert_eq!(names(&wang, "/accounts"), ["a1"], "the department below, and not what is confidential");
    assert!(names(&li, "/accounts").is_empty(), "another department");
    let a1 = format!("/accounts/{}", ids[0]);
    wang.patch(&a1, &json!({"city": "上海"})).problem(403, "forbidden");
    let told = verdict(&wang, &format!("{a1}/access"), "read");
    assert_eq!((told["reason"].as_str(), told["role"].as_str()), (Some("shared"), Some("A 级客户")));

    // What the rule says may change, and the record may leave it.
    admin.patch(&path, &json!({"level": "write"})).ok();
    wang.patch(&a1, &json!({"city": "上海"})).ok();
    wang.delete(&a1).problem(403, "forbidden");
    admin.patch(&path, &json!({"active": false})).ok();
    wang.get(&a1).problem(404, "not_found");
    admin.patch(&path, &json!({"active": true})).ok();
    admin.patch(&a1, &json!({"level": "b"})).ok();
    assert!(names(&wang, "/accounts").is_empty());

    // It widens roles and does not replace them.
    let catalogue = json!({"name": "目录", "object": "product", "condition": {"and": []}, "unit": east});
    let problem = admin.post("/sharing_rules", &catalogue).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "object", "nobody owns products");
    for (key, value, field) in [
        ("condition", json!({"field": "no_such", "op": "eq", "value": 1}), "condition"),
        ("user", admin.get("/auth/me").ok()["id"].clone(), "user"),
        ("object", json!("no_such"), "object"),
    ] {
        let problem = admin.patch(&path, &json!({key: value})).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    let server_role = server.role("旁观", json!({"contact": {"read": "all"}}));
    server.user("zhao", &server_role, json!({"home_department": team}));
    admin.patch(&a1, &json!({"level": "a"})).ok();
    server.sign_in("zhao", PASSWORD).get("/accounts").problem(403, "forbidden");
}

#[test]
fn what_hangs_on_shared_records_is_opened_with_them_as_the_rule_says() {
    let server = TestServer::new();
    let admin = server.admin();
    let role = server.role("销售四组", json!({"*": {"read": "self", "edit": "self"}, "opportunity": {"read": "none"}}));
    let wang_id = server.user("wang", &role, json!({}));
    let wang = server.sign_in("wang", PASSWORD);
    let hang = |account: &str, confidential: bool| {
        let record = json!({"name": account, "level": "a", "confidential": confidential});
        let account = admin.create("accounts", record)["id"].clone();
        let made = |plural: &str, mut record: Value| {
            record["account"] = account.clone();
            admin.create(plural, record)["id"].as_str().unwrap().to_owned()
        };
        let contact = made("contacts", json!({"name": "张三"}));
        let deal = made("opportunities", json!({"name": "一期"}));
        (account.as_str().unwrap().to_owned(), format!("/contacts/{contact}"), deal)
    };
    let (account, contact, _) = hang("甲", false);
    hang("乙", true);
    admin.create("contacts", json!({"name": "李四"}));
    let condition = json!({"field": "level", "op": "eq", "value": "a"});
    let wish = json!({"name": "A 级客户", "object": "account", "condition": condition, "user": wang_id});
    let rule = admin.create("sharing_rules", wish);
    assert_eq!(rule["children"], "read", "what a team sees too, if nothing else is said");
    let path = format!("/sharing_rules/{}", rule["id"].as_str().unwrap());

    assert_eq!(names(&wang, "/contacts"), ["张三"], "and not what hangs on nothing, or on what is confidential");
    wang.get("/opportunities").problem(403, "forbidden");
    wang.patch(&contact, &json!({"job_title": "经理"})).problem(403, "forbidden");
    let told = verdict(&wang, &format!("{contact}/access"), "read");
    assert_eq!((told["reason"].as_str(), told["role"].as_str()), (Some("shared"), Some("A 级客户")));
    admin.patch(&path, &json!({"children": "write"})).ok();
    wang.patch(&contact, &json!({"job_title": "经理"})).ok();
    wang.patch(&format!("/accounts/{account}"), &json!({"city": "上海"})).problem(403, "forbidden");
    admin.patch(&path, &json!({"children": "none"})).ok();
    wang.get(&contact).problem(404, "not_found");
    admin.patch(&path, &json!({"children": "read"})).ok();

    // The record leaves the rule, and what hangs on it leaves with it.
    wang.get(&contact).ok();
    admin.patch(&format!("/accounts/{account}"), &json!({"level": "b"})).ok();
    assert!(names(&wang, "/contacts").is_empty());
}

#[test]
fn a_role_out_of_its_hours_or_networks_grants_nothing_and_still_denies() {
    let server = TestServer::new();
    let admin = server.admin();
    let role = server.role("驻场", json!({"account": {"read": "all", "fields": {"phone": "hidden"}}}));
    server.user("wang", &role, json!({}));
    admin.create("accounts", json!({"name": "甲", "phone": "021-62881234"}));
    let wang = server.sign_in("wang", PASSWORD);
    let path = format!("/roles/{role}");
    let limit = |limits: Value| drop(admin.patch(&path, &json!({"limits": limits})).ok());

    limit(json!({"networks": ["127.0.0.0/8", "::1/128"]}));
    assert_eq!(names(&wang, "/accounts"), ["甲"]);
    limit(json!({"networks": ["203.0.113.0/24"]}));
    wang.get("/accounts").problem(403, "forbidden");
    limit(json!({"days": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "23:59"}));
    assert_eq!(names(&wang, "/accounts"), ["甲"]);
    let weekday = i64::from(chrono::Datelike::weekday(&chrono::Utc::now()).number_from_monday());
    let elsewhere: Vec<i64> = (1..=7).filter(|d| (d - weekday).rem_euclid(7) > 1).collect();
    limit(json!({"days": elsewhere}));
    wang.get("/accounts").problem(403, "forbidden");

    // A second role lets in; the first hides as before.
    let more = server.role("查看", json!({"account": {"read": "all"}}));
    let user = admin.get("/users?username=wang").ok()["data"][0]["id"].as_str().unwrap().to_owned();
    admin.patch(&format!("/users/{user}"), &json!({"more_roles": [more]})).ok();
    let page = wang.get("/accounts").ok();
    assert_eq!(page["data"][0]["name"], "甲");
    assert_eq!(page["data"][0].get("phone"), None, "{page}");

    for wrong in [json!({"days": [8]}), json!({"from": "09:00"}), json!({"networks": ["10.0.0.0/40"]}), json!({"x": 1})]
    {
        let problem = admin.patch(&path, &json!({"limits": wrong})).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "limits");
    }
}

#[test]
fn a_job_reaches_no_further_than_whoever_ordered_it_did_there_and_then() {
    let server = TestServer::new();
    let admin = server.admin();
    let own = server.role("自管", json!({"account": {"read": "self", "edit": "self", "bulk_edit": "self"}}));
    let wang = server.user("wang", &own, json!({}));
    let office = server
        .role("办公室", json!({"account": {"read": "department", "edit": "department", "bulk_edit": "department"}}));
    let (shared, mine) = (admin.create("accounts", json!({"name": "甲"})), json!({"name": "乙", "owner": wang}));
    let mine = admin.create("accounts", mine);
    let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
    admin.create(
        "record_members",
        json!({"object": "account", "record": id(&shared), "role": office, "level": "write"}),
    );
    admin.patch(&format!("/users/{wang}"), &json!({"more_roles": [office]})).ok();
    let limit = |networks: &str| {
        drop(admin.patch(&format!("/roles/{office}"), &json!({"limits": {"networks": [networks]}})).ok())
    };
    limit("127.0.0.0/8");
    let api = server.sign_in("wang", PASSWORD);
    assert_eq!(names(&api, "/accounts?sort=created_at"), ["甲", "乙"]);
    let change = |city: &str| {
        let filter = json!({"field": "id", "op": "in", "value": [id(&shared), id(&mine)]});
        let wish = json!({"object": "account", "operation": "update", "record": {"city": city}, "filter": filter});
        let job = api.post("/bulk/changes", &wish).json();
        let path = format!("/bulk/jobs/{}", job["id"].as_str().unwrap());
        let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while api.get(&path).ok()["state"] != "done" {
            assert!(std::time::Instant::now() < end, "{}", api.get(&path).text);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        [&shared, &mine].map(|r| admin.get(&format!("/accounts/{}", id(r))).ok()["city"].clone())
    };
    assert_eq!(change("杭州"), [json!("杭州"), json!("杭州")]);
    limit("203.0.113.0/24");
    assert_eq!(change("宁波"), [json!("杭州"), json!("宁波")]);
}

#[test]
fn a_masked_value_is_shown_for_a_reason_that_is_kept() {
    let server = TestServer::new();
    let admin = server.admin();
    let fields = json!({"mobile": {"owner": "write", "team": "read", "other": "masked"}, "email": "hidden"});
    let role = server.role("客服二组", json!({"contact": {"read": "all", "reveal": "all", "fields": fields}}));
    let blind = server.role("旁听", json!({"contact": {"read": "all", "fields": fields}}));
    let wang_id = server.user("wang", &role, json!({}));
    server.user("li", &blind, json!({}));
    let contact = json!({"name": "张三", "mobile": "13812345678", "email": "zhang@example.com"});
    let id = admin.create("contacts", contact)["id"].as_str().unwrap().to_owned();
    let (wang, li) = (server.sign_in("wang", PASSWORD), server.sign_in("li", PASSWORD));
    assert_eq!(wang.get(&format!("/contacts/{id}")).ok()["mobile"], "138****5678");
    let path = format!("/contacts/{id}/actions/reveal");
    let trail = || {
        let page = admin.get("/audit?action=reveal").ok();
        page["data"].as_array().unwrap().clone()
    };
    for (wish, field) in [
        (json!({"field": "mobile"}), "reason"),
        (json!({"field": "mobile", "reason": " 我 "}), "reason"),
        (json!({"field": "mobile", "reason": "因".repeat(501)}), "reason"),
        (json!({"reason": "客户来电"}), "field"),
        (json!({"field": "email", "reason": "客户来电"}), "field"),
        (json!({"field": "no_such", "reason": "客户来电"}), "field"),
    ] {
        assert_eq!(wang.post(&path, &wish).problem(422, "invalid")["errors"][0]["field"], field, "{wish}");
    }
    li.post(&path, &json!({"field": "mobile", "reason": "客户来电"})).problem(403, "forbidden");
    assert!(trail().is_empty(), "nothing was shown, so nothing is kept");
    let shown = wang.post(&path, &json!({"field": "mobile", "reason": "客户来电"})).ok();
    assert_eq!(shown, json!({"field": "mobile", "value": "13812345678"}));
    let kept = trail();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["actor"]["id"], json!(wang_id), "{}", kept[0]);
    assert!(kept[0].to_string().contains("客户来电") && !kept[0].to_string().contains("13812345678"));
    assert_eq!(wang.get(&format!("/contacts/{id}")).ok()["mobile"], "138****5678", "it stays masked");
}

#[test]
fn what_was_shared_is_listed_in_the_order_of_the_records_not_of_the_sharing() {
    let server = TestServer::new();
    let admin = server.admin();
    let role = server.role("旁观", json!({"account": {"read": "self", "create": "self"}}));
    let team = admin.create("departments", json!({"name": "华东"}))["id"].clone();
    let guest = server.user("guest", &role, json!({"home_department": team}));
    let guest_api = server.sign_in("guest", PASSWORD);
    let mut ids = Vec::new();
    for n in 0..7 {
        // Two of them are the guest's own.
        let api = if n % 3 == 2 { &guest_api } else { &admin };
        ids.push(api.create("accounts", json!({"name": format!("c{n}")}))["id"].as_str().unwrap().to_owned());
    }
    let share = |n: usize, whom: (&str, &Value)| {
        let mut entry = json!({"object": "account", "record": ids[n]});
        entry[whom.0] = whom.1.clone();
        admin.create("record_members", entry)
    };
    for n in [6, 0, 3, 4] {
        share(n, ("user", &json!(guest)));
    }
    // Somebody may reach a record in more than one way.
    share(3, ("unit", &team));
    share(5, ("user", &json!(guest)));

    let walk = |sort: &str| {
        let (mut seen, mut path) = (Vec::new(), format!("/accounts?limit=2{sort}"));
        loop {
            let page = guest_api.get(&path).ok();
            seen.extend(page["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { return seen };
            path = format!("/accounts?limit=2{sort}&cursor={cursor}");
        }
    };
    assert_eq!(walk(""), ["c6", "c5", "c4", "c3", "c2", "c0"]);
    assert_eq!(walk("&sort=created_at"), ["c0", "c2", "c3", "c4", "c5", "c6"]);

    // Who could see the one that is merged away sees the one that stays, in its place.
    let merge = format!("/accounts/{}/actions/merge", ids[1]);
    admin.post(&merge, &json!({"losers": [ids[6]]})).ok();
    assert_eq!(walk(""), ["c5", "c4", "c3", "c2", "c1", "c0"]);
}

#[test]
fn a_membership_that_has_run_out_makes_room_for_another() {
    let server = TestServer::new();
    let admin = server.admin();
    let li = server.user("li", &server.role("r", json!({"account": {"read": "self"}})), json!({}));
    let account = admin.create("accounts", json!({"name": "甲"}));
    let member = |more: Value| {
        let mut wish = json!({"object": "account", "record": account["id"], "user": li});
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.post("/record_members", &wish)
    };
    let first = member(json!({"expires_at": "2120-01-01T00:00:00Z"})).created();
    let taken = member(json!({})).problem(422, "invalid");
    assert_eq!((&taken["errors"][0]["field"], &taken["errors"][0]["code"]), (&json!("user"), &json!("taken")));
    let path = format!("/record_members/{}", first["id"].as_str().unwrap());
    admin.patch(&path, &json!({"expires_at": "2020-01-01T00:00:00Z"})).ok();
    let li = server.sign_in("li", PASSWORD);
    assert!(names(&li, "/accounts").is_empty());
    let second = member(json!({"level": "write"})).created();
    assert_eq!(names(&li, "/accounts"), ["甲"]);
    admin.get(&path).problem(404, "not_found");
    let team = admin.get(&format!("/record_members?record={}", account["id"].as_str().unwrap())).ids();
    assert_eq!(team, [second["id"].as_str().unwrap()]);
    member(json!({})).problem(422, "invalid");
}
