// What is said under the picture: the caption of the moment, the verdict at the end, who went where.

import { captionAt, captions } from "./captions.js";
import { write } from "./elements.js";

const FADE = 900; // milliseconds in which the retrained model's outlines appear at the end

export class Story {
  constructor(stage) {
    this.stage = stage;
    this.line = stage.root.querySelector(".line");
    this.between = stage.root.querySelector(".between");
    this.captions = [];
    this.arrived = null; // when playing came to the end, where it did
  }

  /** With every blob: captions, and where the clock holds for them. */
  load(run) {
    const { clock } = this.stage;
    this.captions = captions(run);
    clock.holds = this.captions;
    clock.loops = run.header.opens?.loop ?? Boolean(run.header.recorded);
  }

  /** How much of the outlines is seen at the time ``now``; whether that is still changing. */
  fade(now, played) {
    const { clock, look } = this.stage;
    if (!clock.ended) this.arrived = null;
    else if (played && this.arrived === null) this.arrived = now;
    const wanted = look.ghost ?? clock.ended;
    const share = this.arrived === null ? 1 : Math.min(1, (now - this.arrived) / FADE);
    look.outlines = wanted ? (look.ghost === null && !clock.calm ? share : 1) : 0;
    return wanted && look.outlines < 1;
  }

  /** With every picture: the caption of time t. */
  say(t) {
    write(this.line, captionAt(this.captions, t).replaceAll(" %", "\u00a0%"));
  }

  /** With every new frame; ``views``: those that are looked at, each of which says what moved. */
  draw(frame, views) {
    const said = views.map((view) => view.happened?.(frame) || "").filter(Boolean);
    write(this.between, said.join(" "));
  }
}
