//! A real browser, driven from blocking test code in the words of somebody who looks at the page.

use crate::{TestServer, root};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const PATIENCE: Duration = Duration::from_secs(15);

/// Chromium without what surrounds a page: the same engine, in three quarters of the time.
const HEADLESS_SHELL: &str = "/usr/bin/chromium-headless-shell";

/// Is it there, and the one that its driver can drive?
fn headless_shell() -> bool {
    static FITS: LazyLock<bool> = LazyLock::new(|| {
        let version = |program: &str| {
            let out = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?.stdout;
            String::from_utf8(out).ok()?.split_whitespace().nth(1).map(str::to_owned)
        };
        version(HEADLESS_SHELL).is_some_and(|v| version("chromedriver") == Some(v))
    });
    *FITS
}

/// What matches and can be seen, as WebDriver says: drawn, of some size or with something of some size in it.
const SHOWN: &str = r"
const [kind, words] = arguments;
const found = [];
if (kind === 'css') found.push(...document.querySelectorAll(words));
else {
  const all = document.evaluate(words, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  for (let i = 0; i < all.snapshotLength; i++) found.push(all.snapshotItem(i));
}
const sized = one => { const box = one.getBoundingClientRect(); return box.width > 0 && box.height > 0; };
const seen = one => one.checkVisibility({opacityProperty: true, visibilityProperty: true})
  && (sized(one) || [...one.children].some(seen));
return found.findLast(seen) ?? null";

/// A browser with an empty profile, closed and forgotten at the end.
pub struct Browser {
    runtime: Runtime,
    client: Option<Client>,
    _driver: Driver,
    address: String,
    session: String,
    profile: PathBuf,
    base: String,
}

impl Browser {
    /// Opens Chromium for the application at `url`.
    pub fn open(url: &str) -> Browser {
        let (driver, port) = Driver::start();
        let address = format!("http://127.0.0.1:{port}");
        let profile = std::env::temp_dir().join(format!("kezhan-browser-{}-{port}", std::process::id()));
        fs::create_dir_all(&profile).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1440,900",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let light = headless_shell();
        let options = if light { json!({"args": flags, "binary": HEADLESS_SHELL}) } else { json!({"args": flags}) };
        let wanted = json!({
            "browserName": if light { "chrome-headless-shell" } else { "chrome" },
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": 300_000},
        });
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted.as_object().cloned().unwrap()).connect(&address).await.unwrap()
        });
        let session = runtime.block_on(client.session_id()).unwrap().unwrap();
        Browser { runtime, client: Some(client), _driver: driver, address, session, profile, base: url.to_owned() }
    }

    fn client(&self) -> &Client {
        self.client.as_ref().unwrap()
    }

    /// A browser with this user at their first list.
    #[track_caller]
    pub fn signed_in(server: &TestServer, user: &str) -> Browser {
        let browser = Browser::signed_in_at(server, user, "/");
        browser.until("the first list is open", || browser.path().starts_with("/o/"));
        browser
    }

    /// A browser on this page, in a session that this user began elsewhere: the form is for those who try the sign-in.
    pub fn signed_in_at(server: &TestServer, user: &str, path: &str) -> Browser {
        let browser = Browser::open(&server.url(""));
        let body = json!({"username": user, "password": crate::server::PASSWORD});
        let reply = server.anonymous().post("/auth/login", &body);
        reply.ok();
        for cookie in reply.headers.get_all("set-cookie") {
            let mut parts = cookie.to_str().unwrap().split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap();
            let cookie = json!({
                "url": browser.base, "name": name, "value": value, "path": path, "httpOnly": true, "sameSite": "Strict",
            });
            let kept = browser.driver_call("goog/cdp/execute", &json!({"cmd": "Network.setCookie", "params": cookie}));
            assert_eq!(kept["success"], true, "{kept}");
        }
        browser.goto(path);
        browser
    }

    pub fn goto(&self, path: &str) {
        self.runtime.block_on(self.client().goto(&format!("{}{path}", self.base))).unwrap();
    }

    /// Runs this in every page from now on, before anything else.
    pub fn at_first(&self, script: &str) {
        let command = json!({"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": script}});
        self.driver_call("goog/cdp/execute", &command);
    }

    /// Path and query of the page shown.
    pub fn path(&self) -> String {
        let url = self.runtime.block_on(self.client().current_url()).unwrap();
        url.as_str().trim_start_matches(&self.base).to_owned()
    }

    /// The first visible element of this CSS selector, waited for.
    #[track_caller]
    pub fn find(&self, css: &str) -> Element {
        self.wait(Locator::Css(css), css)
    }

    /// A visible thing to press: its text or its accessible name.
    #[track_caller]
    pub fn press(&self, name: &str) {
        let quoted = quoted(name);
        let path = format!(
            "//*[self::button or self::a or self::label or @role='option' or @role='menuitem' or @role='menuitemradio' \
             or @role='tab'][normalize-space(.)={quoted} or @aria-label={quoted} or @title={quoted}]"
        );
        self.click(Locator::XPath(&path), name);
    }

    #[track_caller]
    pub fn press_css(&self, css: &str) {
        self.click(Locator::Css(css), css);
    }

    /// Replaces what a field holds, keystroke by keystroke.
    #[track_caller]
    pub fn fill(&self, css: &str, text: &str) {
        let field = self.find(css);
        let done = self.runtime.block_on(async {
            field.clear().await?;
            field.send_keys(text).await
        });
        done.unwrap_or_else(|e| panic!("filling {css}: {e}\n{}", self.visible()));
    }

    /// Chooses one of what a select offers.
    #[track_caller]
    pub fn choose(&self, css: &str, value: &str) {
        let field = self.find(css);
        let done = self.runtime.block_on(field.select_by_value(value));
        done.unwrap_or_else(|e| panic!("choosing {value} in {css}: {e}\n{}", self.visible()));
    }

    /// Types into a combobox and takes what it then offers first: with the keyboard, for the list is drawn anew meanwhile.
    #[track_caller]
    pub fn pick(&self, css: &str, text: &str, first: &str) {
        self.fill(css, text);
        let offered = "const one = document.querySelector('[role=listbox] [role=option]:first-child > span'); \
                       return one && one.innerText.trim()";
        self.until(&format!("{first} is offered first"), || self.script(offered) == first);
        self.keys("\u{e007}");
    }

    /// No script failed and no call was refused, but for what a test provokes; a 401 before the sign-in is expected.
    #[track_caller]
    pub fn no_complaints(&self, refusals: &[&str]) {
        let mut complaints = self.complaints();
        complaints.retain(|c| !c.contains("status of 401") && !refusals.iter().any(|r| c.contains(r)));
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    /// Sends keys to whatever has the focus.
    pub fn keys(&self, keys: &str) {
        self.runtime.block_on(async { self.client().active_element().await?.send_keys(keys).await }).unwrap();
    }

    /// Moves the focus on as the Tab key does, whatever has it.
    pub fn tab(&self) {
        for kind in ["rawKeyDown", "keyUp"] {
            let key = json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9});
            self.driver_call("goog/cdp/execute", &json!({"cmd": "Input.dispatchKeyEvent", "params": key}));
        }
    }

    /// Hands a file to a file input, which may be hidden.
    #[track_caller]
    pub fn upload(&self, css: &str, file: &std::path::Path) {
        let input = self.runtime.block_on(self.client().wait().at_most(PATIENCE).for_element(Locator::Css(css)));
        let input = input.unwrap_or_else(|e| panic!("no {css}: {e}\n{}", self.visible()));
        self.runtime.block_on(input.send_keys(file.to_str().unwrap())).unwrap();
    }

    /// The same with a picture of this name.
    #[track_caller]
    pub fn upload_picture(&self, css: &str, name: &str) {
        let folder = std::env::temp_dir().join(format!("kezhan-pictures-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), crate::PNG).unwrap();
        self.upload(css, &folder.join(name));
    }

    /// Waits until the page shows this text.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.until(&format!("the page shows “{text}”"), || self.shows(text));
    }

    /// Waits until the page shows it no longer.
    #[track_caller]
    pub fn sees_no(&self, text: &str) {
        self.until(&format!("the page no longer shows “{text}”"), || !self.shows(text));
    }

    #[track_caller]
    pub fn until(&self, what: &str, holds: impl FnMut() -> bool) {
        self.wait_for(what, PATIENCE, holds);
    }

    /// Waits for work that takes minutes.
    #[track_caller]
    pub fn patiently(&self, what: &str, holds: impl FnMut() -> bool) {
        self.wait_for(what, Duration::from_secs(300), holds);
    }

    #[track_caller]
    fn wait_for(&self, what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
        let since = Instant::now();
        while !holds() {
            if since.elapsed() > patience {
                self.screenshot("failed");
                panic!("waited in vain until {what}; {} shows:\n{}", self.path(), self.visible());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The text that the page shows.
    pub fn visible(&self) -> String {
        self.script("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Does the page show this text?
    pub fn shows(&self, text: &str) -> bool {
        self.ask("return document.body.innerText.includes(arguments[0])", vec![json!(text)]).unwrap() == true
    }

    pub fn script(&self, script: &str) -> Value {
        self.ask(script, Vec::new()).unwrap()
    }

    /// Runs a script that answers a promise, and waits for what that brings.
    pub fn promised(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; (async () => {{ {script} }})().then(done)");
        self.runtime.block_on(self.client().execute_async(&script, Vec::new())).unwrap()
    }

    /// A phone's screen, in CSS pixels and touched, or with 0 the window's own.
    pub fn screen(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 2, "mobile": width > 0});
        let command = match width {
            0 => json!({"cmd": "Emulation.clearDeviceMetricsOverride", "params": {}}),
            _ => json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics}),
        };
        self.driver_call("goog/cdp/execute", &command);
        let touch = json!({"cmd": "Emulation.setTouchEmulationEnabled", "params": {"enabled": width > 0}});
        self.driver_call("goog/cdp/execute", &touch);
    }

    /// Writes as an input method does: what is composed so far, step by step, then the text that is meant.
    pub fn compose(&self, steps: &[&str], text: &str) {
        for step in steps {
            let end = step.chars().count();
            let params = json!({"text": step, "selectionStart": end, "selectionEnd": end});
            self.driver_call("goog/cdp/execute", &json!({"cmd": "Input.imeSetComposition", "params": params}));
        }
        self.driver_call("goog/cdp/execute", &json!({"cmd": "Input.insertText", "params": {"text": text}}));
    }

    /// Takes the page's network away, or gives it back. A service worker keeps its own.
    pub fn offline(&self, offline: bool) {
        let run =
            |cmd: &str, params: Value| self.driver_call("goog/cdp/execute", &json!({"cmd": cmd, "params": params}));
        run("Network.enable", json!({}));
        let conditions = json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        run("Network.emulateNetworkConditions", conditions);
    }

    /// A device with keys of its own, whose user always consents, as CTAP 2 has it.
    pub fn virtual_authenticator(&self) {
        let run =
            |cmd: &str, params: Value| self.driver_call("goog/cdp/execute", &json!({"cmd": cmd, "params": params}));
        run("WebAuthn.enable", json!({}));
        let options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        });
        let made = run("WebAuthn.addVirtualAuthenticator", json!({"options": options}));
        assert!(made["authenticatorId"].is_string(), "{made}");
    }

    /// What the page complained about since the last time: script errors and failed loads.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.driver_call("se/log", &json!({"type": "browser"}));
        let entries = entries.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.filter_map(|entry| entry["message"].as_str().map(str::to_owned)).collect()
    }

    /// Keeps a picture of the page in `build/screenshots`.
    pub fn screenshot(&self, name: &str) {
        let directory = root().join("build/screenshots");
        fs::create_dir_all(&directory).unwrap();
        let picture = self.runtime.block_on(self.client().screenshot()).unwrap();
        fs::write(directory.join(format!("{name}.png")), picture).unwrap();
    }

    fn driver_call(&self, command: &str, body: &Value) -> Value {
        let url = format!("{}/session/{}/{command}", self.address, self.session);
        let answer: Value = reqwest::blocking::Client::new().post(url).json(body).send().unwrap().json().unwrap();
        answer["value"].clone()
    }

    #[track_caller]
    fn wait(&self, locator: Locator<'_>, what: &str) -> Element {
        let mut found = None;
        self.until(&format!("there is {what}"), || {
            found = self.shown(locator);
            found.is_some()
        });
        found.unwrap()
    }

    /// The last of the matching elements that can be seen: the topmost layer comes last. The page looks for it in one go,
    /// where the driver would ask it about one element after the other.
    fn shown(&self, locator: Locator<'_>) -> Option<Element> {
        let (kind, words) = match locator {
            Locator::Css(css) => ("css", css),
            Locator::XPath(path) => ("xpath", path),
            other => panic!("no way to look for {other:?}"),
        };
        let found = self.ask(SHOWN, vec![json!(kind), json!(words)]).ok()?;
        let id = found.as_object()?.values().next()?.as_str()?;
        Some(Element::from_element_id(self.client().clone(), id.to_owned().into()))
    }

    fn ask(&self, script: &str, given: Vec<Value>) -> Result<Value, String> {
        self.runtime.block_on(self.client().execute(script, given)).map_err(|e| e.to_string())
    }

    /// Clicks, again where the page was redrawn in between or something was still in the way.
    #[track_caller]
    fn click(&self, locator: Locator<'_>, what: &str) {
        self.until(&format!("{what} can be pressed"), || {
            self.shown(locator).is_some_and(|element| self.runtime.block_on(element.click()).is_ok())
        });
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = self.runtime.block_on(client.close());
        }
        let _ = fs::remove_dir_all(&self.profile);
    }
}

