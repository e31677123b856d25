//! The company that works with the records: departments, people, roles, and what they sell.

use super::copy::Copy;
use super::dice::{Dice, Kind, id, time};
use super::names::Names;
use kezhan_engine::search::keys::SearchPart;
use serde_json::json;
use std::path::Path;
use uuid::Uuid;

pub const DEPARTMENTS: u64 = 50;
pub const USERS: u64 = 2_000;
pub const STAGES: u64 = 6;
pub const PRODUCTS: u64 = 40;
const REGIONS: u64 = 7;
/// Regions and the head office come before the teams.
pub const TEAMS_FROM: u64 = REGIONS + 1;

/// Who reaches how far: the user of that number has this name and role.
pub const ADMIN: (u64, &str) = (0, "admin");
pub const LEADER: (u64, &str) = (1, "leader");
pub const MEMBER: (u64, &str) = (60, "member");
/// Sees what meets a condition, besides their own.
pub const SELECTIVE: (u64, &str) = (61, "u61");
/// Sees their own and what they were invited to: records one by one, and some through their department.
pub const GUEST: (u64, &str) = (62, "u62");
pub const WHO: [(u64, &str); 5] = [ADMIN, LEADER, MEMBER, SELECTIVE, GUEST];
const INVITED: u64 = 400;
/// Records that somebody who is in teams is let into.
const TEAMS: u64 = 20;

pub fn tenant() -> Uuid {
    id(Kind::Tenant, 0, 1)
}

pub fn user(n: u64) -> Uuid {
    id(Kind::User, n, USERS)
}

pub fn department(n: u64) -> Uuid {
    id(Kind::Department, n, DEPARTMENTS)
}

/// The first users lead one department each; the rest belong to teams.
pub fn department_of(user: u64) -> u64 {
    if user < DEPARTMENTS { user } else { TEAMS_FROM + user % (DEPARTMENTS - TEAMS_FROM) }
}

fn parent_of(department: u64) -> Option<u64> {
    match department {
        0 => None,
        region if region < TEAMS_FROM => Some(0),
        team => Some(1 + team % REGIONS),
    }
}

/// A salesperson; some have many more customers than others.
pub fn salesperson(dice: &mut Dice) -> u64 {
    let (a, b) = (dice.below(USERS - DEPARTMENTS), dice.below(USERS - DEPARTMENTS));
    DEPARTMENTS + if dice.percent(30) { a.min(b) } else { a }
}

pub fn stage(n: u64) -> Uuid {
    id(Kind::Stage, n, STAGES)
}

pub fn pipeline() -> Uuid {
    id(Kind::Pipeline, 0, 1)
}

pub fn product(n: u64) -> Uuid {
    id(Kind::Product, n, PRODUCTS)
}

/// Outcome and chance of winning of a stage.
pub fn outcome(stage: u64) -> (&'static str, u32) {
    [("open", 10), ("open", 30), ("open", 60), ("open", 80), ("won", 100), ("lost", 0)][stage as usize]
}

fn role(scope: &str) -> serde_json::Value {
    let actions = ["read", "create", "edit", "delete", "export", "import", "configure"];
    let all = |scope: &str| actions.iter().map(|a| ((*a).to_owned(), json!(scope))).collect::<serde_json::Map<_, _>>();
    json!({ "*": all(scope) })
}

pub fn fill(bin: &Path, url: &str, names: &Names) {
    let at = time(1_609_459_200_000);
    let tenant = tenant();
    let table = |table: &str, columns: &str| {
        Copy::start(bin, url, table, &format!("tenant_id, {columns}, search_text, search_pairs"))
    };

    let mut copy = Copy::start(bin, url, "tenants", "id, key, name");
    copy.put(tenant).put("bench").put("Bench").end_row();
    copy.finish();

    let mut copy = table("roles", "id, name, grants");
    for (n, (name, scope)) in
        [("all", "all"), ("branch", "department_and_below"), ("team", "department")].iter().enumerate()
    {
        copy.put(tenant).put(id(Kind::Role, n as u64, 3)).put(name).text(&role(scope).to_string());
        copy.search(&[SearchPart::Name(name)]).end_row();
    }
    copy.finish();

    let mut copy = table("departments", "id, name, parent_id, manager_id, created_at");
    for n in 0..DEPARTMENTS {
        let name = match n {
            0 => "总公司".to_owned(),
            region if region < TEAMS_FROM => format!("第{region}大区"),
            team => format!("第{team}销售部"),
        };
        let parent = parent_of(n).map(department);
        copy.put(tenant).put(department(n)).put(&name).maybe(parent).put(user(n)).time(at);
        copy.search(&[SearchPart::Name(&name)]).end_row();
    }
    copy.finish();

    let columns = "id, name, username, home_department_id, manager_id, role_id, status, created_at";
    let mut copy = table("users", columns);
    for n in 0..USERS {
        let name = names.person(&mut Dice::of(Kind::User, n));
        let username = match n {
            n if n == ADMIN.0 => ADMIN.1.to_owned(),
            n if n == LEADER.0 => LEADER.1.to_owned(),
            n if n == MEMBER.0 => MEMBER.1.to_owned(),
            n => format!("u{n}"),
        };
        let home = department_of(n);
        let manager = if n < DEPARTMENTS { parent_of(home) } else { Some(home) };
        let role = if n == 0 {
            0
        } else if n < DEPARTMENTS {
            1
        } else {
            2
        };
        copy.put(tenant).put(user(n)).text(&name).put(&username).put(department(home)).maybe(manager.map(user));
        copy.put(id(Kind::Role, role, 3)).put("active").time(at);
        copy.search(&[SearchPart::Name(&name), SearchPart::Code(&username)]).end_row();
    }
    copy.finish();

    let mut copy = table("pipelines", "id, name, is_default, sort_order, created_at");
    copy.put(tenant).put(pipeline()).put("标准流程").put("t").put(0).time(at);
    copy.search(&[SearchPart::Name("标准流程")]).end_row();
    copy.finish();

    let columns = "id, name, pipeline_id, outcome, probability, sort_order, created_at";
    let mut copy = table("stages", columns);
    for (n, name) in (0..).zip(["初步接洽", "需求确认", "方案报价", "商务谈判", "赢单", "输单"]) {
        let (outcome, chance) = outcome(n);
        copy.put(tenant).put(stage(n)).put(name).put(pipeline()).put(outcome).put(chance).put(n).time(at);
        copy.search(&[SearchPart::Name(name)]).end_row();
    }
    copy.finish();

    let mut copy = table("products", "id, name, code, price, currency, created_at");
    for n in 0..PRODUCTS {
        let name = product_name(n);
        let code = format!("P{n:03}");
        copy.put(tenant).put(product(n)).put(&name).put(&code).put(500 + n * 731).put("CNY").time(at);
        copy.search(&[SearchPart::Name(&name), SearchPart::Code(&code)]).end_row();
    }
    copy.finish();
}

