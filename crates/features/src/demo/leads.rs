//! Those who may become customers.

use super::customers::{Customer, SOURCES, mobile};
use super::names::{Names, Origin};
use super::places::PLACES;
use super::staff::{Member, Staff};
use super::world::World;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

const LEADS: i64 = 120;

pub struct Lead {
    pub id: Uuid,
    pub call: String,
    pub status: &'static str,
    pub since: DateTime<Utc>,
    pub owner: Member,
}

const COMPANIES: [(&str, &str); 12] = [
    ("精工机械厂", "manufacturing"),
    ("五金塑胶制品厂", "manufacturing"),
    ("电子有限公司", "manufacturing"),
    ("冷链仓储有限公司", "logistics"),
    ("货运代理有限公司", "logistics"),
    ("食品加工有限公司", "agriculture"),
    ("服饰有限公司", "retail"),
    ("建材市场", "construction"),
    ("医疗用品有限公司", "medical"),
    ("新能源技术有限公司", "energy"),
    ("软件工作室", "software"),
    ("包装印刷厂", "entertainment"),
];

const PREFIXES: [&str; 20] = [
    "顺发", "百利", "大成", "兴隆", "广源", "长青", "万盛", "东升", "中意", "友联", "佳美", "三和", "宏图", "利民",
    "福泰", "众诚", "明珠", "春晖", "金桥", "同创",
];

const TITLES: [&str; 8] = ["厂长", "经理", "采购", "老板", "IT 负责人", "仓库主管", "助理", "总经理"];

const STATUSES: [(u64, &str); 5] =
    [(30, "new"), (34, "working"), (14, "qualified"), (10, "converted"), (12, "unqualified")];

pub fn attract(world: &mut World, staff: &Staff, customers: &[Customer]) -> Vec<Lead> {
    let names = Names::new();
    let mut owners = staff.sellers("市场部");
    owners.extend(staff.sellers("华东销售部"));
    owners.extend(staff.sellers("华南及海外销售部"));
    // Converted leads became accounts that are there: recent ones with someone to talk to.
    let mut recent: Vec<&Customer> =
        customers.iter().rev().filter(|c| c.chinese && !c.people.is_empty()).take(60).collect();
    let mut leads = Vec::new();
    for _ in 0..LEADS {
        let days = world.random.between(0, 150);
        let mut status = *world.random.weighted(&STATUSES);
        let mut at = world.working_time(world.days_ago(days));
        let mut owner = world.random.pick(&owners).clone();
        let customer = (status == "converted").then(|| recent.pop()).flatten();
        if status == "converted" && customer.is_none() {
            status = "qualified";
        }
        let name = names.name(&mut world.random, Origin::Chinese);
        let place = world.random.pick(&PLACES);
        let (trade, industry) = *world.random.pick(&COMPANIES);
        let mut company = format!("{}{}{trade}", place.city, world.random.pick(&PREFIXES));
        let mut source = *world.random.weighted(&SOURCES);
        if let Some(customer) = customer {
            at = customer.since - Duration::days(world.random.between(2, 20));
            owner = customer.owner.clone();
            company = customer.short.clone();
            source = customer.source;
        }
        let id = world.id(at);
        let number = mobile(&mut world.random);
        let values = json!({
            "name": name.full,
            "company": company,
            "job_title": world.random.pick(&TITLES),
            "status": if customer.is_some() { "working" } else { status },
            "source": source,
            "industry": industry,
            "mobile": number,
            "email": world.random.percent(35).then(|| format!("{}@mail.example", name.mailbox.replace('.', ""))),
            "wechat": world.random.percent(50).then(|| number.clone()),
            "city": place.city,
            "owner": owner.id,
            "department": owner.department,
        });
        world.create("lead", id, at, Some(owner.id), values);
        if let Some(customer) = customer {
            world.edit(
                "lead",
                customer.since,
                Some(owner.id),
                &[
                    ("status", json!("converted")),
                    ("converted_account", json!(customer.id)),
                    ("converted_contact", customer.people.first().map_or(Value::Null, |p| json!(p.id))),
                ],
            );
        }
        leads.push(Lead { id, call: name.full, status, since: at, owner });
    }
    leads
}
