//! The files of a record: what hangs on it, how more get there, what is in them.

mod preview;
mod uploads;

pub use uploads::{Uploads, single};

use super::detail::Open;
use crate::api::client::ApiError;
use crate::api::files::{self, OBJECT};
use crate::api::records::{self, RecordExt, title_of};
use crate::bridge;
use crate::i18n::{
    DELETE, DELETED, FILE_ADD, FILE_CAMERA, FILE_DOWNLOAD, FILE_DROP, FILE_EMPTY, FILE_EMPTY_TEXT, FILE_HINT, UNDO, t,
    tf,
};
use crate::state::session::may;
use crate::state::{catalog, live, toast, touched};
use crate::ui::{self, icon, icon_large};
use kezhan_meta::query::ListQuery;
use kezhan_meta::{Filter, Op, Record};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Follow-ups whose files are shown with those of the record.
const FOLLOW_UPS: u32 = 200;

/// May files be put on records?
pub fn possible() -> bool {
    catalog::object(OBJECT).is_some() && may(OBJECT, "create")
}

/// 1.4 MB, as files are measured for people.
pub fn size_text(bytes: f64) -> String {
    const UNITS: [&str; 4] = ["B", "KB", "MB", "GB"];
    let mut size = bytes;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let digits = if unit == 0 || size >= 100.0 { 0 } else { 1 };
    format!("{size:.digits$} {}", UNITS[unit])
}

pub fn list_of(files: Option<web_sys::FileList>) -> Vec<web_sys::File> {
    let Some(files) = files else { return Vec::new() };
    (0..files.length()).filter_map(|at| files.get(at)).collect()
}

/// Files in the clipboard; text that comes with them, as from a spreadsheet, goes where text goes.
pub fn pasted(ev: &web_sys::Event) -> Vec<web_sys::File> {
    let Some(data) = ev.dyn_ref::<web_sys::ClipboardEvent>().and_then(web_sys::ClipboardEvent::clipboard_data) else {
        return Vec::new();
    };
    match data.get_data("text/plain") {
        Ok(text) if !text.is_empty() => Vec::new(),
        _ => list_of(data.files()),
    }
}

/// Buttons that ask for files: any, and on phones the camera.
pub fn pickers(uploads: Uploads, id: &'static str) -> AnyView {
    let pick = move |camera: bool| {
        let node = NodeRef::<html::Input>::new();
        let (text, picture) = if camera { (FILE_CAMERA, "camera") } else { (FILE_ADD, "paperclip") };
        let class = if camera { "btn btn-plain hidden pointer-coarse:inline-flex" } else { "btn btn-plain" };
        view! {
            <label class=class>
                {icon(picture)}{t(text)}
                <input type="file" class="sr-only" node_ref=node multiple=!camera id=(!camera).then_some(id)
                    accept=camera.then_some("image/*") capture=camera.then_some("environment")
                    on:change=move |_| if let Some(input) = node.get_untracked() {
                        uploads.add(list_of(input.files()));
                        // The same file may be chosen again.
                        input.set_value("");
                    }/>
            </label>
        }
    };
    view! { {pick(false)}{pick(true)} }.into_any()
}

