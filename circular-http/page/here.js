// The row that was gone to: keys that look for the next of something go on from there.

import { log } from "./dom.js";
import { isSame } from "./held.js";
import { idOf } from "./rows.js";
import { topRow } from "./view.js";

let marked = null;

export function mark(row) {
  marked?.classList.remove("marked");
  marked = row;
  row?.classList.add("marked");
}

export function markedRow() {
  return marked?.isConnected ? marked : null;
}

// The row that somebody is at: what was found, what was gone to or clicked, or the first one in sight.
export function atRow() {
  return log.querySelector(".row.found") ?? markedRow() ?? topRow();
}

log.addEventListener("click", ({ target }) => {
  const row = target.closest(".row");
  if (row && idOf(row)) mark(row);
});

// The row of the record that has this `id`, if it is on the page.
export function rowWith(id) {
  return [...log.getElementsByClassName("row")].find((row) => idOf(row) && isSame(idOf(row), id)) ?? null;
}
