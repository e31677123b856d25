//! The installation survives what happens to installations.

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use kezhan_api::backup::{self, BackupError};
use kezhan_api::backup_cover::{Cover, Opening};
use kezhan_api::config::Config;
use kezhan_api::database;
use kezhan_api::embedded::Postgres;
use kezhan_tests::TestDb;
use kezhan_tests::postgres::scratch_cluster;
use kezhan_tests::process::{self, Process};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn count(connection: &mut PgConnection, table: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let row: Row = sql_query(format!("SELECT count(*) AS n FROM {table}")).get_result(connection).unwrap();
    row.n
}

fn kill_9(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    while fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|text| !text.is_empty()) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_killed_database_server_comes_back_with_its_data() {
    let options = scratch_cluster("kill");
    let mut postgres = Postgres::open(options.clone()).unwrap();
    let url = postgres.url();
    let mut connection = PgConnection::establish(&url).unwrap();
    connection.batch_execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n").unwrap();

    // Under a process that goes on: revived at the same address.
    kill_9(postgres.pid().unwrap());
    assert_eq!(postgres.pid(), None);
    assert!(postgres.revive().unwrap());
    assert!(!postgres.revive().unwrap());
    assert_eq!(postgres.url(), url);
    let mut connection = PgConnection::establish(&url).unwrap();
    assert_eq!(count(&mut connection, "t"), 1000);

    // Under nobody, its lock file left behind.
    kill_9(postgres.pid().unwrap());
    postgres.stop().unwrap();
    assert!(options.home.join("data/postmaster.pid").exists());
    let postgres = Postgres::open(options.clone()).unwrap();
    let mut connection = PgConnection::establish(&postgres.url()).unwrap();
    assert_eq!(count(&mut connection, "t"), 1000);
    drop(connection);
    assert!(postgres.remove().unwrap());
    assert!(!options.home.exists());
}

#[test]
fn a_running_server_is_adopted_and_stopped_by_its_last_user() {
    let options = scratch_cluster("adopt");
    let first = Postgres::open(options.clone()).unwrap();
    let pid = first.pid().unwrap();
    let second = Postgres::open(options.clone()).unwrap();
    assert_eq!(second.pid(), Some(pid));
    assert_eq!(second.url(), first.url());
    first.stop().unwrap();
    assert_eq!(second.pid(), Some(pid));
    second.stop().unwrap();
    assert!(!options.home.join("data/postmaster.pid").exists());
    fs::remove_dir_all(options.home).unwrap();
}

#[test]
fn the_password_is_asked_for_and_the_socket_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let options = scratch_cluster("closed");
    let postgres = Postgres::open(options.clone()).unwrap();
    let wrong = postgres.url().replacen("kezhan:", "kezhan:x", 1);
    assert!(PgConnection::establish(&wrong).is_err());
    for (name, mode) in [("data", 0o700), ("socket", 0o700), ("password", 0o600)] {
        let found = fs::metadata(options.home.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }
    assert!(postgres.remove().unwrap());
}

