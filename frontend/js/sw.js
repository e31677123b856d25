// The service worker: the shell from its cache, what was last seen where the network is away.
/* global SHELL, VERSION */
const shell = `kz-shell-${VERSION}`;
const data = "kz-data";
/** Answers kept of what was last seen. */
const KEPT = 300;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(shell).then((cache) => cache.addAll(SHELL)));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("kz-shell-") && name !== shell;
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate" && !/^\/(api|docs|oauth)(\/|$)/.test(url.pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match("/", { ignoreVary: true }).then((page) => page ?? Response.error())));
  } else if (request.method === "GET" && url.pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(request, { ignoreVary: true }).then((found) => found ?? fetch(request)));
  } else if (isSeen(request, url)) {
    event.respondWith(networkFirst(request, url, event));
  }
});

/** Records, lists and what describes them; neither streams nor files. */
function isSeen(request, url) {
  if (!url.pathname.startsWith("/api/v1/")) return false;
  if (request.method === "POST") return url.pathname.endsWith("/query");
  return request.method === "GET" && !/\/(events|changes|content|download|results|exports?|host|oauth|api_keys)(\/|$)/.test(url.pathname);
}

/** Lists are asked for by POST: their question becomes part of the name. */
async function nameOf(request, url) {
  if (request.method === "GET") return url.href;
  const digest = await crypto.subtle.digest("SHA-256", await request.clone().arrayBuffer());
  const hex = [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
  return `${url.href}#${hex}`.replace("#", url.search ? "&question=" : "?question=");
}

async function networkFirst(request, url, event) {
  const name = await nameOf(request, url);
  try {
    const answer = await fetch(request);
    if (answer.ok) event.waitUntil(keep(name, answer.clone()));
    return answer;
  } catch (error) {
    const cache = await caches.open(data);
    const seen = await cache.match(name, { ignoreVary: true });
    if (!seen) throw error;
    const headers = new Headers(seen.headers);
    headers.set("X-Kezhan-Last-Seen", "1");
    return new Response(seen.body, { status: seen.status, headers });
  }
}

async function keep(name, answer) {
  // Only while somebody is signed in: the page makes this cache and takes it away.
  if (!(await caches.has(data))) return;
  const cache = await caches.open(data);
  await cache.put(name, answer);
  const names = await cache.keys();
  for (const old of names.slice(0, Math.max(0, names.length - KEPT))) await cache.delete(old);
}
