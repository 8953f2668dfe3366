// The fields that choose what is shown, and chips for what the address asks for and no field shows.
//
// What is chosen stands in the address and nowhere else: fields are filled from it, and each change goes to it and
// begins anew. Nothing that it asks for is hidden. Text is text; it is an expression where the switch beside it says so.

import { addressed, addressedAll, filters, setAddressed, whenAddressed } from "./address.js";
import { element, focusLog } from "./dom.js";
import { fieldText } from "./pattern.js";
import { remembered } from "./remembered.js";
import { isSource, whenSources } from "./sources.js";
import { problemTold } from "./status.js";
import { restart } from "./stream.js";

// Milliseconds without typing after which a filter is applied.
const TYPING = 300;

// A field with its switch shows one value, of one of its two parameters; others of the same are chips.
const FIELDS = [
  { input: element("text"), toggle: element("text-re"), plain: "q", expression: "re", name: "", value: "" },
  { input: element("not"), toggle: element("not-re"), plain: "not", expression: "nre", name: "", value: "" },
];

let typing = 0;

function isExpression({ toggle }) {
  return toggle.ariaPressed === "true";
}

function switchTo({ toggle }, on) {
  toggle.setAttribute("aria-pressed", on);
}

// What the address has for it: text, or an expression that is not a field's.
function readField(field) {
  const text = addressedAll(field.plain)[0];
  const expression = addressedAll(field.expression).find((re) => !fieldText(re));
  field.name = text !== undefined ? field.plain : expression !== undefined ? field.expression : "";
  field.value = text ?? expression ?? "";
  if (field.name) switchTo(field, field.name === field.expression);
  if (field.input.value.trim() !== field.value.trim() || document.activeElement !== field.input) field.input.value = field.value;
}

// All values of its parameters, with what is typed in place of what it showed.
function valuesOf(field) {
  const values = {};
  const { value } = field.input;
  const name = isExpression(field) ? field.expression : field.plain;
  for (const its of [field.plain, field.expression]) values[its] = addressedAll(its);
  const shown = field.name ? values[field.name].indexOf(field.value) : -1;
  if (name === field.name && shown >= 0 && value) {
    values[name][shown] = value;
  } else {
    if (shown >= 0) values[field.name].splice(shown, 1);
    if (value) values[name].unshift(value);
  }
  field.name = value ? name : "";
  field.value = value;
  return values;
}

function chosenLevel() {
  return document.querySelector("input[name=level]:checked");
}

function applyFilters() {
  clearTimeout(typing);
  const values = { filter: element("target").value.trim() };
  // What no field shows stays as it is.
  if (chosenLevel()) values.level = chosenLevel().value;
  for (const field of FIELDS) Object.assign(values, valuesOf(field));
  apply(values);
}

function apply(values) {
  const before = location.search;
  setAddressed(values);
  if (location.search !== before || problemTold()) restart();
}

// Sets parameters, and what the fields show of them.
export function choose(values) {
  apply(values);
  readAddress();
}

// Fills the fields.
export function readAddress() {
  FIELDS.forEach(readField);
  element("target").value = addressed("filter");
  const level = addressed("level").toLowerCase();
  for (const chip of document.querySelectorAll("input[name=level]")) {
    chip.checked = chip.value === level || (level === "trace" && chip.value === "");
  }
  setAddressed({});
}

const isShown = (name, value) => FIELDS.some((field) => field.name === name && field.value === value);

// What it says, for people.
function told(name, value) {
  const field = fieldText(value);
  if (name === "re" && field) return field;
  if (name === "nre" && field) return `not ${field}`;
  return `${name} ${value}`;
}

// What the address asks for and no field shows can be seen, and taken away.
function showRest() {
  const rest = [...filters()].filter(([name, value]) => {
    if (name === "level") return !chosenLevel();
    if (name === "source") return !isSource(value);
    return name !== "filter" && !isShown(name, value);
  });
  for (const name of ["tail", "from"]) if (addressed(name)) rest.push([name, addressed(name)]);
  // One that is pressed just now must not be replaced by its like.
  const all = rest.join("\n");
  if (element("rest").dataset.told === all) return;
  element("rest").dataset.told = all;
  element("rest").hidden = rest.length === 0;
  element("rest").replaceChildren(...rest.map(([name, value]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${told(name, value)} ×`;
    button.setAttribute("aria-label", `Remove ${told(name, value)}`);
    button.addEventListener("click", () => {
      const others = addressedAll(name);
      const at = others.indexOf(value);
      if (at >= 0) others.splice(at, 1);
      setAddressed({ [name]: at >= 0 ? others : "" });
      readAddress();
      restart();
      focusLog();
    });
    return button;
  }));
}

whenAddressed(showRest);
whenSources(showRest);

for (const field of FIELDS) {
  const name = `expression-${field.expression}`;
  switchTo(field, remembered(name) === "yes");
  field.toggle.addEventListener("click", () => {
    switchTo(field, !isExpression(field));
    remembered(name, isExpression(field) ? "yes" : "no");
    applyFilters();
  });
}
element("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  applyFilters();
});
element("filters").addEventListener("change", applyFilters);
element("filters").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(applyFilters, TYPING);
});

// In a narrow window the fields are folded. What they have that is not shown is counted.
element("more").addEventListener("click", () => {
  const open = document.querySelector("header").classList.toggle("open");
  element("more").setAttribute("aria-expanded", open);
});

whenAddressed(() => {
  const count = [...filters()].filter(([name], index, all) => name !== "source" || all[index - 1]?.[0] !== name).length;
  element("more").textContent = count > 0 ? `Filters (${count})` : "Filters";
});
