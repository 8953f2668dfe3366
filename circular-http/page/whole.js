// The rest of a record that is longer than a row shows of it at first: asked for when somebody wants it, a part at a time.

import { pieces } from "./ansi.js";
import { log, plural, span } from "./dom.js";
import { held, isSame } from "./held.js";
import { idOf, rows } from "./rows.js";
import { MAX_SHOWN, recordOf } from "./row.js";
import { answer } from "./status.js";
import { follow } from "./view.js";

// Characters that are shown more each time.
const PART = 256 << 10;
// Records of one name among which it is looked for.
const BESIDE = 16;

// Shows the next part, for the button that stands behind what is shown.
export async function showMore(button) {
  const row = button.closest(".row");
  button.disabled = true;
  follow(false);
  // As the filters had it, it is this one; and without them it is found for certain. Where several rings are shown by time, others
  // may have been written just before.
  const { source } = recordOf(row);
  const whose = source === undefined ? { limit: "1" } : { limit: String(BESIDE), source };
  const { items, why } = await held(new URLSearchParams({ from: idOf(row), ...whose }));
  const item = items.find(({ kind, id }) => kind === "record" && isSame(id, idOf(row)));
  if (!item) {
    answer(why || "That record is overwritten by now");
    button.disabled = false;
    return;
  }
  const { text } = JSON.parse(item.data);
  const from = Number(button.dataset.shown ?? MAX_SHOWN);
  const part = text.slice(from, from + PART);
  for (const { className, text: shown } of pieces(part)) button.before(className ? span(className, shown) : shown);
  rows.hasGrown(row, part);
  const left = text.length - from - part.length;
  if (left <= 0) {
    button.remove();
    log.focus({ preventScroll: true });
    return;
  }
  button.dataset.shown = from + part.length;
  button.textContent = ` … ${plural(left, "more character")}: show`;
  button.disabled = false;
}
