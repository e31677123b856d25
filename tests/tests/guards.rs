//! Rules of the workspace that no compiler checks.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const NATIVE: &str = "x86_64-unknown-linux-gnu";
const WASM: &str = "wasm32-unknown-unknown";

/// Licences that an Apache-2.0 work may build on.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

fn metadata(platform: &str) -> Metadata {
    MetadataCommand::new()
        .current_dir(root())
        .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), platform.to_owned()])
        .exec()
        .unwrap()
}

/// Everything that a workspace crate is built from, its tests left aside.
fn closure<'a>(metadata: &'a Metadata, name: &str) -> BTreeMap<&'a str, &'a Package> {
    let packages: BTreeMap<&PackageId, &Package> = metadata.packages.iter().map(|p| (&p.id, p)).collect();
    let nodes: BTreeMap<_, _> = metadata.resolve.as_ref().unwrap().nodes.iter().map(|n| (&n.id, n)).collect();
    let start = metadata.packages.iter().find(|p| p.name.as_str() == name).unwrap_or_else(|| panic!("no crate {name}"));
    let mut open = vec![&start.id];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let used = |d: &&cargo_metadata::NodeDep| d.dep_kinds.iter().any(|k| k.kind != DependencyKind::Development);
            open.extend(nodes[id].deps.iter().filter(used).map(|d| &d.pkg));
        }
    }
    seen.into_iter().map(|id| (packages[id].name.as_str(), packages[id])).collect()
}

#[test]
fn crates_know_only_what_they_may() {
    let never = [
        ("kezhan-meta", &["diesel", "actix-web", "kezhan-domain", "kezhan-engine"][..]),
        ("kezhan-domain", &["diesel", "actix-web", "kezhan-engine", "kezhan-features", "kezhan-api"]),
        ("kezhan-engine", &["kezhan-domain", "actix-web", "kezhan-features", "kezhan-api"]),
        ("kezhan-connect", &["kezhan-engine", "kezhan-domain", "kezhan-features", "kezhan-api"]),
        ("kezhan-features", &["kezhan-api", "actix-web"]),
        ("kezhan-frontend", &["diesel", "kezhan-engine", "kezhan-features", "kezhan-api"]),
    ];
    for platform in [NATIVE, WASM] {
        let metadata = metadata(platform);
        for (name, forbidden) in never {
            let known = closure(&metadata, name);
            for other in forbidden {
                assert!(!known.contains_key(other), "{name} must not depend on {other} ({platform})");
            }
        }
    }
}

