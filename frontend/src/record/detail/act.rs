//! Doing what the server offers for a record: its input is asked for by the fields that it names.

use crate::api::actions::{self, Action};
use crate::api::client::{ApiError, Call};
use crate::api::records;
use crate::bridge;
use crate::fields::{self, Input};
use crate::i18n::{ACT_FORESEEN, ACTION_DONE, CANCEL, PASSWORD, UNDO, label, t, tf};
use crate::state::current::{Acting, Current};
use crate::state::{app, catalog, prefs, toast, touched};
use crate::ui::{self, Button, Field, Layer, Look, Shape};
use kezhan_meta::{FieldMeta, FieldType, Label, ObjectMeta, Record, normalise_value};
use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen::JsCast;

const TRANSFER: &str = "transfer";
const OWNER: &str = "owner";

/// What an action answers, as a file of its own.
fn download(on: &Current, action: &Action, answer: &Value) {
    let text = serde_json::to_string_pretty(answer).unwrap_or_default();
    let name = format!("{}-{}.json", on.title, action.key);
    bridge::save(&name, &js_sys::Uint8Array::from(text.as_bytes()).unchecked_into());
}

/// Does it at once where nothing needs to be said, else asks.
pub fn begin(on: Current, action: Action) {
    if asked(&on.object, &action).is_empty() {
        return run(on, action, Record::new(), None);
    }
    app().acting.set(Some(Acting { on, action, link: None }));
}

/// The fields that an action asks for. What is neither a field nor a simple value is left to programs.
fn asked(object: &ObjectMeta, action: &Action) -> Vec<FieldMeta> {
    let one = |(key, schema): (&String, &Value)| {
        let required = action.input.required.contains(key);
        if let Some(field) = object.field(key) {
            return Some(FieldMeta { required, ..field.clone() });
        }
        let kind = match (schema["type"].as_str()?, schema["format"].as_str()) {
            ("string", Some("uuid")) => FieldType::Reference { to: catalog::object(key)?.name.clone() },
            ("string", Some("date")) => FieldType::Date,
            ("string", _) if schema["x-options"].is_array() => {
                FieldType::Choice { options: serde_json::from_value(schema["x-options"].clone()).ok()? }
            }
            ("string", _) => FieldType::Text,
            ("integer", _) => FieldType::Integer,
            ("boolean", _) => FieldType::Boolean,
            _ => return None,
        };
        let named = serde_json::from_value::<Label>(schema["x-label"].clone()).ok();
        let label = match catalog::object(key) {
            _ if named.is_some() => named.unwrap_or_default(),
            Some(target) => target.label.clone(),
            None if key == "password" => Label { zh: t(PASSWORD).into(), en: t(PASSWORD).into() },
            None => Label { zh: key.clone().into(), en: key.clone().into() },
        };
        let field = json!({"key": key, "label": label, "storage": "custom", "required": required, "type": "text"});
        serde_json::from_value::<FieldMeta>(field).ok().map(|field| FieldMeta { kind, ..field })
    };
    action.input.properties.iter().filter_map(one).collect()
}

pub fn dialog(acting: Acting) -> AnyView {
    let close = move || app().acting.set(None);
    if let Some(path) = &acting.link {
        return super::link::dialog(path, Callback::new(move |()| close()));
    }
    let title = label(&acting.action.label);
    let fields = asked(&acting.on.object, &acting.action);
    let drafts: Vec<_> = fields
        .into_iter()
        .map(|f| {
            let first = acting.action.input.properties.get(f.key.as_ref()).map(|schema| schema["default"].clone());
            (f, RwSignal::new(first.unwrap_or_default()), RwSignal::new(None::<String>))
        })
        .collect();
    let busy = RwSignal::new(false);
    if let Some((first, ..)) = drafts.first() {
        super::facts::focus_later(format!("act-{}", first.key));
    }
    let controls = drafts.iter().map(|(field, value, error)| {
        let id = format!("act-{}", field.key);
        let error = *error;
        let input = Input {
            id: id.clone(),
            field: field.clone(),
            value: *value,
            expanded: None,
            invalid: Signal::derive(move || error.get().is_some()),
            home: None,
            done: Callback::new(|()| ()),
        };
        view! { <Field id=id label=label(&field.label) required=field.required error=error>{fields::input(input)}</Field> }
    });
    let controls = controls.collect_view();
    let values = drafts.iter().map(|(field, value, _)| (field.key.to_string(), *value)).collect();
    let foreseen = acting.action.input.preview.clone().map(|key| foresee(acting.on.clone(), key, values));
    let danger = acting.action.input.danger;
    let send = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let mut input = Record::new();
        let mut sound = true;
        for (field, value, error) in &drafts {
            let fault = match normalise_value(field, &value.get_untracked()) {
                Ok(Value::Null) if field.required => {
                    Some(kezhan_meta::problem::Code::Required.message(prefs::lang(), &[]))
                }
                Ok(Value::Null) => None,
                Ok(value) => {
                    input.insert(field.key.to_string(), value);
                    None
                }
                Err(fault) => Some(fault.item(prefs::lang()).message),
            };
            sound &= fault.is_none();
            error.set(fault);
        }
        if sound && !busy.get_untracked() {
            busy.set(true);
            run(acting.on.clone(), acting.action.clone(), input, Some(busy));
        }
    };
    view! {
        <Layer shape=Shape::Dialog label=title.clone() on_close=move |()| close()>
            <form class="flex flex-col min-h-0" novalidate on:submit=send>
                <div class="flex flex-col gap-3 p-4 min-h-48 overflow-y-auto">{foreseen}{controls}</div>
                <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
                    <Button label=t(CANCEL) on_click=move |_| close()/>
                    <Button label=title look=if danger { Look::Danger } else { Look::Primary } submit=true busy=busy/>
                </footer>
            </form>
        </Layer>
    }
    .into_any()
}

