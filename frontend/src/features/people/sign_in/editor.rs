//! A provider or a directory being made or changed: its fields, the secret, groups and roles, a test, and what saving
//! it would do to people.

use super::mapping::Mapping;
use super::{Part, check};
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::api::{actions, outside};
use crate::fields::{self, Input};
use crate::i18n::{
    CANCEL, ELSEWHERE_EFFECT_AGAIN, ELSEWHERE_EFFECT_ROLES, ELSEWHERE_EFFECT_SHUT, ELSEWHERE_EFFECT_STRANGERS,
    ELSEWHERE_PASSWORD, ELSEWHERE_REDIRECT, ELSEWHERE_SECRET, ELSEWHERE_SECRET_KEPT, ELSEWHERE_TEST, NEW_OBJECT, SAVE,
    SAVED, label, t, tf,
};
use crate::state::toast;
use crate::ui::{Button, Field, Layer, Look, Shape, icon};
use kezhan_meta::layout::Layout;
use kezhan_meta::{FieldMeta, FieldType, Record, system};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

/// What is being changed.
#[derive(Clone)]
struct Form {
    part: Part,
    base: Option<Record>,
    fields: StoredValue<Vec<(FieldMeta, RwSignal<Value>)>>,
    mapping: Mapping,
    secret: RwSignal<String>,
    faults: RwSignal<Option<ApiError>>,
}

impl Form {
    fn open(part: Part, base: Option<Record>) -> Form {
        let shown = |f: &&FieldMeta| {
            !f.read_only && !f.secret && !f.hidden && f.key != "group_roles" && !system::is_system(&f.key)
        };
        let fields = part.few.object.fields.iter().filter(shown).map(|field| {
            let value = match &base {
                Some(record) => record.value(&field.key).clone(),
                None => fields::usual(field),
            };
            (field.clone(), RwSignal::new(value))
        });
        Form {
            fields: StoredValue::new(fields.collect()),
            mapping: Mapping::new(base.as_ref().map_or(&Value::Null, |r| r.value("group_roles"))),
            secret: RwSignal::new(String::new()),
            faults: RwSignal::new(None),
            part,
            base,
        }
    }

    fn find(&self, key: &str) -> Option<(FieldMeta, RwSignal<Value>)> {
        self.fields.with_value(|all| all.iter().find(|(f, _)| f.key == key).cloned())
    }

    /// Everything, as it stands.
    fn values(&self) -> Record {
        let mut record = Record::new();
        self.fields.with_value(|all| {
            for (field, value) in all {
                record.insert(field.key.to_string(), value.get());
            }
        });
        record.insert("group_roles".into(), self.mapping.value());
        record
    }

    /// What differs from what is stored.
    fn change(&self) -> Record {
        let values = self.values();
        match &self.base {
            None => values,
            Some(base) => values.into_iter().filter(|(key, value)| base.value(key) != value).collect(),
        }
    }

    fn fault(&self, key: &'static str) -> Signal<Option<String>> {
        let faults = self.faults;
        Signal::derive(move || {
            let items = faults.with(|f| f.as_ref().map(|f| f.items().to_vec())).unwrap_or_default();
            items.into_iter().find(|item| item.field == key).map(|item| item.message)
        })
    }

    /// Said below as well: the field may be out of sight.
    fn first_fault(&self) -> Option<String> {
        let item = self.faults.with(|f| f.as_ref().and_then(|f| f.items().first().cloned()))?;
        let name = self.part.few.object.field(&item.field).map(|f| label(&f.label));
        Some(name.map_or_else(|| item.message.clone(), |name| format!("{name}: {}", item.message)))
    }

    fn typed_secret(&self) -> Option<String> {
        Some(self.secret.get_untracked()).filter(|s| !s.is_empty())
    }

    fn told(&self, error: ApiError) {
        match error.items().is_empty() {
            true => toast::error(&error),
            false => {
                let known = |field: &str| field == "secret" || field == "group_roles" || self.find(field).is_some();
                if !error.items().iter().any(|item| known(&item.field)) {
                    toast::error(&error);
                }
                let _ = self.faults.try_set(Some(error));
            }
        }
    }
}

