// What is kept of the server's answers, and under which names: the page keeps them, the worker finds them again.

export const CACHE = "kz-data";
export const LAST_SEEN = "X-Kezhan-Last-Seen";

/** Records, lists and what describes them; neither streams nor files. */
export function isSeen(method, url) {
  if (!url.pathname.startsWith("/api/v1/")) return false;
  if (method === "POST") return url.pathname.endsWith("/query");
  return method === "GET" && !/\/(events|changes|content|download|results|exports?|host|oauth|api_keys)(\/|$)/.test(url.pathname);
}

/** Lists are asked for by POST: their question becomes part of the name. */
export async function nameOf(method, url, question) {
  if (method === "GET") return url.href;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(question));
  const hex = [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
  return `${url.href}${url.search ? "&" : "?"}question=${hex}`;
}
