//! Accounts and the people there.

use super::names::{Names, Origin, spelled};
use super::places::{COUNTRIES, Country, PLACES, Place};
use super::random::Random;
use super::staff::{Member, Staff};
use super::world::{DAYS, World, day};
use chrono::{DateTime, Duration, Utc};
use kezhan_meta::rules::uscc;
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

pub const ACCOUNTS: usize = 600;
pub const CONTACTS: usize = 1500;
const FOREIGN: usize = 60;

pub struct Person {
    pub id: Uuid,
    /// How a colleague writes of them: 王经理, Ms Keller.
    pub call: String,
}

pub struct Customer {
    pub id: Uuid,
    /// What people call the company among themselves.
    pub short: String,
    pub currency: &'static str,
    pub chinese: bool,
    pub owner: Member,
    pub since: DateTime<Utc>,
    /// A (key) to C.
    pub level: &'static str,
    pub source: &'static str,
    pub people: Vec<Person>,
    city: &'static str,
    domain: String,
    origin: Origin,
}

const FIRST: &str = "鑫xin 恒heng 博bo 华hua 盛sheng 瑞rui 嘉jia 宏hong 启qi 远yuan 立li 金jin 泰tai 德de 信xin 汇hui \
    联lian 昊hao 凯kai 荣rong 天tian 海hai 云yun 正zheng 新xin 永yong 安an 卓zhuo 锦jin 星xing";
const SECOND: &str = "茂mao 达da 通tong 源yuan 科ke 创chuang 宇yu 辉hui 丰feng 诚cheng 睿rui 维wei 翔xiang 康kang 润run \
    腾teng 捷jie 锐rui 朗lang 迈mai 合he 益yi 邦bang 航hang 晟sheng 越yue 力li 图tu 美mei 洋yang";

/// Industry, and what such companies have in their names.
const INDUSTRIES: [(u64, (&str, &[&str])); 14] = [
    (26, ("manufacturing", &["精密机械", "智能装备", "汽车零部件", "电子科技", "模具", "自动化设备", "五金制品"])),
    (10, ("technology", &["智能科技", "物联网科技", "光电科技"])),
    (8, ("software", &["软件", "信息技术"])),
    (4, ("internet", &["网络科技", "电子商务"])),
    (10, ("logistics", &["物流", "供应链管理", "仓储", "冷链物流"])),
    (8, ("retail", &["商贸", "连锁超市", "百货"])),
    (8, ("trade", &["国际贸易", "进出口"])),
    (7, ("medical", &["医疗器械", "生物医药", "医药"])),
    (6, ("energy", &["新能源", "电力设备"])),
    (6, ("agriculture", &["食品", "乳业", "农业科技"])),
    (4, ("construction", &["建设工程", "新型建材"])),
    (3, ("telecommunications", &["通信技术"])),
    (2, ("education", &["教育科技"])),
    (3, ("entertainment", &["文化传媒", "印刷包装"])),
];

const FOREIGN_INDUSTRIES: [&str; 4] = ["manufacturing", "logistics", "technology", "agriculture"];

pub const SOURCES: [(u64, &str); 11] = [
    (18, "referral"),
    (14, "trade_fair"),
    (14, "search_engine"),
    (10, "online_inquiry"),
    (10, "phone_inquiry"),
    (9, "online_registration"),
    (8, "cold_visit"),
    (6, "advertisement"),
    (5, "email_inquiry"),
    (4, "promotion"),
    (2, "appointment"),
];

const LEVELS: [(u64, &str); 3] = [(18, "a"), (47, "b"), (35, "c")];

/// Job title, the title after a surname, department, decision role.
type Job = (&'static str, &'static str, &'static str, &'static str);

const JOBS: [(u64, Job); 16] = [
    (9, ("总经理", "总", "总经办", "decision_maker")),
    (6, ("副总经理", "总", "总经办", "decision_maker")),
    (8, ("生产总监", "总监", "生产部", "influencer")),
    (9, ("信息部经理", "经理", "信息部", "evaluator")),
    (7, ("IT 主管", "主管", "信息部", "evaluator")),
    (10, ("采购经理", "经理", "采购部", "purchaser")),
    (7, ("采购专员", "", "采购部", "purchaser")),
    (8, ("设备科科长", "科长", "设备科", "evaluator")),
    (8, ("仓库主管", "主管", "仓储部", "user")),
    (7, ("生产计划员", "", "生产部", "user")),
    (6, ("质量经理", "经理", "质量部", "influencer")),
    (4, ("财务总监", "总监", "财务部", "influencer")),
    (3, ("财务经理", "经理", "财务部", "blocker")),
    (4, ("工艺工程师", "工", "技术部", "champion")),
    (3, ("自动化工程师", "工", "技术部", "champion")),
    (1, ("董事长", "董", "董事会", "decision_maker")),
];

