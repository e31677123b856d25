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

pub fn product_name(n: u64) -> String {
    let lines = ["云平台", "数据网关", "智能终端", "运维服务", "安全套件"];
    format!("{}{}型", lines[(n % 5) as usize], 1 + n / 5)
}
