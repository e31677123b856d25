//! The engine on a fresh database, without HTTP in between.

use crate::TestDb;
use diesel::{Connection, PgConnection, RunQueryDsl};
use kezhan_engine::{Access, Action, Caller, Channel, DataScope, Engine, Origin};
use kezhan_meta::{Lang, ObjectMeta, Record};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// An engine, a connection and a tenant whose system may do everything.
pub struct Bench {
    pub engine: Engine,
    pub conn: PgConnection,
    pub system: Caller,
    db: TestDb,
}

impl Default for Bench {
    fn default() -> Self {
        Bench::new()
    }
}

impl Bench {
    pub fn new() -> Bench {
        let db = TestDb::new();
        let mut conn = PgConnection::establish(db.url()).unwrap();
        let engine = crate::sealing_engine();
        let tenant = Uuid::now_v7();
        diesel::sql_query("INSERT INTO tenants (id, key, name) VALUES ($1, 'test', 'Test')")
            .bind::<diesel::sql_types::Uuid, _>(tenant)
            .execute(&mut conn)
            .unwrap();
        let catalog = engine.catalog(&mut conn, tenant).unwrap();
        let system = Caller {
            tenant,
            user: None,
            viewer: None,
            department: None,
            channel: Channel::System,
            origin: Origin::default(),
            request_id: "test".into(),
            lang: Lang::En,
            offset_minutes: 480,
            access: Arc::new(Access::unrestricted()),
            derived: false,
            catalog,
        };
        Bench { engine, conn, system, db }
    }

    pub fn url(&self) -> &str {
        self.db.url()
    }

    pub fn object(&self, name: &str) -> Arc<ObjectMeta> {
        self.system.catalog.get(name).unwrap_or_else(|| panic!("no object {name}")).clone()
    }

    /// The tenant's objects as they are defined now.
    pub fn reload(&mut self) {
        self.system.catalog = self.engine.catalog(&mut self.conn, self.system.tenant).unwrap();
    }

    pub fn create(&mut self, object: &str, record: Value) -> Uuid {
        let system = self.system.clone();
        self.create_as(&system, object, record)
    }

    pub fn create_as(&mut self, caller: &Caller, object: &str, record: Value) -> Uuid {
        let meta = self.object(object);
        let record = record.as_object().cloned().unwrap();
        match self.engine.create(&mut self.conn, caller, &meta, record) {
            Ok(written) => written.id,
            Err(error) => panic!("{object}: {error}"),
        }
    }

    /// To the recycle bin.
    pub fn delete(&mut self, object: &str, id: Uuid) {
        let meta = self.object(object);
        self.engine.delete(&mut self.conn, &self.system, &meta, id, None).unwrap();
    }

    pub fn fetch(&mut self, object: &str, id: Uuid) -> Record {
        let meta = self.object(object);
        self.engine.fetch(&mut self.conn, &self.system, &meta, id).unwrap().unwrap()
    }

    /// A user of a department with one data scope on every object.
    pub fn member(&mut self, name: &str, department: Option<Uuid>, scope: DataScope) -> Caller {
        let mut user = serde_json::json!({ "name": name, "username": name, "status": "active" });
        if let Some(department) = department {
            user["home_department"] = department.to_string().into();
        }
        let id = self.create("user", user);
        let actions = Action::ALL.into_iter().map(|a| (a, scope.clone())).collect();
        let mut access = Access::default();
        access.grants.insert("*".to_owned(), actions);
        access.user = Some(id);
        access.principals = std::iter::once(id).chain(department).collect();
        access.department = department;
        access.subordinates = vec![id];
        access.departments = department.into_iter().collect();
        Caller { user: Some(id), department, access: Arc::new(access), channel: Channel::Api, ..self.system.clone() }
    }
}
