// What a story shows: one run on a Stage, or two side by side, each led by the story alone.

import { offered } from "../highlight.js";
import { Stage } from "../stage.js";
import { Together } from "../together/together.js";

const deaf = { setStateValue() {}, setTriggerValue() {} }; // a story's page hears of guesses alone
const LARGER = 1.2; // marks, for who looks from the back of a room
const PLANE = "map"; // the view in which marks go to other places

/** One run. ``t`` is a time in frames; ``morph`` 1: forget marks stand where the retrained model has
 *  them. */
export class Single {
  constructor(host) {
    this.stage = new Stage(host);
    this.stage.look.larger = LARGER;
    this.morph = 0;
  }

  get t() { return this.stage.clock.t; }
  get calm() { return this.stage.clock.calm; }
  get errors() { return this.stage.errors; }

  take(data) {
    this.stage.update({ data, ...deaf });
    this.stage.clock.playing = false; // a run plays by itself when it is opened
  }

  timeOf({ moment }) {
    return Math.round(this.stage.run.timeOf(moment.step));
  }

  /** Everything of a moment but its time. */
  dress({ view, colour, ghost, only, pin, highlight }) {
    const { stage, stage: { chooser, look, run } } = this;
    if (chooser.choice !== view) chooser.state = { kind: view };
    look.set(colour);
    look.ghost = ghost;
    look.isolated = new Set(only.filter((id) => id in run.classes));
    look.pins = pin.map((index) => run.index.indexOf(index)).filter((slot) => slot >= 0);
    look.highlight = offered(run).find(({ key }) => key === highlight) ?? null;
    stage.layout();
  }

  /** The whole picture, wherever a hand has been in it. */
  home() {
    const { map, beside } = this.stage;
    for (const view of [...map.views, ...(beside.map?.views ?? [])]) view.reset();
    this.stage.request();
  }

  seek(t) {
    this.stage.seek(t);
  }

  /** Where the marks are between their own places and the retrained model's. */
  go(morph) {
    const { map } = this.stage;
    const plane = map.views.find(({ kind }) => kind === PLANE);
    this.morph = plane.morph = plane.hasGhost ? morph : 0;
    if (!morph && map.view === plane) map.renderer.enter(plane);
    this.stage.request();
  }

  /** The theme has changed. */
  update() {
    if (this.stage.run) this.stage.dress();
  }

  rest() { this.stage.rest(); }
  destroy() { this.stage.destroy(); }
}

/** Two runs on one clock; a time is one of the run that leads. */
export class Pair {
  constructor(host) {
    this.together = new Together(host);
    this.together.look.larger = LARGER;
    this.morph = 0;
  }

  get t() { return this.together.clock.t; }
  get calm() { return this.together.clock.calm; }
  get errors() { return this.together.errors; }

  take(data) {
    this.together.update({ data, ...deaf });
    this.together.clock.playing = false;
  }

  timeOf({ moment }) {
    const { course, panes: [first] } = this.together;
    return Math.round(course.timeOfShare(moment.step / first.run.endStep));
  }

  dress({ colour, only, pin }) {
    const { together, together: { look } } = this;
    look.set(colour);
    look.isolated = new Set(only);
    look.pins = pin;
    together.layout();
  }

  home() {
    for (const { map } of this.together.panes) map.reset();
  }

  seek(t) {
    this.together.seek(t);
  }

  go() {}

  update() {
    if (this.together.run) this.together.dress();
  }

  rest() { this.together.rest(); }
  destroy() { this.together.destroy(); }
}
