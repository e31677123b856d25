//! Which group gives which role.

use crate::fields::{self, Input};
use crate::i18n::{DELETE, ELSEWHERE_GROUP, ELSEWHERE_GROUP_ADD, ELSEWHERE_GROUP_TEXT, t};
use crate::ui::{Button, Look};
use kezhan_meta::{FieldMeta, FieldType, Label};
use leptos::prelude::*;
use serde_json::{Value, json};

#[derive(Clone, Copy)]
struct Row {
    id: usize,
    group: RwSignal<String>,
    role: RwSignal<Value>,
}

/// The rows being edited.
#[derive(Clone, Copy)]
pub struct Mapping {
    rows: RwSignal<Vec<Row>>,
    next: StoredValue<usize>,
}

impl Mapping {
    pub fn new(stored: &Value) -> Mapping {
        let mapping = Mapping { rows: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
        for entry in stored.as_array().into_iter().flatten() {
            mapping.add(entry["group"].as_str().unwrap_or_default(), entry["role"].clone());
        }
        mapping
    }

    fn add(self, group: &str, role: Value) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.rows
            .update(|rows| rows.push(Row { id, group: RwSignal::new(group.to_owned()), role: RwSignal::new(role) }));
    }

    /// As it is stored; rows that say nothing are left out.
    pub fn value(self) -> Value {
        let rows: Vec<Value> = self.rows.with(|rows| {
            let told = rows.iter().map(|row| (row.group.get().trim().to_owned(), row.role.get()));
            let told = told.filter(|(group, role)| !group.is_empty() || !role.is_null());
            told.map(|(group, role)| json!({ "group": group, "role": role })).collect()
        });
        if rows.is_empty() { Value::Null } else { Value::Array(rows) }
    }

    pub fn view(self, title: String, error: Signal<Option<String>>) -> AnyView {
        let role = FieldMeta::new("role", Label::new("", ""), FieldType::Reference { to: "role".into() });
        let line = move |row: Row| {
            let input = fields::input(Input {
                id: format!("mapping-role-{}", row.id),
                field: role.clone(),
                value: row.role,
                expanded: None,
                home: None,
                invalid: Signal::stored(false),
                done: Callback::new(|()| ()),
            });
            let remove = move |_| self.rows.update(|rows| rows.retain(|r| r.id != row.id));
            view! {
                <li class="grid grid-cols-[1fr_1fr_auto] gap-2 items-start">
                    <input class="input" aria-label=t(ELSEWHERE_GROUP) placeholder=t(ELSEWHERE_GROUP) prop:value=move || row.group.get()
                        on:input=move |ev| row.group.set(event_target_value(&ev))/>
                    <div class="min-w-0">{input}</div>
                    <Button label=t(DELETE) icon="x" icon_only=true look=Look::Quiet on_click=remove/>
                </li>
            }
        };
        view! {
            <div class="sm:col-span-full flex flex-col gap-2" data-mapping>
                <p class="text-[13px] muted">{title}</p>
                <ul class="flex flex-col gap-2">
                    <For each=move || self.rows.get() key=|row| row.id children=line/>
                </ul>
                <p class="text-xs text-error" role="alert">{move || error.get()}</p>
                <div class="flex flex-wrap items-center gap-2">
                    <Button label=t(ELSEWHERE_GROUP_ADD) icon="plus" look=Look::Quiet on_click=move |_| self.add("", Value::Null)/>
                    <p class="text-xs muted grow">{t(ELSEWHERE_GROUP_TEXT)}</p>
                </div>
            </div>
        }
        .into_any()
    }
}
