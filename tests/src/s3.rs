//! A service that speaks S3, as a neighbour process.

use crate::peer_tool;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const BUCKET: &str = "files";

/// What moto takes for a signature: it knows nobody and believes everybody.
const ANYBODY: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// moto's server with one empty bucket, in memory; gone when dropped.
pub struct S3 {
    child: Child,
    pub endpoint: String,
}

impl S3 {
    pub fn start() -> S3 {
        // Free at this moment; the next to ask gets another.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        S3::on(port)
    }

    /// On the port of one that was stopped.
    pub fn on(port: u16) -> S3 {
        let child = Command::new(peer_tool("bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let s3 = S3 { child, endpoint: format!("http://127.0.0.1:{port}") };
        let started = Instant::now();
        while s3.put_bucket().is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "moto_server does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        s3
    }

    fn put_bucket(&self) -> Result<(), reqwest::Error> {
        self.client().put(format!("{}/{BUCKET}", self.endpoint)).send()?.error_for_status().map(drop)
    }

    fn client(&self) -> reqwest::blocking::Client {
        reqwest::blocking::Client::builder().no_proxy().build().unwrap()
    }

    /// The keys in the bucket, and the uploads that were begun and not finished.
    pub fn holds(&self) -> (usize, usize) {
        let count = |query: &str, element: &str| {
            let url = format!("{}/{BUCKET}?{query}", self.endpoint);
            let listing = self.client().get(url).send().unwrap().error_for_status().unwrap();
            listing.text().unwrap().matches(element).count()
        };
        (count("list-type=2", "<Contents>"), count("uploads", "<Upload>"))
    }

    /// The keys in the bucket.
    pub fn keys(&self) -> Vec<String> {
        let url = format!("{}/{BUCKET}?list-type=2", self.endpoint);
        let listing = self.client().get(url).send().unwrap().error_for_status().unwrap().text().unwrap();
        listing.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    }

    /// A file as it lies there.
    pub fn get(&self, key: &str) -> Vec<u8> {
        let url = format!("{}/{BUCKET}/{key}", self.endpoint);
        let found = self.client().get(url).header("authorization", ANYBODY).send().unwrap();
        found.error_for_status().unwrap().bytes().unwrap().to_vec()
    }

    /// Puts a file there behind the server's back.
    pub fn put(&self, key: &str, bytes: Vec<u8>) {
        let url = format!("{}/{BUCKET}/{key}", self.endpoint);
        self.client().put(url).header("authorization", ANYBODY).body(bytes).send().unwrap().error_for_status().unwrap();
    }

    /// What a server needs to keep its files there.
    pub fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("KEZHAN_S3_BUCKET", BUCKET.into()),
            ("KEZHAN_S3_ENDPOINT", self.endpoint.clone()),
            ("KEZHAN_S3_ACCESS_KEY", "test".into()),
            ("KEZHAN_S3_SECRET_KEY", "test".into()),
        ]
    }

    pub fn stop(self) {}
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
