//! Spreadsheets in: upload, mapping, check, then a job that runs on the server.

mod check;
mod duplicates;
mod job;
mod jobs;
mod mapping;
mod result;
mod start;
mod undo;
mod unknown;

use super::url::Url;
use crate::api::client::ApiError;
use crate::api::transfer::{self, Mapped, Plan, Preview, Reading, UnknownValue, Upload};
use crate::i18n::{IMPORT_STEP_CHECK, IMPORT_STEP_FILE, IMPORT_STEP_MAP, NAV_IMPORTS, t};
use crate::layout::routes;
use crate::state::catalog;
use crate::ui;
use crate::ui::keys;
use kezhan_meta::{FieldMeta, ObjectMeta};
use leptos::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What the address says of how the file is read.
const READING: [&str; 4] = ["object", "sheet", "encoding", "header_row"];

/// An import being prepared. The upload and the step are in the address, so that a reload goes on here.
#[derive(Clone, Copy)]
pub struct Wizard {
    pub url: Url,
    pub upload: RwSignal<Option<Upload>>,
    pub columns: RwSignal<Vec<Mapped>>,
    /// skip, update, create, ask.
    pub duplicates: RwSignal<String>,
    pub decisions: RwSignal<Map<String, Value>>,
    /// Unknown values about which something has been said, by their columns.
    pub decided: RwSignal<Vec<(usize, UnknownValue)>>,
    pub preview: RwSignal<Option<Preview>>,
    pub error: RwSignal<Option<ApiError>>,
    pub busy: RwSignal<bool>,
}

impl Wizard {
    fn new(url: Url) -> Wizard {
        Wizard {
            url,
            upload: RwSignal::new(None),
            columns: RwSignal::new(Vec::new()),
            duplicates: RwSignal::new("skip".to_owned()),
            decisions: RwSignal::new(Map::new()),
            decided: RwSignal::new(Vec::new()),
            preview: RwSignal::new(None),
            error: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    pub fn take(self, upload: Upload) {
        self.columns.set(upload.mapping.clone());
        self.decisions.set(Map::new());
        self.decided.set(Vec::new());
        self.preview.set(None);
        self.error.set(None);
        self.upload.set(Some(upload));
        // What had the keyboard was of the step before.
        request_animation_frame(|| keys::resume("import-object"));
    }

    pub fn object(self) -> Option<Arc<ObjectMeta>> {
        self.upload.with(|u| u.as_ref().and_then(|u| u.object.as_deref().and_then(catalog::object)))
    }

    pub fn plan(self) -> Option<Plan> {
        let upload = self.upload.get_untracked()?;
        let action = self.duplicates.get_untracked();
        upload.object.as_ref()?;
        let said = self.reading();
        Some(Plan {
            upload: upload.id,
            reading: Reading {
                object: upload.object,
                sheet: upload.sheet,
                header_row: said.header_row.or(Some(upload.header_row).filter(|row| *row > 0)),
                ..said
            },
            operation: "insert".to_owned(),
            columns: self.columns.with_untracked(|c| c.iter().filter(|c| c.field.is_some()).cloned().collect()),
            duplicates: json!({ "action": action, "decisions": self.decisions.get_untracked() }),
        })
    }

    /// How the address says that the file is read.
    fn reading(self) -> Reading {
        let [object, sheet, encoding, row] = READING.map(|key| self.url.peek(key));
        Reading { object, sheet, encoding, header_row: row.and_then(|row| row.parse().ok()) }
    }

    /// Goes on with this file, or back to where one is chosen. How the last one was to be read is not how this one is.
    pub fn turn_to(self, upload: Option<String>, object: Option<String>) {
        let (step, object) = (("step", None), ("object", object));
        self.url.push(&[("upload", upload), object, step, ("sheet", None), ("encoding", None), ("header_row", None)]);
    }

    /// Reads the file in another way: the address says so from now on.
    pub fn reread(self, change: &[(&str, Option<String>)]) {
        let Some(upload) = self.upload.get_untracked() else { return };
        let mut reading = self.reading();
        self.url.replace(change);
        for (key, value) in change {
            match *key {
                "object" => reading.object.clone_from(value),
                "sheet" => reading.sheet.clone_from(value),
                "encoding" => reading.encoding.clone_from(value),
                _ => reading.header_row = value.as_ref().and_then(|row| row.parse().ok()),
            }
        }
        reading.object = reading.object.or(upload.object);
        self.busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = transfer::mapping(&upload.id, &reading).await;
            let _ = self.busy.try_set(false);
            // Late, for somebody who has gone on to another file.
            if self.url.peek("upload").as_ref() != Some(&upload.id) {
                return;
            }
            match answer {
                Ok(upload) => self.take(upload),
                Err(error) => {
                    let _ = self.error.try_set(Some(error));
                }
            }
        });
    }

