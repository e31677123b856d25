//! Sharing rules: which records are opened to whom, by condition.

use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::fields::reference;
use crate::fields::{self, Input};
use crate::i18n::{
    CANCEL, DELETE, DELETED, EDIT, SAVE, SAVED, SHARING_ADD, SHARING_CONDITION, SHARING_EFFECT, SHARING_EMPTY,
    SHARING_OFF, SHARING_TEXT, SHARING_TITLE, SHARING_WITH, UNDO, label, t, tf,
};
use crate::layout::shell;
use crate::record::filter::{Builder, words};
use crate::record::url::Url;
use crate::state::{catalog, session, toast};
use crate::ui::{self, Button, Field, Layer, Look, Shape, badge};
use kezhan_meta::query::{Count, ListQuery, Sort};
use kezhan_meta::{Filter, ObjectMeta, Op, Record, Scope, Tone};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const PRINCIPALS: [&str; 3] = ["user", "unit", "role"];

type Rules = RwSignal<Option<Result<Vec<Record>, ApiError>>>;

pub fn screen() -> AnyView {
    let Some(object) = catalog::object("sharing_rule").filter(|_| session::may("sharing_rule", "configure")) else {
        return shell::missing();
    };
    let url = Url::new();
    let all: Rules = RwSignal::new(None);
    load(&object, all);
    let open = Memo::new(move |_| url.get("rule"));
    let meta = object.clone();
    let body = move || match all.get() {
        None => ui::loading_rows(6),
        Some(Err(error)) => {
            let meta = meta.clone();
            ui::failed(&error, move || load(&meta, all))
        }
        Some(Ok(rules)) if rules.is_empty() => ui::empty("share-2", t(SHARING_EMPTY), t(SHARING_TEXT), ().into_any()),
        Some(Ok(rules)) => {
            let lines = rules.into_iter().map(|rule| line(&meta, rule, url, all)).collect_view();
            view! { <ul class="flex flex-col gap-2 p-4 max-w-4xl">{lines}</ul> }.into_any()
        }
    };
    let meta = object.clone();
    let editor = move || {
        let id = open.get()?;
        let rule = match all.get() {
            Some(Ok(rules)) => rules.into_iter().find(|r| r.id() == id),
            _ => return None,
        };
        (rule.is_some() || id == "new").then(|| editor(meta.clone(), rule, url, all))
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            <div class="px-4 py-3 border-b border-base-300 shrink-0 flex flex-wrap items-center gap-3">
                <div class="grow">
                    <h1 class="font-semibold text-base">{t(SHARING_TITLE)}</h1>
                    <p class="muted text-[13px]">{t(SHARING_TEXT)}</p>
                </div>
                <Button label=t(SHARING_ADD) look=Look::Primary icon="plus" on_click=move |_| url.push(&[("rule", Some("new".to_owned()))])/>
            </div>
            <div class="grow min-h-0 overflow-y-auto scroll-thin">{body}</div>
        </section>
        {editor}
    }
    .into_any()
}

fn load(object: &Arc<ObjectMeta>, all: Rules) {
    let object = object.clone();
    leptos::task::spawn_local(async move {
        let query = ListQuery { sort: vec![Sort::parse("name")], limit: Some(200), ..ListQuery::default() };
        let _ = all.try_set(Some(records::query(&object.plural, &query).await.map(|page| page.data)));
    });
}

