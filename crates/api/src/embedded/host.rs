//! What the embedded PostgreSQL asks of the machine: programs, a user, memory.

use super::{EmbeddedError, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of the installation, about to be run.
pub(super) struct Program {
    pub name: &'static str,
    pub command: Command,
}

impl Program {
    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Program {
        self.command.arg(arg);
        self
    }

    pub fn args(mut self, args: &[&str]) -> Program {
        self.command.args(args);
        self
    }
}

/// The directory of the server programs: as configured, Debian's newest, or from the PATH.
pub fn find_programs(configured: Option<&Path>) -> Result<PathBuf> {
    programs_for(configured, None)
}

/// The same for a cluster of a certain major version, which after an upgrade of the system still wants its own.
pub(super) fn programs_for(configured: Option<&Path>, major: Option<u32>) -> Result<PathBuf> {
    let complete = |dir: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|p| dir.join(p).is_file());
    if let Some(dir) = configured {
        return Some(dir.to_path_buf()).filter(complete).ok_or(EmbeddedError::NotInstalled);
    }
    let version = |dir: &PathBuf| dir.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse::<u32>().ok());
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter_map(|dir| Some((version(&dir)?, dir.join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| (Some(*version) == major, *version));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let newest_first = versions.into_iter().rev().map(|(_, dir)| dir);
    newest_first.chain(std::env::split_paths(&path)).find(complete).ok_or(EmbeddedError::NotInstalled)
}

/// Ids of the user to run as; none unless we are root, whom PostgreSQL refuses.
pub(super) fn system_user(name: &str) -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let id = |flag: &str| {
        let output = Command::new("id").args([flag, "--", name]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    match (id("-u"), id("-g")) {
        (Some(uid), Some(gid)) if uid != 0 => Ok(Some((uid, gid))),
        _ => Err(EmbeddedError::NoSystemUser(name.to_owned())),
    }
}

/// 2 GB if the system does not tell.
pub(super) fn total_memory_mb() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kb = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kb.map_or(2048, |kb| kb / 1024)
}

pub(super) fn percent_encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
