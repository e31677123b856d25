//! Words that people put above the columns of their files, and what makes two records the same.

use kezhan_engine::transfer::hints::{Hints, Key, Making, Sameness};

pub const HINTS: Hints = Hints {
    objects: OBJECTS,
    synonyms: SYNONYMS,
    keys: KEYS,
    makings: MAKINGS,
    // Every pipeline may have its own "Won".
    preferred: &[("stage", "pipeline.is_default")],
};

const OBJECTS: &[(&str, &[&str])] = &[
    ("account", &["company", "customer", "client", "organization", "organisation", "公司", "企业", "单位", "客户公司"]),
    ("contact", &["person", "联系人姓名", "对接人"]),
    ("lead", &["prospect", "潜在客户", "线索"]),
    ("opportunity", &["deal", "opp", "项目", "销售机会", "机会"]),
    ("product", &["item", "sku", "商品", "货品", "服务"]),
    ("user", &["employee", "staff", "agent", "sales agent", "salesperson", "sales rep", "rep", "人员", "员工", "业务员", "销售"]),
    ("department", &["team", "office", "region", "团队", "办事处", "大区"]),
    ("stage", &["deal stage", "sales stage", "阶段"]),
];

const SYNONYMS: &[(&str, &str, &[&str])] = &[
    ("account", "name", &["account", "account name", "company", "company name", "customer", "customer name", "client",
        "organization", "organisation", "客户", "公司", "公司名称", "企业名称", "单位名称", "客户公司", "名称"]),
    ("account", "tax_id", &["tax no", "tax number", "vat", "uscc", "税号", "纳税人识别号", "信用代码", "社会信用代码"]),
    ("account", "industry", &["sector", "行业", "行业类别", "所属行业"]),
    ("account", "country", &["office location", "location", "国家", "国家地区"]),
    ("account", "city", &["town", "所在城市", "城市"]),
    ("account", "parent", &["subsidiary of", "parent", "parent company", "母公司", "上级单位", "总公司", "集团"]),
    ("account", "founded", &["year established", "founded", "established", "成立年份", "成立时间", "创立年份"]),
    ("account", "annual_revenue", &["revenue", "annual revenue", "turnover", "营业额", "年收入", "年营收", "营收"]),
    ("account", "employees", &["headcount", "number of employees", "人数", "员工数", "规模", "企业规模"]),
    ("account", "phone", &["telephone", "tel", "公司电话", "联系电话", "总机"]),
    ("account", "website", &["url", "web", "homepage", "官网", "网站"]),
    ("account", "address", &["street", "地址", "公司地址"]),
    ("account", "level", &["grade", "tier", "等级", "级别"]),
    ("account", "source", &["lead source", "来源", "渠道"]),
    ("account", "external_id", &["account id", "客户编号", "客户编码", "编号"]),
    ("account", "owner", OWNER),
    ("account", "notes", NOTES),
    ("contact", "name", &["contact", "contact name", "full name", "联系人", "联系人姓名", "名字"]),
    ("contact", "account", &["company", "company name", "account name", "organization", "公司", "公司名称", "客户名称", "所属客户", "单位"]),
    ("contact", "job_title", &["title", "position", "role", "职位", "岗位"]),
    ("contact", "department_name", &["department", "所属部门"]),
    ("contact", "mobile", &["mobile", "cell", "mobile phone", "phone number", "手机号", "手机号码", "移动电话", "联系方式"]),
    ("contact", "phone", &["telephone", "tel", "office phone", "电话", "固定电话", "办公电话"]),
    ("contact", "email", EMAIL),
    ("contact", "wechat", &["weixin", "微信号"]),
    ("contact", "external_id", &["contact id", "联系人编号"]),
    ("contact", "owner", OWNER),
    ("contact", "notes", NOTES),
    ("lead", "name", &["lead", "lead name", "contact", "contact name", "full name", "联系人", "线索名称", "名字"]),
    ("lead", "company", &["account", "company name", "organization", "公司名称", "单位", "企业名称"]),
    ("lead", "mobile", &["cell", "mobile phone", "phone number", "手机号", "手机号码", "联系方式"]),
    ("lead", "phone", &["telephone", "tel", "固定电话"]),
    ("lead", "email", EMAIL),
    ("lead", "source", &["lead source", "线索来源", "渠道"]),
    ("lead", "status", &["lead status", "状态"]),
    ("lead", "industry", &["sector", "所属行业"]),
    ("lead", "external_id", &["lead id", "线索编号"]),
    ("lead", "owner", OWNER),
    ("lead", "notes", NOTES),
    ("opportunity", "name", &["opportunity", "opportunity name", "deal", "deal name", "项目", "项目名称", "机会名称"]),
    ("opportunity", "account", &["company", "company name", "account name", "customer", "公司", "公司名称", "客户名称", "所属客户"]),
    ("opportunity", "contact", &["contact name", "联系人"]),
    ("opportunity", "product", &["product name", "item", "产品", "产品名称"]),
    ("opportunity", "stage", &["deal stage", "sales stage", "status", "阶段", "商机阶段"]),
    ("opportunity", "amount", &["close value", "value", "deal value", "deal amount", "revenue", "商机金额", "预计金额", "成交金额", "销售金额"]),
    ("opportunity", "engaged_on", &["engage date", "engaged", "start date", "created date", "开始时间", "立项日期"]),
    ("opportunity", "expected_close", &["expected close date", "forecast date", "预计成交时间", "预计签单日期"]),
    ("opportunity", "closed_on", &["close date", "closed date", "won date", "成交日期", "关闭日期", "结单日期"]),
    ("opportunity", "external_id", &["opportunity id", "deal id", "商机编号", "项目编号", "编号"]),
    ("opportunity", "owner", OWNER),
    ("opportunity", "source", &["lead source", "商机来源"]),
    ("opportunity", "notes", NOTES),
    ("product", "name", &["product", "product name", "item", "item name", "产品", "商品", "商品名称", "名称"]),
    ("product", "code", &["sku", "product code", "item no", "货号", "编码", "商品编码", "型号"]),
    ("product", "series", &["category", "product line", "family", "分类", "类别", "系列", "产品分类"]),
    ("product", "price", &["sales price", "unit price", "list price", "售价", "单价", "价格", "销售价"]),
    ("product", "unit", &["uom", "计量单位"]),
    ("product", "external_id", &["product id", "产品编号"]),
    ("user", "name", &["user", "sales agent", "agent", "employee", "employee name", "full name", "salesperson", "sales rep", "员工", "员工姓名", "业务员", "销售员", "姓名"]),
    ("user", "manager", &["supervisor", "reports to", "line manager", "上级", "直接上级", "主管", "汇报对象"]),
    ("user", "home_department", &["regional office", "region", "office", "team", "department", "团队", "大区", "办事处", "所属部门"]),
    ("user", "email", EMAIL),
    ("user", "mobile", &["cell", "phone", "mobile phone", "手机号", "手机号码", "电话"]),
    ("user", "username", &["login", "account", "登录名", "账号", "工号"]),
    ("user", "position", &["title", "job title", "岗位", "职务"]),
    ("department", "name", &["department", "team", "office", "部门", "团队"]),
    ("department", "parent", &["parent", "上级", "上级组织"]),
    ("follow_up", "content", &["note", "notes", "description", "跟进内容", "沟通内容"]),
    ("follow_up", "happened_at", &["date", "time", "跟进时间", "日期"]),
    ("task", "title", &["subject", "task", "任务", "主题"]),
    ("task", "due_at", &["due date", "deadline", "截止日期", "截止时间"]),
];

