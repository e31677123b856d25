//! An installation and its companies: looked after by people who belong to none of them.

use kezhan_features::host::admins;
use kezhan_features::host::trail::Actor;
use kezhan_features::people::setup::create_tenant;
use kezhan_tests::server::{Api, PASSWORD, send};
use kezhan_tests::{TestDb, TestServer, process};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

const KEEPER: &str = "a keeper's password";

/// Two companies with records and files, and an administrator of the installation.
struct House {
    server: TestServer,
    host: Api,
    /// Of the company `acme`.
    boss: Api,
    acme: String,
}

fn login(server: &TestServer, tenant: &str) -> Api {
    let anonymous = server.anonymous();
    let body = json!({"username": "admin", "password": PASSWORD, "tenant": tenant});
    anonymous.bearing(anonymous.post("/auth/login", &body).ok()["access_token"].as_str().unwrap())
}

fn house(settings: &[(&str, &str)]) -> House {
    let server = TestServer::with(settings);
    admins::put(&mut server.db.connect(), &Actor::command_line(), "Keeper", KEEPER).unwrap();
    let engine = kezhan_features::engine();
    create_tenant(&engine, &mut server.db.connect(), "acme", "甲公司", "admin", PASSWORD).unwrap();
    let anonymous = server.anonymous();
    let body = json!({"username": "keeper", "password": KEEPER});
    let token = anonymous.post("/host/login", &body).ok()["access_token"].as_str().unwrap().to_owned();
    let host = anonymous.bearing(&token);
    let all = host.get("/host/companies").ok();
    let acme = all["data"].as_array().unwrap().iter().find(|c| c["key"] == "acme").unwrap();
    let acme = acme["id"].as_str().unwrap().to_owned();
    let boss = login(&server, "acme");
    House { server, host, boss, acme }
}

impl House {
    fn at(&self, what: &str) -> String {
        format!("/host/companies/{}{what}", self.acme)
    }
}

fn attach(api: &Api, account: &str, content: &str) -> String {
    let part = reqwest::blocking::multipart::Part::bytes(content.as_bytes().to_vec()).file_name("合同.txt");
    let form = reqwest::blocking::multipart::Form::new()
        .text("object", "account")
        .text("record", account.to_owned())
        .part("file", part);
    send(api.request(Method::POST, "/attachments").multipart(form)).created()["id"].as_str().unwrap().to_owned()
}

#[test]
fn keepers_and_companies_are_strangers_to_each_other() {
    let house = house(&[]);
    let server = &house.server;
    // A keeper reaches no records, a company's administrator nothing of the installation.
    for path in ["/accounts", "/users", "/auth/me", "/audit", "/search?q=ab", "/changes", "/openapi.json"] {
        assert_eq!(house.host.get(path).status, 401, "{path}");
    }
    let admin = login(server, "test");
    let key = admin.post("/api_keys", &json!({"name": "k"})).created();
    for api in [&admin, &house.boss, &server.anonymous(), &admin.bearing(key["key"].as_str().unwrap())] {
        for path in ["/host/me", "/host/companies", "/host/trail", house.at("/export").as_str()] {
            assert_eq!(api.get(path).status, 401, "{path}");
        }
        for what in ["/suspend", "/resume", "/erase"] {
            assert_eq!(api.post(&house.at(what), &json!({"confirm": "acme"})).status, 401, "{what}");
        }
    }
    let wrong = json!({"username": "keeper", "password": PASSWORD});
    server.anonymous().post("/host/login", &wrong).problem(401, "bad_credentials");
    let theirs = json!({"username": "admin", "password": PASSWORD});
    server.anonymous().post("/host/login", &theirs).problem(401, "bad_credentials");
    let ours = json!({"username": "keeper", "password": KEEPER, "tenant": "acme"});
    server.anonymous().post("/auth/login", &ours).problem(401, "bad_credentials");
    assert_eq!(house.host.get("/host/me").ok()["username"], "keeper");
    // A list of companies says how much, and not what.
    house.boss.create("accounts", json!({"name": "机密客户"}));
    assert!(!house.host.get("/host/companies").text.contains("机密客户"));
    assert_eq!(house.host.post("/host/logout", &json!({})).status, 204);
    house.host.get("/host/me").problem(401, "token_expired");
    let trail = server.db.text("SELECT string_agg(action || ':' || actor, ' ' ORDER BY seq) FROM host_trail");
    assert_eq!(
        trail,
        "administrator_added:command line sign_in:keeper sign_in_failed:keeper sign_in_failed:admin sign_out:keeper"
    );
    let tampered = diesel::RunQueryDsl::execute(diesel::sql_query("DELETE FROM host_trail"), &mut server.db.connect());
    assert!(tampered.is_err(), "nothing is taken out of the trail");
}

