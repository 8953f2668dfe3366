// How much of which level is held, and when it came: counts, and a bar for each stretch of time. A click on a bar, or a drag
// over some, shows what is of that time.
//
// The server counts headers, so what a text leaves out counts as well. It is asked now and then while somebody looks, and not
// oftener than it can answer at leisure.

import { addressed, below, filters, whenAddressed } from "./address.js";
import { element, number, plural } from "./dom.js";
import { showRange } from "./range.js";
import { newest } from "./stream.js";
import { isHistory } from "./view.js";
import { showWhen } from "./when.js";

const LEVELS = ["error", "warn", "info", "debug", "trace", "none"];
// What the server goes by for this.
const ASKED = ["since", "until", "level", "levels", "filter", "source"];
const BARS = 60;
const HEIGHT = 100;
// Of it, what even a single record gets: one error among thousands is to be seen.
const LEAST = 6;
// Milliseconds between questions, at least; and how many times as long as an answer takes.
const PERIOD = 5_000;
const LEISURE = 20;

// What is drawn; and of the question: the query, when it was asked and how long that took, how far the stream was.
const shown = { counts: null, query: "", asked: -Infinity, took: 0, isAsking: false, isStale: true, cursor: null };

whenAddressed(() => {
  const query = String(wanted());
  if (shown.query === query) return;
  shown.query = query;
  shown.isStale = true;
});

function wanted() {
  const query = new URLSearchParams([...filters()].filter(([name]) => ASKED.includes(name)));
  query.set("bars", String(BARS));
  return query;
}

// To be called each second.
export function watchCounts() {
  if (document.hidden || isHistory() || shown.isAsking) return;
  const since = performance.now() - shown.asked;
  const isNews = shown.cursor !== newest();
  if (shown.isStale || (isNews && since > Math.max(PERIOD, LEISURE * shown.took))) ask();
}

async function ask() {
  const began = performance.now();
  Object.assign(shown, { isAsking: true, isStale: false, asked: began, cursor: newest() });
  try {
    const answer = await fetch(below(`counts?${wanted()}`), { cache: "no-store", signal: AbortSignal.timeout(60_000) });
    // What went before stays: it is told elsewhere if nothing is answered at all.
    if (answer.ok) draw(await answer.json());
  } catch {
    // The same.
  }
  shown.took = performance.now() - began;
  shown.isAsking = false;
}

const svg = (name, attributes) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const selection = svg("rect", { class: "selection", y: 0, height: HEIGHT, width: 0 });

function draw(counts) {
  shown.counts = counts;
  element("counts").replaceChildren(...LEVELS.filter((level) => counts.levels[level] > 0).map((level) => {
    const told = document.createElement("span");
    told.className = level;
    told.textContent = `${level === "none" ? "no level" : level.toUpperCase()} ${number.format(counts.levels[level])}`;
    return told;
  }));
  const { bars } = counts;
  const totals = bars.map((bar) => bar.reduce((sum, count) => sum + count, 0));
  const most = Math.max(...totals, 1);
  element("bars").setAttribute("viewBox", `0 0 ${Math.max(bars.length, 1)} ${HEIGHT}`);
  element("bars").replaceChildren(...bars.flatMap((bar, index) => stack(bar, index, most)), selection);
  element("bars").setAttribute("aria-label", `${plural(counts.records, "record")} over time, ${number.format(counts.levels.error)} of ` +
    `level error. The fields From and To choose as a drag over it does.`);
  element("bars-from").textContent = bars.length > 0 ? showWhen(timeOf(0)) : "";
  element("bars-to").textContent = bars.length > 0 ? showWhen(timeOf(bars.length)) : "";
}

// The worst at the bottom, where it is in line with its like.
function stack(bar, index, most) {
  let top = HEIGHT;
  return bar.flatMap((count, level) => {
    if (count === 0) return [];
    const height = Math.min(Math.max(count / most * HEIGHT, LEAST), top);
    top -= height;
    return [svg("rect", { class: LEVELS[level], x: index + 0.08, y: top, width: 0.84, height })];
  });
}

// When a bar begins.
function timeOf(index) {
  const { from, width_ms } = shown.counts;
  return new Date(Date.parse(from) + index * width_ms).toISOString();
}

let first = null;

function barAt({ clientX }) {
  const { left, width } = element("bars").getBoundingClientRect();
  const count = shown.counts.bars.length;
  return Math.min(Math.max(Math.floor((clientX - left) / width * count), 0), count - 1);
}

function tellBar(index) {
  const bar = shown.counts.bars[index];
  const told = LEVELS.map((level, at) => bar[at] > 0 ? `${level} ${number.format(bar[at])}` : "").filter(Boolean).join(", ");
  element("bars-at").textContent = `${showWhen(timeOf(index))}: ${told || "nothing"}`;
}

function select(from, to) {
  selection.setAttribute("x", from);
  selection.setAttribute("width", to - from);
}

element("bars").addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !shown.counts?.bars.length) return;
  event.preventDefault();
  element("bars").setPointerCapture(event.pointerId);
  first = barAt(event);
  select(first, first + 1);
});
element("bars").addEventListener("pointermove", (event) => {
  if (!shown.counts?.bars.length) return;
  const at = barAt(event);
  tellBar(at);
  if (first !== null) select(Math.min(first, at), Math.max(first, at) + 1);
});
element("bars").addEventListener("pointerleave", () => element("bars-at").textContent = "");
element("bars").addEventListener("pointercancel", () => {
  first = null;
  select(0, 0);
});
element("bars").addEventListener("pointerup", (event) => {
  if (first === null) return;
  const [from, to] = [first, barAt(event)].sort((a, b) => a - b);
  first = null;
  select(0, 0);
  // What comes is shown still, if the newest are wanted and no end was set.
  const isToTheEnd = to === shown.counts.bars.length - 1 && !addressed("until");
  showRange(timeOf(from), isToTheEnd ? "" : timeOf(to + 1));
});
