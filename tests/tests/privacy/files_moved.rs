//! Files from before files were sealed, under renewed keys, in a bucket and out of a backup.

use super::files::{CHUNK, bytes, content, files_below, holds, place, storage_key, upload};
use kezhan_api::backup::{self, BackupError};
use kezhan_api::backup_cover::Opening;
use kezhan_api::config::Config;
use kezhan_tests::process::{self, Process};
use kezhan_tests::s3::S3;
use kezhan_tests::server::{Api, PASSWORD};
use kezhan_tests::{MASTER_KEY, TestDb, TestServer};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// `kezhan keys …` beside a server.
fn keys(db: &TestDb, data: &Path, more: &[(&str, String)], args: &[&str]) -> Command {
    let mut command = process::command(data);
    command.env("DATABASE_URL", db.url()).env("KEZHAN_MASTER_KEY", MASTER_KEY);
    command.envs(more.iter().map(|(name, value)| (*name, value.as_str()))).arg("keys").args(args);
    command
}

#[track_caller]
fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    text
}

/// Makes a stored file one of those from before files were sealed.
fn bare(server: &TestServer, file: &Value, content: &[u8]) {
    let sealed = place(&server.db, server.data(), file);
    let clear = sealed.with_extension("");
    fs::remove_file(sealed).unwrap();
    fs::write(clear, content).unwrap();
    let id = file["id"].as_str().unwrap();
    server
        .db
        .run(&format!("UPDATE attachments SET storage_key = replace(storage_key, '.sealed', '') WHERE id = '{id}'"));
}

#[test]
fn files_from_before_are_read_and_are_sealed_by_a_command() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let whole = bytes(2 * CHUNK + 9);
    let old = upload(&api, &account, whole.clone()).created();
    let gone = upload(&api, &account, b"binned".to_vec()).created();
    let empty = upload(&api, &account, Vec::new()).created();
    bare(&server, &old, &whole);
    bare(&server, &gone, b"binned");
    bare(&server, &empty, b"");
    api.delete(&format!("/attachments/{}", gone["id"].as_str().unwrap()));
    let tag = format!("\"{}\"", old["sha256"].as_str().unwrap());
    let check = || {
        let got = content(&api, &old, &[]);
        assert_eq!(got.headers()["etag"], tag.as_str());
        assert!(got.bytes().unwrap() == whole);
        let part = content(&api, &old, &[("range", "bytes=65530-65545")]);
        assert_eq!((part.status().as_u16(), part.bytes().unwrap().as_ref()), (206, &whole[65530..=65545]));
        assert_eq!(content(&api, &empty, &[]).bytes().unwrap().len(), 0);
    };
    check();

    // An import that waits.
    let sheet = api.upload("a.csv", "客户名称\n明文客户\n".as_bytes());
    let id = sheet["id"].as_str().unwrap();
    let name = server.db.text(&format!("SELECT path FROM uploads WHERE id = '{id}'"));
    let (sealed, clear) = (server.data().join("files").join(&name), name.trim_end_matches(".sealed").to_owned());
    fs::remove_file(sealed).unwrap();
    fs::write(server.data().join("files").join(&clear), "客户名称\n明文客户\n").unwrap();
    server.db.run(&format!("UPDATE uploads SET path = '{clear}' WHERE id = '{id}'"));

    let told = run(keys(&server.db, server.data(), &[], &["encrypt-files"]));
    assert!(told.contains("test: 4 file(s) encrypted") && !told.contains("as it was"), "{told}");
    check();
    api.post(&format!("/attachments/{}/restore", gone["id"].as_str().unwrap()), &json!({})).ok();
    assert_eq!(content(&api, &gone, &[]).text().unwrap(), "binned");
    let again = api.post(&format!("/bulk/uploads/{id}/mapping"), &json!({})).ok();
    assert_eq!(again["rows"][0][0], "明文客户");
    for path in files_below(&server.data().join("files")) {
        assert!(path.extension().is_some_and(|e| e == "sealed"), "{}", path.display());
        assert!(!holds(&fs::read(&path).unwrap(), "客户"), "{}", path.display());
    }
    let told = run(keys(&server.db, server.data(), &[], &["encrypt-files"]));
    assert!(told.contains("test: 0 file(s) encrypted, 0 MiB; 0 remain(s)"), "{told}");
}

