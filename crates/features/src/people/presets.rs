//! The roles that every company starts with.

use kezhan_engine::Action;
use kezhan_meta::{FieldMeta, Sensitivity};
use serde_json::{Map, Value, json};

/// Every action on every object.
pub fn all_grants() -> Value {
    let every = Action::ALL.into_iter().map(|action| (action.key().to_owned(), json!("all")));
    json!({"*": Value::Object(every.collect())})
}

/// What needs particular care shows as an outline, but for the fields that the role `keeps`; whoever `reveals` sees it in
/// full for a reason.
fn masked(mut grants: Value, keeps: &[&str], reveals: bool) -> Value {
    for object in kezhan_domain::standard().objects() {
        let closed = |f: &&FieldMeta| {
            f.sensitivity >= Sensitivity::Sensitive && !keeps.contains(&format!("{}.{}", object.name, f.key).as_str())
        };
        let fields: Map<String, Value> =
            object.fields.iter().filter(closed).map(|f| (f.key.to_string(), json!("masked"))).collect();
        if fields.is_empty() {
            continue;
        }
        let name = object.name.as_ref();
        let mut own = grants.get(name).or_else(|| grants.get("*")).cloned().unwrap_or_default();
        if reveals {
            own["reveal"] = own["read"].clone();
        }
        own["fields"] = Value::Object(fields);
        grants[name] = own;
    }
    grants
}

/// The names of the roles with their records, which allow what they name: `*` for every object that is not named itself.
/// The first is the administrator's.
pub fn roles() -> [(&'static str, Value); 8] {
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
    // Where to pay, and where money comes from.
    let keeps = |name: &str| if name == "财务" { &["account.bank_account"][..] } else { &[] };
    let reveals = |name: &str| ["销售总监", "销售经理", "财务"].contains(&name);
    let role = |name: &'static str, english: &str, about: [&str; 2], grants: Value| {
        let [description, description_en] = about;
        let grants = if name == "管理员" { grants } else { masked(grants, keeps(name), reveals(name)) };
        let record = json!({
            "name": name, "name_en": english, "description": description, "description_en": description_en,
            "grants": grants,
        });
        (name, record)
    };
    [
        role("管理员", "Administrator", ["全部数据与系统设置", "All data and settings"], all_grants()),
        role(
            "销售总监",
            "Sales director",
            ["全公司的客户与商机", "Accounts and opportunities of the whole company"],
            with(json!({ "*": all("all", "department_and_below") })),
        ),
        role(
            "销售经理",
            "Sales manager",
            ["本部门及下级部门的客户与商机", "Accounts and opportunities of the department and those below it"],
            with(json!({ "*": all("department_and_below", "department_and_below") })),
        ),
        role(
            "销售",
            "Sales representative",
            ["自己负责的客户与商机", "Accounts and opportunities of one's own"],
            with(json!({ "*": all("self", "self") })),
        ),
        role(
            "客服",
            "Customer service",
            ["查看全部客户，记录服务与任务", "Sees all accounts, records service and tasks"],
            with(json!({
                "*": { "read": "all" },
                "follow_up": service_edit.clone(),
                "task": service_edit.clone(),
                "attachment": service_edit.clone(),
            })),
        ),
        role(
            "市场",
            "Marketing",
            ["查看全部客户，管理全部线索", "Sees all accounts, works on all leads"],
            with(json!({
                "*": { "read": "all" },
                "lead": all("all", "self"),
                "task": service_edit.clone(),
                "attachment": service_edit.clone(),
            })),
        ),
        role(
            "财务",
            "Finance",
            ["查看与导出全部客户与商机", "Sees and exports all accounts and opportunities"],
            with(json!({
                "*": { "read": "all", "export": "all" },
                "task": service_edit.clone(),
                "attachment": service_edit.clone(),
            })),
        ),
        role(
            "只读",
            "Read only",
            ["查看与导出", "Sees and exports"],
            with(json!({ "*": { "read": "all", "export": "all" } })),
        ),
    ]
}
