//! Tenants' people: departments, positions, roles, users.

use kezhan_derive::{Choice, Object};
use kezhan_meta::{Email, Id, LongText, Phone, UserId};
use serde::{Deserialize, Serialize};

/// A unit of the organisation; departments form a tree.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "department", plural = "departments", zh = "部门", en = "Department", en_many = "Departments",
    area = People, icon = "network", title = "name", tenant, listed)]
pub struct Department {
    #[field(zh = "部门名称", en = "Name", search, indexed, list, length(1, 100))]
    pub name: String,
    #[field(zh = "上级部门", en = "Parent department", indexed, list, inverse = "children")]
    pub parent: Option<Id<Department>>,
    /// Head of the department; approvals and escalations look here.
    #[field(zh = "部门负责人", en = "Manager", list)]
    pub manager: Option<UserId>,
    #[field(zh = "排序", en = "Position", default = 0)]
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
    #[field(zh = "说明", en = "Description")]
    pub description: Option<LongText>,
    /// `{"<object>|*": {"read|create|edit|delete|export|import|configure": "none|self|subordinates|department|department_and_below|all"}}`
    #[field(zh = "权限", en = "Grants")]
    pub grants: serde_json::Value,
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
    /// Sign-in name; made from the name where it is not given.
    #[field(zh = "用户名", en = "Username", search, unique, list, length(1, 100))]
    pub username: Option<String>,
    #[field(zh = "邮箱", en = "E-mail", search, unique, list, sensitivity = Personal)]
    pub email: Option<Email>,
    #[field(zh = "手机", en = "Mobile", search, indexed, list, sensitivity = Personal)]
    pub mobile: Option<Phone>,
    #[field(zh = "部门", en = "Department", indexed, list, inverse = "members")]
    pub home_department: Option<Id<Department>>,
    #[field(zh = "直属上级", en = "Manager", indexed, list, inverse = "reports")]
    pub manager: Option<UserId>,
    #[field(zh = "职位", en = "Position", indexed, list)]
    pub position: Option<Id<Position>>,
    #[field(zh = "角色", en = "Role", indexed, list, inverse = "users")]
    pub role: Option<Id<Role>>,
    #[field(zh = "状态", en = "Status", indexed, list, default = "invited")]
    pub status: UserStatus,
    /// BCP 47 tag of the interface: `zh-CN` or `en`.
    #[field(zh = "界面语言", en = "Language", length(2, 10), default = "zh-CN")]
    pub locale: Option<String>,
    /// IANA time zone, such as `Asia/Shanghai`.
    #[field(zh = "时区", en = "Time zone", length(1, 60), default = "Asia/Shanghai")]
    pub time_zone: Option<String>,
    #[field(zh = "外部编号", en = "External ID", unique, length(1, 100))]
    pub external_id: Option<String>,
}
