// The calendar: a thin layer over @event-calendar/core that speaks in wall-clock texts (2026-11-24 or
// 2026-11-24T14:30) and in the names of records.
import { createCalendar, DayGrid, destroyCalendar, Interaction, List, TimeGrid } from "@event-calendar/core";
import styles from "@event-calendar/core/index.css";

const sheet = new CSSStyleSheet();
// Beneath the page's own rules.
sheet.replaceSync(`@layer base {${styles}}`);

const two = (n) => String(n).padStart(2, "0");
const day = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
const moment = (d, whole) => (whole ? day(d) : `${day(d)} ${two(d.getHours())}:${two(d.getMinutes())}`);

/** `on(what, detail)` is told of: range, open, move, create. */
export function mount(element, options, on) {
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const tell = (what, detail) => on(what, JSON.stringify(detail));
  const { words, now, ...given } = options;

  const plus = (date, whole) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "ec-plus";
    button.dataset.day = day(date);
    button.textContent = "+";
    button.tabIndex = -1;
    button.setAttribute("aria-label", `${words.create} ${day(date)}`);
    button.title = button.getAttribute("aria-label");
    button.addEventListener("pointerdown", (e) => e.stopPropagation());
    button.addEventListener("click", (e) => {
      e.stopPropagation();
      tell("create", { at: moment(date, whole) });
    });
    return button;
  };
  const number = (text) => Object.assign(document.createElement("span"), { textContent: text });

  const moved = (info) => tell("move", {
    id: info.event.id,
    start: moment(info.event.start, info.event.allDay),
    end: moment(info.event.end, info.event.allDay),
    allDay: info.event.allDay,
  });
  const calendar = createCalendar(element, [DayGrid, TimeGrid, List, Interaction], {
    ...given,
    headerToolbar: { start: "", center: "", end: "" },
    firstDay: 1,
    // The day it is where times are shown is today, whatever the browser's clock is set to.
    highlightedDates: [now.slice(0, 10)],
    theme: (theme) => ({ ...theme, today: "ec-browsers-today", highlight: "ec-today" }),
    nowIndicator: now === moment(new Date(), false),
    pointer: false,
    longPressDelay: 400,
    noEventsContent: words.nothing,
    allDayContent: words.allDay,
    buttonText: { close: words.close },
    moreLinkContent: ({ num }) => words.more.replace("{n}", num),
    dayCellContent: words.create && given.view.startsWith("dayGrid")
      ? ({ date }) => ({ domNodes: [number(String(date.getDate())), plus(date, true)] })
      : undefined,
    eventDidMount: ({ el, event }) => {
      el.dataset.id = event.id;
      el.setAttribute("aria-label", event.extendedProps.spoken ?? event.title);
    },
    eventClick: ({ event, jsEvent }) => {
      jsEvent.preventDefault();
      tell("open", { id: event.id });
    },
    eventDrop: moved,
    eventResize: moved,
    dateClick: words.create ? ({ date, allDay }) => tell("create", { at: moment(date, allDay) }) : undefined,
    datesSet: ({ start, end, view }) => {
      tell("range", { start: day(start), end: day(end), title: view.title });
      queueMicrotask(rove);
    },
  });

  // One stop of the Tab key for all the "+": arrows go from day to day.
  const buttons = () => [...element.querySelectorAll(".ec-plus")];
  const rove = () => requestAnimationFrame(() => {
    const all = buttons();
    if (all.some((b) => b.tabIndex === 0)) return;
    const first = element.querySelector(".ec-today .ec-plus") ?? all[0];
    if (first) first.tabIndex = 0;
  });
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  const keydown = (e) => {
    const step = STEPS[e.key];
    if (!step || e.isComposing) return;
    const own = e.target.closest?.("[data-id]");
    if (own && e.altKey && given.editable) {
      e.preventDefault();
      tell("shift", { id: own.dataset.id, days: step });
      return;
    }
    const all = buttons();
    const at = all.indexOf(e.target);
    const next = all[at + step];
    if (at < 0 || !next || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    all[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  element.addEventListener("keydown", keydown);
  rove();

  // A list begins at the day that is asked for, once there is something in it.
  let wanted = given.view.startsWith("list") && given.date;
  const reveal = () => requestAnimationFrame(() => {
    const heads = [...element.querySelectorAll(".ec-day-head")];
    const head = wanted && (heads.find((h) => h.querySelector("time").dateTime >= wanted) ?? heads.at(-1));
    if (!head) return;
    wanted = undefined;
    head.parentElement.scrollIntoView({ block: "start" });
  });

  return {
    setEvents(events) {
      const focused = element.contains(document.activeElement) ? document.activeElement.closest("[data-id]")?.dataset.id : undefined;
      calendar.setOption("events", events);
      reveal();
      // Drawn anew: the focus stays with the record.
      if (focused) {
        requestAnimationFrame(() => element.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus());
      }
    },
    go(date) {
      wanted = given.view.startsWith("list") && date;
      calendar.setOption("date", date);
      reveal();
    },
    destroy() {
      element.removeEventListener("keydown", keydown);
      destroyCalendar(calendar);
    },
  };
}
