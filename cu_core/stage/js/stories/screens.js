// What is on the screen at a stop of a story. No page here.

const STAYS = ["view", "colour"]; // from stop to stop, until another one says otherwise
const PLAIN = { view: "map", colour: "pred", ghost: false, only: [], pin: [], highlight: null, hide: [],
  morph: false };

/** The whole moment of stop i: view and colour as they were last said, the rest as this one says;
 *  the retrained model's outlines are there only where a stop wants them. */
export function screenAt(stops, i) {
  const screen = { ...PLAIN };
  for (const { moment } of stops.slice(0, i + 1)) {
    for (const name of STAYS) screen[name] = moment[name] ?? screen[name];
  }
  return { ...screen, ...stops[i].moment, view: screen.view, colour: screen.colour };
}

/** Which stop a key goes to from stop ``at`` of ``known``; null for a key that says nothing. */
export function goal(key, at, known) {
  const last = known - 1;
  const to = {
    ArrowRight: at + 1, PageDown: at + 1, " ": at + 1,
    ArrowLeft: at - 1, PageUp: at - 1, Home: 0, End: last,
  }[key];
  return to === undefined ? null : Math.max(0, to);
}
