//! A release build of `kezhan serve` on one of the databases.

use super::http::{Client, Request};
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const PASSWORD: &str = "kezhan-bench";

pub struct Server {
    child: Child,
    pub addr: SocketAddr,
}

impl Server {
    pub fn start(program: &Path, database: &str, dir: &Path) -> Server {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let addr = SocketAddr::from(([127, 0, 0, 1], port));
        let log = std::fs::File::create(dir.join("server.log")).unwrap();
        let child = Command::new(program)
            .arg("serve")
            .env("KEZHAN_ADDR", addr.to_string())
            .env("KEZHAN_DATA", dir)
            .env("KEZHAN_LOG", "warn")
            .env("KEZHAN_ACCESS_TOKEN_MINUTES", "600")
            .env("KEZHAN_RATE_LIMIT", "0")
            .env("KEZHAN_SIGN_IN_LIMIT", "0")
            .env("DATABASE_URL", database)
            // The seeded databases outlive this server.
            .env("KEZHAN_MASTER_KEY", kezhan_tests::MASTER_KEY)
            .env_remove("KEZHAN_BENCH_NAMES")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Server { child, addr };
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let ready = Client::connect(addr, "").and_then(|mut c| c.send(&Request::get("/readyz")));
            if ready.is_ok_and(|answer| answer.status == 200) {
                return server;
            }
            let gone = server.child.try_wait().unwrap();
            if gone.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(dir.join("server.log")).unwrap_or_default();
                panic!("the server does not start ({gone:?}): {log}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn sign_in(&self, username: &str) -> String {
        let body = json!({ "tenant": "bench", "username": username, "password": PASSWORD });
        let request = Request::with("POST", "/api/v1/auth/login", body);
        let answer = Client::connect(self.addr, "").unwrap().send(&request).unwrap();
        match answer.json()["access_token"].as_str() {
            Some(token) => token.to_owned(),
            None => panic!("{username} cannot sign in: {} {}", answer.status, answer.text()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