/// Files dropped on the page, or pasted while nothing is being typed, go to the record.
pub fn drop_zone(open: Open, uploads: Uploads) -> AnyView {
    let over = RwSignal::new(false);
    let take = move |files: Vec<web_sys::File>| {
        if !files.is_empty() {
            uploads.add(files);
            open.url.replace(&[("tab", Some("files".to_owned()))]);
        }
    };
    let has_files = |ev: &web_sys::DragEvent| {
        ev.data_transfer().is_some_and(|d| d.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files")))
    };
    let enter = window_event_listener(leptos::ev::dragover, move |ev| {
        if has_files(&ev) && !in_dialog() {
            ev.prevent_default();
            over.set(true);
        }
    });
    let leave = window_event_listener(leptos::ev::dragleave, move |ev| {
        // Only out of the window: between elements it comes back at once.
        if ev.related_target().is_none() {
            over.set(false);
        }
    });
    let drop = window_event_listener(leptos::ev::drop, move |ev| {
        if has_files(&ev) && !in_dialog() {
            over.set(false);
            let taken = ev.default_prevented();
            ev.prevent_default();
            if !taken {
                take(list_of(ev.data_transfer().and_then(|d| d.files())));
            }
        }
    });
    let paste = window_event_listener_untyped("paste", move |ev| {
        if !ev.default_prevented() && !in_dialog() {
            take(pasted(&ev));
        }
    });
    on_cleanup(move || {
        enter.remove();
        leave.remove();
        drop.remove();
        paste.remove();
    });
    (move || {
        over.get().then(|| {
            view! {
                <div class="fixed inset-3 z-40 rounded-xl border-2 border-dashed border-primary bg-primary/8 backdrop-blur-[1px] grid place-items-center pointer-events-none">
                    <p class="panel px-5 py-3 font-semibold flex items-center gap-2 shadow-lg">{icon("paperclip")}{t(FILE_DROP)}</p>
                </div>
            }
        })
    })
    .into_any()
}

fn in_dialog() -> bool {
    document().query_selector("dialog[open]").ok().flatten().is_some()
}

/// The tab.
pub fn panel(open: Open, uploads: Uploads) -> AnyView {
    let files = RwSignal::new(None::<Result<Vec<Record>, ApiError>>);
    let shown = RwSignal::new(None::<usize>);
    let load = move || {
        leptos::task::spawn_local(async move {
            let answer = all(open).await;
            let _ = files.try_set(Some(answer));
        });
    };
    Effect::new(move || {
        live::track();
        load();
    });
    let list = move || match files.get() {
        None => ui::loading_rows(3),
        Some(Err(error)) => ui::failed(&error, load),
        Some(Ok(list)) if list.is_empty() => ui::empty("paperclip", t(FILE_EMPTY), t(FILE_EMPTY_TEXT), ().into_any()),
        Some(Ok(list)) => {
            let lines =
                list.iter().enumerate().map(|(at, file)| line(file, move || shown.set(Some(at)))).collect_view();
            view! { <ul id="record-files" class="grid sm:grid-cols-2 xl:grid-cols-3 gap-3">{lines}</ul> }.into_any()
        }
    };
    let preview = move || {
        let list = files.with_untracked(|f| f.as_ref().and_then(|f| f.as_ref().ok().cloned())).unwrap_or_default();
        shown.get().and_then(|at| preview::dialog(&list, at, shown))
    };
    view! {
        <div class="p-4 flex flex-col gap-3">
            {possible().then(|| view! {
                <div class="flex flex-wrap items-center gap-2">
                    {pickers(uploads, "record-file")}
                    <span class="muted text-xs pointer-coarse:hidden">{t(FILE_HINT)}</span>
                </div>
            })}
            {uploads.view()}
            {list}
        </div>
        {preview}
    }
    .into_any()
}

/// The record's own files, then those of its follow-ups.
async fn all(open: Open) -> Result<Vec<Record>, ApiError> {
    let (object, id) = (open.object(), open.id.get_value());
    let mut found = files::of(&object.name, std::slice::from_ref(&id)).await?;
    if let Some(follow_up) = catalog::object("follow_up") {
        let link = follow_up.fields.iter().find(|f| !f.kind.is_list() && f.target() == Some(object.name.as_ref()));
        if let Some(link) = link.filter(|f| f.inverse.is_some()) {
            let query = ListQuery {
                filter: Some(Filter::field(link.key.to_string(), Op::Eq, id)),
                fields: Some(vec!["id".to_owned()]),
                limit: Some(FOLLOW_UPS),
                ..ListQuery::default()
            };
            let page = records::query(&follow_up.plural, &query).await?;
            let ids: Vec<String> = page.data.iter().map(|r| r.id().to_owned()).collect();
            found.extend(files::of("follow_up", &ids).await?);
        }
    }
    Ok(found)
}

fn text_of(file: &Record, key: &str) -> String {
    file.value(key).as_str().unwrap_or_default().to_owned()
}

fn picture(file: &Record) -> &'static str {
    match preview::Kind::of(file) {
        preview::Kind::Picture => "image",
        preview::Kind::Pdf | preview::Kind::Text => "file-text",
        preview::Kind::Other => "file",
    }
}

