//! CPU time and memory of processes, from /proc.

use std::fs;

/// Ticks per second of /proc/…/stat: fixed in the kernel's interface.
const TICK_MS: f64 = 10.0;

/// User and system CPU of a process in ms, without children.
pub fn cpu_ms(pid: u32) -> f64 {
    stat(pid).map_or(0.0, |s| (s.own) as f64 * TICK_MS)
}

/// The same of a process, its living children and those it has waited for.
pub fn family_cpu_ms(parent: u32) -> f64 {
    let Some(root) = stat(parent) else { return 0.0 };
    let children = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = children.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let living: u64 = pids.filter_map(stat).filter(|s| s.parent == parent).map(|s| s.own + s.waited).sum();
    (root.own + root.waited + living) as f64 * TICK_MS
}

/// Resident memory of a process in MB.
pub fn memory_mb(pid: u32) -> f64 {
    status_mb(pid, "VmRSS:")
}

/// Starts the peak anew.
pub fn forget_peak(pid: u32) {
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// Most resident memory since the peak was forgotten, in MB.
pub fn peak_mb(pid: u32) -> f64 {
    status_mb(pid, "VmHWM:")
}

fn status_mb(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

/// CPU time that all processes of the machine together have used, in ms.
pub fn machine_cpu_ms() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let numbers = text.lines().next().into_iter().flat_map(|l| l.split_whitespace().skip(1));
    let fields: Vec<u64> = numbers.filter_map(|n| n.parse().ok()).collect();
    // user, nice, system, (idle, iowait,) irq, softirq
    [0, 1, 2, 5, 6].iter().filter_map(|at| fields.get(*at)).sum::<u64>() as f64 * TICK_MS
}

struct Stat {
    parent: u32,
    own: u64,
    waited: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).unwrap_or_default();
    Some(Stat { parent: number(1) as u32, own: number(11) + number(12), waited: number(13) + number(14) })
}
