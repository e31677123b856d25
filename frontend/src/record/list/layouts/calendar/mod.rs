//! Records by day: a month, a week, a day or a list of them, as far as they are shown. A day is changed by drag, or with
//! Alt and the arrows. Where there are more than anybody could look through, days say how many they hold and lead there.

mod phone;
mod when;

pub use self::when::{ends, start};

use self::when::{Span, When, tinted};
use crate::api::client::ApiError;
use crate::api::records::{self, Page, RecordExt};
use crate::bridge::{self, calendar::Calendar};
use crate::i18n::{
    CALENDAR_ALL_DAY, CALENDAR_CROWDED, CALENDAR_DAY_HOLDS, CALENDAR_MORE, CALENDAR_MOVED, CALENDAR_NEW, CALENDAR_NEXT,
    CALENDAR_NOTHING, CALENDAR_PREVIOUS, CALENDAR_SPAN, CALENDAR_TOO_MANY, CLOSE, LOAD_MORE, TODAY, label, t, tf,
};
use crate::record::list::write::{self, Write};
use crate::record::list::{List, ListState, cells};
use crate::state::{app, prefs, session};
use crate::ui::{self, Button, Look};
use chrono::{NaiveDate, NaiveDateTime};
use kezhan_meta::query::{Count, LIMIT_MAX};
use kezhan_meta::{FieldMeta, Record, Tone};
use leptos::html;
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Pages that are read at once for what is shown.
const PAGES: u32 = 2;
/// Before the day, in the id of what stands for all records of one.
const CROWD: &str = "day:";

/// What the calendar tells of.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Told {
    id: String,
    start: String,
    end: String,
    title: String,
    at: String,
    days: i64,
    all_day: bool,
}

#[derive(Clone, Copy)]
struct Screen {
    list: List,
    when: Memo<Option<When>>,
    span: Memo<Span>,
    day: Memo<NaiveDate>,
    range: RwSignal<Option<(NaiveDate, NaiveDate)>>,
    title: RwSignal<String>,
    found: RwSignal<Vec<Record>>,
    /// How many records each day holds, where those of all days are too many to show.
    crowds: RwSignal<Vec<(NaiveDate, i64)>>,
    /// Where the records of a day go on that has too many.
    more: RwSignal<Option<String>>,
    error: RwSignal<Option<ApiError>>,
    /// Asked for the day that is shown already: a list may have been scrolled away from it.
    again: RwSignal<u32>,
    ticket: StoredValue<u64>,
}

pub fn calendar(list: List) -> AnyView {
    let today = move || bridge::today().parse().unwrap_or_default();
    let screen = Screen {
        list,
        when: Memo::new(move |_| list.object.with_value(|o| list.layout.with(|l| When::read(o, l)))),
        span: Memo::new(move |_| {
            let asked = list.layout.with(|l| Span::ALL.into_iter().find(|s| Some(s.1) == l.get("span")));
            asked.map_or(if list.narrow.get() { Span::List } else { Span::Month }, |s| s.0)
        }),
        day: Memo::new(move |_| list.url.get("day").and_then(|d| d.parse().ok()).unwrap_or_else(today)),
        range: RwSignal::new(None),
        title: RwSignal::new(String::new()),
        found: RwSignal::new(Vec::new()),
        crowds: RwSignal::new(Vec::new()),
        more: RwSignal::new(None),
        error: RwSignal::new(None),
        again: RwSignal::new(0),
        ticket: StoredValue::new(0),
    };
    Effect::new(move || {
        app().written.track();
        if let (Some(when), Some(range)) = (screen.when.get(), screen.range.get()) {
            screen.load(when, list.state.get(), range, screen.span.get());
        }
    });
    let go = move |back: bool| {
        if let Some(day) = screen.span.get_untracked().step(screen.day.get_untracked(), back) {
            list.url.replace(&[("day", Some(day.to_string()))]);
        }
    };
    let spans = move || {
        Span::ALL.map(|(span, key, name)| {
            view! {
                <button type="button" class="btn btn-quiet aria-pressed:bg-base-content/10" aria-pressed=move || (screen.span.get() == span).to_string()
                    on:click=move |_| list.url.replace(&[("span", Some(key.to_owned()))])>{t(name)}</button>
            }
        })
    };
    let note = move || {
        let failed = screen
            .error
            .get()
            .map(|e| view! { <p class="text-error text-[13px] px-3 pb-2" role="alert">{e.message()}</p> }.into_any());
        let crowded = screen.crowds.with(|c| !c.is_empty()).then(|| {
            view! { <p class="text-muted text-[13px] px-3 pb-2" role="status">{t(CALENDAR_CROWDED)}</p> }.into_any()
        });
        let more = screen.more.get().is_some().then(|| {
            let shown = screen.found.with(Vec::len).to_string();
            view! {
                <p class="text-muted text-[13px] px-3 pb-2 flex items-center gap-2" role="status">
                    {tf(CALENDAR_TOO_MANY, &[("n", &shown)])}
                    <Button label=t(LOAD_MORE) on_click=move |_| screen.load_more()/>
                </p>
            }
            .into_any()
        });
        failed.or(crowded).or(more)
    };
    // Another sort of view is another calendar; another day is not.
    let shape = Memo::new(move |_| (screen.span.get(), screen.when.get(), list.narrow.get()));
    view! {
        <div class="flex flex-wrap items-center gap-1 px-3 py-2 shrink-0">
            <Button label=t(CALENDAR_PREVIOUS) look=Look::Quiet icon="chevron-left" icon_only=true on_click=move |_| go(true)/>
            <Button label=t(CALENDAR_NEXT) look=Look::Quiet icon="chevron-right" icon_only=true on_click=move |_| go(false)/>
            <Button label=t(TODAY) on_click=move |_| { list.url.replace(&[("day", None)]); screen.again.update(|n| *n += 1) }/>
            <h2 class="font-semibold px-2" aria-live="polite">{move || screen.title.get()}</h2>
            <div class="grow"></div>
            <div class="inline-flex flex-wrap" role="group" aria-label=t(CALENDAR_SPAN)>{spans}</div>
        </div>
        {note}
        {move || { shape.get(); untrack(move || screen.stage()) }}
    }
    .into_any()
}

