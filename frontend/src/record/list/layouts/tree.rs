//! Records below each other: departments and their parts, companies and their daughters, people and whom they report to.
//! A level is read when it is opened. What is searched or filtered for stands on top, wherever it belongs.

use super::fit;
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::fields::{self, Shown};
use crate::i18n::{TREE_CLOSE, TREE_HINT, TREE_MORE, TREE_OPEN, label, t, tf};
use crate::record::list::{List, ListState, grid, record_url};
use crate::state::app;
use crate::ui::{self, Button, icon, keys};
use kezhan_meta::query::{Aggregate, Count, Function, GroupKey, LIMIT_MAX, ListQuery, Sort};
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Op, Record};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// So many at the top are opened by themselves.
const FEW: usize = 12;
const FACTS: usize = 3;

/// What stands below one record; below none, the top.
type Above = Option<String>;

#[derive(Clone, Default)]
struct Level {
    records: Vec<Arc<Record>>,
    next: Option<String>,
}

#[derive(Clone, Copy)]
struct Tree {
    list: List,
    /// The reference to the record above.
    by: StoredValue<FieldMeta>,
    levels: RwSignal<HashMap<Above, Level>>,
    /// How many stand below each record that was read.
    below: RwSignal<HashMap<String, i64>>,
    open: RwSignal<HashSet<String>>,
    /// The record that the keyboard is at.
    at: RwSignal<Above>,
    error: RwSignal<Option<ApiError>>,
    /// What was asked before something else was is not heard any more.
    asked: StoredValue<u32>,
}

/// A line of it: how deep, and which record; or the rest of a level that has more.
#[derive(Clone)]
enum Line {
    Record(usize, Arc<Record>),
    More(usize, Above),
}

pub fn tree(list: List) -> AnyView {
    let object = list.object.with_value(Arc::clone);
    let by = Memo::new(move |_| list.layout.with(|l| fit::asked(fit::hierarchies(&object), l.get("by"))));
    (move || match by.get() {
        Some(by) => of(list, by),
        None => ().into_any(),
    })
    .into_any()
}

fn of(list: List, by: FieldMeta) -> AnyView {
    let tree = Tree {
        list,
        by: StoredValue::new(by),
        levels: RwSignal::new(HashMap::new()),
        below: RwSignal::new(HashMap::new()),
        open: RwSignal::new(HashSet::new()),
        at: RwSignal::new(None),
        error: RwSignal::new(None),
        asked: StoredValue::new(0),
    };
    let question = Memo::new(move |_| list.state.with(ListState::key));
    Effect::new(move |before: Option<String>| {
        let question = question.get();
        app().written.track();
        // Another question is another tree; the same one after something was written keeps what is open.
        if before.is_some_and(|before| before != question) {
            tree.open.set(HashSet::new());
            tree.levels.set(HashMap::new());
        }
        tree.asked.update_value(|n| *n += 1);
        tree.load(None);
        for id in tree.open.get_untracked() {
            tree.load(Some(id));
        }
        question
    });
    let body = move || {
        let read = tree.levels.with(|levels| levels.get(&None).map(|top| top.records.is_empty()));
        match (tree.error.get(), read) {
            (Some(error), _) => ui::failed(&error, move || {
                tree.error.set(None);
                tree.load(None);
            }),
            (None, None) => ui::loading_rows(8),
            (None, Some(true)) => grid::nothing(list, &list.state.get_untracked()),
            (None, Some(false)) => {
                view! { <For each=move || tree.lines() key=Line::key let(line)>{tree.line(&line)}</For> }.into_any()
            }
        }
    };
    let shape = Memo::new(move |_| {
        let empty = tree.levels.with(|levels| levels.get(&None).map(|top| top.records.is_empty()));
        (tree.error.with(Option::is_some), empty, list.state.with(|s| s.columns.clone()))
    });
    view! {
        <div id="tree" class="grow min-h-0 overflow-auto scroll-thin relative py-1" role="tree" aria-multiselectable="true"
            aria-label=move || label(&list.state.get().object.label_many) aria-description=t(TREE_HINT)>
            {move || { shape.get(); untrack(body) }}
        </div>
    }
    .into_any()
}

impl Line {
    fn key(&self) -> (usize, String, i64) {
        match self {
            Line::Record(depth, record) => (*depth, record.id().to_owned(), record.version().unwrap_or_default()),
            Line::More(depth, above) => (*depth, format!("more {}", above.as_deref().unwrap_or_default()), 0),
        }
    }
}

impl Tree {
    fn lines(self) -> Vec<Line> {
        let mut out = Vec::new();
        self.levels.with(|levels| self.open.with(|open| gather(levels, open, &None, 0, &mut out)));
        out
    }

    /// The next page of what stands below this record, or all of it anew.
    fn load(self, above: Above) {
        self.page(above, None);
    }

