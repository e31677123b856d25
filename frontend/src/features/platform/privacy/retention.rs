//! Rules of retention: what becomes of records that are not needed any more.

use crate::api::records::RecordExt;
use crate::bridge;
use crate::features::platform::rules::{self, Form, Kind, Words, count};
use crate::fields;
use crate::i18n::{
    RETENTION_ADD, RETENTION_CONDITION, RETENTION_EFFECT, RETENTION_EMPTY, RETENTION_LINE, RETENTION_OFF,
    RETENTION_RAN, RETENTION_TEXT, RETENTION_TITLE, label, t, tf,
};
use crate::record::few::Few;
use crate::record::url::Url;
use crate::state::{catalog, session};
use crate::ui::{Field, Look};
use chrono::{Months, NaiveDate};
use futures_util::future::LocalBoxFuture;
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta, Op, Record, Scope};
use leptos::prelude::*;
use serde_json::json;
use std::sync::Arc;

static RETENTION: Kind = Kind {
    object: "retention_rule",
    id: "retention",
    icon: "hourglass",
    words: Words {
        one: RETENTION_TITLE,
        add: RETENTION_ADD,
        condition: RETENTION_CONDITION,
        empty: RETENTION_EMPTY,
        empty_text: RETENTION_TEXT,
        off: RETENTION_OFF,
    },
    objects,
    begin,
    line,
    controls,
    effect,
};

pub(super) fn section(url: Url) -> Option<AnyView> {
    if !session::may(RETENTION.object, "configure") {
        return None;
    }
    Some(
        view! {
            <section class="px-4 pb-6 max-w-4xl" aria-label=t(RETENTION_TITLE)>
                <div class="flex flex-wrap items-center gap-3 py-3">
                    <div class="grow basis-56">
                        <h2 class="font-semibold">{t(RETENTION_TITLE)}</h2>
                        <p class="muted text-[13px]">{t(RETENTION_TEXT)}</p>
                    </div>
                    {rules::add(&RETENTION, Look::Plain, url)}
                </div>
                {rules::list(&RETENTION, url)}
            </section>
        }
        .into_any(),
    )
}

fn objects() -> Vec<Arc<ObjectMeta>> {
    catalog::catalog().objects().filter(|o| o.listed && o.scope == Scope::Owned).cloned().collect()
}

/// Whatever a rule does to records it does not do before somebody has switched it on.
fn begin(rule: &mut Record) {
    rule.extend([
        ("object".to_owned(), json!("contact")),
        ("months".to_owned(), json!(36)),
        ("active".to_owned(), json!(false)),
    ]);
}

/// After what time since when; at the end what is done, and when it last was.
fn line(few: &Few, rule: &Record) -> (Option<String>, AnyView) {
    let text = |key: &str| rule.value(key).as_str().unwrap_or_default().to_owned();
    let about = catalog::object(&text("object"));
    let since = about.as_ref().and_then(|o| o.field(&text("since"))).map(|f| label(&f.label)).unwrap_or_default();
    let term = tf(RETENTION_LINE, &[("since", &since), ("months", &rule.value("months").to_string())]);
    let act = few.object.field("act").map(|f| fields::cell(fields::Shown::of(f, rule)));
    let ran = rule.value("last_run_at").as_str().map(|at| {
        let n = rule.value("last_count").as_i64().unwrap_or_default();
        let n = bridge::decimal(&n.to_string(), 0, 0);
        view! { <span class="muted tnum">{tf(RETENTION_RAN, &[("at", &bridge::date_time(at)), ("n", &n)])}</span> }
    });
    (Some(term), view! { {act}{ran} }.into_any())
}

/// From which time may be counted.
fn dates(object: &str) -> Vec<FieldMeta> {
    let dated = |f: &&FieldMeta| !f.hidden && matches!(f.kind, FieldType::Date | FieldType::DateTime);
    catalog::object(object).map(|o| o.fields.iter().filter(dated).cloned().collect()).unwrap_or_default()
}

fn controls(form: &Form) -> [AnyView; 2] {
    let (object, since) = (form.object, form.value("since"));
    // Another object has other dates.
    Effect::new(move || {
        let known = dates(&object.get());
        if !since.with_untracked(|s| known.iter().any(|f| Some(f.key.as_ref()) == s.as_str())) {
            since.set(json!("updated_at"));
        }
    });
    let moments = move || {
        let options = dates(&object.get()).into_iter().map(|f| {
            let key = f.key.to_string();
            let mine = key.clone();
            view! { <option value=key selected=move || since.with(|s| s.as_str() == Some(mine.as_str()))>{label(&f.label)}</option> }
        });
        options.collect_view()
    };
    let when = view! {
        <Field id="retention-since" label=form.name("since") required=true error=form.fault(&["since"])>
            <select id="retention-since" class="select" on:change=move |ev| since.set(json!(event_target_value(&ev)))>{moments}</select>
        </Field>
        {form.field(&["months"])}
    };
    [when.into_any(), form.field(&["act"])]
}

/// How many records it would reach if it ran now.
fn effect(form: &Form) -> Option<LocalBoxFuture<'static, Option<String>>> {
    let (object, filter) = (form.object.get(), form.filter());
    let (since, months) = (form.value("since").get(), form.value("months").get());
    let months = months.as_u64().or_else(|| months.as_str()?.parse().ok())?;
    let today: NaiveDate = bridge::today().parse().ok()?;
    let limit = today.checked_sub_months(Months::new(u32::try_from(months).ok()?))?;
    let plural = catalog::object(&object)?.plural.to_string();
    let old = Filter::field(since.as_str()?.to_owned(), Op::Lt, limit.to_string());
    Some(Box::pin(async move {
        let n = count(&plural, filter.and(old)).await?;
        Some(tf(RETENTION_EFFECT, &[("n", &bridge::decimal(&n.to_string(), 0, 0))]))
    }))
}
