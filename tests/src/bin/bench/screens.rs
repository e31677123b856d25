//! The web client on a list of that size: how long until it can be used, and until each act is answered.

use super::company;
use super::server::{PASSWORD, Server};
use kezhan_tests::browser::Browser;
use kezhan_tests::pages::{self, Demo, PAGES};
use serde_json::{Value, json};

/// Tells when rows can first be seen, counted from the beginning of the navigation.
const USABLE: &str = "
    const look = () => {
      if (document.querySelector('[role=row][data-row]')) requestAnimationFrame(() => { window.usable = performance.now(); });
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look)";
/// Cold starts, each in a browser with nothing in its caches.
const STARTS: usize = 3;
/// What an act may take until it is answered, and a start until it can be used.
const ANSWER_MS: u64 = 100;
const USABLE_MS: f64 = 1_500.0;

/// What Lighthouse makes of a page at best: a machine that does other things at the same time makes pages slow, never fast.
const SCORE: i64 = 90;
const ATTEMPTS: usize = 3;

/// A list and a record of the demonstration company.
pub fn scores() {
    let demo = Demo::new();
    let pages = ["list", "record"].map(|name| PAGES.iter().find(|p| p.name == name).unwrap());
    let paths = pages.map(|page| demo.path(page));
    let mut best = [0; 2];
    for _ in 0..ATTEMPTS {
        for (at, line) in pages::lighthouse(&demo, &paths).iter().enumerate() {
            best[at] = best[at].max(line["scores"]["performance"].as_i64().unwrap_or_default());
        }
    }
    for (page, score) in pages.iter().zip(best) {
        let mark = if score < SCORE { "  *" } else { "" };
        println!("{:<34} {score:>9}{mark}", format!("Lighthouse, {}", page.name));
    }
}

pub fn measure(server: &Server) {
    let mut starts: Vec<f64> = (0..STARTS).map(|_| start(server).1).collect();
    starts.sort_by(f64::total_cmp);
    let marked = |over: bool| if over { "  *" } else { "" };
    println!("load before: {}", load());
    println!("{:<34} {:>9.0} ms{}", "usable, cold", starts[STARTS / 2], marked(starts[STARTS / 2] > USABLE_MS));
    let (browser, _) = start(server);
    let found = browser.promised(include_str!("screens.js"));
    println!("{:<34} {:>12} {:>12} {:>12}", "", "answered ms", "settled ms", "longest task");
    for act in found.as_array().unwrap() {
        let ms = |at: usize| act[at].as_u64();
        let text = |at: usize| ms(at).map_or("never".to_owned(), |ms| ms.to_string());
        let slow = ms(1).is_none_or(|ms| ms > ANSWER_MS) || ms(2).is_none();
        println!(
            "{:<34} {:>12} {:>12} {:>12}{}",
            act[0].as_str().unwrap_or_default(),
            text(1),
            text(2),
            text(3),
            marked(slow)
        );
    }
    println!("load after: {}", load());
}

/// A browser of its own at the list, and after how many milliseconds its rows could be seen.
fn start(server: &Server) -> (Browser, f64) {
    let browser = Browser::open(&format!("http://{}", server.addr));
    browser.at_first(USABLE);
    // The way in, without a byte of the client.
    browser.goto("/readyz");
    let body = json!({"tenant": "bench", "username": company::ADMIN.1, "password": PASSWORD});
    let status = browser.promised(&format!(
        "const headers = {{'Content-Type': 'application/json', 'X-Requested-With': 'kezhan'}};
         return (await fetch('/api/v1/auth/login', {{method: 'POST', headers, body: JSON.stringify({body})}})).status"
    ));
    assert_eq!(status, 200, "signing in");
    browser.goto("/o/accounts");
    let mut usable = Value::Null;
    browser.until("rows can be seen", || {
        usable = browser.script("return window.usable ?? null");
        !usable.is_null()
    });
    (browser, usable.as_f64().unwrap())
}

/// What else the machine does, as averages of one, five and fifteen minutes.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
