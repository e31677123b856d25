//! What the product itself is made of: attachments, saved views, a tenant's own objects and fields, and what it knows of
//! people's rights to what is kept about them.

mod privacy;
mod rights;

pub use privacy::{FieldPolicy, LegalBasis, SensitivityLevel};
pub use rights::{
    Consent, ConsentChannel, ConsentState, ProcessingPurpose, RequestKind, RequestStatus, RetentionAct, RetentionRule,
    SubjectRequest,
};

use crate::people::{Department, Role};
use chrono::{DateTime, Utc};
use kezhan_derive::{Choice, Object};
use kezhan_meta::{Id, LongText, UserId};
use serde::{Deserialize, Serialize};

/// A file on a record. The content is uploaded and fetched through `/attachments/{id}/content`.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "attachment", plural = "attachments", zh = "附件", en = "Attachment", en_many = "Attachments",
    area = Platform, icon = "paperclip", title = "name", polymorphic("object", "record"))]
pub struct Attachment {
    #[field(zh = "文件名", en = "Name", search, list, length(1, 255))]
    pub name: String,
    /// The object of the record it hangs on: `account`.
    #[field(zh = "所属对象", en = "Object", help = "所属记录的对象，如 `account`。", indexed, immutable, rule = Object)]
    pub object: String,
    /// The id of the record it hangs on.
    #[field(zh = "所属记录", en = "Record", help = "所属记录的 id。", indexed, immutable, length(36, 36))]
    pub record: String,
    #[field(zh = "类型", en = "Content type", list, read_only)]
    pub content_type: Option<String>,
    /// Bytes.
    #[field(zh = "大小", en = "Size", help = "字节数。", list, read_only)]
    pub size: Option<i64>,
    #[field(zh = "校验和", en = "SHA-256", read_only, hidden)]
    pub sha256: Option<String>,
    /// Where the content lies in the store.
    #[field(zh = "存储位置", en = "Storage key", help = "内容在存储中的位置。", read_only, secret, hidden)]
    pub storage_key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    #[choice(zh = "仅自己", en = "Private")]
    Private,
    #[choice(zh = "部门", en = "Department", tone = Accent)]
    Team,
    #[choice(zh = "所有人", en = "Everyone", tone = Info)]
    All,
}

/// A list as someone arranged it.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "saved_view", plural = "saved_views", zh = "视图", en = "Saved view", en_many = "Saved views",
    area = Platform, icon = "list-filter", title = "name", personal)]
pub struct SavedView {
    #[field(zh = "视图名称", en = "Name", search, list, length(1, 100))]
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
    /// The object listed: `account`.
    #[field(zh = "对象", en = "Object", help = "所列的对象，如 `account`。", indexed, list, rule = Object)]
    pub object: String,
    /// `{filter, sort, fields, group_by, layout, widths}` as in `POST /{objects}/query`.
    #[field(
        zh = "设置",
        en = "Settings",
        help = "`{filter, sort, fields, group_by, layout, widths}`，与 `POST /{objects}/query` 相同。"
    )]
    pub settings: serde_json::Value,
    #[field(zh = "可见范围", en = "Visibility", indexed, list, default = "private")]
    pub visibility: Visibility,
    /// With the visibility `team`, the department that it is shared with: everybody in and below it sees the view.
    #[field(
        zh = "共享部门",
        en = "Department",
        help = "可见范围为 `team` 时共享的部门：本部门及以下的人都能看到此视图。"
    )]
    pub unit: Option<Id<Department>>,
    /// Roles whose people see the list through this view at first. Administrators decide; each role has one view per
    /// object, shared with everyone.
    #[field(
        zh = "默认用于角色",
        en = "Default for roles",
        help = "这些角色的人打开列表时默认使用此视图。由管理员决定；每个角色每个对象只有一个，须对所有人共享。"
    )]
    pub default_for: Option<Vec<Id<Role>>>,
    #[field(zh = "排序", en = "Order", default = 0)]
    pub sort_order: Option<i32>,
    #[field(zh = "负责人", en = "Owner", indexed, default = CurrentUser)]
    pub owner: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    #[choice(zh = "分配给我", en = "Assigned to me", tone = Info)]
    Assigned,
    #[choice(zh = "提到我", en = "Mentioned me", tone = Accent)]
    Mentioned,
    #[choice(zh = "任务完成", en = "Task done", tone = Success)]
    TaskDone,
    /// Of a directory that is read by the clock: it could not be.
    #[choice(zh = "同步失败", en = "Synchronisation failed", tone = Danger)]
    SyncFailed,
    /// Of a directory that is read by the clock: more people have gone than may be deactivated without asking.
    #[choice(zh = "同步已停止：停用人数超限", en = "Synchronisation stopped: too many to deactivate", tone = Warning)]
    SyncStopped,
}

