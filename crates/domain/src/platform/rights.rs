//! Personal information: what it is processed for, who agreed to that, what people ask about theirs, and how long it is
//! kept.
//!
//! Terms follow the Personal Information Protection Law of the PRC (个人信息保护法, PIPL) and the GDPR: legal bases are
//! those of PIPL art. 13 and GDPR art. 6, requests those of PIPL art. 44–50 and GDPR art. 15–22.

use super::LegalBasis;
use crate::customers::{Contact, Lead};
use chrono::{DateTime, Utc};
use kezhan_derive::{Choice, Object};
use kezhan_meta::{AutoNumber, Id, LongText, UserId};
use serde::{Deserialize, Serialize};

/// What personal information is processed for, and on what ground.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "processing_purpose", plural = "processing_purposes", zh = "处理目的", en = "Processing purpose",
    en_many = "Processing purposes", area = Platform, icon = "scale", title = "name", tenant)]
pub struct ProcessingPurpose {
    #[field(zh = "名称", en = "Name", search, unique, list, length(1, 100))]
    pub name: String,
    #[field(zh = "合法性基础", en = "Legal basis", indexed, list, default = "consent")]
    pub legal_basis: LegalBasis,
    /// What people are told before they agree.
    #[field(zh = "告知内容", en = "Notice", help = "征得同意之前告知的内容。")]
    pub notice: Option<LongText>,
    /// Goes up with each change of the notice; every consent says which one it was given to.
    #[field(
        zh = "告知版本",
        en = "Notice version",
        help = "告知内容每改一次加一；每份同意都记下是哪一版。",
        list,
        length(1, 40)
    )]
    pub notice_version: Option<String>,
    /// Who else receives it.
    #[field(zh = "接收方", en = "Recipients", help = "还有谁会收到。", length(1, 500))]
    pub recipients: Option<String>,
    /// Recipient, country and ground of a transfer abroad (PIPL art. 38: security assessment, certification or standard
    /// contract; GDPR art. 44–49). Empty where nothing leaves the country.
    #[field(
        zh = "出境说明",
        en = "Cross-border transfer",
        help = "出境的接收方、国家和依据（《个人信息保护法》第三十八条：安全评估、认证或标准合同；GDPR 第 44–49 条）。不出境则留空。"
    )]
    pub abroad: Option<LongText>,
    /// Months, counted from the last contact; what is kept longer belongs into a retention rule.
    #[field(
        zh = "保存期限（月）",
        en = "Kept for (months)",
        help = "月数，自最后一次联系起计算；需保存更久的请用保留规则。",
        range("1", "1200"),
        list
    )]
    pub months: Option<i32>,
    #[field(zh = "启用", en = "Active", list, default = true)]
    pub active: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    #[choice(zh = "同意", en = "Given", tone = Success)]
    Given,
    #[choice(zh = "拒绝", en = "Refused", tone = Danger)]
    Refused,
    #[choice(zh = "撤回", en = "Withdrawn", tone = Warning)]
    Withdrawn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum ConsentChannel {
    #[choice(zh = "纸质签字", en = "Signed on paper")]
    Paper,
    #[choice(zh = "网页表单", en = "Web form")]
    Form,
    #[choice(zh = "电话", en = "Phone")]
    Phone,
    #[choice(zh = "邮件", en = "E-mail")]
    Email,
    #[choice(zh = "微信", en = "WeChat")]
    Wechat,
    #[choice(zh = "其他", en = "Other")]
    Other,
}

/// What a person has said to one purpose. A ledger: entries are added, never changed; the latest of a person and purpose
/// is the one that holds.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "consent", plural = "consents", zh = "同意记录", en = "Consent", en_many = "Consents",
    area = Platform, icon = "clipboard-check", title = "number", moment = "at", through = "contact")]
