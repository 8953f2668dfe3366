// A chip for each source, with its name and its colour: whether its records are wanted.
//
// A click takes them away, or brings them back. A second one, or one with the Alt key, leaves no others, as the chip's menu does,
// which the keyboard reaches. A chip that is there stays there: whoever is at it stays at it.

import { whenAddressed } from "./address.js";
import { choose } from "./controls.js";
import { element } from "./dom.js";
import { openMenu } from "./menu.js";
import { colorOf, isWanted, whenSources, withSource } from "./sources.js";

const chips = new Map();

// From now on there is one for each.
export function offerSources() {
  whenSources(show);
  whenAddressed(tell);
}

function show(names) {
  for (const name of names) {
    if (chips.has(name)) continue;
    chips.set(name, chip(name));
    element("sources").append(chips.get(name));
  }
  element("sources").hidden = false;
  tell();
}

function tell() {
  for (const [name, button] of chips) button.setAttribute("aria-pressed", isWanted(name));
}

function chip(name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = colorOf(name);
  button.textContent = name;
  button.title = `${name}\nDouble click: only this one`;
  button.addEventListener("click", ({ altKey, detail }) => {
    choose({ source: altKey || detail === 2 ? [name] : withSource(name, !isWanted(name)) });
  });
  button.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    const open = () => openMenu(button, { kind: "source", name, text: name });
    if (event.buttons > 0 || event.pointerType === "touch") whenLetGo(open);
    else open();
  });
  return button;
}

// To let a mouse's button or a finger go is a click beside the menu, which would close it.
function whenLetGo(what) {
  const over = new AbortController();
  for (const type of ["pointerup", "pointercancel"]) {
    addEventListener(type, () => {
      over.abort();
      setTimeout(what, 0);
    }, { signal: over.signal });
  }
}
