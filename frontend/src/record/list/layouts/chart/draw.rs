//! The chart as ECharts takes it.

use super::Shape;
use super::data::Data;
use serde_json::{Value, json};

/// Groups that are drawn; the table has all.
pub const MOST: usize = 60;
/// From so many groups on, bars lie on their side: names need room.
const MANY: usize = 9;

pub fn option(data: &Data) -> Value {
    let shown = data.groups.len().min(MOST);
    let names: Vec<&str> = data.groups.iter().take(MOST).map(|(_, name)| name.as_str()).collect();
    let mut option = match data.plan.shape {
        Shape::Pie | Shape::Funnel => parts(data, &names),
        shape => {
            axes(data, &names, shape == Shape::Line, shape == Shape::Bar && data.plan.period.is_none() && shown > MANY)
        }
    };
    if let Some(unit) = &data.unit {
        option["money"] = json!(unit);
    }
    option
}

fn axes(data: &Data, names: &[&str], line: bool, lying: bool) -> Value {
    let several = !data.series.is_empty();
    let adds =
        matches!(data.plan.measure.function, kezhan_meta::query::Function::Count | kezhan_meta::query::Function::Sum);
    let one = |series: usize| {
        // No records add up to nothing; of an average there is none.
        let number = |at| data.number(at, series).or(adds.then_some(0.0));
        let numbers: Vec<Value> = (0..names.len()).map(|at| json!(number(at))).collect();
        let name = data.series.get(series).map_or_else(|| data.measure_name(), |s| s.1.clone());
        let mut one = json!({"type": if line { "line" } else { "bar" }, "name": name, "data": numbers});
        if line {
            one["symbolSize"] = json!(8);
        } else {
            one["barMaxWidth"] = json!(48);
            if several && adds {
                one["stack"] = json!("all");
            }
        }
        one
    };
    let all: Vec<Value> = (0..data.series.len().max(1)).map(one).collect();
    let (words, numbers) = (json!({"type": "category", "data": names, "inverse": lying}), json!({"type": "value"}));
    let (x, y) = if lying { (numbers, words) } else { (words, numbers) };
    let mut option = json!({
        "xAxis": x, "yAxis": y, "series": all,
        "grid": {"left": 8, "right": 16, "top": 16, "bottom": if several { 36 } else { 8 }, "containLabel": true},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": if line { "line" } else { "shadow" }}},
    });
    if several {
        option["legend"] = json!({"show": true});
    }
    option
}

fn parts(data: &Data, names: &[&str]) -> Value {
    let values: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(at, name)| json!({"name": name, "value": data.number(at, 0).unwrap_or(0.0)}))
        .collect();
    let series = match data.plan.shape {
        Shape::Pie => json!({"type": "pie", "radius": ["42%", "70%"], "center": ["50%", "46%"], "data": values}),
        // Steps stay in their order, even where one is larger than the one before.
        _ => {
            json!({"type": "funnel", "sort": "none", "left": "12%", "right": "12%", "top": 8, "bottom": 40, "gap": 2, "data": values,
            "label": {"position": "inside", "formatter": "{b}  {c}", "color": "#fff", "textBorderColor": "#0006", "textBorderWidth": 2}})
        }
    };
    json!({"series": [series], "tooltip": {"trigger": "item"}, "legend": {"show": true}})
}
