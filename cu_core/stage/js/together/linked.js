// Maps of one projection as one: panned and zoomed together, over all that any of them shows.

import { across, union } from "../compare.js";
import { grown } from "../camera.js";

const EDGE = 0.05;

/** The same rectangle (quanta) in another grid. */
function rectangle(from, to, [x0, y0, x1, y1]) {
  return [...across(from, to, x0, y0), ...across(from, to, x1, y1)];
}

/** All panes look at one stretch of the projection, which holds every frame of each. */
export function together(panes) {
  const [{ grid }] = panes;
  const reach = panes.map((pane) => rectangle(pane.grid, grid, pane.run.bounds));
  const home = grown(reach.reduce(union), EDGE);
  for (const pane of panes) {
    pane.map.camera.home(rectangle(grid, pane.grid, home));
    pane.map.camera.reset();
  }
}

/** The others look where the camera of ``lead`` does. */
export function follow(lead, panes) {
  const from = lead.map.camera;
  for (const pane of panes) {
    if (pane === lead) continue;
    if (!from.moved) {
      pane.map.camera.reset(); // a place that went through two grids is not the very same number
      continue;
    }
    const [x, y] = across(lead.grid, pane.grid, from.x, from.y);
    pane.map.camera.state = { x, y, zoom: from.zoom };
  }
}