impl Screen {
    /// The element that the calendar lives in.
    fn stage(self) -> AnyView {
        if self.list.narrow.get_untracked() && matches!(self.span.get_untracked(), Span::Month | Span::Week) {
            return phone::grid(self);
        }
        let node = NodeRef::<html::Div>::new();
        let Some(when) = self.when.get_untracked() else { return ().into_any() };
        let calendar = StoredValue::new_local(None::<Calendar>);
        let ready = RwSignal::new(false);
        Effect::new(move || {
            let Some(element) = node.get() else { return };
            let (options, screen) = (self.options(&when), self);
            leptos::task::spawn_local(async move {
                let opened =
                    Calendar::open(&element, &options.to_string(), move |what, detail| screen.told(&what, &detail))
                        .await;
                // The screen may be gone by now; the calendar goes with what was opened.
                if calendar.try_set_value(opened).is_none() {
                    let _ = ready.try_set(true);
                }
            });
        });
        Effect::new(move || {
            let (ready, events) = (ready.get(), self.events());
            calendar.with_value(|c| {
                if let Some(calendar) = c.as_ref().filter(|_| ready) {
                    calendar.show(&events.to_string());
                }
            });
        });
        Effect::new(move || {
            self.again.track();
            let (ready, day) = (ready.get(), self.day.get().to_string());
            calendar.with_value(|c| {
                if let Some(calendar) = c.as_ref().filter(|_| ready) {
                    calendar.go(&day);
                }
            });
        });
        on_cleanup(move || {
            calendar.try_update_value(Option::take);
        });
        view! {
            <div node_ref=node id="calendar" class="calendar grow min-h-0 overflow-auto scroll-thin px-3 pb-3" role="group"
                aria-label=move || label(&self.list.state.get().object.label_many)>
                {move || (!ready.get()).then(|| ui::loading_rows(8))}
            </div>
        }
        .into_any()
    }

    fn writable(self, when: &When) -> bool {
        [Some(&when.start), when.end.as_ref()].into_iter().flatten().all(|f| cells::editable(self.list, f))
    }

    fn creates(self, when: &When) -> bool {
        self.list.object.with_value(|o| session::may(&o.name, "create")) && !when.start.read_only
    }

    fn options(self, when: &When) -> Value {
        json!({
            "view": self.span.get_untracked().view(when.time()),
            "date": self.day.get_untracked().to_string(),
            "locale": prefs::lang().tag(),
            "editable": self.writable(when),
            "eventDurationEditable": when.end.is_some() && self.writable(when),
            "displayEventEnd": when.end.is_some(),
            "dayMaxEvents": self.span.get_untracked() == Span::Month,
            "height": "100%",
            "eventTimeFormat": {"hour": "2-digit", "minute": "2-digit", "hour12": false},
            "slotLabelFormat": {"hour": "2-digit", "minute": "2-digit", "hour12": false},
            "scrollTime": "08:00:00",
            "now": bridge::wall_clock(&String::from(js_sys::Date::new_0().to_iso_string())),
            "words": {
                "create": self.creates(when).then(|| t(CALENDAR_NEW)),
                "nothing": t(CALENDAR_NOTHING),
                "allDay": t(CALENDAR_ALL_DAY),
                "close": t(CLOSE),
                "more": t(CALENDAR_MORE),
            },
        })
    }