#[test]
fn sealing_that_is_killed_goes_on_where_it_was() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let files: Vec<(Value, Vec<u8>)> = (0..30)
        .map(|n| {
            let whole = bytes(300_000 + n);
            let file = upload(&api, &account, whole.clone()).created();
            bare(&server, &file, &whole);
            (file, whole)
        })
        .collect();
    let count = |sealed: bool| {
        let all = files_below(&server.data().join("files"));
        all.iter().filter(|path| path.extension().is_some_and(|e| e == "sealed") == sealed).count()
    };
    assert_eq!((count(false), count(true)), (30, 0));
    let mut child = keys(&server.db, server.data(), &[], &["encrypt-files"]).stdout(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    while count(true) < 3 {
        assert!(since.elapsed() < Duration::from_secs(60), "nothing is sealed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let named =
        |like: &str| server.db.text(&format!("SELECT count(*) FROM attachments WHERE storage_key {like} '%.sealed'"));
    assert_ne!(named("NOT LIKE"), "0", "killed in the middle");
    // Moments that the kill may not have met: named anew, and the old one still there; half of a new one.
    let (first, whole) = &files[0];
    let renamed = place(&server.db, server.data(), first);
    if renamed.extension().is_some_and(|e| e == "sealed") {
        fs::write(renamed.with_extension(""), whole).unwrap();
    }
    fs::write(renamed.with_extension("sealed#1"), &whole[..1000]).unwrap();
    let uploading = renamed.with_file_name("beef.sealed#1");
    fs::write(&uploading, "of somebody who is at it").unwrap();
    for (file, whole) in &files {
        assert!(content(&api, file, &[]).bytes().unwrap() == whole, "in between");
    }
    let told = run(keys(&server.db, server.data(), &[], &["encrypt-files"]));
    assert!(told.contains("file(s) encrypted") && !told.contains("in the clear"), "{told}");
    assert!(uploading.exists());
    fs::remove_file(uploading).unwrap();
    assert_eq!((count(false), count(true), named("LIKE").as_str()), (0, 30, "30"));
    for (file, whole) in &files {
        assert!(content(&api, file, &[]).bytes().unwrap() == whole, "afterwards");
    }
}

#[test]
fn an_upload_that_was_killed_is_taken_away_a_day_later() {
    let db = TestDb::new();
    let data = std::env::temp_dir().join(format!("kezhan-abandoned-{}", uuid::Uuid::now_v7()));
    let folder = data.join("files/acme");
    fs::create_dir_all(&folder).unwrap();
    let (old, new, whole) = (folder.join("1.sealed#1"), folder.join("2.sealed#1"), folder.join("3.sealed"));
    let days = |n: u64| SystemTime::now() - Duration::from_secs(n * 24 * 3600);
    for (path, age) in [(&old, 2), (&new, 0), (&whole, 2)] {
        fs::write(path, "half").unwrap();
        File::options().write(true).open(path).unwrap().set_modified(days(age)).unwrap();
    }
    let server = Process::start_with(&data, &[("DATABASE_URL", db.url()), ("KEZHAN_MASTER_KEY", MASTER_KEY)]);
    let since = Instant::now();
    while old.exists() {
        assert!(since.elapsed() < Duration::from_secs(30), "it stays");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(new.exists() && whole.exists());
    server.end("-TERM");
    fs::remove_dir_all(data).unwrap();
}

#[test]
fn a_file_that_is_not_what_its_record_says_stays_and_is_told_of() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let (bad, lost) =
        (upload(&api, &account, b"12".to_vec()).created(), upload(&api, &account, b"34".to_vec()).created());
    bare(&server, &bad, b"99");
    bare(&server, &lost, b"34");
    fs::remove_file(place(&server.db, server.data(), &lost)).unwrap();
    let stray = server.data().join("files").join(server.tenant.tenant.to_string()).join("stray");
    fs::write(&stray, "left by somebody").unwrap();
    let output = keys(&server.db, server.data(), &[], &["encrypt-files"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success(), "{text}");
    for told in ["is as it was: ", "is missing", "stray is in the clear, and no record names it"] {
        assert!(text.contains(told), "{text}");
    }
    assert_eq!(fs::read(place(&server.db, server.data(), &bad)).unwrap(), b"99");
    assert!(stray.exists());
}

#[test]
fn renewed_keys_seal_what_comes_and_open_what_was() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let whole = bytes(CHUNK + 5);
    let old = upload(&api, &account, whole.clone()).created();
    let key_of = |file: &Value| fs::read(place(&server.db, server.data(), file)).unwrap()[8..24].to_vec();
    let (first, before) = (key_of(&old), fs::read(place(&server.db, server.data(), &old)).unwrap());
    // Another master key touches no file.
    run(keys(&server.db, server.data(), &[], &["rotate"]));
    assert_eq!(fs::read(place(&server.db, server.data(), &old)).unwrap(), before);
    run(keys(&server.db, server.data(), &[], &["renew"]));
    let new = upload(&api, &account, whole.clone()).created();
    let second = key_of(&new);
    assert_ne!(second, first);
    assert_eq!(key_of(&old), first, "files stay under their key");
    for file in [&old, &new] {
        assert!(content(&api, file, &[]).bytes().unwrap() == whole);
    }
    let told = run(keys(&server.db, server.data(), &[], &["encrypt-files"]));
    assert!(told.contains("0 file(s) encrypted"), "{told}");
    let told = run(keys(&server.db, server.data(), &[], &["encrypt-files", "--renewed"]));
    assert!(told.contains("1 file(s) encrypted"), "{told}");
    assert_eq!(key_of(&old), second);
    assert!(content(&api, &old, &[]).bytes().unwrap() == whole);
    assert_eq!(files_below(&server.data().join("files")).len(), 2);
    let told = run(keys(&server.db, server.data(), &[], &["encrypt-files", "--renewed"]));
    assert!(told.contains("0 file(s) encrypted, 0 MiB; 0 remain(s)"), "{told}");
}

#[test]
fn in_a_bucket_files_are_sealed_read_in_part_and_converted() {
    let s3 = S3::start();
    let settings = s3.settings();
    let server = TestServer::with(&settings.each_ref().map(|(name, value)| (*name, value.as_str())));
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let text = "机密".repeat(30_000);
    let file = upload(&api, &account, text.clone().into_bytes()).created();
    let key = storage_key(&server.db, &file);
    let good = s3.get(&key);
    assert!(!holds(&good, "机密"));
    let part = |from: usize, to: usize| {
        let got = content(&api, &file, &[("range", &format!("bytes={from}-{to}"))]);
        assert!(got.bytes().unwrap() == text.as_bytes()[from..=to], "{from}-{to}");
    };
    for (from, to) in [(0, 0), (CHUNK - 2, CHUNK + 2), (CHUNK, 2 * CHUNK - 1), (text.len() - 1, text.len() - 1)] {
        part(from, to);
    }
    s3.put(&key, good[..good.len() - 100].to_vec());
    assert_eq!(content(&api, &file, &[("range", "bytes=0-1")]).status(), 500);
    s3.put(&key, Vec::new());
    assert_eq!(content(&api, &file, &[]).status(), 500);

    // In the clear, as before.
    let clear = key.trim_end_matches(".sealed").to_owned();
    s3.put(&clear, text.clone().into_bytes());
    server.db.run(&format!("UPDATE attachments SET storage_key = '{clear}'"));
    part(CHUNK - 2, CHUNK + 2);
    let told = run(keys(&server.db, server.data(), &settings, &["encrypt-files"]));
    assert!(told.contains("test: 1 file(s) encrypted"), "{told}");
    assert_eq!(s3.keys(), [key.as_str()]);
    assert!(!holds(&s3.get(&key), "机密"));
    assert_eq!(content(&api, &file, &[]).text().unwrap(), text);
    assert_eq!(s3.holds().1, 0);
}

#[test]
fn a_restored_backup_reads_its_files_with_the_master_key_and_without_it_nobody_does() {
    let old = TestServer::new();
    let api = old.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let whole = bytes(CHUNK + 77);
    let file = upload(&api, &account, whole.clone()).created();
    let config = |data: &Path| {
        let vars = [("KEZHAN_DATA", data.to_str().unwrap()), ("KEZHAN_MASTER_KEY", MASTER_KEY)];
        Config::from_vars(&vars.map(|(k, v)| (k.to_owned(), v.to_owned())).into()).unwrap()
    };
    let archive = old.data().join("all.kezhan");
    // Not while files get other names.
    let mut busy = old.db.connect();
    assert!(kezhan_api::files::convert::take_turn(&mut busy).unwrap());
    let refused = backup::backup(&config(old.data()), old.db.url(), &archive, None);
    assert!(matches!(refused, Err(BackupError::FilesMove)));
    drop(busy);
    backup::backup(&config(old.data()), old.db.url(), &archive, None).unwrap();

    let db = TestDb::empty();
    let data = std::env::temp_dir().join(format!("kezhan-restored-{}", uuid::Uuid::now_v7()));
    backup::restore(&config(&data), db.url(), &archive, false, &Opening::default()).unwrap();
    let server = Process::start_with(&data, &[("DATABASE_URL", db.url()), ("KEZHAN_MASTER_KEY", MASTER_KEY)]);
    let api = Api::at(server.base()).sign_in("admin", PASSWORD);
    assert!(content(&api, &file, &[]).bytes().unwrap() == whole);
    server.end("-TERM");

    // Where the company's keys are gone, as once it is erased, its files in a backup are noise.
    db.run("DELETE FROM vault_keys");
    let server = Process::start_with(&data, &[("DATABASE_URL", db.url()), ("KEZHAN_MASTER_KEY", MASTER_KEY)]);
    let api = Api::at(server.base()).sign_in("admin", PASSWORD);
    assert_eq!(content(&api, &file, &[]).status(), 500);
    server.end("-TERM");
    fs::remove_dir_all(data).unwrap();
}
