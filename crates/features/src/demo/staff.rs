//! The company's own people: departments, positions, roles and staff.

use super::world::{DAYS, World};
use crate::people::presets;
use chrono::Duration;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

pub const COMPANY: &str = "云栈智能科技（杭州）有限公司";

/// Name, the same in English, and the one above.
const DEPARTMENTS: [(&str, &str, Option<&str>); 6] = [
    ("总经办", "General management", None),
    ("销售中心", "Sales", Some("总经办")),
    ("华东销售部", "Sales East China", Some("销售中心")),
    ("华南及海外销售部", "Sales South China and overseas", Some("销售中心")),
    ("市场部", "Marketing", Some("总经办")),
    ("客户服务部", "Customer service", Some("总经办")),
];

const POSITIONS: [(&str, &str, &str); 14] = [
    ("总经理", "General manager", "公司负责人"),
    ("财务经理", "Finance manager", "回款、开票与费用"),
    ("销售总监", "Sales director", "全国销售业绩"),
    ("销售运营", "Sales operations", "数据、流程与报价支持"),
    ("区域销售经理", "Regional sales manager", "带领区域团队完成指标"),
    ("大客户经理", "Key account manager", "重点客户的开拓与维护"),
    ("客户经理", "Account manager", "区域客户的开拓与维护"),
    ("海外客户经理", "Overseas account manager", "海外客户与代理商"),
    ("市场经理", "Marketing manager", "品牌、活动与线索"),
    ("市场专员", "Marketing specialist", "活动执行与线索清洗"),
    ("客服经理", "Customer service manager", "交付后服务与满意度"),
    ("实施顾问", "Implementation consultant", "项目交付与培训"),
    ("客服专员", "Customer service agent", "热线、回访与工单"),
    ("系统管理员", "System administrator", "账号、权限与系统设置"),
];

/// Name, user name, position, department, role.
type Person = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// The first of each department leads it.
const STAFF: [Person; 31] = [
    ("系统管理员", "admin", "系统管理员", "", "管理员"),
    ("陈建国", "chen.jianguo", "总经理", "总经办", "销售总监"),
    ("李淑芬", "li.shufen", "财务经理", "总经办", "只读"),
    ("王伟", "wang.wei", "销售总监", "销售中心", "销售总监"),
    ("赵敏", "zhao.min", "销售运营", "销售中心", "销售总监"),
    ("刘洋", "liu.yang", "区域销售经理", "华东销售部", "销售经理"),
    ("张磊", "zhang.lei", "大客户经理", "华东销售部", "销售"),
    ("黄婷婷", "huang.tingting", "大客户经理", "华东销售部", "销售"),
    ("周杰", "zhou.jie", "客户经理", "华东销售部", "销售"),
    ("吴倩", "wu.qian", "客户经理", "华东销售部", "销售"),
    ("徐浩", "xu.hao", "客户经理", "华东销售部", "销售"),
    ("孙丽娜", "sun.lina", "客户经理", "华东销售部", "销售"),
    ("朱晓峰", "zhu.xiaofeng", "客户经理", "华东销售部", "销售"),
    ("马骏", "ma.jun", "客户经理", "华东销售部", "销售"),
    ("林志豪", "lin.zhihao", "区域销售经理", "华南及海外销售部", "销售经理"),
    ("何静怡", "he.jingyi", "大客户经理", "华南及海外销售部", "销售"),
    ("郭子轩", "guo.zixuan", "客户经理", "华南及海外销售部", "销售"),
    ("罗欣", "luo.xin", "客户经理", "华南及海外销售部", "销售"),
    ("谢俊杰", "xie.junjie", "客户经理", "华南及海外销售部", "销售"),
    ("唐雨薇", "tang.yuwei", "客户经理", "华南及海外销售部", "销售"),
    ("邓凯", "deng.kai", "客户经理", "华南及海外销售部", "销售"),
    ("梁嘉欣", "liang.jiaxin", "海外客户经理", "华南及海外销售部", "销售"),
    ("韩雪", "han.xue", "海外客户经理", "华南及海外销售部", "销售"),
    ("曹颖", "cao.ying", "市场经理", "市场部", "销售经理"),
    ("冯博", "feng.bo", "市场专员", "市场部", "销售"),
    ("彭思远", "peng.siyuan", "市场专员", "市场部", "销售"),
    ("董海燕", "dong.haiyan", "客服经理", "客户服务部", "客服"),
    ("袁野", "yuan.ye", "实施顾问", "客户服务部", "客服"),
    ("潘晓雯", "pan.xiaowen", "实施顾问", "客户服务部", "客服"),
    ("蒋涛", "jiang.tao", "客服专员", "客户服务部", "客服"),
    ("蔡志明", "cai.zhiming", "客服专员", "客户服务部", "客服"),
];

/// Someone who may own records.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: Uuid,
    pub username: &'static str,
    pub department: Option<Uuid>,
    pub department_name: &'static str,
    pub position: &'static str,
}

pub struct Staff {
    pub members: Vec<Member>,
    /// Department and head, to be joined once both are there.
    pub heads: Vec<(Uuid, Uuid)>,
}

