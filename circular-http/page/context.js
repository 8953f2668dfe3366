// From a row that the filter has left to its neighbours without the filter, and back.
//
// That is another address, with the row in it: the browser goes back from it as from any other, and comes back to the row.

import { addressOf, isFiltered, setPlace, whenAddressed } from "./address.js";
import { readAddress } from "./controls.js";
import { element, focusLog } from "./dom.js";
import { atRow } from "./here.js";
import { idOf } from "./rows.js";
import { answer } from "./status.js";
import { restart } from "./stream.js";

// Of the row that somebody is at, unless it is another one that is meant.
export function showContext(row = atRow()) {
  const id = row && idOf(row);
  if (!id) {
    answer("Choose a record first");
    return;
  }
  if (!isFiltered()) {
    answer("Nothing is filtered: its neighbours are those that are shown");
    return;
  }
  // Whoever comes back comes to this row.
  setPlace({ row: id });
  history.pushState({ isContext: true }, "", addressOf(new URLSearchParams(), { row: id }));
  readAddress();
  restart();
  focusLog();
}

element("open-context").addEventListener("click", () => showContext());
element("close-context").addEventListener("click", () => {
  history.back();
  focusLog();
});

whenAddressed(() => {
  element("open-context").hidden = !isFiltered();
  element("context").hidden = !history.state?.isContext;
});
