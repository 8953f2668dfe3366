// The row that was gone to: keys that look for the next of something go on from there.

import { log } from "./dom.js";
import { distance } from "./held.js";
import { idOf } from "./rows.js";

let marked = null;

export function mark(row) {
  marked?.classList.remove("marked");
  marked = row;
  row?.classList.add("marked");
}

export function markedRow() {
  return marked?.isConnected ? marked : null;
}

// The row of the record that has this `id`, if it is on the page.
export function rowWith(id) {
  return [...log.getElementsByClassName("row")].find((row) => idOf(row) && distance(idOf(row), id) === 0) ?? null;
}
