// What a user has chosen of the looks, remembered where the browser allows it. Nothing hangs on that.

// What was remembered under that name, `null` if nothing was; with a value, remembers it.
export function remembered(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(`circular-${name}`);
    localStorage.setItem(`circular-${name}`, value);
  } catch {
    // Then it is as it is at first.
  }
  return null;
}
