// Only this, or not this: what a level, a target, a source or a field's value that somebody points at means for the filters.

import { addressed, addressedAll } from "./address.js";
import { choose } from "./controls.js";
import { ofField } from "./pattern.js";
import { withSource } from "./sources.js";

const LEVELS = ["error", "warn", "info", "debug", "trace", "none"];

function level(name, only) {
  if (only) return { levels: name, level: "" };
  const now = addressed("levels") ? addressed("levels").toLowerCase().split(",").map((one) => one.trim()) : LEVELS;
  return { levels: now.filter((other) => other !== name).join(",") };
}

function target(name, only) {
  if (only) return { filter: name };
  const others = addressed("filter").split(",").map((one) => one.trim()).filter((one) => one && one !== name && one !== `${name}=off`);
  return { filter: [...others, `${name}=off`].join(",") };
}

function field({ key, value, isJson }, only) {
  const re = ofField(key, value, isJson);
  const [into, from] = only ? ["re", "nre"] : ["nre", "re"];
  return {
    [into]: [...addressedAll(into).filter((other) => other !== re), re],
    [from]: addressedAll(from).filter((other) => other !== re),
  };
}

// `what` has a `kind`, `level`, `target`, `source` or `field`, and what is pointed at.
export function narrow(what, only) {
  if (what.kind === "level") choose(level(what.name, only));
  if (what.kind === "target") choose(target(what.name, only));
  if (what.kind === "source") choose({ source: only ? [what.name] : withSource(what.name, false) });
  if (what.kind === "field") choose(field(what, only));
}

// Whether all filters can say it.
export function canNarrow(what) {
  if (what.kind === "target") return /^[^,=[\]\s]+$/.test(what.name);
  return what.kind === "level" || what.kind === "source" || (what.kind === "field" && what.key !== "");
}
