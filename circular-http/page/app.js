// The live tail: shows what the server streams, as it comes. This is where it begins, and what keys do.
//
// Where to look: what comes goes from `stream` to `queue`, and in `view` to `rows`, each made by `row` and `ansi`.
// `address` has what the server is asked for, and `ask` asks it beside the stream: why there is none, whether there is a
// place. `controls`, `tools` and `find` are what a user has in hand; `status` tells how it stands, and `aloud` how fast
// records come, and what of them is read out. `input` knows whether somebody scrolls, `dom` is the document, as the
// others write to it. Imports have no circle.
//
// What is not on the page is asked of `held`: `back` goes back in time, `context` to a row's neighbours, `find_held` and
// `errors` to what somebody looks for, `whole` to the rest of a long record; `here` is the row that they go on from. `range`
// has times, as `when` reads them, and `histogram` counts. `title` and `empty` tell what there is to see, and why nothing.

import { watchOldest } from "./back.js";
import { showContext } from "./context.js";
import { readAddress } from "./controls.js";
import { element, focusLog, log } from "./dom.js";
import { tellWhyEmpty } from "./empty.js";
import { toError } from "./errors.js";
import { closeFind, openFind } from "./find.js";
import { watchCounts } from "./histogram.js";
import { restart, watch } from "./stream.js";
import { allSeen } from "./title.js";
import { clear, lookAsBefore } from "./tools.js";
import { isAtNewest, measure, tellCounts, toNewest, togglePause, whenCounted } from "./view.js";
import { showMore } from "./whole.js";

const ACTIONS = {
  " ": togglePause, g: toNewest, "/": openFind, c: clear, w: () => element("wrap").click(), x: () => showContext(),
  e: () => toError(1), E: () => toError(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const { target, key } = event;
  if (key === "Escape") {
    // A field would be emptied.
    event.preventDefault();
    if (!element("find").hidden) closeFind();
    else log.focus();
    return;
  }
  const isChip = target.matches("input[type=radio]");
  if (target.matches("input, select") && !isChip) return;
  // Space presses what has the focus; a chip that has it is pressed already, and a link has nothing to press.
  if (key === " " && !isChip && target.matches("button, summary")) return;
  const action = ACTIONS[key] ?? ACTIONS[key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  if (!event.repeat) action();
});

whenCounted(() => {
  tellWhyEmpty();
  if (!document.hidden && isAtNewest()) allSeen();
});
document.addEventListener("visibilitychange", tellCounts);

log.addEventListener("click", ({ target }) => {
  if (target.matches("button.more")) showMore(target);
});

// Another address of this page: back and forth, and links to a row.
addEventListener("popstate", () => {
  readAddress();
  restart();
});

setInterval(() => {
  measure();
  watch();
  watchOldest();
  watchCounts();
  if (!document.hidden) tellCounts();
}, 1_000);

lookAsBefore();
readAddress();
focusLog();
restart();
