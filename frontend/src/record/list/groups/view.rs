//! The head of a group, the room for records that are on their way, and what to group by.

use super::keys::{self, Fold, LEVELS, UNITS};
use super::totals;
use super::{Group, Load};
use crate::bridge;
use crate::i18n::{
    GROUP, GROUP_COUNT, GROUP_MORE, GROUP_NONE, GROUP_PERIOD, GROUP_THEN, GROUPS_CLOSE, GROUPS_OPEN, RETRY, label, t,
    tf,
};
use crate::record::list::cells::{self, At};
use crate::record::list::lines::Lines;
use crate::record::list::{Line, List, row, typing};
use crate::ui::{badge, icon};
use kezhan_meta::query::{By, GroupKey};
use kezhan_meta::{FieldMeta, ObjectMeta};
use leptos::prelude::*;

/// Sums of further currencies that stand below the first one.
const STACKED: usize = 2;

/// What stands on a line that is no record's.
pub fn draw(list: List, fields: &[FieldMeta], at: usize, line: Line, place: String) -> AnyView {
    match line {
        Line::Head(group) => head(list, fields, at, group, place),
        Line::Wait(group) => wait(list, at, group, place),
        _ => note(place),
    }
}

/// The lines of heads, with how deep their groups are.
fn heads(list: List) -> Vec<(usize, usize)> {
    let Lines::Grouped { lines, heads } = list.lines.get() else { return Vec::new() };
    let level = |all: &[Group], at: &usize| match lines.get(*at) {
        Some(Line::Head(group)) => all.get(*group).map(|g| (*at, g.level)),
        _ => None,
    };
    list.groups.all.with(|all| heads.iter().filter_map(|at| level(all, at)).collect())
}

pub fn over(list: List, line: usize) -> Vec<usize> {
    let mut heads = heads(list);
    let here = heads.iter().find(|(at, _)| *at == line).map(|(_, level)| *level);
    let mut within = here.unwrap_or(usize::MAX);
    heads.retain(|(at, _)| *at < line);
    heads.reverse();
    heads.retain(|(_, level)| {
        *level < within && {
            within = *level;
            true
        }
    });
    heads.into_iter().rev().map(|(at, _)| at).collect()
}

/// How far a group goes from its head on: so far that stays in sight.
fn reach(list: List, head: usize) -> i32 {
    let (heads, end) = (heads(list), list.lines.with(Lines::groups_end));
    let level = heads.iter().find(|(at, _)| *at == head).map_or(0, |(_, level)| *level);
    let next = heads.iter().find(|(at, other)| *at > head && *other <= level);
    list.top(next.map_or(end, |(at, _)| *at)) - list.top(head)
}