const FOREIGN_JOBS: [(u64, (&str, &str, &str)); 7] = [
    (3, ("Managing Director", "Management", "decision_maker")),
    (4, ("Head of Operations", "Operations", "influencer")),
    (4, ("Procurement Manager", "Procurement", "purchaser")),
    (3, ("IT Manager", "IT", "evaluator")),
    (3, ("Plant Engineer", "Engineering", "champion")),
    (2, ("Warehouse Manager", "Warehouse", "user")),
    (1, ("Finance Director", "Finance", "influencer")),
];

const TAGS: [&str; 10] = [
    "战略客户",
    "老客户转介绍",
    "上市公司",
    "专精特新",
    "价格敏感",
    "多工厂",
    "有竞品",
    "付款及时",
    "年框客户",
    "试用中",
];

struct Company {
    name: String,
    short: String,
    domain: String,
    industry: &'static str,
    tax_id: Value,
    phone: String,
    country: &'static str,
    city: &'static str,
    address: Value,
    location: Value,
    currency: &'static str,
    origin: Origin,
    department: &'static str,
}

pub fn win_accounts(world: &mut World, staff: &Staff) -> Vec<Customer> {
    let mut companies = domestic(&mut world.random);
    companies.extend(foreign(&mut world.random));
    world.random.shuffle(&mut companies);
    let sellers = ["华东销售部", "华南及海外销售部"].map(|d| staff.sellers(d));
    // Many were taken over when the product was introduced, before the year that the follow-ups tell of.
    let mut days: Vec<i64> = (0..companies.len())
        .map(|_| match world.random.percent(45) {
            true => world.random.between(370, DAYS),
            false => world.random.between(2, 365),
        })
        .collect();
    days.sort_unstable_by(|a, b| b.cmp(a));
    let mut out: Vec<Customer> = Vec::with_capacity(companies.len());
    for (company, days) in companies.into_iter().zip(days) {
        let since = world.working_time(world.days_ago(days));
        let owner = owner(&mut world.random, &sellers[usize::from(company.department != "华东销售部")], &company);
        let (level, source) = (*world.random.weighted(&LEVELS), *world.random.weighted(&SOURCES));
        let id = world.id(since);
        let parent = parent_of(&mut world.random, &out, &company);
        let tags: Vec<&str> = TAGS.into_iter().filter(|_| world.random.percent(6)).collect();
        let (employees, revenue) = size(&mut world.random, level);
        let website = world.random.percent(70).then(|| format!("https://www.{}", company.domain));
        let values = json!({
            "name": company.name,
            "tax_id": company.tax_id,
            "level": level,
            "industry": company.industry,
            "source": source,
            "parent": parent,
            "phone": company.phone,
            "email": format!("{}@{}", if company.origin == Origin::Chinese { "office" } else { "info" }, company.domain),
            "website": website,
            "country": company.country,
            "city": company.city,
            "address": company.address,
            "location": company.location,
            "employees": employees,
            "annual_revenue": revenue.to_string(),
            "currency": company.currency,
            "founded": world.random.between(1988, 2021),
            "tags": tags,
            "owner": owner.id,
            "department": owner.department,
        });
        world.create("account", id, since, Some(owner.id), values);
        out.push(Customer {
            id,
            short: company.short,
            currency: company.currency,
            chinese: company.origin == Origin::Chinese,
            owner,
            since,
            level,
            source,
            people: Vec::new(),
            city: company.city,
            domain: company.domain,
            origin: company.origin,
        });
    }
    out
}

/// Foreign customers are for those who look after them, the others for whoever has room.
fn owner(random: &mut Random, sellers: &[Member], company: &Company) -> Member {
    let abroad = company.origin != Origin::Chinese;
    let fit: Vec<&Member> = sellers.iter().filter(|m| (m.position == "海外客户经理") == abroad).collect();
    (*random.pick(&fit)).clone()
}

/// Now and then the daughter of a big one that is known already.
fn parent_of(random: &mut Random, known: &[Customer], company: &Company) -> Option<Uuid> {
    let group: Vec<&Customer> =
        known.iter().filter(|c| c.level == "a" && c.chinese && company.origin == Origin::Chinese).collect();
    (!group.is_empty() && random.percent(4)).then(|| random.pick(&group).id)
}

/// Employees and yearly revenue.
fn size(random: &mut Random, level: &str) -> (i64, i64) {
    let (low, high) = match level {
        "a" => (300, 3200),
        "b" => (80, 600),
        _ => (15, 160),
    };
    let employees = random.between(low, high);
    (employees, employees * random.between(320, 980) * 1000)
}