/// What it would do as the dialog stands, line by line: asked again whenever a choice changes.
fn foresee(on: Current, key: String, values: Vec<(String, RwSignal<Value>)>) -> AnyView {
    let found = RwSignal::new(None::<Result<Value, ApiError>>);
    // Texts are what confirms, and change nothing.
    let choices = Memo::new(move |_| {
        let chosen = values.iter().map(|(key, value)| (key.clone(), value.get()));
        chosen.filter(|(_, value)| value.is_boolean()).collect::<Record>()
    });
    Effect::new(move || {
        let (on, key, input) = (on.clone(), key.clone(), choices.get());
        leptos::task::spawn_local(async move {
            let answer = actions::perform(&on.object, &on.id, &key, &input, None).await;
            if choices.try_get_untracked() == Some(input) {
                let _ = found.try_set(Some(answer));
            }
        });
    });
    let lines = move || match found.get() {
        None => ui::loading_rows(3),
        Some(Err(error)) => view! { <p class="text-error">{error.message()}</p> }.into_any(),
        Some(Ok(answer)) => {
            let lines = answer["told"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let lines = lines.map(|line| view! { <li class="break-words">{line.to_owned()}</li> }).collect_view();
            view! { <ul class="list-disc ps-5 flex flex-col gap-1">{lines}</ul> }.into_any()
        }
    };
    view! {
        <section class="rounded-md border border-error/40 bg-error/8 px-3 py-2 text-[13px]" aria-live="polite" data-foreseen>
            <h3 class="font-semibold pb-1">{t(ACT_FORESEEN)}</h3>
            {lines}
        </section>
    }
    .into_any()
}

/// Undoes a transfer: the record goes to whoever had it.
fn give_back(on: Current, back: Record) {
    leptos::task::spawn_local(async move {
        let version = records::read(&on.object, &on.id).await.ok().and_then(|r| r["version"].as_i64());
        if let Err(error) = actions::perform(&on.object, &on.id, TRANSFER, &back, version).await {
            toast::error(&error);
        }
        touched();
    });
}

fn run(on: Current, action: Action, input: Record, busy: Option<RwSignal<bool>>) {
    leptos::task::spawn_local(async move {
        // The newest version: what is on screen may be older than what one has just done.
        let before = records::read(&on.object, &on.id).await.unwrap_or_default();
        let version = before.get("version").and_then(Value::as_i64).or(on.version);
        match actions::perform(&on.object, &on.id, &action.key, &input, version).await {
            Ok(made) if made["path"].is_string() => {
                let link = made["path"].as_str().map(str::to_owned);
                app().acting.set(Some(Acting { on, action, link }));
                touched();
            }
            Ok(answer) => {
                app().acting.set(None);
                if action.input.download {
                    // A long document is at an address of its own.
                    let whole = answer["data"]["whole"].as_str().and_then(|path| path.strip_prefix("/api/v1"));
                    let whole = match whole {
                        Some(path) => Call::get(path).json::<Value>().await.map(|data| json!({ "data": data })),
                        None => Ok(answer),
                    };
                    match whole {
                        Ok(answer) => download(&on, &action, &answer),
                        Err(error) => return toast::problem(error.message()),
                    }
                }
                let text = tf(ACTION_DONE, &[("action", &label(&action.label)), ("title", &on.title)]);
                // What went with it is not told apart any more from what was there before.
                let alone = input.get("children").and_then(Value::as_bool) != Some(true);
                match before.get(OWNER).filter(|owner| action.key == TRANSFER && alone && owner.is_string()) {
                    Some(owner) => {
                        let back = Record::from_iter([(OWNER.to_owned(), owner.clone())]);
                        toast::undoable(text, t(UNDO), move || give_back(on.clone(), back.clone()));
                    }
                    None => toast::done(text),
                }
                touched();
            }
            Err(error) => {
                if let Some(busy) = busy {
                    let _ = busy.try_set(false);
                }
                toast::problem(error.items().first().map_or_else(|| error.message(), |i| i.message.clone()));
            }
        }
    });
}
