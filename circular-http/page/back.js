// Going back in time, and coming forth again.
//
// Whoever scrolls up to the first row gets the page of rows before it, until the oldest record that is held. What somebody
// reads stays where it is, to the pixel, while rows are put in above. The page is bounded: where it gets too much, the newest
// rows go, and what is shown is then apart from what comes, which is counted and not shown. From there one comes forth by
// scrolling down, page by page, until nothing is between; or at once, by "Newest".
//
// The same is so when the page was opened at a record or at a time: what is around that is fetched.

import { addressed, place, setPlace } from "./address.js";
import { silence } from "./aloud.js";
import { log, number, plural } from "./dom.js";
import { countBefore, distance, filtered, held, unfilteredId } from "./held.js";
import { mark, rowWith } from "./here.js";
import { CHUNK_ROWS, rows } from "./rows.js";
import { answer } from "./status.js";
import { goOnFrom, restart } from "./stream.js";
import { bringIntoView, follow, isApart, isFollowing, isHistory, look, schedule, setApart, topRow, whenFollowing, whenReturning, whenStartingOver } from "./view.js";

// Records in a page, and around a place that is gone to.
const PAGE = 500;
const AROUND = 200;
// Pixels from the end of what is there at which the next page is asked for.
const NEAR = 800;
// Milliseconds after which it is asked again which is the oldest that is held, while somebody may want to know.
const OLD_NEWS = 10_000;

// What of a question says nothing of what a record is.
const OF_ALL = new Set(["after", "source", "limit"]);

const FRESH = {
  // "older", "newer" or "place": what is under way; and whether somebody has asked for more of what is older meanwhile.
  loading: "",
  isMoreWanted: false,
  // The first row's `id`, if nothing older is there, or is shown with these filters. When that row goes, it is not so.
  nothingBefore: null,
  // Why the last page did not come.
  why: "",
  // The `id` of the oldest record that is held, as far as is known, and when it was asked for; what was cleared is not.
  oldest: null,
  cleared: "",
  asked: -Infinity,
  // When what the address says is on the page.
  opened: Promise.resolve(),
};

// `round`: what was asked for in another one is wanted no more.
const back = { round: 0, ...FRESH };

whenStartingOver(() => {
  Object.assign(back, FRESH, { round: back.round + 1 });
  older.remove();
  newer.remove();
  back.opened = openPlace();
});

function edge(what) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "edge";
  // It changes with what is held, and nobody asked.
  button.setAttribute("aria-live", "off");
  button.addEventListener("click", () => {
    back.why = "";
    what();
    log.focus({ preventScroll: true });
  });
  return button;
}

const older = edge(() => {
  follow(false);
  if (back.loading === "older") back.isMoreWanted = true;
  else loadOlder();
});
const newer = edge(() => loadNewer());
older.id = "older";
newer.id = "newer";

// Says what is above the first row, and below the last one if that is not what comes next.
function tellEdges() {
  const count = heldBefore();
  put(older, wordsAbove(count), () => log.prepend(older));
  older.disabled = isFirst() || (back.oldest !== null && !(count > 0));
  put(newer, isApart() && rows.count > 0 ? wordsBelow() : "", () => log.append(newer));
  if (isApart() && newer.nextSibling) log.append(newer);
}

function put(button, text, insert) {
  if (!text) {
    button.remove();
    return;
  }
  if (button.textContent !== text) button.textContent = text;
  if (!button.isConnected) keepingPlace(insert);
}

function wordsAbove(count) {
  if (!rows.first()) return "";
  if (back.loading === "older") return "Older records: loading";
  if (back.why) return `Older records: ${back.why} Try again`;
  if (isFirst()) return wordsAtTheOldest();
  // It is not known yet; and if it is not wanted, nobody asks.
  if (count === null) return back.oldest ? "Older records are of an earlier run, which is gone" : "";
  if (count < 0) return "All older records are overwritten by now";
  if (count === 0) return wordsAtTheOldest();
  const many = `${number.format(count)} older record${count === 1 ? "" : "s"}`;
  return isChosen() ? `Up to ${many} that may match: load` : `${many}: load`;
}

