// Finding in what is on the page.
//
// Whoever types is not kept waiting: rows are looked at for FIND_BUDGET at a time, and the text of each is read from
// the page once for as long as it is searched.

import { addressed } from "./address.js";
import { unfold } from "./details.js";
import { element, log, number } from "./dom.js";
import { giveUp, lookFurther } from "./find_held.js";
import { mark, rangesIn } from "./marks.js";
import { isExact, ofExpression, ofText } from "./pattern.js";
import { dress } from "./row.js";
import { bringIntoView, follow, topRow } from "./view.js";

// Milliseconds for which rows are searched at a time: then the next key is looked for, which may change what is
// searched for.
const FIND_BUDGET = 10;
// Characters of a row that an expression is looked for in, as the server does.
const MAX_SEARCHED = 16 << 10;

let foundRow = null;

// What is searched for, in all of which rows, whether those looked at so far have it, and the steps to take when
// all are. `null` if nothing is searched for.
let search = null;

// What rows say, and the same in lower case, since they were first searched: to read it from the page is what is expensive, and a
// row says the same for as long as it is there.
let texts = new WeakMap();
let lower = new WeakMap();

export function openFind() {
  element("find").hidden = false;
  element("needle").focus();
  element("needle").select();
}

export function closeFind() {
  giveUp();
  search = null;
  texts = new WeakMap();
  lower = new WeakMap();
  mark("match", []);
  element("find").hidden = true;
  markFound(null, "");
  log.focus();
}

// The next one (1) or the previous (-1), from wherever the keyboard is: of what was searched for last, or else of what
// the filter has.
export function findAgain(step) {
  const needle = element("needle");
  if (!needle.value) needle.value = addressed("q");
  if (!needle.value) {
    openFind();
    return;
  }
  const isNew = element("find").hidden;
  element("find").hidden = false;
  find(isNew && step > 0 ? 0 : step);
}

// To the next row (1), the previous one (-1), or the nearest from here on (0) that has the text, round the
// end. Case is smart, as in the filters. What was searched for before, and is not found yet, is given up.
function find(step) {
  const needle = element("needle").value;
  const pattern = patternOf(needle);
  mark("match", [pattern]);
  if (step !== 0 && search?.needle === needle) {
    search.steps.push(step);
    return;
  }
  if (needle && !pattern) {
    search = null;
    giveUp();
    markFound(null, "");
    element("found").textContent = "Not an expression that can be searched here: Text in the filters takes others";
    return;
  }
  const all = needle ? [...log.getElementsByClassName("row")] : [];
  const has = pattern?.isExpression ? said(pattern) : contains(needle);
  search = { needle, has, all, matches: [], steps: [step] };
  searchOn(search);
}

function isExpression() {
  return element("needle-re").ariaPressed === "true";
}

function patternOf(needle) {
  return isExpression() ? ofExpression(needle) : ofText(needle);
}

// What tells whether a row has that text.
function contains(needle) {
  const exact = isExact(needle);
  const wanted = exact ? needle : needle.toLowerCase();
  return (row) => textOf(row, exact).includes(wanted);
}

// What tells whether an expression matches what a record says: as in the filters, not what stands in columns before that.
function said(pattern) {
  return (row) => {
    const text = textOf(row, true);
    const from = text.indexOf("\t") + 1;
    return text.slice(from, from + MAX_SEARCHED).search(pattern) >= 0;
  };
}

// Looks at rows for FIND_BUDGET, then it is the user's turn.
function searchOn(mine) {
  if (mine !== search) return;
  const { needle, has, all, matches, steps } = mine;
  const end = performance.now() + FIND_BUDGET;
  while (matches.length < all.length) {
    if (performance.now() > end) {
      setTimeout(searchOn, 0, mine);
      return;
    }
    matches.push(has(all[matches.length]));
  }
  search = null;
  // What was discarded meanwhile is not found.
  const found = matches.map((isMatch, index) => isMatch && all[index].isConnected);
  for (const step of steps) land(all, found, needle, step);
}

function textOf(row, exact) {
  let text = texts.get(row);
  if (text === undefined) {
    text = row.textContent;
    texts.set(row, text);
  }
  if (exact) return text;
  let its = lower.get(row);
  if (its === undefined) {
    its = text.toLowerCase();
    lower.set(row, its);
  }
  return its;
}

// Takes one step, among rows of which some match.
function land(all, matches, needle, step) {
  const total = matches.filter(Boolean).length;
  if (total === 0) {
    element("found").textContent = needle ? "Not found" : "";
    markFound(null, "");
    lookFurther(element("needle").value, isExpression() ? "re" : "q", step, (row) => {
      markFound(row, needle);
      find(0);
    });
    return;
  }
  const here = all.indexOf(foundRow?.isConnected ? foundRow : topRow());
  let at = Math.max(here, 0) + (foundRow?.isConnected ? step : 0);
  const way = step < 0 ? -1 : 1;
  at = (at + all.length) % all.length;
  while (!matches[at]) at = (at + way + all.length) % all.length;
  element("found").textContent = `${number.format(matches.slice(0, at + 1).filter(Boolean).length)} of ${number.format(total)}`;
  markFound(all[at], needle);
  follow(false);
  bringIntoView(all[at]);
}

function markFound(row, needle) {
  foundRow?.classList.remove("found");
  foundRow = row;
  row?.classList.add("found");
  // The text of what is marked must stay.
  if (row) dress([row]);
  const pattern = row && patternOf(needle);
  const ranges = pattern ? rangesIn(row, pattern, !pattern.isExpression) : [];
  if (ranges.some((range) => range.startContainer.parentElement.closest(".rest"))) unfold(row);
  if (!window.Highlight) return;
  const highlight = new Highlight(...ranges);
  // Above those of all matches.
  highlight.priority = 2;
  CSS.highlights.set("found", highlight);
}

element("find").addEventListener("submit", (event) => {
  event.preventDefault();
  find(1);
});
element("needle").addEventListener("input", () => find(0));
element("needle").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.shiftKey) {
    event.preventDefault();
    find(-1);
  }
});
element("needle-re").addEventListener("click", () => {
  element("needle-re").ariaPressed = String(!isExpression());
  find(0);
});
element("previous").addEventListener("click", () => find(-1));
element("close-find").addEventListener("click", closeFind);
