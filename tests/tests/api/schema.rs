//! The database against the declarations: what the compiler does not check because the engine prints its SQL.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use kezhan_engine::ddl;
use kezhan_meta::{FieldMeta, FieldType, Label, ObjectMeta, Rule, Storage};
use kezhan_tests::TestDb;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Standard objects and the table that custom ones share.
fn objects() -> Vec<ObjectMeta> {
    let custom = ObjectMeta::custom(
        "custom_record".into(),
        "custom_records".into(),
        Label::default(),
        Label::default(),
        Vec::new(),
    );
    kezhan_domain::standard().objects().map(|o| (**o).clone()).chain([custom]).collect()
}

#[derive(QueryableByName, Debug, PartialEq, Eq)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql_type: String,
    #[diesel(sql_type = Bool)]
    not_null: bool,
    #[diesel(sql_type = Nullable<Text>)]
    collation: Option<String>,
    #[diesel(sql_type = Bool)]
    has_default: bool,
}

fn columns(db: &mut PgConnection, table: &str) -> Vec<ColumnRow> {
    sql_query(
        "SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS sql_type, a.attnotnull AS not_null, \
         (SELECT c.collname::text FROM pg_collation c WHERE c.oid = a.attcollation AND c.collname <> 'default') \
         AS collation, a.atthasdef AS has_default \
         FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped \
         ORDER BY a.attname",
    )
    .bind::<Text, _>(table)
    .load(db)
    .unwrap()
}

#[test]
fn columns_are_as_declared() {
    let db = TestDb::new();
    let mut db = db.connect();
    for object in objects() {
        let mut declared: Vec<ColumnRow> = ddl::columns(&object)
            .into_iter()
            .map(|c| ColumnRow {
                name: c.name,
                sql_type: c.sql_type,
                not_null: c.not_null,
                collation: c.collation.map(str::to_owned),
                has_default: c.default.is_some(),
            })
            .collect();
        declared.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(columns(&mut db, &object.table), declared, "columns of {}", object.table);
    }
}

#[derive(QueryableByName, Debug)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    /// `p` primary, `u` unique, `f` foreign.
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Array<Text>)]
    columns: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    target: Option<String>,
}

fn constraints(db: &mut PgConnection) -> Vec<KeyRow> {
    sql_query(
        "SELECT r.relname::text AS table_name, c.conname::text AS name, c.contype::text AS kind, \
         ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(n, at) \
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.at) AS columns, \
         f.relname::text AS target \
         FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid LEFT JOIN pg_class f ON f.oid = c.confrelid \
         WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f') ORDER BY 1, 2",
    )
    .load(db)
    .unwrap()
}

#[test]
fn references_have_foreign_keys() {
    let db = TestDb::new();
    let found = constraints(&mut db.connect());
    for object in objects() {
        let declared: BTreeSet<(String, String)> = ddl::references(&object)
            .into_iter()
            .map(|key| {
                let target = kezhan_domain::standard().get(&key.target).unwrap().table.to_string();
                (key.column, target)
            })
            .collect();
        let actual: BTreeSet<(String, String)> = found
            .iter()
            .filter(|key| key.kind == "f" && key.table_name == object.table)
            .map(|key| {
                assert_eq!(key.columns.len(), 2, "{}", key.name);
                (key.columns[1].clone(), key.target.clone().unwrap())
            })
            .collect();
        assert_eq!(actual, declared, "foreign keys of {}", object.table);
    }
}

/// Tables that belong to the installation, not to a tenant.
const SHARED: [&str; 8] = [
    "tenants",
    "__diesel_schema_migrations",
    "hanging_objects",
    "host_administrators",
    "host_recovery_codes",
    "host_sessions",
    "host_totp_factors",
    "host_trail",
];

#[test]
fn every_key_starts_with_the_tenant() {
    let db = TestDb::new();
    let mut db = db.connect();
    for key in constraints(&mut db).iter().filter(|key| !SHARED.contains(&key.table_name.as_str())) {
        let to_tenant = key.target.as_deref() == Some("tenants") && key.columns == ["tenant_id"];
        assert_eq!(key.columns[0], "tenant_id", "{} of {}", key.name, key.table_name);
        assert!(to_tenant || key.columns.len() > 1, "{} of {}", key.name, key.table_name);
    }
    for index in index_rows(&mut db).iter().filter(|index| !SHARED.contains(&index.table_name.as_str())) {
        assert!(!index.is_unique || index.keys[0] == "tenant_id", "{} of {}", index.name, index.table_name);
    }
}

