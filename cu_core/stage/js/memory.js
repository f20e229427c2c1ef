// Where a person was in a run, kept for this tab: a page change or a reload brings it back.

const place = (run) => `lethe:${run}`;

export function remember(run, state) {
  try {
    sessionStorage.setItem(place(run), JSON.stringify(state));
  } catch {
    // Storage may be full, or forbidden (a file opened with strict settings): nothing is lost
    // but the place.
  }
}

export function recall(run) {
  try {
    return JSON.parse(sessionStorage.getItem(place(run)) || "null");
  } catch {
    return null;
  }
}
