// To the next error, and to the last one before: on the page, or where it is held.

import { addressed } from "./address.js";
import { goTo, isAllHere } from "./back.js";
import { log } from "./dom.js";
import { filtered, held } from "./held.js";
import { atRow, markedRow } from "./here.js";
import { idOf, rows } from "./rows.js";
import { answer } from "./status.js";
import { isApart, isFollowing } from "./view.js";

// The next one (1), or the one before (-1).
export async function toError(step) {
  const row = onPage(step);
  if (row) {
    await goTo(idOf(row));
    return;
  }
  const told = step > 0 ? "No later error" : "No earlier error is held";
  const isThere = step > 0 ? isApart() : !isAllHere();
  const levels = addressed("levels").toLowerCase();
  if (levels && !levels.split(",").some((level) => level.trim() === "error")) {
    answer("The filter leaves errors out");
    return;
  }
  const where = step > 0 ? { after: rows.cursor, limit: "1" } : { before: rows.first(), tail: "1" };
  if (!isThere || !Object.values(where)[0]) {
    answer(told);
    return;
  }
  const query = filtered(where);
  // Errors are above all others.
  query.delete("level");
  query.set("levels", "error");
  const { items, why } = await held(query);
  const item = items.find(({ kind }) => kind === "record");
  if (item) await goTo(item.id);
  else answer(why || told);
}

function onPage(step) {
  const errors = [...log.querySelectorAll(".row.error")];
  // Whoever looks at what comes is at the end.
  const marked = markedRow();
  if (!marked && isFollowing()) return step < 0 ? errors.at(-1) : undefined;
  const here = atRow();
  if (!here) return undefined;
  const isBehind = (row) => Boolean(here.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING);
  if (step < 0) return errors.findLast((row) => row !== here && !isBehind(row));
  return errors.find((row) => isBehind(row) || (row === here && row !== marked));
}