pub struct Consent {
    #[field(zh = "编号", en = "Number", unique, read_only, list, pattern = "TY{yyyy}{mm}{00000}", reset = Monthly)]
    pub number: Option<AutoNumber>,
    #[field(zh = "联系人", en = "Contact", indexed, list, immutable, inverse = "consents")]
    pub contact: Id<Contact>,
    #[field(zh = "处理目的", en = "Purpose", indexed, list, immutable, inverse = "consents")]
    pub purpose: Id<ProcessingPurpose>,
    #[field(zh = "意思表示", en = "Statement", indexed, list, immutable, default = "given")]
    pub state: ConsentState,
    #[field(zh = "方式", en = "Channel", indexed, list, immutable, default = "form")]
    pub channel: ConsentChannel,
    #[field(zh = "时间", en = "Stated at", indexed, list, immutable, default = Now)]
    pub at: Option<DateTime<Utc>>,
    /// Until when it holds; for good where it is empty.
    #[field(zh = "有效期至", en = "Valid until", help = "有效期至；留空则长期有效。", indexed, list, immutable)]
    pub until: Option<DateTime<Utc>>,
    /// Of the notice that it was given to: the purpose's at the time.
    #[field(
        zh = "告知版本",
        en = "Notice version",
        help = "同意时所依据的告知版本，即当时处理目的的版本。",
        read_only
    )]
    pub notice_version: Option<String>,
    /// How it can be shown: the form's address, who was on the phone, where the paper is.
    #[field(zh = "证明", en = "Evidence", help = "如何证明：表单地址、通话对象、纸质文件存放处。", immutable)]
    pub evidence: Option<LongText>,
    /// The latest statement of this person to this purpose.
    #[field(
        zh = "当前有效",
        en = "Current",
        help = "此人对此目的的最近一次表示。",
        indexed,
        list,
        read_only,
        default = true
    )]
    pub current: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// PIPL art. 45, GDPR art. 15.
    #[choice(zh = "查阅、复制", en = "Access", tone = Info)]
    Access,
    /// PIPL art. 46, GDPR art. 16.
    #[choice(zh = "更正、补充", en = "Correction", tone = Info)]
    Correction,
    /// PIPL art. 45 (3), GDPR art. 20.
    #[choice(zh = "转移", en = "Portability", tone = Info)]
    Portability,
    /// PIPL art. 47, GDPR art. 17.
    #[choice(zh = "删除", en = "Erasure", tone = Danger)]
    Erasure,
    /// PIPL art. 44, GDPR art. 18.
    #[choice(zh = "限制处理", en = "Restriction", tone = Warning)]
    Restriction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// Who asks is not certain yet.
    #[choice(zh = "待核验", en = "To be verified", tone = Warning)]
    New,
    #[choice(zh = "处理中", en = "In progress", tone = Info)]
    InProgress,
    #[choice(zh = "已完成", en = "Done", tone = Success)]
    Done,
    #[choice(zh = "已拒绝", en = "Refused", tone = Danger)]
    Refused,
    #[choice(zh = "已撤回", en = "Withdrawn", tone = Neutral)]
    Withdrawn,
}

/// What somebody asks about their own personal information, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "subject_request", plural = "subject_requests", zh = "个人信息请求", en = "Subject request",
    en_many = "Subject requests", area = Platform, icon = "user-round-search", title = "number", moment = "received_at")]
