//! Tenants' people: departments, positions, roles, users.

mod outside;

pub use outside::{DepartmentSource, Directory, IdentityProvider, SyncEvery};

use chrono::{DateTime, Utc};
use kezhan_derive::{Choice, Object};
use kezhan_meta::{Email, FileId, Id, LongText, Phone, Url, UserId};
use serde::{Deserialize, Serialize};

/// A unit of the organisation; departments form a tree.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "department", plural = "departments", zh = "部门", en = "Department", en_many = "Departments",
    area = People, icon = "network", title = "name", tenant, listed)]
pub struct Department {
    #[field(zh = "部门名称", en = "Name", search, indexed, list, length(1, 100))]
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
    #[field(
        foreseen,
        zh = "上级部门",
        en = "Parent department",
        indexed,
        list,
        inverse = "children",
        inverse_label("下级部门", "Subdepartments")
    )]
    pub parent: Option<Id<Department>>,
    /// Head of the department; approvals and escalations look here.
    #[field(zh = "部门负责人", en = "Manager", help = "部门负责人；审批与升级找这里。", list)]
    pub manager: Option<UserId>,
    #[field(zh = "排序", en = "Order", default = 0)]
    pub sort_order: Option<i32>,
    #[field(zh = "外部编号", en = "External ID", unique, length(1, 100))]
    pub external_id: Option<String>,
}

/// A job title that people hold.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "position", plural = "positions", zh = "职位", en = "Position", en_many = "Positions",
    area = People, icon = "id-card", title = "name", tenant)]
pub struct Position {
    #[field(zh = "职位名称", en = "Name", search, indexed, list, unique, length(1, 100))]
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
    #[field(zh = "说明", en = "Description")]
    pub description: Option<LongText>,
}

/// A named set of permissions: per object and action a data scope.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "role", plural = "roles", zh = "角色", en = "Role", en_many = "Roles",
    area = People, icon = "shield", title = "name", tenant)]
pub struct Role {
    #[field(zh = "角色名称", en = "Name", search, indexed, list, unique, length(1, 100))]
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
    #[field(zh = "说明", en = "Description")]
    pub description: Option<LongText>,
    #[field(zh = "英文说明", en = "English description")]
    pub description_en: Option<LongText>,
    /// `{"<object>|*": {"<action>": scope, "fields": {"<field>": level}}}`. A named object overrides `*` entirely.
    ///
    /// Actions: read, create, edit, delete, transfer, share, export, import, bulk_edit, reveal, confidential, configure.
    /// A scope is `none`, `self`, `subordinates`, `department`, `department_and_below`, `all`,
    /// `{"departments": [id, …], "below": true}`, `{"when": condition}`, or a list of these, in which `{"deny": scope}`
    /// takes away what others give, whichever role they are of; `deny` alone takes away all.
    ///
    /// A level is `hidden`, `masked`, `read` or `write`, or one each for `{"owner", "team", "other"}`.
    #[field(
        zh = "权限",
        en = "Grants",
        help = r#"`{"<对象>|*": {"<操作>": 范围, "fields": {"<字段>": 级别}}}`。指名的对象完全取代 `*`。操作：read、create、edit、delete、transfer、share、export、import、bulk_edit、reveal、confidential、configure。范围：`none`、`self`、`subordinates`、`department`、`department_and_below`、`all`、`{"departments": [id, …], "below": true}`、`{"when": 条件}`，或以上的列表，其中 `{"deny": 范围}` 收回其他授权，不论来自哪个角色；单独的 `deny` 收回全部。级别：`hidden`、`masked`、`read`、`write`，或按 `{"owner", "team", "other"}` 分别给出。"#
    )]
    pub grants: serde_json::Value,
    /// When and where the role is in force: `{"days": [1, …, 7], "from": "08:30", "to": "18:00", "networks": ["10.0.0.0/8"]}`,
    /// each if wished; Monday is 1, times are those of the user's time zone, and `to` before `from` means the next
    /// day. At other times and places it grants nothing, and what it denies and hides it denies and hides still.
    #[field(
        zh = "生效限制",
        en = "Limits",
        help = r#"角色何时何地生效：`{"days": [1, …, 7], "from": "08:30", "to": "18:00", "networks": ["10.0.0.0/8"]}`，各项可选；1 为星期一，时间按用户的时区，`to` 早于 `from` 表示次日。其他时间和地点不授予任何权限，其拒绝与隐藏依然有效。"#
    )]
    pub limits: Option<serde_json::Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    #[choice(zh = "在职", en = "Active", tone = Success)]
    Active,
    /// Known, assignable, without a sign-in yet.
    #[choice(zh = "未激活", en = "Invited", tone = Warning)]
    Invited,
    #[choice(zh = "停用", en = "Suspended", tone = Danger)]
    Suspended,
    #[choice(zh = "离职", en = "Left", tone = Neutral)]
    Left,
}

