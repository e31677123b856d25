//! Sign-in names made from people's names.

use pinyin::ToPinyin;

/// Surnames of two characters that are common enough to be told from a given name.
const DOUBLE_SURNAMES: &[&str] = &[
    "欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯", "长孙", "宇文",
    "端木", "南宫", "独孤", "轩辕", "呼延", "百里",
];

/// `王伟` → `wang.wei`, `欧阳小红` → `ouyang.xiaohong`, `Darcel Schlecht` → `darcel.schlecht`.
pub fn from_name(name: &str) -> String {
    let name = name.trim();
    let mut characters = name.chars();
    let chinese = characters.clone().next().is_some_and(|c| c.to_pinyin().is_some());
    let joined = if chinese {
        let surname = if DOUBLE_SURNAMES.iter().any(|s| name.starts_with(s)) { 2 } else { 1 };
        let family: String = characters.by_ref().take(surname).collect();
        format!("{} {}", plain(&family), plain(characters.as_str()))
    } else {
        plain(name)
    };
    let words: Vec<&str> = joined.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let mut username = words.join(".");
    username.truncate(60);
    if username.is_empty() { "user".to_owned() } else { username }
}

/// The base itself, or with the smallest number that makes it new.
pub fn distinct(base: &str, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.iter().any(|t| t.eq_ignore_ascii_case(name));
    std::iter::once(base.to_owned())
        .chain((2..).map(|n| format!("{base}{n}")))
        .find(is_free)
        .unwrap_or_else(|| base.to_owned())
}

fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c.to_pinyin() {
            Some(syllable) => out.push_str(&syllable.plain().replace('ü', "v")),
            None => out.extend(c.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_usernames() {
        for (name, username) in [
            ("王伟", "wang.wei"),
            ("欧阳小红", "ouyang.xiaohong"),
            ("吕布", "lv.bu"),
            ("Darcel Schlecht", "darcel.schlecht"),
            ("O'Brien, Pat", "o.brien.pat"),
            ("🙂", "user"),
        ] {
            assert_eq!(from_name(name), username);
        }
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let taken = ["wang.wei".to_owned(), "Wang.Wei2".to_owned()];
        assert_eq!(distinct("wang.wei", &taken), "wang.wei3");
        assert_eq!(distinct("li.na", &taken), "li.na");
    }
}
