// The service worker: the shell from its cache, what was last seen where the network is away.
/* global SHELL, VERSION */
import { CACHE, isSeen, LAST_SEEN, nameOf } from "./seen.js";

const shell = `kz-shell-${VERSION}`;

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
  } else if (isSeen(request.method, url)) {
    event.respondWith(networkFirst(request, url));
  }
});

async function networkFirst(request, url) {
  const question = request.method === "POST" ? await request.clone().text() : undefined;
  try {
    return await fetch(request);
  } catch (error) {
    const cache = await caches.open(CACHE);
    const seen = await cache.match(await nameOf(request.method, url, question), { ignoreVary: true });
    if (!seen) throw error;
    const headers = new Headers(seen.headers);
    headers.set(LAST_SEEN, "1");
    return new Response(seen.body, { status: seen.status, headers });
  }
}