    /// The dry run.
    pub fn check(self) {
        let Some(plan) = self.plan() else { return };
        self.busy.set(true);
        self.error.set(None);
        leptos::task::spawn_local(async move {
            let answer = transfer::preview(&plan).await;
            let _ = self.busy.try_set(false);
            match answer {
                Ok(preview) => {
                    let _ = self.preview.try_set(Some(preview));
                }
                Err(error) => {
                    let _ = self.error.try_set(Some(error));
                }
            }
        });
    }
}

/// Fields that a file may fill.
pub fn importable(object: &ObjectMeta) -> impl Iterator<Item = &FieldMeta> {
    object.fields.iter().filter(|f| !f.read_only && !f.secret)
}

pub fn screen() -> AnyView {
    let place = routes::place();
    let id = Memo::new(move |_| place.with(|place| place.id.clone()));
    let url = Url::new();
    let wizard = Wizard::new(url);
    // A reload, or Back from the job, finds the upload again.
    Effect::new(move || {
        let wanted = url.get("upload");
        let have = wizard.upload.with_untracked(|u| u.as_ref().map(|u| u.id.clone()));
        match wanted {
            Some(wanted) if have.as_ref() != Some(&wanted) => {
                let reading = wizard.reading();
                leptos::task::spawn_local(async move {
                    match transfer::mapping(&wanted, &reading).await {
                        Ok(upload) => wizard.take(upload),
                        Err(error) => {
                            let _ = wizard.error.try_set(Some(error));
                        }
                    }
                });
            }
            None if have.is_some() => wizard.upload.set(None),
            _ => {}
        }
    });
    (move || match id.get() {
        Some(id) => job::screen(id, url),
        None => view! {
            <section class="grow min-h-0 flex flex-col bg-base-100">
                <div class="flex items-center gap-3 min-h-12 px-4 border-b border-base-300 shrink-0 flex-wrap">
                    <h1 class="font-semibold text-base">{t(NAV_IMPORTS)}</h1>
                    {steps(wizard)}
                </div>
                <div class="grow min-h-0 overflow-y-auto scroll-thin">{move || step(wizard)}</div>
            </section>
        }
        .into_any(),
    })
    .into_any()
}

fn step(wizard: Wizard) -> AnyView {
    let ready = Memo::new(move |_| {
        wizard.upload.with(|u| u.as_ref().map(|u| (u.id.clone(), u.object.clone(), u.sheet.clone(), u.columns.clone())))
    });
    let checking = Memo::new(move |_| wizard.url.get("step").as_deref() == Some("check"));
    let waiting = Memo::new(move |_| wizard.url.get("upload").is_some());
    (move || match (ready.get(), waiting.get()) {
        (None, false) => start::panel(wizard),
        (None, true) => match wizard.error.get() {
            Some(error) => ui::failed(&error, move || wizard.turn_to(None, wizard.url.peek("object"))),
            None => ui::loading_rows(6),
        },
        (Some(_), _) if checking.get() => check::panel(wizard),
        (Some(_), _) => mapping::panel(wizard),
    })
    .into_any()
}

fn steps(wizard: Wizard) -> AnyView {
    let now = move || match (wizard.url.get("upload").is_some(), wizard.url.get("step").is_some()) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    };
    let item = move |at: usize, text: &'static str| {
        let class = move || {
            if now() == at {
                "flex items-center gap-1.5 text-primary font-semibold"
            } else {
                "flex items-center gap-1.5 muted"
            }
        };
        view! {
            <li class=class aria-current=move || (now() == at).then_some("step")>
                <span class="size-5 rounded-full border border-current grid place-items-center text-xs tnum">{at + 1}</span>{text}
            </li>
        }
    };
    view! {
        <ol class="flex gap-4 text-[13px] ms-auto">
            {item(0, t(IMPORT_STEP_FILE))}{item(1, t(IMPORT_STEP_MAP))}{item(2, t(IMPORT_STEP_CHECK))}
        </ol>
    }
    .into_any()
}
