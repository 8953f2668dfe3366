// The page's own address, and those below it.
//
// The address has the filters, under the server's names: a reload keeps them, and `curl` of the same address gets
// the same records. It changes by `setAddressed` only, which tells whoever shows something of it.

const FILTERS = ["level", "filter", "q", "re", "since", "until"];
// What the page decides itself. Anything else in the address goes to the server as it stands, which says if
// there is no such thing.
const OWN = ["follow", "format", "tail", "after", "raw", "limit_bytes"];

// Without the user and password that it may have been opened with: the browser sends them by itself, and
// does not let a script ask with them.
export const page = location.origin + location.pathname;

export function below(name) {
  return page.endsWith("/") ? page + name : `${page}/${name}`;
}

export function addressed(name) {
  return new URLSearchParams(location.search).get(name) ?? "";
}

// What the server is to let through.
export function filters() {
  const query = new URLSearchParams(location.search);
  for (const name of OWN) query.delete(name);
  // What was emptied says nothing.
  for (const name of FILTERS) if (!addressed(name)) query.delete(name);
  return query;
}

const told = [];

// Calls `what` each time that the address was set.
export function whenAddressed(what) {
  told.push(what);
}

export function setAddressed(values) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  // Relative: it must have the user and password that the page has, which are not in its location. And only its last
  // name, as a path that begins with two slashes would be another server's address.
  const name = address.pathname.slice(address.pathname.lastIndexOf("/") + 1);
  history.replaceState(null, "", `./${name}${address.search}${address.hash}`);
  for (const what of told) what();
}