#[derive(QueryableByName, Debug)]
struct IndexRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_unique: bool,
    #[diesel(sql_type = Bool)]
    is_gin: bool,
    /// Columns with their direction, as PostgreSQL prints them.
    #[diesel(sql_type = Array<Text>)]
    keys: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    predicate: Option<String>,
}

fn index_rows(db: &mut PgConnection) -> Vec<IndexRow> {
    sql_query(
        "SELECT r.relname::text AS table_name, i.relname::text AS name, x.indisunique AS is_unique, \
         m.amname = 'gin' AS is_gin, \
         ARRAY(SELECT pg_get_indexdef(x.indexrelid, n, true) || \
               CASE WHEN x.indoption[n - 1] & 2 = 2 THEN ' NULLS FIRST' ELSE '' END \
               FROM generate_series(1, x.indnkeyatts::int) n ORDER BY n) AS keys, \
         pg_get_expr(x.indpred, x.indrelid) AS predicate \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class r ON r.oid = x.indrelid \
         JOIN pg_am m ON m.oid = i.relam WHERE r.relnamespace = 'public'::regnamespace AND x.indisvalid ORDER BY 1, 2",
    )
    .load(db)
    .unwrap()
}

#[test]
fn indexes_are_as_declared() {
    let db = TestDb::new();
    let mut found: BTreeMap<String, BTreeMap<String, IndexRow>> = BTreeMap::new();
    for row in index_rows(&mut db.connect()) {
        found.entry(row.table_name.clone()).or_default().insert(row.name.clone(), row);
    }
    for object in objects() {
        let mut actual = found.remove(object.table.as_ref()).unwrap_or_default();
        for index in ddl::indexes(&object) {
            let row = actual.remove(&index.name).unwrap_or_else(|| panic!("{} is missing", index.name));
            assert_eq!((row.is_unique, row.is_gin), (index.unique, index.gin), "{}", index.name);
            assert_eq!(row.keys, index.keys, "{}", index.name);
            assert_eq!(
                row.predicate,
                index.predicate.map(|p| if p.contains(' ') { format!("({p})") } else { p }),
                "{}",
                index.name
            );
        }
        assert_eq!(actual.keys().collect::<Vec<_>>(), [&format!("{}_pkey", object.table)], "{}", object.table);
    }
}

/// Fields by which lists are filtered are served by an index: those with an order by one of their own, words out of few
/// by the search index.
#[test]
fn every_indexed_field_is_served_by_an_index() {
    for object in objects() {
        let indexes = ddl::indexes(&object);
        let skip = if object.custom { 2 } else { 1 };
        let leads = |index: &ddl::Index, column: &str| {
            !index.gin && index.keys[skip].trim_end_matches(" NULLS FIRST") == column
        };
        let holds = |index: &ddl::Index, column: &str| index.gin && index.keys.iter().any(|key| key == column);
        for field in object.fields.iter().filter(|f| f.indexed && f.key != "id") {
            let Storage::Column(column) = &field.storage else { continue };
            let served = match ddl::way(&object, field) {
                ddl::Way::None => false,
                ddl::Way::Sealed => indexes.iter().any(|i| leads(i, &format!("sealed_index({column})"))),
                ddl::Way::Key => indexes.iter().any(|i| i.keys.iter().any(|key| key == column.as_ref())),
                ddl::Way::Value | ddl::Way::Members => indexes.iter().any(|i| holds(i, column)),
                _ => indexes.iter().any(|i| leads(i, column)),
            };
            assert!(served, "{}.{}", object.name, field.key);
        }
    }
}

/// Values that a filter by several of them, in a department, must find in one look.
#[test]
fn few_valued_fields_share_the_search_index() {
    let account = kezhan_domain::standard().get("account").unwrap();
    let search = ddl::indexes(account).into_iter().find(|i| i.name == "accounts_search_idx").unwrap();
    for column in ["search_pairs", "department_id", "owner_id", "level", "industry", "tags", "city"] {
        assert!(search.keys.iter().any(|key| key == column), "{column}");
    }
    for column in ["name", "annual_revenue", "created_at", "email", "phone_e164"] {
        assert_eq!(ddl::way(account, account.field(column).unwrap()), ddl::Way::Order, "{column}");
    }
}