fn head(list: List, fields: &[FieldMeta], at: usize, group: usize, place: String) -> AnyView {
    let read = Memo::new(move |_| list.groups.with(group, Clone::clone));
    let folded = Memo::new(move |_| list.groups.is_folded(group));
    let expanded = move || (!folded.get()).to_string();
    let depth = move || read.with(|g| g.as_ref().map_or(0, |g| g.level));
    let level = move || (depth() + 1).to_string();
    // Within what reaches as far as its group does, the head stays where it can be seen.
    let whole = move || format!("{place};height:{}px;--depth:{}", reach(list, at), depth());
    let chosen = move || list.cells.at.get().is_some_and(|here| here.row == at);
    let press = move |_| {
        list.cells.choose(Some(At { row: at, col: Some(0) }));
        cells::reveal(list, at);
        typing::focus(list);
        super::toggle(list, group);
    };
    let chevron = move || icon(if folded.get() { "chevron-right" } else { "chevron-down" });
    let name = move || read.with(|g| g.as_ref().map(name));
    let sums: Vec<FieldMeta> = list.state.with_untracked(totals::summed);
    let is_summed = |f: &FieldMeta| sums.iter().any(|s| s.key == f.key);
    let sum = move |field: &FieldMeta| {
        let field = field.clone();
        move || {
            read.with(|g| {
                g.as_ref().and_then(|g| g.sums.iter().find(|s| s.field == field.key).map(|s| s.texts(&field)))
            })
        }
    };
    if list.narrow.get_untracked() {
        let sums = move || read.with(|g| g.as_ref().map(|g| amounts(g, &sums))).unwrap_or_default();
        let each = move || sums().into_iter().map(|text| view! { <span>{text}</span> }).collect_view();
        let whole = move || format!("{};--head:{}px", whole(), list.steps().head - 4);
        return view! {
            <div class="pointer-events-none" prop:style=whole>
                <button type="button" class="sticky grid-group grid-group-card" aria-expanded=expanded on:click=press>
                    <span class="flex items-center gap-2 w-full min-w-0">{chevron}{name}</span>
                    <span class="flex flex-wrap gap-x-3 w-full ps-6 text-xs leading-[18px] muted tnum text-start empty:hidden">{each}</span>
                </button>
            </div>
        }
        .into_any();
    }
    let first = fields.iter().position(is_summed).filter(|col| *col > 0);
    // The name goes up to the first sum.
    let end = fields.iter().enumerate().position(|(col, f)| col > 0 && is_summed(f)).map_or(-1, |col| col as i32 + 2);
    let beside = fields.first().filter(|f| is_summed(f)).map(|f| {
        let (name, sum) = (label(&f.label), sum(f));
        view! { <span class="muted tnum">{move || sum().filter(|t| !t.is_empty()).map(|t| format!("{name} {}", t.join(" + ")))}</span> }
    });
    let cells = fields.iter().enumerate().filter(|(col, f)| first.is_some_and(|first| *col >= first) && *col > 0 && is_summed(f)).map(|(col, field)| {
        let (sum, sign) = (sum(field), label(&field.label));
        let title = {
            let sum = sum.clone();
            move || sum().map(|texts| format!("{sign} {}", texts.join(" + ")))
        };
        let lines = move || {
            let texts = sum().unwrap_or_default();
            let more = texts.len().saturating_sub(STACKED);
            let class = if texts.len() > 1 { "block text-xs leading-[14px] truncate" } else { "block truncate" };
            texts.into_iter().take(STACKED).enumerate().map(|(n, text)| {
                let text = if n + 1 == STACKED && more > 0 { format!("{text} +{more}") } else { text };
                view! { <span class=class>{text}</span> }
            }).collect_view()
        };
        view! { <div class="grid-cell num font-semibold" role="gridcell" aria-colindex=(col + 2).to_string() prop:style=format!("grid-column:{}", col + 2) title=title>{lines}</div> }
    });
    view! {
        <div class="pointer-events-none" role="presentation" prop:style=whole>
            <div class="grid-row grid-group" role="row" id=row::row_id(at) data-row=at.to_string() aria-rowindex=(at + 2).to_string()
                class=("grid-group-on", chosen) aria-expanded=expanded prop:ariaLevel=level on:click=press>
                <div class="min-w-0" role="gridcell" aria-colindex="1" prop:style=format!("grid-column:1/{end}")>
                    <span class="grid-group-name inline-flex max-w-full items-center gap-2 pe-3">{chevron}{name}{beside}</span>
                </div>
                {cells.collect_view()}
            </div>
        </div>
    }
    .into_any()
}

/// All sums of a group, each with its name before the first of its amounts.
fn amounts(group: &Group, fields: &[FieldMeta]) -> Vec<String> {
    let of = |field: &FieldMeta| {
        let sum = group.sums.iter().find(|s| s.field == field.key).map(|s| s.texts(field)).unwrap_or_default();
        let name = label(&field.label);
        sum.into_iter().enumerate().map(move |(n, text)| if n == 0 { format!("{name} {text}") } else { text })
    };
    fields.iter().flat_map(of).collect()
}

/// How many lines the sums of the heads take on this phone: all heads are as high as the highest.
pub fn measure(list: List, groups: &[Group]) {
    if !list.narrow.get_untracked() {
        return;
    }
    let wide = window().inner_width().ok().and_then(|w| w.as_f64()).unwrap_or(360.0) as usize;
    let room = wide.saturating_sub(60);
    let width = |text: &String| text.chars().map(|c| if c.is_ascii() { 7 } else { 12 }).sum::<usize>();
    let fields = list.state.with_untracked(totals::summed);
    let lines = |group: &Group| {
        let (mut lines, mut left) = (0, 0);
        for wide in amounts(group, &fields).iter().map(width) {
            if wide > left {
                (lines, left) = (lines + 1, room);
            }
            left = left.saturating_sub(wide + 12);
        }
        lines
    };
    list.groups.tall.set(groups.iter().map(lines).max().unwrap_or(0));
}

fn name(group: &Group) -> AnyView {
    let name = match group.tone {
        Some(tone) => badge(group.name.clone(), tone),
        None => view! { <span class="font-semibold truncate">{group.name.clone()}</span> }.into_any(),
    };
    let n = bridge::decimal(&group.count.to_string(), 0, 0);
    let (title, spoken) = (tf(GROUP_COUNT, &[("n", &n)]), tf(GROUP_COUNT, &[("n", &n)]));
    view! { {name}<span class="muted tnum" title=title><span aria-hidden="true">{n}</span><span class="sr-only">{spoken}</span></span> }.into_any()
}

