//! People's rights to what is kept about them: a ledger of consents, requests with a term, gathering, restriction and
//! erasure, and rules of retention.

use diesel::Connection;
use kezhan_engine::audit;
use kezhan_features::platform::privacy::retention;
use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD};
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Occurs nowhere but in what is kept about one person.
const MARK: &str = "欧阳青梧";

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

fn patiently(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn act(api: &Api, request: &str, action: &str, input: Value) -> kezhan_tests::server::Reply {
    api.post(&format!("/subject_requests/{request}/actions/{action}"), &input)
}

/// All text of all tables of the database.
fn everything(server: &TestServer) -> String {
    use diesel::RunQueryDsl;
    use diesel::sql_types::Text;
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let mut conn = server.db.connect();
    let tables: Vec<Line> = diesel::sql_query(
        "SELECT table_name AS line FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    )
    .load(&mut conn)
    .unwrap();
    let mut out = String::new();
    for table in tables {
        let lines: Vec<Line> =
            diesel::sql_query(format!("SELECT t::text AS line FROM \"{}\" t", table.line)).load(&mut conn).unwrap();
        lines.iter().for_each(|l| out += &format!("{}: {}\n", table.line, l.line));
    }
    out
}

#[test]
fn the_latest_statement_holds_and_none_is_changed() {
    let server = TestServer::new();
    let api = server.admin();
    let contact = id(&api.create("contacts", json!({"name": "陈静"})));
    let purpose = json!({"name": "邮件营销", "notice": "我们会给您发送产品资讯", "notice_version": "2026-1"});
    let purpose = id(&api.create("processing_purposes", purpose));
    let say = |state: &str, at: &str| {
        api.create("consents", json!({"contact": contact, "purpose": purpose, "state": state, "at": at}))
    };
    let given = say("given", "2026-03-01T08:00:00Z");
    assert_eq!((&given["current"], &given["notice_version"]), (&json!(true), &json!("2026-1")));
    let withdrawn = say("withdrawn", "2026-06-01T08:00:00Z");
    // What is written down late does not become the latest.
    let earlier = say("refused", "2026-01-05T08:00:00Z");
    let current = |record: &Value| api.get(&format!("/consents/{}", id(record))).ok()["current"].clone();
    assert_eq!([current(&given), current(&withdrawn), current(&earlier)], [json!(false), json!(true), json!(false)]);

    let path = format!("/consents/{}", id(&given));
    api.patch(&path, &json!({"state": "refused"})).problem(422, "invalid");
    api.delete(&path).problem(422, "append_only");
    let future = json!({"contact": contact, "purpose": purpose, "at": "2120-01-01T00:00:00Z"});
    api.post("/consents", &future).problem(422, "invalid");
    // Of whom one sees nothing, one sees no consents.
    let role = server.role("自管", json!({"contact": {"read": "self"}, "consent": {"read": "all"}}));
    server.user("li", &role, json!({}));
    assert_eq!(server.sign_in("li", PASSWORD).get("/consents").ids().len(), 0);
}

#[test]
fn a_request_has_a_term_and_ends_with_an_answer() {
    let server = TestServer::new();
    let api = server.admin();
    let asked = json!({"kind": "access", "requester": "陈静", "received_at": "2026-11-01T00:00:00Z"});
    let request = api.create("subject_requests", asked);
    assert_eq!(request["due_at"], "2026-12-01T00:00:00Z");
    let path = format!("/subject_requests/{}", id(&request));
    let fault = |reply: kezhan_tests::server::Reply| reply.problem(422, "invalid")["errors"][0]["field"].clone();
    assert_eq!(fault(api.patch(&path, &json!({"due_at": "2026-12-20T00:00:00Z"}))), "extension");
    let late = json!({"due_at": "2027-03-01T00:00:00Z", "extension": "材料繁多"});
    assert_eq!(fault(api.patch(&path, &late)), "due_at");
    api.patch(&path, &json!({"due_at": "2026-12-20T00:00:00Z", "extension": "材料繁多"})).ok();
    assert_eq!(fault(api.patch(&path, &json!({"status": "done", "verification": "电话回拨"}))), "answer");
    let done = api.patch(&path, &json!({"status": "done", "verification": "电话回拨", "answer": "已寄送"})).ok();
    assert!(done["completed_at"].is_string(), "{done}");
}

#[test]
fn a_person_is_gathered_restricted_and_erased_and_the_numbers_stay() {
    let server = TestServer::new();
    let api = server.admin();
    let account = id(&api.create("accounts", json!({"name": "杭州西湖茶业有限公司"})));
    let person = json!({"name": MARK, "account": account, "mobile": "13977310007", "email": "wu@example.com",
        "wechat": "ouyang-qw", "notes": format!("{MARK}喜欢龙井"), "gender": "female"});
    let contact = id(&api.create("contacts", person));
    api.patch(&format!("/contacts/{contact}"), &json!({"mobile": "13977310008"})).ok();
    api.create("follow_ups", json!({"content": format!("与{MARK}通话"), "contact": contact, "account": account}));
    api.create("opportunities", json!({"name": "春茶", "account": account, "contact": contact, "amount": "88000"}));
    let file = Part::bytes(MARK.as_bytes().to_vec()).file_name(format!("{MARK}名片.txt"));
    let form = Form::new().text("object", "contact").text("record", contact.clone()).part("file", file);
    kezhan_tests::server::send(api.request(reqwest::Method::POST, "/attachments").multipart(form)).created();
    let sums = || {
        let query = json!({"group_by": ["account"], "aggregates": [{"fn": "sum", "field": "amount"}]});
        api.post("/opportunities/query", &query).ok()
    };
    let before = sums();

    let asked = json!({"kind": "erasure", "requester": "本人", "contact": contact});
    let request = api.create("subject_requests", asked);
    let (request, number) = (id(&request), request["number"].clone());
    // Nothing is done before it is known who asks, nor by those who may not.
    act(&api, &request, "gather_data", json!({})).problem(422, "not_possible");
    api.patch(&format!("/subject_requests/{request}"), &json!({"verification": "身份证原件"})).ok();
    let role = server.role("客服二组", json!({"*": {"read": "all", "edit": "all", "export": "all"}}));
    server.user("li", &role, json!({}));
    let li = server.sign_in("li", PASSWORD);
    for action in ["gather_data", "restrict_processing", "erase_data"] {
        act(&li, &request, action, json!({"confirm": number})).problem(403, "forbidden");
    }

    let gathered = act(&api, &request, "gather_data", json!({})).ok()["data"].clone();
    let text = gathered.to_string();
    for part in ["13977310007", "13977310008", "ouyang-qw", "通话", "名片.txt"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }

    let user = server.db.text("SELECT id FROM users WHERE username = 'li'");
    act(&api, &request, "restrict_processing", json!({})).ok();
    // Out of sight for whoever does not keep the requests, whatever way they look; known to those who do.
    let hidden = |path: &str| !li.get(path).text.contains(&contact) && !li.get(path).text.contains(MARK);
    assert_eq!(li.get(&format!("/contacts/{contact}")).status, 404);
    assert!(hidden("/contacts") && hidden(&format!("/contacts?q={MARK}")) && hidden("/search?q=13977310008"));
    // What was written about them goes with them; the deal that they took part in stays, and does not name them.
    for path in ["/follow_ups", &format!("/accounts/{account}/timeline"), "/search?q=通话"] {
        assert!(!li.get(path).text.contains(MARK), "{}", li.get(path).text);
    }
    assert!(api.get(&format!("/accounts/{account}/timeline")).text.contains(MARK));
    assert_eq!(api.get("/follow_ups").ids().len(), 1);
    let deals = li.get("/opportunities?expand=contact&fields=name,contact.name").ok();
    assert_eq!((&deals["data"][0]["name"], &deals["data"][0]["expand"]), (&json!("春茶"), &json!({})));
    let why = api.get(&format!("/follow_ups/{}/access?user={user}", api.get("/follow_ups").ids()[0])).ok();
    assert_eq!(why["verdicts"][0]["reason"], "restricted", "{why}");
    // A key of those who keep the requests is for that only where it may see requests.
    let mut machine = server.anonymous();
    let made = api.post("/api_keys", &json!({"name": "同步", "objects": ["contact"]})).created();
    machine.token = made["key"].as_str().map(str::to_owned);
    assert!(machine.get("/contacts").ids().is_empty());
    assert_eq!(api.get(&format!("/contacts/{contact}")).ok()["processing_restricted"], true);
    let why = api.get(&format!("/contacts/{contact}/access?user={user}")).ok();
    assert_eq!(why["verdicts"][0]["reason"], "restricted", "{why}");
    api.patch(&format!("/contacts/{contact}"), &json!({"job_title": "采购"})).problem(422, "processing_restricted");
    api.delete(&format!("/contacts/{contact}")).problem(422, "processing_restricted");
    let order = json!({"object": "contact", "format": "csv", "columns": ["name"]});
    let sheet = api.post("/bulk/exports", &order);
    assert!(sheet.status == 200 && !sheet.text.contains(MARK), "{}", sheet.text);
    act(&api, &request, "restrict_processing", json!({"restricted": false})).ok();
    assert_eq!(li.get(&format!("/contacts/{contact}")).status, 200);
    assert_eq!(li.get("/follow_ups").ids().len(), 1);
    api.patch(&format!("/contacts/{contact}"), &json!({"job_title": "采购"})).ok();

    act(&api, &request, "erase_data", json!({"confirm": "GR0"})).problem(422, "invalid");
    // What will go is told beforehand, by name, and nothing of it has gone yet.
    act(&li, &request, "preview_erasure", json!({})).problem(403, "forbidden");
    let mut zh = api.clone();
    zh.lang = "zh-CN";
    let foreseen = act(&zh, &request, "preview_erasure", json!({})).ok();
    assert_eq!((foreseen["texts"].as_u64(), foreseen["files"].as_u64()), (Some(1), Some(1)), "{foreseen}");
    let told = foreseen["told"].to_string();
    for part in [MARK, "手机", "邮箱", "1 条跟进记录", "1 个文件"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let few = act(&api, &request, "preview_erasure", json!({"texts": false})).ok();
    assert_eq!((few["texts"].as_u64(), few["files"].as_u64()), (Some(0), Some(1)), "{few}");
    assert_eq!(api.get(&format!("/contacts/{contact}")).ok()["mobile"], "13977310008");
    let erased = act(&api, &request, "erase_data", json!({"confirm": number})).ok()["erased"].clone();
    assert_eq!((erased["texts"].as_u64(), erased["files"].as_u64()), (Some(1), Some(1)), "{erased}");
    let left = api.get(&format!("/contacts/{contact}")).ok();
    assert!(left["mobile"].is_null() && left["gender"].is_null() && left["job_title"].is_null(), "{left}");
    assert_eq!(left["account"], json!(account));
    assert_eq!(sums(), before);
    patiently("the file's content is gone", || {
        let found = |dir: &std::path::Path| -> Vec<std::path::PathBuf> {
            let mut out = Vec::new();
            let mut todo = vec![dir.to_owned()];
            while let Some(dir) = todo.pop() {
                for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                    if entry.path().is_dir() { todo.push(entry.path()) } else { out.push(entry.path()) }
                }
            }
            out
        };
        let files = found(server.data());
        !files.iter().any(|f| std::fs::read(f).is_ok_and(|b| String::from_utf8_lossy(&b).contains(MARK)))
    });
    let all = everything(&server);
    for trace in [MARK, "13977310007", "13977310008", "wu@example.com", "ouyang-qw"] {
        let places: Vec<&str> = all.lines().filter(|l| l.contains(trace)).collect();
        assert!(places.is_empty(), "{trace} is still in {places:#?}");
    }
    // What is not theirs stays, and the trail says who did it.
    assert!(all.contains("杭州西湖茶业有限公司"));
    let request = api.get(&format!("/subject_requests/{request}")).ok();
    assert_eq!(request["evidence"].as_str().unwrap().lines().count(), 4, "{request}");
    let trail = api.get("/audit?action=erased").ok();
    assert_eq!(trail["data"].as_array().unwrap().len(), 1, "{trail}");
}

#[test]
fn the_trail_holds_after_an_erasure_and_shows_one_that_nobody_ordered() {
    use diesel::connection::SimpleConnection;
    let server = TestServer::new();
    let api = server.admin();
    let contact = id(&api.create("contacts", json!({"name": MARK, "mobile": "13977310007"})));
    let other = id(&api.create("contacts", json!({"name": "陈静", "mobile": "13977310009"})));
    let tenant = api.get("/auth/me").ok()["tenant"].as_str().unwrap().parse().unwrap();
    let mut conn = server.db.connect();
    let written =
        everything(&server).lines().filter(|l| l.starts_with("changes:") || l.starts_with("audit_events:")).count();
    patiently("all is sealed", || audit::verify(&mut conn, tenant, None).is_ok_and(|v| v.entries >= written as u64));
    let asked = json!({"kind": "erasure", "requester": "本人", "contact": contact, "verification": "电话回拨"});
    let request = api.create("subject_requests", asked);
    act(&api, &id(&request), "erase_data", json!({"confirm": request["number"]})).ok();
    let verdict = audit::verify(&mut conn, tenant, None).unwrap();
    assert_eq!((verdict.fault, verdict.redacted > 0), (None, true));

    conn.transaction(|conn| {
        conn.batch_execute("SET LOCAL kezhan.maintenance = 'x'")?;
        conn.batch_execute(&format!("UPDATE changes SET changes = '{{}}' WHERE record_id = '{other}'"))
    })
    .unwrap();
    assert!(audit::verify(&mut conn, tenant, None).unwrap().fault.is_some());
}

#[test]
fn records_that_are_not_needed_any_more_go_by_rule() {
    let server = TestServer::new();
    let api = server.admin();
    let make = |name: &str, birthday: &str| {
        id(&api.create("contacts", json!({"name": name, "birthday": birthday, "mobile": "13977310007"})))
    };
    let (old, young) = (make(MARK, "2001-01-01"), make("陈静", "2026-11-01"));
    let wish = |more: Value| {
        let mut rule =
            json!({"name": "五年后", "object": "contact", "since": "birthday", "months": 60, "active": true});
        more.as_object().unwrap().iter().for_each(|(key, value)| rule[key] = value.clone());
        rule
    };
    for (wrong, field) in [
        (json!({"object": "role"}), "object"),
        (json!({"since": "name"}), "since"),
        (json!({"object": "account", "since": "created_at"}), "act"),
        (json!({"condition": {"field": "no", "op": "eq", "value": 1}}), "condition"),
    ] {
        assert_eq!(api.post("/retention_rules", &wish(wrong)).problem(422, "invalid")["errors"][0]["field"], field);
    }
    let rule = format!("/retention_rules/{}", id(&api.create("retention_rules", wish(json!({})))));
    let mut conn = server.db.connect();
    retention::order_due(&mut conn).unwrap();
    patiently("the rule has run", || {
        let ran = api.get(&rule).ok()["last_count"] == 1;
        if !ran {
            eprintln!("{}", everything(&server).lines().filter(|l| l.starts_with("jobs")).collect::<String>());
        }
        ran
    });
    let name = |id: &str| api.get(&format!("/contacts/{id}")).ok()["name"].as_str().unwrap().to_owned();
    assert!(name(&old).starts_with("已删除的个人"), "{}", name(&old));
    assert_eq!(name(&young), "陈静");
    assert_eq!(retention::order_due(&mut conn).unwrap(), 0, "once a day");
}

#[test]
fn a_person_of_whom_there_is_much_is_gathered_to_the_last_record() {
    let server = TestServer::new();
    let api = server.admin();
    let contact = id(&api.create("contacts", json!({"name": MARK})));
    api.create("follow_ups", json!({"content": "第一次通话", "contact": contact}));
    let asked = json!({"kind": "access", "requester": "本人", "contact": contact, "verification": "电话回拨"});
    let request = id(&api.create("subject_requests", asked));
    let data = || act(&api, &request, "gather_data", json!({})).ok()["data"].clone();
    let short = data();
    assert_eq!((&short["complete"], short["related"]["follow_ups"].as_array().unwrap().len()), (&json!(true), 1));
    server.db.run(
        "INSERT INTO follow_ups SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid()))).* \
         FROM follow_ups t, generate_series(1, 10100)",
    );
    let long = data();
    let whole = format!("/api/v1/subject_requests/{request}/data");
    assert_eq!((&long["complete"], &long["whole"]), (&json!(false), &json!(whole)));
    let path = whole.strip_prefix("/api/v1").unwrap();
    let sent = api.get(path);
    assert!(sent.header("content-disposition").contains(".json"));
    let whole = sent.ok();
    assert_eq!((&whole["complete"], &whole["record"]["name"]), (&json!(true), &json!(MARK)));
    assert_eq!(whole["related"]["follow_ups"].as_array().unwrap().len(), 10_101);
    assert!(!whole["history"].as_array().unwrap().is_empty() && whole["object"] == "contact");
    // It is in the trail, and for nobody else.
    assert_eq!(api.get("/audit?action=gathered").ok()["data"].as_array().unwrap().len(), 3);
    let role = server.role("客服二组", json!({"*": {"read": "all", "export": "all"}}));
    server.user("li", &role, json!({}));
    server.sign_in("li", PASSWORD).get(path).problem(403, "forbidden");
    let unverified =
        id(&api.create("subject_requests", json!({"kind": "access", "requester": "?", "contact": contact})));
    api.get(&format!("/subject_requests/{unverified}/data")).problem(422, "invalid");
}

#[test]
fn answers_that_are_kept_for_repetitions_forget_an_erased_person() {
    let server = TestServer::new();
    let api = server.admin();
    let once = |key: &str, body: &Value| -> (u16, String) {
        let request = api.request(reqwest::Method::POST, "/contacts").header("Idempotency-Key", key);
        let reply = request.json(body).send().unwrap();
        (reply.status().as_u16(), reply.text().unwrap())
    };
    let (person, other) = (json!({"name": MARK, "wechat": "ouyang-qw"}), json!({"name": "陈静"}));
    let (_, made) = once("k1", &person);
    let (_, kept) = once("k2", &other);
    let contact = id(&serde_json::from_str(&made).unwrap());
    let asked = json!({"kind": "erasure", "requester": "本人", "contact": contact, "verification": "电话回拨"});
    let request = api.create("subject_requests", asked);
    let erased = act(&api, &id(&request), "erase_data", json!({"confirm": request["number"]})).ok();
    assert_eq!(erased["erased"]["answers"], 1, "{erased}");
    // What was done is not done again; what it was is not told again.
    assert_eq!(once("k1", &person), (201, String::new()));
    assert_eq!(once("k2", &other), (201, kept));
    assert_eq!(api.get("/contacts").ids().len(), 2);
}

#[test]
fn an_erased_person_is_gone_from_the_lead_they_were_what_was_merged_and_how_they_consented() {
    let server = TestServer::new();
    let api = server.admin();
    let lead = json!({"name": MARK, "company": "杭州西湖茶业有限公司", "city": "杭州", "mobile": "13977310007",
        "wechat": "ouyang-qw", "notes": format!("{MARK}下周回电")});
    let lead = id(&api.create("leads", lead));
    api.create("follow_ups", json!({"content": format!("与{MARK}初次通话"), "lead": lead}));
    let made = api.post(&format!("/leads/{lead}/actions/convert"), &json!({})).ok();
    let contact = made["contact"].as_str().unwrap().to_owned();
    let double = json!({"name": format!("{MARK}（旧）"), "mobile": "13977310008", "email": "wu@example.com"});
    let double = id(&api.create("contacts", double));
    api.post(&format!("/contacts/{contact}/actions/merge"), &json!({"losers": [double]})).ok();
    let purpose = json!({"name": "邮件营销", "notice": "我们会给您发送产品资讯", "notice_version": "2026-1"});
    let purpose = id(&api.create("processing_purposes", purpose));
    let said =
        json!({"contact": contact, "purpose": purpose, "state": "given", "evidence": format!("{MARK}在展会签字")});
    let consent = id(&api.create("consents", said));
    // Somebody else of the same name stays.
    let other = id(&api.create("contacts", json!({"name": "陈静", "mobile": "13977310009"})));
    let gone = json!({"content": format!("{MARK}的旧记录"), "contact": contact});
    let gone = id(&api.create("follow_ups", gone));
    assert_eq!(api.delete(&format!("/follow_ups/{gone}")).status, 204);

    let asked = json!({"kind": "erasure", "requester": "本人", "contact": contact, "verification": "身份证原件"});
    let request = api.create("subject_requests", asked);
    let (request, number) = (id(&request), request["number"].clone());
    act(&api, &request, "restrict_processing", json!({})).ok();
    let tenant = api.get("/auth/me").ok()["tenant"].as_str().unwrap().parse().unwrap();
    let mut zh = api.clone();
    zh.lang = "zh-CN";
    for (who, parts) in [
        (&zh, ["1 条线索中的姓名", "1 条记录的个人信息", "1 个客户中", "1 条同意记录中的证明", "2 条跟进记录"]),
        (
            &api,
            [
                "1 leads that became",
                "1 records merged into it",
                "the notes of 1 accounts",
                "the evidence of 1 consents",
                "2 follow-ups",
            ],
        ),
    ] {
        let told = act(who, &request, "preview_erasure", json!({})).ok();
        assert_eq!((&told["others"], &told["merged"], &told["consents"]), (&json!(1), &json!(1), &json!(1)), "{told}");
        for part in parts {
            assert!(told["told"].to_string().contains(part), "{part} is not in {told}");
        }
    }
    assert_eq!(api.get(&format!("/leads/{lead}")).ok()["name"], MARK, "a preview takes nothing away");
    act(&api, &request, "erase_data", json!({"confirm": number})).ok();

    let all = everything(&server);
    for trace in [MARK, "13977310007", "13977310008", "wu@example.com", "ouyang-qw"] {
        let places: Vec<&str> = all.lines().filter(|l| l.contains(trace)).collect();
        assert!(places.is_empty(), "{trace} is still in {places:#?}");
    }
    let left = api.get(&format!("/leads/{lead}")).ok();
    assert_eq!((&left["company"], &left["city"]), (&json!("杭州西湖茶业有限公司"), &json!("杭州")));
    assert!(left["mobile"].is_null() && left["notes"].is_null(), "{left}");
    let said = api.get(&format!("/consents/{consent}")).ok();
    assert_eq!((&said["state"], &said["evidence"]), (&json!("given"), &Value::Null));
    assert_eq!(api.get(&format!("/contacts/{contact}")).ok()["processing_restricted"], true, "as before");
    assert_eq!(api.get(&format!("/contacts/{other}")).ok()["mobile"], "13977310009");
    let mut conn = server.db.connect();
    patiently("it is sealed", || audit::verify(&mut conn, tenant, None).is_ok_and(|v| v.seals > 0));
    assert_eq!(audit::verify(&mut conn, tenant, None).unwrap().fault, None);
    // Nothing is left to be taken away.
    let again = act(&api, &request, "preview_erasure", json!({})).ok();
    assert!(again["told"].to_string().contains("was erased before"), "{again}");
}

#[test]
fn of_a_lead_without_a_company_its_account_forgets_the_person_too() {
    let server = TestServer::new();
    let api = server.admin();
    let lead = id(&api.create("leads", json!({"name": MARK, "phone": "0571-87654321", "city": "杭州"})));
    let made = api.post(&format!("/leads/{lead}/actions/convert"), &json!({})).ok();
    let asked = json!({"kind": "erasure", "requester": "本人", "lead": lead, "verification": "电话回拨"});
    let request = api.create("subject_requests", asked);
    act(&api, &id(&request), "erase_data", json!({"confirm": request["number"]})).ok();
    let all = everything(&server);
    for trace in [MARK, "87654321"] {
        let places: Vec<&str> = all.lines().filter(|l| l.contains(trace)).collect();
        assert!(places.is_empty(), "{trace} is still in {places:#?}");
    }
    let account = api.get(&format!("/accounts/{}", made["account"].as_str().unwrap())).ok();
    assert_eq!(account["city"], "杭州");
}
