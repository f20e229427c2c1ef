// Two pictures at once: beside what the model sees (the map), what it answers, on the same clock.

import { MapView } from "./map.js";

export const ROOM = 1000; // CSS pixels: a page that is narrower shows one picture
const SLOW = 22; // milliseconds between two pictures, from which the second is drawn half as often
const LONG = 100; // milliseconds: more is a rest, not a pace
const KIND = "answers"; // the view beside the map

export class Beside {
  constructor(stage) {
    this.stage = stage;
    this.pace = 0; // milliseconds between pictures, lately
    this.skipped = false; // whether the last picture was left out
    this.map = null; // the second picture, while it is shown
  }

  /** Whether this page has the room, and this run the answers. */
  get possible() {
    const { root, map } = this.stage;
    return root.clientWidth >= ROOM && map.views.find(({ kind }) => kind === KIND).offered;
  }

  /** The view beside the map, of the picture in which it is looked at. */
  get view() {
    return (this.map || this.stage.map).views.find(({ kind }) => kind === KIND);
  }

  /** Shows the second picture, or takes it away; what a hand did in the view goes with it. */
  show(wanted) {
    if (wanted === Boolean(this.map)) return;
    const { stage } = this;
    const { state } = this.view;
    if (wanted) this._make();
    else this.drop();
    this.view.reset();
    this.view.state = state;
    stage.root.classList.toggle("both", wanted);
    stage.map.look.hand = stage.map;
  }

  _make() {
    const { stage } = this;
    const root = stage.map.root.cloneNode(false);
    root.classList.add("beside");
    root.setAttribute("aria-label", "What the model answers for the samples");
    for (const part of stage.map.root.querySelectorAll(":scope > *:not(.points, .notice)")) {
      root.append(part.cloneNode(!part.matches(".furniture, .names")));
    }
    stage.map.root.after(root);
    this.map = new MapView(root, stage.map.look, () => stage.request(), [KIND]);
    this.hint = root.querySelector(".hint");
    this.hint.removeAttribute("style"); // where the first picture's legend has it
    const named = root.querySelector(".named");
    Object.assign(named, { hidden: false, textContent: "What it answers" });
    stage.compare.hands(this.map);
    this.map.load(stage.run, 0, true);
    this.map.renderer.canvas.setAttribute("aria-label", stage.chooser.label(this.map.view));
  }

  _skips(moving) {
    const now = performance.now();
    const passed = Math.min(LONG, now - (this.before ?? now));
    this.before = now;
    this.pace += (passed - this.pace) / 8;
    this.skipped = moving && this.pace > SLOW && !this.skipped;
    return this.skipped;
  }

  drop() {
    this.map?.destroy();
    this.map?.root.remove();
    this.map = null;
  }

  load(run, firstNew, fresh) {
    this.map?.load(run, firstNew, fresh);
  }

  resize(ratio) {
    this.map?.resize(ratio, 0);
  }

  /** With every picture; while time runs on a machine that is too slow for two, every other one. */
  draw(t, calm, moving) {
    if (!this.map || this._skips(moving)) return;
    this.hint.hidden = false;
    this.hint.textContent = this.stage.choosing.hint || this.map.view.hint;
    this.map.draw(t, calm);
  }
}
