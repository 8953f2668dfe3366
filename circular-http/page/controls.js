// The fields that choose what is shown, and chips for what the address asks for and no field shows.
//
// What is chosen stands in the address and nowhere else: fields are filled from it, and each change goes to it and
// begins anew. Nothing that it asks for is hidden.

import { addressed, filters, setAddressed, whenAddressed } from "./address.js";
import { element, focusLog } from "./dom.js";
import { problem, problemTold } from "./status.js";
import { restart } from "./stream.js";

// Milliseconds without typing after which a filter is applied.
const TYPING = 300;

// Whether the text field shows `q` or `re`: it shows one of them.
let fieldShows = "q";

let typing = 0;

// `/x/` is a regex, and `/x/i` one to which upper and lower case are the same. Anything else is text, as
// `/var/log` is.
function parseText(text) {
  const [, pattern, flags] = /^\/(.+)\/([dgimsuvxy]*)$/s.exec(text) ?? [];
  if (!pattern) return { name: "q", value: text };
  if (flags && flags !== "i") return { wrong: `${text}: the only flag of a regex is i.` };
  return { name: "re", value: flags ? `(?i)${pattern}` : pattern };
}

function regexText(re) {
  return re.length > 4 && re.startsWith("(?i)") ? `/${re.slice(4)}/i` : `/${re}/`;
}

function chosenLevel() {
  return document.querySelector("input[name=level]:checked");
}

function applyFilters() {
  clearTimeout(typing);
  const { name, value, wrong } = parseText(element("text").value);
  if (wrong) {
    problem(wrong);
    return;
  }
  const values = { filter: element("target").value.trim() };
  // What no field shows stays as it is.
  if (chosenLevel()) values.level = chosenLevel().value;
  values[fieldShows] = "";
  if (value) {
    values[name] = value;
    fieldShows = name;
  }
  const before = location.search;
  setAddressed(values);
  if (location.search !== before || problemTold()) restart();
}

// Fills the fields.
export function readAddress() {
  const isText = !addressed("re") && parseText(addressed("q")).name === "q";
  fieldShows = isText ? "q" : "re";
  element("text").value = isText ? addressed("q") : addressed("re") && regexText(addressed("re"));
  element("target").value = addressed("filter");
  const level = addressed("level").toLowerCase();
  for (const chip of document.querySelectorAll("input[name=level]")) {
    chip.checked = chip.value === level || (level === "trace" && chip.value === "");
  }
  setAddressed({});
}

// What the address asks for and no field shows can be seen, and taken away.
function showRest() {
  const rest = [...filters()].filter(([name]) => {
    if (name === "level") return !chosenLevel();
    return name !== "filter" && name !== fieldShows;
  });
  if (addressed("tail")) rest.push(["tail", addressed("tail")]);
  // One that is pressed just now must not be replaced by its like.
  const told = rest.join("\n");
  if (element("rest").dataset.told === told) return;
  element("rest").dataset.told = told;
  element("rest").hidden = rest.length === 0;
  element("rest").replaceChildren(...rest.map(([name, value]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${name} ${value} ×`;
    button.setAttribute("aria-label", `Remove ${name} ${value}`);
    button.addEventListener("click", () => {
      setAddressed({ [name]: "" });
      readAddress();
      restart();
      focusLog();
    });
    return button;
  }));
}

whenAddressed(showRest);

element("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  applyFilters();
});
element("filters").addEventListener("change", applyFilters);
element("filters").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(applyFilters, TYPING);
});
