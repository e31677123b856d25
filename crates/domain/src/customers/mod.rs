//! Whom we sell to: accounts, contacts, leads.

use chrono::{DateTime, NaiveDate, Utc};
use kezhan_derive::{Choice, Object};
use kezhan_meta::{Address, Email, Geo, Id, LongText, Money, Phone, Tags, Url, UserId};
use serde::{Deserialize, Serialize};

use crate::sales::Opportunity;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[choice(zh = "A（重点客户）", en = "A (key)", tone = Danger)]
    A,
    #[choice(zh = "B（普通客户）", en = "B (regular)", tone = Warning)]
    B,
    #[choice(zh = "C（非优先客户）", en = "C (low priority)", tone = Neutral)]
    C,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum Industry {
    #[choice(zh = "软件", en = "Software", tone = Info)]
    Software,
    #[choice(zh = "科技", en = "Technology", tone = Info)]
    Technology,
    #[choice(zh = "互联网", en = "Internet", tone = Info)]
    Internet,
    #[choice(zh = "通信", en = "Telecommunications", tone = Info)]
    Telecommunications,
    #[choice(zh = "制造业", en = "Manufacturing")]
    Manufacturing,
    #[choice(zh = "零售", en = "Retail")]
    Retail,
    #[choice(zh = "批发与贸易", en = "Trade")]
    Trade,
    #[choice(zh = "金融", en = "Finance", tone = Success)]
    Finance,
    #[choice(zh = "医疗", en = "Medical", tone = Danger)]
    Medical,
    #[choice(zh = "教育", en = "Education")]
    Education,
    #[choice(zh = "文化娱乐", en = "Entertainment", tone = Accent)]
    Entertainment,
    #[choice(zh = "市场营销", en = "Marketing", tone = Accent)]
    Marketing,
    #[choice(zh = "人力资源", en = "Employment")]
    Employment,
    #[choice(zh = "服务业", en = "Services")]
    Services,
    #[choice(zh = "房地产与建筑", en = "Real estate and construction")]
    Construction,
    #[choice(zh = "交通物流", en = "Logistics")]
    Logistics,
    #[choice(zh = "能源", en = "Energy")]
    Energy,
    #[choice(zh = "农业与食品", en = "Agriculture and food")]
    Agriculture,
    #[choice(zh = "政府与公共事业", en = "Government")]
    Government,
    #[choice(zh = "其他", en = "Other")]
    Other,
}

/// How a customer came to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    #[choice(zh = "促销", en = "Promotion")]
    Promotion,
    #[choice(zh = "搜索引擎", en = "Search engine")]
    SearchEngine,
    #[choice(zh = "广告", en = "Advertisement")]
    Advertisement,
    #[choice(zh = "转介绍", en = "Referral")]
    Referral,
    #[choice(zh = "线上注册", en = "Online registration")]
    OnlineRegistration,
    #[choice(zh = "线上询价", en = "Online inquiry")]
    OnlineInquiry,
    #[choice(zh = "预约上门", en = "Appointment")]
    Appointment,
    #[choice(zh = "陌拜", en = "Cold visit")]
    ColdVisit,
    #[choice(zh = "电话咨询", en = "Phone inquiry")]
    PhoneInquiry,
    #[choice(zh = "邮件咨询", en = "E-mail inquiry")]
    EmailInquiry,
    #[choice(zh = "展会", en = "Trade fair")]
    TradeFair,
    #[choice(zh = "其他", en = "Other")]
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum DealStatus {
    #[choice(zh = "未成交", en = "Not won", tone = Neutral)]
    NotWon,
    #[choice(zh = "已成交", en = "Won", tone = Success)]
    Won,
}

/// A company or organisation that we sell to.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "account", plural = "accounts", zh = "客户", en = "Account", en_many = "Accounts",
    area = Customers, icon = "building-2", title = "name", listed)]
