// What the browser or a script library does better than the client: imported by Rust as `kezhan-bridge`.

/**
 * The texts of a language, a line each: those of the first load, without which there is nothing to show, so that it tries
 * until they are there, or the rest, where whoever asks tries again.
 */
const languages = {};
export function texts(lang, rest) {
  if (rest) icons();
  const [first, others] = lang === "en" ? [TEXTS_EN, TEXTS_EN_REST] : [TEXTS_ZH, TEXTS_ZH_REST];
  const url = rest ? others : first;
  languages[url] ??= fetch(url)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))))
    .catch(() => {
      delete languages[url];
      return rest ? "" : new Promise((again) => setTimeout(again, 2_000)).then(() => texts(lang));
    });
  return languages[url];
}

/** The icons that only later parts show; until they are there, their places are empty. */
let drawn;
function icons() {
  drawn ??= fetch(ICONS_URL)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))))
    .then((sprite) => document.body.insertAdjacentHTML("afterbegin", sprite))
    .catch(() => {
      drawn = undefined;
    });
}

/** What every start asks first, asked while the client itself is on its way. Each answer is taken once, and only a good one. */
const asked = new Map();
export function ahead(lang) {
  for (const path of ["/api/v1/auth/me", "/api/v1/meta/catalog"]) {
    const answer = fetch(path, { headers: { "Accept-Language": lang }, credentials: "same-origin" });
    asked.set(path, [lang, answer.then((found) => (found.ok ? found : undefined)).catch(() => undefined)]);
  }
}

export async function early(lang, path) {
  const [spoken, answer] = asked.get(path) ?? [];
  asked.delete(path);
  return spoken === lang ? answer : undefined;
}

/** Loads the calendar elements on first use. */
export function loadCalendar() {
  return import("cally").then(() => undefined);
}

/** Number, date and currency formats come from the browser, not from tables in the client. */
const formats = new Map();
function format(kind, locale, options) {
  const key = kind + locale + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = kind === "n" ? new Intl.NumberFormat(locale, options) : new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

export function formatDecimal(locale, text, minDigits, maxDigits) {
  return format("n", locale, { minimumFractionDigits: minDigits, maximumFractionDigits: maxDigits }).format(text);
}

/** Short ones count in 万 and 亿, or in thousands and millions. */
export function formatMoney(locale, text, currency, short) {
  const shorter = short && { notation: "compact", maximumFractionDigits: 2 };
  try {
    return format("n", locale, { style: "currency", currency, ...shorter }).format(text);
  } catch {
    return `${text} ${currency}`;
  }
}

/** The zone that times are shown and typed in. */
let chosenZone;
export function setZone(name) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    chosenZone = name;
  } catch {
    // Not one that this browser knows: the one before stays.
  }
}

export function zone() {
  return chosenZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Every zone that the browser knows, from west to east: its name among computers, its difference to UTC, what people call it. */
export function zones(tag) {
  const now = new Date();
  const part = (locale, timeZone, timeZoneName) => {
    const parts = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName }).formatToParts(now);
    return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  };
  const minutes = (offset) => {
    const [, sign, hours, rest] = /^UTC([+-])(\d+):(\d+)$/.exec(offset) ?? ["", "+", "0", "0"];
    return Number(`${sign}1`) * (Number(hours) * 60 + Number(rest));
  };
  const all = (Intl.supportedValuesOf?.("timeZone") ?? [zone()]).map((name) => {
    const offset = part("en", name, "longOffset").replace("GMT", "UTC").replace(/^UTC$/, "UTC+00:00");
    return [name, offset, part(tag, name, "longGeneric")];
  });
  return all.sort((a, b) => minutes(a[1]) - minutes(b[1]) || a[2].localeCompare(b[2], tag) || (a[0] < b[0] ? -1 : 1)).flat();
}

/** What these codes of currencies are called, in their order. */
export function currencyNames(tag, codes) {
  const names = new Intl.DisplayNames([tag], { type: "currency" });
  return codes.map((code) => names.of(code) ?? code);
}

const CLOCK = { hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
function clock(date) {
  const parts = format("d", "en-CA", { ...CLOCK, timeZone: chosenZone }).formatToParts(date);
  return Object.fromEntries(parts.map((p) => [p.type, p.value]));
}

/** 2026-11-24 14:30 in the reader's time zone: as times are typed and reckoned with. */
export function wallClock(text) {
  const d = new Date(text);
  if (Number.isNaN(d.getTime())) return text;
  const c = clock(d);
  return `${c.year}-${c.month}-${c.day} ${c.hour}:${c.minute}`;
}

/** A month, a day or an instant as the language writes it, or as `form` asks: `iso`, `words` or `day_first`. */
export function formatDate(lang, text, form) {
  const at = new Date(text);
  const locale = lang === "en" ? { iso: "", day_first: "en-GB" }[form] ?? "en-US" : form === "words" ? lang : "";
  // A year stands for itself.
  if (Number.isNaN(at.getTime()) || text.length < 7) return text;
  if (!locale) return text.length > 10 ? wallClock(text) : text;
  // A day is in no zone.
  if (text.length > 10) return format("d", locale, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone: chosenZone }).format(at);
  return format("d", locale, { day: text.length > 7 ? "numeric" : undefined, month: "short", year: "numeric", timeZone: "UTC" }).format(at);
}

