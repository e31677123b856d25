//! The way of selling that every company starts with.

use serde_json::{Value, json};
use uuid::Uuid;

/// Chinese and English name, outcome, chance of winning.
pub const STAGES: [(&str, &str, &str, i64); 6] = [
    ("初步接触", "Prospecting", "open", 10),
    ("需求确认", "Engaging", "open", 30),
    ("方案报价", "Proposal", "open", 50),
    ("商务谈判", "Negotiation", "open", 75),
    ("赢单", "Won", "won", 100),
    ("输单", "Lost", "lost", 0),
];

pub fn pipeline() -> Value {
    json!({ "name": "标准销售流程", "name_en": "Standard sales", "is_default": true, "sort_order": 1 })
}

/// Its stages, in order.
pub fn stages(pipeline: Uuid) -> impl Iterator<Item = Value> {
    STAGES.into_iter().zip(1..).map(move |((name, english, outcome, probability), place)| {
        json!({
            "name": name,
            "name_en": english,
            "pipeline": pipeline,
            "outcome": outcome,
            "probability": probability.to_string(),
            "sort_order": place,
            "requires": (outcome == "lost").then_some(["lost_reason"]),
        })
    })
}
