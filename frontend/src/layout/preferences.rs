//! Who one is, and how one likes it.

use super::{profile, settings};
use crate::bridge;
use crate::i18n::{
    AMOUNTS, DATES, DENSITY, DENSITY_COMPACT, DENSITY_NORMAL, DENSITY_ROOMY, LANGUAGE, PREF_FOLLOWS, PREFERENCES,
    PREFERENCES_TEXT, THEME, THEME_DARK, THEME_LIGHT, THEME_SYSTEM, TIME_ZONE, TIME_ZONE_HINT, ZONE_BEIJING,
    in_own_words, t,
};
use crate::state::own;
use crate::state::prefs::{self, DATE_FORMS, Density, Theme};
use crate::ui::combobox::fixed;
use crate::ui::{Combobox, Field, Item};
use kezhan_meta::Lang;
use leptos::prelude::*;
use serde_json::json;

/// One of a few, shown side by side.
fn choice<T: Copy + PartialEq + Send + Sync + 'static>(
    label: &'static str,
    options: Vec<(T, impl IntoView + 'static)>,
    now: T,
    choose: impl Fn(T) + Copy + Send + Sync + 'static,
) -> AnyView {
    let chosen = RwSignal::new(now);
    let buttons = options.into_iter().map(|(value, text)| {
        let on = move || chosen.get() == value;
        view! {
            <button type="button" role="radio" aria-checked=move || on().to_string()
                class=move || if on() { "tap px-3 h-8 rounded-md text-[13px] bg-primary/12 text-primary font-semibold" } else { "tap px-3 h-8 rounded-md text-[13px] hover:bg-base-content/6" }
                on:click=move |_| { chosen.set(value); choose(value) }>{text}</button>
        }
    });
    view! {
        <div class="grid sm:grid-cols-[10rem_1fr] gap-1 sm:gap-4 items-center">
            <span class="text-[13px] muted">{label}</span>
            <div class="flex flex-wrap gap-1" role="radiogroup" aria-label=label>{buttons.collect_view()}</div>
        </div>
    }
    .into_any()
}

pub fn screen() -> AnyView {
    let languages = Lang::ALL.into_iter().map(|l| (l, in_own_words(l))).collect();
    let themes = vec![(Theme::System, t(THEME_SYSTEM)), (Theme::Light, t(THEME_LIGHT)), (Theme::Dark, t(THEME_DARK))];
    let densities = vec![
        (Density::Compact, t(DENSITY_COMPACT)),
        (Density::Normal, t(DENSITY_NORMAL)),
        (Density::Roomy, t(DENSITY_ROOMY)),
    ];
    // Chinese writes days one way only.
    let mut forms = DATE_FORMS.to_vec();
    forms.retain(|form| *form != "day_first" || prefs::lang() == Lang::En);
    let form = forms.iter().copied().find(|form| *form == prefs::dates());
    let usual = if prefs::lang() == Lang::En { "words" } else { "iso" };
    let forms = forms.into_iter().map(|form| (form, bridge::date_as(&bridge::today(), form))).collect();
    let amounts = vec![(false, bridge::money("1234567.8", "CNY")), (true, bridge::money_short("1234567.8", "CNY"))];
    let amount = |short: bool| {
        prefs::set_short_amounts(short);
        own::tell(json!({ "amounts": if short { "short" } else { "full" } }));
    };
    let zone = prefs::zone();
    let zones: Vec<Item> = bridge::zones().into_iter().map(zone_item).collect();
    let own = zones.iter().find(|item| item.value == zone).cloned();
    let chosen = RwSignal::new(vec![own.unwrap_or_else(|| Item::new(zone.clone(), zone))]);
    let set_zone = move |()| {
        if let Some(zone) = chosen.with_untracked(|c| c.first().map(|i| i.value.clone())) {
            prefs::set_zone(&zone);
            own::tell(json!({ "time_zone": zone }));
        }
    };
    view! {
        <section class="grow min-h-0 flex flex-col">
            {settings::head(PREFERENCES, PREFERENCES_TEXT, ().into_any())}
            <div class="grow min-h-0 overflow-y-auto scroll-thin p-4"><div class="max-w-3xl flex flex-col gap-4">
                {profile::panel()}
                <div class="panel p-4 flex flex-col gap-5">
                    {choice(t(LANGUAGE), languages, prefs::lang(), |lang| { prefs::set_lang(lang); own::tell(json!({ "locale": lang.tag() })) })}
                    {choice(t(THEME), themes, Theme::stored(), |theme| { theme.choose(); own::tell(json!({ "theme": theme.key() })) })}
                    {choice(t(DENSITY), densities, Density::stored(), |density| { density.choose(); own::tell(json!({ "density": density.key() })) })}
                    {choice(t(DATES), forms, form.unwrap_or(usual), |form| { prefs::set_dates(Some(form)); own::tell(json!({ "dates": form })) })}
                    {choice(t(AMOUNTS), amounts, prefs::short_amounts(), amount)}
                    <div class="max-w-sm">
                        <Field id="time-zone" label=t(TIME_ZONE) hint=t(TIME_ZONE_HINT)>
                            <Combobox id="time-zone" chosen=chosen lookup=fixed(zones) on_done=set_zone/>
                        </Field>
                    </div>
                    <p class="text-xs muted">{t(PREF_FOLLOWS)}</p>
                </div>
            </div></div>
        </section>
    }
    .into_any()
}

/// By the clock first: people know their hour, and rarely what computers call their zone.
fn zone_item([name, offset, called]: [String; 3]) -> Item {
    // Nobody there calls it otherwise.
    let called = if name == "Asia/Shanghai" { t(ZONE_BEIJING).to_owned() } else { called };
    Item::new(name.clone(), format!("{offset} {called} · {name}"))
}