/** From a day to another, or the months that these are in, as the calendar heads them. */
export function formatSpan(lang, first, last, days) {
  const parts = { month: days && lang === "en" ? "short" : "long", day: days ? "numeric" : undefined };
  return format("d", lang, { year: "numeric", ...parts, timeZone: "UTC" }).formatRange(new Date(first), new Date(last));
}

/** The key of commands as keyboards have it. */
export function commandKey() {
  return /Mac|iPhone|iPad/.test(navigator.userAgentData?.platform ?? navigator.platform) ? "⌘" : "Ctrl ";
}

/** The day it is in the reader's time zone. */
export function today() {
  const c = clock(new Date());
  return `${c.year}-${c.month}-${c.day}`;
}

/** The reader's date and time (as typed) to an instant, empty when it is none. */
export function localToInstant(text) {
  const typed = text.trim().replace(" ", "T");
  const wanted = Date.parse(`${typed.length === 10 ? `${typed}T00:00` : typed}Z`);
  if (Number.isNaN(wanted)) return "";
  // The offset there, and once more, as it may be another one beyond a change of clocks.
  let at = wanted;
  for (let round = 0; round < 2; round++) {
    const c = clock(new Date(at));
    at += wanted - Date.UTC(c.year, c.month - 1, c.day, c.hour, c.minute, c.second);
  }
  return new Date(at).toISOString();
}

/** The provinces, cities and districts, loaded when the first address is edited. */
let regions;
export function loadRegions() {
  regions ??= fetch(REGIONS_URL)
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))))
    .catch(() => {
      regions = undefined;
      return "";
    });
  return regions;
}

/** The beginning of a text file, in whichever encoding it was written; null when it cannot be had. */
export async function readText(url, limit) {
  try {
    const answer = await fetch(url, { credentials: "same-origin" });
    if (!answer.ok) return null;
    const reader = answer.body.getReader();
    const parts = [];
    let size = 0;
    while (size < limit) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
    }
    reader.cancel();
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer()).subarray(0, limit);
    try {
      // A cut in the middle of a character is no reason to take it for another encoding.
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    } catch {
      return new TextDecoder("gb18030").decode(bytes);
    }
  } catch {
    return null;
  }
}

/** Sends a file with progress, which fetch cannot report. */
export function upload(method, url, body, headers, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    signal?.addEventListener("abort", () => xhr.abort());
    xhr.onabort = () => reject(new Error("aborted"));
    xhr.open(method, url);
    for (const [name, value] of headers) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (e) => e.lengthComputable && onProgress(e.loaded / e.total);
    xhr.onload = () => resolve([xhr.status, xhr.responseText]);
    xhr.onerror = () => reject(new Error("network"));
    xhr.send(body);
  });
}

export function buzz() {
  navigator.vibrate?.(15);
}

/** Writes text to the clipboard; false when the browser refuses. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The cells of the first table in a piece of HTML, as a spreadsheet puts it on the clipboard. */
export function tableOf(html) {
  const table = new DOMParser().parseFromString(html, "text/html").querySelector("table");
  const cells = (row) => [...row.cells].flatMap((cell) => [cell.textContent.trim(), ...Array(cell.colSpan - 1).fill("")]);
  return table ? [...table.rows].map(cells) : [];
}

/** Gives bytes to the browser's downloads under a name. */
export function saveFile(name, bytes) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export { follow, listen } from "./stream.js";
export { enter, forget, install, outboxFiles, outboxOf, outboxPut, outboxRemove, reachable, saw } from "./offline.js";

/** Opens a calendar in an element, with what was read as JSON. */
export async function mountCalendar(element, options, on) {
  const { mount } = await import("./calendar.js");
  const calendar = mount(element, JSON.parse(options), on);
  return {
    setEvents: (events) => calendar.setEvents(JSON.parse(events)),
    go: calendar.go,
    destroy: calendar.destroy,
  };
}

/** A passkey: `create` or `get` with the server's options. What was signed, as JSON, or the name of what went wrong. */
export async function passkey(what, options) {
  try {
    const keys = await import("./passkey.js");
    return JSON.stringify(await keys[what](JSON.parse(options)));
  } catch (e) {
    return e?.name ?? "Error";
  }
}

/** Opens a chart in an element; `pressed` is told the place of the point that is pressed. */
export async function mountChart(element, pressed) {
  const { mount } = await import("./chart.js");
  const chart = mount(element, pressed);
  return { draw: (option) => chart.draw(JSON.parse(option)), destroy: chart.destroy };
}

/** Opens a PDF document in an element; `page` names a page, with "{n}" for its number. Fails where it cannot be read. */
export async function mountPdf(element, address, page) {
  const { mount } = await import("./pdf.js");
  return mount(element, address, { page });
}