/// A member of staff.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "user", plural = "users", zh = "员工", en = "User", en_many = "Users",
    area = People, icon = "user-round", title = "name", tenant, listed)]
pub struct User {
    #[field(zh = "姓名", en = "Name", search, indexed, list, length(1, 100))]
    pub name: String,
    /// Sign-in name; left empty, it is made from the name.
    #[field(
        zh = "用户名",
        en = "Username",
        help = "登录名；不填则由姓名生成。",
        search,
        unique,
        list,
        length(1, 100),
        section = "account"
    )]
    pub username: Option<String>,
    #[field(zh = "邮箱", en = "E-mail", search, unique, list, sensitivity = Personal)]
    pub email: Option<Email>,
    #[field(zh = "手机", en = "Mobile", search, indexed, list, sensitivity = Personal)]
    pub mobile: Option<Phone>,
    #[field(
        zh = "部门",
        en = "Department",
        indexed,
        foreseen,
        list,
        inverse = "members",
        inverse_label("成员", "Members")
    )]
    pub home_department: Option<Id<Department>>,
    #[field(
        foreseen,
        zh = "直属上级",
        en = "Manager",
        indexed,
        list,
        inverse = "reports",
        inverse_label("下属", "Direct reports")
    )]
    pub manager: Option<UserId>,
    #[field(zh = "职位", en = "Position", indexed, list)]
    pub position: Option<Id<Position>>,
    #[field(zh = "角色", en = "Role", indexed, foreseen, list, inverse = "users", section = "account")]
    pub role: Option<Id<Role>>,
    /// Roles besides the first: each adds what it allows, and what one of them denies stays denied.
    #[field(
        zh = "附加角色",
        en = "Additional roles",
        help = "第一个角色之外的角色：权限相加，任一角色拒绝的仍然拒绝。",
        foreseen,
        section = "account"
    )]
    pub more_roles: Option<Vec<Id<Role>>>,
    #[field(zh = "状态", en = "Status", indexed, foreseen, list, default = "invited", section = "account")]
    pub status: UserStatus,
    /// The language of the interface, `zh-CN` or `en`.
    #[field(
        zh = "界面语言",
        en = "Language",
        help = "界面语言，`zh-CN` 或 `en`。",
        length(2, 10),
        default = "zh-CN",
        section = "regional"
    )]
    pub locale: Option<String>,
    /// IANA time zone, such as `Asia/Shanghai`.
    #[field(
        zh = "时区",
        en = "Time zone",
        help = "IANA 时区，例如 `Asia/Shanghai`。",
        length(1, 60),
        default = "Asia/Shanghai",
        section = "regional"
    )]
    pub time_zone: Option<String>,
    #[field(zh = "外部编号", en = "External ID", unique, length(1, 100))]
    pub external_id: Option<String>,
    /// A picture of theirs.
    #[field(zh = "头像", en = "Picture", help = "头像图片。", hidden)]
    pub avatar: Option<FileId>,
    /// How they like the interface: `{theme, density, navigation}`. Theirs alone; see `/auth/me`.
    #[field(
        zh = "界面偏好",
        en = "Preferences",
        help = "界面偏好：`{theme, density, navigation}`。仅本人可改，见 `/auth/me`。",
        hidden,
        read_only,
        secret
    )]
    pub preferences: Option<serde_json::Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum MemberLevel {
    #[choice(zh = "只读", en = "Read", tone = Neutral)]
    Read,
    #[choice(zh = "读写", en = "Read and write", tone = Info)]
    Write,
}

/// What of the records that hang on a record its members reach with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum MemberChildren {
    #[choice(zh = "不包含", en = "Nothing")]
    None,
    #[choice(zh = "只读", en = "Read", tone = Neutral)]
    Read,
    #[choice(zh = "读写", en = "Read and write", tone = Info)]
    Write,
}

/// Someone whom a record is open to besides its owner: one user, one department with everybody in and below it, or
/// everybody of one role.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "record_member", plural = "record_members", zh = "团队成员", en = "Team member",
    en_many = "Team members", area = People, icon = "users-round", title = "id", opens, polymorphic("object", "record"))]
pub struct RecordMember {
    /// The object of the record: `account`.
    #[field(zh = "所属对象", en = "Object", help = "记录所属的对象，如 `account`。", immutable, hidden, rule = Object)]
    pub object: String,
    /// The id of the record.
    #[field(zh = "所属记录", en = "Record", help = "记录的 id。", immutable, hidden, length(36, 36))]
    pub record: String,
    #[field(zh = "员工", en = "User", immutable, list)]
    pub user: Option<UserId>,
    #[field(zh = "部门", en = "Department", immutable, list)]
    pub unit: Option<Id<Department>>,
    #[field(zh = "角色", en = "Role", immutable, list)]
    pub role: Option<Id<Role>>,
    /// Whichever of the three is named.
    #[field(zh = "成员", en = "Principal", help = "用户、部门、角色三者中填写的那一个。", indexed, read_only, hidden)]
    pub principal: String,
    #[field(zh = "权限", en = "Access", list, default = "read")]
    pub level: MemberLevel,
    /// Contacts, opportunities, follow-ups and whatever else hangs on the record.
    #[field(
        zh = "关联记录",
        en = "Related records",
        help = "挂在该记录下的联系人、商机、跟进等。",
        list,
        default = "read"
    )]
    pub children: MemberChildren,
    #[field(zh = "到期时间", en = "Expires at", list)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Opens every record that meets a condition to one user, to one department with everybody in and below it, or to