    fn events(self) -> Value {
        let object = self.list.object.with_value(Arc::clone);
        let Some(when) = self.when.get() else { return json!([]) };
        let tint = tinted(&object);
        let at = |text: &str| if when.time() { bridge::wall_clock(text).replace(' ', "T") } else { text.to_owned() };
        let one = |record: &Record| {
            let start = at(record.value(&when.start.key).as_str()?);
            let end = when.end.as_ref().and_then(|f| record.value(&f.key).as_str()).map(at).filter(|end| *end >= start);
            let end = match (end, when.time()) {
                (Some(end), true) => end,
                (Some(end), false) => end.parse::<NaiveDate>().ok()?.succ_opt()?.to_string(),
                (None, true) => (start.parse::<NaiveDateTime>().ok().or_else(|| minute(&start))?
                    + chrono::Duration::minutes(30))
                .format("%Y-%m-%dT%H:%M")
                .to_string(),
                (None, false) => start.parse::<NaiveDate>().ok()?.succ_opt()?.to_string(),
            };
            let tone = tint.as_ref().and_then(|f| {
                let value = record.value(&f.key).as_str()?;
                f.options().iter().find(|o| o.value == value).map(|o| o.tone)
            });
            let title = record.title(&object);
            Some(json!({
                "id": record.id(), "title": title, "start": start, "end": end, "allDay": !when.time(),
                "classNames": [tone_class(tone.unwrap_or(Tone::Accent))],
                "extendedProps": {"spoken": format!("{title}, {}", start.replace('T', " "))},
            }))
        };
        let crowd = |(day, n): &(NaiveDate, i64)| {
            let title = tf(CALENDAR_DAY_HOLDS, &[("n", &n.to_string())]);
            json!({
                "id": format!("{CROWD}{day}"), "title": title, "start": day.to_string(),
                "end": day.succ_opt().unwrap_or(*day).to_string(), "allDay": true, "editable": false,
                "classNames": [tone_class(Tone::Accent)],
                "extendedProps": {"spoken": format!("{title}, {day}")},
            })
        };
        let crowds = self.crowds.with(|c| c.iter().map(crowd).collect::<Vec<_>>());
        self.found.with(|found| Value::Array(found.iter().filter_map(one).chain(crowds).collect()))
    }