function wordsAtTheOldest() {
  if (addressed("after")) return "Nothing older is shown: it was cleared";
  if (isChosen()) return "Nothing older that is held matches";
  const before = back.oldest ? countBefore(back.oldest) : 0;
  return before > 0
    ? `This is the oldest record that is held: ${number.format(before)} before it are overwritten`
    : "This is the first record";
}

function wordsBelow() {
  return back.loading === "newer" ? "Newer records: loading" : "Newer records: load";
}

// Whether records may be held that are not shown.
function isChosen() {
  const query = filtered({});
  query.delete("after");
  return query.size > 0;
}

// Whether it was seen that nothing is before the first row.
function isFirst() {
  return back.nothingBefore !== null && back.nothingBefore === rows.first();
}

// Whether all that is held, and passes, is on the page, as far as is known.
export function isAllHere() {
  return !isApart() && (isFirst() || (back.oldest !== null && !(heldBefore() > 0)));
}

// How many records are held that are older than the first row; `null` if that is not known.
function heldBefore() {
  const first = rows.first();
  return first && back.oldest ? distance(back.oldest, first) : null;
}

// Asks which is the oldest record that is held, now and then. To be called each second.
export function watchOldest() {
  if (back.cleared !== addressed("after")) {
    Object.assign(back, { cleared: addressed("after"), nothingBefore: null, oldest: null, asked: -Infinity });
  }
  tellEdges();
  const isWanted = !isHistory() && rows.count > 0 && !back.loading && (!back.oldest || !isFollowing());
  if (isWanted && performance.now() - back.asked > OLD_NEWS) askForOldest();
}

async function askForOldest() {
  back.asked = performance.now();
  const { round } = back;
  const { items, why } = await held(ofOldest());
  if (round !== back.round) return;
  // It has no place, or no server: there is no hurry.
  if (why) back.asked += 5 * OLD_NEWS;
  const first = items.find(({ kind }) => kind === "record");
  if (first) back.oldest = first.id;
  tellEdges();
}

// Whatever it says: a search for one that passes might take long. What was cleared is held, and not wanted, and so is
// what others have written.
function ofOldest() {
  return new URLSearchParams([...filtered({ limit: "1" })].filter(([name]) => OF_ALL.has(name)));
}

log.addEventListener("scroll", loadWhatIsNear);

function loadWhatIsNear() {
  if (back.loading || back.why || rows.count === 0 || isFollowing()) return;
  if (log.scrollTop < NEAR) loadOlder();
  else if (isApart() && log.scrollTop + log.clientHeight > log.scrollHeight - NEAR) loadNewer();
}

// Runs `work` if nothing else is under way, and says so meanwhile. What is above and below is told when it is done.
async function loading(what, work) {
  if (back.loading) return;
  const { round } = back;
  back.loading = what;
  tellEdges();
  // Each step asks whether what it does is wanted still.
  await work(() => round === back.round);
  if (round !== back.round) return;
  back.loading = "";
  tellEdges();
  schedule();
  if (what !== "older") return;
  // Who went to the very top meanwhile cannot scroll any further, so that nothing would ask for the next page.
  const ask = back.isMoreWanted ? loadOlder : loadWhatIsNear;
  back.isMoreWanted = false;
  ask();
}

function loadOlder() {
  const first = rows.first();
  if (!first || isFirst() || (back.oldest && !(heldBefore() > 0))) return;
  loading("older", async (isWanted) => {
    const { items, why } = await held(filtered({ before: first, tail: String(PAGE) }));
    if (!isWanted()) return;
    back.why = why;
    if (why) return;
    const isWhole = await showAbove(items.map(asTold), isWanted);
    if (isWhole && records(items) < PAGE) back.nothingBefore = rows.first();
  });
}

// A loss that ends a page is all that was before it.
function asTold(item, index, items) {
  if (item.kind !== "missed" || index < items.length - 1) return item;
  const { records } = JSON.parse(item.data).missed;
  return { kind: "notice", data: `${plural(records, "record")} before this one: overwritten by now` };
}

function records(items) {
  return items.filter(({ kind }) => kind === "record").length;
}

