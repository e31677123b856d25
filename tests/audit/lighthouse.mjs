// Lighthouse over pages of a running server, signed in.
// Usage: node lighthouse.mjs ORIGIN TENANT USER PASSWORD PATH...  — answers a line of JSON per path.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages are in the cache directory, not beside this file.
const require = createRequire(`${process.env.AUDIT_TOOLS}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: lighthouse, desktopConfig } = await load("lighthouse");
const { default: puppeteer } = await load("puppeteer-core");

const [origin, tenant, username, password, ...paths] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
try {
  const door = await browser.newPage();
  await door.goto(origin);
  const status = await door.evaluate(async (body) => {
    const headers = { "Content-Type": "application/json", "X-Requested-With": "kezhan" };
    const answer = await fetch("/api/v1/auth/login", { method: "POST", headers, body: JSON.stringify(body) });
    return answer.status;
  }, { tenant, username, password });
  if (status !== 200) throw new Error(`sign-in: ${status}`);
  await door.close();
  for (const path of paths) {
    const page = await browser.newPage();
    const flags = { logLevel: "error", disableStorageReset: true, onlyCategories: ["performance", "accessibility", "best-practices"] };
    const { lhr } = await lighthouse(origin + path, flags, desktopConfig, page);
    const scores = Object.fromEntries(Object.entries(lhr.categories).map(([name, c]) => [name, Math.round((c.score ?? 0) * 100)]));
    const failed = Object.values(lhr.categories)
      .flatMap((c) => (c.id === "performance" ? [] : c.auditRefs))
      .map((ref) => lhr.audits[ref.id])
      .filter((audit) => audit.score !== null && audit.score < 1)
      .map((audit) => `${audit.id}: ${audit.title} ${JSON.stringify(audit.details?.items ?? []).slice(0, 600)}`);
    const ms = (name) => Math.round(lhr.audits[name].numericValue);
    const times = { fcp: ms("first-contentful-paint"), lcp: ms("largest-contentful-paint"), tbt: ms("total-blocking-time"), observed: lhr.audits.metrics?.details?.items?.[0]?.observedLargestContentfulPaint };
    console.log(JSON.stringify({ path, scores, times, failed }));
    await page.close();
  }
} finally {
  await browser.close();
}