pub struct Account {
    #[field(zh = "客户名称", en = "Name", search, indexed, list, length(1, 200))]
    pub name: String,
    /// Unified social credit code (18 characters) or legacy tax number (15).
    #[field(zh = "统一社会信用代码", en = "Tax ID", help = "统一社会信用代码（18 位），或旧税号（15 位）。", search, unique, rule = Uscc, section = "basic")]
    pub tax_id: Option<String>,
    #[field(zh = "客户级别", en = "Level", indexed, list, section = "basic")]
    pub level: Option<Level>,
    #[field(zh = "所属行业", en = "Industry", indexed, list, section = "basic")]
    pub industry: Option<Industry>,
    #[field(zh = "客户来源", en = "Source", indexed, section = "basic")]
    pub source: Option<Source>,
    #[field(
        zh = "上级客户",
        en = "Parent account",
        indexed,
        inverse = "subsidiaries",
        inverse_label("下级客户", "Subsidiaries"),
        section = "basic"
    )]
    pub parent: Option<Id<Account>>,
    #[field(zh = "电话", en = "Phone", search, indexed, list, section = "contact", sensitivity = Personal)]
    pub phone: Option<Phone>,
    #[field(zh = "邮箱", en = "E-mail", search, indexed, section = "contact", sensitivity = Personal)]
    pub email: Option<Email>,
    #[field(zh = "网址", en = "Website", section = "contact")]
    pub website: Option<Url>,
    #[field(zh = "国家/地区", en = "Country or region", indexed, section = "contact", length(1, 80))]
    pub country: Option<String>,
    #[field(zh = "城市", en = "City", indexed, list, section = "contact", rule = City, length(1, 80))]
    pub city: Option<String>,
    #[field(zh = "详细地址", en = "Address", section = "contact")]
    pub address: Option<Address>,
    /// WGS-84; maps of the mainland expect GCJ-02 and convert on display.
    #[field(
        zh = "定位",
        en = "Location",
        help = "WGS-84 坐标；内地地图使用 GCJ-02，显示时换算。",
        section = "contact"
    )]
    pub location: Option<Geo>,
    #[field(zh = "员工人数", en = "Employees", indexed, range("0", "10000000"), section = "scale")]
    pub employees: Option<i64>,
    #[field(zh = "年营业额", en = "Annual revenue", indexed, section = "scale")]
    pub annual_revenue: Option<Money>,
    #[field(zh = "币种", en = "Currency", rule = Currency, default = "CNY", section = "scale")]
    pub currency: Option<String>,
    /// Encrypted at rest.
    #[field(zh = "银行账号", en = "Bank account", help = "加密保存。", sealed, indexed, sensitivity = Sensitive, section = "scale", length(4, 40))]
    pub bank_account: Option<String>,
    #[field(zh = "成立年份", en = "Year established", range("1000", "2100"), section = "scale")]
    pub founded: Option<i32>,
    #[field(zh = "标签", en = "Tags", indexed, list, section = "more")]
    pub tags: Option<Tags>,
    #[field(zh = "成交状态", en = "Deal status", indexed, list, default = "not_won", section = "progress")]
    pub deal_status: DealStatus,
    /// Set by the first deal that is won.
    #[field(
        zh = "成交时间",
        en = "First won at",
        help = "第一笔赢单时自动写入。",
        indexed,
        read_only,
        section = "progress"
    )]
    pub won_at: Option<DateTime<Utc>>,
    /// Set by follow-ups.
    #[field(
        zh = "最后跟进时间",
        en = "Last followed up",
        help = "由跟进记录自动写入。",
        indexed,
        read_only,
        list,
        section = "progress"
    )]
    pub last_followed_at: Option<DateTime<Utc>>,
    #[field(zh = "下次联系时间", en = "Next contact", indexed, section = "progress")]
    pub next_contact_at: Option<DateTime<Utc>>,
    #[field(zh = "备注", en = "Notes", section = "more")]
    pub notes: Option<LongText>,
    #[field(zh = "外部编号", en = "External ID", unique, length(1, 100), section = "more")]
    pub external_id: Option<String>,
    #[field(zh = "负责人", en = "Owner", indexed, list, default = CurrentUser, inverse = "accounts")]
    pub owner: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    #[choice(zh = "男", en = "Male")]
    Male,
    #[choice(zh = "女", en = "Female")]
    Female,
}

