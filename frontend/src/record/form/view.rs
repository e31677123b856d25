//! The form on screen: what is wrong on top, the sections of the layout, the buttons below.

use super::check::focus;
use super::model::{Draft, Form};
use crate::api::records::RecordExt;
use crate::fields::{self, Input, Shown};
use crate::i18n::{
    CANCEL, DRAFT_DISCARD, DRAFT_OUTDATED, DRAFT_RESTORED, OPEN_FULL, SAVE, SAVE_AND_NEW, VIEW_ARRANGE_LATER, label, t,
};
use crate::record::settled;
use crate::state::prefs;
use crate::ui::{Button, Field, Look, icon, keys};
use kezhan_meta::layout::{Place, Section};
use kezhan_meta::{FieldType, Record};
use leptos::prelude::*;
use leptos_router::components::A;

impl Form {
    pub fn view(
        &self,
        page: Option<String>,
        close: impl Fn() + Clone + Send + Sync + 'static,
        next: Callback<()>,
        saved: impl Fn(Record, bool) + Clone + Send + Sync + 'static,
    ) -> AnyView {
        provide_context(self.bounds());
        provide_context(fields::Kind(self.object.clone()));
        start_typing();
        let new = self.base.with_untracked(Option::is_none);
        let submit = {
            let form = self.clone();
            let saved = saved.clone();
            move |again: bool| form.submit(again, saved.clone())
        };
        let (on_submit, on_again, on_key) = (submit.clone(), submit.clone(), submit);
        let busy = self.busy;
        let body = if self.wide { "w-full max-w-4xl mx-auto px-4 py-4" } else { "px-4 py-3" };
        let page = page.map(|href| view! {
            <A href=href attr:class="btn btn-quiet btn-icon me-auto" attr:aria-label=t(OPEN_FULL) attr:title=t(OPEN_FULL)>{icon("maximize-2")}</A>
        });
        view! {
            <form class="grow min-h-0 flex flex-col" novalidate
                on:submit=move |ev| { ev.prevent_default(); on_submit(false) }
                on:keydown=move |ev| {
                    if ev.key() == "Enter" && (ev.ctrl_key() || ev.meta_key()) && !keys::composing(&ev) { ev.prevent_default(); on_key(false) }
                    // Enter in a field must not send a half-filled form.
                    else if ev.key() == "Enter" && in_text_field(&ev) { ev.prevent_default() }
                }>
                <div class="grow overflow-y-auto scroll-thin">
                    <div class=body>
                        {self.restored_note(next)}
                        {self.summary()}
                        {self.sections()}
                    </div>
                </div>
                {self.effect()}
                // In sight wherever one is in the form.
                <div class="px-4 pt-2 max-h-36 overflow-y-auto scroll-thin shrink-0 empty:hidden">{self.similar.view()}</div>
                <footer class="flex justify-end gap-2 p-3 border-t border-base-300 shrink-0 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
                    {page}
                    <Button label=t(CANCEL) on_click=move |_| close()/>
                    {new.then(|| view! { <Button label=t(SAVE_AND_NEW) busy=busy on_click=move |_| on_again(true)/> })}
                    <Button label=t(SAVE) look=Look::Primary submit=true busy=busy/>
                </footer>
            </form>
        }
        .into_any()
    }

    /// What would come of it for others, where fields decide over that.
    fn effect(&self) -> Option<AnyView> {
        let base = self.base.get_untracked()?;
        let foreseen = self.object.fields.iter().any(|f| f.foreseen);
        foreseen.then(|| crate::lazy::change_effect(self.object.clone(), base, self.live))
    }

    fn restored_note(&self, next: Callback<()>) -> Option<AnyView> {
        let kept = self.kept.clone();
        self.restored.map(|outdated| {
            let text = if outdated { DRAFT_OUTDATED } else { DRAFT_RESTORED };
            view! {
                <div class="flex items-center gap-2 rounded-md bg-info/10 text-info px-3 py-1 text-[13px] mb-3" role="status">
                    <span class="grow">{t(text)}</span>
                    <button type="button" class="btn btn-quiet" on:click=move |_| { kept.close(); next.run(()) }>{t(DRAFT_DISCARD)}</button>
                </div>
            }
            .into_any()
        })
    }

