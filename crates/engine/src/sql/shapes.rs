//! Which statements are worth keeping prepared. Diesel's cache has no bound, so only shapes that come
//! again are let in, and only so many of them.

use super::Sql;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{LazyLock, RwLock};

/// Prepared shapes per process; each connection may hold all of them.
const KEPT_MAX: usize = 1_000;
/// Shapes watched for a second coming.
const WATCHED_MAX: usize = 10_000;
/// Times a shape must be seen before it is kept.
const WORTH: u8 = 3;

#[derive(Default)]
struct Shapes {
    kept: HashSet<u64>,
    watched: HashMap<u64, u8>,
}

static SHAPES: LazyLock<RwLock<Shapes>> = LazyLock::new(RwLock::default);

pub fn worth_keeping(sql: &Sql) -> bool {
    let mut hasher = DefaultHasher::new();
    sql.text.hash(&mut hasher);
    sql.binds.iter().for_each(|(at, _)| at.hash(&mut hasher));
    let hash = hasher.finish();
    {
        let shapes = SHAPES.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if shapes.kept.contains(&hash) {
            return true;
        }
        if shapes.kept.len() >= KEPT_MAX {
            return false;
        }
    }
    let mut shapes = SHAPES.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    if shapes.watched.len() >= WATCHED_MAX {
        shapes.watched.clear();
    }
    let seen = shapes.watched.entry(hash).or_default();
    *seen += 1;
    if *seen < WORTH {
        return false;
    }
    shapes.watched.remove(&hash);
    shapes.kept.insert(hash);
    true
}