fn line(object: &Arc<ObjectMeta>, rule: Record, url: Url, all: Rules) -> AnyView {
    let id = rule.id().to_owned();
    let text = |key: &str| rule.value(key).as_str().unwrap_or_default().to_owned();
    let about = catalog::object(&text("object"));
    let what = about.as_ref().map_or_else(|| text("object"), |o| label(&o.label_many));
    let condition = serde_json::from_value::<Filter>(rule.value("condition").clone()).ok();
    let sentence = about.zip(condition).map(|(about, condition)| words::sentence(&about, &condition));
    let with = PRINCIPALS.iter().find(|key| rule.value(key).is_string());
    let with = with.and_then(|key| object.field(key)).map(|field| {
        let name = reference::names_later(field.target().unwrap_or_default(), rule.value(&field.key));
        let kind = label(&field.label);
        move || format!("{kind} {}", name.get())
    });
    let level = object.field("level").map(|f| fields::cell(fields::Shown::of(f, &rule)));
    let off = rule.value("active").as_bool() == Some(false);
    let edit = {
        let id = id.clone();
        move |_| url.push(&[("rule", Some(id.clone()))])
    };
    let remove = {
        let (object, rule) = (object.clone(), rule.clone());
        move |_| delete(object.clone(), rule.clone(), all)
    };
    view! {
        <li class="panel p-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-[13px]">
            <div class="grow min-w-56">
                <p class="font-semibold flex items-center gap-2">{text("name")}{off.then(|| badge(t(SHARING_OFF), Tone::Neutral))}</p>
                <p class="muted">{what}" · "{move || sentence.map(|s| s.get())}</p>
            </div>
            <p class="inline-flex items-center gap-2">{with}{level}</p>
            <div class="flex gap-1">
                <Button label=t(EDIT) icon="pencil" icon_only=true look=Look::Quiet on_click=edit/>
                <Button label=t(DELETE) icon="trash-2" icon_only=true look=Look::Quiet on_click=remove/>
            </div>
        </li>
    }
    .into_any()
}

fn delete(object: Arc<ObjectMeta>, rule: Record, all: Rules) {
    leptos::task::spawn_local(async move {
        match records::delete(&object, rule.id(), rule.version()).await {
            Ok(()) => {
                load(&object, all);
                let (title, id) = (rule.title(&object), rule.id().to_owned());
                toast::undoable(tf(DELETED, &[("title", &title)]), t(UNDO), move || {
                    let (object, id) = (object.clone(), id.clone());
                    leptos::task::spawn_local(async move {
                        match records::restore(&object, &id).await {
                            Ok(()) => load(&object, all),
                            Err(error) => toast::error(&error),
                        }
                    });
                });
            }
            Err(error) => toast::error(&error),
        }
    });
}

/// What is being changed.
#[derive(Clone)]
struct Form {
    meta: Arc<ObjectMeta>,
    name: RwSignal<Value>,
    object: RwSignal<String>,
    builder: RwSignal<Option<Builder>>,
    kind: RwSignal<&'static str>,
    principal: RwSignal<Value>,
    level: RwSignal<Value>,
    active: RwSignal<bool>,
}

impl Form {
    fn open(meta: &Arc<ObjectMeta>, rule: Option<&Record>) -> Form {
        let empty = Record::new();
        let record = rule.unwrap_or(&empty);
        let first = objects().first().map(|o| o.name.to_string()).unwrap_or_default();
        let object = record.value("object").as_str().map_or(first, str::to_owned);
        let kind = PRINCIPALS.into_iter().find(|key| record.value(key).is_string()).unwrap_or("unit");
        let filter = serde_json::from_value(record.value("condition").clone()).unwrap_or_else(|_| Filter::all());
        let level = record.value("level").as_str().unwrap_or("read").to_owned();
        Form {
            meta: meta.clone(),
            name: RwSignal::new(record.value("name").clone()),
            builder: RwSignal::new(catalog::object(&object).map(|o| Builder::new(&filter, &o))),
            object: RwSignal::new(object),
            kind: RwSignal::new(kind),
            principal: RwSignal::new(record.value(kind).clone()),
            level: RwSignal::new(json!(level)),
            active: RwSignal::new(record.value("active").as_bool() != Some(false)),
        }
    }

    fn filter(&self) -> Filter {
        self.builder.with(|b| b.as_ref().map_or_else(Filter::all, Builder::filter))
    }

    fn record(&self) -> Record {
        let mut record = Record::new();
        record.insert("name".into(), self.name.get_untracked());
        record.insert("object".into(), json!(self.object.get_untracked()));
        record.insert("condition".into(), json!(untrack(|| self.filter())));
        for key in PRINCIPALS {
            let value = if key == self.kind.get_untracked() { self.principal.get_untracked() } else { Value::Null };
            record.insert(key.into(), value);
        }
        record.insert("level".into(), self.level.get_untracked());
        record.insert("active".into(), json!(self.active.get_untracked()));
        record
    }

