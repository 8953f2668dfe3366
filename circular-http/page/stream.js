// What the server streams, from the connection into the queue.
//
// No row is lost or doubled without a row that says so. The server numbers records; the browser, or `connect`, goes on
// after the last one that came. Of several connections only the last one counts.

import { addressed, filters, page, setAddressed } from "./address.js";
import { countRecord } from "./aloud.js";
import { ATTEMPT, reason } from "./ask.js";
import { plural } from "./dom.js";
import { queue } from "./queue.js";
import { areThere, forgetRuns, hasEnded, isThere, tellEnds } from "./runs.js";
import { addSources } from "./sources.js";
import { banner, forgetStarts, problem, problemTold, state } from "./status.js";
import { countUnseen, countUnseenEnd } from "./title.js";
import { expectHistory, historyIsOver, isApart, isAtNewest, isHistory, passOver, schedule, startOver } from "./view.js";

// How many of the newest records it begins with, unless the address says.
const TAIL = 2_000;
// Milliseconds that a connection may take to bring the first word, in the end. At first it is ATTEMPT.
const LONGEST_ATTEMPT = 80_000;
// Milliseconds after which a connection that is there, and brings nothing, is told of.
const SILENCE = 5_000;
const SILENT = "Connected, but nothing comes: does a proxy buffer or compress?";

// What says of itself how far it is.
const PLACED = new Set(["record", "missed", "ended", "started"]);

const stream = {
  source: null,
  // Behind the newest record that came, or was passed over.
  cursor: null,
  // When something came last, and how long nothing may come before it is taken for dead: a connection whose
  // other end is gone without a word looks like one that has nothing to say. Each that brings nothing at all
  // gives the next one longer.
  heard: 0,
  patience: 0,
  attempt: ATTEMPT,
  // The end is told once, though each reconnection is told of it.
  ended: false,
  retry: 0,
};

// Begins anew, with what passes the filters now.
export function restart() {
  startOver();
  forgetRuns();
  stream.cursor = null;
  stream.ended = false;
  problem("");
  forgetStarts();
  connect();
}

// Goes on behind the record that has this `id`.
export function goOnFrom(id) {
  stream.cursor = id;
  stream.ended = false;
  connect();
}

// Behind the newest record that came.
export function newest() {
  return stream.cursor;
}

function connect() {
  clearTimeout(stream.retry);
  stream.source?.close();
  expectHistory();
  state("Connecting");
  const source = new EventSource(`${page}?${wanted()}`);
  stream.source = source;
  stream.heard = Date.now();
  stream.patience = stream.attempt;
  stream.attempt = Math.min(2 * stream.attempt, LONGEST_ATTEMPT);

  const on = (name, take) => source.addEventListener(name, (event) => {
    if (source === stream.source) take(event);
  });
  on("message", (event) => receive("record", event));
  for (const kind of ["missed", "restarted", "closed", "ended", "started"]) on(kind, (event) => receive(kind, event));
  on("sources", ({ data }) => {
    const { sources, rings } = JSON.parse(data);
    addSources(sources);
    areThere(rings);
  });
  on("live", ({ data, lastEventId }) => {
    historyIsOver();
    tellEnds();
    stream.cursor = lastEventId;
    stream.heard = Date.now();
    stream.patience = 3 * Math.max(JSON.parse(data).alive_ms, 1_000);
    if (problemTold() === SILENT) problem("");
    if (!stream.ended) state("Live");
  });
  on("alive", ({ lastEventId }) => {
    stream.cursor = lastEventId;
    stream.heard = Date.now();
  });
  // Until that time there will be no more. The browser would ask for it again.
  on("end", () => {
    source.close();
    stream.source = null;
    state("Ended");
    problem("");
    if (!isApart()) queue.push({ kind: "notice", data: `the log ends here${addressed("until") && `: until ${addressed("until")}`}` });
    historyIsOver();
    schedule();
  });
  on("open", () => {
    stream.heard = Date.now();
    stream.patience = LONGEST_ATTEMPT;
    stream.attempt = ATTEMPT;
    problem("");
    // It is live when the server says so: what is between may hold back all of it but the headers.
    if (!stream.ended) state("Connected");
  });
  on("error", () => {
    expectHistory();
    if (!stream.ended) state("Connection lost: trying again", "lost");
    // The browser tries again by itself, unless it was given an answer that is no stream.
    if (source.readyState === EventSource.CLOSED) tryLater(source);
  });
}

// What to ask for: the query.
function wanted() {
  const query = filters();
  if (stream.cursor) {
    // What came meanwhile is wanted, however long ago it came.
    query.set("after", stream.cursor);
    query.delete("since");
  } else {
    if (addressed("after")) query.set("after", addressed("after"));
    // Where something else is shown, what is new is counted.
    query.set("tail", isApart() ? "0" : addressed("tail") || String(TAIL));
  }
  // What is older than a record has an end.
  if (!addressed("before")) query.set("follow", "1");
  query.set("format", "sse");
  return query;
}

// What becomes a row.
function receive(kind, { data, lastEventId }) {
  stream.heard = Date.now();
  if (kind === "record") {
    countRecord(!isHistory());
    if (isUnseen()) countUnseen(data);
  }
  if (stream.ended && (kind === "record" || kind === "restarted")) {
    stream.ended = false;
    state("Connected");
  }
  if (kind === "restarted") {
    forgetRuns();
    banner("restarted", `The program was started again (seen ${new Date().toLocaleTimeString()})`);
  }
  if (PLACED.has(kind)) {
    stream.cursor = lastEventId;
    if (kind !== "ended") isThere(lastEventId, data);
    else if (!hasEnded(lastEventId, data)) return;
    else if (isUnseen()) countUnseenEnd();
  }
  // What was cleared was another ring's.
  if (kind === "restarted" && addressed("after")) setAddressed({ after: "" });
  if (kind === "closed" && JSON.parse(data).stopped) {
    // The server goes, the log may not: it is asked for again, as after a connection that was lost.
    stream.cursor = lastEventId;
    return;
  }
  if (kind === "closed") {
    const told = tellEnds() || "The log has ended: what comes when the program starts again is shown then.";
    state("Ended: waits for a new start", "ended", told);
    if (stream.ended) return;
    stream.ended = true;
  }
  // It is not next to what is shown.
  if (isApart()) {
    if (kind === "record") passOver(1);
    if (kind === "missed") passOver(JSON.parse(data).missed.records);
    return;
  }
  queue.push({ kind, data, id: lastEventId });
  schedule();
}

// Whether nobody may see what comes now.
function isUnseen() {
  return !isHistory() && (document.hidden || !isAtNewest());
}

// Tells why it was refused, and tries again when that may help.
async function tryLater(source) {
  const told = await reason();
  if (!told || source !== stream.source) return;
  problem(told.why);
  if (told.seconds === 0) {
    // Why is told above the log, and nothing was lost.
    state("Not connected");
  } else {
    state(`Not connected: trying again in ${plural(told.seconds, "second")}`, "lost", "Not connected: trying again");
    stream.retry = setTimeout(connect, told.seconds * 1_000);
  }
}

// Connects again if nothing was heard for too long. To be called each second.
export function watch() {
  const isTrying = stream.source && stream.source.readyState !== EventSource.CLOSED;
  if (!isTrying) return;
  const silence = Date.now() - stream.heard;
  if (silence > stream.patience) connect();
  else if (stream.source.readyState === EventSource.OPEN && isHistory() && silence > SILENCE) problem(SILENT);
}