pub fn layer(part: Part, base: Option<Record>, close: Callback<()>) -> AnyView {
    let form = Form::open(part.clone(), base);
    let (busy, testing, tested) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None::<Value>));
    let title = match &form.base {
        Some(record) => record.title(&part.few.object),
        None => tf(NEW_OBJECT, &[("object", &label(&part.few.object.label))]),
    };
    let directory = part.is_directory();
    let test = {
        let form = form.clone();
        move |_| {
            let form = form.clone();
            testing.set(true);
            form.faults.set(None);
            tested.set(None);
            leptos::task::spawn_local(async move {
                let values = untrack(|| form.values());
                let answer = match directory {
                    true => {
                        let id = form.base.as_ref().map(RecordExt::id);
                        outside::check_directory(id, &values, form.typed_secret().as_deref()).await
                    }
                    false => outside::check_provider(values.value("issuer")).await,
                };
                let _ = testing.try_set(false);
                match answer {
                    Ok(said) => drop(tested.try_set(Some(said))),
                    Err(error) => form.told(error),
                }
            });
        }
    };
    let save = {
        let form = form.clone();
        move |_| {
            let form = form.clone();
            busy.set(true);
            form.faults.set(None);
            leptos::task::spawn_local(async move {
                let stored = store(&form).await;
                let _ = busy.try_set(false);
                match stored {
                    Ok(()) => {
                        toast::done(t(SAVED));
                        form.part.few.load();
                        close.run(());
                    }
                    Err(error) => form.told(error),
                }
            });
        }
    };
    let result = move || {
        tested.get().map(|said| {
            let body = if directory { check::directory(&said) } else { check::provider(&said) };
            view! { <div class="px-4 py-3 border-t border-base-300 max-h-[40%] overflow-y-auto scroll-thin shrink-0 text-[13px]" data-check role="status" tabindex="0">{body}</div> }
        })
    };
    let effect = effect(form.clone());
    let wrong = {
        let form = form.clone();
        move || form.first_fault().map(|text| view! { <p class="text-error">{text}</p> })
    };
    view! {
        <Layer shape=Shape::Wide label=title on_close=close>
            <div class="p-4 overflow-y-auto scroll-thin grow flex flex-col gap-4" data-editor=part.key>
                {sections(&form)}
            </div>
            {result}
            <footer class="flex flex-wrap items-center gap-2 p-3 border-t border-base-300 shrink-0">
                <div class="grow basis-full sm:basis-auto text-[13px] text-warning"><div role="alert">{wrong}</div><div role="status">{effect}</div></div>
                <Button label=t(ELSEWHERE_TEST) icon="plug-zap" busy=testing on_click=test/>
                <Button label=t(CANCEL) on_click=move |_| close.run(())/>
                <Button label=t(SAVE) look=Look::Primary busy=busy on_click=save/>
            </footer>
        </Layer>
    }
    .into_any()
}

/// First the record, then the secret: that one belongs to what is stored.
async fn store(form: &Form) -> Result<(), ApiError> {
    let object = &form.part.few.object;
    let change = untrack(|| form.change());
    let stored = match &form.base {
        Some(base) if change.is_empty() => base.clone(),
        Some(base) => records::update(object, base.id(), &change, base.version()).await?,
        None => records::create(object, &change).await?,
    };
    if let Some(secret) = form.typed_secret() {
        let input = Record::from_iter([("secret".to_owned(), json!(secret))]);
        actions::perform(object, stored.id(), "set_secret", &input, None).await?;
    }
    Ok(())
}

fn sections(form: &Form) -> AnyView {
    let mut out: Vec<AnyView> = Vec::new();
    // As the object's layout has them.
    let layout = Layout::generated(&form.part.few.object);
    for section in layout.sections {
        let mut controls: Vec<AnyView> = Vec::new();
        for place in &section.fields {
            if place.field == "group_roles" {
                let title = form.part.few.object.field("group_roles").map(|f| label(&f.label)).unwrap_or_default();
                controls.push(form.mapping.view(title, form.fault("group_roles")));
                continue;
            }
            let Some((field, value)) = form.find(&place.field) else { continue };
            let secret_next = matches!(field.key.as_ref(), "client_id" | "bind_dn");
            controls.push(control(form, field, value));
            if secret_next {
                controls.push(secret(form));
            }
        }
        if controls.is_empty() {
            continue;
        }
        let title = label(&section.title);
        out.push(
            view! {
                <fieldset class="grid sm:grid-cols-2 gap-3 content-start">
                    <legend class="font-semibold text-[13px] mb-2">{title}</legend>
                    {controls}
                </fieldset>
            }
            .into_any(),
        );
    }
    out.into_any()
}