    fn page(self, above: Above, cursor: Option<String>) {
        let state = self.list.state.get_untracked();
        let by = self.by.with_value(|f| f.key.to_string());
        let mut query = state.query(cursor.clone());
        if query.sort.is_empty() {
            let by = state.object.ordered_by().filter(|f| f.sortable());
            query.sort = by.map(|f| Sort { field: f.key.to_string(), descending: false }).collect();
        }
        (query.limit, query.count) = (Some(LIMIT_MAX), Count::None);
        if let Some(fields) = &mut query.fields {
            fields.push(by.clone());
        }
        match &above {
            Some(id) => {
                query.filter = Some(Filter::field(by.clone(), Op::Eq, json!(id)));
                (query.q, query.import) = (None, None);
            }
            // One whose superior is out of reach stands on top as well.
            None if !state.is_filtered() => {
                query.filter = Some(Filter::field(format!("{by}.id"), Op::Null, json!(true)))
            }
            None => {}
        }
        let asked = self.asked.get_value();
        leptos::task::spawn_local(async move {
            let answer = records::query(&state.object.plural, &query).await;
            let page = match answer {
                Ok(page) => page,
                Err(error) => {
                    let _ = self.error.try_set(Some(error));
                    return;
                }
            };
            let records: Vec<Arc<Record>> = page.data.into_iter().map(Arc::new).collect();
            let below = count(&state.object, &by, &records).await;
            if self.asked.try_get_value() != Some(asked) {
                return;
            }
            let top = above.is_none() && cursor.is_none();
            let few = top && records.len() <= FEW && self.levels.with_untracked(HashMap::is_empty);
            let opened: Vec<String> =
                records.iter().map(|r| r.id().to_owned()).filter(|id| few && below.contains_key(id)).collect();
            self.below.update(|all| {
                for record in &records {
                    all.remove(record.id());
                }
                all.extend(below);
            });
            self.levels.update(|levels| {
                let level = levels.entry(above).or_default();
                if cursor.is_none() {
                    level.records.clear();
                }
                level.records.extend(records);
                level.next = page.next_cursor;
            });
            for id in opened {
                self.unfold(&id);
            }
        });
    }

    fn unfold(self, id: &str) {
        self.open.update(|open| {
            open.insert(id.to_owned());
        });
        if !self.levels.with_untracked(|levels| levels.contains_key(&Some(id.to_owned()))) {
            self.load(Some(id.to_owned()));
        }
    }

    fn fold(self, id: &str) {
        self.open.update(|open| {
            open.remove(id);
        });
    }

    fn line(self, line: &Line) -> AnyView {
        match line {
            Line::Record(depth, record) => self.record(*depth, record),
            Line::More(depth, above) => {
                let (pad, above) = (inset(*depth), above.clone());
                let more = move |_| {
                    let next = self.levels.with_untracked(|levels| levels.get(&above)?.next.clone());
                    self.page(above.clone(), next);
                };
                view! { <div prop:style=pad class="py-1"><Button label=t(TREE_MORE) on_click=more/></div> }.into_any()
            }
        }
    }

    fn record(self, depth: usize, record: &Arc<Record>) -> AnyView {
        let object = self.list.object.with_value(Arc::clone);
        let (id, title, url) = (record.id().to_owned(), record.title(&object), record_url(&object, record.id()));
        let stored = StoredValue::new(id.clone());
        let open = Memo::new(move |_| stored.with_value(|id| self.open.with(|open| open.contains(id))));
        let below = Memo::new(move |_| stored.with_value(|id| self.below.with(|all| all.get(id).copied())));
        let chosen = Memo::new(move |_| stored.with_value(|id| self.list.selected.with(|s| s.contains(id))));
        let here = move || {
            let first =
                || self.levels.with(|l| l.get(&None).and_then(|top| Some(top.records.first()?.id().to_owned())));
            stored.with_value(|id| self.at.get().or_else(first).as_ref() == Some(id))
        };
        let turn = move || {
            let id = stored.get_value();
            if open.get_untracked() { self.fold(&id) } else { self.unfold(&id) }
        };
        let name = title.clone();
        let twist = move || {
            let sign = if open.get() { "chevron-down" } else { "chevron-right" };
            let text = tf(if open.get() { TREE_CLOSE } else { TREE_OPEN }, &[("title", &name)]);
            below.get().map(|_| view! {
                <button type="button" tabindex="-1" class="btn btn-quiet btn-icon !h-7 !w-7" aria-label=text on:click=move |_| turn()>{icon(sign)}</button>
            })
        };
        let facts = self.list.state.with_untracked(|state| {
            let by = self.by.with_value(|f| f.key.clone());
            let own = state.fields().into_iter().filter(|f| f.key != object.title && f.key != by).take(FACTS);
            own.filter_map(|field| {
                let shown = Shown::of(&field, record);
                let name = label(&field.label);
                (!shown.is_empty()).then(
                    || view! { <span class="min-w-0 max-w-56 flex truncate" title=name>{fields::cell(shown)}</span> },
                )
            })
            .collect_view()
        });
        let (opened, href) = (url.clone(), url);
        view! {
            <div role="treeitem" class="group flex items-center gap-2 min-h-9 pointer-coarse:min-h-11 pe-4 text-[13px] hover:bg-base-content/4 focus-visible:outline-2 -outline-offset-2 aria-selected:bg-primary/10"
                id=format!("tree-{id}") prop:style=inset(depth) prop:ariaLevel=(depth + 1).to_string()
                aria-selected=move || chosen.get().to_string() aria-expanded=move || below.get().map(|_| open.get().to_string())
                tabindex=move || if here() { "0" } else { "-1" }
                on:focus=move |_| self.at.set(Some(stored.get_value()))
                on:keydown=move |ev| self.key(&stored.get_value(), &opened, &ev)>
                <span class="w-7 shrink-0">{twist}</span>
                <a href=href tabindex="-1" class="font-semibold truncate hover:text-primary hover:underline underline-offset-4">{title}</a>
                {move || below.get().map(|n| view! { <span class="muted tnum text-xs">{n}</span> })}
                <span class="ms-auto hidden md:flex items-center gap-4 min-w-0 muted">{facts}</span>
            </div>
        }
        .into_any()
    }