    /// What is to be corrected, each a way to its field.
    fn summary(&self) -> AnyView {
        let form = self.clone();
        view! {
            <div role="alert">{move || form.problem.get().map(|text| {
                let rows = form.faults.get().into_iter().map(|(field, text)| {
                    if form.draft(&field).is_none() {
                        let text = if field.is_empty() { text } else { format!("{}: {text}", form.name(&field)) };
                        return view! { <li>{text}</li> }.into_any();
                    }
                    let (href, name) = (format!("#field-{field}"), form.name(&field));
                    view! {
                        <li>
                            <a class="underline underline-offset-2" href=href on:click=move |ev| { ev.prevent_default(); focus(&field) }>{name}</a>
                            ": "{text}
                        </li>
                    }
                    .into_any()
                });
                view! {
                    <div class="rounded-md bg-error/10 text-error px-3 py-2 text-[13px] mb-3">
                        <p class="font-semibold">{text}</p>
                        <ul class="list-disc ps-5">{rows.collect_view()}</ul>
                    </div>
                }
            })}</div>
        }
        .into_any()
    }

    fn sections(&self) -> AnyView {
        let layout = self.layout();
        let mut used: Vec<(Section, Vec<(Place, Draft)>)> = Vec::new();
        for section in layout.sections {
            // Where the form was opened from says what else would have to be typed.
            let given = |draft: &Draft| draft.field.hidden && !draft.pristine.is_null();
            let inside: Vec<(Place, Draft)> = section
                .fields
                .iter()
                .filter_map(|p| Some((p.clone(), self.draft(&p.field).filter(|d| !given(d))?)))
                .collect();
            if !inside.is_empty() {
                used.push((section, inside));
            }
        }
        let several = used.len() > 1;
        used.into_iter()
            .enumerate()
            .map(|(at, (section, inside))| self.section(at, section, inside, several))
            .collect_view()
            .into_any()
    }

