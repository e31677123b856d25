//! What people do all day: follow-ups and tasks.

use chrono::{DateTime, Utc};
use kezhan_derive::{Choice, Object};
use kezhan_meta::{Geo, Id, LongText, UserId};
use serde::{Deserialize, Serialize};

use crate::customers::{Account, Contact, Lead};
use crate::people::User;
use crate::sales::Opportunity;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpKind {
    #[choice(zh = "打电话", en = "Call", tone = Info)]
    Call,
    #[choice(zh = "发邮件", en = "E-mail", tone = Info)]
    Email,
    #[choice(zh = "发短信", en = "Text message", tone = Info)]
    Sms,
    #[choice(zh = "见面拜访", en = "Visit", tone = Success)]
    Visit,
    #[choice(zh = "微信", en = "WeChat", tone = Success)]
    Wechat,
    #[choice(zh = "活动", en = "Event", tone = Accent)]
    Event,
    /// Something to remember; no contact took place.
    #[choice(zh = "笔记", en = "Note")]
    Note,
    #[choice(zh = "其他", en = "Other")]
    Other,
}

/// A contact with a customer, on record.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "follow_up", plural = "follow_ups", zh = "跟进记录", en = "Follow-up", en_many = "Follow-ups",
    area = Work, icon = "message-square-text", title = "content", moment = "happened_at", follows = "account", listed)]
pub struct FollowUp {
    #[field(zh = "跟进方式", en = "Kind", indexed, list, default = "call")]
    pub kind: FollowUpKind,
    #[field(zh = "跟进内容", en = "Content", search, list, length(1, 5000))]
    pub content: LongText,
    /// When it took place; left empty, it is now.
    #[field(zh = "跟进时间", en = "Happened at", help = "发生的时间；不填则为现在。", indexed, list, default = Now)]
    pub happened_at: Option<DateTime<Utc>>,
    #[field(zh = "客户", en = "Account", indexed, list, inverse = "follow_ups", timeline, section = "related")]
    pub account: Option<Id<Account>>,
    #[field(
        zh = "联系人",
        en = "Contact",
        indexed,
        list,
        inverse = "follow_ups",
        timeline,
        section = "related",
        within = "account"
    )]
    pub contact: Option<Id<Contact>>,
    #[field(zh = "线索", en = "Lead", indexed, inverse = "follow_ups", timeline, section = "related")]
    pub lead: Option<Id<Lead>>,
    #[field(
        zh = "商机",
        en = "Opportunity",
        indexed,
        inverse = "follow_ups",
        timeline,
        section = "related",
        within = "account"
    )]
    pub opportunity: Option<Id<Opportunity>>,
    /// Carried over to the customer or lead.
    #[field(zh = "下次联系时间", en = "Next contact", help = "会带到客户或线索上。", indexed)]
    pub next_contact_at: Option<DateTime<Utc>>,
    /// Colleagues who are to know.
    #[field(zh = "提及", en = "Mentions", help = "需要知道的同事。")]
    pub mentions: Option<Vec<Id<User>>>,
    #[field(zh = "地点", en = "Location")]
    pub location: Option<Geo>,
    #[field(zh = "负责人", en = "Owner", indexed, list, default = CurrentUser)]
    pub owner: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    #[choice(zh = "待办", en = "To do", tone = Info)]
    Todo,
    #[choice(zh = "进行中", en = "In progress", tone = Warning)]
    InProgress,
    #[choice(zh = "已完成", en = "Done", tone = Success, closes)]
    Done,
    #[choice(zh = "已取消", en = "Cancelled")]
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    #[choice(zh = "高", en = "High", tone = Danger)]
    High,
    #[choice(zh = "中", en = "Medium", tone = Warning)]
    Medium,
    #[choice(zh = "低", en = "Low")]
    Low,
}

/// Something to do by a time.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "task", plural = "tasks", zh = "任务", en = "Task", en_many = "Tasks",
    area = Work, icon = "square-check-big", title = "subject", listed)]
pub struct Task {
    #[field(zh = "主题", en = "Subject", search, indexed, list, length(1, 200))]
    pub subject: String,
    #[field(zh = "状态", en = "Status", indexed, list, default = "todo")]
    pub status: TaskStatus,
    #[field(zh = "优先级", en = "Priority", indexed, list, default = "medium")]
    pub priority: Option<Priority>,
    #[field(zh = "截止时间", en = "Due at", indexed, list)]
    pub due_at: Option<DateTime<Utc>>,
    /// Set when the task is done.
    #[field(zh = "完成时间", en = "Completed at", help = "任务完成时写入。", indexed, read_only)]
    pub completed_at: Option<DateTime<Utc>>,
    #[field(zh = "客户", en = "Account", indexed, list, inverse = "tasks", timeline, section = "related")]
    pub account: Option<Id<Account>>,
    #[field(
        zh = "联系人",
        en = "Contact",
        indexed,
        inverse = "tasks",
        timeline,
        section = "related",
        within = "account"
    )]
    pub contact: Option<Id<Contact>>,
    #[field(zh = "线索", en = "Lead", indexed, inverse = "tasks", timeline, section = "related")]
    pub lead: Option<Id<Lead>>,
    #[field(
        zh = "商机",
        en = "Opportunity",
        indexed,
        inverse = "tasks",
        timeline,
        section = "related",
        within = "account"
    )]
    pub opportunity: Option<Id<Opportunity>>,
    #[field(zh = "说明", en = "Description")]
    pub description: Option<LongText>,
    #[field(zh = "负责人", en = "Owner", indexed, list, default = CurrentUser)]
    pub owner: Option<UserId>,
}
