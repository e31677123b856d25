//! A record's fields, each edited where it stands.

use super::Open;
use crate::api::records::{self, RecordExt};
use crate::fields::reference::Bounds;
use crate::fields::{self, Input, Shown};
use crate::i18n::{CANCEL, EDIT, REVEAL, SAVE, SHOW_EMPTY, UNDO, label, t};
use crate::record::conflict;
use crate::record::list::notice;
use crate::record::settled;
use crate::state::{catalog, prefs, session, toast, touched};
use crate::ui::{Button, Look, icon, keys};
use kezhan_meta::check::check_field;
use kezhan_meta::{FieldMeta, Filter, Layout, Op, Record, normalise_value};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

pub fn panel(open: Open) -> AnyView {
    let object = open.object();
    let all = RwSignal::new(false);
    let editing = RwSignal::new(None::<String>);
    provide_context(bounds(open));
    provide_context(fields::Kind(open.object()));
    let layout = object.layout.clone().unwrap_or_else(|| Layout::generated(&object));
    let blocks = layout.sections.into_iter().map(|section| {
        let found = section.fields.iter().filter_map(|place| object.field(&place.field));
        let fields: Vec<FieldMeta> = found.filter(|f| shown(f)).cloned().collect();
        let any = fields.clone();
        let some = Memo::new(move |_| all.get() || open.record.with(|r| r.as_ref().is_some_and(|r| any.iter().any(|f| !Shown::of(f, r).is_empty()))));
        view! {
            <section class=move || if some.get() { "px-4 py-3 border-b border-base-300/60" } else { "hidden" }>
                <h2 class="text-xs muted mb-1.5">{label(&section.title)}</h2>
                <dl class="flex flex-col">{fields.into_iter().map(|f| fact(open, f, all, editing)).collect_view()}</dl>
            </section>
        }
    }).collect_view();
    view! {
        {blocks}
        <label class="flex items-center gap-2 px-4 py-3 text-[13px] muted cursor-pointer">
            <input type="checkbox" class="toggle" prop:checked=move || all.get() on:change=move |ev| all.set(event_target_checked(&ev))/>
            {t(SHOW_EMPTY)}
        </label>
    }
    .into_any()
}

/// A reference within another one is chosen among those of the record's own.
fn bounds(open: Open) -> Bounds {
    Bounds(Arc::new(move |field| {
        let (catalog, object) = (catalog::catalog(), open.object());
        let found = catalog.cascade(&object, field)?;
        let around = open.record.try_get_untracked()??.get(found.outer.key.as_ref()).cloned()?;
        (!around.is_null()).then(|| Filter::field(found.link.key.to_string(), Op::Eq, around))
    }))
}

fn shown(field: &FieldMeta) -> bool {
    !field.hidden && !field.secret
}

fn fact(open: Open, field: FieldMeta, all: RwSignal<bool>, editing: RwSignal<Option<String>>) -> AnyView {
    let key = field.key.to_string();
    let fixed = field.read_only || field.immutable || settled::elsewhere(&open.object(), &key);
    let editable = !fixed && session::may(&open.object().name, "edit");
    let foreseen = editable && field.foreseen;
    let name = label(&field.label);
    let here = {
        let key = key.clone();
        Memo::new(move |_| editing.with(|e| e.as_deref() == Some(key.as_str())))
    };
    // Whoever has finished is where they began.
    let button = format!("edit-{key}");
    let back = button.clone();
    Effect::new(move |was: Option<bool>| {
        let now = here.get();
        if was == Some(true) && !now {
            keys::resume_at(back.clone());
        }
        now
    });
    let field = StoredValue::new(field);
    let empty = Memo::new(move |_| {
        open.record.with(|r| r.as_ref().is_none_or(|r| field.with_value(|f| Shown::of(f, r).is_empty())))
    });
    let value = move || open.record.with(|r| r.as_ref().map(|r| field.with_value(|f| fields::cell(Shown::of(f, r)))));
    let many_lines = field.with_value(fields::wide);
    let text =
        move || open.record.with(|r| r.as_ref().map(|r| field.with_value(|f| fields::plain_text(Shown::of(f, r)))));
    let told = {
        let key = key.clone();
        move || open.record.with(|r| r.as_ref().and_then(|r| settled::told(&open.object(), &key, r)))
    };
    let start = {
        let key = key.clone();
        move || {
            if foreseen {
                // Where it is told what comes of it.
                open.url.replace(&[("edit", Some("1".to_owned()))])
            } else if editable {
                editing.set(Some(key.clone()))
            }
        }
    };
    let (press, double) = (start.clone(), start);
    let outlined = {
        let key = key.clone();
        Memo::new(move |_| open.masked.with(|m| m.contains(&key)))
    };
    let reveal = {
        let (key, name) = (key.clone(), name.clone());
        move || {
            let (key, name) = (key.clone(), format!("{} {name}", t(REVEAL)));
            (outlined.get() && !empty.get()).then(|| {
                view! {
                    <Button label=name icon="eye" icon_only=true look=Look::Quiet
                        on_click=move |_| open.url.replace(&[("reveal", Some(key.clone()))])/>
                }
            })
        }
    };
    let body = {
        let name = name.clone();
        move || {
            if here.get() {
                return editor(open, field.get_value(), editing);
            }
            let (press, double, button, told) = (press.clone(), double.clone(), button.clone(), told.clone());
            view! {
                <div class="group flex items-center gap-1 min-h-7 min-w-0" on:dblclick=move |_| double()>
                    {if many_lines { view! { <span class="whitespace-pre-wrap break-words min-w-0">{move || told().unwrap_or_else(|| text().into_any())}</span> }.into_any() }
                     else { view! { <span class="fact">{value}</span> }.into_any() }}
                    {move || empty.get().then(|| view! { <span class="muted">"–"</span> })}
                    {reveal.clone()}
                    {editable.then(|| view! {
                        <button type="button" id=button class="btn btn-quiet btn-icon !h-6 !w-6 ms-auto opacity-0 group-hover:opacity-100 focus:opacity-100 pointer-coarse:opacity-100"
                            aria-label=format!("{} {name}", t(EDIT)) on:click=move |_| press()>{icon("pencil")}</button>
                    })}
                </div>
            }
            .into_any()
        }
    };
    view! {
        <div class=move || if empty.get() && !all.get() && !here.get() { "hidden" } else { "grid grid-cols-[6.5rem_minmax(0,1fr)] gap-2 py-0.5 text-[13px]" }>
            <dt class="muted min-h-7 flex items-center self-start leading-tight">{name}</dt>
            <dd class="min-w-0">{body}</dd>
        </div>
    }
    .into_any()
}

