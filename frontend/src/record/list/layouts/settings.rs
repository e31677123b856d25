//! What can be chosen about a layout, as one line each.

use super::{Kind, calendar, chart, fit};
use crate::i18n::{
    BOARD_BY, BOARD_LANE, CALENDAR_END, CALENDAR_START, CALENDAR_UNTIL_NONE, CHART_BY, CHART_MEASURE, CHART_PERIOD,
    CHART_SERIES, CHART_SHAPE, GALLERY_COVER, GALLERY_COVER_NONE, Key, LAYOUT_NONE, LAYOUT_SETTINGS_HINT, TREE_BY,
    label as text, t,
};
use crate::record::list::List;
use kezhan_meta::FieldMeta;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// One choice: its place in the address, its name, what may be chosen, what holds now.
pub struct Setting {
    pub key: &'static str,
    pub label: Key,
    pub options: Vec<(String, String)>,
    /// The name of choosing nothing, where one may.
    pub none: Option<Key>,
    pub now: Option<String>,
}

impl Setting {
    fn fields(key: &'static str, label: Key, fields: Vec<FieldMeta>, now: Option<FieldMeta>) -> Setting {
        let options = fields.iter().map(|f| (f.key.to_string(), text(&f.label))).collect();
        Setting { key, label, options, none: None, now: now.map(|f| f.key.to_string()) }
    }

    fn or(self, none: Key) -> Setting {
        Setting { none: Some(none), ..self }
    }
}

fn all(list: List) -> Vec<Setting> {
    let object = list.object.with_value(Arc::clone);
    let layout = list.layout.get();
    let asked = |fits: fn(&kezhan_meta::ObjectMeta) -> Vec<FieldMeta>, key| fit::asked(fits(&object), layout.get(key));
    let only = |fits: fn(&kezhan_meta::ObjectMeta) -> Vec<FieldMeta>, key| fit::only(fits(&object), layout.get(key));
    match layout.kind {
        Kind::Table => Vec::new(),
        Kind::Kanban => vec![Setting::fields("by", BOARD_BY, fit::boards(&object), asked(fit::boards, "by")), {
            let by = asked(fit::boards, "by").map(|f| f.key);
            let lanes: Vec<FieldMeta> =
                fit::lanes(&object).into_iter().filter(|f| Some(&f.key) != by.as_ref()).collect();
            Setting::fields("lane", BOARD_LANE, lanes, only(fit::lanes, "lane")).or(LAYOUT_NONE)
        }],
        Kind::Calendar => {
            let start = calendar::start(&object, &layout);
            let ends = start.as_ref().map(|s| calendar::ends(&object, s)).unwrap_or_default();
            vec![
                Setting::fields("start", CALENDAR_START, fit::dates(&object), start),
                Setting::fields("end", CALENDAR_END, ends.clone(), fit::only(ends, layout.get("end")))
                    .or(CALENDAR_UNTIL_NONE),
            ]
        }
        Kind::Gallery => {
            let now = match layout.get("cover") {
                Some(key) => fit::only(fit::covers(&object), Some(key)),
                None => fit::covers(&object).into_iter().next(),
            };
            vec![Setting::fields("cover", GALLERY_COVER, fit::covers(&object), now).or(GALLERY_COVER_NONE)]
        }
        Kind::Tree => {
            vec![Setting::fields("by", TREE_BY, fit::hierarchies(&object), asked(fit::hierarchies, "by"))]
        }
        Kind::Chart => {
            let chart = chart::Plan::read(&object, &layout);
            let mut settings = vec![
                Setting {
                    key: "shape",
                    label: CHART_SHAPE,
                    options: chart::Shape::ALL.map(|s| (s.key().to_owned(), t(s.name()).to_owned())).into(),
                    none: None,
                    now: Some(chart.shape.key().to_owned()),
                },
                Setting::fields("by", CHART_BY, fit::groups(&object), chart.by.clone()),
            ];
            settings.extend(chart.period.map(|now| Setting {
                key: "period",
                label: CHART_PERIOD,
                options: chart::PERIODS.map(|(_, key, name)| (key.to_owned(), t(name).to_owned())).into(),
                none: None,
                now: Some(chart::period_key(now).to_owned()),
            }));
            settings.push(Setting {
                key: "measure",
                label: CHART_MEASURE,
                options: chart::measures(&object),
                none: None,
                now: Some(chart.measure.key()),
            });
            if chart.shape.takes_series() {
                let fields =
                    fit::groups(&object).into_iter().filter(|f| Some(&f.key) != chart.by.as_ref().map(|b| &b.key));
                settings.push(
                    Setting::fields("series", CHART_SERIES, fields.collect(), chart.series.clone()).or(LAYOUT_NONE),
                );
            }
            settings
        }
    }
}

pub fn panel(list: List) -> AnyView {
    let line = move |setting: Setting| {
        let (key, id) = (setting.key, format!("layout-{}", setting.key));
        let none = setting.none.map(|name| {
            view! { <option value="none" selected=setting.now.is_none()>{t(name)}</option> }
        });
        let (target, now) = (id.clone(), setting.now.clone());
        let options = setting.options.into_iter().map(move |(value, name)| {
            let here = now.as_deref() == Some(value.as_str());
            view! { <option value=value selected=here>{name}</option> }
        });
        view! {
            <label class="flex flex-col gap-1 text-[13px]" for=target>
                <span class="muted">{t(setting.label)}</span>
                <select id=id.clone() class="select" on:change=move |ev| {
                    list.url.replace(&[(key, Some(event_target_value(&ev)))]);
                    refocus(id.clone());
                }>
                    {none}{options.collect_view()}
                </select>
            </label>
        }
    };
    // Which settings there are depends on the others.
    view! {
        <div class="flex flex-col gap-3">
            {move || all(list).into_iter().map(line).collect_view()}
            {move || (!list.narrow.get() && list.layout.with(|l| matches!(l.kind, Kind::Kanban | Kind::Gallery))).then(|| view! { <p class="text-xs muted">{t(LAYOUT_SETTINGS_HINT)}</p> })}
        </div>
    }
    .into_any()
}

/// The lines are drawn anew with every choice.
fn refocus(id: String) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let _ = element.focus();
        }
    });
}
