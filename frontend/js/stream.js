// What the server tells of by itself. All tabs share one stream, as browsers allow few connections per host: one tab
// holds it, the others hear through it, and each says which record it has on screen.

const me = `${Date.now()}-${Math.random()}`;
const tabs = new BroadcastChannel("kz.changes");
/** What other tabs have on screen, by tab. */
const others = new Map();
let mine = "";
let changed = () => {};
/** In the tab that holds the stream: opens it again, for what is followed now. */
let reopen;

const announce = () => tabs.postMessage({ follows: mine, tab: me });

/** The record on screen, `account/<id>`, or none: of what happens to it and around it the page is told too. */
export function follow(record) {
  if (record === mine) return;
  mine = record;
  announce();
  reopen?.();
}

/**
 * Calls `changed` with the object, the id and the version of each change of `objects` and around what is followed; with
 * the objects alone when the stream begins, and with nothing whenever something may have been missed.
 */
export function listen(url, objects, called) {
  changed = called;
  const began = performance.now();
  const end = new AbortController();
  tabs.onmessage = ({ data }) => {
    if (data.change) changed(...data.change);
    else if (data.who) announce();
    else {
      const before = others.get(data.tab) ?? "";
      if (data.follows) others.set(data.tab, data.follows);
      else others.delete(data.tab);
      if (before !== data.follows) reopen?.();
    }
  };
  const gone = () => tabs.postMessage({ follows: "", tab: me });
  addEventListener("pagehide", gone);
  addEventListener("pageshow", announce);
  const stream = () => new Promise((done) => {
    tabs.postMessage({ who: true });
    // Another tab held it till now.
    const late = performance.now() - began > 1_000;
    hold(`${url}?objects=${objects}`, late ? "" : objects, end.signal, done);
  });
  if (navigator.locks) navigator.locks.request("kz.changes", { signal: end.signal }, stream).catch(() => {});
  else stream();
  announce();
  return () => {
    end.abort();
    gone();
    removeEventListener("pagehide", gone);
    removeEventListener("pageshow", announce);
    tabs.onmessage = null;
    changed = () => {};
  };
}

function hold(url, begin, signal, done) {
  let source;
  let timer;
  let wait = 1_000;
  let since = "";
  let asked;
  /** Something that is followed cannot be read any more: better to hear of the rest. */
  let alone = false;
  const tell = (...change) => {
    changed(...change);
    tabs.postMessage({ change });
  };
  const address = () => {
    const records = alone ? [] : [...new Set([mine, ...others.values()])].filter(Boolean).sort().slice(0, 50);
    return `${url}&records=${records.join(",")}`;
  };
  const open = () => {
    source?.close();
    asked = address();
    // Where it was broken off, so that nothing is lost between.
    source = new EventSource(asked + (since && `&since=${encodeURIComponent(since)}`));
    let news = since ? undefined : begin;
    source.onopen = () => {
      wait = 1_000;
      if (news !== undefined) tell(news, "", 0);
      news = "";
    };
    source.addEventListener("cursor", (event) => {
      since = event.lastEventId;
    });
    source.addEventListener("change", (event) => {
      if (event.lastEventId) since = event.lastEventId;
      const { object, id, version } = JSON.parse(event.data);
      tell(object, id, version ?? 0);
    });
    source.onerror = () => {
      // Otherwise the browser comes back by itself.
      if (source.readyState !== EventSource.CLOSED) return;
      // Refused: looking again renews the session, if that was why.
      changed("", "", 0);
      [since, begin] = ["", ""];
      alone = !alone;
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, 60_000);
    };
  };
  reopen = () => {
    clearTimeout(timer);
    alone = false;
    // Who goes from record to record is heard once it stands.
    timer = setTimeout(() => address() !== asked && open(), 400);
  };
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    source?.close();
    reopen = undefined;
    done();
  });
  if (!signal.aborted) open();
}