    /// Records one by one, or where they are too many for more than a day, how many each day has.
    fn load(self, when: When, state: ListState, range: (NaiveDate, NaiveDate), span: Span) {
        let ticket = self.ticket.get_value() + 1;
        self.ticket.set_value(ticket);
        let within = when.within(&state, range);
        leptos::task::spawn_local(async move {
            let first = self.page(&within, None, Count::Capped).await;
            let most = i64::from(PAGES * LIMIT_MAX);
            let crowded = first.as_ref().is_ok_and(|p| p.count.is_some_and(|n| n > most));
            let told = match first {
                Err(error) => Err(error),
                Ok(_) if crowded && span != Span::Day => {
                    let rows = records::groups(&state.object.plural, &when.counts(&state, range)).await;
                    let day = |row: &Record| {
                        Some((row.value(&when.start.key).as_str()?.parse().ok()?, row.value("n").as_i64()?))
                    };
                    rows.map(|rows| (Vec::new(), None, rows.iter().filter_map(day).collect()))
                }
                Ok(page) => match page.next_cursor {
                    Some(cursor) => self
                        .page(&within, Some(cursor), Count::None)
                        .await
                        .map(|next| (page.data.into_iter().chain(next.data).collect(), next.next_cursor, Vec::new())),
                    None => Ok((page.data, None, Vec::new())),
                },
            };
            if self.ticket.try_get_value() != Some(ticket) {
                return;
            }
            match told {
                Ok((found, more, crowds)) => {
                    self.error.set(None);
                    self.more.set(more);
                    self.crowds.set(crowds);
                    self.found.set(found);
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }

    async fn page(self, state: &ListState, cursor: Option<String>, count: Count) -> Result<Page, ApiError> {
        let mut query = state.query(cursor);
        query.limit = Some(LIMIT_MAX);
        query.count = count;
        records::query(&state.object.plural, &query).await
    }

    /// The next records of a day that has too many.
    fn load_more(self) {
        let (Some(when), Some(range)) = (self.when.get_untracked(), self.range.get_untracked()) else { return };
        let Some(cursor) = self.more.get_untracked() else { return };
        let within = when.within(&self.list.state.get_untracked(), range);
        let ticket = self.ticket.get_value();
        self.more.set(None);
        leptos::task::spawn_local(async move {
            let page = self.page(&within, Some(cursor.clone()), Count::None).await;
            if self.ticket.try_get_value() != Some(ticket) {
                return;
            }
            match page {
                Ok(page) => {
                    self.found.update(|found| found.extend(page.data));
                    self.more.set(page.next_cursor);
                }
                Err(error) => {
                    self.more.set(Some(cursor));
                    self.error.set(Some(error));
                }
            }
        });
    }

    fn told(self, what: &str, detail: &str) {
        let Ok(told) = serde_json::from_str::<Told>(detail) else { return };
        match what {
            "range" => {
                self.title.set(told.title);
                self.range.set(told.start.parse().ok().zip(told.end.parse().ok()));
            }
            "open" => self.open(told.id),
            "create" => self.create(&told.at),
            "move" => self.moved(&told),
            "shift" => self.shift(&told),
            _ => {}
        }
    }

    fn open(self, id: String) {
        match id.strip_prefix(CROWD) {
            Some(day) => self.list.url.push(&[("day", Some(day.to_owned())), ("span", Some("day".to_owned()))]),
            None => self.list.url.beside(Some(id)),
        }
    }

    /// The form, with the day filled in.
    fn create(self, at: &str) {
        let Some(when) = self.when.get_untracked() else { return };
        let value = match (when.time(), at.len()) {
            (true, 10) => bridge::local_to_instant(&format!("{at} 09:00")),
            (true, _) => bridge::local_to_instant(at),
            (false, _) => at.get(..10).map(str::to_owned),
        };
        let key = format!("with.{}", when.start.key);
        self.list.url.push(&[("new", Some("1".to_owned())), (&key, value)]);
    }

    fn find(self, id: &str) -> Option<Record> {
        self.found.with_untracked(|all| all.iter().find(|r| r.id() == id).cloned())
    }

    fn moved(self, told: &Told) {
        let (Some(when), Some(record)) = (self.when.get_untracked(), self.find(&told.id)) else { return };
        let value =
            |text: &str| if when.time() { bridge::local_to_instant(text) } else { text.get(..10).map(str::to_owned) };
        let mut changes = vec![(when.start.clone(), value(&told.start))];
        // Without an end there was none to begin with.
        if let Some(end) = when.end.clone().filter(|f| !record.value(&f.key).is_null()) {
            let until = match (when.time(), told.all_day) {
                (false, _) => {
                    told.end.get(..10).and_then(|d| d.parse::<NaiveDate>().ok()?.pred_opt()).map(|d| d.to_string())
                }
                (true, _) => value(&told.end),
            };
            changes.push((end, until));
        }
        self.write(&record, changes);
    }

    /// By days, with Alt and the arrows.
    fn shift(self, told: &Told) {
        let (Some(when), Some(record)) = (self.when.get_untracked(), self.find(&told.id)) else { return };
        let fields = std::iter::once(when.start.clone()).chain(when.end.clone());
        let changes = fields.filter_map(|field| {
            let now = record.value(&field.key).as_str()?.to_owned();
            let by = chrono::Duration::days(told.days);
            let then = match when.time() {
                true => (chrono::DateTime::parse_from_rfc3339(&now).ok()? + by)
                    .to_utc()
                    .format("%Y-%m-%dT%H:%M:%SZ")
                    .to_string(),
                false => (now.parse::<NaiveDate>().ok()? + by).to_string(),
            };
            Some((field, Some(then)))
        });
        let changes = changes.collect();
        self.write(&record, changes);
    }

    /// Shown at once; what the server refuses goes back with its reason, and all of it can be undone.
    fn write(self, record: &Record, changes: Vec<(FieldMeta, Option<String>)>) {
        let object = self.list.object.with_value(Arc::clone);
        let to = changes.first().and_then(|c| c.1.as_deref()).map(bridge::date_time).unwrap_or_default();
        let writes: Vec<Write> = changes
            .into_iter()
            .filter_map(|(field, value)| Some(Write::of(record, &field.key, Value::String(value?))))
            .filter(|w| w.before != w.after)
            .collect();
        if writes.is_empty() {
            return;
        }
        let id = record.id().to_owned();
        self.found.update(|all| {
            for one in all.iter_mut().filter(|r| r.id() == id) {
                one.extend(writes.iter().map(|w| (w.key.clone(), w.after.clone())));
            }
        });
        write::apply(self.list, writes, tf(CALENDAR_MOVED, &[("title", &record.title(&object)), ("to", &to)]));
    }
}

/// `2026-11-24T14:30`.
fn minute(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()
}

fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "tone-neutral",
        Tone::Info => "tone-info",
        Tone::Success => "tone-success",
        Tone::Warning => "tone-warning",
        Tone::Danger => "tone-danger",
        Tone::Accent => "tone-accent",
    }
}
