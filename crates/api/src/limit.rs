//! How often one may call: a bucket of tokens per caller, refilled steadily.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Buckets are dropped when full again; this many are looked through at once.
const KEPT_MAX: usize = 50_000;
const SHARDS: usize = 16;

struct Bucket {
    tokens: f64,
    at: Instant,
}

/// What a caller has left.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub allowed: bool,
    pub limit: u32,
    pub remaining: u32,
    /// Seconds until the bucket is full again, or until the next call when it is empty.
    pub reset: u64,
}

/// Buckets of one size for callers of all sorts.
pub struct Limiter {
    per_minute: u32,
    shards: Vec<Mutex<HashMap<u64, Bucket>>>,
    hasher: RandomState,
}

impl Limiter {
    /// `per_minute` 0: no limit.
    pub fn new(per_minute: u32) -> Limiter {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Limiter { per_minute, shards, hasher: RandomState::new() }
    }

    /// Takes a token; none where there is no limit.
    pub fn take(&self, who: impl Hash) -> Option<Standing> {
        self.take_at(who, Instant::now())
    }

    fn take_at(&self, who: impl Hash, now: Instant) -> Option<Standing> {
        if self.per_minute == 0 {
            return None;
        }
        let size = f64::from(self.per_minute);
        let rate = size / 60.0;
        let key = self.hasher.hash_one(who);
        let shard = self.shards.get(key as usize % SHARDS)?;
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= KEPT_MAX / SHARDS {
            shard.retain(|_, b| b.tokens + now.duration_since(b.at).as_secs_f64() * rate < size);
        }
        let bucket = shard.entry(key).or_insert(Bucket { tokens: size, at: now });
        bucket.tokens = (bucket.tokens + now.duration_since(bucket.at).as_secs_f64() * rate).min(size);
        bucket.at = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        let wait = if allowed { (size - bucket.tokens) / rate } else { (1.0 - bucket.tokens) / rate };
        Some(Standing { allowed, limit: self.per_minute, remaining: bucket.tokens as u32, reset: wait.ceil() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_refills() {
        let limiter = Limiter::new(60);
        let start = Instant::now();
        for n in (0..60).rev() {
            assert_eq!(limiter.take_at("a", start).map(|s| (s.allowed, s.remaining)), Some((true, n)));
        }
        let refused = limiter.take_at("a", start).unwrap();
        assert_eq!((refused.allowed, refused.reset), (false, 1));
        assert!(limiter.take_at("b", start).unwrap().allowed);
        assert!(limiter.take_at("a", start + Duration::from_secs(1)).unwrap().allowed);
        assert!(Limiter::new(0).take("a").is_none());
    }
}
