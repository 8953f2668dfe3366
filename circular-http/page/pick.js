// The row that somebody is at: by a click, or by j and k. What can be done with it stands at its side.

import { copy, jsonOfRecord, linkTo, textOf } from "./copy.js";
import { isOpen, openTree, toggle, unfold } from "./details.js";
import { element, focusLog, log } from "./dom.js";
import { mark, markedRow } from "./here.js";
import { recordOf } from "./row.js";
import { follow, isFollowing, topRow } from "./view.js";

const tools = element("row-tools");

function neighbour(row, step) {
  const [beside, child] = step > 0
    ? ["nextElementSibling", "firstElementChild"]
    : ["previousElementSibling", "lastElementChild"];
  return row[beside] ?? row.parentElement[beside]?.[child] ?? null;
}

export function pick(row) {
  mark(row);
  place();
}

// To the next record, or the one before.
function step(by) {
  const from = markedRow();
  let row = from ? neighbour(from, by) : isFollowing() ? [...log.getElementsByClassName("row")].at(-1) : topRow();
  while (row && !recordOf(row)) row = neighbour(row, by);
  if (!row) return;
  follow(false);
  row.scrollIntoView({ block: "nearest" });
  pick(row);
}

export const toNext = () => step(1);
export const toPrevious = () => step(-1);

// The oldest that is on the page.
export function toOldest() {
  follow(false);
  log.scrollTop = 0;
}

export function openCurrent() {
  const row = markedRow();
  if (!row) return;
  follow(false);
  toggle(row);
  place();
}

const COPIES = { "copy-text": textOf, "copy-json": jsonOfRecord, "copy-link": linkTo };

export function copyCurrent(id) {
  const record = markedRow() && recordOf(markedRow());
  if (record) copy(COPIES[id](record), element(id));
}

// Beside the row, as long as that is in sight.
function place() {
  const row = markedRow();
  const box = row?.getBoundingClientRect();
  const all = log.getBoundingClientRect();
  tools.hidden = !row || !recordOf(row) || box.bottom < all.top + 8 || box.top > all.bottom - 8;
  if (tools.hidden) return;
  element("open-row").setAttribute("aria-expanded", isOpen(row));
  // Above it, or else below: what is in the row can be clicked.
  const above = box.top - tools.offsetHeight;
  const top = above >= all.top ? above : Math.min(box.bottom, all.bottom - tools.offsetHeight);
  tools.style.top = `${top - all.top}px`;
}

log.addEventListener("click", ({ target, detail }) => {
  const row = target.closest(".row");
  if (!row) return;
  if (target.matches(".fold")) unfold(row, !row.classList.contains("open"));
  if (target.matches(".tree")) openTree(row, target.getAttribute("aria-expanded") !== "true");
  // What is read stays where it is.
  if (target.matches(".fold, .tree")) {
    follow(false);
    place();
    if (detail > 0) focusLog();
  }
  // It is marked by now.
  place();
});
log.addEventListener("scroll", place, { passive: true });
new ResizeObserver(place).observe(log);

tools.addEventListener("click", ({ target }) => {
  if (target.id === "open-row") openCurrent();
  else if (COPIES[target.id]) copyCurrent(target.id);
});
