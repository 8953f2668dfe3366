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

// Records that may have been written at the same time, or have another order by their times than they came in.
const BESIDE = 16;

// Another `id` of the record that has this one, as it has it where all rings are shown. What was asked of some has an `id`
// that is at the end of the others, which says nothing of what was written there about that time. Of a record that is not held
// any more, it is the same.
export async function unfilteredId(id) {
  if (!id.includes(",")) return id;
  const find = async (where) => {
    const { items } = await held(new URLSearchParams({ ...where, limit: String(BESIDE) }));
    return items.find((item) => item.kind === "record" && isSame(item.id, id));
  };
  const record = await find({ from: id });
  const its = record && await find({ since: JSON.parse(record.data).time });
  return its?.id ?? id;
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

// An `id` is how far each ring was shown, the record's own first, and of each how many records it ever had until there: only
// here it is taken apart.
function placesIn(id) {
  return new Map(id.split(",").map((place) => place.split(".")).map(([ring, count]) => [ring, Number(count)]));
}

// The ring whose record has this `id`: another one for each run of a program.
export function runOf(id) {
  return id.slice(0, id.indexOf("."));
}

// Whether it is the same record that has these `id`s: they may say another thing of other rings.
export function isSame(id, other) {
  const [own, its] = [id, other].map((whole) => whole.split(/[.,]/, 2).join("."));
  return own === its;
}

// How many records there are from the one `id` to the other, in all rings; below 0 if the other one is before it in all, and `null`
// if they are of different runs of the program. What one ring has lost meanwhile makes those of another no fewer.
export function distance(from, to) {
  const places = placesIn(from);
  const counts = [...placesIn(to)].filter(([ring]) => places.has(ring)).map(([ring, count]) => count - places.get(ring));
  if (counts.length === 0) return null;
  const more = counts.filter((count) => count > 0);
  return (more.length > 0 ? more : counts).reduce((sum, count) => sum + count, 0);
}

// How many records there ever were before the one that has this `id`.
export function countBefore(id) {
  return [...placesIn(id).values()].reduce((sum, count) => sum + count, 0) - 1;
}
