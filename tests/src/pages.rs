//! The main pages of the product, to be held against what holds for every page.

use crate::browser::Browser;
use crate::{TestServer, audit_tool};
use kezhan_features::demo;
use serde_json::Value;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// Somebody of the demonstration company who may do everything with records.
const USER: &str = "wang.wei";

/// A page and what is open on it.
pub struct Page {
    /// Also the name of its picture.
    pub name: &'static str,
    /// `{account}` and `{opportunity}` stand for a record of each.
    pub path: &'static str,
    /// There once the page can be looked at.
    pub shows: &'static str,
    /// Pressed in this order, each as soon as it is there.
    pub press: &'static [&'static str],
    /// Not for phones, where it has no way in.
    pub wide_only: bool,
}

const fn page(name: &'static str, path: &'static str, shows: &'static str) -> Page {
    Page { name, path, shows, press: &[], wide_only: false }
}

const fn after(press: &'static [&'static str], page: Page) -> Page {
    Page { press, ..page }
}

/// Rows, or cards.
pub const ROWS: &str = "[role=rowgroup] > *, main a[href*='-']";

pub const PAGES: &[Page] = &[
    page("list", "/o/accounts", ROWS),
    page("list-empty", "/o/accounts?q=zzzzzz", "main [role=grid] p, main [role=group] p"),
    page(
        "list-filtered",
        "/o/accounts?filter=%7B%22field%22%3A%22city%22%2C%22op%22%3A%22eq%22%2C%22value%22%3A%22%E6%9D%AD%E5%B7%9E%22%7D",
        ROWS,
    ),
    page("peek", "/o/accounts?peek={account}", "aside, dialog[open]"),
    after(&["main button[aria-label='筛选']"], page("filter", "/o/accounts", "dialog[open]")),
    after(
        &["main button[aria-label='显示的列']"],
        Page { wide_only: true, ..page("columns", "/o/accounts", ".popover") },
    ),
    after(
        &["[role=columnheader] input[type=checkbox]"],
        Page { wide_only: true, ..page("batch", "/o/accounts", "#batch-bar .btn") },
    ),
    page("opportunities", "/o/opportunities", ROWS),
    page("kanban", "/o/opportunities?layout=kanban&by=stage", "main section"),
    page("tree", "/o/departments?layout=tree", "[role=treeitem]"),
    page("record", "/o/accounts/{account}", "#follow-up-content, main dl"),
    page("record-deal", "/o/opportunities/{opportunity}", "#follow-up-content, main dl"),
    page("record-history", "/o/accounts/{account}?tab=history", "main ol, main li"),
    page("record-files", "/o/accounts/{account}?tab=files", "#record-files, #record-file, main"),
    page("create", "/o/opportunities?new=1", "dialog[open] form input"),
    page("edit", "/o/accounts/{account}?edit=1", "#field-name"),
    page("import", "/imports", "main input[type=file], main h1, main form"),
    page("recycle", "/recycle", "main h1, main h2"),
    page("preferences", "/preferences", "main h1, main h2"),
    page("settings", "/settings", "main h1, main h2"),
    after(&["#bell"], page("inbox", "/o/accounts", "dialog[open]")),
    after(
        &["header button[aria-label='搜索'], nav button:has(svg use[href='#i-search'])"],
        page("palette", "/o/accounts", "#palette-list [role=option]"),
    ),
    after(&["header button[title='我的账户']"], page("menu", "/o/accounts", "[role=menu]")),
];

/// The demonstration company, and somebody who may do everything in it.
pub struct Demo {
    pub server: TestServer,
    account: String,
    opportunity: String,
}

impl Demo {
    pub fn new() -> Demo {
        let server = TestServer::with_web();
        demo::load(&mut server.db.connect(), &crate::sealing_engine(), chrono::Utc::now()).unwrap();
        // What a busy record looks like: the one with the most follow-ups.
        let busiest = |column: &str| {
            server.db.text(&format!(
                "SELECT {column} FROM follow_ups WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
            ))
        };
        let (account, opportunity) = (busiest("account_id"), busiest("opportunity_id"));
        Demo { account, opportunity, server }
    }

    /// A browser whose user is signed in and looks at the first list.
    pub fn browser(&self) -> Browser {
        let browser = Browser::open(&self.server.url(""));
        browser.goto("/");
        self.sign_in(&browser, USER);
        browser
    }

