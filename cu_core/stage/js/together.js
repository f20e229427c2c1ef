// Several runs on one clock as a component of a page.

import { isOpen, mounting } from "./mounting.js";
import { Together } from "./together/together.js";

function expose(together) {
  if (!isOpen()) return;
  window.__together = {
    together,
    get ready() { return together.drawn > 0; },
    get times() { return together.panes.map((pane) => pane.t); },
    get steps() { return together.panes.map((pane) => pane.step); },
    get marked() { return together.panes.map((pane) => pane.places().map(({ index }) => index)); },
    get chosen() { return together.panes.map((pane) => pane.chosen); },
    get modes() { return together.panes.map((pane) => pane.map.renderer.mode); },
    get moving() { return together.clock.moving; },
    get errors() { return together.errors; },
    fps: () => together.fps(),
  };
}

const onPage = mounting(Together, expose);

export default function mount(component) {
  return onPage(component);
}