/// The part that a person plays in a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum DecisionRole {
    #[choice(zh = "关键决策人", en = "Decision maker", tone = Danger)]
    DecisionMaker,
    #[choice(zh = "影响者", en = "Influencer", tone = Warning)]
    Influencer,
    #[choice(zh = "技术评估", en = "Technical evaluator", tone = Info)]
    Evaluator,
    #[choice(zh = "采购", en = "Purchaser", tone = Info)]
    Purchaser,
    #[choice(zh = "使用者", en = "User")]
    User,
    #[choice(zh = "内部支持者", en = "Champion", tone = Success)]
    Champion,
    #[choice(zh = "反对者", en = "Blocker", tone = Accent)]
    Blocker,
}

/// A person at an account.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "contact", plural = "contacts", zh = "联系人", en = "Contact", en_many = "Contacts",
    area = Customers, icon = "contact-round", title = "name", follows = "account", listed)]
pub struct Contact {
    #[field(zh = "姓名", en = "Name", search, indexed, list, length(1, 100))]
    pub name: String,
    #[field(zh = "客户", en = "Account", indexed, list, inverse = "contacts", timeline)]
    pub account: Option<Id<Account>>,
    #[field(zh = "职务", en = "Job title", list, length(1, 100))]
    pub job_title: Option<String>,
    #[field(zh = "部门", en = "Department", length(1, 100))]
    pub department_name: Option<String>,
    #[field(zh = "决策角色", en = "Decision role", indexed, list)]
    pub decision_role: Option<DecisionRole>,
    #[field(zh = "性别", en = "Gender")]
    pub gender: Option<Gender>,
    #[field(zh = "手机", en = "Mobile", search, indexed, list, section = "contact", sensitivity = Personal)]
    pub mobile: Option<Phone>,
    #[field(zh = "座机", en = "Phone", search, indexed, section = "contact", sensitivity = Personal)]
    pub phone: Option<Phone>,
    #[field(zh = "邮箱", en = "E-mail", search, indexed, list, section = "contact", sensitivity = Personal)]
    pub email: Option<Email>,
    #[field(zh = "微信", en = "WeChat", search, section = "contact", sensitivity = Personal, length(1, 100))]
    pub wechat: Option<String>,
    #[field(zh = "地址", en = "Address", section = "contact", sensitivity = Personal)]
    pub address: Option<Address>,
    #[field(zh = "生日", en = "Birthday", sensitivity = Personal, section = "more")]
    pub birthday: Option<NaiveDate>,
    /// Resident identity card, 18 characters. Encrypted at rest.
    #[field(zh = "身份证号", en = "ID number", help = "居民身份证号，18 位。加密保存。", sealed, indexed, sensitivity = Sensitive, rule = IdCard, section = "more")]
    pub id_number: Option<String>,
    #[field(
        zh = "直属上级",
        en = "Reports to",
        inverse = "reports",
        inverse_label("下属", "Direct reports"),
        section = "more"
    )]
    pub reports_to: Option<Id<Contact>>,
    #[field(zh = "标签", en = "Tags", indexed, section = "more")]
    pub tags: Option<Tags>,
    #[field(zh = "最后跟进时间", en = "Last followed up", indexed, read_only, section = "progress")]
    pub last_followed_at: Option<DateTime<Utc>>,
    #[field(zh = "备注", en = "Notes", section = "more")]
    pub notes: Option<LongText>,
    /// Kept, and otherwise left alone, as its person has asked (PIPL art. 44, GDPR art. 18): nobody but those who keep such
    /// requests sees it, and nothing of it is changed or exported until that is lifted.
    #[field(
        zh = "限制处理",
        en = "Processing restricted",
        help = "应本人要求只保存、不处理（《个人信息保护法》第四十四条，GDPR 第 18 条）：除办理此类请求的人员外无人可见，解除之前不得修改或导出。",
        read_only,
        default = false,
        section = "more"
    )]
    pub processing_restricted: bool,
    #[field(zh = "外部编号", en = "External ID", unique, length(1, 100), section = "more")]
    pub external_id: Option<String>,
    #[field(zh = "负责人", en = "Owner", indexed, list, default = CurrentUser, inverse = "contacts")]
    pub owner: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum LeadStatus {
    #[choice(zh = "新线索", en = "New", tone = Info)]
    New,
    #[choice(zh = "跟进中", en = "Working", tone = Warning)]
    Working,
    #[choice(zh = "已确认", en = "Qualified", tone = Success)]
    Qualified,
    #[choice(zh = "已转化", en = "Converted", tone = Success)]
    Converted,
    #[choice(zh = "无效", en = "Unqualified", tone = Neutral)]
    Unqualified,
}

