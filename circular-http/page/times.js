// The column of times: which way they are shown, in all rows alike.
//
// A row's time is its record's, and is never looked for in the text. When the way changes, rows are labelled anew for
// BUDGET at a time, from the newest on. A time since the row before needs that row, so such labels are written when rows
// have come onto the page, wherever they came.

import { dayNow, ofDay, since, whole } from "./clock.js";
import { element, log } from "./dom.js";
import { remembered } from "./remembered.js";

const WAYS = ["local", "utc", "start", "before", "none"];

// Milliseconds for which rows are labelled at a time.
const BUDGET = 10;

let way = "local";
// What times since the start are since: the first record that this page has shown.
let start = null;
let day = dayNow();
let work = 0;
// Whether a date stands before a time of another day, for which all need room.
let hasDates = false;

const times = new WeakMap();

// The label of a row that is new, as `{ text, digits }`: digits fill the column.
export function labelOfNew(row, time) {
  times.set(row, time);
  start ??= time;
  return filled(labelOf(time, null));
}

// The label of a row that is there.
export function labelOfRow(row) {
  return filled(labelOf(times.get(row), way === "before" ? before(row) : null));
}

let written = () => {};

// Calls `what` with a row and the label that it gets.
export function whenLabelled(what) {
  written = what;
}

// What comes has another start.
export function forgetStart() {
  start = null;
}

function labelOf(time, before) {
  if (!time || way === "none") return { text: "", digits: "" };
  if (way === "start") return since(time, start);
  if (way === "before") return before ? since(time, before) : { text: "", digits: "" };
  return ofDay(time, way === "utc");
}

function filled({ text, digits, isDated }) {
  if (isDated && !hasDates) {
    hasDates = true;
    labelAll();
  }
  return { text, digits: digits.padEnd(width() + 1 - text.length) };
}

// Characters of the column.
function width() {
  if (way === "none") return -1;
  if (way === "start" || way === "before") return 14;
  return hasDates ? 18 : 12;
}

// The record before it, past notices.
function before(row) {
  for (let at = row; at;) {
    at = at.previousElementSibling ?? at.parentElement?.previousElementSibling?.lastElementChild;
    const time = at && times.get(at);
    if (time) return time;
  }
  return null;
}

function label(row) {
  if (times.has(row)) written(row, labelOfRow(row));
}

// Writes the labels of all rows once more.
export function labelAll() {
  clearTimeout(work);
  log.style.setProperty("--time", `${width() + 1}ch`);
  const all = [...log.getElementsByClassName("row")];
  const on = () => {
    const end = performance.now() + BUDGET;
    while (all.length > 0 && performance.now() < end) label(all.pop());
    if (all.length > 0) work = setTimeout(on, 0);
  };
  on();
}

// Rows that came, and those behind them, which have another one before them now.
const arrivals = new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      const rows = node.classList?.contains("row") ? [node] : node.querySelectorAll?.(".row") ?? [];
      for (const row of rows) label(row);
      const last = [...rows].at(-1);
      const next = last?.nextElementSibling ?? last?.parentElement?.nextElementSibling?.firstElementChild;
      if (next && times.has(next)) label(next);
    }
  }
});

export function showTimes(chosen) {
  way = WAYS.includes(chosen) ? chosen : "local";
  remembered("times", way);
  element("time").value = way;
  hasDates = false;
  arrivals.disconnect();
  if (way === "before") arrivals.observe(log, { childList: true, subtree: true });
  labelAll();
}

export function nextTimes() {
  showTimes(WAYS[(WAYS.indexOf(way) + 1) % WAYS.length]);
}

element("time").addEventListener("change", ({ target }) => showTimes(target.value));

// Whole, where somebody looks closer.
log.addEventListener("pointerover", ({ target }) => {
  const node = target.closest?.(".time");
  const time = node && times.get(node.closest(".row"));
  if (time && !node.title) node.title = whole(time);
}, { passive: true });

// What was today's becomes yesterday's.
setInterval(() => {
  if (day === dayNow()) return;
  day = dayNow();
  hasDates = false;
  labelAll();
}, 10_000);
