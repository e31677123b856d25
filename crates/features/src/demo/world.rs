//! What all parts of the demonstration share: the clock, the dice, and the lives written so far.

use super::random::Random;
use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveTime, Offset, TimeZone, Utc, Weekday};
use kezhan_engine::write::bulk::{Life, State};
use kezhan_meta::Record;
use kezhan_meta::check::instant;
use serde_json::{Value, json};
use uuid::Uuid;

/// China has no summer time.
const CHINA_SECONDS: i32 = 8 * 3600;
/// The tenant has used the product for this many days.
pub const DAYS: i64 = 400;

pub struct World {
    pub random: Random,
    pub now: DateTime<Utc>,
    /// Today in China.
    pub today: NaiveDate,
    /// Lives by object, in an order in which what they refer to is there before them.
    pub lives: Vec<(&'static str, Vec<Life>)>,
}

impl World {
    pub fn new(now: DateTime<Utc>) -> World {
        let today = china().from_utc_datetime(&now.naive_utc()).date_naive();
        World { random: Random::new(20_261_124), now, today, lives: Vec::new() }
    }

    /// An id as it would have been given at that time.
    pub fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let milliseconds = at.timestamp_millis().unsigned_abs();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &self.random.bytes()).into_uuid()
    }

    pub fn days_ago(&self, days: i64) -> NaiveDate {
        self.today - Duration::days(days)
    }

    /// Some time in the working hours of that day, or of the Friday before a weekend; never in the future.
    pub fn working_time(&mut self, day: NaiveDate) -> DateTime<Utc> {
        let day = match day.weekday() {
            Weekday::Sat => day - Duration::days(1),
            Weekday::Sun => day - Duration::days(2),
            _ => day,
        };
        let minute = self.random.between(8 * 60 + 40, 18 * 60 + 20);
        let second = self.random.between(0, 59);
        let time = NaiveTime::MIN + Duration::minutes(minute) + Duration::seconds(second);
        let at =
            china().from_local_datetime(&day.and_time(time)).single().map_or(self.now, |at| at.with_timezone(&Utc));
        at.min(self.now - Duration::seconds(second + 1))
    }

    /// A full hour of a working day to come.
    pub fn appointment(&mut self, day: NaiveDate) -> DateTime<Utc> {
        let day = match day.weekday() {
            Weekday::Sat => day + Duration::days(2),
            Weekday::Sun => day + Duration::days(1),
            _ => day,
        };
        let time = NaiveTime::MIN + Duration::minutes(30 * self.random.between(18, 35));
        china().from_local_datetime(&day.and_time(time)).single().map_or(self.now, |at| at.with_timezone(&Utc))
    }

    pub fn put(&mut self, object: &'static str, mut life: Life) {
        for state in &mut life.states {
            state.at = state.at.min(self.now);
        }
        match self.lives.iter_mut().find(|(name, _)| *name == object) {
            Some((_, lives)) => lives.push(life),
            None => self.lives.push((object, vec![life])),
        }
    }

    /// A record that nobody has edited since.
    pub fn create(&mut self, object: &'static str, id: Uuid, at: DateTime<Utc>, by: Option<Uuid>, values: Value) {
        self.put(object, Life { id, states: vec![State { at, by, record: record(values) }], mirrored: Record::new() });
    }

    /// Someone changes the record that was created last.
    pub fn edit(&mut self, object: &str, at: DateTime<Utc>, by: Option<Uuid>, changes: &[(&str, Value)]) {
        let now = self.now;
        let life = self.lives.iter_mut().find(|(name, _)| *name == object).and_then(|(_, lives)| lives.last_mut());
        let Some((life, before)) = life.and_then(|life| life.states.last().cloned().map(|before| (life, before)))
        else {
            return;
        };
        let mut record = before.record;
        record.extend(changes.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        life.states.push(State { at: at.min(now).max(before.at), by, record });
    }

    /// The nth life of an object.
    pub fn life(&mut self, object: &str, n: usize) -> Option<&mut Life> {
        self.lives.iter_mut().find(|(name, _)| *name == object)?.1.get_mut(n)
    }
}

fn china() -> FixedOffset {
    FixedOffset::east_opt(CHINA_SECONDS).unwrap_or_else(|| Utc.fix())
}

pub fn record(values: Value) -> Record {
    match values {
        Value::Object(record) => record,
        _ => Record::new(),
    }
}

pub fn day(date: NaiveDate) -> Value {
    json!(date.format("%Y-%m-%d").to_string())
}

pub fn time(at: DateTime<Utc>) -> Value {
    json!(instant(at))
}
