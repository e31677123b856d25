use super::*;
use std::os::unix::fs::PermissionsExt;

fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("kezhan-config-{}-{name}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn environment_beats_file_beats_default() {
    let dir = scratch("order");
    fs::write(dir.join("kezhan.toml"), "db_pool = 5\nlog = \"debug\"\nworker = false\n").unwrap();
    let config = Config::from_vars(&vars(&[("KEZHAN_DATA", dir.to_str().unwrap()), ("KEZHAN_LOG", "warn")])).unwrap();
    assert_eq!((config.db_pool, config.log.as_str(), config.worker), (5, "warn", false));
    assert_eq!(config.addr.port(), 8080);
    assert_eq!(config.files, dir.join("files"));
    let text = config.describe();
    assert!(text.contains("db_pool = 5  [file]"), "{text}");
    assert!(text.contains("log = warn  [environment]"), "{text}");
    assert!(text.contains("log_format = text  [default]"), "{text}");
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn secrets_are_masked() {
    let secret = "0123456789abcdef0123456789abcdef";
    let url = "postgres://u:hunter2@h/d";
    let config =
        Config::from_vars(&vars(&[("HOME", "/nowhere"), ("KEZHAN_JWT_SECRET", secret), ("DATABASE_URL", url)]))
            .unwrap();
    let text = config.describe();
    assert!(!text.contains(secret) && !text.contains("hunter2"), "{text}");
    assert_eq!(config.jwt_secret().unwrap(), secret);
}

#[test]
fn mistakes_are_named() {
    let error = |pairs: &[(&str, &str)]| {
        let mut all = vars(pairs);
        all.insert("HOME".into(), "/nowhere".into());
        Config::from_vars(&all).unwrap_err().to_string()
    };
    assert_eq!(error(&[("KEZHAN_DB_POOL", "many")]), "KEZHAN_DB_POOL: \"many\" is not a number from 1 to 1000");
    assert_eq!(error(&[("KEZHAN_DB_POOL", "0")]), "KEZHAN_DB_POOL: 0 is not a number from 1 to 1000");
    assert!(error(&[("KEZHAN_ADDR", "8080")]).starts_with("KEZHAN_ADDR: \"8080\" is not an address"));
    let wrong = error(&[("KEZHAN_PUBLIC_URL", "crm.example.com")]);
    assert_eq!(wrong, "KEZHAN_PUBLIC_URL: \"crm.example.com\" is not like https://crm.example.com");
    assert!(error(&[("KEZHAN_PUBLIC_URL", "https://example.com/crm")]).contains("is not like"));
    assert!(error(&[("KEZHAN_JWT_SECRET", "short")]).contains("at least 32"));
    let dir = scratch("mistakes");
    fs::write(dir.join("kezhan.toml"), "adress = \":1\"").unwrap();
    let text = error(&[("KEZHAN_DATA", dir.to_str().unwrap())]);
    assert!(text.ends_with("kezhan.toml: adress cannot be set here"), "{text}");
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_misspelt_variable_is_reported() {
    let config = Config::from_vars(&vars(&[("HOME", "/nowhere"), ("KEZHAN_ADRESS", "x")])).unwrap();
    assert_eq!(config.unknown_variables(), ["KEZHAN_ADRESS"]);
}

#[test]
fn the_secret_is_made_once_and_private() {
    let dir = scratch("secret").join("data");
    let config = Config::from_vars(&vars(&[("KEZHAN_DATA", dir.to_str().unwrap())])).unwrap();
    let first = config.jwt_secret().unwrap();
    assert_eq!(first.len(), 64);
    assert_eq!(config.jwt_secret().unwrap(), first);
    let mode = fs::metadata(dir.join("jwt.secret")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::remove_dir_all(dir.parent().unwrap()).unwrap();
}
