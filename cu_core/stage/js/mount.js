// The component as the page calls it: on mount, on new data, on a change of theme.

import { Stage } from "./stage.js";

const stages = new WeakMap(); // parentElement -> {stage, calls}
const UNMOUNT_GRACE = 100; // milliseconds: a call that was overtaken is no unmount

/** What a test, or a curious person, may read when the page's URL has debug=1. */
function expose(stage) {
  if (new URLSearchParams(location.search).get("debug") !== "1") return;
  window.__lethe = {
    stage,
    get frame() { return stage.clock.t; },
    get frames() { return stage.run ? stage.run.frames : 0; },
    get ready() { return Boolean(stage.run && stage.shown); },
    get mode() { return stage.map.renderer.mode; },
    get moving() { return stage.clock.moving; },
    get draws() { return stage.draws; },
    get errors() { return stage.errors; },
    fps: () => stage.fps(),
  };
}

export default function mount(component) {
  const parent = component.parentElement;
  let held = stages.get(parent);
  if (!held) {
    held = { stage: new Stage(parent), calls: 0 };
    stages.set(parent, held);
    expose(held.stage);
  }
  held.calls++;
  const call = held.calls;
  try {
    held.stage.update(component);
  } catch (error) {
    held.stage.fail(error);
  }
  const remove = () => {
    if (held.calls !== call || held.stage.gone) return;
    if (parent.isConnected) return void held.stage.rest();
    stages.delete(parent);
    held.stage.destroy();
  };
  return () => (parent.isConnected ? setTimeout(remove, UNMOUNT_GRACE) : remove());
}
