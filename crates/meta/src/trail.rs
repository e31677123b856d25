//! The words of the audit trail: what can be in it, by which category each is looked for and kept, and what people call
//! them.

use crate::text::Label;

/// What can be in the trail beside changes to records. Each belongs to a category, by which it is looked for and kept.
macro_rules! events {
    ($($name:ident $key:literal $category:ident $zh:literal $en:literal;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event { $($name),+ }

        impl Event {
            pub const ALL: &'static [Event] = &[$(Event::$name),+];

            pub const fn key(self) -> &'static str { match self { $(Event::$name => $key),+ } }

            pub const fn category(self) -> Category { match self { $(Event::$name => Category::$category),+ } }

            pub const fn label(self) -> Label { match self { $(Event::$name => Label::new($zh, $en)),+ } }
        }
    };
}

events! {
    SignedIn "sign_in" SignIn "登录" "signed in";
    SignInFailed "sign_in_failed" SignIn "登录失败" "failed to sign in";
    SignedOut "sign_out" SignIn "退出登录" "signed out";
    TokenReused "token_reused" SignIn "会话令牌被重复使用，会话已结束" "a spent session token was used again; the session was ended";
    SessionEnded "session_ended" Security "结束会话" "ended sessions";
    PasswordChanged "password_changed" Security "修改密码" "changed the password";
    PasswordSet "password_set" Security "为他人设置密码" "set a password";
    LinkMade "link_made" Security "生成了登录链接" "made a link to come in by";
    LinkWithdrawn "link_withdrawn" Security "撤回了登录链接" "withdrew a link to come in by";
    LinkUsed "link_used" Security "通过链接设置了密码" "chose a password by a link";
    SecondFactorSet "second_factor_set" Security "设置了两步验证" "set up a second factor";
    SecondFactorRemoved "second_factor_removed" Security "移除了两步验证" "removed a second factor";
    RecoveryCodesMade "recovery_codes_made" Security "生成了新的恢复码" "made new recovery codes";
    RecoveryCodeUsed "recovery_code_used" Security "使用了恢复码" "used a recovery code";
    KeyMade "key_made" Security "创建 API 密钥" "made an API key";
    KeyChanged "key_changed" Security "修改 API 密钥" "Changed an API key";
    KeyRotated "key_rotated" Security "更换 API 密钥" "Rotated an API key";
    KeyRevoked "key_revoked" Security "吊销 API 密钥" "revoked an API key";
    SecretSet "secret_set" Security "设置了密钥" "set a secret";
    IdentityLinked "identity_linked" Security "关联了外部身份" "linked an outside identity";
    IdentityUnlinked "identity_unlinked" Security "解除了外部身份关联" "disconnected an outside identity";
    DirectorySynced "directory_sync" Rights "同步了目录" "synchronised a directory";
    AppAllowed "app_allowed" Security "允许应用访问" "Let an application in";
    AppWithdrawn "app_withdrawn" Security "撤回应用访问" "Withdrew an application";
    AppTokenReused "app_token_reused" Security "应用令牌被重复使用" "An application's token was used twice";
    ClientSecretMade "client_secret_made" Security "生成应用密码" "Made a client secret";
    Exported "export" Transfer "导出记录" "exported records";
    Imported "import" Transfer "导入记录" "imported records";
    AuditExported "audit_export" Transfer "导出审计日志" "exported the audit log";
    Revealed "reveal" Reading "查看敏感字段" "looked at a sensitive field";
    SensitiveRead "sensitive_read" Reading "打开含敏感字段的记录" "opened a record with sensitive fields";
    ViewedAs "view_as" Reading "以他人身份查看" "looked as somebody else";
    PolicySet "policy_set" Configuration "修改了安全策略" "changed the security policy";
    RetentionSet "retention_set" Configuration "修改保留期限" "changed how long entries are kept";
    Retired "retired" Retention "按保留期限清理" "removed entries past their time";
    Redacted "redacted" Retention "按删除请求清空了历史内容" "emptied history as asked";
    Gathered "gathered" Reading "汇总了个人信息" "gathered personal data";
    Erased "erased" Configuration "删除了个人信息" "erased personal data";
}

/// What is done to records.
const CHANGES: [(&str, Label); 4] = [
    ("create", Label::new("新建", "created")),
    ("update", Label::new("修改", "changed")),
    ("delete", Label::new("删除", "deleted")),
    ("restore", Label::new("恢复", "restored")),
];

/// What people call an action of the trail; none where it has no name.
pub fn action_label(key: &str) -> Option<Label> {
    let event = Event::ALL.iter().find(|e| e.key() == key).map(|e| e.label());
    event.or_else(|| CHANGES.iter().find(|(k, _)| *k == key).map(|(_, label)| label.clone()))
}

/// Kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    SignIn,
    Security,
    Rights,
    Configuration,
    Transfer,
    Reading,
    Data,
    /// What the rules of retention took away. Never taken away itself: it is what explains the gaps.
    Retention,
}

impl Category {
    pub const ALL: [Category; 8] = [
        Category::SignIn,
        Category::Security,
        Category::Rights,
        Category::Configuration,
        Category::Transfer,
        Category::Reading,
        Category::Data,
        Category::Retention,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Category::SignIn => "sign_in",
            Category::Security => "security",
            Category::Rights => "rights",
            Category::Configuration => "configuration",
            Category::Transfer => "transfer",
            Category::Reading => "reading",
            Category::Data => "data",
            Category::Retention => "retention",
        }
    }

    pub const fn label(self) -> Label {
        match self {
            Category::SignIn => Label::new("登录", "Sign-ins"),
            Category::Security => Label::new("账号安全", "Account security"),
            Category::Rights => Label::new("人员与权限", "People and permissions"),
            Category::Configuration => Label::new("配置", "Configuration"),
            Category::Transfer => Label::new("导入与导出", "Imports and exports"),
            Category::Reading => Label::new("查看敏感内容", "Looks at sensitive values"),
            Category::Data => Label::new("业务数据", "Records"),
            Category::Retention => Label::new("到期清理", "Retention"),
        }
    }

    pub fn parse(key: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|c| c.key() == key)
    }

    /// Of a change to a record of this object.
    pub fn of_object(object: &str) -> Category {
        match () {
            () if RIGHTS.contains(&object) => Category::Rights,
            () if CONFIGURATION.contains(&object) => Category::Configuration,
            () => Category::Data,
        }
    }

    pub fn of_event(key: &str) -> Category {
        Event::ALL.iter().find(|e| e.key() == key).map_or(Category::Security, |e| e.category())
    }

    /// The events of this category.
    pub fn events(self) -> impl Iterator<Item = Event> {
        Event::ALL.iter().copied().filter(move |e| e.category() == self)
    }
}

/// Objects whose records decide who may do what.
pub const RIGHTS: &[&str] =
    &["user", "role", "department", "record_member", "sharing_rule", "identity_provider", "directory", "oauth_client"];
/// Objects whose records decide what there is and how it works.
pub const CONFIGURATION: &[&str] =
    &["object_definition", "field_definition", "record_layout", "field_policy", "pipeline", "stage"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_name_of_its_own_and_every_category_is_found_by_its_name() {
        let mut keys: Vec<&str> = Event::ALL.iter().map(|e| e.key()).chain(CHANGES.iter().map(|(k, _)| *k)).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), Event::ALL.len() + CHANGES.len());
        assert!(Event::ALL.iter().all(|e| Category::of_event(e.key()) == e.category()));
        assert!(Category::ALL.into_iter().all(|c| Category::parse(c.key()) == Some(c)));
    }
}