    fn section(&self, at: usize, section: Section, inside: Vec<(Place, Draft)>, titled: bool) -> AnyView {
        let open = RwSignal::new(!(titled && section.collapsible && section.collapsed));
        let keys: Vec<String> = inside.iter().map(|(p, _)| p.field.to_string()).collect();
        let faults = self.faults;
        // Nothing that is to be corrected stays hidden.
        Effect::new(move || {
            if faults.with(|all| all.iter().any(|(field, _)| keys.contains(field))) {
                open.set(true);
            }
        });
        let columns = if self.wide && section.columns == 2 {
            "grid grid-cols-1 sm:grid-cols-2 gap-x-6 gap-y-3"
        } else {
            "grid grid-cols-1 gap-y-3"
        };
        let standings: Vec<_> = inside.iter().map(|(place, _)| self.standing(place)).collect();
        let any = {
            let standings = standings.clone();
            Memo::new(move |_| standings.iter().any(|s| s.get().visible))
        };
        let controls: Vec<AnyView> =
            inside.iter().zip(standings).map(|((_, draft), standing)| self.control(draft, standing)).collect();
        let (id, body) = (format!("section-{at}"), format!("section-{at}-body"));
        let title = label(&section.title);
        let heading = titled.then(|| match section.collapsible {
            false => view! { <h3 id=id.clone() class="font-semibold text-[13px] mb-2">{title.clone()}</h3> }.into_any(),
            true => view! {
                <h3 id=id.clone()>
                    <button type="button" class="flex items-center gap-1 w-full min-h-8 font-semibold text-[13px] mb-1 pointer-coarse:min-h-11" aria-controls=body.clone()
                        aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|o| *o = !*o)>
                        {move || icon(if open.get() { "chevron-down" } else { "chevron-right" })}{title.clone()}
                    </button>
                </h3>
            }
            .into_any(),
        });
        view! {
            <div role="group" aria-labelledby=titled.then(|| id.clone()) class=move || if any.get() { "mb-4" } else { "hidden" }>
                {heading}
                <div id=body class=move || if open.get() { columns } else { "hidden" }>{controls}</div>
            </div>
        }
        .into_any()
    }

    fn control(&self, draft: &Draft, standing: Memo<kezhan_meta::layout::Standing>) -> AnyView {
        let id = format!("field-{}", draft.field.key);
        let (error, value) = (draft.error, draft.value);
        let done = {
            let (form, draft) = (self.clone(), draft.clone());
            Callback::new(move |()| form.check_one(&draft))
        };
        {
            let (form, draft) = (self.clone(), draft.clone());
            Effect::new(move |before: Option<()>| {
                value.track();
                if before.is_some() {
                    untrack(|| form.recheck(&draft));
                }
            });
        }
        let input = Input {
            id: id.clone(),
            field: draft.field.clone(),
            value,
            expanded: draft.expanded.clone(),
            home: self.base.with_untracked(|b| b.as_ref().map(|r| (self.object.name.to_string(), r.id().to_owned()))),
            invalid: Signal::derive(move || error.get().is_some()),
            done,
        };
        // The number under which a company is registered tells where.
        let offer = (draft.field.kind == FieldType::Address).then(|| {
            let (object, drafts) = (self.object.clone(), self.drafts);
            let place = Signal::derive(move || {
                let typed =
                    |key: &str| drafts.with_value(|d| d.iter().find(|d| d.field.key == key).map(|d| d.value.get()));
                fields::address::registered(&object, |key| typed(key).unwrap_or_default())
            });
            fields::address::offer(value, place)
        });
        let wide = fields::wide(&draft.field);
        let always = draft.field.required && !draft.derived();
        let required = Signal::derive(move || always || standing.get().required);
        let fixed = Memo::new(move |_| standing.get().read_only);
        let base = self.base;
        let shown = draft.field.clone();
        let elsewhere = settled::elsewhere(&self.object, &shown.key);
        let object = self.object.clone();
        let body = move || {
            if elsewhere {
                let told = |r: &Record| settled::told(&object, &shown.key, r);
                let told = base.with_untracked(|b| b.as_ref().and_then(told));
                let told = told.unwrap_or_else(|| t(VIEW_ARRANGE_LATER).into_any());
                return view! { <div id=input.id.clone() class="text-[13px] muted">{told}</div> }.into_any();
            }
            if !fixed.get() {
                return fields::input(input.clone());
            }
            let text = base
                .with_untracked(|b| b.as_ref().map(|r| fields::plain_text(Shown::of(&shown, r))).unwrap_or_default());
            view! { <output id=input.id.clone() class="input !bg-base-200" tabindex="0" aria-readonly="true">{text}</output> }.into_any()
        };
        let class = move || match (standing.get().visible, wide) {
            (false, _) => "hidden",
            (true, true) => "sm:col-span-full min-w-0",
            (true, false) => "min-w-0",
        };
        view! {
            <div class=class>
                <Field id=id label=label(&draft.field.label) required=required error=error
                    hint=fields::help(&draft.field)>
                    {body}
                    {offer}
                </Field>
            </div>
        }
        .into_any()
    }
}

/// One begins in the first field; on phones the keyboard would cover the form.
fn start_typing() {
    if prefs::narrow() {
        return;
    }
    request_animation_frame(|| {
        if let Ok(Some(first)) = document().query_selector("form input[id^='field-']") {
            let _ = wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(first).focus();
        }
    });
}

fn in_text_field(ev: &leptos::ev::KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    ev.target().is_some_and(|t| t.dyn_ref::<web_sys::HtmlInputElement>().is_some())
}