/// What someone should know: a line in their inbox about one record.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "notification", plural = "notifications", zh = "通知", en = "Notification", en_many = "Notifications",
    area = Platform, icon = "bell", title = "title", personal)]
pub struct Notification {
    #[field(zh = "类型", en = "Kind", indexed, list, immutable)]
    pub kind: NotificationKind,
    /// The record's name when it happened.
    #[field(zh = "标题", en = "Title", help = "事情发生时记录的名称。", list, immutable, length(1, 300))]
    pub title: String,
    /// The object of the record it is about: `account`.
    #[field(zh = "所属对象", en = "Object", help = "所涉记录的对象，如 `account`。", immutable, rule = Object)]
    pub object: String,
    /// The id of the record it is about.
    #[field(zh = "所属记录", en = "Record", help = "所涉记录的 id。", immutable, length(36, 36))]
    pub record: String,
    /// The id of the record on its timeline in which it was said.
    #[field(zh = "所在动态", en = "Entry", help = "时间线上写下这句话的记录的 id。", immutable, length(1, 36))]
    pub entry: Option<String>,
    /// What was said, where something was.
    #[field(zh = "内容", en = "Text", help = "说了什么（如有）。", immutable, length(1, 300))]
    pub text: Option<String>,
    /// How many more records of this object the same person gave them in one go.
    #[field(zh = "另有", en = "And others", help = "同一个人一次还给了多少条该对象的记录。", read_only, default = 0)]
    pub others: Option<i64>,
    /// Whoever did it; nobody where the system did.
    #[field(zh = "操作人", en = "Actor", help = "操作人；由系统执行时为空。", immutable)]
    pub actor: Option<UserId>,
    /// Empty while it is unread.
    #[field(zh = "已读时间", en = "Read at", help = "未读时为空。", indexed)]
    pub read_at: Option<DateTime<Utc>>,
    #[field(zh = "接收人", en = "Recipient", indexed, immutable, default = CurrentUser)]
    pub owner: Option<UserId>,
}

/// A record that someone keeps at hand.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "favorite", plural = "favorites", zh = "收藏", en = "Favourite", en_many = "Favourites",
    area = Platform, icon = "star", title = "title", personal)]
pub struct Favorite {
    /// The record's name when it was kept.
    #[field(zh = "标题", en = "Title", help = "收藏时记录的名称。", length(1, 300))]
    pub title: String,
    /// The object of the record: `account`.
    #[field(zh = "所属对象", en = "Object", help = "记录的对象，如 `account`。", immutable, indexed, rule = Object)]
    pub object: String,
    /// The id of the record.
    #[field(zh = "所属记录", en = "Record", help = "记录的 id。", immutable, indexed, length(36, 36))]
    pub record: String,
    #[field(zh = "排序", en = "Order", indexed, default = 0)]
    pub sort_order: Option<i32>,
    #[field(zh = "负责人", en = "Owner", indexed, immutable, default = CurrentUser)]
    pub owner: Option<UserId>,
}

/// An object that a tenant made.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "object_definition", plural = "object_definitions", zh = "自定义对象", en = "Custom object",
    en_many = "Custom objects", area = Platform, icon = "boxes", title = "label_zh", tenant, configured)]
pub struct ObjectDefinition {
    /// Singular key: `vehicle`.
    #[field(zh = "对象标识", en = "Key", help = "单数标识，如 `vehicle`。", unique, immutable, list, rule = Key, length(2, 40))]
    pub key: String,
    /// Path segment of the API: `vehicles`.
    #[field(zh = "复数标识", en = "Plural key", help = "API 路径中的名称，如 `vehicles`。", unique, immutable, list, rule = Key, length(2, 40))]
    pub plural: String,
    #[field(zh = "中文名称", en = "Chinese name", search, list, length(1, 50))]
    pub label_zh: String,
    #[field(zh = "英文名称", en = "English name", search, list, length(1, 50))]
    pub label_en: String,
    #[field(zh = "图标", en = "Icon", default = "box", length(1, 50))]
    pub icon: Option<String>,
    #[field(zh = "说明", en = "Description")]
    pub description: Option<LongText>,
}

