// What has become of the programs: which have ended and how, and which were started again.
//
// Each start of a program has a ring of its own, which its records' `id`s name. A program has ended when all its rings that were
// seen have. That is told as long as it is so, and an end becomes one row, however often a connection tells of it.

import { runOf } from "./held.js";
import { banner, stateOver } from "./status.js";
import { isApart, isHistory } from "./view.js";

// How many ends are told one by one.
const MOST = 3;

// By ring: whose it is, how it has ended, if it has, whether somebody may have been told of that, and whether it has its row.
const runs = new Map();

// As before the first record.
export function forgetRuns() {
  runs.clear();
}

// Something came of a ring: it is there. `data` is the JSON that came.
export function isThere(id, data) {
  const ring = runOf(id);
  const known = runs.get(ring);
  if (known && !known.how) return;
  const { source } = known ?? JSON.parse(data);
  const before = endOf(source);
  runs.set(ring, { source, how: "", isTold: false, hasRow: false });
  if (!before?.isTold) return;
  tellEnds();
  banner("restarted", `${nameOf(source)} was started again (seen ${new Date().toLocaleTimeString()})`);
}

// Which rings there are, whether or not anything came of them: one that is silent runs.
export function areThere(rings) {
  for (const { ring, source } of rings) {
    if (!runs.has(ring)) isThere(`${ring}.`, JSON.stringify({ source }));
  }
}

// A ring has ended. Whether that is to have a row. What ends while something of before is shown has it when one has come forth,
// and what had ended earlier has none there.
export function hasEnded(id, data) {
  const { ended, source } = JSON.parse(data);
  const ring = runOf(id);
  const known = runs.get(ring);
  if (known?.hasRow) return false;
  runs.set(ring, { source, how: ended, isTold: known?.isTold ?? false, hasRow: !isApart() || isHistory() });
  if (!isHistory()) tellEnds();
  return true;
}

// Tells which have ended, and says it as text. To be called when what was there before is over: only now it is known who was not
// started again.
export function tellEnds() {
  const ends = [...new Set([...runs.values()].map(({ source }) => source))].map(endOf).filter((end) => end);
  for (const end of ends) end.isTold = true;
  const words = ends.slice(0, MOST).map(({ source, how }) => `${nameOf(source)} ended: ${how}`);
  if (ends.length > MOST) words.push(`and ${ends.length - MOST} more`);
  const text = words.join("; ");
  stateOver(text);
  return text;
}

// Its last run, if that and all others have ended.
function endOf(source) {
  const its = [...runs.values()].filter((run) => run.source === source);
  return its.every(({ how }) => how) ? its.at(-1) : undefined;
}

function nameOf(source) {
  return source ?? "The program";
}