pub struct SubjectRequest {
    #[field(zh = "编号", en = "Number", search, unique, read_only, list, pattern = "GR{yyyy}{mm}{0000}", reset = Monthly)]
    pub number: Option<AutoNumber>,
    #[field(zh = "请求类型", en = "Kind", indexed, list)]
    pub kind: RequestKind,
    #[field(zh = "请求人", en = "Requester", search, indexed, list, sensitivity = Personal, length(1, 100))]
    pub requester: String,
    /// Where the answer goes.
    #[field(zh = "联系方式", en = "Reached at", help = "答复发往何处。", sensitivity = Personal, length(1, 200))]
    pub reach: Option<String>,
    #[field(zh = "请求内容", en = "What is asked", length(1, 5000))]
    pub content: Option<LongText>,
    #[field(zh = "联系人", en = "Contact", indexed, list, inverse = "subject_requests", section = "subject")]
    pub contact: Option<Id<Contact>>,
    #[field(zh = "线索", en = "Lead", indexed, inverse = "subject_requests", section = "subject")]
    pub lead: Option<Id<Lead>>,
    /// How it was made sure that they are who they say they are. Nothing is handed out or erased before.
    #[field(
        zh = "身份核验方式",
        en = "Verified by",
        help = "如何确认是本人。确认之前不提供、不删除任何内容。",
        length(1, 500),
        section = "subject",
        required_when("status", In, "in_progress|done")
    )]
    pub verification: Option<String>,
    #[field(zh = "状态", en = "Status", indexed, list, default = "new", section = "progress")]
    pub status: RequestStatus,
    #[field(zh = "收到时间", en = "Received at", indexed, list, default = Now, section = "progress")]
    pub received_at: Option<DateTime<Utc>>,
    /// 30 days after it came where nothing else is said (GB/T 35273-2020, 8.7; GDPR art. 12 (3): one month). Later
    /// only for a reason, and by no more than two months.
    #[field(
        zh = "办理期限",
        en = "Due at",
        help = "未另行指定时为收到后 30 天（GB/T 35273-2020 第 8.7 条；GDPR 第 12 条第 3 款：一个月）。须有理由方可延后，且最多两个月。",
        indexed,
        list,
        section = "progress"
    )]
    pub due_at: Option<DateTime<Utc>>,
    #[field(zh = "延期理由", en = "Reason for the extension", length(1, 500), section = "progress")]
    pub extension: Option<String>,
    /// What they were told.
    #[field(
        zh = "答复",
        en = "Answer",
        help = "对本人的答复。",
        section = "progress",
        required_when("status", In, "done|refused")
    )]
    pub answer: Option<LongText>,
    /// Set when it is done, refused or withdrawn.
    #[field(
        zh = "办结时间",
        en = "Completed at",
        help = "办结、拒绝或撤回时写入。",
        indexed,
        read_only,
        section = "progress"
    )]
    pub completed_at: Option<DateTime<Utc>>,
    /// What the system did for it, a line each.
    #[field(zh = "办理证据", en = "Evidence", help = "系统为此做了什么，一行一项。", read_only, section = "progress")]
    pub evidence: Option<LongText>,
    #[field(zh = "负责人", en = "Owner", indexed, list, default = CurrentUser)]
    pub owner: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum RetentionAct {
    /// What identifies a person is taken away, with its history; the record and what hangs on it stay.
    #[choice(zh = "匿名化", en = "Anonymise", tone = Danger)]
    Anonymise,
    #[choice(zh = "移入回收站", en = "Move to the recycle bin", tone = Warning)]
    Bin,
}

/// What becomes of records that are not needed any more; looked at once a day.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "retention_rule", plural = "retention_rules", zh = "留存规则", en = "Retention rule",
    en_many = "Retention rules", area = Platform, icon = "hourglass", title = "name", tenant, configured)]
pub struct RetentionRule {
    #[field(zh = "规则名称", en = "Name", unique, list, length(1, 100))]
    pub name: String,
    #[field(zh = "对象", en = "Object", list, rule = Object)]
    pub object: String,
    /// A filter tree, as in queries; all records where it is empty.
    #[field(zh = "条件", en = "Condition", help = "条件树，与查询相同；留空则为全部记录。")]
    pub condition: Option<serde_json::Value>,
    /// The date field from which time is counted; a record in which it is empty is left alone.
    #[field(zh = "起算字段", en = "Counted from", help = "从哪个日期字段起算；该字段为空的记录不处理。", list, rule = Key, default = "updated_at")]
    pub since: String,
    #[field(zh = "保存月数", en = "Months", list, range("1", "1200"))]
    pub months: i32,
    #[field(zh = "到期处理", en = "Then", list, default = "anonymise")]
    pub act: RetentionAct,
    #[field(zh = "启用", en = "Active", list, indexed, default = false)]
    pub active: bool,
    #[field(zh = "上次执行", en = "Last run", list, read_only)]
    pub last_run_at: Option<DateTime<Utc>>,
    #[field(zh = "上次处理条数", en = "Records then", list, read_only)]
    pub last_count: Option<i32>,
}
