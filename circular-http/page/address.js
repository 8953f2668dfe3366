// The page's own address, and those below it.
//
// The address has the filters, under the server's names: a reload keeps them, and `curl` of the same address gets
// the same records. It changes by `setAddressed` only, which tells whoever shows something of it.

const FILTERS = ["level", "levels", "filter", "source", "q", "re", "not", "nre", "since", "until"];
// What the page decides itself. Anything else in the address goes to the server as it stands, which says if
// there is no such thing.
const OWN = ["follow", "format", "tail", "after", "from", "raw", "limit_bytes"];

// Without the user and password that it may have been opened with: the browser sends them by itself, and
// does not let a script ask with them.
export const page = location.origin + location.pathname;

export function below(name) {
  return page.endsWith("/") ? page + name : `${page}/${name}`;
}

export function addressed(name) {
  return new URLSearchParams(location.search).get(name) ?? "";
}

// All that the address has under that name: some may be given several times.
export function addressedAll(name) {
  return new URLSearchParams(location.search).getAll(name).filter(Boolean);
}

// What the server is to let through.
export function filters() {
  const query = new URLSearchParams(location.search);
  for (const name of OWN) query.delete(name);
  // What was emptied says nothing.
  for (const name of FILTERS) {
    const values = addressedAll(name);
    if (values.length < query.getAll(name).length) {
      query.delete(name);
      for (const value of values) query.append(name, value);
    }
  }
  return query;
}

// Whether anything that is held may be kept from the page.
export function isFiltered() {
  return filters().size > 0;
}

// What it is opened at: the record with this `id`, or a time, behind the #, of which the server is not told.
export function place() {
  return { row: addressed("from"), at: new URLSearchParams(location.hash.slice(1)).get("at") ?? "" };
}

// The address with these filters, and opened there.
export function addressOf(query, { row, at }) {
  query.delete("from");
  if (row) query.set("from", row);
  const behind = at && !row ? `#${new URLSearchParams({ at })}` : "";
  return `${here()}${query.size > 0 ? `?${query}` : ""}${behind}`;
}

// The page's own path. Relative: it must have the user and password that the page has, which are not in its location. And only its
// last name, as a path that begins with two slashes would be another server's address.
function here() {
  return `./${location.pathname.slice(location.pathname.lastIndexOf("/") + 1)}`;
}

export function setPlace(where) {
  replace(addressOf(new URLSearchParams(location.search), where));
}

const told = [];

// Calls `what` each time that the address was set.
export function whenAddressed(what) {
  told.push(what);
}

// A value is text, or a list where there may be several; what is empty goes.
export function setAddressed(values) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) {
      // In its place, if it is as it was.
      if (value.join("\n") === address.searchParams.getAll(name).join("\n")) continue;
      address.searchParams.delete(name);
      for (const one of value) address.searchParams.append(name, one);
    } else if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  replace(`${here()}${address.search}${address.hash}`);
}

function replace(address) {
  history.replaceState(history.state, "", address);
  for (const what of told) what();
}
