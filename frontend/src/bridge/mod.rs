//! The browser side in `js/bridge.js`: formats, files, the calendar element.

pub mod calendar;
pub mod chart;
pub mod pdf;

use crate::state::prefs;
use chrono::NaiveDateTime;
use kezhan_meta::Record;
use std::cmp::Ordering;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "kezhan-bridge")]
extern "C" {
    #[wasm_bindgen(js_name = texts)]
    async fn texts_js(lang: &str, rest: bool) -> JsValue;
    #[wasm_bindgen(js_name = early)]
    async fn early_js(lang: &str, path: &str) -> JsValue;
    #[wasm_bindgen(js_name = loadCalendar)]
    async fn load_calendar_js() -> JsValue;
    #[wasm_bindgen(js_name = formatDecimal)]
    fn format_decimal_js(locale: &str, text: &str, min: u8, max: u8) -> String;
    #[wasm_bindgen(js_name = formatMoney)]
    fn format_money_js(locale: &str, text: &str, currency: &str, short: bool) -> String;
    #[wasm_bindgen(js_name = wallClock)]
    fn wall_clock_js(text: &str) -> String;
    #[wasm_bindgen(js_name = formatDate)]
    fn format_date_js(lang: &str, text: &str, form: &str) -> String;
    #[wasm_bindgen(js_name = formatSpan)]
    fn format_span_js(lang: &str, first: &str, last: &str, days: bool) -> String;
    #[wasm_bindgen(js_name = localToInstant)]
    fn local_to_instant_js(text: &str) -> String;
    #[wasm_bindgen(js_name = today)]
    fn today_js() -> String;
    #[wasm_bindgen(js_name = commandKey)]
    fn command_key_js() -> String;
    #[wasm_bindgen(js_name = buzz)]
    fn buzz_js();
    #[wasm_bindgen(js_name = passkey)]
    async fn passkey_js(what: &str, options: &str) -> JsValue;
    #[wasm_bindgen(js_name = copyText)]
    async fn copy_text_js(text: &str) -> JsValue;
    #[wasm_bindgen(js_name = tableOf)]
    fn table_of_js(html: &str) -> js_sys::Array;
    #[wasm_bindgen(js_name = saveFile)]
    fn save_file_js(name: &str, content: &JsValue);
    #[wasm_bindgen(catch, js_name = upload)]
    async fn upload_js(
        method: &str,
        url: &str,
        body: &JsValue,
        headers: js_sys::Array,
        progress: &Closure<dyn FnMut(f64)>,
        signal: Option<&web_sys::AbortSignal>,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = loadRegions)]
    async fn load_regions_js() -> JsValue;
    #[wasm_bindgen(js_name = install)]
    fn install_js(renewed: &js_sys::Function);
    #[wasm_bindgen(js_name = enter)]
    async fn enter_js(user: &str);
    #[wasm_bindgen(js_name = forget)]
    async fn forget_js();
    #[wasm_bindgen(js_name = outboxPut)]
    async fn outbox_put_js(entry: &str, files: Option<js_sys::Array>) -> JsValue;
    #[wasm_bindgen(js_name = outboxFiles)]
    async fn outbox_files_js(key: &str) -> JsValue;
    #[wasm_bindgen(js_name = outboxOf)]
    async fn outbox_of_js(user: &str) -> JsValue;
    #[wasm_bindgen(js_name = outboxRemove)]
    async fn outbox_remove_js(key: &str);
    #[wasm_bindgen(js_name = saw)]
    fn saw_js(method: &str, url: &str, question: Option<&str>, answer: &web_sys::Response);
    #[wasm_bindgen(js_name = reachable)]
    async fn reachable_js() -> JsValue;
    #[wasm_bindgen(js_name = setZone)]
    fn set_zone_js(zone: &str);
    #[wasm_bindgen(js_name = zone)]
    fn zone_js() -> String;
    #[wasm_bindgen(js_name = currencyNames)]
    fn currency_names_js(tag: &str, codes: js_sys::Array) -> js_sys::Array;
    #[wasm_bindgen(js_name = zones)]
    fn zones_js(tag: &str) -> js_sys::Array;
    #[wasm_bindgen(js_name = listen)]
    fn listen_js(url: &str, objects: &str, changed: &Heard) -> js_sys::Function;
    #[wasm_bindgen(js_name = follow)]
    fn follow_js(record: &str, list: &str);
    #[wasm_bindgen(js_name = readText)]
    async fn read_text_js(url: &str, limit: u32) -> JsValue;
}

