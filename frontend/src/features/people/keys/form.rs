//! Making a key and setting its bounds, with what it will reach in sight.

use super::{Keys, reach};
use crate::api::client::ApiError;
use crate::api::keys::{self, ApiKey, ObjectReach};
use crate::bridge;
use crate::fields::reference;
use crate::i18n::{
    CANCEL, KEY_ACTIONS, KEY_ACTIONS_ALL, KEY_ACTIONS_OWN, KEY_ACTIONS_READ, KEY_ACTIONS_WRITE, KEY_ADD,
    KEY_ALL_FIELDS, KEY_EXPIRY, KEY_EXPIRY_HINT, KEY_FIELDS, KEY_NAME, KEY_NETWORKS, KEY_OBJECTS, KEY_OBJECTS_HINT,
    KEY_REACH, KEY_ROLE, KEY_ROLE_HINT, KEY_SERVICE, KEY_SERVICE_HINT, LIMIT_NETWORKS_HINT, SAVE, SAVED, label, t,
};
use crate::state::{catalog, toast};
use crate::ui::{self, Button, Combobox, DateInput, Field, Item, Layer, Look, Shape};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const READ: [&str; 1] = ["read"];
const WRITE: [&str; 4] = ["read", "create", "edit", "delete"];

#[derive(Clone, Copy)]
struct Form {
    name: RwSignal<String>,
    service: RwSignal<bool>,
    role: RwSignal<Vec<Item>>,
    /// `all`, `read`, `write`, or `own`: those that it had.
    actions: RwSignal<&'static str>,
    own_actions: StoredValue<Option<Vec<String>>>,
    objects: RwSignal<Vec<Item>>,
    fields: RwSignal<BTreeMap<String, BTreeSet<String>>>,
    networks: RwSignal<String>,
    expires: RwSignal<String>,
    had_expiry: StoredValue<Option<(String, String)>>,
}

fn item(name: &str) -> Item {
    Item::new(name, catalog::object(name).map_or_else(|| name.to_owned(), |o| label(&o.label_many)))
}

impl Form {
    fn open(key: Option<&ApiKey>) -> Form {
        let empty = ApiKey::default();
        let key = key.unwrap_or(&empty);
        let is = |words: &[&str]| {
            key.actions
                .as_ref()
                .is_some_and(|a| a.len() == words.len() && words.iter().all(|w| a.iter().any(|a| a == w)))
        };
        let actions = match () {
            () if key.actions.is_none() => "all",
            () if is(&READ) => "read",
            () if is(&WRITE) => "write",
            () => "own",
        };
        let fields = key.fields.iter().flatten().map(|(object, list)| {
            (object.clone(), crate::api::texts(Some(list)).map(str::to_owned).collect::<BTreeSet<String>>())
        });
        let day = key.expires_at.as_deref().map(|at| at.chars().take(10).collect::<String>()).unwrap_or_default();
        let role = key.role.clone().map(|id| Item::new(id, key.role_name.clone().unwrap_or_default()));
        Form {
            name: RwSignal::new(key.name.clone()),
            service: RwSignal::new(!key.id.is_empty() && key.user.is_none()),
            role: RwSignal::new(role.into_iter().collect()),
            actions: RwSignal::new(actions),
            own_actions: StoredValue::new(key.actions.clone()),
            objects: RwSignal::new(key.objects.iter().flatten().map(|o| item(o)).collect()),
            fields: RwSignal::new(fields.collect()),
            networks: RwSignal::new(key.networks.clone().unwrap_or_default().join("\n")),
            expires: RwSignal::new(day.clone()),
            had_expiry: StoredValue::new(key.expires_at.clone().map(|at| (day, at))),
        }
    }

    /// What is wished, whole.
    fn wish(self) -> Map<String, Value> {
        let objects: Vec<String> = self.objects.with(|o| o.iter().map(|i| i.value.clone()).collect());
        let actions = match self.actions.get() {
            "all" => Value::Null,
            "read" => json!(READ),
            "write" => json!(WRITE),
            _ => json!(self.own_actions.get_value()),
        };
        let fields = self.fields.with(|f| {
            let among = |object: &String| objects.is_empty() || objects.contains(object);
            f.iter()
                .filter(|(object, _)| among(object))
                .map(|(o, list)| (o.clone(), json!(list)))
                .collect::<Map<_, _>>()
        });
        let networks = self.networks.with(|text| {
            let lines = text.split([',', '\n', ' ', '，']).map(str::trim).filter(|l| !l.is_empty());
            lines.map(str::to_owned).collect::<Vec<_>>()
        });
        let day = self.expires.get();
        let expires = match self.had_expiry.get_value() {
            Some((had, at)) if had == day => Some(at),
            // To the end of the day.
            _ if day.is_empty() => None,
            _ => bridge::local_to_instant(&format!("{day} 23:59")),
        };
        let or_none = |value: Value, empty: bool| if empty { Value::Null } else { value };
        let mut wish = Map::new();
        wish.insert("name".into(), json!(self.name.get().trim()));
        wish.insert("role".into(), json!(self.role.with(|r| r.first().map(|i| i.value.clone()))));
        wish.insert("objects".into(), or_none(json!(objects), objects.is_empty()));
        wish.insert("fields".into(), or_none(json!(fields), fields.is_empty()));
        wish.insert("actions".into(), actions);
        wish.insert("networks".into(), or_none(json!(networks), networks.is_empty()));
        wish.insert("expires_at".into(), json!(expires));
        wish
    }
}

