// Keys that the Stage answers to. They go no further, so that no shortcut of the page fires.

const ZOOM = 1.3;

function actionFor(event, stage) {
  const { key } = event;
  const typing = event.target.matches("input");
  const pressing = event.target.matches("button, summary");
  if (key === " " && !typing && !pressing) return () => stage.toggle();
  if (typing) return null; // arrows choose among the radios
  const plain = {
    ArrowLeft: () => stage.stepBy(-1),
    ArrowRight: () => stage.stepBy(1),
    ArrowDown: () => stage.stepBy(-1),
    ArrowUp: () => stage.stepBy(1),
    PageDown: () => stage.stepBy(-10),
    PageUp: () => stage.stepBy(10),
    Home: () => stage.seekTo(0),
    End: () => stage.toEnd(),
    "+": () => stage.map.zoom(ZOOM),
    "=": () => stage.map.zoom(ZOOM),
    "-": () => stage.map.zoom(1 / ZOOM),
    0: () => stage.map.reset(),
    n: () => stage.map.walk(1),
    p: () => stage.map.walk(-1),
    Escape: () => stage.map.unpin(),
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
