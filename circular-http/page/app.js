// The live tail: shows what the server streams, as it comes. This is where it begins, and what keys do.
//
// Where to look: what comes goes from `stream` to `queue`, and in `view` to `rows`, each made by `row` of what
// `own_words`, `fields` and `ansi` find in its text, with its time from `times` and `clock`, in `columns`. `address` has
// what the server is asked for, and `ask` asks it beside the stream: why there is none, whether there is a place.
// `controls`, `chips`, `tools` and `find` are what a user has in hand, `remembered` what they had; `pick` is at one row, which
// `details` opens and `copy` copies; `menu` is that of a value, and `narrow` what it chooses; `marks` marks what a `pattern`
// finds. `status` tells how it stands, and `aloud` how fast records come, and what of them is read out. `input` knows
// whether somebody scrolls or selects, `dom` is the document, as the others write to it. Imports have no circle.
//
// What is not on the page is asked of `held`: `back` goes back in time, `context` to a row's neighbours, `find_held` and
// `errors` to what somebody looks for, `whole` to the rest of a long record; `here` is the row that they go on from. `range`
// has times, as `when` reads them, and `histogram` counts. `title` and `empty` tell what there is to see, and why nothing.
//
// Where several programs are shown, `sources` knows which, and `runs` which of them have ended.

import { watchOldest } from "./back.js";
import { offerSources } from "./chips.js";
import { showContext } from "./context.js";
import { readAddress } from "./controls.js";
import { element, focusLog, log } from "./dom.js";
import { tellWhyEmpty } from "./empty.js";
import { toError } from "./errors.js";
import { closeFind, findAgain, openFind } from "./find.js";
import { watchCounts } from "./histogram.js";
import { isMenuOpen } from "./menu.js";
import { copyCurrent, openCurrent, pick, toNext, toOldest, toPrevious } from "./pick.js";
import { restart, watch } from "./stream.js";
import { nextTimes } from "./times.js";
import { allSeen } from "./title.js";
import { clear, lookAsBefore } from "./tools.js";
import { isAtNewest, measure, tellCounts, toNewest, togglePause, whenCounted } from "./view.js";
import { showMore } from "./whole.js";

const press = (id) => () => element(id).click();

const showKeys = () => element("keys").showModal();

const ACTIONS = {
  " ": togglePause,
  G: toNewest,
  g: toOldest,
  j: toNext,
  k: toPrevious,
  o: openCurrent,
  Enter: openCurrent,
  y: () => copyCurrent("copy-text"),
  Y: () => copyCurrent("copy-json"),
  "/": openFind,
  n: () => findAgain(1),
  N: () => findAgain(-1),
  c: clear,
  w: press("wrap"),
  f: press("fold"),
  t: nextTimes,
  x: () => showContext(),
  e: () => toError(1),
  E: () => toError(-1),
  "?": showKeys,
};
// What may be held down.
const REPEATED = new Set(["j", "k", "n", "N", "e", "E"]);

element("show-keys").addEventListener("click", showKeys);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const { target, key } = event;
  // What is open before the page has the keys.
  if (isMenuOpen() || element("keys").open) return;
  if (key === "Escape") {
    // A field would be emptied.
    event.preventDefault();
    if (!element("find").hidden) closeFind();
    else if (document.activeElement === log) pick(null);
    else log.focus();
    return;
  }
  const isChip = target.matches("input[type=radio]");
  if (target.matches("input, select") && !isChip) return;
  // Space and Enter press what has the focus; a chip that has it is pressed already, and a link has nothing for Space.
  if (key === " " && !isChip && target.matches("button, summary")) return;
  if (key === "Enter" && target.matches("button, summary, a")) return;
  // With the shift key held, or locked, a letter that has no meaning of its own means the same.
  const name = Object.hasOwn(ACTIONS, key) ? key : key.toLowerCase();
  if (!Object.hasOwn(ACTIONS, name)) return;
  event.preventDefault();
  if (!event.repeat || REPEATED.has(name)) ACTIONS[name]();
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

offerSources();
lookAsBefore();
readAddress();
focusLog();
restart();
