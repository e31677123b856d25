//! Postal addresses, from the large to the small as Chinese ones are written. Of a Chinese one province, city and
//! district are chosen; elsewhere they are free text.

use super::{Input, plain};
use crate::bridge;
use crate::i18n::{
    ADDRESS_CITY, ADDRESS_COUNTRY, ADDRESS_DETAIL, ADDRESS_DISTRICT, ADDRESS_FROM_TAX_ID, ADDRESS_POSTCODE,
    ADDRESS_PROVINCE, Key, t, tf,
};
use crate::ui::{Combobox, Item, Lookup, icon};
use kezhan_meta::regions::{Place, Region, Regions, city, is_china};
use kezhan_meta::rules::uscc;
use kezhan_meta::{Address, FieldMeta, ObjectMeta, Rule, address};
use leptos::prelude::*;
use serde_json::{Map, Value, json};
use std::cell::OnceCell;
use std::sync::Arc;

const PARTS: [(&str, Key); 6] = [
    ("country", ADDRESS_COUNTRY),
    ("province", ADDRESS_PROVINCE),
    ("city", ADDRESS_CITY),
    ("district", ADDRESS_DISTRICT),
    ("detail", ADDRESS_DETAIL),
    ("postcode", ADDRESS_POSTCODE),
];

/// The parts that are chosen, from the large to the small.
const LEVELS: [&str; 3] = ["province", "city", "district"];
/// Most proposals where nothing above is chosen yet.
const PROPOSALS: usize = 50;

pub fn text(value: &Value) -> String {
    let mut parts: Vec<&str> =
        PARTS.iter().filter_map(|(key, _)| value.get(*key)?.as_str()).filter(|s| !s.is_empty()).collect();
    // 上海市上海市浦东新区: a municipality is its own province.
    parts.dedup();
    let chinese = parts.iter().any(|p| !p.is_ascii());
    if chinese { parts.concat() } else { parts.into_iter().rev().collect::<Vec<_>>().join(", ") }
}

pub fn cell(value: &Value) -> AnyView {
    view! { <span class="truncate">{text(value)}</span> }.into_any()
}

/// The regions once they are loaded; they stay.
async fn regions() -> Option<&'static Regions<'static>> {
    thread_local! { static LOADED: OnceCell<&'static Regions<'static>> = const { OnceCell::new() }; }
    if let Some(known) = LOADED.with(|l| l.get().copied()) {
        return Some(known);
    }
    let text: &'static str = Box::leak(bridge::regions().await?.into_boxed_str());
    Some(LOADED.with(|l| *l.get_or_init(|| Box::leak(Box::new(Regions::parse(text))))))
}

fn part(value: &Value, key: &str) -> String {
    value.get(key).map(plain::text).unwrap_or_default()
}