#[test]
fn a_company_is_added_and_works() {
    let house = house(&[]);
    let wish = json!({"key": "beta", "name": "乙公司", "admin": "admin", "password": PASSWORD});
    let made = house.host.post("/host/companies", &wish).created();
    assert_eq!((&made["status"], &made["users"]), (&json!("active"), &json!(1)));
    login(&house.server, "beta").create("accounts", json!({"name": "一"}));
    for (change, field) in [
        (json!({"key": "beta"}), "key"),
        (json!({"key": "Not a key"}), "key"),
        (json!({"key": "gamma", "name": " "}), "name"),
        (json!({"key": "gamma", "password": "short"}), "password"),
    ] {
        let mut wish = wish.clone();
        wish.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let problem = house.host.post("/host/companies", &wish).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
}

#[test]
fn a_suspended_company_stands_still_and_goes_on() {
    let house = house(&[]);
    let boss = &house.boss;
    let other = login(&house.server, "test");
    let key = boss.post("/api_keys", &json!({"name": "k"})).created();
    let machine = boss.bearing(key["key"].as_str().unwrap());
    let body = json!({"username": "admin", "password": PASSWORD, "tenant": "acme"});
    let session = house.server.anonymous().post("/auth/login", &body).ok();
    machine.get("/accounts").ok();
    house.host.post(&house.at("/suspend"), &json!({})).ok();
    for api in [boss, &machine] {
        api.get("/accounts").problem(401, "token_expired");
    }
    let refresh = json!({"refresh_token": session["refresh_token"]});
    house.server.anonymous().post("/auth/refresh", &refresh).problem(401, "token_expired");
    house.server.anonymous().post("/auth/login", &body).problem(401, "bad_credentials");
    house.host.post(&house.at("/suspend"), &json!({})).problem(422, "not_possible");
    house.host.post(&house.at("/resume"), &json!({})).ok();
    machine.get("/accounts").ok();
    // The other company noticed nothing of all this.
    other.get("/accounts").ok();
}

#[test]
fn jobs_of_a_suspended_company_are_not_taken() {
    let house = house(&[("KEZHAN_WORKER", "false")]);
    let boss = &house.boss;
    let account = boss.create("accounts", json!({"name": "甲"}));
    let change = json!({"object": "account", "operation": "update", "record": {"city": "宁波"},
        "filter": {"field": "id", "op": "eq", "value": account["id"]}});
    boss.post("/bulk/changes", &change);
    house.host.post(&house.at("/suspend"), &json!({})).ok();
    let worker = || {
        let engine = std::sync::Arc::new(kezhan_tests::sealing_engine());
        let handlers = kezhan_features::platform::transfer::handlers(&engine, house.server.data().join("files"));
        kezhan_engine::jobs::Worker::new(house.server.db.url(), handlers).drain().unwrap();
        house.server.db.text("SELECT state FROM jobs")
    };
    assert_eq!(worker(), "queued");
    house.host.post(&house.at("/resume"), &json!({})).ok();
    assert_eq!(worker(), "done");
}

/// The entries of an archive.
fn entries(archive: &[u8]) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(archive);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (entry.path().unwrap().display().to_string(), text)
    };
    archive.entries().unwrap().map(read).collect()
}

