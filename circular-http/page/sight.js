// Which rows are in sight, and who wants to know when that may have changed.
//
// What is only for the eye is done to those rows, and no others: a page has ten thousand.

import { log } from "./dom.js";

// Milliseconds from one look to the next.
const PERIOD = 80;

const wanted = [];
let planned = false;

// Calls `what` with the rows in sight, after what changed them.
export function whenInSight(what) {
  wanted.push(what);
}

export function lookSoon() {
  if (planned) return;
  planned = true;
  // Behind a frame, what is asked for is laid out.
  setTimeout(() => requestAnimationFrame(() => setTimeout(tell, 0)), PERIOD);
}

function tell() {
  planned = false;
  const rows = [...rowsInSight()];
  for (const what of wanted) what(rows);
}

function* rowsInSight() {
  const { top, bottom } = log.getBoundingClientRect();
  // From the end, where most look.
  for (let chunk = log.lastElementChild; chunk; chunk = chunk.previousElementSibling) {
    const box = chunk.getBoundingClientRect();
    if (box.top > bottom) continue;
    if (box.bottom < top) return;
    for (let row = chunk.lastElementChild; row; row = row.previousElementSibling) {
      const its = row.getBoundingClientRect();
      if (its.bottom < top) return;
      if (its.top <= bottom) yield row;
    }
  }
}

new MutationObserver(lookSoon).observe(log, { childList: true, subtree: true });
log.addEventListener("scroll", lookSoon, { passive: true });
new ResizeObserver(lookSoon).observe(log);
