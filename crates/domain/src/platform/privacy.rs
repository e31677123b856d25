//! What a company says of its fields for the protection of personal information.

use kezhan_derive::{Choice, Object};
use kezhan_meta::LongText;
use serde::{Deserialize, Serialize};

/// As `kezhan_meta::Sensitivity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum SensitivityLevel {
    #[choice(zh = "公开", en = "Public", tone = Neutral)]
    Public,
    #[choice(zh = "内部", en = "Internal", tone = Info)]
    Internal,
    #[choice(zh = "个人信息", en = "Personal", tone = Warning)]
    Personal,
    #[choice(zh = "敏感个人信息", en = "Sensitive personal", tone = Accent)]
    Sensitive,
    #[choice(zh = "机密", en = "Secret", tone = Accent)]
    Secret,
}

/// Why personal information may be handled: article 13 of the Personal Information Protection Law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    #[choice(zh = "个人同意", en = "Consent", tone = Info)]
    Consent,
    #[choice(zh = "订立或履行合同", en = "Contract", tone = Info)]
    Contract,
    #[choice(zh = "人力资源管理", en = "Employment", tone = Info)]
    Employment,
    #[choice(zh = "法定职责或义务", en = "Legal duty", tone = Info)]
    LegalDuty,
    #[choice(zh = "应对突发事件", en = "Emergency", tone = Info)]
    Emergency,
    #[choice(zh = "公共利益的新闻报道", en = "Public interest", tone = Info)]
    PublicInterest,
    #[choice(zh = "已合法公开", en = "Already public", tone = Info)]
    Published,
    /// GDPR art. 6 (1) (f); the PIPL does not know it.
    #[choice(zh = "正当利益（GDPR）", en = "Legitimate interests (GDPR)", tone = Info)]
    LegitimateInterests,
}

/// What a company says of one field: how sensitive it is, and for the data map why and how long it is kept.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "field_policy", plural = "field_policies", zh = "字段分级", en = "Field policy",
    en_many = "Field policies", area = Platform, icon = "shield-check", title = "path", tenant, configured)]
pub struct FieldPolicy {
    /// `object.field`, of which there is one policy.
    #[field(zh = "路径", en = "Path", help = "`对象.字段`，每个字段只有一条策略。", unique, read_only, list)]
    pub path: Option<String>,
    /// The object: `contact`.
    #[field(zh = "对象", en = "Object", help = "对象，如 `contact`。", immutable, rule = Object)]
    pub object: String,
    /// The field's key: `mobile`.
    #[field(zh = "字段", en = "Field", help = "字段标识，如 `mobile`。", immutable, rule = Key)]
    pub field: String,
    /// In place of the level that the field was declared with.
    #[field(zh = "敏感级别", en = "Sensitivity", help = "取代字段声明时的级别。", list)]
    pub sensitivity: Option<SensitivityLevel>,
    #[field(zh = "处理目的", en = "Purpose", list, length(1, 500))]
    pub purpose: Option<String>,
    #[field(zh = "合法性基础", en = "Legal basis", list)]
    pub legal_basis: Option<LegalBasis>,
    /// Counted from the last change of the record.
    #[field(
        zh = "保存期限（月）",
        en = "Kept for (months)",
        help = "自记录最后一次修改起计算。",
        list,
        range("1", "12000")
    )]
    pub retention_months: Option<i32>,
    /// To where, for whom and on what ground it leaves the country; empty where it does not.
    #[field(
        zh = "出境说明",
        en = "Cross-border",
        help = "出境至何处、交给谁、依据什么；不出境则留空。",
        length(1, 500)
    )]
    pub cross_border: Option<String>,
    #[field(zh = "备注", en = "Notes")]
    pub notes: Option<LongText>,
}
