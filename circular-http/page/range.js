// From when, to when: the last so many minutes, two times, or all. And going to a time, with what is around it.
//
// All of it stands in the address, as the server has it: `since` and `until`, and behind the # the time that was gone to.

import { addressed, place, setAddressed, setPlace, whenAddressed } from "./address.js";
import { element, focusLog } from "./dom.js";
import { problem, problemTold } from "./status.js";
import { restart } from "./stream.js";
import { parseWhen, showWhen } from "./when.js";

// Shows what comes from the one time to the other; an empty one is none.
export function showRange(since, until) {
  setPlace({});
  setAddressed({ since, until });
  restart();
}

function wrong(text) {
  problem(`${text}: not a time such as 14:32, 2026-11-25 14:32:05, or 10m for ten minutes ago`);
}

// What was typed, for the address; `null` if it was told what is wrong with it.
function typed(id) {
  const text = element(id).value;
  const value = parseWhen(text);
  if (value === null) wrong(text);
  return value;
}

function applyRange() {
  const [since, until] = [typed("since"), typed("until")];
  if (since === null || until === null) return;
  if (since === addressed("since") && until === addressed("until") && !problemTold()) return;
  showRange(since, until);
}

// Where nothing was typed it is the time that it was, to the last digit.
function wasTyped(id, value) {
  return element(id).value.trim() !== showWhen(value);
}

for (const id of ["since", "until"]) {
  element(id).addEventListener("change", () => {
    if (wasTyped(id, addressed(id))) applyRange();
  });
}

element("last").addEventListener("change", () => {
  if (element("last").value !== "other") showRange(element("last").value, "");
});

// To a time, and nothing is left out.
element("range").addEventListener("submit", (event) => {
  event.preventDefault();
  // The other fields have told that they have changed.
  if (document.activeElement.matches("#at, #go")) goToTime();
});

function goToTime() {
  const at = typed("at");
  if (!at) return;
  setPlace({ at });
  restart();
  focusLog();
}

whenAddressed(() => {
  const [since, until] = [addressed("since"), addressed("until")];
  const preset = [...element("last").options].find(({ value }) => value === since && value !== "other");
  element("last").value = until || !preset ? "other" : since;
  for (const [id, value] of [["since", since], ["until", until], ["at", place().at]]) {
    // What somebody types stays.
    if (document.activeElement !== element(id)) element(id).value = showWhen(value);
  }
});
