// The Stage as a component of a page.

import { isOpen, mounting } from "./mounting.js";
import { Stage } from "./stage.js";

function expose(stage) {
  if (!isOpen()) return;
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

const onPage = mounting(Stage, expose);

export default function mount(component) {
  return onPage(component);
}
