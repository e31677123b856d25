//! Pipelines and the opportunities that travel through them.

mod total;

pub use total::line_total;

use chrono::NaiveDate;
use kezhan_derive::{Choice, Object};
use kezhan_meta::{AutoNumber, Decimal, Id, LongText, Money, Percent, Tags, UserId};
use serde::{Deserialize, Serialize};

use crate::commerce::Product;
use crate::customers::{Account, Contact, Source};

/// A way of selling, with its own stages.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "pipeline", plural = "pipelines", zh = "销售流程", en = "Pipeline", en_many = "Pipelines",
    area = Sales, icon = "git-branch", title = "name", tenant)]
pub struct Pipeline {
    #[field(zh = "流程名称", en = "Name", search, unique, list, length(1, 100))]
    pub name: String,
    /// The name in English, for those who read English; empty, it is the same.
    #[field(
        zh = "英文名称",
        en = "English name",
        help = "给使用英文界面的人看的名称；不填则两种语言相同。",
        search,
        length(1, 100)
    )]
    pub name_en: Option<String>,
    /// New opportunities start here unless told otherwise.
    #[field(
        zh = "默认流程",
        en = "Default",
        help = "未指定时，新商机进入此销售流程。",
        list,
        indexed,
        default = false
    )]
    pub is_default: bool,
    #[field(zh = "排序", en = "Order", list, default = 0)]
    pub sort_order: Option<i32>,
}

/// What a stage means for the deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[choice(zh = "进行中", en = "Open", tone = Info)]
    Open,
    #[choice(zh = "赢单", en = "Won", tone = Success)]
    Won,
    #[choice(zh = "输单", en = "Lost", tone = Danger)]
    Lost,
}

/// A step of a pipeline.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "stage", plural = "stages", zh = "销售阶段", en = "Stage", en_many = "Stages",
    area = Sales, icon = "milestone", title = "name", tenant)]
pub struct Stage {
    #[field(zh = "阶段名称", en = "Name", search, indexed, list, length(1, 100))]
    pub name: String,
    /// The name in the other language; imports recognise both.
    #[field(
        zh = "英文名称",
        en = "English name",
        help = "另一种语言的名称；导入时两种都认。",
        search,
        list,
        length(1, 100)
    )]
    pub name_en: Option<String>,
    /// Left empty, it is the default pipeline.
    #[field(zh = "销售流程", en = "Pipeline", help = "未填写时为默认销售流程。", indexed, list, inverse = "stages")]
    pub pipeline: Option<Id<Pipeline>>,
    #[field(zh = "结果", en = "Outcome", indexed, list, default = "open")]
    pub outcome: Outcome,
    /// Chance of winning from here, for weighted forecasts.
    #[field(zh = "赢率", en = "Probability", help = "由此阶段赢单的可能，用于加权预测。", list, range("0", "100"))]
    pub probability: Option<Percent>,
    #[field(zh = "排序", en = "Order", indexed, list, default = 0)]
    pub sort_order: Option<i32>,
    /// Keys of the fields that an opportunity must have before it comes here: `lost_reason`. Imports may lack them.
    #[field(
        zh = "进入阶段必填",
        en = "Required to enter",
        help = "商机进入此阶段之前必须填写的字段标识，如 `lost_reason`。导入时可以缺少。"
    )]
    pub requires: Option<Tags>,
}

/// A deal that may be won.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "opportunity", plural = "opportunities", follows = "account", zh = "商机", en = "Opportunity", en_many = "Opportunities",
    area = Sales, icon = "circle-dollar-sign", title = "name", listed)]
