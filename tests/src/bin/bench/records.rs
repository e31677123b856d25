//! Accounts, contacts, opportunities and follow-ups by the million.

use super::company::{self, PRODUCTS, department, department_of, product, product_name, salesperson, user};
use super::copy::Copy;
use super::dice::{Dice, Kind, id, millis, time};
use super::names::{CITIES, Names};
use chrono::{DateTime, Duration, Utc};
use kezhan_engine::search::keys::SearchPart;
use kezhan_meta::rules::uscc;
use std::path::Path;
use uuid::Uuid;

const INDUSTRIES: [&str; 20] = [
    "software",
    "technology",
    "internet",
    "telecommunications",
    "manufacturing",
    "retail",
    "trade",
    "finance",
    "medical",
    "education",
    "entertainment",
    "marketing",
    "employment",
    "services",
    "construction",
    "logistics",
    "energy",
    "agriculture",
    "government",
    "other",
];
const SOURCES: [&str; 12] = [
    "promotion",
    "search_engine",
    "advertisement",
    "referral",
    "online_registration",
    "online_inquiry",
    "appointment",
    "cold_visit",
    "phone_inquiry",
    "email_inquiry",
    "trade_fair",
    "other",
];
const TITLES: [&str; 8] = ["总经理", "采购经理", "技术总监", "财务主管", "运营经理", "销售总监", "工程师", "行政助理"];
const DECISIONS: [&str; 7] = ["decision_maker", "influencer", "evaluator", "purchaser", "user", "champion", "blocker"];
const KINDS: [&str; 7] = ["call", "email", "sms", "visit", "wechat", "event", "other"];
const TAGS: [&str; 6] = ["{重点}", "{老客户}", "{重点,老客户}", "{展会}", "{代理商}", "{待回访}"];
const NOTES: [&str; 12] = [
    "电话沟通了产品报价，客户希望下周再联系",
    "拜访客户现场，确认了部署环境和接口要求",
    "客户反馈预算尚未批复，需要等到下个季度",
    "已发送合同草案，等待法务审核",
    "微信上回复了技术问题，对方表示满意",
    "参加客户的招标说明会，竞争对手共三家",
    "对方采购负责人更换，需要重新建立联系",
    "完成产品演示，客户要求提供试用账号",
    "讨论了售后服务条款和付款方式",
    "客户确认订单数量，准备签订正式合同",
    "约定下月上门回访，了解使用情况",
    "发送了新版产品资料和成功案例",
];

/// How much of everything, and the ids of it.
pub struct Plan<'a> {
    pub accounts: u64,
    pub names: &'a Names,
    pub bin: &'a Path,
    pub url: &'a str,
}

