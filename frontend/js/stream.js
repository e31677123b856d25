// What the server tells of by itself. All tabs share one stream, as browsers allow few connections per host: one tab
// holds it, the others hear through it, and each says which record it has on screen.

const me = `${Date.now()}-${Math.random()}`;
const tabs = new BroadcastChannel("kz.changes");
/** What other tabs have on screen, by tab: a record, `account/<id>`, and the object of a list, each or none. */
const others = new Map();
let mine = ["", ""];
let changed = () => {};
/** In the tab that holds the stream: opens it again, for what is followed now. */
let reopen;

const announce = () => tabs.postMessage({ follows: mine, tab: me });

/** What is on screen, of which the page is told too. */
export function follow(record, list) {
  if (record === mine[0] && list === mine[1]) return;
  mine = [record, list];
  announce();
  reopen?.();
}

/**
 * Calls `changed` with the changes of `objects` and of what is followed, as a JSON array of object, id, version and
 * author; with the objects alone when the stream begins, and with no object where something may have been missed.
 */
export function listen(url, objects, called) {
  changed = called;
  const began = performance.now();
  const end = new AbortController();
  tabs.onmessage = ({ data }) => {
    if (data.changes) changed(data.changes);
    else if (data.who) announce();
    else {
      if (data.follows) others.set(data.tab, data.follows);
      else others.delete(data.tab);
      reopen?.();
    }
  };
  const gone = () => tabs.postMessage({ tab: me });
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
  let heard = [];
  const tell = (...change) => {
    // What comes at once is told at once.
    if (heard.push(change) > 1) return;
    setTimeout(() => {
      const changes = JSON.stringify(heard);
      heard = [];
      changed(changes);
      tabs.postMessage({ changes });
    }, 150);
  };
  const address = () => {
    const all = (at) => (alone ? [] : [...new Set([mine, ...others.values()].map((one) => one[at]))].filter(Boolean).sort());
    return `${url}&records=${all(0).slice(0, 50).join(",")}&lists=${all(1).join(",")}`;
  };
  const open = () => {
    source?.close();
    asked = address();
    // Where it was broken off, so that nothing is lost between.
    source = new EventSource(asked + (since && `&since=${encodeURIComponent(since)}`));
    let news = since ? undefined : begin;
    source.onopen = () => {
      wait = 1_000;
      if (news !== undefined) tell(news, "", 0, "");
      news = "";
    };
    source.addEventListener("cursor", (event) => {
      since = event.lastEventId;
    });
    source.addEventListener("change", (event) => {
      if (event.lastEventId) since = event.lastEventId;
      const { object, id, version, actor } = JSON.parse(event.data);
      tell(object, id, version ?? 0, actor ?? "");
    });
    source.onerror = () => {
      // Otherwise the browser comes back by itself.
      if (source.readyState !== EventSource.CLOSED) return;
      // Refused: looking again renews the session, if that was why.
      changed(JSON.stringify([["", "", 0, ""]]));
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