fn control(form: &Form, field: FieldMeta, value: RwSignal<Value>) -> AnyView {
    let id = format!("elsewhere-{}", field.key);
    let key: &'static str = field.key.to_string().leak();
    let error = form.fault(key);
    let wide = fields::wide(&field);
    // Asked for only where it is of use.
    let source = form.find("department_source").map(|(_, value)| value);
    let visible = move || key != "department_attribute" || source.is_some_and(|s| s.get() == json!("attribute"));
    let input = fields::input(Input {
        id: id.clone(),
        field: field.clone(),
        value,
        expanded: None,
        home: None,
        invalid: Signal::derive(move || error.get().is_some()),
        done: Callback::new(|()| ()),
    });
    let class = move || match (visible(), wide) {
        (false, _) => "hidden",
        (true, true) => "sm:col-span-full min-w-0",
        (true, false) => "min-w-0",
    };
    view! { <div class=class><Field id=id label=label(&field.label) required=field.required && field.kind != FieldType::Boolean error=error hint=fields::help(&field)>{input}</Field></div> }
        .into_any()
}

fn secret(form: &Form) -> AnyView {
    let kept = form.base.as_ref().is_some_and(|r| r.value("secret_set").as_bool() == Some(true));
    let name = if form.part.is_directory() { ELSEWHERE_PASSWORD } else { ELSEWHERE_SECRET };
    let (value, hint) = (form.secret, if kept { t(ELSEWHERE_SECRET_KEPT) } else { "" });
    let redirect = (!form.part.is_directory()).then(|| {
        let address = RwSignal::new(String::new());
        leptos::task::spawn_local(async move {
            let _ = address.try_set(outside::places("").await.redirect_uri);
        });
        view! {
            <div class="sm:col-span-full rounded-md bg-info/10 px-3 py-2 text-[13px] flex items-start gap-2">
                {icon("info")}<p class="min-w-0">{t(ELSEWHERE_REDIRECT)}" "<code class="break-all">{move || address.get()}</code></p>
            </div>
        }
    });
    view! {
        <Field id="elsewhere-secret" label=t(name) hint=hint error=form.fault("secret")>
            <input id="elsewhere-secret" type="password" class="input" autocomplete="new-password" prop:value=move || value.get()
                on:input=move |ev| value.set(event_target_value(&ev))/>
        </Field>
        {redirect}
    }
    .into_any()
}

/// What saving would do to people, asked anew once the form rests.
fn effect(form: Form) -> impl Fn() -> Option<AnyView> {
    let told = RwSignal::new(None::<Value>);
    let asked = StoredValue::new(0_u32);
    let secret = form.secret;
    Effect::new(move || {
        let Some(base) = form.base.clone() else { return };
        let change = form.change();
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        told.set(None);
        if change.is_empty() {
            return;
        }
        let object = form.part.few.object.clone();
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    if asked.try_get_value() != Some(mine) {
                        return;
                    }
                    let input = Record::from_iter([("change".to_owned(), json!(change))]);
                    let answer = actions::perform(&object, base.id(), "preview_change", &input, None).await;
                    if let Ok(answer) = answer
                        && asked.try_get_value() == Some(mine)
                    {
                        let _ = told.try_set(Some(answer));
                    }
                });
            },
            Duration::from_millis(400),
        );
    });
    move || {
        let said = told.get()?;
        let n = |key: &str| said[key].as_i64().unwrap_or_default();
        let mut lines: Vec<String> = Vec::new();
        let mut say = |count: i64, text| {
            if count > 0 {
                lines.push(tf(text, &[("n", &count.to_string())]));
            }
        };
        say(n("strangers"), ELSEWHERE_EFFECT_STRANGERS);
        say(n("shut_out"), ELSEWHERE_EFFECT_SHUT);
        say(n("roles_left"), ELSEWHERE_EFFECT_ROLES);
        if said["secret_again"].as_bool() == Some(true) && secret.with(String::is_empty) {
            lines.push(t(ELSEWHERE_EFFECT_AGAIN).to_owned());
        }
        (!lines.is_empty()).then(|| lines.into_iter().map(|line| view! { <p>{line}</p> }).collect_view().into_any())
    }
}
