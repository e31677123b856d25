//! The vault: what is sealed opens where it was sealed, and nowhere else.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use kezhan_api::config::Config;
use kezhan_api::server::State;
use kezhan_engine::vault::{MasterKey, SealedColumn, Vault};
use kezhan_tests::engine::Bench;
use kezhan_tests::process;
use kezhan_tests::{MASTER_KEY, TestDb};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use uuid::Uuid;

const OTHER_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn key(text: &str) -> MasterKey {
    MasterKey::parse(text).unwrap()
}

fn tenant(conn: &mut PgConnection, name: &str) -> Uuid {
    let tenant = Uuid::now_v7();
    let sql = format!("INSERT INTO tenants (id, key, name) VALUES ('{tenant}', '{name}', '{name}')");
    conn.batch_execute(&sql).unwrap();
    tenant
}

#[test]
fn a_sealed_value_opens_in_its_place_only() {
    let db = TestDb::new();
    let conn = &mut db.connect();
    let (a, b) = (tenant(conn, "a"), tenant(conn, "b"));
    let vault = Vault::new(vec![key(MASTER_KEY)]);
    let sealed = vault.seal(conn, a, "totp:1", "秘密".as_bytes()).unwrap();
    assert_eq!(vault.open(conn, a, "totp:1", &sealed).unwrap(), "秘密".as_bytes());
    // Another record, another field, another company, even one that has keys of its own.
    vault.seal(conn, b, "totp:1", b"x").unwrap();
    for (tenant, context) in [(a, "totp:2"), (a, "account.tax_id:1"), (a, "totp:1 "), (b, "totp:1")] {
        assert!(vault.open(conn, tenant, context, &sealed).is_err(), "{context}");
    }
    // The same twice is not the same.
    assert_ne!(vault.seal(conn, a, "totp:1", "秘密".as_bytes()).unwrap(), sealed);
}