/// everybody of one role. It widens what their roles allow, and nothing that those do not allow at all: denials and
/// confidentiality stand.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "sharing_rule", plural = "sharing_rules", zh = "共享规则", en = "Sharing rule",
    en_many = "Sharing rules", area = People, icon = "share-2", title = "name", tenant, configured)]
pub struct SharingRule {
    #[field(zh = "规则名称", en = "Name", indexed, list, length(1, 100))]
    pub name: String,
    /// The object whose records it opens: `account`. One with owners.
    #[field(zh = "对象", en = "Object", help = "开放哪个对象的记录，如 `account`；须是有负责人的对象。", list, rule = Object)]
    pub object: String,
    /// A filter tree, as in queries.
    #[field(zh = "条件", en = "Condition", help = "条件树，与查询相同。")]
    pub condition: serde_json::Value,
    #[field(zh = "员工", en = "User", list)]
    pub user: Option<UserId>,
    #[field(zh = "部门", en = "Department", list)]
    pub unit: Option<Id<Department>>,
    #[field(zh = "角色", en = "Role", list)]
    pub role: Option<Id<Role>>,
    /// Whichever of the three is named.
    #[field(
        zh = "共享给",
        en = "Principal",
        help = "用户、部门、角色三者中填写的那一个。",
        indexed,
        read_only,
        hidden
    )]
    pub principal: String,
    #[field(zh = "权限", en = "Access", list, default = "read")]
    pub level: MemberLevel,
    /// Contacts, opportunities, follow-ups and whatever else hangs on those records.
    #[field(
        zh = "关联记录",
        en = "Related records",
        help = "挂在这些记录下的联系人、商机、跟进等。",
        list,
        default = "read"
    )]
    pub children: MemberChildren,
    #[field(zh = "启用", en = "Active", list, default = true)]
    pub active: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Runs on a server and can keep a secret.
    #[choice(zh = "机密", en = "Confidential", tone = Info)]
    Confidential,
    /// Runs at people's: in a browser, on a phone, on a desk.
    #[choice(zh = "公开", en = "Public", tone = Neutral)]
    Public,
}

/// A program that people let act on their behalf, or a service that acts by itself with a role (OAuth 2). Its id is the
/// `client_id`.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "oauth_client", plural = "oauth_clients", zh = "应用", en = "Application", en_many = "Applications",
    area = People, icon = "box", title = "name", tenant, configured)]
pub struct OauthClient {
    #[field(zh = "应用名称", en = "Name", indexed, list, length(1, 100))]
    pub name: String,
    /// Shown to those who are asked whether it may act for them.
    #[field(zh = "说明", en = "Description", help = "请用户授权时展示给用户。", length(0, 1000))]
    pub description: Option<LongText>,
    #[field(zh = "网站", en = "Website", list)]
    pub website: Option<Url>,
    #[field(zh = "类型", en = "Kind", list, default = "confidential")]
    pub kind: ClientKind,
    /// What it may be let do at most, separated by spaces: `account:read contact:write *:read`. The word after the colon
    /// is an action, or `write` for create, edit and delete.
    #[field(
        zh = "权限范围",
        en = "Scopes",
        help = "最多可授予的权限，以空格分隔：`account:read contact:write *:read`。冒号后是操作，或 `write`（新建、编辑、删除）。",
        length(1, 4000)
    )]
    pub scopes: LongText,
    /// Where people are sent back to, one address a line; compared letter by letter. Of a loopback address such as
    /// `http://127.0.0.1/callback` the port is free.
    #[field(
        zh = "回调地址",
        en = "Redirect addresses",
        help = "授权后把用户送回的地址，一行一个，逐字比较。`http://127.0.0.1/callback` 之类的本机地址不限端口。",
        length(0, 5000)
    )]
    pub redirect_uris: Option<LongText>,
    /// The role that it acts with by itself (client credentials), within its scopes. For confidential ones only.
    #[field(
        zh = "服务角色",
        en = "Role of its own",
        help = "应用以自身名义（客户端凭证）行事时的角色，不超出其授权范围。仅用于机密客户端。",
        list
    )]
    pub role: Option<Id<Role>>,
    #[field(zh = "启用", en = "Active", list, default = true)]
    pub active: bool,
}
