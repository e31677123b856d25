//! Where people are known elsewhere: providers of identities, and directories.

use super::{Department, Role};
use chrono::{DateTime, Utc};
use kezhan_derive::{Choice, Object};
use kezhan_meta::{Id, LongText, Tags, Url};
use serde::{Deserialize, Serialize};

/// Somewhere that people sign in instead of here: a provider that speaks OpenID Connect. The client secret is given by
/// the action `set_secret`, kept sealed, and never read back.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "identity_provider", plural = "identity_providers", zh = "身份提供方", en = "Identity provider",
    en_many = "Identity providers", area = People, icon = "key-round", title = "name", tenant, configured)]
pub struct IdentityProvider {
    /// What the button on the sign-in page says.
    #[field(zh = "名称", en = "Name", help = "登录页按钮上的文字。", indexed, list, length(1, 60))]
    pub name: String,
    /// The address below which `/.well-known/openid-configuration` is found; exactly as the provider names itself.
    #[field(
        zh = "签发方地址",
        en = "Issuer",
        help = "其下可找到 `/.well-known/openid-configuration` 的地址；须与提供方自称的完全一致。",
        list
    )]
    pub issuer: Url,
    #[field(zh = "客户端 ID", en = "Client ID", length(1, 300))]
    pub client_id: String,
    /// Is there a client secret? Another issuer or client takes it away: it goes to nobody whom it was not given for.
    #[field(
        zh = "已设密钥",
        en = "Secret set",
        help = "是否已有客户端密钥？更换签发方或客户端即清除：密钥不会交给未曾约定的一方。",
        read_only,
        default = false
    )]
    pub secret_set: bool,
    /// Scopes to ask for, separated by spaces; `openid` is always among them.
    #[field(
        zh = "授权范围",
        en = "Scopes",
        help = "请求的 scope，以空格分隔；总是包含 `openid`。",
        length(1, 300),
        default = "openid profile email",
        section = "claims"
    )]
    pub scopes: String,
    #[field(zh = "姓名声明", en = "Name claim", length(1, 100), default = "name", section = "claims")]
    pub name_claim: String,
    /// Counts only where the provider says that it is verified.
    #[field(
        zh = "邮箱声明",
        en = "E-mail claim",
        help = "仅在提供方声明已验证时有效。",
        length(1, 100),
        default = "email",
        section = "claims"
    )]
    pub email_claim: String,
    #[field(zh = "手机声明", en = "Mobile claim", length(1, 100), section = "claims")]
    pub mobile_claim: Option<String>,
    /// Names a department, by its name or external ID.
    #[field(
        zh = "部门声明",
        en = "Department claim",
        help = "给出部门，按名称或外部编号。",
        length(1, 100),
        section = "claims"
    )]
    pub department_claim: Option<String>,
    #[field(zh = "用户组声明", en = "Groups claim", length(1, 100), section = "claims")]
    pub groups_claim: Option<String>,
    /// `[{"group": name, "role": id}]`. Roles named here follow the groups at every sign-in; other roles stay as they are.
    #[field(
        zh = "用户组与角色",
        en = "Groups and roles",
        help = r#"`[{"group": 名称, "role": id}]`。这里列出的角色每次登录随组变化，其他角色保持不变。"#,
        section = "people"
    )]
    pub group_roles: Option<serde_json::Value>,
    /// Whoever signs in for the first time becomes a user.
    #[field(
        zh = "首次登录时创建员工",
        en = "Create users at first sign-in",
        help = "首次登录的人自动成为用户。",
        section = "people",
        default = false
    )]
    pub creates_users: bool,
    #[field(zh = "默认部门", en = "Default department", section = "people")]
    pub default_department: Option<Id<Department>>,
    /// Of users who are created and whose groups give them no role.
    #[field(
        zh = "默认角色",
        en = "Default role",
        help = "给自动创建、且所在组没有对应角色的用户。",
        section = "people"
    )]
    pub default_role: Option<Id<Role>>,
    /// Only people with an e-mail address in one of these domains may come in; everybody where there is none.
    #[field(
        zh = "允许的邮箱域名",
        en = "Allowed e-mail domains",
        help = "只允许这些域名的邮箱登录；留空则不限。",
        section = "people"
    )]
    pub email_domains: Option<Tags>,
    /// The provider asks for a second factor itself: none is asked for here.
    #[field(
        zh = "已在提供方完成双重验证",
        en = "Second factor done there",
        help = "提供方自己要求第二因素，这里不再要求。",
        section = "people",
        default = false
    )]
    pub second_factor: bool,
    /// Whoever came through the provider and signs out here is led on to it, to sign out there as well, if it says where
    /// (OpenID Connect RP-Initiated Logout). It sends people back to `/`, which has to be registered there for that.
    #[field(
        zh = "退出时同时退出提供方",
        en = "Sign out there too",
        help = "经该提供方登录的人退出时一并到提供方退出（OpenID Connect RP-Initiated Logout，如其支持）。提供方会把人送回 `/`，须在那里登记该地址。",
        section = "people",
        default = false
    )]
    pub signs_out: bool,
    #[field(zh = "启用", en = "Active", list, default = true)]
    pub active: bool,
    #[field(zh = "排序", en = "Order", default = 0)]
    pub sort_order: Option<i32>,
}

