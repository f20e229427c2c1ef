// What is on the screen of a comparison, as plain data that an address can hold, and back.

const MOST = 300; // chosen samples that an address holds
const PLACES = 1e4; // a share to its fourth place
const [LISTS, WORDS] = [["only", "pins", "chosen", "camera"], ["by", "colour"]];
const MODES = ["true", "pred", "moved"];

const rounded = (value) => Math.round(value * PLACES) / PLACES;

/** {by, at, colour, only, pins, chosen, camera}; of the camera nothing where nobody has moved it. */
export function screenOf({ course, clock, look, panes: [first] }) {
  const { camera } = first.map;
  const { x, y, zoom } = camera.state;
  return {
    by: course.by,
    at: rounded(course.share(clock.t)),
    colour: look.mode,
    only: [...look.isolated],
    pins: [...look.pins],
    chosen: [...look.chosen].slice(0, MOST),
    camera: camera.moved ? [Math.round(x), Math.round(y), rounded(zoom)] : [],
  };
}

/** An address of the page with this screen in it, as the page itself writes it. */
export function addressOf(address, screen) {
  const found = new URL(address);
  for (const [name, value] of Object.entries(screen)) {
    const said = String(value ?? "");
    if (said) found.searchParams.set(name, said);
    else found.searchParams.delete(name);
  }
  return found.href.replaceAll("%2C", ",");
}

/** The screen that an address of such a page holds, as ``takeUp`` reads it; {} of one without. */
export function screenIn(address) {
  const found = {};
  for (const [name, said] of new URL(address).searchParams) {
    if (LISTS.includes(name)) found[name] = said.split(",").map(Number);
    else if (name === "at") found.at = Number(said);
    else if (WORDS.includes(name)) found[name] = said;
  }
  return found;
}

/** Takes up what ``screenOf`` gave, as far as it means anything here; returns whether a time was
 *  part of it. */
export function takeUp(screen, { look, panes: [first] }) {
  const known = (index) => first.samples.slotOf(index) >= 0;
  if (MODES.includes(screen.colour)) look.mode = screen.colour;
  look.isolated = new Set((screen.only || []).filter((id) => id in first.run.classes));
  look.pins = (screen.pins || []).filter(known);
  look.chosen = new Set(screen.chosen || []);
  const [x, y, zoom] = screen.camera || [];
  first.map.camera.state = { x, y, zoom }; // three numbers, or it stays as it is
  return Number.isFinite(screen.at);
}
