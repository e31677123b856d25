//! Finding the row of headers below titles and remarks, and giving every column a name of its own.

use kezhan_meta::rules::{dates, email, numbers, phone};

use super::sheet::RawRow;

/// How far down headers are looked for.
pub const LOOK_AHEAD: usize = 20;

/// Index of the header row among the first rows of a file; none if its first row already is data.
pub fn find(rows: &[RawRow]) -> Option<usize> {
    let filled = |row: &RawRow| row.cells.iter().filter(|c| !c.is_empty()).count();
    let widest = rows.iter().map(filled).max()?;
    // Titles and remarks fill a cell or two; headers fill most columns.
    let index = rows.iter().position(|row| filled(row) * 2 >= widest.max(1))?;
    looks_like_header(&rows[index]).then_some(index)
}

/// Headers are words: no amounts, dates, addresses or numbers to call.
fn looks_like_header(row: &RawRow) -> bool {
    let mut filled = 0;
    let mut values = 0;
    for cell in &row.cells {
        let text = cell.trimmed();
        if text.is_empty() {
            continue;
        }
        filled += 1;
        let typed = !matches!(cell, crate::transfer::Cell::Text(_));
        let is_year = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        let value = email::is_email(&text)
            || numbers::parse_number(&text).is_some()
            || phone::is_phone(&text, "CN")
            || dates::decide_order([text.as_ref()]).is_some();
        // Columns named by year or month are common: 2024, 2025, 2026.
        values += usize::from((typed || value) && !is_year);
    }
    filled > 0 && values * 3 <= filled
}

/// Makes every name present and unique: blank ones are numbered, repeated ones counted.
pub fn names(header: Option<&RawRow>, columns: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns);
    for index in 0..columns {
        let given = header.and_then(|row| row.cells.get(index)).map(|cell| clean(&cell.as_text()));
        let base = given.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("#{}", index + 1));
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