/// Roles beyond the seeded ones, and records opened to others: told apart from the rows, so that adding to them does
/// not mean seeding anew.
pub fn grant(conn: &mut diesel::PgConnection) {
    use diesel::connection::SimpleConnection;
    let tenant = tenant();
    let own = || role("self")["*"].clone();
    let wanted = json!({ "and": [
        { "field": "city", "op": "eq", "value": "上海" }, { "field": "level", "op": "eq", "value": "a" },
    ] });
    let mut selective = own();
    selective["read"] = json!({ "when": wanted });
    let mut sql = String::new();
    let selective = json!({ "*": own(), "account": selective });
    for (n, name, who, grants) in [(10, "selective", SELECTIVE, selective), (11, "guest", GUEST, json!({ "*": own() }))]
    {
        let role = id(Kind::Role, n, 12);
        sql.push_str(&format!(
            "INSERT INTO roles (tenant_id, id, name, grants) VALUES ('{tenant}', '{role}', '{name}', '{grants}') \
                 ON CONFLICT (tenant_id, id) DO UPDATE SET grants = excluded.grants; \
             UPDATE users SET role_id = '{role}' WHERE tenant_id = '{tenant}' AND id = '{}';",
            user(who.0)
        ));
    }
    // One in four is in some teams.
    let members: Vec<String> = (0..USERS).filter(|n| n % 4 == 2).map(|n| format!("'{}'", user(n))).collect();
    sql.push_str(&format!(
        "INSERT INTO record_members (tenant_id, id, object, record, host_created_at, user_id, principal) \
         SELECT a.tenant_id, md5('m' || a.id)::uuid, 'account', a.id::text, a.created_at, m.ids[n % {0} + 1], m.ids[n % {0} + 1]::text \
         FROM (SELECT ARRAY[{1}]::uuid[] AS ids) m, \
              (SELECT tenant_id, id, created_at, (row_number() OVER (ORDER BY md5('m' || id)))::integer AS n FROM accounts \
               WHERE tenant_id = '{tenant}' AND deleted_at IS NULL \
               ORDER BY md5('m' || id) LIMIT {2}) a \
         ON CONFLICT (tenant_id, id) DO UPDATE SET host_created_at = excluded.host_created_at;",
        members.len(),
        members.join(", "),
        members.len() as u64 * TEAMS,
    ));
    // Every other one through the department.
    let (guest, home) = (user(GUEST.0), department(department_of(GUEST.0)));
    sql.push_str(&format!(
        "INSERT INTO record_members (tenant_id, id, object, record, host_created_at, user_id, unit_id, principal) \
         SELECT a.tenant_id, md5(a.id::text)::uuid, 'account', a.id::text, a.created_at, \
             CASE WHEN n % 2 = 0 THEN '{guest}'::uuid END, CASE WHEN n % 2 = 1 THEN '{home}'::uuid END, \
             CASE WHEN n % 2 = 0 THEN '{guest}' ELSE '{home}' END \
         FROM (SELECT tenant_id, id, created_at, row_number() OVER () AS n FROM accounts \
               WHERE tenant_id = '{tenant}' AND department_id <> '{home}' AND deleted_at IS NULL \
               ORDER BY md5(id::text) LIMIT {INVITED}) a \
         ON CONFLICT (tenant_id, id) DO UPDATE SET host_created_at = excluded.host_created_at; \
         UPDATE tenants SET access_epoch = access_epoch + 1 WHERE id = '{tenant}';"
    ));
    conn.batch_execute(&sql).unwrap();
    conn.batch_execute("VACUUM ANALYZE record_members, inherited_members").unwrap();
}

pub fn product_name(n: u64) -> String {
    let lines = ["云平台", "数据网关", "智能终端", "运维服务", "安全套件"];
    format!("{}{}型", lines[(n % 5) as usize], 1 + n / 5)
}
