//! When and where a role is in force: hours of the week and networks.

use chrono::{DateTime, Datelike, Days, NaiveTime, Utc};
use chrono_tz::Tz;
use ipnet::IpNet;
use kezhan_meta::{Label, Lang};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::net::IpAddr;

/// Each if set; what is not says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Monday is 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Clock>,
    /// Earlier than `from`: on the day after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Clock>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<IpNet>,
}

/// `08:30`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(NaiveTime);

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0.format("%H:%M"))
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Clock, D::Error> {
        let text = String::deserialize(d)?;
        NaiveTime::parse_from_str(&text, "%H:%M").map(Clock).map_err(serde::de::Error::custom)
    }
}

/// Where a call comes from, and when.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Work in the background, and questions about somebody: whatever was ordered was ordered in time.
    Anywhere,
    At {
        now: DateTime<Utc>,
        address: Option<IpAddr>,
    },
}

impl Place {
    /// `address` as it is written; one that cannot be read is outside every network.
    pub fn now(address: &str) -> Place {
        Place::At { now: Utc::now(), address: address.parse().ok() }
    }
}

impl Limits {
    /// Nowhere, at no time.
    pub fn never() -> Limits {
        Limits { days: vec![0], ..Limits::default() }
    }

    /// For people: `周一、周二 09:00–18:00 · 10.1.0.0/16`.
    pub fn words(&self, lang: Lang) -> String {
        const DAYS: [Label; 7] = [
            Label::new("周一", "Mon"),
            Label::new("周二", "Tue"),
            Label::new("周三", "Wed"),
            Label::new("周四", "Thu"),
            Label::new("周五", "Fri"),
            Label::new("周六", "Sat"),
            Label::new("周日", "Sun"),
        ];
        let day = |day: &u8| DAYS.get(usize::from(*day).checked_sub(1)?).map(|label| label.get(lang).to_owned());
        let days =
            self.days.iter().filter_map(day).collect::<Vec<_>>().join(if lang == Lang::Zh { "、" } else { ", " });
        let hours =
            self.from.zip(self.to).map(|(from, to)| format!("{}–{}", from.0.format("%H:%M"), to.0.format("%H:%M")));
        let when: Vec<String> = [Some(days).filter(|days| !days.is_empty()), hours].into_iter().flatten().collect();
        let networks = self.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let parts = [when.join(" "), networks];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    /// Nothing wrong with them.
    pub fn sound(&self) -> bool {
        self.days.iter().all(|day| (1..=7).contains(day)) && self.from.is_some() == self.to.is_some()
    }

    pub fn hold(&self, place: &Place, zone: Tz) -> bool {
        let Place::At { now, address } = place else { return true };
        self.on_time(now.with_timezone(&zone)) && self.inside(*address)
    }

    fn on_time(&self, now: DateTime<Tz>) -> bool {
        let (clock, mut day) = (now.time(), now.date_naive());
        if let (Some(Clock(from)), Some(Clock(to))) = (self.from, self.to) {
            let within = if from <= to { from <= clock && clock < to } else { clock >= from || clock < to };
            if !within {
                return false;
            }
            // The small hours belong to the evening before.
            if from > to && clock < to {
                day = day.checked_sub_days(Days::new(1)).unwrap_or(day);
            }
        }
        let day = day.weekday().number_from_monday();
        self.days.is_empty() || self.days.iter().any(|d| u32::from(*d) == day)
    }

    fn inside(&self, address: Option<IpAddr>) -> bool {
        // An IPv4 address is the same one when it comes through an IPv6 socket.
        let address = address.map(|a| a.to_canonical());
        self.networks.is_empty() || address.is_some_and(|a| self.networks.iter().any(|n| n.contains(&a)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn holds(limits: Value, now: &str, address: &str) -> bool {
        let limits: Limits = serde_json::from_value(limits).unwrap();
        assert!(limits.sound());
        let place = Place::At { now: now.parse().unwrap(), address: address.parse().ok() };
        limits.hold(&place, chrono_tz::Asia::Shanghai)
    }

    #[test]
    fn hours_are_those_of_the_user() {
        let office = json!({"days": [1, 2, 3, 4, 5], "from": "09:00", "to": "18:00"});
        // 2026-11-27 is a Friday.
        assert!(holds(office.clone(), "2026-11-27T01:00:00Z", ""));
        assert!(!holds(office.clone(), "2026-11-27T00:59:00Z", ""));
        assert!(!holds(office.clone(), "2026-11-27T10:00:00Z", ""));
        assert!(!holds(office, "2026-11-28T02:00:00Z", ""));
    }

    #[test]
    fn a_night_shift_belongs_to_the_day_on_which_it_begins() {
        let night = json!({"days": [5], "from": "22:00", "to": "06:00"});
        assert!(holds(night.clone(), "2026-11-27T15:00:00Z", ""), "Friday 23:00");
        assert!(holds(night.clone(), "2026-11-27T21:00:00Z", ""), "Saturday 05:00");
        assert!(!holds(night.clone(), "2026-11-26T21:00:00Z", ""), "Friday 05:00");
        assert!(!holds(night, "2026-11-28T15:00:00Z", ""), "Saturday 23:00");
    }

    #[test]
    fn networks_hold_addresses_of_both_kinds() {
        let office = json!({"networks": ["10.1.0.0/16", "2001:db8::/32"]});
        for inside in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"] {
            assert!(holds(office.clone(), "2026-11-27T01:00:00Z", inside), "{inside}");
        }
        for outside in ["10.2.0.1", "2001:db9::1", "unknown"] {
            assert!(!holds(office.clone(), "2026-11-27T01:00:00Z", outside), "{outside}");
        }
        assert!(serde_json::from_value::<Limits>(json!({"networks": ["10.1.0.0/99"]})).is_err());
        assert!(serde_json::from_value::<Limits>(json!({"from": "25:00"})).is_err());
    }
}