#[test]
fn a_company_takes_along_all_that_is_its_own_and_nothing_else() {
    let house = house(&[]);
    let boss = &house.boss;
    let account = boss.create("accounts", json!({"name": "甲", "phone": "13977310001"}));
    let id = account["id"].as_str().unwrap();
    let gone = boss.create("accounts", json!({"name": "已删除的"}));
    boss.delete(&format!("/accounts/{}", gone["id"].as_str().unwrap()));
    let file = attach(boss, id, "合同正文");
    boss.create("object_definitions", json!({"key": "ship", "plural": "ships", "label_zh": "船", "label_en": "Ship"}));
    let hull = json!({"object": "ship", "key": "hull", "label_zh": "船名", "label_en": "Hull", "kind": "text"});
    boss.create("field_definitions", hull);
    boss.create("ships", json!({"hull": "远洋号"}));
    let key = boss.post("/api_keys", &json!({"name": "导出用"})).created();
    login(&house.server, "test").create("accounts", json!({"name": "别家的客户"}));
    let reply = house.host.request(Method::GET, &house.at("/export")).send().unwrap();
    assert_eq!(reply.status(), 200);
    assert!(reply.headers()["content-disposition"].to_str().unwrap().contains("acme-"));
    let bytes = reply.bytes().unwrap();
    let entries = entries(&bytes);
    let lines =
        |name: &str| -> Vec<Value> { entries[name].lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let accounts = lines("objects/accounts.ndjson");
    assert_eq!(accounts.len(), 2, "those in the recycle bin too");
    assert_eq!(accounts[0]["phone"], "13977310001");
    assert_eq!(lines("objects/ships.ndjson")[0]["hull"], "远洋号");
    assert_eq!(lines("objects/users.ndjson").len(), 1);
    assert!(lines("history.ndjson").len() > 5 && lines("audit.ndjson").iter().any(|l| l["action"] == "key_made"));
    assert_eq!(entries[&format!("files/{file}")], "合同正文");
    let manifest: Value = serde_json::from_str(&entries["manifest.json"]).unwrap();
    assert_eq!((&manifest["company"]["key"], &manifest["records"]["accounts"]), (&json!("acme"), &json!(2)));
    let whole = String::from_utf8_lossy(&bytes);
    for foreign in ["别家的客户", key["key"].as_str().unwrap(), "$argon2", "token_hash", "key_hash", "password_hash"]
    {
        assert!(!whole.contains(foreign), "{foreign}");
    }
    assert!(house.host.get("/host/trail").text.contains("\"export\""));
}

#[test]
fn every_table_of_a_company_is_taken_along_or_left_out_for_a_reason() {
    use kezhan_features::host::export::{LEFT_OUT, OTHERS};
    use std::collections::BTreeSet;
    let db = TestDb::new();
    let tables = |with: &str| -> BTreeSet<String> {
        let found = db.text(&format!(
            "SELECT coalesce(string_agg(table_name, ' '), '') FROM information_schema.tables t \
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND {with} EXISTS (SELECT FROM \
             information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name = t.table_name \
             AND c.column_name = 'tenant_id')"
        ));
        found.split_whitespace().map(str::to_owned).collect()
    };
    let standard = kezhan_domain::standard();
    let mut known: Vec<String> = standard.objects().map(|o| o.table.to_string()).collect();
    // Of the objects that companies make.
    known.push("custom_records".to_owned());
    known.extend(OTHERS.iter().map(|(_, table, _)| (*table).to_owned()));
    known.extend(LEFT_OUT.iter().map(|(table, _)| (*table).to_owned()));
    let once: BTreeSet<String> = known.iter().cloned().collect();
    assert_eq!(once.len(), known.len(), "a table is named twice: {known:?}");
    assert_eq!(tables(""), once);
    assert!(LEFT_OUT.iter().all(|(_, why)| why.len() > 10));
    let installation = [
        "__diesel_schema_migrations",
        "hanging_objects",
        "host_administrators",
        "host_recovery_codes",
        "host_sessions",
        "host_totp_factors",
        "host_trail",
        "tenants",
    ];
    assert_eq!(tables("NOT"), BTreeSet::from(installation.map(str::to_owned)), "whose are the rows of another?");
}

#[test]
fn an_archive_holds_what_people_have_said_and_asked_and_opens_what_is_sealed() {
    let house = house(&[]);
    let boss = &house.boss;
    let contact = boss.create("contacts", json!({"name": "陈静", "id_number": "11010519491231002X"}));
    let contact = contact["id"].as_str().unwrap();
    let purpose = json!({"name": "邮件营销", "notice": "我们会发送资讯", "notice_version": "1"});
    let purpose = boss.create("processing_purposes", purpose);
    boss.create("consents", json!({"contact": contact, "purpose": purpose["id"], "state": "given"}));
    boss.create("subject_requests", json!({"kind": "access", "requester": "陈静", "contact": contact}));
    let sheet = boss.upload("customers.csv", "客户名称,城市\n导入的客户,上海\n".as_bytes());
    let mut plan = kezhan_tests::import::plan(&sheet);
    plan["object"] = json!("account");
    boss.import(&plan);
    let sheet_of_people =
        boss.upload("people.csv", "姓名,邮箱,身份证号\n李四,not-an-address,440524188001010014\n".as_bytes());
    let mut people = kezhan_tests::import::plan(&sheet_of_people);
    people["object"] = json!("contact");
    boss.import(&people);
    let key = age::x25519::Identity::generate();
    let fetch = |query: &str| {
        let reply = house.host.request(Method::GET, &format!("{}{query}", house.at("/export"))).send().unwrap();
        (reply.status().as_u16(), reply.bytes().unwrap())
    };
    let (_, bytes) = fetch("");
    let entries = entries(&bytes);
    let holds =
        |name: &str, text: &str| assert!(entries[name].contains(text), "{name} has no {text}: {}", entries[name]);
    holds("objects/contacts.ndjson", "11010519491231002X");
    holds("objects/consents.ndjson", "given");
    holds("objects/processing_purposes.ndjson", "邮件营销");
    holds("objects/subject_requests.ndjson", "陈静");
    holds("jobs.ndjson", "customers.csv");
    holds("import_rows.ndjson", "created");
    holds("import_rows.ndjson", "440524188001010014");
    holds("uploads.ndjson", "customers.csv");
    holds(&format!("uploads/{}", sheet["id"].as_str().unwrap()), "导入的客户,上海");
    holds("manifest.json", "what proves people");
    holds("manifest.json", "time_zone");
    assert!(!String::from_utf8_lossy(&bytes).contains("wrapped"), "no key");

    // Encrypted for whoever keeps a key, and for nobody else.
    let (status, covered) = fetch(&format!("?recipient={}", key.to_public()));
    assert!(status == 200 && covered.starts_with(b"age-encryption.org/"));
    assert!(!covered.windows(12).any(|w| w == "导入的客户".as_bytes().get(..12).unwrap()));
    let mut plain = Vec::new();
    let decryptor = age::Decryptor::new(&covered[..]).unwrap();
    decryptor.decrypt(std::iter::once(&key as &dyn age::Identity)).unwrap().read_to_end(&mut plain).unwrap();
    assert!(self::entries(&plain)["objects/contacts.ndjson"].contains("11010519491231002X"));
    assert_eq!(fetch("?recipient=age1nobody").0, 400);
}

/// Tables with a row in which a text stands.
fn mentions(db: &TestDb, text: &str) -> Vec<String> {
    let tables = db.text(
        "SELECT coalesce(string_agg(table_name, ' ' ORDER BY table_name), '') FROM information_schema.tables \
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    let says = |table: &&str| {
        db.text(&format!("SELECT count(*) FROM \"{table}\" t WHERE to_jsonb(t)::text LIKE '%{text}%'")) != "0"
    };
    tables.split(' ').filter(says).map(str::to_owned).collect()
}

fn files_of(data: &Path, tenant: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut left = vec![data.to_path_buf()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().display().to_string().contains(tenant) {
                out.push(entry.path().display().to_string());
            }
            if entry.path().is_dir() {
                left.push(entry.path());
            }
        }
    }
    out
}

