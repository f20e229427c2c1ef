// What is kept for a person: where they were in a run, for this tab; one picture or two, for good.

const CHOICE = "lethe view";
const place = (run) => `lethe:${run}`;

/** Storage may be full, or forbidden (a file opened with strict settings): then nothing is kept. */
function write(kind, name, value) {
  try {
    window[kind].setItem(name, JSON.stringify(value));
  } catch {
    // nothing is lost but the place
  }
}

function read(kind, name) {
  try {
    return JSON.parse(window[kind].getItem(name) || "null");
  } catch {
    return null;
  }
}

export function remember(run, state) {
  write("sessionStorage", place(run), state);
}

export function recall(run) {
  return read("sessionStorage", place(run));
}

/** The picture that a person chose last, whichever the run: the kind of a view, or "both". */
export function rememberChoice(kind) {
  write("localStorage", CHOICE, kind);
}

export function recallChoice() {
  return read("localStorage", CHOICE);
}

/** Whether a person wants a part under the picture open, whichever the run. */
export function rememberOpen(part, open) {
  write("localStorage", `lethe open:${part}`, open);
}

/** true, false, or null where nobody has said. */
export function recallOpen(part) {
  return read("localStorage", `lethe open:${part}`);
}
