//! What holds for every page: readable by everybody, in both themes, on a desk and on a phone, with keys alone.

use kezhan_tests::browser::Browser;
use kezhan_tests::import::fixture;
use kezhan_tests::pages::{self, Demo, PAGES};
use serde_json::{Value, json};

const ESCAPE: &str = "\u{E00C}";

/// What goes beyond the right edge of the screen, by name.
const TOO_WIDE: &str = "
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over <= 0) return [];
    return [`${over} px`, ...[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
      .slice(0, 5).map(e => e.outerHTML.slice(0, 120))]";

/// What a thumb would miss: things to press that are lower than 44 px, beyond links within a text.
const TOO_SMALL: &str = "
    const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
    const hit = (e) => {
      const own = e.getBoundingClientRect();
      const more = getComputedStyle(e, '::after');
      const grown = more.content !== 'none' && more.position === 'absolute' ? -parseFloat(more.top) - parseFloat(more.bottom) : 0;
      const label = e.closest('label')?.getBoundingClientRect().height ?? 0;
      const field = e.closest('.input')?.getBoundingClientRect().height ?? 0;
      return Math.max(own.height + (grown || 0), label, own.height >= 40 ? field : 0);
    };
    const seen = (e) => { const r = e.getBoundingClientRect(); return r.width > 1 && r.height > 1 && r.top >= 0 && r.bottom <= innerHeight && e.checkVisibility(); };
    return [...top.querySelectorAll('button:not([tabindex=\"-1\"]), a.btn, a.nav-item, input, select, textarea, [role=tab]')]
      .filter(e => seen(e) && hit(e) < 43.5).map(e => `${Math.round(hit(e))} px: ${e.outerHTML.slice(0, 140)}`)";

fn texts(found: &Value) -> Vec<String> {
    found.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
}

struct Found(Vec<String>);

impl Found {
    fn add(&mut self, page: &str, what: Vec<String>) {
        self.0.extend(what.into_iter().map(|w| format!("{page}: {w}")));
    }
}

/// Both themes of what is shown: what axe says, and pictures. The structure is the same in both, and the colours of the
/// dark one are the same at both widths. What is not one of the main pages is asked about at one width, and has its
/// pictures made for who sets `KEZHAN_SCREENSHOTS`.
fn look(browser: &Browser, name: &str, width: u32, main: bool, found: &mut Found) {
    for theme in ["light", "dark"] {
        let rules: Option<&[&str]> = match (theme, width) {
            ("light", 1440) => Some(&[]),
            ("light", _) if main => Some(&[]),
            (_, 1440) => Some(&["color-contrast"]),
            _ => None,
        };
        let pictures = main || std::env::var_os("KEZHAN_SCREENSHOTS").is_some();
        if rules.is_none() && !pictures {
            continue;
        }
        pages::theme(browser, theme);
        if let Some(rules) = rules {
            found.add(&format!("{name} {width} {theme}"), pages::findings(browser, rules));
        }
        if pictures {
            browser.screenshot(&format!("{name}-{width}-{theme}"));
        }
    }
}

#[test]
fn every_page_can_be_read_and_pressed_by_everybody() {
    let demo = Demo::new();
    let browser = demo.browser();
    let mut found = Found(Vec::new());
    for width in [1440, 390] {
        if width == 390 {
            browser.screen(390, 844);
            browser.goto("/o/accounts");
        }
        for page in PAGES.iter().filter(|p| width == 1440 || !p.wide_only) {
            if !demo.show(&browser, page) {
                found.add(&format!("{} {width}", page.name), vec!["does not come".to_owned()]);
            }
            look(&browser, page.name, width, true, &mut found);
            found.add(&format!("{} {width} is too wide", page.name), texts(&browser.script(TOO_WIDE)));
            if width == 390 {
                found.add(&format!("{} is too small to touch", page.name), texts(&browser.script(TOO_SMALL)));
            }
        }
    }
    // In the other language, whose words are longer.
    browser.screen(0, 0);
    pages::theme(&browser, "light");
    // The language goes with the person, wherever they are.
    let set = "const x = new XMLHttpRequest(); x.open('PATCH', '/api/v1/auth/me', false); \
               x.setRequestHeader('content-type', 'application/json'); x.setRequestHeader('x-requested-with', 'kezhan'); \
               x.send('{\"locale\": \"en\"}'); return x.status";
    assert_eq!(browser.script(set), 200);
    browser.goto("/o/accounts");
    browser.sees("Accounts");
    for page in PAGES.iter().filter(|p| ["list", "record", "record-deal", "create", "preferences"].contains(&p.name)) {
        assert!(demo.show(&browser, page), "{} does not come", page.name);
        browser.screenshot(&format!("{}-1440-en", page.name));
        found.add(&format!("{} in English is too wide", page.name), texts(&browser.script(TOO_WIDE)));
    }
    // The door.
    let door = Browser::open(&demo.server.url(""));
    door.goto("/");
    door.find("#username");
    for width in [1440, 390] {
        if width == 390 {
            door.screen(390, 844);
        }
        look(&door, "sign-in", width, true, &mut found);
        found.add("sign-in is too wide", texts(&door.script(TOO_WIDE)));
    }
    assert!(found.0.is_empty(), "{} findings:\n{}", found.0.len(), found.0.join("\n"));
}

/// The same at both widths, of a page that is reached by working.
fn look_at_both(browser: &Browser, name: &str, found: &mut Found) {
    look(browser, name, 1440, false, found);
    browser.screen(390, 844);
    look(browser, name, 390, false, found);
    found.add(&format!("{name} is too wide"), texts(&browser.script(TOO_WIDE)));
    found.add(&format!("{name} is too small to touch"), texts(&browser.script(TOO_SMALL)));
    browser.screen(0, 0);
}

#[test]
fn every_step_of_an_import_can_be_read_and_pressed_by_everybody() {
    let demo = Demo::new();
    let browser = demo.browser();
    let mut found = Found(Vec::new());
    browser.goto("/imports?object=account");
    browser.upload("#import-file", &fixture("customers-gbk.csv"));
    browser.sees("下一步：检查");
    look_at_both(&browser, "import-mapping", &mut found);
    browser.press("下一步：检查");
    browser.sees("开始导入");
    look_at_both(&browser, "import-check", &mut found);
    browser.press("开始导入");
    browser.patiently("the import is over", || browser.visible().contains("已完成"));
    look_at_both(&browser, "import-result", &mut found);
    // What was brought in, among the jobs.
    browser.goto("/imports");
    browser.sees("customers-gbk.csv");
    look_at_both(&browser, "imports", &mut found);
    assert!(found.0.is_empty(), "{} findings:\n{}", found.0.len(), found.0.join("\n"));
}

#[test]
fn what_administrators_set_can_be_read_and_pressed_by_everybody() {
    let demo = Demo::new();
    let browser = Browser::open(&demo.server.url(""));
    browser.goto("/");
    demo.sign_in(&browser, "admin");
    let mut found = Found(Vec::new());
    browser.goto("/settings");
    browser.find("main a[href='/settings/roles']");
    look_at_both(&browser, "settings-all", &mut found);
    // Whatever is offered there, so that a new page joins by itself.
    let offered = "return [...document.querySelectorAll('main a[href^=\"/\"]')].map(a => a.getAttribute('href'))";
    let offered = texts(&browser.script(offered));
    assert!(offered.len() > 10, "{offered:?}");
    for path in offered {
        browser.goto(&path);
        let settled =
            "return !!document.querySelector('main h1, main h2') && !document.querySelector('main .skeleton-bar')";
        browser.until(&format!("{path} is there"), || browser.script(settled) == true);
        look_at_both(&browser, path.trim_start_matches('/').replace('/', "-").as_str(), &mut found);
    }
    // And what the keys do, which everybody sees.
    browser.press_css("header button[title='我的账户']");
    browser.press_css("[role=menu] button:has(svg use[href='#i-keyboard'])");
    browser.find("dialog[open] dl");
    browser.sees("向下填充");
    look_at_both(&browser, "help", &mut found);
    assert!(found.0.is_empty(), "{} findings:\n{}", found.0.len(), found.0.join("\n"));
}

/// What has the focus: whether it can be seen, its ring, and its name.
const FOCUS: &str = "
    const e = document.activeElement;
    // The page as a whole has the keyboard once it has come, and shows no ring.
    if (!e || e === document.body || e.id === 'content' || !e.matches(':focus')) return {at: 'body'};
    const style = getComputedStyle(e);
    const box = e.closest('label, .input')?.matches(':focus-within') ? getComputedStyle(e.closest('label, .input')) : style;
    const ring = (s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
    const r = e.getBoundingClientRect();
    return {at: (e.id || e.getAttribute('aria-label') || e.innerText || e.outerHTML).slice(0, 60), html: e.outerHTML.slice(0, 160),
      ring: ring(style) || ring(box) || ring(getComputedStyle(e.parentElement)), seen: r.width > 0 && r.height > 0 && r.bottom > 0 && r.top < innerHeight,
      layer: !!e.closest('dialog[open]')}";

#[test]
fn everything_is_reached_and_left_by_keys() {
    let demo = Demo::new();
    let browser = demo.browser();
    let mut found = Found(Vec::new());
    for page in PAGES.iter().filter(|p| p.press.is_empty()) {
        assert!(demo.show(&browser, page), "{} does not come", page.name);
        let layer = browser.script("return !!document.querySelector('dialog[open]')") == true;
        let mut names = Vec::new();
        for _ in 0..25 {
            browser.tab();
            let focus = browser.script(FOCUS);
            names.push(focus["at"].as_str().unwrap_or_default().to_owned());
            // Between the last thing and the first there is the browser itself.
            if focus["at"] == "body" {
                continue;
            }
            let html = focus["html"].as_str().unwrap_or_default();
            if focus["ring"] != true {
                found.add(page.name, vec![format!("no ring around {html}")]);
            }
            if focus["seen"] != true {
                found.add(page.name, vec![format!("the focus is out of sight on {html}")]);
            }
            if layer && focus["layer"] != true {
                found.add(page.name, vec![format!("the focus left the dialog for {html}")]);
            }
        }
        names.sort();
        names.dedup();
        if names.len() < 4 {
            found.add(page.name, vec![format!("the focus does not get on: {names:?}")]);
        }
    }
    found.0.sort();
    found.0.dedup();
    assert!(found.0.is_empty(), "{} findings:\n{}", found.0.len(), found.0.join("\n"));

    // From the top of the page to the list: a step for each part of it, or two keys.
    browser.goto("/o/accounts");
    browser.find(pages::ROWS);
    let in_list = || browser.script("return document.activeElement.id") == "list-grid";
    let steps = (1..=30).find(|_| {
        browser.tab();
        in_list()
    });
    assert!(steps.is_some_and(|n| n <= 14), "{steps:?} steps to the list");
    browser.goto("/o/accounts");
    browser.find(pages::ROWS);
    browser.tab();
    browser.tab();
    browser.keys("\u{E007}");
    browser.until("the way past everything leads to the list", in_list);
    // Where nothing has the keyboard yet, the list has it. Its head is there before its rows.
    browser.goto("/o/accounts");
    browser.find("#row-0");
    browser.keys("j");
    browser.until("the first row is chosen", || {
        in_list() && browser.script("return !!document.querySelector('.row-frame')") == true
    });
    let beside = || browser.path().contains("peek=");
    browser.keys(" ");
    browser.until("it is looked at", beside);
    browser.keys("j");
    browser.keys(ESCAPE);
    browser.until("it is closed first", || !beside() && in_list());
    // Within a part arrows go on.
    browser.script("document.querySelector('nav [data-nav] a').focus()");
    browser.keys("\u{E015}");
    assert_eq!(
        browser.script(
            "return document.activeElement.closest('[data-nav]') === [...document.querySelectorAll('[data-nav]')][1]"
        ),
        true
    );

    // A dialog gives the focus back to what opened it.
    assert!(demo.show(&browser, &PAGES[0]));
    for opener in ["#bell", "header button[aria-label='搜索']", "main button[aria-label='筛选']"] {
        browser.script(&format!("document.querySelector({opener:?}).focus()"));
        browser.keys("\u{E007}");
        browser.find("dialog[open]");
        browser.until("the focus is in the dialog", || {
            browser.script("return !!document.activeElement.closest('dialog')") == true
        });
        browser.keys(ESCAPE);
        browser
            .until("the dialog is gone", || browser.script("return !document.querySelector('dialog[open]')") == true);
        browser.until("its opener has the focus again", || {
            browser.script(&format!("return document.activeElement === document.querySelector({opener:?})")) == true
        });
    }

    // Escape closes the topmost layer alone: the menu of a field, then the form around it.
    let create = PAGES.iter().find(|p| p.name == "create").unwrap();
    assert!(demo.show(&browser, create));
    let layers = || {
        browser.script(
            "return [document.querySelectorAll('.popover').length, document.querySelectorAll('dialog[open]').length]",
        )
    };
    browser.press_css("dialog [role=combobox]");
    browser.until("the choices are open", || layers() == json!([1, 1]));
    browser.keys(ESCAPE);
    browser.until("only they are closed", || layers() == json!([0, 1]));
    browser.keys(ESCAPE);
    browser.until("the form is closed", || layers() == json!([0, 0]));
}

/// Colours as the browser has computed and mixed them, read back from a picture of one point.
const CONTRAST: &str = "
    const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1});
    const paint = canvas.getContext('2d', {willReadFrequently: true});
    const mixed = (colours) => {
      paint.clearRect(0, 0, 1, 1);
      for (const colour of colours) { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); }
      return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255);
    };
    const light = (rgb) => { const [r, g, b] = rgb.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const out = [];
    for (const [surfaces, text] of PAIRS) {
      const boxes = surfaces.split(' on ').reverse().map(c => Object.assign(document.createElement('div'), {className: c}));
      boxes.reduce((outer, inner) => (outer.append(inner), inner), document.body);
      const word = boxes.at(-1).appendChild(Object.assign(document.createElement('span'), {className: text}));
      const behind = boxes.map(b => getComputedStyle(b).backgroundColor);
      const [a, b] = [light(mixed(behind)), light(mixed([...behind, getComputedStyle(word).color]))];
      out.push([surfaces, text, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
      boxes[0].remove();
    }
    return out";

#[test]
fn every_text_stands_out_from_what_it_is_written_on() {
    let server = kezhan_tests::TestServer::with_web();
    let browser = Browser::open(&server.url(""));
    browser.goto("/");
    browser.find("#username");
    let tones = ["neutral", "info", "success", "warning", "danger", "accent"];
    let mut pairs: Vec<(String, String)> = Vec::new();
    for surface in
        ["bg-base-100", "bg-base-200", "grid-row on bg-base-100", "panel on bg-base-200", "popover on bg-base-100"]
    {
        for text in [
            "",
            "muted",
            "link",
            "text-primary",
            "text-error",
            "text-warning",
            "text-success",
            "text-info",
            "btn-danger",
        ] {
            pairs.push((surface.into(), text.into()));
        }
        pairs.extend(tones.map(|tone| (format!("tag tone-{tone} on {surface}"), String::new())));
    }
    // Fills, as they are used.
    for (surface, text) in [
        ("bg-primary on bg-base-100", "text-primary-content"),
        ("bg-success on bg-base-100", "text-success-content"),
        ("bg-error on bg-base-100", "text-error-content"),
        ("bg-primary/12 on bg-base-100", "text-primary"),
        ("bg-warning/12 on bg-base-200", "text-warning"),
        ("bg-base-content/5 on bg-base-100", "muted"),
        ("bg-base-content/6 on bg-base-100", ""),
        ("bg-base-content/12 on bg-base-100", ""),
    ] {
        pairs.push((surface.into(), text.into()));
    }
    let script = CONTRAST.replace("PAIRS", &serde_json::to_string(&pairs).unwrap());
    let mut low = Vec::new();
    for theme in ["light", "dark"] {
        pages::theme(&browser, theme);
        let measured = browser.script(&script);
        assert_eq!(measured.as_array().unwrap().len(), pairs.len());
        for one in measured.as_array().unwrap() {
            let (surface, text, ratio) = (&one[0], &one[1], one[2].as_f64().unwrap());
            // A class that does not exist would measure the page's own colours, which are far above.
            if ratio < 4.5 {
                low.push(format!("{theme}: {text} on {surface}: {ratio:.2}"));
            }
        }
    }
    assert!(low.is_empty(), "{}", low.join("\n"));
}

/// Its score of performance says more about the machine than about the page where other tests run beside it: the bench
/// measures that.
#[test]
fn lists_and_records_leave_lighthouse_nothing_to_say() {
    let demo = Demo::new();
    let paths = ["list", "record"].map(|name| demo.path(PAGES.iter().find(|p| p.name == name).unwrap()));
    for line in pages::lighthouse(&demo, &paths) {
        for category in ["accessibility", "best-practices"] {
            assert_eq!(line["scores"][category], 100, "{line:#}");
        }
    }
}

#[test]
fn it_can_be_installed_as_an_application() {
    let server = kezhan_tests::TestServer::with_web();
    let get = |path: &str| reqwest::blocking::get(server.url(path)).unwrap();
    let page = get("/").text().unwrap();
    assert!(page.contains("rel=\"apple-touch-icon\" href=\"/assets/"), "{page}");
    let manifest: Value = get("/manifest.webmanifest").json().unwrap();
    assert_eq!((&manifest["display"], &manifest["start_url"]), (&json!("standalone"), &json!("/")));
    let mut pictures = Vec::new();
    for icon in manifest["icons"].as_array().unwrap().iter().filter(|i| i["type"] == "image/png") {
        let answer = get(icon["src"].as_str().unwrap());
        assert_eq!(answer.headers()["content-type"], "image/png");
        let bytes = answer.bytes().unwrap();
        // Width and height stand in the first chunk of a PNG.
        let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!(icon["sizes"], format!("{}x{}", side(16), side(20)));
        pictures.push(format!("{} {}", icon["sizes"].as_str().unwrap(), icon["purpose"].as_str().unwrap()));
    }
    pictures.sort();
    assert_eq!(pictures, ["192x192 any", "192x192 maskable", "512x512 any", "512x512 maskable"]);
    assert!(get("/sw.js").text().unwrap().contains("icon-192"), "what an installed application shows is there offline");
}