fn editor(open: Open, field: FieldMeta, editing: RwSignal<Option<String>>) -> AnyView {
    let Some(record) = open.record.get_untracked() else { return ().into_any() };
    let value = RwSignal::new(record.value(&field.key).clone());
    let error = RwSignal::new(None::<String>);
    let id = format!("fact-{}", field.key);
    let input = Input {
        id: id.clone(),
        field: field.clone(),
        value,
        expanded: record.expanded(&field.key).cloned(),
        home: Some((open.object().name.to_string(), record.id().to_owned())),
        invalid: Signal::derive(move || error.get().is_some()),
        done: Callback::new(|()| ()),
    };
    let offer = (field.kind == kezhan_meta::FieldType::Address).then(|| {
        let place = fields::address::registered(&open.object(), |key| record.value(key).clone());
        fields::address::offer(value, Signal::stored(place))
    });
    let multi_line = matches!(
        field.kind,
        kezhan_meta::FieldType::LongText | kezhan_meta::FieldType::RichText | kezhan_meta::FieldType::Json
    );
    let save = Callback::new(move |()| save(open, &field, &record, value, error, editing));
    focus_later(id);
    view! {
        <div class="flex flex-col gap-1 py-1" on:keydown=move |ev| {
            if keys::composing(&ev) || ev.default_prevented() { return }
            match ev.key().as_str() {
                "Escape" => { ev.stop_propagation(); editing.set(None) }
                "Enter" if !multi_line || ev.ctrl_key() || ev.meta_key() => { ev.prevent_default(); finish_typing(); save.run(()) }
                _ => {}
            }
        }>
            {fields::input(input)}
            {offer}
            {move || error.get().map(|text| view! { <p class="text-xs text-error" role="alert">{text}</p> })}
            <div class="flex gap-1">
                <Button label=t(SAVE) look=Look::Primary on_click=move |_| save.run(())/>
                <Button label=t(CANCEL) look=Look::Quiet on_click=move |_| editing.set(None)/>
            </div>
        </div>
    }
    .into_any()
}

/// Inputs report on leaving; Enter is as good as leaving.
fn finish_typing() {
    use wasm_bindgen::JsCast;
    if let Some(element) = document().active_element().and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.blur();
    }
}

pub fn focus_later(id: String) {
    request_animation_frame(move || {
        use wasm_bindgen::JsCast;
        if let Some(element) = document().get_element_by_id(&id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let _ = element.focus();
        }
    });
}

/// Says what was changed, and how it is changed back.
fn undoable(open: Open, field: &FieldMeta, before: &Record, now: Record) {
    let object = open.object();
    let text = notice(field, now.value(&field.key), &now);
    let back = Record::from_iter([(field.key.to_string(), before.value(&field.key).clone())]);
    toast::undoable(text, t(UNDO), move || {
        leptos::task::spawn_local(conflict::undo(object.clone(), now.clone(), back.clone()));
    });
}

/// Shown at once; put back, with the reason, if the server refuses.
fn save(
    open: Open,
    field: &FieldMeta,
    base: &Record,
    value: RwSignal<Value>,
    error: RwSignal<Option<String>>,
    editing: RwSignal<Option<String>>,
) {
    let object = open.object();
    let value = match normalise_value(field, &value.get_untracked()) {
        Ok(value) => value,
        Err(fault) => return error.set(Some(fault.item(prefs::lang()).message)),
    };
    if value == *base.value(&field.key) {
        return editing.set(None);
    }
    if let Some(fault) = check_field(&object, field, &value, base).first() {
        return error.set(Some(fault.item(prefs::lang()).message));
    }
    let key = field.key.to_string();
    let (before, field) = (base.clone(), field.clone());
    let mut changes = Record::new();
    changes.insert(key.clone(), value.clone());
    if field.target().is_none() {
        open.record.update(|r| {
            if let Some(r) = r {
                r.insert(key, value);
            }
        });
        editing.set(None);
    }
    leptos::task::spawn_local(async move {
        match records::update(&object, before.id(), &changes, before.version()).await {
            Ok(now) => {
                let _ = editing.try_set(None);
                touched();
                undoable(open, &field, &before, now);
            }
            Err(problem) => {
                let _ = open.record.try_set(Some(before.clone()));
                if problem.is_stale() {
                    open.load();
                    conflict::resolve(object, before, changes, Callback::new(|_| ()));
                } else {
                    toast::problem(problem.items().first().map_or_else(|| problem.message(), |i| i.message.clone()));
                }
                let _ = editing.try_set(None);
            }
        }
    });
}