#[test]
fn dependencies_have_compatible_licences() {
    let mut wrong = BTreeSet::new();
    for platform in [NATIVE, WASM] {
        for package in metadata(platform).packages.iter().filter(|p| p.source.is_some()) {
            let licence = package.license.as_deref().unwrap_or("none stated");
            if !allowed(licence) {
                wrong.insert(format!("{} {}: {licence}", package.name, package.version));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn browser_packages_have_compatible_licences() {
    let lock = root().join("frontend/package-lock.json");
    if !lock.exists() {
        return;
    }
    let lock: serde_json::Value = serde_json::from_str(&fs::read_to_string(lock).unwrap()).unwrap();
    let packages = lock["packages"].as_object().unwrap().iter().filter(|(path, _)| !path.is_empty());
    let wrong: Vec<String> = packages
        .map(|(path, package)| (path, package["license"].as_str().unwrap_or("none stated")))
        .filter(|(_, licence)| !allowed(licence))
        .map(|(path, licence)| format!("{path}: {licence}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn allowed(expression: &str) -> bool {
    // Older crates write "MIT/Apache-2.0".
    let Ok(expression) = spdx::Expression::parse_mode(expression, spdx::ParseMode::LAX) else { return false };
    expression.evaluate(|requirement| requirement.license.id().is_some_and(|id| LICENCES.contains(&id.name)))
}

#[test]
fn the_allow_list_discriminates() {
    for good in ["MIT OR GPL-3.0", "Apache-2.0 WITH LLVM-exception", "MIT/Apache-2.0", "ISC AND BSD-3-Clause"] {
        assert!(allowed(good), "{good}");
    }
    for bad in ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "SSPL-1.0", "none stated", ""] {
        assert!(!allowed(bad), "{bad}");
    }
}

/// Files under version control; without git, in an unpacked archive, there is nothing to tell them by.
fn tracked() -> Vec<PathBuf> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let Ok(output) = listed else { return Vec::new() };
    let text = String::from_utf8(output.stdout).unwrap();
    text.split('\0').filter(|name| !name.is_empty()).map(|name| root().join(name)).filter(|p| p.is_file()).collect()
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    // Put together here, so that this file passes.
    let needles =
        ["/ro@ot/", "/ho@me/", "/wo@rk/main", "/wo@rk/shared", "/Us@ers/", "/tm@p/kz"].map(|n| n.replace('@', ""));
    let mut wrong = Vec::new();
    for path in tracked() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (at, line) in text.lines().enumerate() {
            let found = |needle: &String| {
                line.match_indices(needle.as_str()).any(|(at, _)| {
                    // The start of a path, not the middle of one.
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}~".contains(c))
                })
            };
            if needles.iter().any(found) {
                wrong.push(format!("{}:{}: {}", path.display(), at + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_statement_has_a_bound_limit() {
    let bound = ["LIMIT \")", "LIMIT $"];
    let sources = tracked().into_iter().filter(|p| p.starts_with(root().join("crates")));
    let wrong: Vec<PathBuf> = sources
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            bound.iter().any(|sign| text.contains(sign))
        })
        .collect();
    assert!(wrong.is_empty(), "the planner must see how few rows are wanted, see Sql::limit: {wrong:#?}");
}

/// What one more object costs, counted on the one that was added last: its declaration, its line in the registry, its
/// migration. API, OpenAPI, permissions, history, import and generic screens take nothing of their own.
#[test]
fn one_more_object_is_a_declaration_a_line_and_a_migration() {
    let object = kezhan_domain::standard().get("favorite").unwrap();
    let named = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|w| w == object.name || w == object.plural || w == "Favorite")
    };
    let server = ["crates", "migrations", "scripts"].map(|dir| root().join(dir));
    let mut places: Vec<(String, usize)> = Vec::new();
    for path in tracked().into_iter().filter(|p| server.iter().any(|dir| p.starts_with(dir))) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines = text.lines().filter(|line| named(line)).count();
        if lines > 0 {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            places.push((name, lines));
        }
    }
    let of = |part: &str| places.iter().filter(|(name, _)| name.contains(part)).collect::<Vec<_>>();
    assert_eq!(of("registry.rs"), [&("crates/domain/src/registry.rs".to_owned(), 1)]);
    assert_eq!(of("crates/domain/src/platform").len(), 1, "one declaration");
    assert!(of("migrations/").iter().all(|(name, _)| name.ends_with("/up.sql") || name.ends_with("/down.sql")));
    assert_eq!(places.len(), 4, "it is named elsewhere: {places:#?}");
}

#[test]
fn migrations_are_well_formed() {
    let mut versions = BTreeSet::new();
    for entry in fs::read_dir(root().join("migrations")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_dir() || name.starts_with('.') {
            continue;
        }
        let (version, title) = name.split_once('_').unwrap_or_else(|| panic!("{name}: not VERSION_title"));
        assert!(version.chars().all(|c| c.is_ascii_digit() || c == '-'), "{name}: the version is no number");
        assert!(
            !title.is_empty() && title.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
            "{name}"
        );
        assert!(versions.insert(version.replace('-', "")), "{name}: a second migration of this version");
        let up = fs::read_to_string(path.join("up.sql")).unwrap_or_default();
        assert!(!up.trim().is_empty(), "{name}: up.sql is missing or empty");
    }
    let lengths: BTreeSet<usize> = versions.iter().map(String::len).collect();
    assert!(lengths.len() <= 1, "versions of different length do not sort: {versions:?}");
}
