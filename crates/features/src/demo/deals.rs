//! A year of opportunities, with their lines and the way that each has gone.

use super::customers::Customer;
use super::products::{LOST, Offer, Product, WON};
use super::world::{World, day, record, time};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use kezhan_domain::sales::line_total;
use kezhan_engine::write::bulk::{Life, State};
use kezhan_meta::Record;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const DEALS: usize = 400;

pub struct Deal {
    pub id: Uuid,
    /// Index among the customers.
    pub customer: usize,
    pub product: &'static str,
    /// What the customer calls it: 智能仓储一期.
    pub topic: &'static str,
    /// Stages in the order in which they were entered, and when.
    pub path: Vec<(usize, DateTime<Utc>)>,
    /// Tens of thousands, for people to speak of.
    pub amount: i64,
}

impl Deal {
    pub fn stage_at(&self, at: DateTime<Utc>) -> usize {
        self.path.iter().rev().find(|(_, from)| *from <= at).map_or(0, |(stage, _)| *stage)
    }

    pub fn is_open(&self) -> bool {
        self.path.last().is_none_or(|(stage, _)| *stage < WON)
    }
}

const TOPICS: [(&str, &[&str]); 5] = [
    ("边缘网关", &["设备联网项目", "网关批量采购", "老旧设备改造"]),
    ("工业传感", &["能耗监测项目", "设备状态监测", "环境监测试点"]),
    ("仓易 WMS", &["智能仓储一期", "WMS 升级", "新仓库上线", "冷库管理项目"]),
    ("产线通 MES", &["产线数字化改造", "车间 MES 试点", "质量追溯项目", "新工厂 MES"]),
    ("云栈平台", &["数据看板项目", "物联平台建设", "集团数据平台"]),
];

const REASONS: [(u64, &str); 6] = [
    (30, "价格高于竞争对手"),
    (22, "预算取消或推迟"),
    (16, "选择了竞争对手的方案"),
    (12, "客户决定自研"),
    (12, "需求变化，项目暂停"),
    (8, "长期无法联系到决策人"),
];

/// Yuan to one of the currency, roughly.
fn rate(currency: &str) -> f64 {
    match currency {
        "EUR" => 7.8,
        "USD" => 7.1,
        "GBP" => 9.1,
        "SGD" => 5.4,
        "AUD" => 4.7,
        "JPY" => 0.047,
        _ => 1.0,
    }
}

struct Line {
    product: Product,
    quantity: i64,
    price: i64,
    discount: Option<i64>,
    total: Decimal,
}

/// Sells, and returns the deals with the numbers given out by month.
pub fn negotiate(world: &mut World, customers: &[Customer], offer: &Offer) -> (Vec<Deal>, BTreeMap<String, i64>) {
    let mut starts: Vec<(DateTime<Utc>, usize)> = Vec::with_capacity(DEALS);
    while starts.len() < DEALS {
        let at = (world.random.next() % customers.len() as u64) as usize;
        let customer = &customers[at];
        let keep = match customer.level {
            "a" => 100,
            "b" => 45,
            _ => 15,
        };
        let days = world.random.between(1, 365);
        if customer.since < world.now - Duration::days(days + 2) && world.random.percent(keep) {
            let start = world.working_time(world.days_ago(days)).max(customer.since + Duration::hours(2));
            starts.push((start, at));
        }
    }
    starts.sort_unstable();
    let mut numbers: BTreeMap<String, i64> = BTreeMap::new();
    let mut deals = Vec::with_capacity(DEALS);
    for (start, at) in starts {
        let month = start + Duration::hours(8);
        let number = numbers.entry(month.format("%Y%m").to_string()).or_default();
        *number += 1;
        let number = format!("SJ{}{:05}", month.format("%Y%m"), number);
        deals.push(deal(world, at, &customers[at], offer, start, number));
    }
    (deals, numbers)
}

fn deal(
    world: &mut World,
    at: usize,
    customer: &Customer,
    offer: &Offer,
    start: DateTime<Utc>,
    number: String,
) -> Deal {
    let id = world.id(start);
    let lines = lines(world, customer, offer);
    let main = lines[0].product.clone();
    let topics = TOPICS.iter().find(|(series, _)| *series == main.series).map_or(TOPICS[0].1, |(_, topics)| topics);
    let topic = *world.random.pick(topics);
    let total: Decimal = lines.iter().map(|line| line.total).sum();
    let (path, close) = path(world, start);
    let contact = (!customer.people.is_empty()).then(|| world.random.pick(&customer.people).id);
    let first = record(json!({
        "name": if customer.chinese { format!("{}{topic}", customer.short) } else { format!("{} · {}", customer.short, main.name) },
        "number": number,
        "account": customer.id,
        "contact": contact,
        "amount": total.normalize().to_string(),
        "currency": customer.currency,
        "product": main.id,
        "expected_close": day(close),
        "source": customer.source,
        "owner": customer.owner.id,
        "department": customer.owner.department,
    }));
    let states = states(world, offer, &first, &path, customer.owner.id);
    world.put("opportunity", Life { id, states, mirrored: Record::new() });
    for (n, line) in lines.iter().enumerate() {
        let created = start + Duration::seconds(40 * (n as i64 + 1));
        let line_id = world.id(created);
        let values = json!({
            "opportunity": id,
            "product": line.product.id,
            "description": line.product.name,
            "quantity": line.quantity.to_string(),
            "unit_price": line.price.to_string(),
            "discount": line.discount.map(|d| d.to_string()),
            "total": line.total.normalize().to_string(),
            "currency": customer.currency,
        });
        world.create("opportunity_line", line_id, created, Some(customer.owner.id), values);
    }
    let yuan = total * Decimal::from_f64_retain(rate(customer.currency)).unwrap_or(Decimal::ONE);
    let amount = i64::try_from(yuan.round()).unwrap_or_default() / 10_000;
    Deal { id, customer: at, product: main.name, topic, path, amount: amount.max(1) }
}