/// As far as the address is known: by its code, else by its names.
fn place(regions: &Regions<'static>, value: &Value) -> Place<'static> {
    let by_code = regions.place(&part(value, "code"));
    if by_code.province.is_some() {
        return by_code;
    }
    let [province, city, district] = LEVELS.map(|key| part(value, key));
    regions.named(&province, &city, &district)
}

pub fn input(input: Input) -> AnyView {
    let (value, done) = (input.value, input.done);
    let first = input.id.clone();
    let chinese = Memo::new(move |_| value.with(|v| is_china(&part(v, "country"))));
    let plain_part = {
        let first = first.clone();
        move |key: &'static str, class: &'static str| {
            let label = PARTS.iter().find(|(k, _)| *k == key).map_or("", |(_, label)| t(*label));
            let id = if key == "country" { first.clone() } else { format!("{first}-{key}") };
            view! {
                <input type="text" id=id class=class placeholder=label aria-label=label autocomplete="off"
                    prop:value=move || value.with(|v| part(v, key))
                    on:input=move |ev| put(value, key, event_target_value(&ev))
                    on:change=move |_| crate::fields::finished(done)/>
            }
            .into_any()
        }
    };
    let (country, detail, postcode) = (
        plain_part("country", "input"),
        plain_part("detail", "input col-span-2 sm:col-span-3"),
        plain_part("postcode", "input"),
    );
    let middle = move || match chinese.get() {
        true => LEVELS.into_iter().map(|key| level(value, done, &first, key)).collect_view().into_any(),
        false => LEVELS.into_iter().map(|key| plain_part(key, "input")).collect_view().into_any(),
    };
    view! {
        <div class="grid grid-cols-2 sm:grid-cols-4 gap-2" role="group" aria-labelledby=input.id>
            {country}{middle}{detail}{postcode}
        </div>
    }
    .into_any()
}

/// One of the three dependent choices.
fn level(value: RwSignal<Value>, done: Callback<()>, first: &str, key: &'static str) -> AnyView {
    let known = move |v: &Value| {
        let name = part(v, key);
        if name.is_empty() { Vec::new() } else { vec![Item::new(name.clone(), name)] }
    };
    let chosen = RwSignal::new(value.with_untracked(known));
    // The other levels, and the offer, change this one too.
    Effect::new(move || {
        let now = value.with(known);
        if chosen.with_untracked(|c| c.first().map(|i| &i.label) != now.first().map(|i| &i.label)) {
            chosen.set(now);
        }
    });
    let finish = move |()| {
        let picked = chosen.with_untracked(|c| c.first().map(|i| i.value.clone()));
        leptos::task::spawn_local(async move {
            match (picked, regions().await) {
                (Some(code), Some(regions)) if regions.get(&code).is_some() => fill(value, &regions.place(&code)),
                (Some(_), _) => {}
                (None, _) => clear_from(value, key),
            }
            crate::fields::finished(done);
        });
    };
    let label = PARTS.iter().find(|(k, _)| *k == key).map_or("", |(_, label)| t(*label));
    let whole = RwSignal::new(false);
    if key == "district" {
        undivided(value, whole);
    }
    let class = move || if whole.get() { "hidden" } else { "min-w-0" };
    view! { <div class=class role="group" aria-label=label><Combobox id=format!("{first}-{key}") chosen=chosen lookup=lookup(value, key) placeholder=label on_done=finish/></div> }
        .into_any()
}

/// Is the city that is chosen one without districts? 东莞 and its like have none: their addresses are complete without.
fn undivided(value: RwSignal<Value>, whole: RwSignal<bool>) {
    let known = Memo::new(move |_| value.with(|v| (LEVELS.map(|key| part(v, key)), part(v, "code"))));
    Effect::new(move || {
        let (names, _) = known.get();
        if names[1].is_empty() || !names[2].is_empty() {
            return whole.set(false);
        }
        leptos::task::spawn_local(async move {
            let Some(regions) = regions().await else { return };
            let Some(now) = value.try_get_untracked() else { return };
            let city = place(regions, &now).city;
            let _ = whole.try_set(city.is_some_and(|city| regions.districts(city.code).next().is_none()));
        });
    });
}

/// What fits, within what is chosen above; anywhere where nothing is.
fn lookup(value: RwSignal<Value>, key: &'static str) -> Lookup {
    Arc::new(move |typed| {
        let now = value.try_get_untracked().unwrap_or_default();
        Box::pin(async move {
            let regions = regions().await?;
            let typed = typed.trim();
            let place = place(regions, &now);
            let found: Vec<Region<'static>> = match (key, place.province, place.city) {
                ("province", ..) => regions.provinces().filter(|r| r.fits(typed)).collect(),
                ("city", Some(province), _) => regions.cities(province.code).filter(|r| r.fits(typed)).collect(),
                ("city", None, _) => regions.cities_like(typed).take(PROPOSALS).collect(),
                (_, _, Some(city)) => regions.districts(city.code).filter(|r| r.fits(typed)).collect(),
                (_, Some(province), None) => regions
                    .districts_like(typed)
                    .filter(|r| r.code[..2] == province.code[..2])
                    .take(PROPOSALS)
                    .collect(),
                _ => regions.districts_like(typed).take(PROPOSALS).collect(),
            };
            let item = |region: Region<'static>| {
                let around = regions.place(region.code);
                let above = [
                    around.province.filter(|_| place.province.is_none()),
                    around.city.filter(|_| place.city.is_none()),
                ];
                let names: Vec<&str> =
                    above.into_iter().flatten().filter(|r| r.code != region.code).map(|r| r.name).collect();
                Item { hint: names.join(" "), ..Item::new(region.code, region.name) }
            };
            Some(found.into_iter().map(item).collect())
        })
    })
}