/// A field that a tenant added to an object.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "field_definition", plural = "field_definitions", zh = "自定义字段", en = "Custom field",
    en_many = "Custom fields", area = Platform, icon = "text-cursor-input", title = "label_zh", tenant, configured)]
pub struct FieldDefinition {
    /// The object that gets the field: `account`, or a custom object's key.
    #[field(zh = "对象", en = "Object", help = "字段加到哪个对象：`account`，或自定义对象的标识。", indexed, immutable, list, rule = Object)]
    pub object: String,
    #[field(zh = "字段标识", en = "Key", immutable, list, rule = Key, length(1, 50))]
    pub key: String,
    /// `object.key`, which only one field may have.
    #[field(zh = "路径", en = "Path", help = "`对象.字段`，不可重复。", unique, read_only, hidden)]
    pub path: Option<String>,
    #[field(zh = "中文名称", en = "Chinese name", search, list, length(1, 50))]
    pub label_zh: String,
    #[field(zh = "英文名称", en = "English name", search, list, length(1, 50))]
    pub label_en: String,
    /// A field type: `text`, `integer`, `money`, `choice`, `reference` …
    #[field(
        zh = "字段类型",
        en = "Type",
        help = "字段类型：`text`、`integer`、`money`、`choice`、`reference` 等。",
        immutable,
        list,
        length(1, 30)
    )]
    pub kind: String,
    /// What the type needs: `{"options":[{"value","label":{"zh","en"}}]}`, `{"to":"account"}`, `{"scale":2}`, `{"pattern":"…","reset":"yearly"}`.
    #[field(
        zh = "类型参数",
        en = "Type settings",
        help = r#"类型所需的设置：`{"options":[{"value","label":{"zh","en"}}]}`、`{"to":"account"}`、`{"scale":2}`、`{"pattern":"…","reset":"yearly"}`。"#
    )]
    pub settings: Option<serde_json::Value>,
    #[field(zh = "必填", en = "Required", list, default = false)]
    pub required: bool,
    #[field(zh = "唯一", en = "Unique", list, default = false)]
    pub is_unique: bool,
    /// Gets an index of its own; lists may then be filtered and sorted by it at any size.
    #[field(
        zh = "建索引",
        en = "Indexed",
        help = "建立单独的索引；数据再多，列表也能按它筛选和排序。",
        default = false
    )]
    pub is_indexed: bool,
    #[field(zh = "列表显示", en = "In lists", default = false)]
    pub in_list: bool,
    /// Encrypted at rest, under keys of this company. Not searched, sorted or grouped by; found by equal values where it is
    /// indexed or unique. What there is is encrypted in the background; it cannot be taken back.
    #[field(
        zh = "加密存储",
        en = "Encrypted",
        help = "以本公司的密钥加密保存。不可搜索、排序、分组；建了索引或要求唯一时可按相等的值查找。已有内容在后台加密；不可撤销。",
        default = false
    )]
    pub is_sealed: bool,
    #[field(zh = "分组", en = "Section", length(1, 50))]
    pub section: Option<String>,
    #[field(zh = "帮助", en = "Help", length(1, 500))]
    pub help: Option<String>,
    #[field(zh = "排序", en = "Order", default = 0)]
    pub sort_order: Option<i32>,
}

/// How a company lays out the forms and record pages of an object; see `/meta/objects/{object}/layout`.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "record_layout", plural = "record_layouts", zh = "布局", en = "Layout", en_many = "Layouts",
    area = Platform, icon = "layout-list", title = "object", tenant, configured)]
pub struct RecordLayout {
    /// The object that is laid out: `account`, or a custom object's key.
    #[field(zh = "对象", en = "Object", help = "布局所属的对象：`account`，或自定义对象的标识。", unique, immutable, list, rule = Object)]
    pub object: String,
    /// `{sections: [{title, columns, collapsible, collapsed, fields: [{field, visible_when, required_when, read_only_when}]}], rest}`
    #[field(
        zh = "布局",
        en = "Layout",
        help = "`{sections: [{title, columns, collapsible, collapsed, fields: [{field, visible_when, required_when, read_only_when}]}], rest}`"
    )]
    pub settings: serde_json::Value,
}
