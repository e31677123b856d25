//! The roles that every company starts with.

use kezhan_engine::Action;
use serde_json::{Value, json};

/// Every action on every object.
pub fn all_grants() -> Value {
    let every = Action::ALL.into_iter().map(|action| (action.key().to_owned(), json!("all")));
    json!({"*": Value::Object(every.collect())})
}

/// Name, description and what they may do: `*` for every object that is not named itself. The first is the administrator's.
pub fn roles() -> [(&'static str, &'static str, Value); 8] {
    let all = |scope: &str, delete: &str| {
        json!({
            "read": scope, "create": scope, "edit": scope, "delete": delete, "transfer": scope, "share": scope,
            "export": scope, "import": scope, "bulk_edit": scope, "configure": "none",
        })
    };
    // What everybody must be able to look up, and only some may arrange.
    let settings = [
        "user",
        "department",
        "position",
        "role",
        "pipeline",
        "stage",
        "product",
        "object_definition",
        "field_definition",
    ];
    let with = |mut grants: Value| {
        for object in settings {
            grants[object] = json!({ "read": "all", "export": "all" });
        }
        grants["saved_view"] = json!({ "read": "all", "create": "self", "edit": "self", "delete": "self" });
        grants
    };
    let service_edit = json!({ "read": "all", "create": "self", "edit": "self", "delete": "self", "export": "none" });
    [
        ("管理员", "全部数据与系统设置", all_grants()),
        ("销售总监", "全公司的客户与商机", with(json!({ "*": all("all", "department_and_below") }))),
        (
            "销售经理",
            "本部门及下级部门的客户与商机",
            with(json!({ "*": all("department_and_below", "department_and_below") })),
        ),
        ("销售", "自己负责的客户与商机", with(json!({ "*": all("self", "self") }))),
        (
            "客服",
            "查看全部客户，记录服务与任务",
            with(json!({
                "*": { "read": "all" },
                "follow_up": service_edit.clone(),
                "task": service_edit.clone(),
                "attachment": service_edit.clone(),
            })),
        ),
        (
            "市场",
            "查看全部客户与线索，管理自己的线索",
            with(json!({
                "*": { "read": "all" },
                "lead": all("all", "self"),
                "task": service_edit.clone(),
                "attachment": service_edit.clone(),
            })),
        ),
        (
            "财务",
            "查看与导出全部客户与商机",
            with(json!({
                "*": { "read": "all", "export": "all" },
                "task": service_edit.clone(),
                "attachment": service_edit.clone(),
            })),
        ),
        ("只读", "查看与导出", with(json!({ "*": { "read": "all", "export": "all" } }))),
    ]
}
