//! An application being registered or changed; what it may be let do is chosen by object.

use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::features::people::matrix::{action_name, objects};
use crate::fields::{self, Input};
use crate::i18n::{
    APPS_ADD, APPS_REDIRECT_HINT, APPS_ROLE_HINT, APPS_SCOPES_HINT, CANCEL, KEY_ACTIONS_WRITE, ROLE_REST_ALL, SAVE,
    SAVED, label, t,
};
use crate::record::few::Few;
use crate::state::{catalog, toast};
use crate::ui::combobox::fixed;
use crate::ui::{Button, Combobox, Field, Item, Layer, Look, Shape};
use kezhan_meta::Record;
use leptos::prelude::*;
use serde_json::{Value, json};

/// Fields that the form shows as the object declares them, each with what is worth knowing.
const PLAIN: [(&str, bool); 7] = [
    ("name", false),
    ("kind", false),
    ("description", true),
    ("website", false),
    ("role", false),
    ("redirect_uris", true),
    ("active", false),
];
const SCOPES: &str = "scopes";
const EVERY: &str = "*";

/// `account:read` in words, the scope itself beside.
fn item(scope: &str) -> Item {
    let Some((object, action)) = scope.split_once(':') else { return Item::new(scope, scope) };
    let object = match object {
        EVERY => t(ROLE_REST_ALL).to_owned(),
        name => catalog::object(name).map_or_else(|| name.to_owned(), |o| label(&o.label_many)),
    };
    let action = if action == "write" { t(KEY_ACTIONS_WRITE) } else { action_name(action) };
    Item { hint: scope.to_owned(), ..Item::new(scope, format!("{object} · {action}")) }
}

fn offered() -> Vec<Item> {
    let names = objects().into_iter().map(|o| o.name.to_string());
    let each = names.chain([EVERY.to_owned()]).flat_map(|name| ["read", "write"].map(|w| format!("{name}:{w}")));
    each.map(|scope| item(&scope)).collect()
}

pub fn layer(few: Few, app: Option<Record>, close: Callback<()>) -> AnyView {
    let object = few.object.clone();
    let title = app.as_ref().map_or_else(|| t(APPS_ADD).to_owned(), |app| app.title(&object));
    let scopes = app.as_ref().and_then(|app| app.value(SCOPES).as_str().map(str::to_owned)).unwrap_or_default();
    let chosen = RwSignal::new(scopes.split_whitespace().map(item).collect::<Vec<_>>());
    let (busy, faults) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let fault = move |key: &'static str| {
        Signal::derive(move || {
            faults.with(|f| f.as_ref()?.items().iter().find(|i| i.field == key).map(|i| i.message.clone()))
        })
    };
    let drafts: Vec<_> = PLAIN
        .iter()
        .filter_map(|(key, wide)| {
            let field = object.field(key)?.clone();
            let value = app.as_ref().map_or_else(|| fields::usual(&field), |app| app.value(key).clone());
            Some((*key, *wide, field, RwSignal::new(value)))
        })
        .collect();
    let controls = drafts.iter().map(|(key, wide, field, value)| {
        let (key, id) = (*key, format!("app-{key}"));
        let error = fault(key);
        let hint = match key {
            "redirect_uris" => t(APPS_REDIRECT_HINT),
            "role" => t(APPS_ROLE_HINT),
            _ => "",
        };
        let input = fields::input(Input {
            id: id.clone(),
            field: field.clone(),
            value: *value,
            expanded: None,
            home: None,
            invalid: Signal::derive(move || error.get().is_some()),
            done: Callback::new(|()| ()),
        });
        view! { <Field id=id label=label(&field.label) required=field.required && key != "active" error=error hint=hint wide=*wide>{input}</Field> }
            .into_any()
    });
    let mut controls: Vec<AnyView> = controls.collect();
    let name = object.field(SCOPES).map(|f| label(&f.label)).unwrap_or_default();
    let choice = view! {
        <Field id="app-scopes" label=name required=true hint=t(APPS_SCOPES_HINT) error=fault(SCOPES) wide=true>
            <Combobox id="app-scopes" chosen=chosen many=true free=true lookup=fixed(offered())/>
        </Field>
    };
    // After what it is, before where it sends people.
    controls.insert(controls.len().min(5), choice.into_any());
    let save = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let mut record: Record =
            drafts.iter().map(|(key, _, _, value)| ((*key).to_owned(), value.get_untracked())).collect();
        let all: Vec<String> = chosen.with_untracked(|c| c.iter().map(|i| i.value.clone()).collect());
        record.insert(SCOPES.into(), if all.is_empty() { Value::Null } else { json!(all.join(" ")) });
        busy.set(true);
        let (few, app) = (few.clone(), app.clone());
        leptos::task::spawn_local(async move {
            let answer = match &app {
                Some(app) => records::update(&few.object, app.id(), &record, app.version()).await,
                None => records::create(&few.object, &record).await,
            };
            let _ = busy.try_set(false);
            match answer {
                Ok(_) => {
                    toast::done(t(SAVED));
                    few.load();
                    close.run(());
                }
                Err(error) if error.items().is_empty() => toast::error(&error),
                Err(error) => drop(faults.try_set(Some(error))),
            }
        });
    };
    view! {
        <Layer shape=Shape::Wide label=title on_close=close>
            <form class="flex flex-col min-h-0 grow" novalidate on:submit=save data-app-form>
                <div class="p-4 overflow-y-auto scroll-thin grow grid sm:grid-cols-2 gap-3 content-start">{controls}</div>
                <footer class="flex justify-end gap-2 p-3 border-t border-base-300 shrink-0">
                    <Button label=t(CANCEL) on_click=move |_| close.run(())/>
                    <Button label=t(SAVE) look=Look::Primary submit=true busy=busy/>
                </footer>
            </form>
        </Layer>
    }
    .into_any()
}
