//! What people write down after a call or a visit. Braces are filled in: `{p}` the person, `{x}` the product, `{t}`
//! the topic, `{n}` a small number, `{w}` an amount in units of 10,000, `{d}` a date, `{c}` a colleague of theirs.

use super::random::Random;

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    First,
    Needs,
    Offer,
    Bargain,
    Won,
    Lost,
    /// No deal under way.
    Care,
    Lead,
}

pub struct Slots<'a> {
    pub person: &'a str,
    pub product: &'a str,
    pub topic: &'a str,
    pub amount: i64,
    pub date: String,
}

const OPENINGS: [(&str, &[&str]); 7] = [
    ("call", &["电话联系{p}，", "致电{p}，", "{p}来电，", "与{p}通话约{n}0 分钟，", "电话回访{p}，"]),
    ("visit", &["上门拜访{p}，", "陪同售前到现场拜访{p}，", "与{p}现场交流两小时，", "到客户工厂参观，{p}接待，"]),
    ("wechat", &["微信与{p}沟通，", "{p}微信反馈，", "给{p}发了资料，", "微信群里{p}提到，"]),
    ("email", &["邮件回复{p}，", "收到{p}邮件，", "给{p}发送资料，"]),
    ("event", &["{p}参加我司技术沙龙，", "展会上与{p}交流，", "邀请{p}参观样板工厂，"]),
    ("sms", &["短信提醒{p}，", "给{p}发短信，"]),
    ("other", &["内部讨论后联系{p}，", "通过合作伙伴了解{p}的情况，"]),
];

const FIRST: &[&str] = &[
    "对方目前用 Excel 登记，对{x}有兴趣，预算尚未明确。",
    "了解到今年有{t}的计划，由{c}牵头，预计下季度启动。",
    "介绍了公司情况和同行业案例，对方希望先看资料。",
    "对方正在选型，已接触{n}家供应商。",
    "确认对方是项目负责人，约定下周线上演示。",
    "对方对价格比较敏感，先按标准配置估了 {w} 万元左右。",
    "老系统还有{n}个月到期，愿意提前了解替代方案。",
    "介绍了{x}的主要功能，对方关心能否利旧现有设备。",
];

const NEEDS: &[&str] = &[
    "梳理了现场 {n}0 多台设备的联网需求，其中老旧设备需要加装网关。",
    "确认核心痛点是库存不准和追溯困难，希望三个月内上线。",
    "现场勘察了车间和仓库，网络条件一般，需要补 {n} 个交换机点位。",
    "{c}要求支持与现有 ERP 对接，已记录接口清单。",
    "对方希望先做一条产线试点，效果好再推广到全厂。",
    "{t}的范围基本确定，分两期实施，一期预算约 {w} 万元。",
    "收集了近三个月的报表样例，需要确认 {n} 张报表的口径。",
    "演示了{x}，操作员反馈界面简单，质量部希望增加拍照留痕。",
    "确认需要私有化部署，服务器由客户自备。",
];

const OFFER: &[&str] = &[
    "提交方案和报价 {w} 万元，对方认为略高于预算，希望优化配置。",
    "方案讲解约两小时，质量部认可追溯功能，财务关注付款方式。",
    "对方要求补充近两年同行业案例和验收报告。",
    "按反馈调整方案，减少点位后报价降到 {w} 万元。",
    "竞争对手报价更低，但对方认可我们的实施能力。",
    "{c}提出 {n} 条技术问题，售前已逐条答复。",
    "安排了参考客户电话交流，对方反馈良好。",
    "报价已进入内部评审，预计两周内有结论。",
];

const BARGAIN: &[&str] = &[
    "讨论付款比例，对方希望 3-4-3，我方坚持预付 40%。",
    "法务反馈合同修改意见 {n} 条，主要是违约责任和验收标准。",
    "总经理原则同意，等待采购流程审批。",
    "确认交付周期 {n} 周，现场安装由我方负责。",
    "采购要求再降 {n} 个点，已向总监申请。",
    "对方希望赠送一年维保，拟用延长质保替代。",
    "合同终稿 {w} 万元已发，等待盖章。",
    "招标流程已启动，我方技术标得分第一。",
];

const WON: &[&str] = &[
    "合同已盖章寄出，预计本周收到预付款。",
    "项目启动会完成，明确双方项目组成员和里程碑。",
    "设备到货 {n}0 台，安装调试进行中，进度正常。",
    "系统上线两周，运行稳定，操作员反馈界面简单。",
    "完成验收签字，尾款走流程。",
    "回访使用情况，满意度较高，提出报表导出的改进建议。",
    "讨论二期扩容，{c}已提交预算申请。",
    "完成 {n} 场现场培训，关键用户已能独立操作。",
    "反馈{x}偶发离线，远程排查为现场电源问题，已处理。",
];

const LOST: &[&str] = &[
    "对方告知{t}暂停，预算被集团收回，明年再议。",
    "最终选择了价格更低的供应商，保持联系，关注后续扩容。",
    "对方决定自研，暂不采购。",
    "换了负责人，新负责人倾向原供应商，本次未中。",
];

const CARE: &[&str] = &[
    "例行问候，近期生产任务饱满，暂无新增需求。",
    "了解到明年计划扩建厂房，届时有仓储管理需求。",
    "发送了新版产品手册和{x}的案例，对方表示会转给{c}。",
    "对方人员有变动，新的对接人是{c}，已加微信。",
    "询问{x}的价格，已发标准报价。",
    "邀请参加下月的客户交流会，对方确认 {n} 人到场。",
    "反馈上次问题已解决，对服务响应表示满意。",
    "当前供应商合同还有 {n} 个月，到期前一个季度再联系。",
    "对方今年投资收紧，重点关注能耗和节费类项目。",
    "维保还有 {n} 个月到期，提前沟通续签。",
];