/// Room for a record, or why it is not there.
fn wait(list: List, at: usize, group: usize, place: String) -> AnyView {
    let failed = move || {
        list.groups.with(group, |g| match &g.load {
            Load::Failed(why) => Some(why.clone()),
            _ => None,
        })
    };
    let content = move || match failed().flatten() {
        Some(why) => view! {
            <span class="text-error truncate" role="alert">{why}</span>
            <button type="button" class="link" on:click=move |_| super::load::retry(list, group)>{t(RETRY)}</button>
        }
        .into_any(),
        None => view! { <span class="skeleton-bar h-3 w-48 late"></span> }.into_any(),
    };
    view! { <div class="flex items-center gap-3 px-12 text-[13px] border-b border-base-300/60" id=row::row_id(at) prop:style=format!("{place};height:var(--row)")>{content}</div> }
        .into_any()
}

fn note(place: String) -> AnyView {
    view! { <p class="px-4 flex items-center text-[13px] muted" prop:style=format!("{place};height:var(--row)")>{t(GROUP_MORE)}</p> }.into_any()
}

/// By what to group.
pub fn panel(list: List) -> AnyView {
    (move || {
        let (object, chosen) = list.state.with(|s| (s.object.clone(), s.group.clone()));
        let shown = (chosen.len() + 1).min(LEVELS);
        let levels = (0..shown).map(|level| select(list, &object, &chosen, level)).collect_view();
        let folds = (!chosen.is_empty()).then(|| {
            view! {
                <div class="flex gap-2 pt-1">
                    <button type="button" class="btn btn-plain grow" on:click=move |_| Fold::everything(true).put(list.url)>{icon("chevrons-down-up")}{t(GROUPS_CLOSE)}</button>
                    <button type="button" class="btn btn-plain grow" on:click=move |_| Fold::everything(false).put(list.url)>{icon("chevrons-up-down")}{t(GROUPS_OPEN)}</button>
                </div>
            }
        });
        view! { <div class="flex flex-col gap-3">{levels}{folds}</div> }
    })
    .into_any()
}

fn select(list: List, object: &ObjectMeta, chosen: &[GroupKey], level: usize) -> AnyView {
    let now = chosen.get(level);
    let put = {
        let chosen = chosen.to_vec();
        move |key: Option<GroupKey>| {
            let mut keys: Vec<GroupKey> = chosen.iter().take(level).cloned().collect();
            // Without this one those within it move up.
            let rest =
                chosen.iter().skip(level + 1).filter(|k| key.as_ref().is_none_or(|n| n.field() != k.field())).cloned();
            keys.extend(key.clone());
            keys.extend(rest);
            keys::put(list.url, &keys);
        }
    };
    let taken = |f: &&FieldMeta| chosen.iter().enumerate().all(|(n, k)| n >= level || k.field() != f.key);
    let fields: Vec<FieldMeta> = object.fields.iter().filter(|f| keys::groupable(f)).filter(taken).cloned().collect();
    let options = fields.iter().map(|f| {
        let selected = now.is_some_and(|k| k.field() == f.key);
        view! { <option value=f.key.to_string() selected=selected>{label(&f.label)}</option> }
    });
    let options = options.collect_view();
    let pick = {
        let put = put.clone();
        move |ev| {
            let key = event_target_value(&ev);
            put(fields.iter().find(|f| f.key == key).map(keys::key_of));
        }
    };
    let unit = now.and_then(|k| match k {
        GroupKey::Dated { field, by } => Some((field.clone(), *by)),
        GroupKey::Field(_) => None,
    });
    let unit = unit.map(|(field, by)| {
        let options =
            UNITS.into_iter().map(|u| view! { <option selected=u == by>{keys::unit_label(u)}</option> }).collect_view();
        let pick = move |ev: leptos::ev::Event| {
            use wasm_bindgen::JsCast;
            let at = ev
                .target()
                .and_then(|t| t.dyn_into::<web_sys::HtmlSelectElement>().ok())
                .map_or(0, |s| s.selected_index());
            let by = usize::try_from(at).ok().and_then(|at| UNITS.get(at).copied()).unwrap_or(By::Month);
            put(Some(GroupKey::Dated { field: field.clone(), by }));
        };
        view! { <select class="select !w-24 shrink-0" aria-label=t(GROUP_PERIOD) on:change=pick>{options}</select> }
    });
    let id = format!("group-{level}");
    view! {
        <div class="flex flex-col gap-1">
            <label class="text-xs muted" for=id.clone()>{t(if level == 0 { GROUP } else { GROUP_THEN })}</label>
            <div class="flex gap-2">
                <select id=id class="select grow min-w-0" on:change=pick>
                    <option value="" selected=now.is_none()>{t(GROUP_NONE)}</option>
                    {options}
                </select>
                {unit}
            </div>
        </div>
    }
    .into_any()
}