pub(super) fn dialog(all: Keys, key: Option<ApiKey>) -> AnyView {
    let form = Form::open(key.as_ref());
    let id = StoredValue::new(key.as_ref().map(|k| k.id.clone()));
    let fresh = key.is_none();
    let close = move || all.edited.set(None);
    let (busy, faults) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let fault = move |names: &'static [&'static str]| {
        Signal::derive(move || {
            let items = faults.with(|f| f.as_ref().map(|f| f.items().to_vec())).unwrap_or_default();
            items.into_iter().find(|item| names.contains(&item.field.as_str())).map(|item| item.message)
        })
    };
    let save = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let mut wish = untrack(|| form.wish());
        if fresh {
            wish.insert("service".into(), json!(form.service.get_untracked()));
        }
        busy.set(true);
        leptos::task::spawn_local(async move {
            match keys::save(id.get_value().as_deref(), &Value::Object(wish)).await {
                Ok(made) => {
                    close();
                    match made.key {
                        Some(text) => all.shown.set(Some((made.name, text))),
                        None => toast::done(t(SAVED)),
                    }
                    all.load();
                }
                Err(error) if error.items().is_empty() => toast::error(&error),
                Err(error) => drop(faults.try_set(Some(error))),
            }
            let _ = busy.try_set(false);
        });
    };
    let service = (fresh && !all.own).then(|| {
        view! {
            <label class="inline-flex items-start gap-2 text-[13px] min-h-8 sm:col-span-full">
                <input type="checkbox" class="mt-0.5" prop:checked=move || form.service.get() on:change=move |ev| form.service.set(event_target_checked(&ev))/>
                <span>{t(KEY_SERVICE)}<span class="block text-xs muted">{t(KEY_SERVICE_HINT)}</span></span>
            </label>
        }
    });
    let choices =
        [("all", KEY_ACTIONS_ALL), ("read", KEY_ACTIONS_READ), ("write", KEY_ACTIONS_WRITE), ("own", KEY_ACTIONS_OWN)];
    let offered = choices.into_iter().filter(move |(word, _)| *word != "own" || form.actions.get_untracked() == "own");
    let actions = offered.map(move |(word, text)| {
        view! {
            <label class="inline-flex items-center gap-2 min-h-8 pointer-coarse:min-h-11">
                <input type="radio" name="key-actions" value=word prop:checked=move || form.actions.get() == word on:change=move |_| form.actions.set(word)/>
                {t(text)}
            </label>
        }
    });
    let title = key.as_ref().map_or_else(|| t(KEY_ADD).to_owned(), |k| k.name.clone());
    let objects = catalog::catalog().objects().map(|o| item(&o.name)).collect();
    view! {
        <Layer shape=Shape::Wide label=title on_close=move |()| close()>
            <form class="p-4 flex flex-col gap-4 grow min-h-0 overflow-y-auto scroll-thin" on:submit=save data-key-form>
                <div class="grid sm:grid-cols-2 gap-3">
                    <Field id="key-name" label=t(KEY_NAME) required=true error=fault(&["name"])>
                        <input id="key-name" class="input" required maxlength="100" prop:value=move || form.name.get() on:input=move |ev| form.name.set(event_target_value(&ev))/>
                    </Field>
                    <Field id="key-role" label=t(KEY_ROLE) hint=t(KEY_ROLE_HINT) required=form.service error=fault(&["role"])>
                        <Combobox id="key-role" chosen=form.role lookup=reference::lookup("role")/>
                    </Field>
                    {service}
                    <fieldset class="text-[13px] sm:col-span-full flex flex-wrap gap-x-5 gap-y-1">
                        <legend class="muted">{t(KEY_ACTIONS)}</legend>
                        {actions.collect_view()}
                    </fieldset>
                    <Field id="key-objects" label=t(KEY_OBJECTS) hint=t(KEY_OBJECTS_HINT) error=fault(&["objects"]) wide=true>
                        <Combobox id="key-objects" chosen=form.objects many=true lookup=ui::combobox::fixed(objects)/>
                    </Field>
                    {move || field_lists(form)}
                    <Field id="key-networks" label=t(KEY_NETWORKS) hint=t(LIMIT_NETWORKS_HINT) error=fault(&["networks"])>
                        <textarea id="key-networks" class="input !h-16 py-2 font-mono" spellcheck="false" prop:value=move || form.networks.get()
                            on:change=move |ev| form.networks.set(event_target_value(&ev))></textarea>
                    </Field>
                    <Field id="key-expires" label=t(KEY_EXPIRY) hint=t(KEY_EXPIRY_HINT) error=fault(&["expires_at"])>
                        <DateInput id="key-expires" value=form.expires/>
                    </Field>
                </div>
                {preview(form, id)}
                <div class="flex justify-end gap-2">
                    <Button label=t(CANCEL) look=Look::Quiet on_click=move |_| close()/>
                    <Button label=t(SAVE) look=Look::Primary submit=true busy=busy/>
                </div>
            </form>
        </Layer>
    }
    .into_any()
}

