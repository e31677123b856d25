//! Providers of identities, as neighbour processes: a real one, and one that lies.

use serde_json::Value;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The secret that the real one has given us.
pub const CLIENT_SECRET: &str = "the secret of the client";

/// A provider; gone when dropped.
pub struct Provider {
    child: Child,
    pub issuer: String,
}

impl Provider {
    /// The real one, with these people: account → claims. It sends them back to this address.
    pub fn real(redirect: &str, people: &Value) -> Provider {
        Provider::start("provider.mjs", &[redirect, &people.to_string()])
    }

    /// The one that lies as it is told.
    pub fn liar() -> Provider {
        Provider::start("liar.mjs", &[])
    }

    fn start(script: &str, more: &[&str]) -> Provider {
        // Free at this moment; the next to ask gets another.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Modules are looked for beside the script.
        let installed =
            crate::oidc_tool("node_modules").parent().unwrap().join(format!("{}-{script}", std::process::id()));
        std::fs::copy(crate::root().join("tests/oidc").join(script), &installed).unwrap();
        let node = std::env::var("PATH")
            .unwrap()
            .split(':')
            .map(|dir| format!("{dir}/node"))
            .chain([crate::cache().join("bin/node").display().to_string()])
            .find(|path| std::path::Path::new(path).exists())
            .unwrap();
        let child = Command::new(node)
            .arg(&installed)
            .arg(port.to_string())
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let provider = Provider { child, issuer: format!("http://127.0.0.1:{port}") };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "the provider does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = std::fs::remove_file(installed);
        provider
    }

    /// What the liar is to say from now on.
    pub fn lie(&self, what: &Value) {
        let client = reqwest::blocking::Client::builder().no_proxy().build().unwrap();
        client.put(format!("{}/lie", self.issuer)).json(what).send().unwrap().error_for_status().unwrap();
    }

    /// What the liar was asked.
    pub fn asked(&self) -> Value {
        let client = reqwest::blocking::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{}/asked", self.issuer)).send().unwrap().json().unwrap()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
