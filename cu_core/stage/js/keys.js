// Keys that the Stage answers to. They go no further, so that no shortcut of the page fires.

const ZOOM = 1.3;
const TURNS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function actionFor(event, stage) {
  const { key } = event;
  const typing = event.target.matches("input");
  const pressing = event.target.matches("button, summary");
  if (key === " " && !typing && !pressing) return () => stage.toggle();
  if (typing && key !== "Escape") return null; // arrows choose among the radios
  const { hand } = stage.map.look; // the map that was touched last, where there are two
  if (event.shiftKey && hand.view.turn && key in TURNS) return () => hand.turn(...TURNS[key]);
  const plain = {
    ArrowLeft: () => stage.stepBy(-1),
    ArrowRight: () => stage.stepBy(1),
    ArrowDown: () => stage.stepBy(-1),
    ArrowUp: () => stage.stepBy(1),
    PageDown: () => stage.stepBy(-10),
    PageUp: () => stage.stepBy(10),
    Home: () => stage.seekTo(0),
    End: () => stage.toEnd(),
    "+": () => hand.zoom(ZOOM),
    "=": () => hand.zoom(ZOOM),
    "-": () => hand.zoom(1 / ZOOM),
    0: () => hand.reset(),
    n: () => hand.walk(1),
    p: () => hand.walk(-1),
    v: () => stage.chooser.next(),
    Escape: () => stage.compare.close() || hand.unpin(),
  };
  return plain[key] || null;
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