const LEAD: &[&str] = &[
    "核实了公司规模和需求，{t}意向明确。",
    "号码正确，对方在开会，约明天再联系。",
    "对方只是收集资料，暂无时间表。",
    "了解到使用部门是仓储部，需要{c}参与决策。",
    "对{x}感兴趣，已发产品资料。",
    "预算 {w} 万元以内，希望本季度内定下来。",
];

const NEXT: &[&str] = &[
    "",
    "",
    "约{d}再沟通。",
    "{d}前给对方反馈。",
    "下一步：安排售前出具方案。",
    "下一步：约决策人见面。",
    "待对方内部讨论后回复。",
    "已同步给项目组。",
    "{d}线上演示。",
    "请实施同事评估工作量。",
];

const COLLEAGUES: &[&str] = &["信息部", "设备科", "生产部", "财务部", "总经办", "质量部", "仓储部", "采购部"];

/// The other languages get by in English.
const ENGLISH: &[(Phase, &[&str])] = &[
    (
        Phase::First,
        &[
            "Introduced our company and two references; {p} asked for the {x} data sheet.",
            "{p} is comparing {n} suppliers for the project. Budget not fixed yet.",
            "First video call with {p}: they track everything in spreadsheets today.",
        ],
    ),
    (
        Phase::Needs,
        &[
            "Went through the requirements for {x} with {p}; {n} open questions on interfaces.",
            "{p} confirmed a pilot on one line first, roll-out next year if it works.",
            "Site survey by video: network coverage in the warehouse needs to be checked.",
        ],
    ),
    (
        Phase::Offer,
        &[
            "Sent the quotation to {p}. They need delivery terms CIF and a spare-parts list.",
            "{p} finds the offer slightly above budget; asked for options without on-site training.",
            "Answered {n} technical questions from their engineering team.",
        ],
    ),
    (
        Phase::Bargain,
        &[
            "Payment terms under discussion: {p} asks for 60 days net.",
            "Their legal team returned the contract with {n} comments, mostly on liability.",
            "{p} expects the purchase order after the board meeting.",
        ],
    ),
    (
        Phase::Won,
        &[
            "Purchase order received, thanked {p}; shipment planned in {n} weeks.",
            "Commissioning finished remotely together with {p}. Running stable.",
            "{p} is happy with the support; considering a second site.",
        ],
    ),
    (
        Phase::Lost,
        &[
            "{p} told us they chose a local supplier. Keep in touch for next year.",
            "Project postponed by their headquarters, no new date.",
        ],
    ),
    (
        Phase::Care,
        &[
            "Seasonal greetings; no new projects at the moment.",
            "{p} asked about the lead time for {x}.",
            "Shared the new product brochure, {p} will forward it to the plant.",
            "Met {p} at the trade fair, interested in a demo of {x}.",
        ],
    ),
];

/// By which means Chinese customers are reached, and others.
const KINDS: [(u64, &str); 7] =
    [(40, "call"), (20, "wechat"), (20, "visit"), (9, "email"), (5, "event"), (3, "sms"), (3, "other")];
const KINDS_ABROAD: [(u64, &str); 4] = [(45, "email"), (35, "call"), (10, "visit"), (10, "event")];

pub fn kind(random: &mut Random, chinese: bool) -> &'static str {
    let kinds: &'static [(u64, &'static str)] = if chinese { &KINDS } else { &KINDS_ABROAD };
    random.weighted::<&'static str>(kinds)
}

pub fn text(random: &mut Random, kind: &str, phase: Phase, chinese: bool, slots: &Slots<'_>) -> String {
    let template = match chinese {
        false => {
            let texts =
                ENGLISH.iter().find(|(p, _)| *p == phase).or(ENGLISH.last()).map_or(&[][..], |(_, texts)| texts);
            (*random.pick::<&str>(texts)).to_owned()
        }
        true => {
            let openings = OPENINGS.iter().find(|(k, _)| *k == kind).map_or(OPENINGS[0].1, |(_, openings)| openings);
            let body = match phase {
                Phase::First => FIRST,
                Phase::Needs => NEEDS,
                Phase::Offer => OFFER,
                Phase::Bargain => BARGAIN,
                Phase::Won => WON,
                Phase::Lost => LOST,
                Phase::Care => CARE,
                Phase::Lead => LEAD,
            };
            format!("{}{}{}", random.pick::<&str>(openings), random.pick::<&str>(body), random.pick::<&str>(NEXT))
        }
    };
    fill(random, &template, slots)
}

fn fill(random: &mut Random, template: &str, slots: &Slots<'_>) -> String {
    let mut out = String::with_capacity(template.len() + 40);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (slot, tail) = after.split_once('}').unwrap_or((after, ""));
        match slot {
            "p" => out.push_str(slots.person),
            "x" => out.push_str(slots.product),
            "t" => out.push_str(slots.topic),
            "n" => out.push_str(&random.between(2, 8).to_string()),
            "w" => out.push_str(&slots.amount.to_string()),
            "d" => out.push_str(&slots.date),
            "c" => out.push_str(random.pick::<&str>(COLLEAGUES)),
            other => out.push_str(other),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}
