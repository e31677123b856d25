// What the page does for being offline: installs the worker, keeps what is seen and what waits to be sent.
import { CACHE, isSeen, LAST_SEEN, nameOf } from "./seen.js";

/** Registers the worker; `renewed` is told when a newer version waits, with a function that lets it take over. */
export function install(renewed) {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const had = workers.controller !== null;
  workers.register("/sw.js").then((registration) => {
    const offer = () => {
      const waiting = registration.waiting;
      if (!waiting || !had) return;
      renewed(() => {
        workers.addEventListener("controllerchange", () => location.reload(), { once: true });
        waiting.postMessage("take over");
      });
    };
    offer();
    registration.addEventListener("updatefound", () => {
      const coming = registration.installing;
      coming?.addEventListener("statechange", () => coming.state === "installed" && offer());
    });
    setInterval(() => registration.update().catch(() => {}), 30 * 60_000);
  }).catch(() => {});
}

/** Answers kept of what was last seen. */
const KEPT = 300;
/** Who one is, as last answered: that comes before it is known for whom anything is kept. */
let me;

/**
 * Keeps an answer to be shown where the network is away. The page does it and not the worker, which has nothing of what
 * was seen before it took over.
 */
export async function saw(method, url, question, answer) {
  const at = new URL(url, location.href);
  if (!isSeen(method, at) || answer.headers.has(LAST_SEEN)) return;
  const copy = answer.clone();
  if (at.pathname.endsWith("/auth/me")) me = [at, copy.clone()];
  try {
    // Only while somebody is signed in.
    if (!(await caches.has(CACHE))) return;
    const cache = await caches.open(CACHE);
    await cache.put(await nameOf(method, at, question), copy);
    const names = await cache.keys();
    for (const old of names.slice(0, Math.max(0, names.length - KEPT))) await cache.delete(old);
  } catch {
    // Without storage there is nothing to keep.
  }
}

/** Somebody has signed in: what was seen is theirs alone. */
export async function enter(user) {
  try {
    if (localStorage.getItem("kz.seen.by") !== user) await caches.delete(CACHE);
    localStorage.setItem("kz.seen.by", user);
    const cache = await caches.open(CACHE);
    const [at, answer] = me ?? [];
    me = undefined;
    if ((await answer?.clone().json())?.id === user) await cache.put(at.href, answer);
  } catch {
    // Without storage there is nothing to keep.
  }
}

/** Signed out: nothing that was seen stays. */
export async function forget() {
  try {
    localStorage.removeItem("kz.seen.by");
    await caches.delete(CACHE);
  } catch {
    // There was none.
  }
}

function store(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("kezhan", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("outbox", { keyPath: "key" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const db = opening.result;
      const transaction = db.transaction("outbox", mode);
      const request = act(transaction.objectStore("outbox"));
      transaction.oncomplete = () => {
        db.close();
        resolve(request.result);
      };
      transaction.onerror = () => {
        db.close();
        reject(transaction.error);
      };
    };
  });
}

/** Keeps what waits, or keeps it anew; true once it is safe. Its files stay with it where no others are given. */
export async function outboxPut(entry, files) {
  const fresh = JSON.parse(entry);
  try {
    await store("readwrite", (outbox) => {
      const had = outbox.get(fresh.key);
      had.onsuccess = () => outbox.put({ at: Date.now(), ...fresh, blobs: files ?? had.result?.blobs ?? [] });
      return had;
    });
    return true;
  } catch {
    return false;
  }
}

/** What this person has waiting, oldest first. */
export async function outboxOf(user) {
  try {
    const all = await store("readonly", (outbox) => outbox.getAll());
    // Those of an earlier version have their record as text.
    const read = ({ body, blobs = [], ...one }) => ({
      ...one,
      files: blobs.map((file) => file.name),
      ...(body && { record: JSON.parse(body) }),
    });
    return JSON.stringify(all.filter((one) => one.user === user).sort((a, b) => a.at - b.at).map(read));
  } catch {
    return "[]";
  }
}

/** The files that wait with it, in the order in which they were added. */
export async function outboxFiles(key) {
  return (await store("readonly", (outbox) => outbox.get(key)).catch(() => null))?.blobs ?? [];
}

export async function outboxRemove(key) {
  await store("readwrite", (outbox) => outbox.delete(key)).catch(() => {});
}

/** Is the server there? */
export async function reachable() {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
