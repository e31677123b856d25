//! A hint while a record is made: that it may be there already. Names, numbers and addresses are compared as the
//! import compares them.

use crate::api::records::{self, Hit};
use crate::i18n::{SIMILAR, label, t};
use crate::state::{catalog, session};
use crate::ui::icon;
use kezhan_meta::rules::company::{company_core, company_key, similarity};
use kezhan_meta::rules::{email, phone};
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta};
use leptos::prelude::*;

/// Whom one meets twice.
const OBJECTS: [&str; 3] = ["account", "contact", "lead"];
const SHOWN: usize = 4;
/// How alike two names must be.
const ALIKE: f64 = 0.75;

#[derive(Clone, Copy)]
pub struct Similar {
    found: RwSignal<Vec<Hit>>,
    ticket: StoredValue<u64>,
    wanted: bool,
}

impl Similar {
    pub fn new(object: &ObjectMeta, new: bool) -> Similar {
        Similar {
            found: RwSignal::new(Vec::new()),
            ticket: StoredValue::new(0),
            wanted: new && OBJECTS.contains(&object.name.as_ref()),
        }
    }

    /// A field was left with this in it.
    pub fn look(self, object: &ObjectMeta, field: &FieldMeta, text: &str) {
        let text = text.trim().to_owned();
        let named = field.key == object.title || field.key == "company";
        let tells = named || field.unique || matches!(field.kind, FieldType::Phone | FieldType::Email);
        if !self.wanted || !tells || text.chars().count() < 2 {
            return;
        }
        let field = field.clone();
        let person = named && object.name != "account" && field.key != "company";
        let ticket = self.ticket.get_value() + 1;
        self.ticket.set_value(ticket);
        leptos::task::spawn_local(async move {
            let objects: Vec<&str> = OBJECTS.into_iter().filter(|o| session::may(o, "read")).collect();
            let ask = match field.kind {
                FieldType::Phone => phone::digits(&text),
                _ if named && !person => company_core(&text),
                _ => text.clone(),
            };
            let Ok(hits) = records::search(if ask.is_empty() { &text } else { &ask }, &objects.join(","), 20).await
            else {
                return;
            };
            if self.ticket.try_get_value() != Some(ticket) {
                return;
            }
            let same = |hit: &Hit| match field.kind {
                FieldType::Phone | FieldType::Email => true,
                _ if person => hit.title.trim() == text,
                _ if named => company_key(&hit.title) == company_key(&text) || similarity(&hit.title, &text) >= ALIKE,
                _ => true,
            };
            let usable = match field.kind {
                FieldType::Phone => phone::is_phone(&text, "CN"),
                FieldType::Email => email::is_email(&text),
                _ => true,
            };
            self.found.set(hits.into_iter().filter(|h| usable && same(h)).take(SHOWN).collect());
        });
    }

    pub fn view(self) -> AnyView {
        (move || {
            let found = self.found.get();
            if found.is_empty() {
                return ().into_any();
            }
            let rows = found.into_iter().filter_map(|hit| {
                let object = catalog::object(&hit.object)?;
                let href = format!("/o/{}/{}", object.plural, hit.id);
                let hint = hit.subtitle.filter(|s| !s.is_empty()).unwrap_or_default();
                Some(view! {
                    <li class="flex items-center gap-2 min-w-0">
                        <span class="muted">{icon(&object.icon)}</span>
                        <a class="link truncate" href=href target="_blank" rel="noopener">{hit.title}</a>
                        <span class="muted text-xs truncate">{label(&object.label)}" "{hint}</span>
                    </li>
                })
            });
            view! {
                <div class="rounded-md bg-warning/10 px-3 py-2 text-[13px] mb-3" role="status">
                    <p class="text-warning font-semibold mb-1">{t(SIMILAR)}</p>
                    <ul class="flex flex-col gap-1">{rows.collect_view()}</ul>
                </div>
            }
            .into_any()
        })
        .into_any()
    }
}