    fn input(&self, key: &str, value: RwSignal<Value>) -> Option<AnyView> {
        let field = self.meta.field(key)?.clone();
        let done = Callback::new(|()| ());
        let id = format!("sharing-{key}");
        Some(fields::input(Input {
            id,
            field,
            value,
            expanded: None,
            home: None,
            invalid: Signal::stored(false),
            done,
        }))
    }
}

/// Objects that have owners, and are worth sharing.
fn objects() -> Vec<Arc<ObjectMeta>> {
    catalog::catalog().objects().filter(|o| o.scope == Scope::Owned).cloned().collect()
}

fn editor(meta: Arc<ObjectMeta>, rule: Option<Record>, url: Url, all: Rules) -> AnyView {
    let form = Form::open(&meta, rule.as_ref());
    let close = move || url.replace(&[("rule", None)]);
    let (busy, faults) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let fault = move |keys: &'static [&'static str]| {
        Signal::derive(move || {
            let items = faults.with(|f| f.as_ref().map(|f| f.items().to_vec())).unwrap_or_default();
            items.into_iter().find(|item| keys.contains(&item.field.as_str())).map(|item| item.message)
        })
    };
    let named = meta.clone();
    let name_of = move |key: &str| named.field(key).map(|f| label(&f.label)).unwrap_or_default();
    let names = ["name", "object", "level", "active"].map(&name_of);
    let objects_now = form.object;
    let options = objects().into_iter().map(move |o| {
        let name = o.name.to_string();
        view! { <option value=name.clone() selected=objects_now.get_untracked() == name>{label(&o.label_many)}</option> }
    });
    let builder = form.builder;
    let choose = move |name: String| {
        builder.set(catalog::object(&name).map(|o| Builder::new(&Filter::all(), &o)));
        objects_now.set(name);
    };
    let (kind, principal) = (form.kind, form.principal);
    let kinds = PRINCIPALS.map(|key| {
        view! { <option value=key selected=kind.get_untracked() == key>{name_of(key)}</option> }
    });
    let save = {
        let (form, meta) = (form.clone(), meta.clone());
        move |_| {
            let (record, meta, rule) = (form.record(), meta.clone(), rule.clone());
            busy.set(true);
            leptos::task::spawn_local(async move {
                let answer = match &rule {
                    Some(rule) => records::update(&meta, rule.id(), &record, rule.version()).await,
                    None => records::create(&meta, &record).await,
                };
                let _ = busy.try_set(false);
                match answer {
                    Ok(_) => {
                        toast::done(t(SAVED));
                        load(&meta, all);
                        close();
                    }
                    Err(error) if error.items().is_empty() => toast::error(&error),
                    Err(error) => drop(faults.try_set(Some(error))),
                }
            });
        }
    };
    let effect = effect(form.clone());
    let title = if url.peek("rule").as_deref() == Some("new") { t(SHARING_ADD) } else { t(SHARING_TITLE) };
    let (level, name, active) = (form.input("level", form.level), form.input("name", form.name), form.active);
    let chooser = {
        let form = form.clone();
        move || form.input(kind.get(), principal)
    };
    view! {
        <Layer shape=Shape::Wide label=title on_close=move |()| close()>
            <div class="p-4 overflow-y-auto scroll-thin grow grid sm:grid-cols-2 gap-3 content-start" data-sharing>
                <Field id="sharing-name" label=names[0].clone() required=true error=fault(&["name"])>{name}</Field>
                <Field id="sharing-object" label=names[1].clone() required=true error=fault(&["object"])>
                    <select id="sharing-object" class="select" on:change=move |ev| choose(event_target_value(&ev))>{options.collect_view()}</select>
                </Field>
                <div class="sm:col-span-full flex flex-col gap-1">
                    <p class="text-[13px] muted">{t(SHARING_CONDITION)}</p>
                    <div class="panel p-3">{move || builder.with(|b| b.as_ref().map(Builder::view))}</div>
                    <p class="text-xs text-error" role="alert">{move || fault(&["condition"]).get()}</p>
                </div>
                <Field id="sharing-kind" label=t(SHARING_WITH) required=true error=fault(&PRINCIPALS)>
                    <div class="flex gap-2">
                        <select id="sharing-kind" class="select !w-auto min-w-24 shrink-0" on:change=move |ev| {
                            let wanted = event_target_value(&ev);
                            if let Some(key) = PRINCIPALS.into_iter().find(|key| *key == wanted) {
                                principal.set(Value::Null);
                                kind.set(key);
                            }
                        }>{kinds}</select>
                        <div class="grow min-w-0">{chooser}</div>
                    </div>
                </Field>
                <Field id="sharing-level" label=names[2].clone() error=fault(&["level"])>{level}</Field>
                <label class="inline-flex items-center gap-2 text-[13px]">
                    <input type="checkbox" class="toggle" prop:checked=move || active.get() on:change=move |ev| active.set(event_target_checked(&ev))/>
                    {names[3].clone()}
                </label>
            </div>
            <footer class="flex flex-wrap items-center gap-2 p-3 border-t border-base-300 shrink-0">
                <p class="grow text-[13px]" role="status">{effect}</p>
                <Button label=t(CANCEL) on_click=move |_| close()/>
                <Button label=t(SAVE) look=Look::Primary busy=busy on_click=save/>
            </footer>
        </Layer>
    }
    .into_any()
}

