//! The audit trail: everything is in it, nothing is changed in it, and where it was, that shows.

use diesel::connection::SimpleConnection;
use kezhan_api::backup;
use kezhan_api::config::Config;
use kezhan_engine::audit::{self, Fault, Sealer, Verdict};
use kezhan_tests::process;
use kezhan_tests::server::{Api, PASSWORD, send};
use kezhan_tests::{TestDb, TestServer};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Without a sealer of its own, which would be at it at the same time.
fn server() -> TestServer {
    TestServer::with(&[("KEZHAN_WORKER", "false")])
}

fn entries(api: &Api, query: &str) -> Vec<Value> {
    api.get(&format!("/audit?limit=200&{query}")).ok()["data"].as_array().unwrap().clone()
}

fn actions(api: &Api, query: &str) -> Vec<String> {
    entries(api, query).iter().map(|e| e["action"].as_str().unwrap().to_owned()).collect()
}

/// Seals everything; transactions of other tests on the same server are waited for.
fn seal(db: &TestDb) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let open = "SELECT count(*) FROM (SELECT tenant_id, txid, seq FROM changes UNION ALL SELECT tenant_id, txid, seq \
                FROM audit_events) e LEFT JOIN audit_heads h USING (tenant_id) \
                WHERE (e.txid, e.seq) > (h.txid, h.seq) OR h.seq IS NULL";
    loop {
        Sealer::new(db.url()).drain().unwrap();
        if db.text(open) == "0" {
            return;
        }
        assert!(Instant::now() < deadline, "the trail is not sealed");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn verdict(db: &TestDb, tenant: Uuid) -> Verdict {
    let mut conn = db.connect();
    conn.batch_execute("SET TIME ZONE 'UTC'").unwrap();
    audit::verify(&mut conn, tenant, None).unwrap()
}

#[test]
fn whatever_happens_is_in_the_trail_with_who_when_from_where_and_through_what() {
    let server = server();
    let admin = server.admin();
    let agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";
    let body = json!({"username": "admin", "password": "wrong"});
    send(admin.request(Method::POST, "/auth/login").header("user-agent", agent).json(&body))
        .problem(401, "bad_credentials");
    server.anonymous().post("/auth/login", &json!({"username": "hunter2-my-password", "password": "x"}));

    let failed = entries(&admin, "action=sign_in_failed");
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[1]["agent"], agent);
    assert_eq!(failed[1]["ip"], "127.0.0.1");
    assert_eq!(failed[1]["record"]["title"], "admin");
    assert_eq!(failed[0]["detail"]["name"], "hu…", "what was typed may have been a password");
    assert!(failed.iter().all(|e| e["actor"].is_null()), "nobody has proved to be anybody");

    let other = server.anonymous();
    let pair = other.post("/auth/login", &json!({"username": "admin", "password": PASSWORD})).ok();
    let token = json!({"refresh_token": pair["refresh_token"]});
    other.post("/auth/refresh", &token).ok();
    other.post("/auth/refresh", &token).problem(401, "token_expired");
    let out = server.admin();
    assert_eq!(send(out.request(Method::POST, "/auth/logout")).status, 204);
    let key = admin.post("/api_keys", &json!({"name": "导出", "objects": ["account"]})).created();
    let mut machine = server.anonymous();
    machine.token = Some(key["key"].as_str().unwrap().to_owned());
    let account = machine.create("accounts", json!({"name": "无妄商行"}));
    let id = account["id"].as_str().unwrap();
    admin.patch(&format!("/accounts/{id}"), &json!({"city": "杭州"})).ok();
    let file = admin.post("/bulk/exports", &json!({"object": "account", "format": "csv", "columns": ["name"]}));
    assert_eq!(file.status, 200);
    let role = server.role("外勤", json!({"account": {"read": "self"}}));
    admin.patch(&format!("/roles/{role}"), &json!({"grants": {"account": {"read": "all"}}})).ok();
    admin.post("/auth/password", &json!({"current": PASSWORD, "password": "another password"}));

    for action in ["sign_in", "sign_out", "token_reused", "key_made", "export", "password_changed"] {
        assert!(!entries(&admin, &format!("action={action}")).is_empty(), "{action}");
    }
    let of_account = entries(&admin, &format!("object=account&record={id}"));
    assert_eq!(of_account.len(), 2);
    assert_eq!(of_account[0]["changes"]["city"], json!({"from": null, "to": "杭州"}));
    assert_eq!(of_account[0]["record"]["title"], "无妄商行");
    assert_eq!(of_account[1]["via"], key["id"], "through the key");
    assert_eq!(of_account[1]["channel"], "api");
    let of_role = entries(&admin, "category=rights&action=update&object=role");
    assert_eq!(of_role[0]["changes"]["grants"]["from"], json!({"account": {"read": "self"}}));
    assert_eq!(of_role[0]["actor"]["username"], "admin");
    assert_eq!(entries(&admin, "category=transfer")[0]["detail"]["columns"], json!(["name"]));
    let text = admin.get("/audit?limit=200").text;
    for secret in [PASSWORD, "another password", "wrong", "hunter2", key["key"].as_str().unwrap()] {
        assert!(!text.contains(&format!("\"{secret}")), "{secret}");
    }

    // By day, by text, page by page.
    let day = chrono::Utc::now().with_timezone(&chrono::FixedOffset::east_opt(8 * 3600).unwrap()).format("%Y-%m-%d");
    let all = entries(&admin, &format!("from={day}&to={day}"));
    assert_eq!(all.len(), entries(&admin, "").len());
    assert!(entries(&admin, "to=2020-01-01").is_empty());
    assert_eq!(entries(&admin, "q=firefox").len(), 1);
    assert!(entries(&admin, "q=%25").is_empty(), "a wildcard is a letter like any other");
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/audit?limit=3{cursor}")).ok();
        walked.extend(page["data"].as_array().unwrap().iter().map(|e| e["id"].as_i64().unwrap()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(walked, all.iter().map(|e| e["id"].as_i64().unwrap()).collect::<Vec<_>>());
    let found = entries(&admin, "q=%E6%97%A0%E5%A6%84");
    assert_eq!(found.iter().map(|e| &e["record"]["id"]).collect::<Vec<_>>(), [id, id], "by the name of a record");
    admin.delete(&format!("/accounts/{id}"));
    assert_eq!(entries(&admin, "q=wuwang&object=account").len(), 3, "in the bin too");
    assert!(entries(&admin, "q=wuwang&object=contact").is_empty());
    for (query, named) in
        [("from=yesterday", "from"), ("actor=me", "actor"), ("category=all", "category"), ("object=x", "object")]
    {
        assert!(admin.get(&format!("/audit?{query}")).problem(400, "bad_value").to_string().contains(named));
    }
}

#[test]
fn it_shows_of_records_no_more_than_its_reader_may_see_of_them() {
    let server = server();
    let admin = server.admin();
    let account = admin.create("accounts", json!({"name": "zirkonium", "phone": "13977310001"}));
    let id = account["id"].as_str().unwrap();
    admin.patch(&format!("/accounts/{id}"), &json!({"phone": "13977310002"})).ok();
    let auditor = server.role("审计", json!({"user": {"read": "all", "configure": "all"}}));
    server.user("auditor", &auditor, json!({}));
    let half = server.role(
        "半",
        json!({"user": {"read": "all", "configure": "all"},
        "account": {"read": "all", "fields": {"phone": "hidden"}}}),
    );
    server.user("half", &half, json!({}));
    let clerk = server.role("看", json!({"account": {"read": "all"}}));
    server.user("clerk", &clerk, json!({}));
    for path in ["/audit", "/audit/export", "/audit/retention"] {
        server.sign_in("clerk", PASSWORD).get(path).problem(403, "forbidden");
    }
    server.sign_in("clerk", PASSWORD).patch("/audit/retention", &json!({"data": 200})).problem(403, "forbidden");

    let blind = server.sign_in("auditor", PASSWORD);
    let seen = entries(&blind, "object=account");
    assert_eq!(seen.len(), 2, "that something was done is told");
    assert!(seen.iter().all(|e| e["withheld"] == true && e["record"].is_null() && e["changes"] == json!({})));
    assert!(entries(&blind, &format!("record={id}")).is_empty(), "what is not seen is not found");
    assert!(entries(&blind, "q=zirkonium").is_empty());
    let some = entries(&server.sign_in("half", PASSWORD), "object=account");
    assert!(some.iter().all(|e| e["withheld"] == true && e["record"]["title"] == "zirkonium"));
    assert!(some.iter().all(|e| e["changes"].get("phone").is_none()));
    let file = blind.get("/audit/export?format=ndjson").text;
    assert!(!file.contains("zirkonium") && !file.contains("139773"));
    assert_eq!(entries(&admin, "object=account").iter().filter(|e| e["withheld"] == true).count(), 0);
}

#[test]
fn it_goes_out_as_a_file_that_no_spreadsheet_runs_and_that_is_on_record_itself() {
    let server = server();
    let admin = server.admin();
    let login = json!({"username": "admin", "password": "wrong"});
    send(admin.request(Method::POST, "/auth/login").header("user-agent", "=cmd|' /C calc'!A0").json(&login));
    let csv = admin.get("/audit/export");
    // By the reader's clock, and in words.
    assert!(csv.text.lines().nth(1).is_some_and(|line| line.contains("+08:00,")), "{}", csv.text);
    assert!(csv.text.contains(",Stage,"), "{}", csv.text);
    assert!(csv.text.contains(",Sign-ins,") && csv.text.contains(",failed to sign in,"), "{}", csv.text);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.text.contains("'=cmd|") && !csv.text.contains(",=cmd|"), "{}", csv.text);
    let lines = admin.get("/audit/export?format=ndjson&action=sign_in_failed").text;
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(line["agent"], "=cmd|' /C calc'!A0");
    assert_eq!(lines.lines().count(), 1);
    assert_eq!(entries(&admin, "action=audit_export")[0]["detail"]["filter"]["action"], "sign_in_failed");
    admin.get("/audit/export?format=xlsx").problem(400, "bad_value");
}

#[test]
fn nothing_of_it_is_changed_or_taken_away() {
    let server = server();
    server.admin().create("accounts", json!({"name": "甲"}));
    seal(&server.db);
    let mut conn = server.db.connect();
    for table in ["changes", "audit_events", "audit_seals"] {
        for statement in
            [format!("DELETE FROM {table}"), format!("UPDATE {table} SET at = now()"), format!("TRUNCATE {table}")]
        {
            let error = conn.batch_execute(&statement).unwrap_err().to_string();
            assert_eq!(error, format!("{table} is append-only"), "{statement}");
        }
    }
}

/// By somebody who may do everything in the database and switches its guards off.
#[test]
fn what_was_tampered_with_shows_and_is_named() {
    let server = server();
    let tenant = server.tenant.tenant;
    let admin = server.admin();
    for n in 0..4 {
        let account = admin.create("accounts", json!({"name": format!("甲{n}")}));
        admin.patch(&format!("/accounts/{}", account["id"].as_str().unwrap()), &json!({"city": "杭州"})).ok();
        server.admin();
        seal(&server.db);
    }
    let good = verdict(&server.db, tenant);
    assert_eq!(good.fault, None);
    assert!(good.seals >= 4 && good.entries > 12, "{good:?}");

    let tampered = |sql: &str| {
        let mut conn = server.db.connect();
        conn.batch_execute(&format!("CREATE TABLE kept AS {}", kept(sql))).unwrap();
        conn.batch_execute(&format!("SET session_replication_role = replica; {sql}")).unwrap();
        let fault = verdict(&server.db, tenant).fault;
        conn.batch_execute(&format!("{}; DROP TABLE kept", restored(sql))).unwrap();
        assert_eq!(verdict(&server.db, tenant).fault, None, "all is as it was");
        fault.unwrap_or_else(|| panic!("unnoticed: {sql}"))
    };
    let entry = |sql: &str| server.db.text(sql).parse::<i64>().unwrap();
    let change = entry("SELECT max(seq) FROM changes WHERE action = 'update'");
    let event = entry("SELECT min(seq) FROM audit_events WHERE action = 'sign_in'");
    let named = |fault: Fault| match fault {
        Fault::EntryChanged { entry, .. } => ("changed", entry),
        Fault::EntryMissing { entry, .. } => ("missing", entry),
        Fault::SealChanged(no) => ("seal changed", no),
        Fault::SealMissing(no) => ("seal missing", no),
        Fault::OtherHead(no) => ("other head", no),
    };
    for (sql, wanted) in [
        (format!("UPDATE changes SET changes = '{{}}' WHERE seq = {change}"), ("changed", change)),
        (format!("UPDATE changes SET actor_id = NULL WHERE seq = {change}"), ("changed", change)),
        (format!("UPDATE changes SET at = at + interval '1 microsecond' WHERE seq = {change}"), ("changed", change)),
        (format!("UPDATE audit_events SET ip = '203.0.113.9' WHERE seq = {event}"), ("changed", event)),
        (format!("DELETE FROM changes WHERE seq = {change}"), ("missing", change)),
        (format!("DELETE FROM audit_events WHERE seq = {event}"), ("missing", event)),
        ("DELETE FROM audit_seals WHERE no = 2".into(), ("seal missing", 2)),
        (format!("DELETE FROM audit_seals WHERE no = {}", good.seals), ("seal missing", good.seals)),
        ("UPDATE audit_seals SET at = now() WHERE no = 3".into(), ("seal changed", 3)),
        ("UPDATE audit_seals SET digests = digests || digests WHERE no = 1".into(), ("seal changed", 1)),
    ] {
        assert_eq!(named(tampered(&sql)), wanted, "{sql}");
    }

    // As a command: the exit tells, and so does the noted seal where somebody has made a whole new chain.
    let run = |more: &[&str]| {
        let dir = std::env::temp_dir().join(format!("kezhan-audit-{}", std::process::id()));
        let mut command = process::command(&dir);
        let output =
            command.env("DATABASE_URL", server.db.url()).args(["audit", "verify"]).args(more).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (fine, text) = run(&[]);
    assert!(fine && text.contains(&format!("{}:{}", good.seals, good.head)), "{text}");
    let anchor = format!("{}:{}", good.seals, good.head);
    assert!(run(&["--tenant", "test", "--anchor", &anchor]).0);
    let mut conn = server.db.connect();
    conn.batch_execute(&format!(
        "SET session_replication_role = replica; UPDATE changes SET changes = '{{}}' WHERE seq = {change}"
    ))
    .unwrap();
    let (fine, text) = run(&[]);
    assert!(!fine && text.contains(&format!("entry {change} was changed")), "{text}");
    conn.batch_execute("DELETE FROM audit_seals; UPDATE audit_heads SET txid = '0', seq = 0, no = 0, hash = ''")
        .unwrap();
    seal(&server.db);
    assert!(run(&[]).0, "a new chain over everything holds");
    assert!(!run(&["--tenant", "test", "--anchor", &anchor]).0, "but not against what was noted");
    assert!(!run(&["--tenant", "nobody"]).0);
}

#[test]
fn a_wrong_setting_does_not_look_like_a_trail_that_holds() {
    let dir = std::env::temp_dir().join(format!("kezhan-nothing-{}", std::process::id()));
    let run = |url: Option<&str>, arguments: &[&str]| {
        let mut command = process::command(&dir);
        if let Some(url) = url {
            command.env("DATABASE_URL", url);
        }
        let output = command.args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let archive = dir.with_extension("backup");
    let archive = archive.to_str().unwrap();
    // A second look, too, finds nothing rather than what the first has made.
    for arguments in
        [&["audit", "verify"][..], &["audit", "verify"], &["keys", "list"], &["tenant", "list"], &["backup", archive]]
    {
        let (fine, out, err) = run(None, arguments);
        assert!(!fine && out.is_empty() && err.contains("there is no database in"), "{arguments:?}: {out} {err}");
        assert!(!dir.join("postgres").exists(), "{arguments:?}");
    }
    // One without companies is no trail that holds either.
    let db = TestDb::new();
    let (fine, out, err) = run(Some(db.url()), &["audit", "verify"]);
    assert!(!fine && out.is_empty() && err.contains("nothing was verified"), "{out} {err}");
    let _ = std::fs::remove_dir_all(dir);
}

/// The rows that a statement is going to change.
fn kept(sql: &str) -> String {
    let (table, condition) = parts(sql);
    format!("SELECT * FROM {table} WHERE {condition}")
}

fn restored(sql: &str) -> String {
    let (table, condition) = parts(sql);
    format!("DELETE FROM {table} WHERE {condition}; INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept")
}

fn parts(sql: &str) -> (&str, &str) {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let table = if words[0] == "DELETE" { words[2] } else { words[1] };
    (table, sql.split(" WHERE ").nth(1).unwrap())
}

#[test]
fn rules_of_retention_leave_a_chain_that_holds() {
    let server = server();
    let tenant = server.tenant.tenant;
    let admin = server.admin();
    admin.create("accounts", json!({"name": "甲"}));
    let old = |days: i64, action: &str| {
        format!(
            "INSERT INTO audit_events (tenant_id, seq, at, action, channel) \
             VALUES ('{tenant}', nextval('changes_seq_seq'), now() - interval '{days} days', '{action}', 'web')"
        )
    };
    let mut conn = server.db.connect();
    for sql in [old(400, "sign_in"), old(400, "sign_in_failed"), old(400, "export"), old(200, "sign_in")] {
        conn.batch_execute(&sql).unwrap();
    }
    seal(&server.db);
    conn.batch_execute(&old(500, "sign_in")).unwrap();
    admin.patch("/audit/retention", &json!({"sign_in": 30})).problem(422, "invalid");
    admin.patch("/audit/retention", &json!({"retention": 300})).problem(422, "invalid");
    let set = admin.patch("/audit/retention", &json!({"sign_in": 365, "data": null})).ok();
    assert_eq!(set["days"], json!({"sign_in": 365}));
    assert_eq!(admin.get("/audit/retention").ok()["seal"]["no"].as_i64().unwrap(), verdict(&server.db, tenant).seals);
    audit::retain(&mut server.db.connect()).unwrap();

    let left = |action: &str| entries(&admin, &format!("action={action}&to=2026-01-01T00:00:00Z")).len();
    assert_eq!(server.db.text("SELECT count(*) FROM audit_events WHERE at < now() - interval '300 days'"), "2");
    assert_eq!(left("sign_in_failed"), 0);
    assert_eq!(actions(&admin, "category=retention"), ["retired"]);
    assert_eq!(entries(&admin, "category=retention")[0]["detail"]["count"], 2);
    assert_eq!(actions(&admin, "category=configuration&action=retention_set").len(), 1);
    seal(&server.db);
    let verdict = verdict(&server.db, tenant);
    assert_eq!((verdict.fault, verdict.retired), (None, 2));
}

#[test]
fn a_restored_backup_has_a_chain_that_holds_and_goes_on() {
    let (server, to) = (server(), TestDb::empty());
    let tenant = server.tenant.tenant;
    let admin = server.admin();
    admin.create("accounts", json!({"name": "甲"}));
    seal(&server.db);
    let sealed = verdict(&server.db, tenant);
    admin.create("accounts", json!({"name": "乙"}));
    let place = std::env::temp_dir().join(format!("kezhan-trail-{}", std::process::id()));
    std::fs::create_dir_all(&place).unwrap();
    let config = Config::from_vars(&BTreeMap::from([("KEZHAN_DATA".into(), place.display().to_string())])).unwrap();
    let archive = place.join("all.kezhan");
    backup::backup(&config, server.db.url(), &archive, None).unwrap();
    backup::restore(&config, to.url(), &archive, false, &kezhan_api::backup_cover::Opening::default()).unwrap();
    std::fs::remove_dir_all(&place).unwrap();

    assert_eq!(verdict(&to, tenant).fault, None);
    assert_eq!(verdict(&to, tenant).head, sealed.head);
    seal(&to);
    let after = verdict(&to, tenant);
    assert_eq!(after.fault, None);
    assert_eq!(
        after.entries.to_string(),
        to.text("SELECT (SELECT count(*) FROM changes) + (SELECT count(*) FROM audit_events)")
    );
    assert!(after.entries > sealed.entries);
}

/// Numbers are handed out before commits: one that comes late lies between others that are sealed.
#[test]
fn an_entry_that_is_committed_late_is_sealed_too_and_nothing_is_sealed_before_its_time() {
    let server = server();
    let tenant = server.tenant.tenant;
    let insert = format!(
        "INSERT INTO audit_events (tenant_id, seq, action, channel) VALUES ('{tenant}', nextval('changes_seq_seq'), 'export', 'web')"
    );
    seal(&server.db);
    let before = verdict(&server.db, tenant).entries;
    let (mut slow, mut quick) = (server.db.connect(), server.db.connect());
    slow.batch_execute(&format!("BEGIN; {insert}")).unwrap();
    quick.batch_execute(&insert).unwrap();
    Sealer::new(server.db.url()).drain().unwrap();
    assert_eq!(verdict(&server.db, tenant).entries, before, "a transaction that began earlier is still open");
    slow.batch_execute("COMMIT").unwrap();
    quick.batch_execute(&insert).unwrap();
    seal(&server.db);
    let after = verdict(&server.db, tenant);
    assert_eq!((after.fault, after.entries), (None, before + 3));
}