pub struct Opportunity {
    /// Left empty, it is made of the account and the product.
    #[field(zh = "商机名称", en = "Name", help = "不填则为客户加产品。", search, indexed, list, length(1, 200), default = Derived)]
    pub name: String,
    #[field(zh = "商机编号", en = "Number", search, unique, read_only, pattern = "SJ{yyyy}{mm}{00000}", reset = Monthly)]
    pub number: Option<AutoNumber>,
    #[field(zh = "客户", en = "Account", indexed, list, inverse = "opportunities", timeline)]
    pub account: Option<Id<Account>>,
    #[field(zh = "主要联系人", en = "Primary contact", indexed, inverse = "opportunities", within = "account")]
    pub contact: Option<Id<Contact>>,
    /// Follows from the stage.
    #[field(zh = "销售流程", en = "Pipeline", help = "即阶段所在的销售流程。", indexed, read_only)]
    pub pipeline: Option<Id<Pipeline>>,
    /// Left empty, a new opportunity begins in the first stage of the default pipeline.
    #[field(
        zh = "销售阶段",
        en = "Stage",
        help = "不填则为默认销售流程的第一阶段。",
        indexed,
        list,
        inverse = "opportunities"
    )]
    pub stage: Option<Id<Stage>>,
    /// Follows from the stage.
    #[field(zh = "结果", en = "Outcome", help = "即阶段的结果。", indexed, list, read_only, default = "open")]
    pub outcome: Outcome,
    #[field(zh = "金额", en = "Amount", indexed, list, section = "money")]
    pub amount: Option<Money>,
    #[field(zh = "币种", en = "Currency", rule = Currency, default = "CNY", section = "money")]
    pub currency: Option<String>,
    /// Left empty, the stage's own chance counts.
    #[field(zh = "赢率", en = "Probability", help = "不填则为阶段的赢率。", range("0", "100"), section = "money")]
    pub probability: Option<Percent>,
    #[field(zh = "主要产品", en = "Product", indexed, list, inverse = "opportunities", section = "money")]
    pub product: Option<Id<Product>>,
    #[field(zh = "开始日期", en = "Engaged on", indexed, section = "progress")]
    pub engaged_on: Option<NaiveDate>,
    #[field(zh = "预计成交日期", en = "Expected close", indexed, list, section = "progress")]
    pub expected_close: Option<NaiveDate>,
    /// Left empty, it is the day on which the deal is won or lost.
    #[field(
        zh = "实际成交日期",
        en = "Closed on",
        help = "赢单或输单时未填日期，则为当天。",
        indexed,
        not_before = "engaged_on",
        section = "progress",
        visible_when("stage.outcome", In, "won|lost")
    )]
    pub closed_on: Option<NaiveDate>,
    #[field(
        zh = "输单原因",
        en = "Reason lost",
        length(1, 200),
        section = "progress",
        visible_when("stage.outcome", Eq, "lost")
    )]
    pub lost_reason: Option<String>,
    #[field(zh = "来源", en = "Source", indexed, section = "more")]
    pub source: Option<Source>,
    #[field(zh = "标签", en = "Tags", indexed, section = "more")]
    pub tags: Option<Tags>,
    #[field(zh = "备注", en = "Notes", section = "more")]
    pub notes: Option<LongText>,
    #[field(zh = "外部编号", en = "External ID", search, unique, length(1, 100), section = "more")]
    pub external_id: Option<String>,
    #[field(zh = "负责人", en = "Owner", indexed, list, default = CurrentUser, inverse = "opportunities")]
    pub owner: Option<UserId>,
}

/// A product in an opportunity.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "opportunity_line", plural = "opportunity_lines", zh = "商机产品", en = "Opportunity line",
    en_many = "Opportunity lines", area = Sales, icon = "list", title = "description", through = "opportunity")]
pub struct OpportunityLine {
    #[field(zh = "商机", en = "Opportunity", indexed, list, immutable, inverse = "lines")]
    pub opportunity: Id<Opportunity>,
    #[field(zh = "产品", en = "Product", indexed, list)]
    pub product: Option<Id<Product>>,
    #[field(zh = "描述", en = "Description", search, list, length(1, 200))]
    pub description: Option<String>,
    #[field(zh = "数量", en = "Quantity", list, default = 1, range("0", ""))]
    pub quantity: Decimal<4>,
    /// Left empty, the product's own price counts.
    #[field(zh = "单价", en = "Unit price", help = "不填则为产品的价格。", list)]
    pub unit_price: Option<Money>,
    #[field(zh = "折扣", en = "Discount", list, range("0", "100"))]
    pub discount: Option<Percent>,
    /// quantity × unit price × (1 − discount ÷ 100), rounded half away from zero to two places.
    #[field(
        zh = "小计",
        en = "Total",
        help = "数量 × 单价 ×（1 − 折扣 ÷ 100），四舍五入到两位小数。",
        list,
        read_only
    )]
    pub total: Option<Money>,
    #[field(zh = "币种", en = "Currency", rule = Currency, default = "CNY")]
    pub currency: Option<String>,
}
