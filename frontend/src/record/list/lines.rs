//! What stands on each line of the grid, and where that line is: records, and between them the heads of groups and
//! room for records that are not there yet.

use super::groups::{Group, Groups, Load, ROOM, keys::Fold};
use super::{List, Rows};
use crate::state::app;
use kezhan_meta::Record;
use leptos::prelude::*;
use std::sync::Arc;

/// Height of a card on a phone with the gap above it, and of a group's head there.
const CARD: i32 = 104;
const CARD_HEAD: i32 = 48;
/// One more line of facts, and one of sums.
const MORE_FACTS: i32 = 24;
const MORE_SUMS: i32 = 18;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// The record at this place among those that are there, and its group.
    Row {
        at: usize,
        group: Option<usize>,
    },
    Head(usize),
    /// Room for a record of this group.
    Wait(usize),
    /// That there are more groups than these.
    Note,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Lines {
    Plain(usize),
    Grouped { lines: Arc<Vec<Line>>, heads: Arc<Vec<usize>> },
}

impl Lines {
    pub fn of(rows: Rows, groups: Groups, grouped: bool) -> Lines {
        if !grouped {
            return Lines::Plain(rows.rows.with(Vec::len));
        }
        let more = groups.more.get();
        let lines = groups.all.with(|all| groups.fold.with(|fold| arrange(all, fold, more)));
        let heads = lines.iter().enumerate().filter(|(_, l)| matches!(l, Line::Head(_))).map(|(at, _)| at);
        let heads = Arc::new(heads.collect());
        Lines::Grouped { lines: Arc::new(lines), heads }
    }

    pub fn len(&self) -> usize {
        match self {
            Lines::Plain(n) => *n,
            Lines::Grouped { lines, .. } => lines.len(),
        }
    }

    pub fn get(&self, at: usize) -> Option<Line> {
        match self {
            Lines::Plain(n) => (at < *n).then_some(Line::Row { at, group: None }),
            Lines::Grouped { lines, .. } => lines.get(at).copied(),
        }
    }

    /// Where the groups end.
    pub fn groups_end(&self) -> usize {
        let note = self.get(self.len().saturating_sub(1)) == Some(Line::Note);
        self.len() - usize::from(note)
    }

    /// The line of the record at this place.
    fn of_row(&self, row: usize) -> Option<usize> {
        match self {
            Lines::Plain(n) => (row < *n).then_some(row),
            Lines::Grouped { lines, .. } => {
                lines.iter().position(|line| matches!(line, Line::Row { at, .. } if *at == row))
            }
        }
    }

    fn heads_before(&self, at: usize) -> usize {
        match self {
            Lines::Plain(_) => 0,
            Lines::Grouped { heads, .. } => heads.partition_point(|head| *head < at),
        }
    }
}

fn arrange(groups: &[Group], fold: &Fold, more: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut row = 0;
    let mut hidden_below = None;
    for (at, group) in groups.iter().enumerate() {
        let hidden = hidden_below.is_some_and(|level| group.level > level);
        if !hidden {
            hidden_below = None;
            lines.push(Line::Head(at));
            if fold.holds(&group.id()) {
                hidden_below = Some(group.level);
            } else if group.leaf {
                lines.extend((row..row + group.loaded).map(|at_row| Line::Row { at: at_row, group: Some(at) }));
                let missing = usize::try_from(group.count).unwrap_or(0).saturating_sub(group.loaded);
                let room = match group.load {
                    Load::Done => 0,
                    Load::Failed(_) => 1,
                    _ => missing.clamp(1, ROOM),
                };
                lines.extend(std::iter::repeat_n(Line::Wait(at), room));
            }
        }
        row += group.loaded;
    }
    if more {
        lines.push(Line::Note);
    }
    lines
}

/// Heights of lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    pub row: i32,
    pub head: i32,
}

impl List {
    /// How many lines there are.
    pub fn len(self) -> usize {
        self.lines.with_untracked(Lines::len)
    }

    pub fn line(self, at: usize) -> Option<Line> {
        self.lines.with_untracked(|lines| lines.get(at))
    }

    /// The record on this line, if one is.
    pub fn row(self, at: usize) -> Option<Arc<Record>> {
        match self.line(at)? {
            Line::Row { at, .. } => self.rows.rows.with_untracked(|rows| rows.get(at).cloned()),
            _ => None,
        }
    }

    /// On which line a record stands.
    pub fn position(self, id: &str) -> Option<usize> {
        use crate::api::records::RecordExt;
        let row = self.rows.rows.with(|rows| rows.iter().position(|r| r.id() == id))?;
        self.lines.with(|lines| lines.of_row(row))
    }

    pub fn steps(self) -> Steps {
        let row = app().density.get().row();
        match self.narrow.get() {
            true => Steps {
                row: CARD + if self.tall_cards() { MORE_FACTS } else { 0 },
                head: CARD_HEAD + (self.groups.tall.get() - 1).max(0) * MORE_SUMS,
            },
            false => Steps { row, head: row },
        }
    }

    /// Has a card more to show than two lines hold?
    pub fn tall_cards(self) -> bool {
        self.state.with(|s| s.columns.len() > 4)
    }

    pub fn top(self, at: usize) -> i32 {
        let steps = self.steps();
        let heads = self.lines.with(|lines| lines.heads_before(at)) as i32;
        (at as i32 - heads) * steps.row + heads * steps.head
    }

    /// What the heads of its groups, which stay in sight, cover above this line.
    pub fn covered(self, at: usize) -> i32 {
        let level = |group| untrack(|| self.groups.with(group, |g| g.level as i32)).unwrap_or(0);
        let heads = match self.line(at) {
            Some(Line::Head(group)) => level(group),
            Some(Line::Row { group: Some(group), .. } | Line::Wait(group)) => level(group) + 1,
            _ => 0,
        };
        heads * self.steps().head
    }

    /// Where all lines end.
    pub fn height(self) -> i32 {
        self.top(self.lines.with(Lines::len))
    }

    /// The line at this height.
    pub fn line_at(self, y: i32) -> usize {
        let (mut low, mut high) = (0, self.lines.with(Lines::len));
        while low < high {
            let middle = (low + high) / 2;
            if self.top(middle + 1) <= y {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