/// Someone who may become a customer and is not yet known well enough to be one.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "lead", plural = "leads", zh = "线索", en = "Lead", en_many = "Leads",
    area = Customers, icon = "target", title = "name", listed)]
pub struct Lead {
    #[field(zh = "姓名", en = "Name", search, indexed, list, length(1, 100))]
    pub name: String,
    #[field(zh = "公司", en = "Company", search, indexed, list, length(1, 200))]
    pub company: Option<String>,
    #[field(zh = "职务", en = "Job title", length(1, 100))]
    pub job_title: Option<String>,
    #[field(zh = "线索状态", en = "Status", indexed, list, default = "new", read_only_when("status", Eq, "converted"))]
    pub status: LeadStatus,
    #[field(zh = "来源", en = "Source", indexed, list)]
    pub source: Option<Source>,
    #[field(zh = "行业", en = "Industry", indexed)]
    pub industry: Option<Industry>,
    #[field(zh = "手机", en = "Mobile", search, indexed, list, section = "contact", sensitivity = Personal)]
    pub mobile: Option<Phone>,
    #[field(zh = "电话", en = "Phone", search, indexed, section = "contact", sensitivity = Personal)]
    pub phone: Option<Phone>,
    #[field(zh = "邮箱", en = "E-mail", search, indexed, list, section = "contact", sensitivity = Personal)]
    pub email: Option<Email>,
    #[field(zh = "微信", en = "WeChat", search, section = "contact", sensitivity = Personal, length(1, 100))]
    pub wechat: Option<String>,
    #[field(zh = "城市", en = "City", indexed, section = "contact", rule = City, length(1, 80))]
    pub city: Option<String>,
    #[field(zh = "地址", en = "Address", section = "contact")]
    pub address: Option<Address>,
    #[field(zh = "标签", en = "Tags", indexed, section = "more")]
    pub tags: Option<Tags>,
    #[field(zh = "最后跟进时间", en = "Last followed up", indexed, read_only, list, section = "progress")]
    pub last_followed_at: Option<DateTime<Utc>>,
    #[field(zh = "下次联系时间", en = "Next contact", indexed, section = "progress")]
    pub next_contact_at: Option<DateTime<Utc>>,
    #[field(
        zh = "转化客户",
        en = "Converted account",
        indexed,
        read_only,
        inverse = "leads",
        inverse_label("来源线索", "Source leads"),
        section = "progress",
        visible_when("status", Eq, "converted")
    )]
    pub converted_account: Option<Id<Account>>,
    #[field(
        zh = "转化联系人",
        en = "Converted contact",
        read_only,
        section = "progress",
        visible_when("status", Eq, "converted")
    )]
    pub converted_contact: Option<Id<Contact>>,
    #[field(
        zh = "转化商机",
        en = "Converted opportunity",
        read_only,
        section = "progress",
        visible_when("status", Eq, "converted")
    )]
    pub converted_opportunity: Option<Id<Opportunity>>,
    #[field(zh = "备注", en = "Notes", section = "more")]
    pub notes: Option<LongText>,
    /// Kept, and otherwise left alone, as its person has asked (PIPL art. 44, GDPR art. 18): nobody but those who keep such
    /// requests sees it, and nothing of it is changed or exported until that is lifted.
    #[field(
        zh = "限制处理",
        en = "Processing restricted",
        help = "应本人要求只保存、不处理（《个人信息保护法》第四十四条，GDPR 第 18 条）：除办理此类请求的人员外无人可见，解除之前不得修改或导出。",
        read_only,
        default = false,
        section = "more"
    )]
    pub processing_restricted: bool,
    #[field(zh = "外部编号", en = "External ID", unique, length(1, 100), section = "more")]
    pub external_id: Option<String>,
    #[field(zh = "负责人", en = "Owner", indexed, list, default = CurrentUser, inverse = "leads")]
    pub owner: Option<UserId>,
}