fn embedded_pid(data: &Path) -> Option<u32> {
    let text = fs::read_to_string(data.join("postgres/data/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

#[test]
fn the_server_starts_from_nothing_survives_a_kill_and_stops_all_that_it_started() {
    let place = Place::new("process");
    let healthy = |process: &Process| {
        let url = format!("{}/healthz", process.base());
        assert!(reqwest::blocking::get(url).unwrap().status().is_success());
    };
    let process = Process::start(&place.dir);
    healthy(&process);
    let database = embedded_pid(&place.dir).unwrap();
    assert!(!process.end("-9").success());

    // The database server is still there, and is taken over.
    let process = Process::start(&place.dir);
    healthy(&process);
    assert_eq!(embedded_pid(&place.dir), Some(database));
    assert!(process.end("-TERM").success());
    assert_eq!(embedded_pid(&place.dir), None);

    let process = Process::start(&place.dir);
    healthy(&process);
    assert!(process.end("-INT").success());
    assert_eq!(embedded_pid(&place.dir), None);
}

#[test]
fn the_program_explains_itself() {
    let place = Place::new("program");
    let output = process::command(&place.dir).env("KEZHAN_JWT_SECRET", "s".repeat(40)).arg("config").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.contains("jwt_secret = ********  [environment]") && !text.contains("ssss"), "{text}");
    let output = process::command(&place.dir).env("KEZHAN_DB_POOL", "none").arg("migrate").output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text, "kezhan: KEZHAN_DB_POOL: \"none\" is not a number from 1 to 1000\n");
}

struct Place {
    dir: PathBuf,
    config: Config,
}

impl Place {
    fn new(name: &str) -> Place {
        let dir = std::env::temp_dir().join(format!("kezhan-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let vars = BTreeMap::from([("KEZHAN_DATA".to_owned(), dir.to_str().unwrap().to_owned())]);
        Place { config: Config::from_vars(&vars).unwrap(), dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.config.files.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.dir).unwrap();
    }
}

fn table_names(connection: &mut PgConnection) -> i64 {
    count(connection, "information_schema.tables WHERE table_schema = 'public'")
}

#[test]
fn a_backup_goes_into_an_empty_installation_and_is_all_there() {
    let (from, to) = (TestDb::new(), TestDb::empty());
    let (old, new) = (Place::new("old"), Place::new("new"));
    let mut connection = from.connect();
    connection
        .batch_execute("CREATE TABLE proof AS SELECT n, '中文 ' || n AS t FROM generate_series(1, 50) n")
        .unwrap();
    let tables = table_names(&mut connection);
    let long = format!("ab/{}", "很长的名字".repeat(12));
    fs::create_dir_all(old.file("ab")).unwrap();
    fs::write(old.file("ab/one"), b"first").unwrap();
    fs::write(old.file(&long), vec![7; 3 << 20]).unwrap();

    let archive = old.dir.join("all.kezhan");
    let manifest = backup::backup(&old.config, from.url(), &archive, None).unwrap();
    assert_eq!(manifest.entries.len(), 3);
    assert_eq!(fs::read_dir(&old.dir).unwrap().count(), 2, "nothing is left beside the archive");
    backup::restore(&new.config, to.url(), &archive, false, &Opening::default()).unwrap();

    let mut connection = to.connect();
    assert_eq!(count(&mut connection, "proof WHERE t = '中文 ' || n"), 50);
    assert_eq!(table_names(&mut connection), tables);
    assert_eq!(database::applied_versions(&mut connection).unwrap(), database::known_versions().unwrap());
    assert_eq!(fs::read(new.file("ab/one")).unwrap(), b"first");
    assert_eq!(fs::read(new.file(&long)).unwrap().len(), 3 << 20);

    // Once there is something, only with force, and never under a server that runs.
    connection.batch_execute("DELETE FROM proof; CREATE TABLE stray (n int)").unwrap();
    fs::write(new.file("stray"), b"x").unwrap();
    let again = |force| backup::restore(&new.config, to.url(), &archive, force, &Opening::default());
    assert!(matches!(again(true), Err(BackupError::InUse(1))));
    drop(connection);
    assert!(matches!(again(false), Err(BackupError::NotEmpty)));
    again(true).unwrap();
    let mut connection = to.connect();
    assert_eq!(count(&mut connection, "proof"), 50);
    assert_eq!(table_names(&mut connection), tables);
    assert!(!new.file("stray").exists());
}

#[test]
fn a_damaged_archive_changes_nothing() {
    let (from, to) = (TestDb::new(), TestDb::empty());
    let place = Place::new("damaged");
    fs::create_dir_all(&place.config.files).unwrap();
    fs::write(place.file("one"), b"first").unwrap();
    let archive = place.dir.join("all.kezhan");
    backup::backup(&place.config, from.url(), &archive, None).unwrap();
    fs::remove_file(place.file("one")).unwrap();
    let good = fs::read(&archive).unwrap();

    let refused = |bytes: &[u8]| {
        fs::write(&archive, bytes).unwrap();
        let error = backup::restore(&place.config, to.url(), &archive, false, &Opening::default()).unwrap_err();
        assert!(matches!(error, BackupError::Damaged(..)), "{error}");
    };
    let mut flipped = good.clone();
    flipped[2000] ^= 1;
    refused(&flipped);
    refused(&good[..good.len() / 2]);
    refused(&good[..1024]);
    refused(b"not an archive");
    assert_eq!(table_names(&mut to.connect()), 0);
    assert!(!Path::new(&place.file("one")).exists());
    fs::write(&archive, &good).unwrap();
    backup::restore(&place.config, to.url(), &archive, false, &Opening::default()).unwrap();
    assert_eq!(fs::read(place.file("one")).unwrap(), b"first");
}

#[test]
fn migrating_from_empty_is_repeatable_and_safe_in_parallel() {
    let database = TestDb::empty();
    let applied: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| database::migrate(database.url()).unwrap().len())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    assert_eq!(applied, database::known_versions().unwrap().len());
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let database = TestDb::new();
    let sql = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231235959')";
    database.connect().batch_execute(sql).unwrap();
    let error = database::migrate(database.url()).unwrap_err().to_string();
    assert!(error.contains("newer version") && error.contains("99991231235959"), "{error}");
}

#[test]
fn an_encrypted_backup_opens_for_whom_it_was_made_and_for_nobody_else() {
    use age::secrecy::ExposeSecret;
    let from = TestDb::new();
    from.connect()
        .batch_execute("INSERT INTO tenants (id, key, name) VALUES (gen_random_uuid(), 'geheim', 'x')")
        .unwrap();
    let place = Place::new("cover");
    fs::create_dir_all(&place.config.files).unwrap();
    fs::write(place.config.files.join("a.txt"), "ein Brief").unwrap();
    let archive = place.dir.join("backup.age");
    let key = age::x25519::Identity::generate();
    let file = place.dir.join("key.txt");
    fs::write(&file, key.to_string().expose_secret()).unwrap();
    let cover = Cover::recipients(&[key.to_public().to_string()]).unwrap();
    backup::backup(&place.config, from.url(), &archive, Some(&cover)).unwrap();
    let bytes = fs::read(&archive).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/"));
    for clear in ["geheim", "ein Brief", "manifest.json", "PGDMP"] {
        assert!(!bytes.windows(clear.len()).any(|w| w == clear.as_bytes()), "{clear}");
    }
    let stray =
        fs::read_dir(&place.config.data).unwrap().flatten().any(|e| e.path().extension().is_some_and(|x| x == "dump"));
    assert!(!stray, "the dump is cleared away");

    let other = place.dir.join("other.txt");
    fs::write(&other, age::x25519::Identity::generate().to_string().expose_secret()).unwrap();
    let wrong = [Opening::default(), Opening::passphrase("a guess of mine"), Opening::identities(&other).unwrap()];
    for opening in &wrong {
        backup::verify(&archive, opening).unwrap_err();
    }
    let opening = Opening::identities(&file).unwrap();
    backup::verify(&archive, &opening).unwrap();
    // A bit of it, and an end that is missing.
    let bent = place.dir.join("bent.age");
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for damaged in [changed, bytes[..bytes.len() - 1].to_vec()] {
        fs::write(&bent, damaged).unwrap();
        backup::verify(&bent, &opening).unwrap_err();
    }
    let to = TestDb::new();
    backup::restore(&place.config, to.url(), &archive, true, &opening).unwrap();
    assert_eq!(count(&mut to.connect(), "tenants WHERE key = 'geheim'"), 1);
    assert_eq!(fs::read_to_string(place.config.files.join("a.txt")).unwrap(), "ein Brief");
}

#[test]
fn a_backup_under_a_passphrase_is_made_and_opened_on_the_command_line() {
    use std::io::Write;
    use std::process::Stdio;
    let (from, to) = (TestDb::new(), TestDb::new());
    let data = std::env::temp_dir().join(format!("kezhan-cover-{}", uuid::Uuid::now_v7()));
    fs::create_dir_all(&data).unwrap();
    let archive = data.join("b.age");
    let run = |url: &str, args: &[&str], typed: &str| {
        let mut command = process::command(&data);
        command.env("DATABASE_URL", url).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{typed}").unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let path = archive.to_str().unwrap();
    let (done, text) = run(from.url(), &["backup", "--encrypt", path], "short");
    assert!(!done && text.contains("at least 12"), "{text}");
    let (done, text) = run(from.url(), &["backup", "--encrypt", path], "correct horse battery");
    assert!(done, "{text}");
    let (done, _) = run(to.url(), &["restore", "--force", path], "wrong horse battery");
    assert!(!done);
    let (done, text) = run(to.url(), &["restore", "--force", path], "correct horse battery");
    assert!(done, "{text}");
    fs::remove_dir_all(data).unwrap();
}
