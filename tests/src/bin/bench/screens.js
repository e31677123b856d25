// Works a list as somebody would and times what they wait for; runs in the page. Answers
// `[act, answered, settled, longest]` in milliseconds: until the page first shows that it has understood, until it
// shows what was asked for, and the longest that its script kept it from answering anything else.

const frame = () => new Promise((done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = done;
  port2.postMessage(0);
}));
const all = (css) => [...document.querySelectorAll(css)].filter((e) => e.checkVisibility());
const one = (css) => all(css).at(-1);
const there = (css) => () => all(css).length > 0;
const gone = (css) => () => all(css).length === 0;
const rows = () => all("[role=row][data-row]").length > 5;
const calm = () => rows() && !one("[role=grid][aria-busy=true], [role=treegrid][aria-busy=true], .opacity-60, .skeleton-bar");
// Nothing is on its way, whichever layout is shown.
const quiet = async () => {
  const end = performance.now() + 15_000;
  while (one("[aria-busy=true], .opacity-60, .skeleton-bar") && performance.now() < end) await frame();
  for (let n = 0; n < 10; n++) await frame();
};
const cell = (row, col) => one(`[data-row="${row}"] [data-col="${col}"]`);
const mouse = (target, kind, more = {}) => target.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, view: window, ...more }));
const click = (css) => { const e = typeof css === "string" ? one(css) : css; mouse(e, "mousedown"); mouse(e, "mouseup"); e.click(); };
const go = (changes) => {
  const url = new URL(location.href);
  for (const [key, value] of Object.entries(changes)) value === null ? url.searchParams.delete(key) : url.searchParams.set(key, value);
  history.pushState(null, "", url);
  dispatchEvent(new PopStateEvent("popstate"));
};

const found = [];
let longest = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longest = Math.max(longest, entry.duration);
}).observe({ entryTypes: ["longtask"] });

async function act(name, run, answered, settled = answered) {
  await quiet();
  longest = 0;
  const start = performance.now();
  const passed = () => Math.round(performance.now() - start);
  await run();
  let first;
  for (;;) {
    await frame();
    if (first === undefined && (answered() || settled())) first = passed();
    if (settled()) break;
    if (passed() > 20_000) {
      found.push([name, first ?? null, null, Math.round(longest)]);
      return;
    }
  }
  const end = passed();
  // Long tasks are told of a little later.
  await new Promise((done) => setTimeout(done, 60));
  found.push([name, first, end, Math.round(longest)]);
}

// The parts that come later are fetched while nobody waits.
while (!calm()) await frame();
await new Promise((done) => setTimeout(done, 2_500));

for (const again of ["", ", again"]) {
  await act(`open peek${again}`, () => one('[data-row="3"] button[tabindex="-1"]').click(), there("aside"), there("aside dl, aside dt, aside [id^=fact]"));
  await act(`peek another${again}`, () => one('[data-row="4"] button[tabindex="-1"]').click(), there("aside"), there("aside dl, aside dt, aside [id^=fact]"));
  await act(`close peek${again}`, () => one("aside header button:last-of-type").click(), gone("aside"));
}
const name = () => cell(2, 0).innerText.trim();
for (const again of ["", ", again"]) {
  await act(`choose a cell${again}`, () => click(cell(2, 0)), there(".cell-frame"));
  await act(`open a cell${again}`, () => mouse(cell(2, 0), "dblclick"), there("#cell-editor input, .grid-over input"));
  const wanted = `${name()}·`;
  const input = one(".grid-over input");
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, wanted);
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await act(`write a cell${again}`, () => input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true })),
    () => name() === wanted && !one(".grid-over input"));
}
const header = '[role=columnheader] input[type=checkbox]';
for (const again of ["", ", again"]) {
  await act(`choose all loaded${again}`, () => one(header).click(), there("#batch-bar"), () => all("[role=row][data-row]").every((row) => row.ariaSelected === "true"));
  await act(`choose none${again}`, () => one(header).click(), gone("#batch-bar"));
}
const dimmed = () => !calm();
for (const again of ["", ", again"]) {
  const heads = () => all("[role=columnheader] > button:first-child");
  // Rows that are the same stay where they are: what tells is that nothing is on its way any more.
  const fresh = () => { let frames = 0; return () => ++frames > 2 && calm(); };
  await act(`sort${again}`, () => heads()[0].click(), () => dimmed() || !!one("[aria-sort=ascending]"), fresh());
  await act(`filter${again}`, () => go({ filter: JSON.stringify({ field: "deal_status", op: "eq", value: "not_won" }) }), () => dimmed() || !!one("main .tag"), fresh());
  await act(`filter no more${again}`, () => go({ filter: null }), () => dimmed() || calm(), fresh());
  await act(`group${again}`, () => go({ group: "industry", sort: null }), () => dimmed() || !!one("[role=treegrid]"), () => !!one(".grid-group") && !one(".opacity-60"));
  await act(`group no more${again}`, () => go({ group: null }), gone(".grid-group"), () => calm() && !one(".grid-group"));
}
const layout = (n) => all("[role=group] > button[aria-pressed]")[n];
const kinds = all("[role=group] > button[aria-pressed]").length;
for (const again of ["", ", again"]) {
  for (let n = 1; n < kinds; n++) {
    const label = layout(n).title;
    await act(`as ${label}${again}`, () => layout(n).click(), () => layout(n).ariaPressed === "true", () => !one("[role=grid]") && !one("main .skeleton-bar") && all("main section main *, main section *").length > 60);
    await act(`as a table after ${label}${again}`, () => layout(0).click(), () => layout(0).ariaPressed === "true", calm);
  }
}
// As fast as a wheel turns, through some thousands of rows.
{
  await quiet();
  const scroller = one("[role=grid]").parentElement;
  longest = 0;
  const gaps = [];
  let last = performance.now();
  for (let n = 0; n < 300; n++) {
    scroller.scrollTop += 400;
    await frame();
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  await new Promise((done) => setTimeout(done, 60));
  gaps.sort((a, b) => a - b);
  found.push(["scroll: a frame, of 300", Math.round(gaps[150]), Math.round(gaps[285]), Math.round(longest)]);
  await act("scroll to the end of what is there", () => { scroller.scrollTop = scroller.scrollHeight; }, rows, rows);
  await act("scroll back to the top", () => { scroller.scrollTop = 0; }, () => !!one('[data-row="0"]'));
}
return found;