const OWNER: &[&str] = &[
    "sales agent", "owner", "agent", "salesperson", "sales rep", "rep", "account manager", "sales", "业务员", "销售",
    "销售员", "跟进人", "归属人", "客户经理", "所属人",
];
const EMAIL: &[&str] = &["email", "email address", "mail", "邮件", "电子邮件", "电子邮箱", "邮箱地址"];
const NOTES: &[&str] = &["note", "remark", "remarks", "comment", "comments", "description", "说明", "描述"];

/// Unique fields, mobile numbers and e-mail addresses tell sameness by themselves.
const KEYS: &[Key] = &[
    Key { object: "account", field: "name", sameness: Sameness::Company },
    Key { object: "product", field: "name", sameness: Sameness::Name },
    Key { object: "user", field: "name", sameness: Sameness::Name },
    Key { object: "department", field: "name", sameness: Sameness::Name },
    Key { object: "position", field: "name", sameness: Sameness::Name },
];

const MAKINGS: &[Making] = &[
    Making {
        object: "stage",
        titles: &["won", "closed won", "赢单", "成交", "已成交"],
        values: &[("outcome", "won"), ("probability", "100"), ("sort_order", "90")],
    },
    Making {
        object: "stage",
        titles: &["lost", "closed lost", "输单", "丢单", "失败"],
        values: &[("outcome", "lost"), ("probability", "0"), ("sort_order", "91")],
    },
    Making { object: "user", titles: &[], values: &[("status", "invited")] },
];