/// How many records would be open to how many people, asked anew once the form rests.
fn effect(form: Form) -> impl Fn() -> Option<String> {
    let told = RwSignal::new(None::<(i64, i64)>);
    let asked = StoredValue::new(0_u32);
    Effect::new(move || {
        let (object, filter) = (form.object.get(), form.filter());
        let (kind, principal) = (form.kind.get(), form.principal.get());
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        told.set(None);
        let (Some(object), Some(principal)) = (catalog::object(&object), principal.as_str().map(str::to_owned)) else {
            return;
        };
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    if asked.try_get_value() != Some(mine) {
                        return;
                    }
                    let records = count(&object.plural, filter).await;
                    let people = people(kind, &principal).await;
                    if let (Some(records), Some(people)) = (records, people)
                        && asked.try_get_value() == Some(mine)
                    {
                        let _ = told.try_set(Some((records, people)));
                    }
                });
            },
            Duration::from_millis(400),
        );
    });
    move || {
        let (records, people) = told.get()?;
        let number = |n: i64| bridge::decimal(&n.to_string(), 0, 0);
        Some(tf(SHARING_EFFECT, &[("n", &number(records)), ("people", &number(people))]))
    }
}

async fn count(plural: &str, filter: Filter) -> Option<i64> {
    let filter = (!filter.is_all()).then_some(filter);
    let query = ListQuery { filter, limit: Some(1), count: Count::Exact, ..ListQuery::default() };
    records::query(plural, &query).await.ok()?.count
}

/// How many people a principal stands for.
async fn people(kind: &str, principal: &str) -> Option<i64> {
    let condition = match kind {
        "user" => return Some(1),
        "role" => Filter::Or(vec![
            Filter::field("role", Op::Eq, json!(principal)),
            Filter::field("more_roles", Op::HasAny, json!([principal])),
        ]),
        _ => Filter::field("home_department", Op::In, json!(below(principal).await?)),
    };
    let present = Filter::field("status", Op::Ne, json!("left"));
    count("users", Filter::And(vec![condition, present])).await
}

/// A department and everything below it.
async fn below(top: &str) -> Option<Vec<String>> {
    let query = ListQuery {
        fields: Some(vec!["id".to_owned(), "parent".to_owned()]),
        limit: Some(1_000),
        ..ListQuery::default()
    };
    let all = records::query("departments", &query).await.ok()?.data;
    let mut found = vec![top.to_owned()];
    let mut at = 0;
    while let Some(parent) = found.get(at).cloned() {
        let children = all.iter().filter(|d| d.value("parent").as_str() == Some(parent.as_str()));
        let children: Vec<String> = children.map(|d| d.id().to_owned()).filter(|id| !found.contains(id)).collect();
        found.extend(children);
        at += 1;
    }
    Some(found)
}
