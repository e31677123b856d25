//! Turns the keys of the two language files into constants, so that a key that does not exist does not compile
//! and a text that lacks a translation stops the build. The texts themselves come to the browser as one file per
//! language, in the same order: see `texts` in `build.mjs`.

#[path = "../crates/engine/src/search/keys/sounds.rs"]
mod sounds;

use kezhan_meta::rules::text::fold;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;
use std::{env, fs, path::Path};

/// Texts that stand for words of the server, found by them: `audit_said_reason` is what the detail `reason` is called in
/// the audit trail. One more of them is a text in each language and nothing else.
const FAMILIES: [&str; 2] = ["audit_said", "host_done"];

/// What a language calls itself; asked for in every language, so it is not among the texts of one.
const OWN_NAME: &str = "language_name";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    // The splitter works on what calls what; without it, what only debuggers read is left out, which halves the time
    // that an edit takes to be on the page.
    let split = env::var_os("CARGO_FEATURE_SPLIT").is_some();
    println!("cargo::rustc-link-arg-bins={}", if split { "--emit-relocs" } else { "--strip-debug" });
    let (zh, en) = (load("src/i18n/zh-CN.json")?, load("src/i18n/en.json")?);
    let missing: Vec<&String> =
        zh.keys().filter(|k| !en.contains_key(*k)).chain(en.keys().filter(|k| !zh.contains_key(*k))).collect();
    if !missing.is_empty() {
        return Err(format!("texts in one language only: {missing:?}").into());
    }
    let mut out = String::new();
    for (at, (key, zh)) in zh.iter().enumerate() {
        let (zh, en) = (text(key, zh)?, text(key, &en[key])?);
        if holes(zh) != holes(en) {
            return Err(format!("{key}: the two languages have different placeholders").into());
        }
        if key != OWN_NAME {
            writeln!(out, "#[doc = {en:?}]\npub const {}: Key = Key({at});", key.to_uppercase())?;
        }
    }
    for family in FAMILIES {
        let member = |key: &'_ String| key.strip_prefix(family)?.strip_prefix('_').map(str::to_owned);
        let members = zh.keys().filter_map(|key| Some(format!("({:?}, {}), ", member(key)?, key.to_uppercase())));
        let members: String = members.collect();
        writeln!(out, "pub const {}: Family = Family(&[{members}]);", family.to_uppercase())?;
    }
    writeln!(out, "/// What the palette offers, in both languages, in pinyin and by initials.")?;
    writeln!(out, "pub const OFFERED: &[(Key, &[&str])] = &[")?;
    for key in offered()? {
        let (zh, en) = (text(&key, &zh[&key])?, text(&key, &en[&key])?);
        let mut names = vec![fold(zh), fold(en)];
        sounds::of(&fold(zh), |sound| names.push(sound.to_owned()));
        writeln!(out, "({}, &{names:?}),", key.to_uppercase())?;
    }
    writeln!(out, "];")?;
    for (name, texts) in [("ZH", &zh), ("EN", &en)] {
        writeln!(out, "const {name}: &str = {:?};", text(OWN_NAME, &texts[OWN_NAME])?)?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("texts.rs"), out)?;
    Ok(())
}

/// What the palette offers besides lists: pages, and what can be done with any record.
fn offered() -> Result<Vec<String>, Box<dyn Error>> {
    const SETTINGS: &str = "src/layout/settings/mod.rs";
    println!("cargo::rerun-if-changed={SETTINGS}");
    println!("cargo::rerun-if-changed=../crates/engine/src/search/keys/sounds.rs");
    let declared = fs::read_to_string(SETTINGS)?;
    let declared = declared.split(" title: i18n::").skip(1).filter_map(|rest| rest.split_once(','));
    let fixed = "language theme nav_imports nav_recycle nav_settings edit follow_up_save star unstar copy_link print access_title delete";
    Ok(fixed.split(' ').map(str::to_owned).chain(declared.map(|(key, _)| key.to_lowercase())).collect())
}

fn load(file: &str) -> Result<Map<String, Value>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={file}");
    Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
}

fn text<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{key} is not a text"))
}

/// The names in the placeholders of a text: `{name}`, or `{name|record|records}`.
fn holes(text: &str) -> BTreeSet<&str> {
    let holes = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    holes.map(|(hole, _)| hole.split_once('|').map_or(hole, |(name, _)| name)).collect()
}
