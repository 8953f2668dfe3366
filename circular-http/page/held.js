// What the server holds, asked for beside the stream: records that are not on the page, a page of them at a time.
//
// What the stream begins with is not all there is. A question counts as a viewer while it is answered, so one at a time is
// asked, but for searches, which may take long; and it is answered in JSON lines, which say the same as the stream does.

import { addressed, filters, page } from "./address.js";
import { refusal } from "./ask.js";

// Milliseconds that an answer may take. What is looked for may be rare, and what is searched large.
const PATIENCE = 60_000;

// The question that is under way: the next one waits for it.
let last = Promise.resolve();

// A query with the filters of the page, and with what was cleared left out.
export function filtered(values) {
  const query = filters();
  if (addressed("after")) query.set("after", addressed("after"));
  for (const [name, value] of Object.entries(values)) {
    // Behind a record is one beginning, and with it is another.
    if (name === "from") query.delete("after");
    query.set(name, value);
  }
  return query;
}

// Asks for records: items as the stream has them, in order; or why there are none, and after how many seconds to ask
// again, 0 for not at all.
export function held(query) {
  const mine = last.then(() => ask(query, AbortSignal.timeout(PATIENCE)));
  last = mine;
  return mine;
}

// The same for what others do not wait for, until it is given up.
export function heldUntil(query, givenUp) {
  return ask(query, AbortSignal.any([givenUp, AbortSignal.timeout(PATIENCE)]));
}

async function ask(query, signal) {
  query.set("format", "ndjson");
  try {
    const answer = await fetch(`${page}?${query}`, { cache: "no-store", signal });
    if (!answer.ok) return { items: [], ...await refusal(answer) };
    const lines = (await answer.text()).split("\n");
    // The last one may be cut.
    lines.pop();
    return { items: lines.map(itemOf).filter((item) => item), why: "" };
  } catch {
    return { items: [], why: "The server does not answer.", seconds: 2 };
  }
}

// The beginning says what it is, and the text of a record may be long.
const RECORD = /^\{"id":"([^"]*)","seq":/;
const MISSED = /^\{"id":"([^"]*)","missed":/;

function itemOf(line) {
  const record = RECORD.exec(line);
  if (record) return { kind: "record", data: line, id: record[1] };
  const missed = MISSED.exec(line);
  if (missed) return { kind: "missed", data: line, id: missed[1] };
  if (line.startsWith('{"restarted":')) return { kind: "restarted", data: line };
  return null;
}

// How many records there are from the one `id` to the other, `null` if they are of different runs of the program.
export function distance(from, to) {
  const [[ring, first], [other, second]] = [from, to].map((id) => id.split("."));
  return ring === other ? Number(second) - Number(first) : null;
}
