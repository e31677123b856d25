use super::*;
use chrono::Duration;
use kezhan_meta::rules::{phone, uscc};
use kezhan_meta::{check_record, normalise_value};
use std::collections::HashSet;

fn now() -> DateTime<Utc> {
    "2026-11-24T03:30:00Z".parse().unwrap()
}

fn lives<'a>(demo: &'a Demo, object: &str) -> &'a [Life] {
    demo.lives.iter().find(|(name, _)| *name == object).map_or(&[], |(_, lives)| lives.as_slice())
}

fn last<'a>(life: &'a Life, key: &str) -> &'a str {
    life.states.last().and_then(|s| s.record.get(key)).and_then(|v| v.as_str()).unwrap_or_default()
}

#[test]
fn the_company_has_its_size() {
    let demo = company(now());
    let count = |object: &str| lives(&demo, object).len();
    assert_eq!(
        ["department", "user", "account", "contact", "lead", "opportunity", "follow_up"].map(count),
        [6, 31, 600, 1500, 120, 400, 4000]
    );
    assert!(count("opportunity_line") > 600 && count("task") > 200);
    assert_eq!(demo.heads.len(), 6);
}

#[test]
fn it_is_the_same_each_time() {
    let (a, b) = (company(now()), company(now()));
    let print = |demo: &Demo| format!("{:?}", demo.lives);
    assert_eq!(print(&a), print(&b));
}

#[test]
fn every_record_keeps_the_rules() {
    let demo = company(now());
    let catalog = kezhan_domain::standard();
    for (name, lives) in &demo.lives {
        let object = catalog.get(name).unwrap();
        for state in lives.iter().flat_map(|life| &life.states) {
            let mut record = Record::new();
            for (key, value) in &state.record {
                let field = object.field(key).unwrap_or_else(|| panic!("{name}.{key}"));
                let value = normalise_value(field, value).unwrap_or_else(|e| panic!("{name}.{key} {value}: {e:?}"));
                record.insert(key.clone(), value);
            }
            let faults = check_record(object, &record);
            let faults: Vec<_> =
                faults.iter().filter(|f| object.field(&f.field).is_none_or(|f| f.default.is_none())).collect();
            assert!(faults.is_empty(), "{name}: {faults:?} in {record:?}");
        }
    }
}

/// References lead to records that are loaded before, or together with, what refers to them, and time runs forward.
#[test]
fn references_are_there_and_time_runs_forward() {
    let demo = company(now());
    let catalog = kezhan_domain::standard();
    let mut seen: HashSet<String> = HashSet::new();
    for (name, lives) in &demo.lives {
        let object = catalog.get(name).unwrap();
        seen.extend(lives.iter().map(|life| life.id.to_string()));
        for life in lives {
            let times: Vec<_> = life.states.iter().map(|s| s.at).collect();
            assert!(times.is_sorted() && times.iter().all(|at| *at <= now()), "{name} {times:?}");
            for state in &life.states {
                for field in object.fields.iter().filter(|f| f.target().is_some()) {
                    let id = state.record.get(field.key.as_ref()).and_then(|v| v.as_str());
                    assert!(id.is_none_or(|id| seen.contains(id)), "{name}.{}", field.key);
                }
            }
        }
    }
}

#[test]
fn customers_are_believable() {
    let demo = company(now());
    let accounts = lives(&demo, "account");
    let distinct = |key: &str| accounts.iter().map(|a| last(a, key)).collect::<HashSet<_>>().len();
    assert_eq!(distinct("name"), 600);
    assert!(accounts.iter().all(|a| last(a, "tax_id").is_empty() || uscc::is_uscc(last(a, "tax_id"))));
    assert!(accounts.iter().all(|a| phone::e164(last(a, "phone"), "CN").is_some()));
    let abroad = accounts.iter().filter(|a| last(a, "country") != "中国").count();
    assert_eq!(abroad, 60);
    let codes: Vec<&str> = accounts.iter().map(|a| last(a, "tax_id")).filter(|c| !c.is_empty()).collect();
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
}

#[test]
fn the_year_reaches_up_to_today() {
    let demo = company(now());
    let follow_ups = lives(&demo, "follow_up");
    let recent = follow_ups.iter().filter(|f| f.states[0].at > now() - Duration::days(7)).count();
    let old = follow_ups.iter().filter(|f| f.states[0].at < now() - Duration::days(300)).count();
    assert!(recent > 40 && old > 100, "{recent} {old}");
    let texts: HashSet<&str> = follow_ups.iter().map(|f| last(f, "content")).collect();
    assert!(texts.len() > 3000, "{}", texts.len());
    let deals = lives(&demo, "opportunity");
    let with = |outcome: &str| deals.iter().filter(|d| last(d, "outcome") == outcome).count();
    let (open, won, lost) = (with("open"), with("won"), with("lost"));
    assert!(open > 80 && won > 90 && lost > 60, "{open} {won} {lost}");
}
