//! A look into a file without leaving the record.

use super::text_of;
use crate::api::files;
use crate::api::records::RecordExt;
use crate::bridge::{self, pdf::Pdf};
use crate::i18n::{
    FILE_DOWNLOAD, FILE_LARGER, FILE_NEXT, FILE_NO_PREVIEW, FILE_PAGE, FILE_PREVIOUS, FILE_SMALLER, FILE_UNREADABLE, t,
};
use crate::ui::{self, Button, Layer, Look, Shape, icon};
use kezhan_meta::Record;
use leptos::html;
use leptos::prelude::*;

/// As much of a text as one looks at.
const TEXT_MAX: u32 = 200_000;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Picture,
    Pdf,
    Text,
    Other,
}

impl Kind {
    pub fn of(file: &Record) -> Kind {
        const TEXTS: [&str; 9] = [".txt", ".csv", ".tsv", ".md", ".json", ".log", ".xml", ".yaml", ".yml"];
        let (kind, name) = (text_of(file, "content_type"), text_of(file, "name").to_lowercase());
        match kind.as_str() {
            "image/png" | "image/jpeg" | "image/gif" | "image/webp" => Kind::Picture,
            "application/pdf" => Kind::Pdf,
            text if text.starts_with("text/") || text == "application/json" => Kind::Text,
            _ if TEXTS.iter().any(|end| name.ends_with(end)) => Kind::Text,
            _ => Kind::Other,
        }
    }
}

pub fn dialog(list: &[Record], at: usize, shown: RwSignal<Option<usize>>) -> Option<AnyView> {
    let file = list.get(at)?;
    let (id, name) = (file.id().to_owned(), text_of(file, "name"));
    let last = list.len() - 1;
    let step = move |forward: bool| {
        let to = if forward { (at + 1).min(last) } else { at.saturating_sub(1) };
        shown.set(Some(to));
    };
    let content = match Kind::of(file) {
        Kind::Picture => view! { <img src=files::inline_url(&id) alt=name.clone() class="max-w-full max-h-full object-contain m-auto"/> }.into_any(),
        Kind::Pdf => pdf(&id, &name),
        Kind::Text => text(&id),
        Kind::Other => ui::empty("file", name.clone(), t(FILE_NO_PREVIEW), ().into_any()),
    };
    let walk = move |ev: leptos::ev::KeyboardEvent| match ev.key().as_str() {
        "ArrowRight" => step(true),
        "ArrowLeft" => step(false),
        _ => {}
    };
    Some(
        view! {
            <Layer shape=Shape::Wide label=name.clone() on_close=move |()| shown.set(None)>
                <div class="h-[72dvh] min-h-0 overflow-auto bg-base-200 flex" tabindex="0" autofocus on:keydown=walk>{content}</div>
                <footer class="flex items-center gap-2 p-3 border-t border-base-300 shrink-0">
                    {(last > 0).then(|| view! {
                        <Button label=t(FILE_PREVIOUS) look=Look::Quiet icon="chevron-left" icon_only=true disabled=Signal::stored(at == 0) on_click=move |_| step(false)/>
                        <span class="muted text-xs tnum">{format!("{} / {}", at + 1, last + 1)}</span>
                        <Button label=t(FILE_NEXT) look=Look::Quiet icon="chevron-right" icon_only=true disabled=Signal::stored(at == last) on_click=move |_| step(true)/>
                    })}
                    <div class="grow"></div>
                    <a class="btn btn-primary" href=files::download_url(&id) download=name.clone()>{icon("download")}{t(FILE_DOWNLOAD)}</a>
                </footer>
            </Layer>
        }
        .into_any(),
    )
}

fn pdf(id: &str, name: &str) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let shown = RwSignal::new(None::<bool>);
    let document = StoredValue::new_local(None::<Pdf>);
    let url = files::download_url(id);
    Effect::new(move || {
        let Some(element) = node.get() else { return };
        let url = url.clone();
        leptos::task::spawn_local(async move {
            let opened = Pdf::open(&element, &url, t(FILE_PAGE)).await;
            let there = opened.is_some();
            // The dialog may be gone by now; the document goes with what was opened.
            if document.try_set_value(opened).is_none() {
                let _ = shown.try_set(Some(there));
            }
        });
    });
    on_cleanup(move || {
        document.try_update_value(Option::take);
    });
    let zoom = move |closer: bool| {
        document.with_value(|d| {
            if let Some(document) = d {
                document.zoom(closer);
            }
        });
    };
    view! {
        <div class="relative grow min-w-0">
            <div node_ref=node class="absolute inset-0" role="document" aria-label=name.to_owned()></div>
            {move || match shown.get() {
                None => view! { <div class="absolute inset-0 bg-base-100">{ui::loading_rows(5)}</div> }.into_any(),
                Some(false) => view! { <div class="absolute inset-0 flex">{ui::empty("triangle-alert", t(FILE_UNREADABLE), "", ().into_any())}</div> }.into_any(),
                Some(true) => view! {
                    <div class="absolute bottom-3 right-5 flex gap-1 rounded-field bg-base-100 border border-base-300 shadow-sm">
                        <Button label=t(FILE_SMALLER) look=Look::Quiet icon="zoom-out" icon_only=true on_click=move |_| zoom(false)/>
                        <Button label=t(FILE_LARGER) look=Look::Quiet icon="zoom-in" icon_only=true on_click=move |_| zoom(true)/>
                    </div>
                }.into_any(),
            }}
        </div>
    }
    .into_any()
}

fn text(id: &str) -> AnyView {
    let text = RwSignal::new(None::<Option<String>>);
    let url = files::download_url(id);
    leptos::task::spawn_local(async move {
        let read = bridge::read_text(&url, TEXT_MAX).await;
        let _ = text.try_set(Some(read));
    });
    (move || match text.get() {
        None => ui::loading_rows(5),
        Some(None) => ui::empty("triangle-alert", t(FILE_UNREADABLE), "", ().into_any()),
        Some(Some(text)) => {
            view! { <pre class="p-4 text-[13px] whitespace-pre-wrap break-words grow bg-base-100">{text}</pre> }
                .into_any()
        }
    })
    .into_any()
}