fn domestic(random: &mut Random) -> Vec<Company> {
    let (first, second) = (spelled(FIRST), spelled(SECOND));
    let mut words: Vec<(String, String)> = Vec::new();
    for (a, a_sound) in &first {
        words.extend(second.iter().map(|(b, b_sound)| (format!("{a}{b}"), format!("{a_sound}{b_sound}"))));
    }
    random.shuffle(&mut words);
    let mut domains = HashSet::new();
    let mut out = Vec::new();
    for (word, sound) in words.into_iter().take(ACCOUNTS - FOREIGN) {
        let place = random.pick(&PLACES);
        let (industry, terms) = *random.weighted(&INDUSTRIES);
        let term = *random.pick(terms);
        let legal = *random.weighted(&[(82, "有限公司"), (12, "股份有限公司"), (6, "集团有限公司")]);
        let domain = (1..)
            .map(|n| if n == 1 { format!("{sound}.example") } else { format!("{sound}{n}.example") })
            .find(|domain| domains.insert(domain.clone()))
            .unwrap_or_default();
        let detail = format!("{}{}号", random.pick(&place.roads), random.between(8, 1999));
        let building = match random.between(0, 3) {
            0 => format!("{}号楼{}室", random.between(1, 18), random.between(2, 26) * 100 + random.between(1, 12)),
            1 => format!("{}幢", random.between(1, 9)),
            _ => String::new(),
        };
        out.push(Company {
            name: format!("{}{word}{term}{legal}", place.city),
            short: format!("{word}{}", brief(term)),
            domain,
            industry,
            tax_id: if random.percent(92) { json!(tax_id(random, place.code)) } else { Value::Null },
            phone: format!("{}-{}", place.area, landline(random, place.digits)),
            country: "中国",
            city: place.city,
            address: json!({
                "country": "中国", "code": place.code, "province": place.province, "city": format!("{}市", place.city),
                "district": place.district, "detail": format!("{detail}{building}"),
            }),
            location: near(random, place),
            currency: "CNY",
            origin: Origin::Chinese,
            department: if place.east { "华东销售部" } else { "华南及海外销售部" },
        });
    }
    out
}

