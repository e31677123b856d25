//! Finding the row of headers below titles and remarks, and giving every column a name of its own.

use kezhan_meta::rules::{dates, email, numbers, phone};

use super::sheet::RawRow;
use crate::transfer::Cell;

/// How far down headers are looked for.
pub const LOOK_AHEAD: usize = 20;

/// Index of the header row among the first rows of a file; none if its first row already is data.
pub fn find(rows: &[RawRow]) -> Option<usize> {
    let widest = rows.iter().map(filled).max()?;
    // Titles and remarks fill a cell or two; headers fill most columns.
    let index = rows.iter().position(|row| filled(row) * 2 >= widest.max(1))?;
    if !looks_like_header(rows.get(index)?) {
        return None;
    }
    Some(if is_grouped(rows.get(index..)?) { index + 1 } else { index })
}

/// Does a second row of headers say what the parts of groups are that the first one names? A group's name stands in its
/// first column: its other ones are blank there, and only there.
fn is_grouped(rows: &[RawRow]) -> bool {
    let [groups, parts, data @ ..] = rows else { return false };
    let blank = |row: &RawRow, at: usize| row.cells.get(at).is_none_or(Cell::is_empty);
    let width = parts.cells.len().max(groups.cells.len());
    let inside = (1..width).filter(|at| blank(groups, *at) && !blank(parts, *at)).count();
    // The next rows are of another kind.
    let told_apart = data.iter().take(3).any(|row| values(row) > 0);
    inside >= 2 && inside * 4 >= width && values(parts) == 0 && told_apart
}

fn filled(row: &RawRow) -> usize {
    row.cells.iter().filter(|c| !c.is_empty()).count()
}

/// Headers are words: no amounts, dates, addresses or numbers to call.
fn looks_like_header(row: &RawRow) -> bool {
    let filled = filled(row);
    filled > 0 && values(row) * 3 <= filled
}

fn values(row: &RawRow) -> usize {
    let is_value = |cell: &&Cell| {
        let text = cell.trimmed();
        let is_year = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        let typed = !matches!(cell, Cell::Text(_));
        let value = email::is_email(&text)
            || numbers::parse_number(&text).is_some()
            || phone::is_phone(&text, "CN")
            || dates::decide_order([text.as_ref()]).is_some();
        // Columns named by year or month are common: 2024, 2025, 2026.
        (typed || value) && !is_year
    };
    row.cells.iter().filter(|cell| !cell.is_empty()).filter(is_value).count()
}

/// Makes every name present and unique: blank ones take that of the row `above`, of a cell that reaches over both rows,
/// or are numbered; repeated ones are counted.
pub fn names(header: Option<&RawRow>, above: Option<&RawRow>, columns: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns);
    for index in 0..columns {
        let given = |row: Option<&RawRow>| {
            let name = row.and_then(|row| row.cells.get(index)).map(|cell| clean(&cell.as_text()));
            name.filter(|name| !name.is_empty())
        };
        let base = given(header).or_else(|| given(above)).unwrap_or_else(|| format!("#{}", index + 1));
        let mut name = base.clone();
        let mut count = 2;
        while names.contains(&name) {
            name = format!("{base} ({count})");
            count += 1;
        }
        names.push(name);
    }
    names
}

/// One line, without the star that templates put on required columns.
fn clean(name: &str) -> String {
    let line = name.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_matches(['*', '＊', ' ']).chars().take(200).collect()
}