impl Staff {
    /// Who sells in that department, its head included.
    pub fn sellers(&self, department: &str) -> Vec<Member> {
        self.members.iter().filter(|m| m.department_name == department).cloned().collect()
    }

    pub fn named(&self, username: &str) -> Option<&Member> {
        self.members.iter().find(|m| m.username == username)
    }
}

pub fn hire(world: &mut World) -> Staff {
    let opening = world.days_ago(DAYS + 30);
    let start = world.working_time(opening);
    let admin = world.id(start);
    let mut departments: HashMap<&str, Uuid> = HashMap::new();
    for (n, (name, english, parent)) in DEPARTMENTS.into_iter().enumerate() {
        let id = world.id(start);
        let parent = parent.and_then(|p| departments.get(p));
        let values = json!({ "name": name, "name_en": english, "parent": parent, "sort_order": n });
        world.create("department", id, start, Some(admin), values);
        departments.insert(name, id);
    }
    let mut positions: HashMap<&str, Uuid> = HashMap::new();
    for (name, english, description) in POSITIONS {
        let id = world.id(start);
        let values = json!({ "name": name, "name_en": english, "description": description });
        world.create("position", id, start, Some(admin), values);
        positions.insert(name, id);
    }
    let mut roles: HashMap<&str, Uuid> = HashMap::new();
    for (name, role) in presets::roles() {
        let id = world.id(start);
        world.create("role", id, start, Some(admin), role);
        roles.insert(name, id);
    }
    let mut staff = Staff { members: Vec::new(), heads: Vec::new() };
    let mut heads: HashMap<&str, Uuid> = HashMap::new();
    for (n, (name, username, position, department, role)) in STAFF.into_iter().enumerate() {
        let id = if n == 0 { admin } else { world.id(start) };
        let head = heads.get(department).copied();
        // A head reports to the head of the department above.
        let above = DEPARTMENTS.iter().find(|d| d.0 == department).and_then(|d| heads.get(d.2?));
        let manager = head.or(above.copied());
        let mobile = format!("13{}0571{:04}", 5 + n % 5, 1024 + n * 37);
        let values = json!({
            "name": name,
            "username": username,
            "email": format!("{username}@yunzhan.example"),
            "mobile": if n == 0 { Value::Null } else { json!(mobile) },
            "home_department": departments.get(department),
            "manager": manager,
            "position": positions.get(position),
            "role": roles.get(role),
            "status": "active",
        });
        world.create("user", id, start + Duration::minutes(n as i64), Some(admin), values);
        if let (None, Some(department)) = (head, departments.get(department)) {
            staff.heads.push((*department, id));
        }
        heads.entry(department).or_insert(id);
        let department_id = departments.get(department).copied();
        staff.members.push(Member { id, username, department: department_id, department_name: department, position });
    }
    staff
}

/// Views that everyone finds on the first day.
pub fn arrange_views(world: &mut World, staff: &Staff) {
    let Some(owner) = staff.named("zhao.min").map(|m| m.id) else { return };
    let at = world.working_time(world.days_ago(DAYS));
    let views: [(&str, &str, &str, Value); 6] = [
        (
            "account",
            "重点客户",
            "Key accounts",
            json!({
                "filter": { "field": "level", "op": "eq", "value": "a" },
                "sort": ["-last_followed_at"],
                "fields": ["name", "industry", "city", "deal_status", "last_followed_at", "owner"],
            }),
        ),
        (
            "account",
            "30 天未跟进",
            "No follow-up for 30 days",
            json!({
                "filter": { "not": { "field": "last_followed_at", "op": "within", "value": "last_30_days" } },
                "sort": ["last_followed_at"],
            }),
        ),
        (
            "opportunity",
            "进行中的商机",
            "Open opportunities",
            json!({
                "filter": { "field": "outcome", "op": "eq", "value": "open" },
                "sort": ["expected_close"],
            }),
        ),
        (
            "opportunity",
            "本季度赢单",
            "Won this quarter",
            json!({
                "filter": { "and": [
                    { "field": "outcome", "op": "eq", "value": "won" },
                    { "field": "closed_on", "op": "within", "value": "this_quarter" },
                ] },
                "sort": ["-amount"],
            }),
        ),
        (
            "lead",
            "待处理线索",
            "Leads to work on",
            json!({
                "filter": { "field": "status", "op": "in", "value": ["new", "working"] },
                "sort": ["-created_at"],
            }),
        ),
        (
            "task",
            "未完成任务",
            "Open tasks",
            json!({
                "filter": { "field": "status", "op": "in", "value": ["todo", "in_progress"] },
                "sort": ["due_at"],
            }),
        ),
    ];
    for (n, (object, name, english, settings)) in views.into_iter().enumerate() {
        let id = world.id(at);
        let values = json!({
            "name": name, "name_en": english, "object": object, "settings": settings, "visibility": "all", "owner": owner, "sort_order": n,
        });
        world.create("saved_view", id, at, Some(owner), values);
    }
}