    fn key(self, id: &str, url: &str, ev: &KeyboardEvent) {
        let own = ev.target().zip(ev.current_target()).is_some_and(|(t, c)| js_sys::Object::is(&t, &c));
        if keys::composing(ev) || !own || !keys::plain(ev) {
            return;
        }
        let lines: Vec<(usize, String)> = untrack(|| self.lines())
            .into_iter()
            .filter_map(|line| match line {
                Line::Record(depth, record) => Some((depth, record.id().to_owned())),
                Line::More(..) => None,
            })
            .collect();
        let Some(now) = lines.iter().position(|(_, other)| other == id) else { return };
        let depth = lines.get(now).map_or(0, |(depth, _)| *depth);
        let (open, has) = (
            self.open.with_untracked(|open| open.contains(id)),
            self.below.with_untracked(|below| below.contains_key(id)),
        );
        let to = match ev.key().as_str() {
            "ArrowDown" | "j" => now + 1,
            "ArrowUp" | "k" => now.saturating_sub(1),
            "Home" => 0,
            "End" => lines.len().saturating_sub(1),
            "ArrowRight" if has && !open => {
                ev.prevent_default();
                return self.unfold(id);
            }
            "ArrowRight" if has => now + 1,
            "ArrowLeft" if open => {
                ev.prevent_default();
                return self.fold(id);
            }
            "ArrowLeft" => lines.iter().take(now).rposition(|(other, _)| *other < depth).unwrap_or(now),
            "Enter" => {
                ev.prevent_default();
                return self.list.url.go(url.to_owned());
            }
            " " if !ev.shift_key() => {
                ev.prevent_default();
                return self.list.url.toggle_beside(id);
            }
            " " | "x" => {
                ev.prevent_default();
                return self.list.toggle(id);
            }
            _ => return,
        };
        ev.prevent_default();
        let Some((_, next)) = lines.get(to.min(lines.len().saturating_sub(1))) else { return };
        self.at.set(Some(next.clone()));
        if let Some(element) = document().get_element_by_id(&format!("tree-{next}")) {
            let _ = element.dyn_into::<web_sys::HtmlElement>().map(|e| e.focus());
        }
    }
}

fn inset(depth: usize) -> String {
    format!("padding-inline-start:{}px", 8 + depth.min(12) * 22)
}

fn gather(levels: &HashMap<Above, Level>, open: &HashSet<String>, above: &Above, depth: usize, out: &mut Vec<Line>) {
    // A circle, which only data from elsewhere could hold, ends.
    let Some(level) = levels.get(above).filter(|_| depth < 64) else { return };
    for record in &level.records {
        out.push(Line::Record(depth, record.clone()));
        if open.contains(record.id()) {
            gather(levels, open, &Some(record.id().to_owned()), depth + 1, out);
        }
    }
    if level.next.is_some() {
        out.push(Line::More(depth, above.clone()));
    }
}

/// How many stand below each of these, where any do.
async fn count(object: &ObjectMeta, by: &str, records: &[Arc<Record>]) -> HashMap<String, i64> {
    let ids: Vec<&str> = records.iter().map(|r| r.id()).collect();
    if ids.is_empty() {
        return HashMap::new();
    }
    let query = ListQuery {
        filter: Some(Filter::field(by.to_owned(), Op::In, json!(ids))),
        group_by: vec![GroupKey::Field(by.to_owned())],
        aggregates: vec![Aggregate { function: Function::Count, field: None, name: None }],
        ..ListQuery::default()
    };
    // Without it nothing can be opened; the records are there all the same.
    let groups = records::groups(&object.plural, &query).await.unwrap_or_default();
    let pair = |group: &Record| Some((group.get(by)?.as_str()?.to_owned(), group.get("count")?.as_i64()?));
    groups.iter().filter_map(pair).collect()
}