/// A text as an XPath literal.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

/// A running chromedriver, stopped however its user ends.
struct Driver(Child);

impl Driver {
    /// Starts it and learns its port: one that is free for IPv4, which it gives up over if it is not so for IPv6.
    fn start() -> (Driver, u16) {
        (0..5).find_map(|_| Driver::try_start()).expect("chromedriver says its port")
    }

    fn try_start() -> Option<(Driver, u16)> {
        let child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed: scripts/setup --tests does it");
        let mut driver = Driver(child);
        let mut lines = BufReader::new(driver.0.stdout.take()?).lines();
        let port = lines
            .find_map(|line| line.ok()?.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok())?;
        // Its further words are read and dropped, so that it never waits for somebody to read them.
        std::thread::spawn(move || lines.for_each(drop));
        Some((driver, port))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The application with the web client, and the user `wang`, of this name, who works with customers and deals of their own.
pub fn workplace(name: &str) -> TestServer {
    let server = TestServer::with_web();
    let actions = ["read", "create", "edit", "delete", "bulk_edit", "transfer", "export", "import"];
    let own: serde_json::Map<String, Value> = actions.iter().map(|a| ((*a).to_owned(), json!("self"))).collect();
    let see = json!({"read": "all"});
    let role = server.role("外勤", json!({"*": own, "user": see, "stage": see, "pipeline": see}));
    server.user("wang", &role, json!({"name": name}));
    server
}