/// For each chosen object, all its fields or some.
fn field_lists(form: Form) -> AnyView {
    let chosen: Vec<Arc<ObjectMeta>> = form.objects.get().iter().filter_map(|i| catalog::object(&i.value)).collect();
    if chosen.is_empty() {
        return ().into_any();
    }
    view! {
        <fieldset class="sm:col-span-full text-[13px]">
            <legend class="muted">{t(KEY_FIELDS)}</legend>
            {chosen.into_iter().map(|object| field_list(form, object)).collect_view()}
        </fieldset>
    }
    .into_any()
}

fn field_list(form: Form, object: Arc<ObjectMeta>) -> AnyView {
    let name = StoredValue::new(object.name.to_string());
    let only = Memo::new(move |_| form.fields.with(|f| f.get(&name.get_value()).cloned()));
    let all = move || only.with(Option::is_none);
    let title = object.title.to_string();
    let toggle_all = move |on: bool| {
        form.fields.update(|f| match on {
            true => drop(f.remove(&name.get_value())),
            // At least what it is called.
            false => drop(f.insert(name.get_value(), BTreeSet::from([title.clone()]))),
        });
    };
    let shown: Vec<(String, String)> = object
        .fields
        .iter()
        .filter(|f| {
            !f.secret
                && !matches!(f.key.as_ref(), "id" | "version" | "deleted_at" | "deleted_by")
                && !f.key.ends_with("_e164")
        })
        .map(|f| (f.key.to_string(), label(&f.label)))
        .collect();
    let boxes = move || {
        (!all()).then(|| {
            let each = shown.clone().into_iter().map(|(key, text)| {
                let (mine, toggled) = (key.clone(), key);
                let on = move || only.with(|o| o.as_ref().is_some_and(|o| o.contains(&mine)));
                view! {
                    <label class="inline-flex items-center gap-2 min-h-8 min-w-0">
                        <input type="checkbox" prop:checked=on on:change=move |ev| form.fields.update(|f| {
                            let list = f.entry(name.get_value()).or_default();
                            match event_target_checked(&ev) {
                                true => drop(list.insert(toggled.clone())),
                                false => drop(list.remove(&toggled)),
                            }
                        })/>
                        <span class="truncate">{text}</span>
                    </label>
                }
            });
            view! { <div class="grid grid-cols-2 sm:grid-cols-3 gap-x-3 ps-6">{each.collect_view()}</div> }
        })
    };
    view! {
        <div class="border-t border-base-300/60 py-1">
            <label class="flex items-center gap-2 min-h-8 pointer-coarse:min-h-11">
                <input type="checkbox" prop:checked=all on:change=move |ev| toggle_all(event_target_checked(&ev))/>
                <span class="font-semibold">{label(&object.label_many)}</span><span class="muted">{t(KEY_ALL_FIELDS)}</span>
            </label>
            {boxes}
        </div>
    }
    .into_any()
}

/// What such a key would reach, asked anew with every change.
fn preview(form: Form, id: StoredValue<Option<String>>) -> AnyView {
    let found: RwSignal<Option<Result<Vec<ObjectReach>, ApiError>>> = RwSignal::new(None);
    let wish = Memo::new(move |_| {
        let mut wish = form.wish();
        wish.insert("name".into(), json!("–"));
        wish.remove("expires_at");
        wish.insert("service".into(), json!(form.service.get() && form.role.with(|r| !r.is_empty())));
        wish
    });
    Effect::new(move || {
        let asked = wish.get();
        leptos::task::spawn_local(async move {
            let answer = keys::preview(id.get_value().as_deref(), &Value::Object(asked.clone())).await;
            if wish.try_get_untracked() == Some(asked) {
                let _ = found.try_set(Some(answer));
            }
        });
    });
    let missing = move || form.service.get() && form.role.with(Vec::is_empty);
    view! {
        <section aria-live="polite" class="panel p-3">
            <h3 class="font-semibold text-[13px] pb-1">{t(KEY_REACH)}</h3>
            <div class="max-h-56 overflow-y-auto scroll-thin" tabindex="0" role="region" aria-label=t(KEY_REACH)>
                {move || match found.get() {
                    _ if missing() => view! { <p class="muted text-[13px]">{t(KEY_SERVICE_HINT)}</p> }.into_any(),
                    None => ui::loading_rows(2),
                    Some(Err(error)) => view! { <p class="text-[13px] text-error">{error.items().first().map_or_else(|| error.message(), |i| i.message.clone())}</p> }.into_any(),
                    Some(Ok(all)) => reach::list(all),
                }}
            </div>
        </section>
    }
    .into_any()
}
