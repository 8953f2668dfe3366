// Why there is nothing to see, where there is nothing: that no record is there yet, that none passes, that it was cleared, or
// what went wrong are four things, and an empty page looks the same for all.

import { addressed, isFiltered } from "./address.js";
import { element } from "./dom.js";
import { queue } from "./queue.js";
import { rows } from "./rows.js";
import { problemTold } from "./status.js";
import { isHistory } from "./view.js";

function why() {
  if (rows.count > 0 || queue.length > 0) return "";
  if (problemTold()) return `Nothing can be shown: ${problemTold()}`;
  if (isHistory()) return "";
  if (addressed("after")) return "Cleared: nothing has come since.";
  if (isFiltered()) return "Nothing that is held matches. What comes and matches is shown here.";
  return "No records yet.";
}

export function tellWhyEmpty() {
  const told = why();
  if (element("empty").textContent !== told) element("empty").textContent = told;
  element("empty").hidden = !told;
}
