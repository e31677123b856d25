//! A year of follow-ups, and the tasks that came of them.

use super::customers::Customer;
use super::deals::Deal;
use super::leads::Lead;
use super::products::{LOST, Offer, WON};
use super::staff::{Member, Staff};
use super::talk::{self, Phase, Slots};
use super::world::{World, time};
use chrono::{DateTime, Datelike, Duration, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

pub const FOLLOW_UPS: usize = 4000;
const TASKS: i64 = 260;

/// One contact with a customer or a lead, not yet put into words.
struct Contact {
    at: DateTime<Utc>,
    about: About,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum About {
    Account(usize),
    Deal(usize),
    Lead(usize),
}

/// The newest follow-up of something, and what was agreed on then.
#[derive(Clone, Copy)]
struct Latest {
    at: DateTime<Utc>,
    next: Option<DateTime<Utc>>,
}

/// All that follow-ups can be about.
pub struct Field<'a> {
    pub customers: &'a [Customer],
    pub deals: &'a [Deal],
    pub leads: &'a [Lead],
    pub offer: &'a Offer,
    pub staff: &'a Staff,
}

pub fn keep_in_touch(world: &mut World, field: &Field<'_>) {
    let mut plan = plan(world, field);
    plan.sort_by_key(|contact| contact.at);
    let mut accounts: Vec<Option<Latest>> = vec![None; field.customers.len()];
    let mut leads: Vec<Option<Latest>> = vec![None; field.leads.len()];
    for contact in plan {
        let (account, next) = follow_up(world, field, &contact);
        let latest = Some(Latest { at: contact.at, next });
        match (account, contact.about) {
            (Some(account), _) => accounts[account] = latest,
            (None, About::Lead(lead)) => leads[lead] = latest,
            (None, _) => {}
        }
    }
    for (object, all) in [("account", accounts), ("lead", leads)] {
        for (n, latest) in all.into_iter().enumerate() {
            let Some((latest, life)) = latest.zip(world.life(object, n)) else { continue };
            life.mirrored.insert("last_followed_at".into(), time(latest.at));
            if let Some(next) = latest.next {
                life.mirrored.insert("next_contact_at".into(), time(next));
            }
        }
    }
}

/// As many contacts as there shall be: those of deals and leads first, then with whoever is a customer.
fn plan(world: &mut World, field: &Field<'_>) -> Vec<Contact> {
    let mut plan = Vec::with_capacity(FOLLOW_UPS);
    for (n, deal) in field.deals.iter().enumerate() {
        let begun = deal.path.first().map_or(world.now, |(_, at)| *at);
        let ended = deal.path.last().filter(|_| !deal.is_open()).map_or(world.now, |(_, at)| *at);
        let days = (ended - begun).num_days().clamp(1, 365);
        for _ in 0..world.random.between(3, 7).min(days + 1) {
            let day = (begun + Duration::days(world.random.between(0, days))).date_naive();
            let at = world.working_time(day).max(begun + Duration::minutes(20));
            let phase = phase(deal.stage_at(at));
            plan.push(Contact { at: at.min(world.now - Duration::minutes(2)), about: About::Deal(n), phase });
        }
        // After a deal is won the work begins.
        let after = (world.now - ended).num_days().min(120);
        if deal.path.last().is_some_and(|(stage, _)| *stage == WON) && after > 3 {
            for _ in 0..world.random.between(1, 3) {
                let later = Duration::days(world.random.between(1, after));
                let at = world.working_time((ended + later).date_naive());
                plan.push(Contact { at: at.max(ended), about: About::Deal(n), phase: Phase::Won });
            }
        }
    }
    for (n, lead) in field.leads.iter().enumerate().filter(|(_, lead)| lead.status != "new") {
        let days = (world.now - lead.since).num_days().clamp(0, 30);
        for _ in 0..world.random.between(1, 3) {
            let day = (lead.since + Duration::days(world.random.between(0, days))).date_naive();
            let at = world.working_time(day).max(lead.since + Duration::minutes(10));
            plan.push(Contact {
                at: at.min(world.now - Duration::minutes(1)),
                about: About::Lead(n),
                phase: Phase::Lead,
            });
        }
    }
    while plan.len() < FOLLOW_UPS {
        let at = (world.random.next() % field.customers.len() as u64) as usize;
        let keep = if field.customers[at].level == "c" { 40 } else { 100 };
        let days = world.random.between(0, 365);
        // Only who is a customer by then.
        if field.customers[at].since < world.now - Duration::days(days + 1) && world.random.percent(keep) {
            let when = world.working_time(world.days_ago(days));
            plan.push(Contact {
                at: when.min(world.now - Duration::minutes(3)),
                about: About::Account(at),
                phase: Phase::Care,
            });
        }
    }
    plan
}

fn phase(stage: usize) -> Phase {
    match stage {
        0 => Phase::First,
        1 => Phase::Needs,
        2 => Phase::Offer,
        WON => Phase::Won,
        LOST => Phase::Lost,
        _ => Phase::Bargain,
    }
}

/// Writes it down; returns the account it concerns, and when to get in touch again.
fn follow_up(world: &mut World, field: &Field<'_>, contact: &Contact) -> (Option<usize>, Option<DateTime<Utc>>) {
    let (account, deal, lead) = match contact.about {
        About::Account(n) => (Some(n), None, None),
        About::Deal(n) => (Some(field.deals[n].customer), Some(&field.deals[n]), None),
        About::Lead(n) => (None, None, Some(&field.leads[n])),
    };
    let customer = account.map(|n| &field.customers[n]);
    let chinese = customer.is_none_or(|c| c.chinese);
    let person = customer.filter(|c| !c.people.is_empty()).map(|c| world.random.pick(&c.people));
    let kind = talk::kind(&mut world.random, chinese);
    let agreed = world.random.percent(if contact.phase == Phase::Lost { 10 } else { 55 });
    let open = deal.is_some_and(Deal::is_open) || lead.is_some_and(|l| l.status == "working");
    let ahead = if open { world.random.between(2, 14) } else { world.random.between(10, 60) };
    let next = agreed.then(|| world.appointment(contact.at.date_naive() + Duration::days(ahead)));
    let date = contact.at.date_naive() + Duration::days(ahead);
    let product = deal.map_or_else(|| world.random.pick(&field.offer.products[..21]).name, |d| d.product);
    let slots = Slots {
        person: person.map_or_else(|| lead.map_or("对方", |l| l.call.as_str()), |p| p.call.as_str()),
        product,
        topic: deal.map_or("数字化改造", |d| d.topic),
        amount: deal.map_or_else(|| world.random.between(5, 60), |d| d.amount),
        date: format!("{}月{}日", date.month(), date.day()),
    };
    let content = talk::text(&mut world.random, kind, contact.phase, chinese, &slots);
    let owner = author(world, field, customer.map(|c| &c.owner).or(lead.map(|l| &l.owner)), contact.phase);
    let written = (contact.at + Duration::minutes(world.random.between(1, 50))).min(world.now);
    let id = world.id(written);
    let values = json!({
        "kind": kind,
        "content": content,
        "happened_at": time(contact.at),
        "account": customer.map(|c| c.id),
        "contact": person.map(|p| p.id),
        "lead": lead.map(|l| l.id),
        "opportunity": deal.map(|d| d.id),
        "next_contact_at": next.map(time),
        "owner": owner.as_ref().map(|o| o.id),
        "department": owner.as_ref().and_then(|o| o.department),
    });
    world.create("follow_up", id, written, owner.map(|o| o.id), values);
    (account, next)
}

/// Mostly the owner; after a deal is won often someone from service.
fn author(world: &mut World, field: &Field<'_>, owner: Option<&Member>, phase: Phase) -> Option<Member> {
    let service = field.staff.sellers("客户服务部");
    if phase == Phase::Won && !service.is_empty() && world.random.percent(45) {
        return Some(world.random.pick(&service).clone());
    }
    owner.cloned()
}

const SUBJECTS: [(&str, &str); 14] = [
    ("准备{}的技术方案", "high"),
    ("给{}发送报价单", "high"),
    ("回访{}使用情况", "medium"),
    ("跟进{}合同盖章进度", "high"),
    ("安排{}现场勘察", "medium"),
    ("整理{}会议纪要", "low"),
    ("确认{}付款计划", "high"),
    ("约{}决策人见面", "medium"),
    ("为{}准备同行业案例", "low"),
    ("提醒{}维保续签", "medium"),
    ("给{}寄送样机", "medium"),
    ("完善{}的客户资料", "low"),
    ("与{}确认验收时间", "medium"),
    ("申请{}项目折扣", "medium"),
];

pub fn assign_tasks(world: &mut World, field: &Field<'_>) {
    let open: Vec<&Deal> = field.deals.iter().filter(|deal| deal.is_open()).collect();
    for _ in 0..TASKS {
        let deal = (world.random.percent(60) && !open.is_empty()).then(|| *world.random.pick(&open));
        let at = match deal {
            Some(deal) => deal.customer,
            None => (world.random.next() % field.customers.len() as u64) as usize,
        };
        let customer = &field.customers[at];
        let begun = deal.and_then(|d| d.path.first()).map_or(customer.since, |(_, at)| *at);
        let age = (world.now - begun).num_days().clamp(0, 40);
        let asked = world.random.between(0, age);
        let created = world.working_time(world.days_ago(asked)).max(begun + Duration::minutes(5)).min(world.now);
        let term = Duration::days(world.random.between(1, 21));
        let due = world.appointment(created.date_naive() + term);
        let (subject, priority) = *world.random.pick(&SUBJECTS);
        task(world, customer, deal.map(|d| d.id), (subject, priority), created, due);
    }
}

fn task(
    world: &mut World,
    customer: &Customer,
    deal: Option<Uuid>,
    (subject, priority): (&str, &str),
    created: DateTime<Utc>,
    due: DateTime<Utc>,
) {
    let overdue = due < world.now;
    let done = world.random.percent(if overdue { 85 } else { 12 });
    let status = match (done, world.random.between(0, 9)) {
        (true, 0) => "cancelled",
        (true, _) => "done",
        (false, 0..=2) => "in_progress",
        _ => "todo",
    };
    let completed = (status == "done").then(|| {
        let span = (due.min(world.now) - created).num_minutes().max(1);
        created + Duration::minutes(world.random.between(1, span))
    });
    let person = (!customer.people.is_empty()).then(|| world.random.pick(&customer.people).id);
    let id = world.id(created);
    let owner = &customer.owner;
    let first = json!({
        "subject": subject.replace("{}", &customer.short),
        "status": "todo",
        "priority": priority,
        "due_at": time(due),
        "account": customer.id,
        "contact": person,
        "opportunity": deal,
        "owner": owner.id,
        "department": owner.department,
    });
    world.create("task", id, created, Some(owner.id), first);
    let ended = completed.unwrap_or_else(|| (created + Duration::hours(3)).min(world.now));
    if status != "todo" {
        world.edit(
            "task",
            ended,
            Some(owner.id),
            &[("status", json!(status)), ("completed_at", completed.map_or(Value::Null, time))],
        );
    }
}
