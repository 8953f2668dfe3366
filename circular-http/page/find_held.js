// What Find does not see on the page, in what is held: it tells the nearest record that has it, and goes there when it is
// asked to go on.

import { isAllHere, goTo } from "./back.js";
import { element } from "./dom.js";
import { filtered, heldUntil } from "./held.js";
import { rows } from "./rows.js";
import { isApart } from "./view.js";
import { showWhen } from "./when.js";

// Milliseconds without typing after which it is asked.
const TYPING = 300;

// What was asked for last, as which parameter, and the record that has it; `null` until it is known, and if there is none.
const last = { needle: "", parameter: "q", record: null };

// Gives up what is asked: whoever types does not wait for what they typed before.
let asking = new AbortController();

export function giveUp() {
  asking.abort();
  asking = new AbortController();
}

// Looks for `needle`, which is in no row: `q` takes it as text, `re` as an expression. `step` is 0 while it is typed. `found`
// gets the row, when it is there.
export async function lookFurther(needle, parameter, step, found) {
  giveUp();
  const isNew = last.needle !== needle || last.parameter !== parameter || !last.record;
  if (!needle || isAllHere()) return;
  if (isNew) {
    Object.assign(last, { needle, parameter, record: null });
    if (step === 0) await new Promise((done) => setTimeout(done, TYPING));
    if (!isWanted(needle)) return;
    element("found").textContent = "Not found in what is shown: looking further";
    const record = await nearest(needle, step);
    if (!isWanted(needle)) return;
    last.record = record;
    if (!record) {
      element("found").textContent = "Not found";
      return;
    }
  }
  if (step === 0) {
    element("found").textContent = `Not in what is shown, but at ${showWhen(last.record.time)}: Enter goes there`;
    return;
  }
  const { id } = last.record;
  last.record = null;
  const row = await goTo(id);
  if (row && isWanted(needle)) found(row);
}

function isWanted(needle) {
  return !element("find").hidden && element("needle").value === needle && last.needle === needle;
}

// The one that is nearest to what is shown: behind it first, if that is the way.
async function nearest(needle, step) {
  const before = () => one({ before: rows.first(), tail: "1" }, needle);
  const behind = () => isApart() ? one({ after: rows.cursor, limit: "1" }, needle) : null;
  return step > 0 ? await behind() ?? await before() : await before() ?? await behind();
}

async function one(where, needle) {
  if (!Object.values(where)[0]) return null;
  const query = filtered(where);
  query.append(last.parameter, needle);
  const { items } = await heldUntil(query, asking.signal);
  const item = items.find(({ kind }) => kind === "record");
  return item ? JSON.parse(item.data) : null;
}
