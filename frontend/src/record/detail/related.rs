//! Records that refer to this one: an account's contacts, deals, tasks.

use super::Open;
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::fields::{self, Shown};
use crate::i18n::{NEW_OBJECT, RELATED_ALL, RELATED_EMPTY, label, t, tf, within};
use crate::lazy;
use crate::record::list::record_url;
use crate::state::{catalog, live, prefs, session};
use crate::ui::{self, Button, icon};
use kezhan_meta::query::ListQuery;
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta, Op, Record, Related, Scope};
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;

#[derive(Clone)]
pub struct Relation {
    related: Related,
    object: Arc<ObjectMeta>,
    /// The field that names this record's object, where what refers here may refer to any.
    kind: Option<String>,
    /// The object refers here through more than one field: the field's name tells which.
    ambiguous: bool,
}

impl Relation {
    pub fn key(&self) -> String {
        format!("{}.{}", self.object.name, self.related.field)
    }

    pub fn label(&self) -> String {
        if let Some(own) = &self.related.label {
            return label(own);
        }
        let name = label(&self.object.label_many);
        match self.object.field(&self.related.field) {
            Some(field) if self.ambiguous => format!("{name} · {}", label(&field.label)),
            _ => name,
        }
    }
}

pub fn of(object: &ObjectMeta) -> Vec<Relation> {
    let catalog = catalog::catalog();
    let all = catalog.related(&object.name);
    // Only what has an owner has a team.
    let teams = catalog.objects().filter(|o| o.opens && object.scope == Scope::Owned).filter_map(|o| {
        let Scope::Polymorphic { object: kind, record } = &o.scope else { return None };
        let related = Related {
            name: o.plural.clone(),
            object: o.name.clone(),
            field: record.clone(),
            timeline: false,
            label: None,
        };
        Some(Relation { related, object: o.clone(), kind: Some(kind.to_string()), ambiguous: false })
    });
    all.iter()
        .filter_map(|related| {
            Some(Relation {
                related: related.clone(),
                object: catalog.get(&related.object)?.clone(),
                kind: None,
                // Those of its own object are not told by its name either.
                ambiguous: related.object == object.name
                    || all.iter().filter(|r| r.object == related.object).count() > 1,
            })
        })
        .chain(teams)
        .collect()
}

/// A short list: the newest first, all of them one step away.
pub fn panel(open: Open, relation: &Relation) -> AnyView {
    let (object, field) = (relation.object.clone(), relation.related.field.to_string());
    let rows = RwSignal::new(None::<Result<records::Page, ApiError>>);
    let id = open.id.get_value();
    let columns: Vec<FieldMeta> = std::iter::once(object.title.to_string())
        .chain(
            object
                .fields
                .iter()
                .filter(|f| f.in_list && f.key != object.title && f.key != field.as_str())
                .map(|f| f.key.to_string()),
        )
        .filter_map(|key| object.field(&key).cloned())
        .take(6)
        .collect();
    let here = open.object().name.to_string();
    let mut filter = Filter::field(field.clone(), Op::Eq, id.clone());
    if let Some(kind) = &relation.kind {
        filter = Filter::field(kind.clone(), Op::Eq, here.clone()).and(filter);
    }
    let mut wanted = vec!["id".to_owned(), "version".to_owned()];
    wanted.extend(object.field("currency").map(|f| f.key.to_string()));
    wanted.extend(columns.iter().map(|f| f.key.to_string()));
    wanted.extend(records::names_of(columns.iter()));
    let load = {
        let (object, filter) = (object.clone(), filter.clone());
        move || {
            let (object, filter, wanted) = (object.clone(), filter.clone(), wanted.clone());
            leptos::task::spawn_local(async move {
                let query =
                    ListQuery { filter: Some(filter), fields: Some(wanted), limit: Some(50), ..ListQuery::default() };
                let answer = records::query(&object.plural, &query).await;
                let _ = rows.try_set(Some(answer));
            });
        }
    };
    let again = load.clone();
    Effect::new(move || {
        live::track();
        load();
    });
    let (base, name) = (format!("/o/{}", object.plural), relation.label());
    // The form opens here, with what ties the new one to this record.
    let kind = relation.kind.as_ref().map(|kind| (format!("with.{kind}"), Some(here.clone())));
    let tie = (format!("with.{field}"), Some(id.clone()));
    let add: Vec<(String, Option<String>)> = std::iter::once(tie).chain(kind).collect();
    let adding = Memo::new(move |_| open.url.get("new").is_some());
    let form = {
        let object = object.clone();
        move || adding.get().then(|| lazy::create_form(object.clone(), open.url))
    };
    let whole =
        format!("{base}?filter={}", records::encode(&super::super::filter::to_text(&filter).unwrap_or_default()));
    let body = {
        let object = object.clone();
        move || match rows.get() {
            None => ui::loading_rows(3),
            Some(Err(error)) => ui::failed(&error, again.clone()),
            Some(Ok(page)) if page.data.is_empty() => {
                ui::empty(&object.icon, tf(RELATED_EMPTY, &[("objects", &within(&name))]), "", ().into_any())
            }
            Some(Ok(page)) => table(&object, &columns, &page.data),
        }
    };
    let go = open.url;
    view! {
        <div class="flex items-center gap-2 px-4 py-2">
            <A href=whole attr:class="link text-[13px]">{t(RELATED_ALL)}</A>
            <div class="grow"></div>
            {session::may(&object.name, "create").then(|| view! {
                <Button label=tf(NEW_OBJECT, &[("object", &label(&object.label))]) icon="plus" on_click=move |_| {
                    let mut changes: Vec<(&str, Option<String>)> = vec![("new", Some("1".to_owned()))];
                    changes.extend(add.iter().map(|(key, value)| (key.as_str(), value.clone())));
                    go.push(&changes);
                }/>
            })}
        </div>
        {body}
        {form}
    }
    .into_any()
}

