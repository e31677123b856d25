//! What the keys do.

use crate::i18n::{HELP, t};
use crate::ui::shortcuts::{TABLE, caption};
use crate::ui::{Layer, Shape};
use leptos::prelude::*;

pub fn dialog(open: RwSignal<bool>) -> AnyView {
    let groups = TABLE.iter().map(|(scope, all)| {
        let rows = all.iter().map(|(_, what, presses)| {
            let caps = presses.iter().map(|press| {
                view! { <kbd class="px-1.5 py-0.5 rounded border border-base-300 bg-base-200 text-xs font-sans whitespace-nowrap">{caption(press)}</kbd> }
            });
            view! {
                <div class="flex items-center gap-3 min-h-8 text-[13px]">
                    <dt class="grow">{t(*what)}</dt>
                    <dd class="flex gap-1.5">{caps.collect_view()}</dd>
                </div>
            }
        });
        view! {
            <section>
                <h3 class="text-xs muted mb-1">{t(*scope)}</h3>
                <dl>{rows.collect_view()}</dl>
            </section>
        }
    });
    view! {
        <Layer shape=Shape::Dialog label=t(HELP) on_close=move |()| open.set(false)>
            <div class="p-4 flex flex-col gap-4 overflow-y-auto scroll-thin">{groups.collect_view()}</div>
        </Layer>
    }
    .into_any()
}
