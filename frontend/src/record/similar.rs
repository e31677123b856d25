//! 查重: a hint, while a record is made and on its page, that it may be there already. The server compares as imports do,
//! across the company; of what one may not see it tells that it is there, and whom to ask.

use super::detail::Open;
use super::merge as merging;
use crate::api::records::{self, Alike};
use crate::i18n::{MERGE, SIMILAR, SIMILAR_ASK, SIMILAR_HERE, label, t, tf};
use crate::state::{catalog, session};
use crate::ui::icon;
use kezhan_meta::{FieldType, ObjectMeta, Record};
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;
use std::time::Duration;

/// How long one has stopped typing.
const PAUSE: Duration = Duration::from_millis(400);

#[derive(Clone, Copy)]
pub struct Similar {
    found: RwSignal<Vec<Alike>>,
    ticket: StoredValue<u64>,
}

/// Objects that one meets twice: what belongs to someone and is looked for by name.
fn wanted(object: &ObjectMeta) -> bool {
    object.listed && object.owned()
}

/// What records may be told by.
fn telling(object: &ObjectMeta, record: &Record) -> Record {
    let tells = |kind: &FieldType| matches!(kind, FieldType::Text | FieldType::Phone | FieldType::Email);
    let fields = object.fields.iter().filter(|f| !f.read_only && !f.secret && tells(&f.kind));
    fields
        .filter_map(|f| Some((f.key.to_string(), record.get(f.key.as_ref()).filter(|v| !v.is_null())?.clone())))
        .collect()
}

impl Similar {
    pub fn new() -> Similar {
        Similar { found: RwSignal::new(Vec::new()), ticket: StoredValue::new(0) }
    }

    /// Asks again whenever what is typed has changed and come to rest.
    pub fn follow(self, object: &Arc<ObjectMeta>, live: Memo<Record>) {
        if !wanted(object) {
            return;
        }
        let object = object.clone();
        let about = Memo::new({
            let object = object.clone();
            move |_| live.with(|record| telling(&object, record))
        });
        // Defaults alone ask nothing.
        let first = about.get_untracked();
        Effect::new(move || {
            let record = about.get();
            let ticket = self.ticket.try_update_value(|n| {
                *n += 1;
                *n
            });
            if record == first {
                return self.found.set(Vec::new());
            }
            let object = object.clone();
            set_timeout(
                move || {
                    if self.ticket.try_get_value() != ticket {
                        return;
                    }
                    leptos::task::spawn_local(async move {
                        // A hint: where it cannot be had, nothing is lost.
                        let Ok(found) = records::similar(&object, &record).await else { return };
                        if self.ticket.try_get_value() == ticket {
                            let _ = self.found.try_set(found);
                        }
                    });
                },
                PAUSE,
            );
        });
    }

    pub fn view(self) -> AnyView {
        (move || listing(t(SIMILAR), self.found.get(), None)).into_any()
    }
}

/// On the page of a record that is there.
pub fn hint(open: Open) -> AnyView {
    let object = open.object();
    if !wanted(&object) {
        return ().into_any();
    }
    let found = RwSignal::new(Vec::new());
    let about = Memo::new({
        let object = object.clone();
        move |_| open.record.with(|r| r.as_ref().map(|r| telling(&object, r)))
    });
    Effect::new(move || {
        if about.with(Option::is_none) {
            return;
        }
        let (object, id) = (object.clone(), open.id.get_value());
        leptos::task::spawn_local(async move {
            if let Ok(alike) = records::similar_to(&object, &id).await {
                let _ = found.try_set(alike);
            }
        });
    });
    view! { <div class="px-4 pt-3 empty:hidden">{move || listing(t(SIMILAR_HERE), found.get(), Some(open))}</div> }
        .into_any()
}

/// `open` is the record that they are like, once there is one.
fn listing(title: &'static str, found: Vec<Alike>, open: Option<Open>) -> AnyView {
    if found.is_empty() {
        return ().into_any();
    }
    let rows = found.into_iter().filter_map(|hit| {
        let object = catalog::object(&hit.object)?;
        let matched: Vec<String> =
            hit.matched.iter().filter_map(|key| object.field(key)).map(|f| label(&f.label)).collect();
        let note = match (&hit.id, hit.owner) {
            (None, Some(owner)) => tf(SIMILAR_ASK, &[("owner", &owner)]),
            (_, owner) => [owner.into_iter().collect::<Vec<_>>(), matched].concat().join(" · "),
        };
        let same = open.filter(|open| {
            let may = |action: &str| session::may(&hit.object, action);
            open.object.with_value(|o| o.name == hit.object) && may("edit") && may("delete")
        });
        let merge = same.zip(hit.id.as_ref()).map(|(open, id)| {
            let href = merging::address(&object, &[open.id.get_value(), id.clone()]);
            view! { <A href=href attr:class="link whitespace-nowrap">{t(MERGE)}</A> }
        });
        let title = match hit.id {
            Some(id) => {
                let href = format!("/o/{}/{id}", object.plural);
                view! { <a class="link truncate" href=href target="_blank" rel="noopener">{hit.title}</a> }.into_any()
            }
            None => view! { <span class="truncate">{hit.title}</span> }.into_any(),
        };
        Some(view! {
            <li class="flex items-center gap-2 min-w-0">
                <span class="muted">{icon(&object.icon)}</span>
                {title}
                <span class="muted text-xs truncate">{label(&object.label)}" · "{note}</span>
                {merge}
            </li>
        })
    });
    view! {
        <div class="rounded-md bg-warning/10 px-3 py-2 text-[13px] mb-3" role="status">
            <p class="text-warning font-semibold mb-1">{title}</p>
            <ul class="flex flex-col gap-1">{rows.collect_view()}</ul>
        </div>
    }
    .into_any()
}
