// The document, as the other modules write to it.
//
// Text goes in as text nodes, never as markup: nothing here, or anywhere else on the page, parses any.

export const element = (id) => document.getElementById(id);

export const log = element("log");

export const number = new Intl.NumberFormat("en");

export const plural = (count, what) => `${number.format(count)} ${what}${count === 1 ? "" : "s"}`;

export function span(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}

// So that its keys work. It is there already, however the page is scrolled.
export function focusLog() {
  log.focus({ preventScroll: true });
}
