//! Two people changed the same record: field by field, whose value it shall be.

use crate::api::records::{self, RecordExt, title_of};
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{
    CANCEL, CONFLICT_AGAIN, CONFLICT_LEFT, CONFLICT_MERGED, CONFLICT_MINE, CONFLICT_SAVE, CONFLICT_TEXT,
    CONFLICT_THEIRS, CONFLICT_TITLE, SYSTEM, UNDONE, label, t, tf,
};
use crate::lazy;
use crate::state::{app, toast, touched};
use crate::ui::{Button, Layer, Look, Shape};
use kezhan_meta::{FieldMeta, ObjectMeta, Record};
use leptos::prelude::*;
use std::sync::Arc;

/// A save that was refused, as another was faster.
#[derive(Clone)]
pub struct Conflict {
    pub object: Arc<ObjectMeta>,
    /// What I began with, and what I want.
    pub base: Record,
    pub mine: Record,
    pub saved: Callback<Record>,
    /// What I want stays on screen, in a form.
    pub written: bool,
}

/// What one is asked about.
#[derive(Clone)]
struct Question {
    conflict: Conflict,
    theirs: Record,
    /// Of mine, what they have changed too.
    contested: Vec<FieldMeta>,
}

/// What nobody else has touched is saved on top of theirs at once; about the rest one is asked.
pub fn resolve(object: Arc<ObjectMeta>, base: Record, mine: Record, saved: Callback<Record>) {
    app().conflict.set(Some(Conflict { object, base, mine, saved, written: false }));
}

/// Takes a change back: of what nobody else has touched since, and about the rest one is asked.
pub async fn undo(object: Arc<ObjectMeta>, now: Record, back: Record) {
    match records::take_back(&object, now.id(), &back, now.version(), now.version()).await {
        Ok(_) => toast::done(t(UNDONE)),
        Err(error) if error.is_stale() => resolve(object, now, back, Callback::new(|_| ())),
        Err(error) => toast::error(&error),
    }
    touched();
}

async fn examine(conflict: Conflict) -> Option<Question> {
    let Conflict { object, base, mine, .. } = &conflict;
    let theirs = match records::read(object, base.id()).await {
        Ok(theirs) => theirs,
        Err(error) => {
            app().conflict.set(None);
            toast::error(&error);
            return None;
        }
    };
    let clashes = |f: &&FieldMeta| match mine.get(f.key.as_ref()) {
        Some(value) => theirs.value(&f.key) != base.value(&f.key) && theirs.value(&f.key) != value,
        None => false,
    };
    let contested: Vec<FieldMeta> = object.fields.iter().filter(clashes).cloned().collect();
    if contested.is_empty() {
        save(conflict.clone(), theirs, true).await;
        return None;
    }
    Some(Question { conflict, theirs, contested })
}

async fn save(conflict: Conflict, theirs: Record, merged: bool) {
    let Conflict { object, mine, saved, written, .. } = conflict;
    match records::update(&object, theirs.id(), &mine, theirs.version()).await {
        Ok(record) => {
            app().conflict.set(None);
            if merged {
                toast::done(t(CONFLICT_MERGED));
            }
            touched();
            let _ = saved.try_run(record);
        }
        // Somebody was faster once more.
        Err(error) if error.is_stale() => {
            app().conflict.set(Some(Conflict { object, base: theirs, mine, saved, written }));
        }
        Err(error) => {
            // What is asked about stays on screen; what was not, has nothing to stay for.
            if merged {
                app().conflict.set(None);
            }
            toast::problem(error.items().first().map_or_else(|| error.message(), |i| i.message.clone()));
        }
    }
}

/// Mounted once, over whatever is on screen.
pub fn layer() -> AnyView {
    (move || app().conflict.get().map(lazy::conflict)).into_any()
}

pub fn dialog(conflict: Conflict) -> AnyView {
    let question = RwSignal::new(None::<Question>);
    leptos::task::spawn_local(async move {
        let found = examine(conflict).await;
        let _ = question.try_set(found);
    });
    (move || question.get().map(ask)).into_any()
}

