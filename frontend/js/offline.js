// What the page does for being offline: installs the worker, keeps what waits to be sent.

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

/** Somebody has signed in: what was seen is theirs alone. */
export async function enter(user) {
  try {
    if (localStorage.getItem("kz.seen.by") !== user) await caches.delete("kz-data");
    localStorage.setItem("kz.seen.by", user);
    await caches.open("kz-data");
  } catch {
    // Without storage there is nothing to keep.
  }
}

/** Signed out: nothing that was seen stays. */
export async function forget() {
  try {
    localStorage.removeItem("kz.seen.by");
    await caches.delete("kz-data");
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

/** True once it is safely kept. */
export async function outboxAdd(user, key, body) {
  try {
    await store("readwrite", (outbox) => outbox.put({ user, key, body, at: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

/** `[key, body]` of what this person has waiting, oldest first. */
export async function outboxOf(user) {
  try {
    const all = await store("readonly", (outbox) => outbox.getAll());
    return all.filter((one) => one.user === user).sort((a, b) => a.at - b.at).map((one) => [one.key, one.body]);
  } catch {
    return [];
  }
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