    pub fn sign_in(&self, browser: &Browser, user: &str) {
        browser.find("#username");
        if browser.script("return document.querySelector('#tenant') === null").as_bool() == Some(true) {
            browser.press("公司标识");
        }
        browser.fill("#tenant", demo::TENANT);
        browser.fill("#username", user);
        browser.fill("#password", demo::PASSWORD);
        browser.press("登录");
        browser.until("the first list is open", || browser.path().starts_with("/o/"));
    }

    pub fn path(&self, page: &Page) -> String {
        page.path.replace("{account}", &self.account).replace("{opportunity}", &self.opportunity)
    }

    /// Goes there as a press on a link would, and waits until it is there.
    ///
    /// False where it does not come.
    pub fn show(&self, browser: &Browser, page: &Page) -> bool {
        close_layers(browser);
        let path = self.path(page);
        browser.script(&format!(
            "history.pushState(null, '', '/nowhere'); dispatchEvent(new PopStateEvent('popstate')); \
             history.pushState(null, '', {path:?}); dispatchEvent(new PopStateEvent('popstate'))"
        ));
        let press = |css: &str| {
            there(browser, css) && {
                browser.script(&format!(
                    "[...document.querySelectorAll({css:?})].findLast(e => e.checkVisibility()).click()"
                ));
                true
            }
        };
        let pressed = page.press.iter().all(|css| press(css));
        // The focus that comes to a new page closes what a script has opened too soon.
        let shown = || {
            there(browser, page.shows) || page.press.last().is_some_and(|css| press(css)) && there(browser, page.shows)
        };
        pressed && shown() && settled(browser)
    }
}

impl Default for Demo {
    fn default() -> Self {
        Demo::new()
    }
}

fn close_layers(browser: &Browser) {
    browser.script(
        "for (const d of [...document.querySelectorAll('dialog[open]')].reverse()) d.dispatchEvent(new Event('cancel', {cancelable: true})); \
         dispatchEvent(new PointerEvent('pointerdown'))",
    );
}

/// Is it visible within a while?
fn there(browser: &Browser, css: &str) -> bool {
    holds(browser, &format!("return [...document.querySelectorAll({css:?})].some(e => e.checkVisibility())"))
}

/// Nothing is on its way or moves.
fn settled(browser: &Browser) -> bool {
    holds(
        browser,
        "return !document.querySelector('.skeleton-bar, .spin, [aria-busy=true]') && \
         document.getAnimations().every(a => a.playState != 'running')",
    )
}

fn holds(browser: &Browser, script: &str) -> bool {
    let since = Instant::now();
    while browser.script(script) != Value::Bool(true) {
        if since.elapsed() > Duration::from_secs(15) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

/// What axe finds, of these rules or of all, that is serious: `rule: element`.
pub fn findings(browser: &Browser, rules: &[&str]) -> Vec<String> {
    if browser.script("return typeof axe") != "object" {
        let axe = fs::read_to_string(audit_tool("node_modules/axe-core/axe.min.js")).unwrap();
        browser.script(&axe);
    }
    let only = if rules.is_empty() { String::new() } else { format!(", runOnly: {rules:?}") };
    let found = browser.promised(&format!(
        "const {{violations}} = await axe.run(document, {{resultTypes: ['violations']{only}}});
         return violations.filter(v => ['serious', 'critical'].includes(v.impact))
           .flatMap(v => v.nodes.slice(0, 4).map(n => `${{v.id}}: ${{n.target}} ${{n.html.slice(0, 160)}} ${{n.any[0]?.message ?? n.all[0]?.message ?? ''}}`))"
    ));
    found.as_array().unwrap().iter().map(|f| f.as_str().unwrap().to_owned()).collect()
}

/// Shows it in this theme, its colours no longer on their way.
pub fn theme(browser: &Browser, theme: &str) {
    browser.script(&format!(
        "document.documentElement.dataset.theme = {theme:?}; localStorage.setItem('kz.theme', {theme:?})"
    ));
    settled(browser);
}

/// Scores, times and failed audits of each path, for somebody signed in.
pub fn lighthouse(demo: &Demo, paths: &[String]) -> Vec<Value> {
    let script = crate::root().join("tests/audit/lighthouse.mjs");
    let out = Command::new("node")
        .arg(script)
        .args([&demo.server.url(""), demo::TENANT, USER, demo::PASSWORD])
        .args(paths)
        .env("AUDIT_TOOLS", audit_tool(""))
        .output()
        .unwrap();
    let lines = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{lines}\n{}", String::from_utf8_lossy(&out.stderr));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