impl Plan<'_> {
    pub fn contacts(&self) -> u64 {
        self.accounts * 3
    }

    pub fn follow_ups(&self) -> u64 {
        self.accounts * 5
    }

    pub fn account(&self, n: u64) -> Uuid {
        id(Kind::Account, n, self.accounts)
    }

    /// The salesperson of an account, who has its contacts and deals as well.
    pub fn owner(&self, account: u64) -> u64 {
        salesperson(&mut Dice::of(Kind::Account, account))
    }

    fn city(&self, account: u64) -> &'static str {
        let mut dice = Dice::of(Kind::Name, account ^ 0xc17);
        let (a, b) = (dice.below(CITIES.len() as u64), dice.below(CITIES.len() as u64));
        CITIES[a.min(b) as usize]
    }

    fn account_name(&self, n: u64) -> String {
        self.names.company(n, self.city(n))
    }

    fn table(&self, table: &str, columns: &str) -> Copy {
        let system = "tenant_id, id, owner_id, department_id, created_at, created_by_id, updated_at, updated_by_id, \
                      search_text, search_pairs";
        Copy::start(self.bin, self.url, table, &format!("{system}, {columns}"))
    }

    pub fn fill_accounts(&self) {
        let mut copy = self.table(
            "accounts",
            "name, tax_id, level, industry, source, phone, phone_e164, email, website, country, city, address, employees, \
             annual_revenue, currency, founded, tags, deal_status, won_at, last_followed_at, next_contact_at, notes",
        );
        for n in 0..self.accounts {
            let mut dice = Dice::of(Kind::Account, n ^ 0xacc);
            let name = self.account_name(n);
            let tax_id = dice.percent(60).then(|| credit_code(n));
            let (phone, e164) = landline(&mut dice);
            let email = dice.percent(50).then(|| format!("info@c{n}.example.com"));
            let made = time(millis(Kind::Account, n, self.accounts));
            let mut parts = vec![SearchPart::Name(&name)];
            parts.extend(tax_id.as_deref().map(SearchPart::Code));
            parts.push(SearchPart::Phone(&phone));
            parts.extend(email.as_deref().map(SearchPart::Email));
            self.system(&mut copy, self.account(n), self.owner(n), made, &mut dice, &parts);

            let level = dice.percent(70).then(|| ["a", "b", "b", "c", "c", "c"][dice.below(6) as usize]);
            copy.text(&name).maybe(tax_id).maybe(level).put(dice.pick(&INDUSTRIES)).put(dice.pick(&SOURCES));
            copy.put(&phone).put(e164).maybe(email.as_deref());
            copy.maybe(dice.percent(30).then(|| format!("https://www.c{n}.example.com")));
            let city = self.city(n);
            copy.put("中国").put(city).put(format_args!("{{\"city\":\"{city}\",\"detail\":\"{}号\"}}", 1 + n % 900));
            let size = 5u64 << dice.below(11);
            copy.put(size + dice.below(size)).put(size * (20_000 + dice.below(400_000))).put("CNY");
            copy.put(1980 + dice.below(44)).maybe(dice.percent(25).then(|| dice.pick(&TAGS)));
            let won = dice.percent(30).then(|| made + Duration::days(dice.below(300) as i64));
            copy.put(if won.is_some() { "won" } else { "not_won" }).maybe_time(won);
            copy.maybe_time(dice.percent(80).then(|| made + Duration::days(dice.below(400) as i64)));
            copy.maybe_time(dice.percent(40).then(|| made + Duration::days(400 + dice.below(90) as i64)));
            copy.maybe(dice.percent(20).then(|| dice.pick(&NOTES))).end_row();
        }
        copy.finish();
    }

    pub fn fill_contacts(&self) {
        let columns = "name, account_id, job_title, decision_role, gender, mobile, mobile_e164, email, wechat";
        let mut copy = self.table("contacts", columns);
        for n in 0..self.contacts() {
            let mut dice = Dice::of(Kind::Contact, n ^ 0xc0);
            let account = n / 3;
            let name = self.names.person(&mut dice);
            let mobile = format!("1{}{:09}", 3 + dice.below(7), dice.below(1_000_000_000));
            let email = dice.percent(40).then(|| format!("p{n}@c{account}.example.com"));
            let made = time(millis(Kind::Contact, n, self.contacts()));
            let mut parts = vec![SearchPart::Name(&name), SearchPart::Phone(&mobile)];
            parts.extend(email.as_deref().map(SearchPart::Email));
            let id = id(Kind::Contact, n, self.contacts());
            self.system(&mut copy, id, self.owner(account), made, &mut dice, &parts);
            copy.text(&name).put(self.account(account)).put(dice.pick(&TITLES));
            copy.maybe(dice.percent(60).then(|| dice.pick(&DECISIONS)));
            copy.put(if dice.percent(50) { "male" } else { "female" });
            copy.put(&mobile).put(format_args!("+86{mobile}")).maybe(email.as_deref());
            copy.maybe(None::<&str>).end_row();
        }
        copy.finish();
    }

    pub fn fill_opportunities(&self) {
        let mut copy = self.table(
            "opportunities",
            "name, number, account_id, contact_id, pipeline_id, stage_id, outcome, amount, currency, probability, \
             product_id, engaged_on, expected_close, closed_on, source",
        );
        for n in 0..self.accounts {
            let mut dice = Dice::of(Kind::Opportunity, n ^ 0x0b);
            // Some accounts have several, some none.
            let account = dice.below(self.accounts);
            let sold = dice.below(PRODUCTS);
            let name = format!("{} {}", self.account_name(account), product_name(sold));
            let number = format!("SJ{n:011}");
            let made = time(millis(Kind::Opportunity, n, self.accounts));
            let parts = [SearchPart::Name(&name), SearchPart::Code(&number)];
            let id = id(Kind::Opportunity, n, self.accounts);
            self.system(&mut copy, id, self.owner(account), made, &mut dice, &parts);
            let contact = id_of_contact(self, account, &mut dice);
            let stage = [0, 0, 1, 1, 2, 3, 4, 4, 5, 5][dice.below(10) as usize];
            let (outcome, chance) = company::outcome(stage);
            copy.text(&name).put(&number).put(self.account(account)).put(contact).put(company::pipeline());
            copy.put(company::stage(stage)).put(outcome).put(1_000 + dice.below(900_000)).put("CNY").put(chance);
            let start = made.date_naive();
            let expected = start + Duration::days(20 + dice.below(200) as i64);
            let closed = (outcome != "open").then(|| start + Duration::days(10 + dice.below(200) as i64));
            copy.put(product(sold)).put(start).put(expected).maybe(closed).put(dice.pick(&SOURCES)).end_row();
        }
        copy.finish();
    }

    pub fn fill_follow_ups(&self) {
        let columns = "kind, content, happened_at, account_id, contact_id, next_contact_at";
        let mut copy = self.table("follow_ups", columns);
        for n in 0..self.follow_ups() {
            let mut dice = Dice::of(Kind::FollowUp, n ^ 0xf0);
            // A fifth of the accounts gets most of the attention.
            let account = match dice.percent(60) {
                true => dice.below(self.accounts.div_ceil(5)) * 5 % self.accounts,
                false => dice.below(self.accounts),
            };
            let content = dice.pick(&NOTES);
            let made = time(millis(Kind::FollowUp, n, self.follow_ups()));
            let id = id(Kind::FollowUp, n, self.follow_ups());
            let parts = [SearchPart::Text(content)];
            self.system(&mut copy, id, self.owner(account), made, &mut dice, &parts);
            copy.put(dice.pick(&KINDS)).put(content).time(made).put(self.account(account));
            let contact = dice.percent(70).then(|| id_of_contact(self, account, &mut dice));
            let next = dice.percent(30).then(|| made + Duration::days(1 + dice.below(60) as i64));
            copy.maybe(contact).maybe_time(next).end_row();
        }
        copy.finish();
    }

    fn system(
        &self,
        copy: &mut Copy,
        id: Uuid,
        owner: u64,
        made: DateTime<Utc>,
        dice: &mut Dice,
        parts: &[SearchPart<'_>],
    ) {
        let by = user(owner);
        let changed = made + Duration::minutes(dice.below(400_000) as i64);
        copy.put(company::tenant()).put(id).put(by).put(department(department_of(owner)));
        copy.time(made).put(by).time(changed).put(by).search(parts);
    }
}

fn id_of_contact(plan: &Plan<'_>, account: u64, dice: &mut Dice) -> Uuid {
    id(Kind::Contact, account * 3 + dice.below(3), plan.contacts())
}

/// A credit code of its own for each account.
fn credit_code(n: u64) -> String {
    let mut code = format!("91310000{n:09}");
    code.extend(uscc::check_char(&code));
    code
}

fn landline(dice: &mut Dice) -> (String, String) {
    let area = ["021", "010", "0755", "020", "0571", "028"][dice.below(6) as usize];
    let number = 20_000_000 + dice.below(69_999_999);
    (format!("{area}-{number}"), format!("+86{}{number}", &area[1..]))
}