#[test]
fn an_erased_company_is_in_no_row_and_no_file() {
    let house = house(&[("KEZHAN_ERASE_WAIT_DAYS", "0")]);
    let boss = &house.boss;
    // Something of everything that refers to something.
    let account = boss.create("accounts", json!({"name": "甲"}));
    let id = account["id"].as_str().unwrap().to_owned();
    boss.create("accounts", json!({"name": "子公司", "parent": id}));
    boss.create("contacts", json!({"name": "王伟", "account": id}));
    let deal = boss.create("opportunities", json!({"name": "单", "account": id}));
    boss.create("opportunity_lines", json!({"opportunity": deal["id"], "quantity": "1", "unit_price": "1"}));
    let department = boss.create("departments", json!({"name": "华东"}));
    let user = boss.create("users", json!({"name": "李", "home_department": department["id"]}));
    boss.patch(&format!("/departments/{}", department["id"].as_str().unwrap()), &json!({"manager": user["id"]})).ok();
    boss.create(
        "field_definitions",
        json!({"object": "account", "key": "bank", "label_zh": "行", "label_en": "Bank",
        "kind": "text", "is_indexed": true}),
    );
    boss.create("object_definitions", json!({"key": "ship", "plural": "ships", "label_zh": "船", "label_en": "Ship"}));
    let hull = json!({"object": "ship", "key": "hull", "label_zh": "船名", "label_en": "Hull", "kind": "text"});
    boss.create("field_definitions", hull);
    boss.create("ships", json!({"hull": "远洋号"}));
    boss.post("/api_keys", &json!({"name": "k"})).created();
    let app = json!({"name": "报表", "scopes": "account:read", "redirect_uris": "https://app.example.com/back"});
    let app = boss.create("oauth_clients", app)["id"].as_str().unwrap().to_owned();
    boss.post(&format!("/oauth_clients/{app}/secret"), &json!({})).created();
    attach(boss, &id, "合同正文");
    let upload = reqwest::blocking::multipart::Part::bytes(b"name\nx\n".to_vec()).file_name("a.csv");
    let form = reqwest::blocking::multipart::Form::new().text("object", "account").part("file", upload);
    let sent = send(boss.request(Method::POST, "/bulk/uploads").multipart(form));
    assert!(sent.status.is_success(), "{}", sent.text);
    let admin = login(&house.server, "test");
    let kept = admin.create("accounts", json!({"name": "别家"}));
    let (db, data) = (&house.server.db, house.server.data());
    assert!(mentions(db, &house.acme).len() > 15 && files_of(data, &house.acme).len() > 2);
    let index = format!("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%{}%'", house.acme);

    house.host.post(&house.at("/erase"), &json!({"confirm": "Acme"})).problem(422, "invalid");
    boss.get("/accounts").ok();
    let reply = house.host.post(&house.at("/erase"), &json!({"confirm": "acme"}));
    assert_eq!((reply.status.as_u16(), &reply.json()["status"]), (202, &json!("erasing")));
    assert_eq!(boss.get("/accounts").status, 401);
    let since = Instant::now();
    while house.host.get("/host/companies").ok()["data"].as_array().unwrap().len() > 1 {
        assert!(since.elapsed() < Duration::from_secs(60), "it is done by the server itself");
        std::thread::sleep(Duration::from_millis(200));
    }
    // The second look takes what was written meanwhile.
    let since = Instant::now();
    while mentions(db, &house.acme) != ["host_trail"] && since.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(mentions(db, &house.acme), ["host_trail"], "one line that says that it was");
    assert_eq!(mentions(db, "甲公司"), Vec::<String>::new());
    assert_eq!(files_of(data, &house.acme), Vec::<String>::new());
    assert_eq!(db.text(&index), "0", "indexes of its own fields");
    admin.get(&format!("/accounts/{}", kept["id"].as_str().unwrap())).ok();
    let trail = house.host.get("/host/trail").ok();
    assert_eq!((&trail["data"][0]["action"], &trail["data"][0]["company_key"]), (&json!("erased"), &json!("acme")));
}