fn line(file: &Record, show: impl Fn() + Clone + Send + 'static) -> AnyView {
    let (id, name) = (file.id().to_owned(), text_of(file, "name"));
    let size = file.value("size").as_f64().map(size_text).unwrap_or_default();
    let who = file.expanded("created_by").map(|u| title_of("user", u)).unwrap_or_default();
    let about = [size, who, bridge::date_time(&text_of(file, "created_at"))];
    let about = about.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ");
    let thumb = match preview::Kind::of(file) {
        preview::Kind::Picture => {
            view! { <img src=files::inline_url(&id) alt="" loading="lazy" class="size-full object-cover"/> }.into_any()
        }
        _ => view! { <span class="muted">{icon_large(picture(file))}</span> }.into_any(),
    };
    let (open_name, open_thumb) = (show.clone(), show);
    let gone = file.clone();
    let removable = may(OBJECT, "delete");
    view! {
        <li class="panel flex items-center gap-3 p-2 min-w-0">
            <button type="button" tabindex="-1" aria-hidden="true" class="size-14 shrink-0 rounded-md bg-base-content/4 grid place-items-center overflow-hidden" on:click=move |_| open_thumb()>{thumb}</button>
            <div class="min-w-0 grow">
                <button type="button" class="font-semibold text-[13px] truncate block max-w-full text-start hover:text-primary hover:underline underline-offset-4" on:click=move |_| open_name()>{name.clone()}</button>
                <p class="muted text-xs break-words">{about}</p>
            </div>
            <a class="btn btn-quiet btn-icon" href=files::download_url(&id) download=name.clone() aria-label=t(FILE_DOWNLOAD) title=t(FILE_DOWNLOAD)>{icon("download")}</a>
            {removable.then(|| view! {
                <button type="button" class="btn btn-quiet btn-icon" aria-label=t(DELETE) title=t(DELETE) on:click=move |_| remove(gone.clone())>{icon("trash-2")}</button>
            })}
        </li>
    }
    .into_any()
}

/// Files as a row of small buttons, for a follow-up on the timeline; each opens what it names, and pictures show what it
/// is.
pub fn chips(list: &[Record]) -> AnyView {
    let shown = RwSignal::new(None);
    let buttons = list.iter().enumerate().map(|(at, file)| {
        let name = text_of(file, "name");
        let open = move |_| shown.set(Some(at));
        match preview::Kind::of(file) {
            preview::Kind::Picture => view! {
                <button type="button" class="size-20 rounded-md overflow-hidden bg-base-content/4 hover:outline-2 outline-primary" aria-label=name.clone() title=name on:click=open>
                    <img src=files::inline_url(file.id()) alt="" loading="lazy" class="size-full object-cover"/>
                </button>
            }
            .into_any(),
            _ => view! {
                <button type="button" class="tag tone-neutral max-w-60 hover:bg-base-300" on:click=open>
                    {icon(picture(file))}<span class="truncate leading-[1.375rem]">{name}</span>
                </button>
            }
            .into_any(),
        }
    });
    let buttons = buttons.collect_view();
    let list = list.to_vec();
    view! {
        <p class="flex flex-wrap items-end gap-1.5 mt-1.5">{buttons}</p>
        {move || shown.get().and_then(|at| preview::dialog(&list, at, shown))}
    }
    .into_any()
}

fn remove(file: Record) {
    let Some(object) = catalog::object(OBJECT) else { return };
    leptos::task::spawn_local(async move {
        if let Err(error) = records::delete(&object, file.id(), file.version()).await {
            return toast::error(&error);
        }
        touched();
        let id = file.id().to_owned();
        toast::undoable(tf(DELETED, &[("title", &text_of(&file, "name"))]), t(UNDO), move || {
            let (object, id) = (object.clone(), id.clone());
            leptos::task::spawn_local(async move {
                if let Err(error) = records::restore(&object, &id).await {
                    toast::error(&error);
                }
                touched();
            });
        });
    });
}