fn table(object: &ObjectMeta, columns: &[FieldMeta], rows: &[Record]) -> AnyView {
    if prefs::narrow() {
        return view! { <div class="flex flex-col gap-2 px-3 pb-3">{rows.iter().map(|r| card(object, columns, r)).collect_view()}</div> }.into_any();
    }
    let head = columns.iter().map(|f| view! { <th class=if f.kind.is_number() { "px-2.5 h-9 font-normal text-end" } else { "px-2.5 h-9 font-normal text-start" }>{label(if f.kind == FieldType::Id { &object.label } else { &f.label })}</th> }).collect_view();
    let lines = rows.iter().map(|record| {
        let cells = columns.iter().map(|field| {
            let content = if field.key == object.title {
                let (url, title) = (record_url(object, record.id()), record.title(object));
                view! { <A href=url attr:class="font-semibold truncate hover:text-primary hover:underline underline-offset-4">{title}</A> }.into_any()
            } else {
                fields::cell(Shown::of(field, record))
            };
            view! { <td class=if field.kind.is_number() { "px-2.5 h-9 text-end max-w-56" } else { "px-2.5 h-9 max-w-56" }><div class="truncate">{content}</div></td> }
        });
        view! { <tr class="border-t border-base-300/60 hover:bg-base-content/3">{cells.collect_view()}</tr> }
    });
    view! {
        <div class="overflow-x-auto px-2 pb-4">
            <table class="w-full text-[13px]"><thead class="muted"><tr>{head}</tr></thead><tbody>{lines.collect_view()}</tbody></table>
        </div>
    }
    .into_any()
}

fn card(object: &ObjectMeta, columns: &[FieldMeta], record: &Record) -> AnyView {
    let facts = columns
        .iter()
        .skip(1)
        .map(|f| Shown::of(f, record))
        .filter(|s| !s.is_empty())
        .take(3)
        .map(fields::plain_text)
        .collect::<Vec<_>>();
    let (url, title) = (record_url(object, record.id()), record.title(object));
    view! {
        <A href=url attr:class="panel px-3 py-2 flex items-center gap-2">
            <span class="grow min-w-0"><span class="font-semibold block truncate">{title}</span><span class="muted text-[13px] block truncate">{facts.join(" · ")}</span></span>
            {icon("chevron-right")}
        </A>
    }
    .into_any()
}