#[test]
fn no_bit_can_change() {
    let db = TestDb::new();
    let conn = &mut db.connect();
    let a = tenant(conn, "a");
    let vault = Vault::new(vec![key(MASTER_KEY)]);
    let sealed = vault.seal(conn, a, "x", b"secret").unwrap();
    for at in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(vault.open(conn, a, "x", &changed).is_err(), "bit {at}");
    }
    for length in 0..sealed.len() {
        assert!(vault.open(conn, a, "x", &sealed[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn equal_values_are_found_within_one_context_of_one_company() {
    let db = TestDb::new();
    let conn = &mut db.connect();
    let (a, b) = (tenant(conn, "a"), tenant(conn, "b"));
    let vault = Vault::new(vec![key(MASTER_KEY)]);
    let index = vault.index(conn, a, "user.id_number", b"110101").unwrap();
    assert_eq!(vault.index(conn, a, "user.id_number", b"110101").unwrap(), index);
    assert_ne!(vault.index(conn, a, "user.id_number", b"110102").unwrap(), index);
    assert_ne!(vault.index(conn, a, "contact.id_number", b"110101").unwrap(), index);
    assert_ne!(vault.index(conn, a, "user.id_numbe", b"r110101").unwrap(), index);
    assert_ne!(vault.index(conn, b, "user.id_number", b"110101").unwrap(), index);
    // It lasts beyond the key that seals.
    vault.renew(conn, a).unwrap();
    assert_eq!(vault.index(conn, a, "user.id_number", b"110101").unwrap(), index);
    // And no index opens as a sealed value, nor is there a key where there was none.
    assert!(vault.open(conn, a, "user.id_number", &index).is_err());
}

#[test]
fn master_keys_change_under_running_servers() {
    let db = TestDb::new();
    let conn = &mut db.connect();
    let a = tenant(conn, "a");
    let file = std::env::temp_dir().join(format!("kezhan-master-{}", Uuid::now_v7()));
    std::fs::write(&file, MASTER_KEY).unwrap();
    let path = file.clone();
    let running =
        Vault::reading(move || kezhan_engine::vault::parse_keys(&std::fs::read_to_string(&path).unwrap())).unwrap();
    let sealed = running.seal(conn, a, "x", b"1").unwrap();

    std::fs::write(&file, format!("# new\n{OTHER_KEY}\n{MASTER_KEY}\n")).unwrap();
    let tool = Vault::new(vec![key(OTHER_KEY), key(MASTER_KEY)]);
    assert_eq!(tool.rewrap(conn).unwrap(), 2);
    assert_eq!(tool.rewrap(conn).unwrap(), 0);
    // What a company seals for the first time after that is wrapped by a key that the server has not seen.
    let b = tenant(conn, "b");
    let later = tool.seal(conn, b, "x", b"2").unwrap();
    assert_eq!(running.open(conn, a, "x", &sealed).unwrap(), b"1");
    assert_eq!(running.open(conn, b, "x", &later).unwrap(), b"2");
    // The old key alone opens nothing any more, the new one alone everything.
    let old = Vault::new(vec![key(MASTER_KEY)]);
    assert!(old.open(conn, a, "x", &sealed).is_err());
    assert_eq!(old.check(conn).unwrap()[0].keys, 4);
    let new = Vault::new(vec![key(OTHER_KEY)]);
    assert_eq!(new.open(conn, a, "x", &sealed).unwrap(), b"1");
    assert!(new.check(conn).unwrap().is_empty());
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_renewed_key_seals_anew_and_the_old_one_still_opens() {
    let db = TestDb::new();
    let conn = &mut db.connect();
    let a = tenant(conn, "a");
    let vault = Vault::new(vec![key(MASTER_KEY)]);
    conn.batch_execute("CREATE TABLE safe (tenant_id uuid, id uuid, secret bytea)").unwrap();
    let ids: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    for id in &ids {
        let sealed = vault.seal(conn, a, &format!("safe:{id}"), id.as_bytes()).unwrap();
        put(conn, a, *id, &sealed);
    }
    let before = vault.seal(conn, a, "x", b"1").unwrap();
    vault.renew(conn, a).unwrap();
    assert_eq!(vault.open(conn, a, "x", &before).unwrap(), b"1");
    assert_ne!(vault.seal(conn, a, "x", b"1").unwrap()[1..17], before[1..17]);

    let column = SealedColumn { table: "safe", id: "id", column: "secret", context: "safe" };
    assert_eq!(column.reseal(&vault, conn, a, 3).unwrap(), 3);
    assert_eq!(column.reseal(&vault, conn, a, 3).unwrap(), 2);
    assert_eq!(column.reseal(&vault, conn, a, 3).unwrap(), 0);
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Binary)]
        secret: Vec<u8>,
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        id: Uuid,
    }
    let rows: Vec<Row> = sql_query("SELECT id, secret FROM safe").load(conn).unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        assert_ne!(row.secret[1..17], before[1..17]);
        assert_eq!(vault.open(conn, a, &format!("safe:{}", row.id), &row.secret).unwrap(), row.id.as_bytes());
    }
}

fn put(conn: &mut PgConnection, tenant: Uuid, id: Uuid, sealed: &[u8]) {
    sql_query("INSERT INTO safe VALUES ($1, $2, $3)")
        .bind::<diesel::sql_types::Uuid, _>(tenant)
        .bind::<diesel::sql_types::Uuid, _>(id)
        .bind::<diesel::sql_types::Binary, _>(sealed)
        .execute(conn)
        .unwrap();
}

#[test]
fn a_key_that_was_rolled_back_is_not_used_again() {
    use diesel::Connection;
    let db = TestDb::new();
    let conn = &mut db.connect();
    let a = tenant(conn, "a");
    let vault = Vault::new(vec![key(MASTER_KEY)]);
    let lost = conn.transaction::<(), _, _>(|conn| {
        vault.seal(conn, a, "x", b"1").unwrap();
        Err(diesel::result::Error::RollbackTransaction)
    });
    assert!(lost.is_err());
    let sealed = vault.seal(conn, a, "x", b"2").unwrap();
    assert_eq!(Vault::new(vec![key(MASTER_KEY)]).open(conn, a, "x", &sealed).unwrap(), b"2");
}

#[test]
fn a_data_key_moved_to_another_company_does_not_unwrap() {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let db = TestDb::new();
    let conn = &mut db.connect();
    let (a, b) = (tenant(conn, "a"), tenant(conn, "b"));
    let sealed = Vault::new(vec![key(MASTER_KEY)]).seal(conn, a, "x", b"1").unwrap();
    conn.batch_execute(&format!("UPDATE vault_keys SET tenant_id = '{b}'")).unwrap();
    assert!(Vault::new(vec![key(MASTER_KEY)]).open(conn, b, "x", &sealed).is_err());
    // What is kept of a key is not the key.
    let found: Found =
        sql_query("SELECT bool_or(encode(wrapped, 'hex') LIKE '%' || $1 || '%') AS found FROM vault_keys")
            .bind::<Text, _>(MASTER_KEY)
            .get_result(conn)
            .unwrap();
    assert!(!found.found);
}

#[test]
fn a_server_without_the_right_master_key_says_so_and_does_not_start() {
    let mut bench = Bench::new();
    let tenant = bench.system.tenant;
    bench.engine.vault().seal(&mut bench.conn, tenant, "x", b"1").unwrap();
    let url = bench.url().to_owned();
    let config = |key: &str| {
        let vars = [("DATABASE_URL", url.as_str()), ("KEZHAN_MASTER_KEY", key), ("HOME", "/nowhere")];
        Config::from_vars(&BTreeMap::from(vars.map(|(k, v)| (k.to_owned(), v.to_owned())))).unwrap()
    };
    let error = State::new(&config(OTHER_KEY), &url).err().unwrap().to_string();
    let fingerprint = key(MASTER_KEY).fingerprint().to_owned();
    assert!(error.contains(&format!("{fingerprint} (2 data keys)")), "{error}");
    assert!(!error.contains(OTHER_KEY), "{error}");
    config(&format!("{OTHER_KEY},{MASTER_KEY}")).vault().unwrap().rewrap(&mut bench.conn).unwrap();
    let vault = config(OTHER_KEY).vault().unwrap();
    config(OTHER_KEY).check_vault(&vault, &mut bench.conn).unwrap();
    assert!(
        Config::from_vars(&BTreeMap::from([
            ("HOME".to_owned(), "/nowhere".to_owned()),
            ("KEZHAN_MASTER_KEY".to_owned(), "a key that somebody thought up".to_owned())
        ]))
        .is_err()
    );
}

#[test]
fn the_command_line_makes_rotates_and_renews_keys() {
    let db = TestDb::new();
    let data = std::env::temp_dir().join(format!("kezhan-keys-{}", Uuid::now_v7()));
    let conn = &mut db.connect();
    let a = tenant(conn, "acme");
    let run = |args: &[&str]| {
        let output = process::command(&data).env("DATABASE_URL", db.url()).arg("keys").args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.success(), text)
    };
    assert!(run(&["list"]).0);
    let file = data.join("master.key");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = std::fs::read_to_string(&file).unwrap();
    let sealed = Vault::new(vec![key(&first)]).seal(conn, a, "x", b"1").unwrap();

    let (done, text) = run(&["rotate", "--new"]);
    assert!(done && text.contains("2 data key(s) wrapped anew"), "{text}");
    let both = std::fs::read_to_string(&file).unwrap();
    assert!(both.contains(first.trim()) && both.lines().count() == 2, "two keys, the new one first");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let new = both.lines().next().unwrap();
    assert_eq!(Vault::new(vec![key(new)]).open(conn, a, "x", &sealed).unwrap(), b"1");

    let (done, text) = run(&["renew", "--tenant", "acme"]);
    assert!(done && text.contains("acme: new data key"), "{text}");
    assert!(!run(&["renew", "--tenant", "nobody"]).0);
    let (_, text) = run(&["list"]);
    assert_eq!(text.matches("seal\tcurrent").count(), 1, "{text}");
    assert_eq!(text.matches("seal\told").count(), 1, "{text}");
    assert!(!text.contains(new) && text.contains(key(new).fingerprint()), "{text}");
    std::fs::remove_dir_all(data).unwrap();
}