/// The names that a part of an address may have, or a city by itself, for conditions; nothing for what is free text.
pub fn names(field: &FieldMeta) -> Option<Lookup> {
    let alone = field.rules.contains(&Rule::City);
    let key =
        LEVELS.into_iter().find(|k| alone && *k == "city" || address::part(k).is_some_and(|part| part == field))?;
    let by_code = lookup(RwSignal::new(Value::Null), key);
    Some(Arc::new(move |typed| {
        let found = by_code(typed);
        let named = move |item: Item| {
            let name = if alone { city(&item.label).to_owned() } else { item.label };
            Item { value: name.clone(), label: name, ..item }
        };
        Box::pin(async move { Some(found.await?.into_iter().map(named).collect()) })
    }))
}

fn fill(value: RwSignal<Value>, place: &Place<'static>) {
    let _ = value.try_update(|v| {
        let mut address: Address = serde_json::from_value(v.take()).unwrap_or_default();
        place.fill(&mut address);
        *v = json!(address);
    });
}

/// Takes this part away and what lies in it.
fn clear_from(value: RwSignal<Value>, key: &str) {
    let from = LEVELS.iter().position(|k| *k == key).unwrap_or_default();
    for key in &LEVELS[from..] {
        put(value, key, String::new());
    }
}

fn put(value: RwSignal<Value>, key: &str, text: String) {
    let _ = value.try_update(|v| {
        let mut map = match v.take() {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        // The code of the area no longer fits once a part of the name has changed.
        if LEVELS.contains(&key) {
            map.remove("code");
        }
        if text.is_empty() {
            map.remove(key);
        } else {
            map.insert(key.to_owned(), Value::String(text));
        }
        *v = if map.is_empty() { Value::Null } else { Value::Object(map) };
    });
}

/// The code of the place where a company is registered, from its number for taxes.
pub fn registered(object: &ObjectMeta, value: impl Fn(&str) -> Value) -> Option<String> {
    let field = object.fields.iter().find(|f| f.rules.contains(&Rule::Uscc))?;
    let id = uscc::check(value(&field.key).as_str()?).ok()?;
    id.region().map(str::to_owned)
}

/// Where no province is given and the code of one is known: a press fills it in.
pub fn offer(value: RwSignal<Value>, code: Signal<Option<String>>) -> AnyView {
    let proposed = RwSignal::new(None::<Place<'static>>);
    Effect::new(move || {
        let code =
            code.get().filter(|_| value.with(|v| part(v, "province").is_empty() && is_china(&part(v, "country"))));
        let Some(code) = code else { return proposed.set(None) };
        leptos::task::spawn_local(async move {
            let found = regions().await.map(|r| r.place(&code)).filter(|p| p.province.is_some());
            let _ = proposed.try_set(found);
        });
    });
    (move || {
        proposed.get().map(|place| {
            let mut names: Vec<&str> = [place.province, place.city, place.district].into_iter().flatten().map(|r| r.name).collect();
            names.dedup();
            let text = tf(ADDRESS_FROM_TAX_ID, &[("place", &names.concat())]);
            view! { <button type="button" class="link text-xs inline-flex items-center gap-1 self-start" on:click=move |_| fill(value, &place)>{icon("map-pin")}{text}</button> }
        })
    })
    .into_any()
}
