// Ways of the keyboard that are the same everywhere. What takes part says so by an attribute.

const onKeys = (kind, act) => addEventListener(kind, (ev) => ev.target instanceof Element && act(ev, ev.target));
const BOX = "[data-one-stop]";
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const within = (target) => (target.closest(".popover") ? null : target.closest(BOX));
const all = (box) => [...box.querySelectorAll("a[href], button")].filter((e) => !e.closest(".popover"));

// Much in one place is one stop of the Tab key, but only while the focus is there: nothing is out of reach, whatever comes
// and goes meanwhile.
let passed = [];
onKeys("focusin", (_, target) => {
  for (const e of passed) e.removeAttribute("tabindex");
  const box = within(target);
  passed = box ? all(box).filter((e) => e !== target && !e.hasAttribute("tabindex")) : [];
  for (const e of passed) e.tabIndex = -1;
});

// Arrows go on from there, those to the side also to what stands beside.
onKeys("keydown", (ev, target) => {
  const [box, step] = [within(target), STEPS[ev.key]];
  if (!box || !step || ev.defaultPrevented || ev.altKey || ev.ctrlKey || ev.metaKey || ev.shiftKey) return;
  const beside = (e) => e !== target && e.closest("[data-beside]") && !/ght|eft/.test(ev.key);
  const seen = all(box).filter((e) => e.checkVisibility() && !beside(e));
  const at = seen.indexOf(target);
  if (at < 0) return;
  ev.preventDefault();
  seen[at + step]?.focus();
});

// In a menu arrows go round; what is written above it leaves what fits.
const items = (menu) => [...menu.querySelectorAll("[role^=menuitem]:not([hidden])")];
const find = (target) => target.closest("[data-find]")?.nextElementSibling;
onKeys("input", (_, target) => {
  const menu = find(target);
  const text = target.value?.toLowerCase();
  for (const e of menu?.children ?? []) e.hidden = !e.textContent.toLowerCase().includes(text);
});
onKeys("keydown", (ev, target) => {
  const menu = find(target) ?? target.closest("[role=menu]");
  if (!menu || ev.isComposing) return;
  const seen = items(menu);
  const step = ev.key === "ArrowDown" ? 1 : ev.key === "ArrowUp" ? -1 : 0;
  if (step) seen.at((seen.indexOf(target) + (step < 0 && !seen.includes(target) ? 0 : step)) % seen.length)?.focus();
  else if (ev.key === "Home" && !find(target)) seen[0]?.focus();
  else if (ev.key === "End" && !find(target)) seen.at(-1)?.focus();
  else if (ev.key === "Enter" && find(target)) seen[0]?.click();
  else return;
  ev.preventDefault();
});

// What has the keyboard may go away: then what is left around it has it, and nobody begins anew at the top of the page.
const STOP = "a[href], button:not(:disabled), input:not(:disabled), select, textarea, [tabindex='0']";
let held = [];
onKeys("focusin", (_, target) => {
  held = [];
  for (let e = target; e && e !== document.body; e = e.parentElement) held.push(e);
});
const regain = () => setTimeout(() => {
  if (document.activeElement !== document.body || !held.length || held[0].isConnected) return;
  const left = held.find((e) => e.isConnected);
  // A whole bar went: what it was about has it.
  if (left?.matches("[data-to-grid]")) return document.querySelector("[role$=grid][tabindex]")?.focus({ preventScroll: true });
  const stop = left && [...left.querySelectorAll(STOP)].find((e) => e.checkVisibility());
  (left?.querySelector("[role$=grid][tabindex]") ?? stop)?.focus({ preventScroll: true });
}, 200);
onKeys("keyup", regain);
onKeys("click", regain);

// Past everything that is on every page.
onKeys("click", (ev, target) => {
  const link = target.closest("[data-skip]");
  if (!link) return;
  ev.preventDefault();
  document.querySelector(link.dataset.skip)?.focus();
});
