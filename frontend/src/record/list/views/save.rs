//! A view gets its name, and whom it is shown to.

use super::changes::settings;
use super::{Edited, List, OBJECT};
use crate::api::records::{self, RecordExt};
use crate::fields::{self, Input};
use crate::i18n::{CANCEL, SAVE, SAVE_VIEW, VIEW_EDIT, VIEW_NAME, VIEW_SAVED, label, t};
use crate::record::list::dialog as layer;
use crate::state::{catalog, session, toast};
use crate::ui::{Button, Field, Look};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// What is asked besides the name, and when.
const ASKED: [&str; 3] = ["visibility", "unit", "default_for"];

pub fn dialog(list: List, edited: RwSignal<Option<Edited>>) -> AnyView {
    let (Some(now), Some(object)) = (edited.get_untracked(), catalog::object(OBJECT)) else { return ().into_any() };
    let kept = match &now {
        Edited::New => None,
        Edited::Kept(view) => Some(view.clone()),
    };
    let start = |key: &str| kept.as_ref().map(|view| view.value(key).clone()).unwrap_or_default();
    let shown = kept.as_ref().map(|view| view.text("name").to_owned());
    let name = RwSignal::new(shown.clone().unwrap_or_default());
    let faults = RwSignal::new(HashMap::<String, String>::new());
    let values: Vec<(&'static str, RwSignal<Value>)> = ASKED.map(|key| (key, RwSignal::new(start(key)))).to_vec();
    let visibility = values.iter().find(|(key, _)| *key == "visibility").map(|(_, value)| *value);
    if let Some(visibility) = visibility.filter(|v| v.get_untracked().is_null()) {
        visibility.set("private".into());
    }
    if let Some((_, unit)) = values.iter().find(|(key, _)| *key == "unit")
        && unit.get_untracked().is_null()
    {
        unit.set(session::me().and_then(|me| me.department.clone()).into());
    }
    // A department for what departments share; roles begin with what everybody sees.
    let asked = move |key: &str| {
        let visibility = visibility.map(|v| v.get()).unwrap_or_default();
        match key {
            "unit" => visibility == "team",
            "default_for" => visibility == "all" && session::may(OBJECT, "configure"),
            _ => true,
        }
    };
    let save = {
        let (values, object, kept) = (values.clone(), object.clone(), kept.clone());
        move |ev: leptos::ev::SubmitEvent| {
            ev.prevent_default();
            let mut record = Record::new();
            // As it stands it may be the name in one of two languages.
            if Some(name.get_untracked()) != shown {
                record.insert("name".to_owned(), name.get_untracked().trim().into());
            }
            for (key, value) in &values {
                let put = untrack(|| asked(key));
                let empty = if *key == "default_for" { json!([]) } else { Value::Null };
                if put {
                    record.insert((*key).to_owned(), value.get_untracked());
                } else if kept.as_ref().is_some_and(|k| *k.value(key) != Value::Null && *k.value(key) != empty) {
                    record.insert((*key).to_owned(), empty);
                }
            }
            store(list, edited, faults, object.clone(), kept.clone(), record);
        }
    };
    let error = move |key: &'static str| Signal::derive(move || faults.with(|f| f.get(key).cloned()));
    let rest = move || {
        let lines = values.iter().filter(|(key, _)| asked(key));
        lines.filter_map(|(key, value)| line(&object, key, *value, kept.as_ref(), error(key))).collect_view()
    };
    // Choosing whom it is for changes what is asked, and only that draws anew.
    let content = view! {
        <form class="p-4 flex flex-col gap-4" on:submit=save>
            <Field id="view-name" label=t(VIEW_NAME) required=true error=error("name")>
                <input id="view-name" class="input" autofocus required maxlength="100" autocomplete="off"
                    prop:value=move || name.get() on:input=move |ev| name.set(event_target_value(&ev))/>
            </Field>
            {rest}
            {move || faults.with(|f| f.get("").cloned()).map(|text| view! { <p class="text-[13px] text-error" role="alert">{text}</p> })}
            <div class="flex justify-end gap-2">
                <Button label=t(CANCEL) on_click=move |_| edited.set(None)/>
                <Button label=t(SAVE) look=Look::Primary submit=true/>
            </div>
        </form>
    }
    .into_any();
    let title = t(if matches!(now, Edited::New) { SAVE_VIEW } else { VIEW_EDIT });
    layer(title.to_owned(), false, move || edited.set(None), content)
}

fn line(
    object: &ObjectMeta,
    key: &'static str,
    value: RwSignal<Value>,
    kept: Option<&Record>,
    error: Signal<Option<String>>,
) -> Option<AnyView> {
    let field = object.field(key)?.clone();
    let (id, name) = (format!("view-{key}"), label(&field.label));
    let required = key != "default_for";
    let input = Input {
        id: id.clone(),
        field,
        value,
        expanded: kept.and_then(|view| view.expanded(key).cloned()),
        invalid: Signal::derive(move || error.get().is_some()),
        home: None,
        done: Callback::new(|()| ()),
    };
    Some(view! { <Field id=id label=name required=required error=error>{fields::input(input)}</Field> }.into_any())
}

fn store(
    list: List,
    edited: RwSignal<Option<Edited>>,
    faults: RwSignal<HashMap<String, String>>,
    object: Arc<ObjectMeta>,
    kept: Option<Record>,
    mut record: Record,
) {
    if kept.is_none() {
        record.insert("object".to_owned(), list.object.with_value(|o| o.name.to_string()).into());
        record.insert("settings".to_owned(), settings(list));
    }
    leptos::task::spawn_local(async move {
        let written = match &kept {
            Some(view) => records::update(&object, view.id(), &record, view.version()).await,
            None => records::create(&object, &record).await,
        };
        match written {
            Ok(view) => {
                edited.set(None);
                crate::state::touched();
                toast::done(t(VIEW_SAVED));
                if kept.is_none() {
                    list.url.push(&[("view", Some(view.id().to_owned()))]);
                }
            }
            Err(problem) => {
                let named = problem.items().iter().map(|i| (i.field.clone(), i.message.clone()));
                let mut all: HashMap<String, String> =
                    named.filter(|(field, _)| field == "name" || ASKED.contains(&field.as_str())).collect();
                if all.is_empty() {
                    all.insert(String::new(), problem.message());
                }
                let _ = faults.try_set(all);
            }
        }
    });
}
