// The buttons and links above the log: pause, clear, how it looks, downloads, sign-out.
//
// A click leaves the keyboard with the log, so that Space is for the pause. What is chosen of the looks is remembered
// where the browser allows it, and nothing hangs on that.

import { addressed, below, filters, page, setAddressed, whenAddressed } from "./address.js";
import { isFull } from "./ask.js";
import { element, focusLog, log } from "./dom.js";
import { openFind } from "./find.js";
import { remembered } from "./remembered.js";
import { rows } from "./rows.js";
import { problem, problemTold } from "./status.js";
import { newest, restart } from "./stream.js";
import { showTimes } from "./times.js";
import { fileName } from "./title.js";
import { follow, isApart, isFollowing, look, schedule, toNewest, togglePause, topRow } from "./view.js";

element("pause").addEventListener("click", togglePause);
element("newest").addEventListener("click", toNewest);
element("new").addEventListener("click", () => {
  toNewest();
  focusLog();
});
element("clear").addEventListener("click", clear);
element("open-find").addEventListener("click", openFind);
element("unclear").addEventListener("click", () => {
  setAddressed({ after: "" });
  restart();
  focusLog();
});

// Space after a click is for the pause, not for what was clicked.
document.addEventListener("click", ({ detail }) => {
  if (detail > 0 && document.activeElement?.matches(".tools *")) focusLog();
});

// What is shown goes, and stays away when the page is loaded again. What waits behind a pause stays.
export function clear() {
  // What is shown is of before, and what came since goes as well.
  if (isApart()) {
    setAddressed({ after: newest() });
    toNewest();
    return;
  }
  if (rows.cursor) setAddressed({ after: rows.cursor });
  rows.clear();
  follow(true);
}

// Whether long lines are wrapped, and whether those behind the first one are folded.
const wrap = (on) => arrange("wrap", "no-wrap", on);
const fold = (on) => arrange("fold", "unfolded", on);

function arrange(id, without, on) {
  // Whoever reads stays there.
  const row = isFollowing() ? null : topRow();
  log.classList.toggle(without, !on);
  element(id).setAttribute("aria-pressed", on);
  remembered(id, on ? "yes" : "no");
  if (row) {
    log.scrollTop += row.getBoundingClientRect().top - log.getBoundingClientRect().top;
    look();
  }
  schedule();
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

// The system's scheme, until somebody chooses.
function theme(chosen) {
  if (chosen) {
    document.documentElement.dataset.theme = chosen;
    remembered("theme", chosen);
  }
  element("theme").setAttribute("aria-pressed", isDark());
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : prefersDark.matches;
}

// Makes it look as it was left.
export function lookAsBefore() {
  wrap(remembered("wrap") !== "no");
  fold(remembered("fold") !== "no");
  showTimes(remembered("times"));
  theme(remembered("theme"));
}

element("wrap").addEventListener("click", () => wrap(log.classList.contains("no-wrap")));
element("fold").addEventListener("click", () => fold(log.classList.contains("unfolded")));
element("theme").addEventListener("click", () => theme(isDark() ? "light" : "dark"));
prefersDark.addEventListener("change", () => theme());

// Whoever came by a token can leave.
const signOut = element("sign-out");
signOut.hidden = document.documentElement.dataset.session === undefined;
signOut.action = below("logout");

// What the links lead to: what is shown, or all there is. And whether anything was cleared that can be shown again.
whenAddressed(() => {
  element("unclear").hidden = !addressed("after");
  const shown = filters();
  if (addressed("after")) shown.set("after", addressed("after"));
  else shown.set("tail", addressed("tail") || "all");
  shown.set("format", "text");
  element("download-shown").href = `${page}?${shown}`;
  element("download-all").href = `${page}?tail=all&format=text`;
  element("download-shown").download = fileName("log-filtered.txt");
  element("download-all").download = fileName("log.txt");
});

// A link cannot say why it leads nowhere, so it is asked first whether there is a place. Still it is the link
// that is followed: what comes may be much.
const NO_PLACE = "No place for the download: there are too many viewers.";

async function download(event) {
  // Its own click, below; and one that is for another tab.
  if (!event.isTrusted || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const link = event.currentTarget;
  if (await isFull()) {
    problem(NO_PLACE);
    return;
  }
  if (problemTold() === NO_PLACE) problem("");
  link.click();
}

for (const id of ["download-shown", "download-all"]) element(id).addEventListener("click", download);