// Puts rows in above all others, a chunk a frame. Whether all of them are there.
async function showAbove(items, isWanted) {
  for (let end = items.length; end > 0; end -= CHUNK_ROWS) {
    const chunk = items.slice(Math.max(end - CHUNK_ROWS, 0), end);
    silence();
    keepingPlace(() => {
      rows.prepend(chunk);
      log.prepend(...(older.isConnected ? [older] : []));
      // Going back is what is wanted: the newest make room, and what comes is not next to the others then.
      if (!isFollowing() && rows.trimNewest()) setApart(true);
    });
    await frame();
    if (!isWanted() || isFollowing()) return false;
  }
  return true;
}

function loadNewer() {
  const last = rows.cursor;
  if (!last) return;
  loading("newer", async (isWanted) => {
    const { items, why } = await held(filtered({ after: last, limit: String(PAGE) }));
    if (!isWanted()) return;
    if (why) {
      answer(why);
      return;
    }
    await showBelow(items, isWanted);
    if (!isWanted()) return;
    // Nothing is between any more.
    if (records(items) < PAGE) joinStream();
  });
}

async function showBelow(items, isWanted) {
  for (let at = 0; at < items.length; at += CHUNK_ROWS) {
    silence();
    keepingPlace(() => {
      for (const item of items.slice(at, at + CHUNK_ROWS)) rows.append(item);
      rows.trim();
    });
    if (newer.isConnected) log.append(newer);
    await frame();
    if (!isWanted()) return;
  }
}

// What comes is shown again, behind the last row.
function joinStream() {
  setApart(false);
  goOnFrom(rows.cursor);
}

// The next frame; a tab that is not seen has none.
function frame() {
  return new Promise((done) => {
    if (document.hidden) setTimeout(done, 0);
    else requestAnimationFrame(done);
  });
}

// Whoever reads stays at their row, whatever `change` does above it.
function keepingPlace(change) {
  const row = topRow() ?? rows.chunks.find(({ node }) => isBelowTop(node))?.node;
  const top = row?.getBoundingClientRect().top;
  change();
  if (row?.isConnected) {
    const moved = row.getBoundingClientRect().top - top;
    if (moved !== 0) log.scrollTop += moved;
  }
  look();
}

function isBelowTop(node) {
  return node.getBoundingClientRect().bottom > log.getBoundingClientRect().top;
}

// What was gone to is left by whoever is back at the newest.
whenFollowing(() => {
  if (place().row || place().at) setPlace({});
});
whenReturning(() => {
  setPlace({});
  restart();
});

// Shows the record with this `id`: its row, when it is there.
export async function goTo(id) {
  const row = rowWith(id);
  if (row) {
    follow(false);
    mark(row);
    bringIntoView(row);
    return row;
  }
  setPlace({ row: id });
  restart();
  await back.opened;
  return rowWith(id);
}

// Opens what the address says, if it says anything: a record, or a time.
function openPlace() {
  const { row, at } = place();
  if (!row && !at) return Promise.resolve();
  follow(false);
  setApart(true);
  return loading("place", async (isWanted) => {
    const beginning = row ? { from: await unfilteredId(row) } : { since: at };
    if (!isWanted()) return;
    const { items, why, seconds } = await held(filtered({ ...beginning, limit: String(PAGE) }));
    if (!isWanted()) return;
    if (why && seconds > 0) {
      answer(`${why} Trying again.`);
      setTimeout(() => isWanted() && openPlace(), seconds * 1_000);
      return;
    }
    if (why || records(items) === 0) {
      answer(why || "Nothing has come since then");
      back.loading = "";
      setPlace({});
      restart();
      return;
    }
    await showBelow(items, isWanted);
    if (!isWanted()) return;
    const found = row ? rowWith(row) : log.querySelector(".row");
    mark(row ? found : null);
    if (row && !found) answer("That record is not shown: it is overwritten, or the filter leaves it out");
    const before = await held(filtered({ before: rows.first(), tail: String(AROUND) }));
    if (!isWanted()) return;
    const isWhole = await showAbove(before.items.map(asTold), isWanted);
    if (!isWanted()) return;
    if (isWhole && !before.why && records(before.items) < AROUND) back.nothingBefore = rows.first();
    if (found) bringIntoView(found);
    if (records(items) < PAGE) joinStream();
  });
}
