// Keys that the Stage answers to. They go no further, so that no shortcut of the page fires.

const ZOOM = 1.3;
const TURNS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The map that was touched last, where there are several. */
const hand = (stage) => stage.map.look.hand;

/** What each key (``on``) does. ``names``: as a person reads them; ``does``: in words; ``has``: a
 *  part of the Stage without which it does nothing. */
export const KEYS = [
  { on: [" "], names: ["Space"], does: "play or pause", act: (stage) => stage.toggle() },
  {
    on: ["ArrowRight", "ArrowUp"], names: ["→", "↑"], does: "one picture on",
    act: (stage) => stage.stepBy(1),
  },
  {
    on: ["ArrowLeft", "ArrowDown"], names: ["←", "↓"], does: "one picture back",
    act: (stage) => stage.stepBy(-1),
  },
  { on: ["PageUp"], names: ["Page up"], does: "ten pictures on", act: (stage) => stage.stepBy(10) },
  {
    on: ["PageDown"], names: ["Page down"], does: "ten pictures back",
    act: (stage) => stage.stepBy(-10),
  },
  { on: ["Home"], names: ["Home"], does: "to the start", act: (stage) => stage.seekTo(0) },
  { on: ["End"], names: ["End"], does: "to the end", act: (stage) => stage.toEnd() },
  { on: ["+", "="], names: ["+"], does: "nearer", act: (stage) => hand(stage).zoom(ZOOM) },
  { on: ["-"], names: ["−"], does: "farther", act: (stage) => hand(stage).zoom(1 / ZOOM) },
  { on: ["0"], names: ["0"], does: "the whole picture", act: (stage) => hand(stage).reset() },
  { on: ["n"], names: ["N"], does: "next forget sample", act: (stage) => hand(stage).walk(1) },
  { on: ["p"], names: ["P"], does: "the one before", act: (stage) => hand(stage).walk(-1) },
  { on: ["l"], names: ["L"], does: "choose samples", act: (stage) => stage.choosing.toggle() },
  {
    on: ["v"], names: ["V"], does: "next view", has: "visit",
    act: (stage) => stage.chooser.next(),
  },
  {
    on: ["c"], names: ["C"], does: "copy a link to this moment",
    act: (stage) => stage.link.copy(),
  },
  {
    on: ["f"], names: ["F"], does: "present: the picture on the whole screen",
    act: (stage) => stage.presenter.toggle(),
  },
  {
    on: ["d"], names: ["D"], does: "pointer, while presenting",
    act: (stage) => stage.presenter.point(),
  },
  {
    on: ["b"], names: ["B"], does: "black, while presenting",
    act: (stage) => stage.presenter.black(),
  },
  {
    on: ["w"], names: ["W"], does: "notes in a window of their own", has: "notes",
    act: (stage) => stage.notes.toggle(),
  },
  { on: ["?"], names: ["?"], does: "this list", act: (stage) => stage.help.toggle() },
  { on: ["Escape"], names: ["Esc"], does: "back", act: escape },
];

function escape(stage) {
  const { help, choosing, compare, presenter } = stage;
  return help.close() || choosing.leave() || compare.close() || presenter.leave()
    || hand(stage).unpin();
}

function actionFor(event, stage) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key; // caps lock
  const typing = event.target.matches("input, select");
  const pressing = event.target.matches("button, summary");
  if (key === " " && pressing) return null;
  if (typing && key !== "Escape") return null; // arrows choose among the radios
  if (event.shiftKey && hand(stage).view.turn && key in TURNS) {
    return () => hand(stage).turn(...TURNS[key]);
  }
  if (key === "Enter" && stage.map.look.choosing && !pressing) return () => stage.choosing.take();
  const found = KEYS.find(({ on, has }) => on.includes(key) && (!has || stage[has]));
  return found ? () => found.act(stage) : null;
}

export function onKey(event, stage) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "Tab") event.stopPropagation();
  if (!stage.run) return;
  const act = actionFor(event, stage);
  if (!act) return;
  event.preventDefault();
  act();
}