/// What says in which department somebody of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum DepartmentSource {
    #[choice(zh = "不取", en = "Nothing")]
    Nothing,
    #[choice(zh = "属性", en = "An attribute", tone = Info)]
    Attribute,
    /// The nearest organisational unit above the entry that is a department here.
    #[choice(zh = "组织单位 (OU)", en = "Organisational unit (OU)", tone = Accent)]
    Unit,
}

/// How often a directory is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Choice)]
#[serde(rename_all = "snake_case")]
pub enum SyncEvery {
    #[choice(zh = "不自动同步", en = "Never by itself")]
    Never,
    #[choice(zh = "每小时", en = "Every hour", tone = Info)]
    Hour,
    #[choice(zh = "每 6 小时", en = "Every 6 hours", tone = Info)]
    QuarterDay,
    #[choice(zh = "每天", en = "Every day", tone = Info)]
    Day,
}

/// A directory of people that speaks LDAP: whoever is in it signs in with its password, and users here follow it. The
/// password of the bind DN is given by the action `set_secret`, kept sealed, and never read back.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "directory", plural = "directories", zh = "目录服务", en = "Directory", en_many = "Directories",
    area = People, icon = "book-user", title = "name", tenant, configured)]
pub struct Directory {
    #[field(zh = "名称", en = "Name", indexed, list, length(1, 60))]
    pub name: String,
    /// `ldaps://host:636`, or `ldap://host:389`, which is encrypted by StartTLS.
    #[field(
        zh = "地址",
        en = "Address",
        help = "`ldaps://主机:636`，或 `ldap://主机:389`（以 StartTLS 加密）。",
        list,
        length(8, 300)
    )]
    pub address: String,
    /// With `ldap://`: no StartTLS. Passwords then cross the network readably.
    #[field(
        zh = "允许不加密",
        en = "Allow no encryption",
        help = "用于 `ldap://`：不使用 StartTLS，密码将以明文经过网络。",
        default = false
    )]
    pub plain: bool,
    /// Certificates (PEM) of the authority that signed the directory's; those of the operating system where it is empty.
    #[field(
        zh = "CA 证书",
        en = "CA certificate",
        help = "签发目录证书的机构证书（PEM）；留空则使用操作系统的。",
        length(1, 100_000)
    )]
    pub authority: Option<LongText>,
    /// Who reads the directory; empty for anonymous reading.
    #[field(zh = "绑定 DN", en = "Bind DN", help = "读取目录所用的账号；留空则匿名读取。", length(1, 500))]
    pub bind_dn: Option<String>,
    /// Is there a password for the bind DN? Another address, bind DN or encryption takes it away: it goes to nobody whom it
    /// was not given for.
    #[field(
        zh = "已设密码",
        en = "Password set",
        help = "是否已有绑定密码？更换地址、绑定 DN 或加密方式即清除：密码不会交给未曾约定的一方。",
        read_only,
        default = false
    )]
    pub secret_set: bool,
    /// Below this entry people are looked for.
    #[field(zh = "基准 DN", en = "Base DN", help = "在此条目之下查找人员。", length(1, 500))]
    pub base_dn: String,
    /// Which entries are people, as in RFC 4515: `(objectClass=person)`.
    #[field(
        zh = "人员过滤器",
        en = "User filter",
        help = "哪些条目是人员，按 RFC 4515：`(objectClass=person)`。",
        length(3, 1000),
        default = "(objectClass=person)"
    )]
    pub user_filter: String,
    /// Never changes: `entryUUID`, with Active Directory `objectGUID`.
    #[field(
        zh = "唯一标识属性",
        en = "ID attribute",
        help = "永不改变的标识：`entryUUID`，Active Directory 用 `objectGUID`。",
        length(1, 60),
        default = "entryUUID",
        section = "attributes"
    )]
    pub id_attribute: String,
    /// What people type to sign in: `uid`, with Active Directory `sAMAccountName`.
    #[field(
        zh = "登录名属性",
        en = "Login attribute",
        help = "登录时输入的名称：`uid`，Active Directory 用 `sAMAccountName`。",
        length(1, 60),
        default = "uid",
        section = "attributes"
    )]
    pub login_attribute: String,
    #[field(zh = "姓名属性", en = "Name attribute", length(1, 60), default = "cn", section = "attributes")]
    pub name_attribute: String,
    #[field(zh = "邮箱属性", en = "E-mail attribute", length(1, 60), default = "mail", section = "attributes")]
    pub email_attribute: Option<String>,
    #[field(zh = "手机属性", en = "Mobile attribute", length(1, 60), default = "mobile", section = "attributes")]
    pub mobile_attribute: Option<String>,
    /// Groups that an entry names itself: `memberOf`.
    #[field(
        zh = "用户组属性",
        en = "Groups attribute",
        help = "条目自己写明的组：`memberOf`。",
        length(1, 60),
        section = "attributes"
    )]
    pub groups_attribute: Option<String>,
    /// Below this entry groups are looked for that name their members (`member`, `uniqueMember`, `memberUid`).
    #[field(
        zh = "用户组基准 DN",
        en = "Group base DN",
        help = "在此条目之下查找写明成员的组（`member`、`uniqueMember`、`memberUid`）。",
        length(1, 500),
        section = "attributes"
    )]
    pub group_base_dn: Option<String>,
    #[field(zh = "部门来源", en = "Department from", default = "nothing", section = "people")]
    pub department_source: DepartmentSource,
    /// Names a department, by its name or external ID.
    #[field(
        zh = "部门属性",
        en = "Department attribute",
        help = "给出部门，按名称或外部编号。",
        length(1, 60),
        section = "people",
        visible_when("department_source", Eq, "attribute")
    )]
    pub department_attribute: Option<String>,
    /// `[{"group": name, "role": id}]`, groups by DN or by the first part of it. Roles named here follow the groups; other
    /// roles stay as they are.
    #[field(
        zh = "用户组与角色",
        en = "Groups and roles",
        help = r#"`[{"group": 名称, "role": id}]`，组按 DN 或其第一段书写。这里列出的角色随组变化，其他角色保持不变。"#,
        section = "people"
    )]
    pub group_roles: Option<serde_json::Value>,
    #[field(zh = "默认部门", en = "Default department", section = "people")]
    pub default_department: Option<Id<Department>>,
    /// Of users who are created and whose groups give them no role.
    #[field(
        zh = "默认角色",
        en = "Default role",
        help = "给自动创建、且所在组没有对应角色的用户。",
        section = "people"
    )]
    pub default_role: Option<Id<Role>>,
    /// Users who are here already are found by their e-mail address. Off where people can change their address in the
    /// directory themselves.
    #[field(
        zh = "按邮箱关联已有员工",
        en = "Link existing users by e-mail",
        help = "已有用户按邮箱对应。若人员可在目录中自行修改邮箱，请关闭。",
        section = "people",
        default = true
    )]
    pub trusts_email: bool,
    /// People sign in with the directory's password; whoever is not there yet becomes a user.
    #[field(
        zh = "用目录密码登录",
        en = "Sign in with its password",
        help = "用目录密码登录；尚无账号的人自动成为用户。",
        section = "people",
        default = true
    )]
    pub signs_in: bool,
    #[field(zh = "自动同步", en = "Synchronise", list, default = "never", section = "sync")]
    pub sync_every: SyncEvery,
    /// A synchronisation that would deactivate more than so many percent of the people it knows does nothing.
    #[field(
        zh = "停用上限 (%)",
        en = "Deactivate at most (%)",
        help = "若一次同步将停用超过已知人员的这个百分比，则不执行任何操作。",
        default = 10,
        range("0", "100"),
        section = "sync"
    )]
    pub deactivate_max: i32,
    #[field(zh = "上次同步", en = "Last synchronised", read_only, list, section = "sync")]
    pub synced_at: Option<DateTime<Utc>>,
    #[field(zh = "启用", en = "Active", list, default = true)]
    pub active: bool,
}
