//! The program as its operator meets it: a process with a data directory and signals.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// `kezhan serve` with an embedded PostgreSQL in a directory of its own.
pub struct Process {
    child: Child,
    base: String,
}

impl Process {
    /// Starts and waits for the address.
    pub fn start(data: &Path) -> Process {
        Process::start_with(data, &[])
    }

    /// With settings of its own.
    pub fn start_with(data: &Path, settings: &[(&str, &str)]) -> Process {
        let mut child =
            command(data).envs(settings.iter().copied()).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let line = BufReader::new(stdout).lines().map_while(Result::ok).find(|line| line.contains("http://"));
        let line = line.expect("the server says where it is");
        let base = line[line.find("http://").unwrap()..].trim().to_owned();
        Process { child, base }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal and waits for the end.
    pub fn end(mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end on {signal}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The program with this data directory, and nothing of the surrounding environment's configuration.
pub fn command(data: &Path) -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEZHAN_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command.env("KEZHAN_DATA", data).env("KEZHAN_ADDR", "127.0.0.1:0").env("KEZHAN_LOG", "warn");
    command
}

/// Its path; built first if need be, because cargo does not build the programs of dependencies.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut build = Command::new(cargo);
        // As part of the same whole as the tests: by itself it would get other features, and be built from the ground up.
        build.args(["build", "--quiet", "--locked", "--workspace", "--bin", "kezhan"]);
        build.args(["--exclude", "kezhan-frontend", "--exclude", "kezhan-bind"]);
        build.current_dir(root);
        // What this test is told about its own package is not for others: some are built anew when it changes.
        for (name, _) in std::env::vars() {
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                build.env_remove(name);
            }
        }
        assert!(build.status().unwrap().success());
        let test = fs::canonicalize(std::env::current_exe().unwrap()).unwrap();
        test.parent().and_then(Path::parent).unwrap().join("kezhan")
    })
}