#[test]
fn there_is_time_to_think_better_of_it() {
    let house = house(&[]);
    let now = house.host.post(&house.at("/erase"), &json!({"confirm": "acme"})).json();
    assert!(now["erase_after"].is_string());
    house.host.post(&house.at("/resume"), &json!({})).problem(422, "not_possible");
    assert_eq!(house.host.delete(&house.at("/erase")).status, 204);
    house.host.post(&house.at("/resume"), &json!({})).ok();
    house.boss.get("/accounts").ok();
}

fn run(db: &TestDb, data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = process::command(data);
    command.env("DATABASE_URL", db.url()).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn all_of_it_goes_by_command_line() {
    let db = TestDb::new();
    let data = std::env::temp_dir().join(format!("kezhan-host-{}", std::process::id()));
    let ok = |arguments: &[&str], input: &str| {
        let output = run(&db, &data, arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let made = ok(&["host", "add", "keeper"], "");
    assert!(made.contains("password: "), "{made}");
    ok(&["tenant", "add", "acme", "甲公司", "--admin", "boss"], "a good password\n");
    ok(&["tenant", "suspend", "acme"], "");
    assert!(ok(&["tenant", "list"], "").contains("suspended"));
    let archive = data.join("acme.tar");
    ok(&["tenant", "export", "acme", archive.to_str().unwrap()], "");
    assert!(entries(&std::fs::read(&archive).unwrap()).contains_key("manifest.json"));
    let refused = run(&db, &data, &["tenant", "erase", "acme", "--confirm", "beta"], "");
    assert!(!refused.status.success());
    assert!(ok(&["tenant", "erase", "acme", "--confirm", "acme"], "").contains("will be erased"));
    ok(&["tenant", "keep", "acme"], "");
    ok(&["tenant", "resume", "acme"], "");
    // One that waits for its day is erased at once where somebody says so.
    assert!(ok(&["tenant", "erase", "acme", "--confirm", "acme"], "").contains("will be erased"));
    assert!(!run(&db, &data, &["tenant", "erase", "acme", "--confirm", "acme"], "").status.success());
    assert!(ok(&["tenant", "erase", "acme", "--confirm", "acme", "--now"], "").contains("erased acme"));
    assert_eq!(ok(&["tenant", "list"], ""), "");
    assert_eq!(mentions(&db, "acme"), ["host_trail"]);
    let _ = std::fs::remove_dir_all(data);
}