/// What people call such a company in short.
fn brief(term: &'static str) -> &'static str {
    match term {
        "进出口" | "电子商务" | "国际贸易" => "贸易",
        "供应链管理" => "供应链",
        "物联网科技" => "物联",
        "汽车零部件" => "汽配",
        "连锁超市" => "超市",
        // Two characters of three bytes each.
        other => other.get(..6).unwrap_or(other),
    }
}

fn near(random: &mut Random, place: &Place) -> Value {
    let off = |random: &mut Random| random.between(-300, 300) as f64 / 10_000.0;
    let round = |degrees: f64| (degrees * 10_000.0).round() / 10_000.0;
    let (lat, lng) = (place.lat + off(random), place.lng + off(random));
    json!({ "lat": round(lat), "lng": round(lng) })
}

fn foreign(random: &mut Random) -> Vec<Company> {
    let mut all: Vec<(&'static Country, usize, usize)> = Vec::new();
    for country in &COUNTRIES {
        all.extend((0..16).map(|n| (country, n / 4, n % 4)));
    }
    random.shuffle(&mut all);
    all.into_iter().take(FOREIGN).map(|(country, first, second)| abroad(random, country, first, second)).collect()
}

fn abroad(random: &mut Random, country: &'static Country, first: usize, second: usize) -> Company {
    let (stem, trade) = (country.first[first], country.second[second]);
    let street = *random.pick(&country.streets);
    let number = random.between(1, 180);
    let (name, short, detail) = match country.japanese {
        true => (format!("{stem}{trade}{}", country.legal), format!("{stem}{trade}"), format!("{street}{number}番")),
        false => {
            let short = format!("{stem} {trade}");
            (format!("{short} {}", country.legal), short, format!("{street} {number}"))
        }
    };
    let letters: String = kezhan_meta::rules::text::fold(stem).chars().filter(char::is_ascii_alphanumeric).collect();
    let host = if letters.is_empty() { format!("kaisha{first}{second}") } else { format!("{letters}-{second}") };
    Company {
        name,
        short,
        domain: format!("{host}.{}.example", country.domain),
        industry: FOREIGN_INDUSTRIES[(first + second) % FOREIGN_INDUSTRIES.len()],
        tax_id: Value::Null,
        phone: dialled(random, country.phone),
        country: country.name,
        city: country.city,
        address: json!({ "country": country.name, "city": country.city, "detail": detail }),
        location: Value::Null,
        currency: country.currency,
        origin: if country.japanese { Origin::Japanese } else { Origin::Western },
        department: "华南及海外销售部",
    }
}

/// `#` replaced by digits.
fn dialled(random: &mut Random, pattern: &str) -> String {
    pattern.chars().map(|c| if c == '#' { char::from(b'0' + (random.next() % 10) as u8) } else { c }).collect()
}

fn landline(random: &mut Random, digits: u32) -> String {
    let low = 10_i64.pow(digits - 1);
    random.between(2 * low, 9 * low - 1).to_string()
}

/// A well-formed 统一社会信用代码 of a company (91) in that district, with an organisation code of the kind given since 2015.
fn tax_id(random: &mut Random, region: &str) -> String {
    const BODY: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let mut organisation = String::from("MA");
    organisation.extend((0..6).map(|_| char::from(*random.pick(BODY))));
    let value = |c: char| c.to_digit(36).unwrap_or_default();
    let sum: u32 = organisation.chars().zip(WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    let code = format!("91{region}{organisation}{check}");
    let last = uscc::check_char(&code).unwrap_or('0');
    format!("{code}{last}")
}

pub fn mobile(random: &mut Random) -> String {
    const PREFIXES: [&str; 14] =
        ["130", "131", "135", "136", "137", "138", "139", "150", "151", "158", "159", "177", "186", "188"];
    format!("{}{:04}{:04}", random.pick(&PREFIXES), random.between(0, 9999), random.between(0, 9999))
}

/// Everyone has one contact; who is bigger has more.
pub fn meet_people(world: &mut World, customers: &mut [Customer]) {
    let names = Names::new();
    let mut mobiles = HashSet::new();
    let mut plan: Vec<usize> = (0..customers.len()).collect();
    while plan.len() < CONTACTS {
        let at = (world.random.next() % customers.len() as u64) as usize;
        let keep = match customers[at].level {
            "a" => 100,
            "b" => 55,
            _ => 20,
        };
        if world.random.percent(keep) && customers[at].people.len() < 8 {
            plan.push(at);
        }
    }
    plan.sort_unstable();
    for at in plan {
        let customer = &mut customers[at];
        let person = meet(world, &names, &mut mobiles, customer);
        customer.people.push(person);
    }
}

fn meet(world: &mut World, names: &Names, mobiles: &mut HashSet<String>, customer: &Customer) -> Person {
    let first = customer.people.first().map(|p| p.id);
    let random = &mut world.random;
    let name = names.name(random, customer.origin);
    let (job, suffix, department, role) = match customer.origin {
        Origin::Chinese => *random.weighted(&JOBS),
        Origin::Western | Origin::Japanese => {
            let (job, department, role) = *random.weighted(&FOREIGN_JOBS);
            (job, "", department, role)
        }
    };
    let call = match (customer.origin, suffix) {
        (Origin::Western, _) => format!("{} {}", if name.female { "Ms" } else { "Mr" }, name.surname),
        (Origin::Japanese, _) => format!("{}様", name.surname),
        (Origin::Chinese, "") => name.full.clone(),
        (Origin::Chinese, title) => format!("{}{title}", name.surname),
    };
    let number = match customer.origin {
        Origin::Chinese => loop {
            let number = mobile(random);
            if mobiles.insert(number.clone()) {
                break number;
            }
        },
        Origin::Western | Origin::Japanese => {
            let country = COUNTRIES.iter().find(|c| c.city == customer.city).unwrap_or(&COUNTRIES[0]);
            dialled(random, country.phone)
        }
    };
    let wechat =
        (customer.chinese && random.percent(65)).then(|| format!("{}_{}", name.mailbox.replace('.', ""), &number[7..]));
    let extension = (customer.chinese && random.percent(25)).then(|| {
        let place = PLACES.iter().find(|p| p.city == customer.city).unwrap_or(&PLACES[0]);
        format!("{}-{}-{}", place.area, landline(random, place.digits), random.between(800, 899))
    });
    let birthday = random.percent(18).then(|| {
        let days = random.between(24 * 365, 58 * 365);
        day(world.today - Duration::days(days))
    });
    let later = if first.is_some() { world.random.between(0, 60) } else { 0 };
    let latest = world.now - Duration::hours(1);
    let at = (customer.since + Duration::days(later) + Duration::minutes(world.random.between(2, 90))).min(latest);
    let id = world.id(at);
    let reports_to = first.filter(|_| world.random.percent(30));
    let email = world.random.percent(80).then(|| format!("{}@{}", name.mailbox, customer.domain));
    let values = json!({
        "name": name.full,
        "account": customer.id,
        "job_title": job,
        "department_name": department,
        "decision_role": role,
        "gender": if name.female { "female" } else { "male" },
        "mobile": number,
        "phone": extension,
        "email": email,
        "wechat": wechat,
        "birthday": birthday,
        "reports_to": reports_to,
        "owner": customer.owner.id,
        "department": customer.owner.department,
    });
    world.create("contact", id, at, Some(customer.owner.id), values);
    Person { id, call }
}