#[test]
fn names_fit_and_differ() {
    let mut seen = BTreeSet::new();
    for object in objects() {
        for index in ddl::indexes(&object) {
            assert!(index.name.len() <= 63, "{}", index.name);
            assert!(seen.insert(index.name.clone()), "{} twice", index.name);
        }
    }
    let long =
        FieldMeta::new("a_field_with_a_key_that_is_as_long_as_a_key_can_be", Label::new("", ""), FieldType::Text);
    let account = kezhan_domain::standard().get("account").unwrap();
    let name = ddl::field_index_name(Uuid::nil(), account, &long.key);
    assert!(name.len() <= 63, "{name}");
}

/// A custom field of any type can be indexed, values in their canonical form pass its casts, and another tenant's
/// values of the same key are none of its business.
#[test]
fn custom_fields_are_indexed_by_type() {
    let db = TestDb::new();
    let mut db = db.connect();
    let (tenant, other) = (Uuid::now_v7(), Uuid::now_v7());
    let options = vec![kezhan_meta::Choice::new("red", "红", "Red", kezhan_meta::Tone::Danger)];
    let samples = [
        (FieldType::Text, r#""text""#),
        (FieldType::Phone, r#""13800138000""#),
        (FieldType::Choice { options: options.clone().into() }, r#""red""#),
        (FieldType::Integer, "-42"),
        (FieldType::Decimal { scale: 2 }, r#""-12.50""#),
        (FieldType::Money, r#""1000.5""#),
        (FieldType::Boolean, "true"),
        (FieldType::Date, r#""2026-02-28""#),
        (FieldType::DateTime, r#""2026-02-28T23:59:59.123456Z""#),
        (FieldType::Reference { to: "account".into() }, r#""018f0000-0000-7000-8000-000000000000""#),
        (FieldType::Tags, r#"["a","b"]"#),
        (FieldType::MultiChoice { options: options.into() }, r#"["red"]"#),
    ];
    for shared in objects().iter().filter(|o| o.name == "account" || o.custom) {
        let object = if shared.custom { ", object" } else { "" };
        let name = if shared.custom { ", 'custom_record'" } else { "" };
        let title = if shared.custom { "" } else { ", name, deal_status" };
        let value = if shared.custom { "" } else { ", 'x', 'won'" };
        for (n, (kind, sample)) in samples.iter().enumerate() {
            let field = FieldMeta {
                key: format!("field_{n}").into(),
                storage: Storage::Custom,
                indexed: true,
                rules: Vec::<Rule>::new().into(),
                ..FieldMeta::new("", Label::new("", ""), kind.clone())
            };
            let index = ddl::field_index(tenant, shared, &field).unwrap();
            let row = |tenant: Uuid, json: &str| {
                format!(
                    "INSERT INTO {} (tenant_id, id, custom{object}{title}) \
                     VALUES ('{tenant}', gen_random_uuid(), '{{\"field_{n}\": {json}}}'{name}{value})",
                    shared.table
                )
            };
            db.batch_execute(&row(other, r#""something else""#)).unwrap();
            db.batch_execute(&row(tenant, sample)).unwrap();
            db.batch_execute(&index).unwrap_or_else(|e| panic!("{index}: {e}"));
            db.batch_execute(&row(tenant, sample)).unwrap_or_else(|e| panic!("{index}: {e}"));
            db.batch_execute(&row(other, r#""something else""#)).unwrap();
            let drop = format!("DROP INDEX {}", ddl::field_index_name(tenant, shared, &field.key));
            db.batch_execute(&drop).unwrap();
        }
    }
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Everything that a migration can make, by kind and name.
fn inventory(db: &mut PgConnection) -> BTreeSet<String> {
    let rows: Vec<Name> = sql_query(
        "SELECT 'relation ' || relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace \
         UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
         UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
         UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname FROM pg_attribute \
           JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
           AND attnum > 0 AND NOT attisdropped",
    )
    .load(db)
    .unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn what_hangs_on_records_is_known_to_the_database() {
    let db = TestDb::new();
    let mut db = db.connect();
    let catalog = kezhan_domain::standard();
    let declared: BTreeSet<String> = catalog
        .objects()
        .filter_map(|object| {
            let (field, host) = object.hangs_by()?;
            let Storage::Column(link) = &field.storage else { panic!("{} hangs by no column", object.name) };
            let host = catalog.get(host).unwrap();
            Some(format!("{} {} {link} {} {}", object.table, object.name, host.table, host.name))
        })
        .collect();
    let rows: Vec<Name> = sql_query(
        "SELECT concat_ws(' ', child, child_object, link, host, host_object) AS name FROM hanging_objects h \
         WHERE (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = h.child AND t.tgname LIKE 'inherit\\_%') = 3 \
         AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = h.host AND t.tgname = 'spread_life')",
    )
    .load(&mut db)
    .unwrap();
    assert_eq!(rows.into_iter().map(|row| row.name).collect::<BTreeSet<_>>(), declared);
}

/// All migrations, in order.
fn migrations() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut all: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    all.sort();
    all
}

#[test]
fn every_migration_goes_back() {
    let migrations = migrations();
    let db = TestDb::empty();
    let mut db = db.connect();
    let mut before = Vec::new();
    for migration in &migrations {
        before.push(inventory(&mut db));
        db.batch_execute(&fs::read_to_string(migration.join("up.sql")).unwrap()).unwrap();
    }
    for (migration, before) in migrations.iter().zip(before).rev() {
        db.batch_execute(&fs::read_to_string(migration.join("down.sql")).unwrap()).unwrap();
        assert_eq!(inventory(&mut db), before, "{} leaves something behind", migration.display());
    }
}

#[derive(QueryableByName)]
struct Pairs {
    #[diesel(sql_type = Array<Integer>)]
    pairs: Vec<i32>,
}

/// Whatever state a company's database was left in by an earlier release, it comes forward with what it holds. Schemas
/// from all states go through the same statements in the same order, so one database takes them one by one, with a
/// record from each state; the program itself is let loose on some of those states, the latest above all.
#[test]
fn every_released_schema_moves_forward_with_its_records() {
    let migrations = migrations();
    let fresh = {
        let db = TestDb::new();
        inventory(&mut db.connect())
    };
    let all = migrations.len();
    let mut states: Vec<usize> = (0..all).step_by(10).chain(all - 3..=all).collect();
    states.dedup();
    for state in states {
        let database = TestDb::empty();
        let mut db = database.connect();
        db.batch_execute(
            "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, \
             run_on timestamp NOT NULL DEFAULT now())",
        )
        .unwrap();
        let text = "鑫茂科技 xm\nab 𠮷野家";
        let mut records = 0;
        let last = state == all;
        for (at, migration) in migrations[..state].iter().enumerate() {
            db.batch_execute(&fs::read_to_string(migration.join("up.sql")).unwrap()).unwrap();
            let name = migration.file_name().unwrap().to_str().unwrap();
            let version = name.split('_').next().unwrap().replace('-', "");
            sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ($1)")
                .bind::<Text, _>(version)
                .execute(&mut db)
                .unwrap();
            let before = columns(&mut db, "accounts");
            let holds_accounts = !before.is_empty() && before.iter().all(|c| c.name != "search_pairs");
            if holds_accounts && (last || at + 1 == state) {
                sql_query("INSERT INTO accounts (tenant_id, id, name, search_text) VALUES ($1, $1, '鑫茂', $2)")
                    .bind::<diesel::sql_types::Uuid, _>(Uuid::now_v7())
                    .bind::<Text, _>(text)
                    .execute(&mut db)
                    .unwrap();
                records += 1;
            }
        }
        kezhan_api::database::migrate(database.url()).unwrap();
        assert_eq!(inventory(&mut db), fresh, "from the state after {state} migrations");
        if last {
            assert!(records > 0, "there were states without the pairs of the search");
        }
        if records > 0 {
            let found: Vec<Pairs> = sql_query("SELECT search_pairs AS pairs FROM accounts").load(&mut db).unwrap();
            assert_eq!(found.len(), records);
            assert!(found.iter().all(|row| row.pairs == kezhan_engine::search::keys::pairs(text)));
        }
    }
}