/// A main product and what goes with it.
fn lines(world: &mut World, customer: &Customer, offer: &Offer) -> Vec<Line> {
    let goods: Vec<&Product> = offer.products.iter().filter(|p| p.series != "服务").collect();
    let services: Vec<&Product> = offer.products.iter().filter(|p| p.series == "服务").collect();
    let random = &mut world.random;
    let mut chosen: Vec<&Product> = vec![*random.pick(&goods)];
    if random.percent(45) {
        chosen.push(*random.pick(&goods));
    }
    if random.percent(70) {
        chosen.push(*random.pick(&services));
    }
    chosen.dedup_by_key(|p| p.id);
    let scale = match customer.level {
        "a" => 3,
        "b" => 2,
        _ => 1,
    };
    let rate = rate(customer.currency);
    let line = |product: &Product| {
        let quantity = match product.price {
            0..2_000 => random.between(10, 80) * scale,
            2_000..10_000 => random.between(3, 20) * scale,
            10_000..40_000 => random.between(1, 4) * scale,
            _ => 1,
        };
        let price = ((product.price as f64 / rate).round() as i64).max(1);
        let discount = random.percent(40).then(|| *random.pick(&[3, 5, 8, 10, 12, 15]));
        let total = line_total(quantity.into(), price.into(), discount.map(Decimal::from)).unwrap_or_default();
        Line { product: product.clone(), quantity, price, discount, total }
    };
    chosen.into_iter().map(line).collect()
}

/// When the deal entered which stage, and when it is or was expected to close.
fn path(world: &mut World, start: DateTime<Utc>) -> (Vec<(usize, DateTime<Utc>)>, NaiveDate) {
    let whole = world.random.between(25, 150);
    let won = world.random.percent(58);
    // A lost deal may end at any stage.
    let last_open = if won { WON - 1 } else { world.random.between(0, WON as i64 - 1) as usize };
    let mut path = vec![(0, start)];
    let mut days = 0;
    for stage in 1..=last_open + 1 {
        let left = (last_open + 2 - stage) as i64;
        days += world.random.between(1, 2 * (whole - days).max(left) / (left + 1));
        let entered = world.working_time((start + Duration::days(days)).date_naive());
        if start + Duration::days(days) > world.now - Duration::days(1) || entered <= path[path.len() - 1].1 {
            break;
        }
        let to = match (stage > last_open, won) {
            (false, _) => stage,
            (true, true) => WON,
            (true, false) => LOST,
        };
        path.push((to, entered));
    }
    let expected = match path.last() {
        Some((stage, at)) if *stage >= WON => at.date_naive() + Duration::days(world.random.between(-6, 15)),
        // Some are late.
        _ => world.today + Duration::days(world.random.between(-12, 85)),
    };
    (path, expected)
}

/// The record at each stage that it has been in.
fn states(world: &World, offer: &Offer, first: &Record, path: &[(usize, DateTime<Utc>)], by: Uuid) -> Vec<State> {
    let mut current = first.clone();
    let mut dice = super::random::Random::new(path.iter().map(|(_, at)| at.timestamp().unsigned_abs()).sum());
    let mut states = Vec::with_capacity(path.len());
    for (stage, at) in path {
        let here = &offer.stages[*stage];
        let date = (*at + Duration::hours(8)).date_naive().min(world.today);
        let mut set = |key: &str, value: Value| drop(current.insert(key.to_owned(), value));
        set("stage", json!(here.id));
        set("pipeline", json!(offer.pipeline));
        set("outcome", json!(here.outcome));
        set("probability", json!(here.probability.to_string()));
        if *stage == 1 {
            set("engaged_on", day(date));
        }
        if *stage >= WON {
            set("closed_on", day(date));
        }
        if *stage == LOST {
            set("lost_reason", json!(*dice.weighted(&REASONS)));
        }
        states.push(State { at: *at, by: Some(by), record: current.clone() });
    }
    states
}

/// What the deals made of the accounts: who has bought is a customer.
pub fn celebrate(world: &mut World, customers: &[Customer], deals: &[Deal]) {
    let mut first_win: BTreeMap<usize, DateTime<Utc>> = BTreeMap::new();
    for deal in deals {
        if let Some((_, at)) = deal.path.iter().find(|(stage, _)| *stage == WON) {
            let win = first_win.entry(deal.customer).or_insert(*at);
            *win = (*win).min(*at);
        }
    }
    for (at, won_at) in first_win {
        let by = customers[at].owner.id;
        let won_at = won_at.min(world.now);
        let Some(life) = world.life("account", at) else { continue };
        let Some(mut record) = life.states.last().map(|state| state.record.clone()) else { continue };
        record.insert("deal_status".into(), json!("won"));
        record.insert("won_at".into(), time(won_at));
        life.states.push(State { at: won_at, by: Some(by), record });
    }
}
