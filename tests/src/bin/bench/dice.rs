//! Numbers and ids that look random and are the same in every run.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A stream of numbers for row `n` of one kind of record (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn of(kind: Kind, n: u64) -> Dice {
        let mut dice = Dice(n ^ (kind as u64) << 56);
        dice.roll();
        dice
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    /// One of 100 throws?
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len() as u64) as usize]
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Tenant = 1,
    Department,
    Role,
    User,
    Pipeline,
    Stage,
    Product,
    Account,
    Contact,
    Opportunity,
    FollowUp,
    Name,
}

/// 2021-01-01 and 2026-06-30.
const FROM: i64 = 1_609_459_200_000;
const TO: i64 = 1_782_777_600_000;

/// When row `n` of `total` was created, in ms: ever later, at uneven intervals.
pub fn millis(kind: Kind, n: u64, total: u64) -> i64 {
    let step = (TO - FROM) / total.max(1) as i64;
    let start = FROM + (i128::from(TO - FROM) * i128::from(n) / i128::from(total.max(1))) as i64;
    start + (Dice(n ^ (kind as u64) << 48).roll() % step.max(1) as u64) as i64
}

/// The id that the row got then (UUID v7).
pub fn id(kind: Kind, n: u64, total: u64) -> Uuid {
    let at = millis(kind, n, total);
    let mut dice = Dice::of(kind, n);
    let mut rest = [0; 10];
    rest[..8].copy_from_slice(&dice.roll().to_be_bytes());
    rest[8..].copy_from_slice(&dice.roll().to_be_bytes()[..2]);
    uuid::Builder::from_unix_timestamp_millis(at as u64, &rest).into_uuid()
}

pub fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap()
}