/// How the key of commands is written on this machine's keyboards: `⌘` on those of Apple's, `Ctrl ` on all others.
pub fn command_key() -> String {
    command_key_js()
}

/// The texts of a language, a line each: those of the first load, or the rest, of which nothing comes where it cannot be had.
pub async fn texts(lang: &str, rest: bool) -> String {
    texts_js(lang, rest).await.as_string().unwrap_or_default()
}

/// What was asked before the client was there to ask it, in the language it speaks.
pub async fn early(path: &str) -> Option<web_sys::Response> {
    early_js(prefs::lang().tag(), path).await.dyn_into().ok()
}

/// Makes the calendar elements known; they are not part of the first load.
pub async fn load_calendar() {
    load_calendar_js().await;
}

pub fn decimal(text: &str, min: u8, max: u8) -> String {
    format_decimal_js(prefs::lang().tag(), text, min, max)
}

pub fn money(text: &str, currency: &str) -> String {
    written(text, currency, false)
}

/// As lists write it: short, where the reader likes that.
pub fn money_listed(text: &str, currency: &str) -> String {
    written(text, currency, prefs::short_amounts())
}

pub fn money_short(text: &str, currency: &str) -> String {
    written(text, currency, true)
}

fn written(text: &str, currency: &str, short: bool) -> String {
    format_money_js(prefs::lang().tag(), text, if currency.is_empty() { "CNY" } else { currency }, short)
}

/// Which comes first, in the order in which lists are sorted: Chinese by pinyin.
pub fn collate(a: &str, b: &str) -> Ordering {
    let tag = js_sys::Array::of1(&JsValue::from_str("zh-CN"));
    js_sys::JsString::from(a).locale_compare(b, &tag, &js_sys::Object::new()).cmp(&0)
}

/// A month, a day or an instant, as the reader has it written.
pub fn date_time(text: &str) -> String {
    date_as(text, prefs::dates())
}

/// The same in one of the forms that there are.
pub fn date_as(text: &str, form: &str) -> String {
    format_date_js(prefs::lang().tag(), text, form)
}

/// From a day to another, or the months that these are in.
pub fn span(first: &str, last: &str, days: bool) -> String {
    format_span_js(prefs::lang().tag(), first, last, days)
}

/// `2026-11-24 14:30` where times are shown.
pub fn wall_clock(text: &str) -> String {
    wall_clock_js(text)
}

/// `2026-11-24 14:30` as typed here → RFC 3339 in UTC; nothing when it is no date and time.
pub fn local_to_instant(text: &str) -> Option<String> {
    // The browser would find a date in nearly anything.
    let plain = text.replacen('T', " ", 1);
    ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"].iter().find_map(|form| NaiveDateTime::parse_from_str(&plain, form).ok())?;
    Some(local_to_instant_js(text)).filter(|s| !s.is_empty())
}

/// The day it is where times are shown.
pub fn today() -> String {
    today_js()
}

/// A short tremble, on phones that can.
pub fn buzz() {
    buzz_js();
}

/// A passkey, made (`create`) or used (`get`): what the device has signed, as JSON, or the name of what went wrong.
pub async fn passkey(what: &str, options: &str) -> Result<String, String> {
    let answer = passkey_js(what, options).await.as_string().unwrap_or_default();
    if answer.starts_with('{') { Ok(answer) } else { Err(answer) }
}

pub async fn copy(text: &str) -> bool {
    copy_text_js(text).await.is_truthy()
}

/// The cells of the first table.
pub fn table_of(html: &str) -> Vec<Vec<String>> {
    let cells =
        |row: JsValue| js_sys::Array::from(&row).iter().map(|cell| cell.as_string().unwrap_or_default()).collect();
    table_of_js(html).iter().map(cells).collect()
}

/// Gives a file to the browser's downloads.
pub fn save(name: &str, content: &JsValue) {
    save_file_js(name, content);
}

/// `regions.txt`; nothing when it cannot be had.
pub async fn regions() -> Option<String> {
    load_regions_js().await.as_string().filter(|text| !text.is_empty())
}