fn ask(question: Question) -> AnyView {
    let left = question.conflict.clone();
    let close = move || {
        app().conflict.set(None);
        // Nothing that was typed is lost by a key.
        if !left.written {
            let again = left.clone();
            toast::offer(t(CONFLICT_LEFT), t(CONFLICT_AGAIN), move || app().conflict.set(Some(again.clone())));
        }
    };
    let (leave, cancel) = (close.clone(), close);
    let rows: Vec<(FieldMeta, RwSignal<bool>)> =
        question.contested.iter().map(|f| (f.clone(), RwSignal::new(true))).collect();
    let who = question.theirs.expanded("updated_by").map(|v| title_of("user", v)).filter(|name| !name.is_empty());
    let who = who.unwrap_or_else(|| t(SYSTEM).to_owned());
    let when = bridge::date_time(question.theirs.value("updated_at").as_str().unwrap_or_default());
    let text = tf(CONFLICT_TEXT, &[("who", &who), ("when", &when)]);
    let choices = rows.iter().map(|(field, mine)| choice(&question, field, *mine)).collect_view();
    let busy = RwSignal::new(false);
    let submit = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let mut mine = question.conflict.mine.clone();
        for (field, keep) in &rows {
            if !keep.get_untracked() {
                mine.remove(field.key.as_ref());
            }
        }
        let Question { conflict, theirs, .. } = question.clone();
        leptos::task::spawn_local(async move {
            if mine.is_empty() {
                // Theirs throughout: it stands already.
                app().conflict.set(None);
                touched();
                let _ = conflict.saved.try_run(theirs);
            } else {
                save(Conflict { mine, ..conflict }, theirs, false).await;
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <Layer shape=Shape::Wide label=t(CONFLICT_TITLE) on_close=move |()| leave()>
            <form class="flex flex-col min-h-0" on:submit=submit>
                <div class="p-4 flex flex-col gap-4 overflow-y-auto scroll-thin">
                    <p class="text-[13px] muted">{text}</p>
                    {choices}
                </div>
                <footer class="flex justify-end gap-2 p-3 border-t border-base-300 shrink-0">
                    <Button label=t(CANCEL) on_click=move |_| cancel()/>
                    <Button label=t(CONFLICT_SAVE) look=Look::Primary submit=true busy=busy/>
                </footer>
            </form>
        </Layer>
    }
    .into_any()
}

fn choice(question: &Question, field: &FieldMeta, mine: RwSignal<bool>) -> AnyView {
    let side = |own: bool| {
        let record = if own { &question.conflict.mine } else { &question.theirs };
        // Mine is what I have changed, and seldom the currency.
        let currency = [record, &question.theirs].into_iter().find_map(|r| r.value("currency").as_str());
        let shown = Shown { currency: currency.unwrap_or_default(), ..Shown::of(field, record) };
        let shown = fields::plain_text(shown);
        // What was chosen has come without its name: it is looked up.
        let text = match field.target() {
            Some(target) if own => fields::reference::names_later(target, record.value(&field.key)),
            _ => Signal::stored(if shown.is_empty() { "–".to_owned() } else { shown }),
        };
        let class = move || {
            if mine.get() == own {
                "flex gap-2 items-start rounded-lg border border-primary bg-primary/6 p-2.5 cursor-pointer min-w-0"
            } else {
                "flex gap-2 items-start rounded-lg border border-base-300 p-2.5 cursor-pointer min-w-0"
            }
        };
        view! {
            <label class=class>
                <input type="radio" class="radio mt-0.5 shrink-0" name=format!("conflict-{}", field.key)
                    prop:checked=move || mine.get() == own on:change=move |_| mine.set(own)/>
                <span class="min-w-0 text-[13px]">
                    <span class="block text-xs muted">{t(if own { CONFLICT_MINE } else { CONFLICT_THEIRS })}</span>
                    <span class="whitespace-pre-wrap break-words">{text}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="min-w-0">
            <legend class="text-[13px] font-semibold mb-1.5">{label(&field.label)}</legend>
            <div class="grid sm:grid-cols-2 gap-2">{side(true)}{side(false)}</div>
        </fieldset>
    }
    .into_any()
}