/// The beginning of a text file.
pub async fn read_text(url: &str, limit: u32) -> Option<String> {
    read_text_js(url, limit).await.as_string()
}

/// Sends a form with progress between 0 and 1; answers status and body, or nothing when broken off.
pub async fn upload(
    url: &str,
    body: &JsValue,
    headers: &[(&str, &str)],
    progress: impl FnMut(f64) + 'static,
    signal: Option<&web_sys::AbortSignal>,
) -> Option<(u16, String)> {
    let list = js_sys::Array::new();
    for (name, value) in headers {
        list.push(&js_sys::Array::of2(&(*name).into(), &(*value).into()));
    }
    let progress = Closure::new(progress);
    let answer = upload_js("POST", url, body, list, &progress, signal).await.ok()?;
    let answer: js_sys::Array = answer.dyn_into().ok()?;
    Some((answer.get(0).as_f64()? as u16, answer.get(1).as_string()?))
}

type Heard = Closure<dyn FnMut(String)>;

/// Calls back at every change that the server tells of, until it is dropped.
pub struct Listening {
    stop: js_sys::Function,
    _changed: Heard,
}

/// `changed` is told object, id, version and author of each, as a JSON array; no object where any may have been missed.
pub fn listen(url: &str, objects: &str, changed: impl FnMut(String) + 'static) -> Listening {
    let changed = Closure::new(changed);
    Listening { stop: listen_js(url, objects, &changed), _changed: changed }
}

/// The record, `account/<id>`, and the object of the list on screen: of what happens to them is told too.
pub fn follow(record: &str, list: &str) {
    follow_js(record, list);
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.stop.call0(&JsValue::NULL);
    }
}

/// The zone in which times are shown; one that the browser does not know changes nothing.
pub fn set_zone(zone: &str) {
    set_zone_js(zone);
}

pub fn zone() -> String {
    zone_js()
}

/// What currencies are called, in the order of their codes given.
pub fn currency_names<'a>(codes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let codes = codes.map(JsValue::from_str).collect();
    currency_names_js(prefs::lang().tag(), codes).iter().filter_map(|name| name.as_string()).collect()
}

/// Every zone that the browser knows, from west to east: its name among computers, `UTC+08:00`, what people call it.
pub fn zones() -> Vec<[String; 3]> {
    let all: Vec<String> = zones_js(prefs::lang().tag()).iter().filter_map(|z| z.as_string()).collect();
    all.as_chunks::<3>().0.to_vec()
}

/// Installs the service worker; `renewed` gets a way to let a newer version take over.
pub fn install_worker(renewed: impl Fn(js_sys::Function) + 'static) {
    let renewed: Closure<dyn Fn(js_sys::Function)> = Closure::new(renewed);
    // For as long as the page lives.
    install_js(renewed.into_js_value().unchecked_ref());
}

/// What is seen from now on is this person's.
pub async fn seen_by(user: &str) {
    enter_js(user).await;
}

pub async fn forget_seen() {
    forget_js().await;
}

/// Its files stay with it where no others are given.
pub async fn outbox_put(entry: &Record, files: Option<&[web_sys::File]>) -> bool {
    // A map always has a JSON form.
    let entry = serde_json::to_string(entry).unwrap_or_default();
    outbox_put_js(&entry, files.map(|files| files.iter().collect())).await.is_truthy()
}

pub async fn outbox_files(key: &str) -> Vec<web_sys::File> {
    use wasm_bindgen::JsCast;
    js_sys::Array::from(&outbox_files_js(key).await).iter().filter_map(|f| f.dyn_into().ok()).collect()
}

/// What waits, oldest first.
pub async fn outbox_of(user: &str) -> Vec<Record> {
    let all = outbox_of_js(user).await.as_string().unwrap_or_default();
    serde_json::from_str(&all).unwrap_or_default()
}

pub async fn outbox_remove(key: &str) {
    outbox_remove_js(key).await;
}

/// Keeps an answer, where it is of the kind that is kept.
pub fn saw(method: &str, url: &str, question: Option<&str>, answer: &web_sys::Response) {
    saw_js(method, url, question, answer);
}

pub async fn reachable() -> bool {
    reachable_js().await.is_truthy()
}
