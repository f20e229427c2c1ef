// "Compare with an exact map": one frame beside a UMAP that was fitted to this frame alone.

import { grown } from "./camera.js";
import { write } from "./elements.js";
import { MapView } from "./map.js";
import { measures } from "./texts.js";

const AGAIN_S = 10; // between two askings for what nobody has heard of
const SLOW_S = 10; // a fit itself takes few: who waits longer is told why
const COMPILES = "a new engine compiles it first";

/** One frame of ``run`` at other places: the same slots, colours and pictures. */
export function exactRun(run, exact, places) {
  const frame = run.steps.indexOf(exact.step);
  const { n } = run;
  const xy = new Uint16Array(2 * n);
  const bounds = [65535, 65535, 0, 0];
  for (let slot = 0; slot < n; slot++) {
    for (const axis of [0, 1]) {
      const at = places[2 * run.order[slot] + axis];
      xy[2 * slot + axis] = at;
      bounds[axis] = Math.min(bounds[axis], at);
      bounds[2 + axis] = Math.max(bounds[2 + axis], at);
    }
  }
  const far = Float32Array.from({ length: n }, (_, slot) => run.moved(slot, frame));
  const made = Object.create(run); // labels, pictures and the scale of "moved" are the run's own
  return Object.assign(made, {
    frames: 1, steps: [exact.step], quality: [exact.quality], floors: [run.floorTo(frame)],
    pred: run.pred.slice(frame * n, (frame + 1) * n), ghost: new Uint16Array(0), ghostSlots: [],
    xy, bounds, box: exact.box, seconds: exact.seconds, moved: (slot) => far[slot],
  });
}

/** {unit, x, y}: layout units a quantum, and where quantum 0 lies. */
export function grid([x0, y0, x1, y1]) {
  return { unit: Math.max(x1 - x0, y1 - y0) / 65535, x: x0, y: y0 };
}

/** A place in quanta of one grid, in quanta of another. */
export function across(from, to, x, y) {
  return [(from.x + x * from.unit - to.x) / to.unit, (from.y + y * from.unit - to.y) / to.unit];
}

/** The rectangle around two [x0, y0, x1, y1]. */
export function union(a, b) {
  return [...[0, 1].map((k) => Math.min(a[k], b[k])), ...[2, 3].map((k) => Math.max(a[k], b[k]))];
}

export class Compare {
  constructor(stage) {
    this.stage = stage;
    const find = (name) => stage.root.querySelector(name);
    this.button = find(".compare");
    this.note = find(".fitting");
    this.captions = [find(".caption.drawn"), find(".caption.fitted p")];
    this.closer = find(".close");
    this.asked = null; // the step whose exact map a person waits for
    this.exact = null; // what the page's maker says: the header's "exact"
    this.latest = this.heard = -1; // clicks that were refused: the last one, that before this wish
    this.found = null; // {exact, places} of the last one that is done
    this.button.addEventListener("click", () => this.ask());
    this.closer.addEventListener("click", () => this.close());
    this.hands(stage.map);
  }

  /** The half under the pointer, or with the focus, shows the card and leads the other's zoom. */
  hands(view) {
    for (const name of ["pointerenter", "focusin"]) {
      view.root.addEventListener(name, () => {
        view.look.hand = view;
        this.stage.request();
      });
    }
  }

  // --- data

  /** With every blob. A recorded run holds one exact map, or none; nothing can be fitted there. */
  take(header, sections) {
    const { exact } = header;
    const { steps } = this.stage.run;
    const told = exact?.click <= this.heard; // once more, on its way when a person clicked again
    this.exact = exact || null;
    this.latest = exact?.click ?? this.latest;
    this.fixed = Boolean(header.recorded || exact?.recorded);
    if (header.start === 0) this.found = null; // perhaps another life of the run
    if (exact?.state === "done" && sections.exact && steps.includes(exact.step)) {
      this.found = { exact, places: sections.exact.slice() };
    }
    if (this.asked !== null && exact?.step === this.asked) {
      if (exact.state === "done" && this.found?.exact.step === this.asked) this.open();
      else if (exact.state === "failed" && !told) this._waits(null);
    }
    if (this.asked !== null && !steps.includes(this.asked)) this._waits(null); // left out by now
    const gone = header.start === 0 && this.found?.exact.step !== this.shown;
    if (gone || !steps.includes(this.shown)) this.close();
  }

  /** Another run came into this Stage: nothing of the old one is left. */
  forget() {
    this.close();
    this._waits(null);
    this.exact = this.found = null;
  }

  ask() {
    const { stage } = this;
    if (stage.clock.moving) {
      stage.clock.pause();
      stage.settle(false);
    }
    if (this.fixed) stage.seekTo(stage.run.steps.indexOf(this.found.exact.step));
    else if (stage.run.passes(stage.clock.frame)) stage.stepBy(-1); // to one that stays
    const step = stage.run.steps[stage.clock.frame];
    if (this.found?.exact.step === step) return this.open();
    this.heard = this.latest;
    this._waits(step);
    if (this._focus() === this.button) stage.map.root.focus({ preventScroll: true }); // it hides
    stage.setTriggerValue("check", { step });
    stage.request();
  }

  /** Waiting takes seconds: they are counted while one waits. */
  _waits(step) {
    clearInterval(this.timer);
    this.asked = step;
    this.since = performance.now();
    if (step !== null) this.timer = setInterval(() => this._waitsOn(step), 1000);
  }

  /** A page that began anew meanwhile, its server too, has never heard of the wish. */
  _waitsOn(step) {
    this._words();
    const passed = Math.round((performance.now() - this.since) / 1000);
    const heard = this.exact?.state === "fitting" && this.exact.step === step;
    if (passed % AGAIN_S === 0 && !heard) this.stage.setTriggerValue("check", { step });
  }

  // --- the right half

  open() {
    this._waits(null);
    const { map, root, told } = this.stage;
    const held = [this.button, map.root].includes(this._focus());
    root.querySelector(".quality details").open = false; // it would lie over the right half
    if (!this.twin) {
      this.before = { bounds: map.camera.bounds, state: map.camera.state, ghost: map.look.ghost };
      this._ghost(false);
      this.twin = this._twin(map);
      root.classList.add("comparing");
    }
    this._show();
    this.stage.layout();
    told.textContent = `An exact map of step ${this.shown} is shown beside the animated one.`;
    if (held) this.closer.focus();
  }

  _twin(map) {
    const root = map.root.cloneNode(false);
    root.classList.add("twin");
    for (const part of map.root.querySelectorAll(":scope > :is(.over, .names, .reset, .card)")) {
      root.append(part.cloneNode(!part.matches(".names")));
    }
    map.root.after(root);
    const twin = new MapView(root, map.look, () => this.stage.request());
    this.hands(twin);
    return twin;
  }

  /** An exact map has no place for the retrained model's outlines, so neither half shows them. */
  _ghost(shown) {
    const { look } = this.stage.map;
    look.ghost = shown;
    look.version++;
  }

  /** The last exact map in the right half; both halves in one scale, at one place. */
  _show() {
    const { stage: { run, map }, twin, found: { exact, places }, before } = this;
    this.shown = exact.step;
    this.run = exactRun(run, exact, places);
    twin.load(this.run, 0, false);
    twin.root.setAttribute("aria-label", `Exact UMAP of step ${exact.step}`);
    twin.renderer.canvas.setAttribute("aria-label", "The same samples in a UMAP of this step");
    const [here, there] = (this.grids = [grid(run.box), grid(exact.box)]);
    const [x0, y0, x1, y1] = grown(this.run.bounds, 0.05);
    const reach = [...across(there, here, x0, y0), ...across(there, here, x1, y1)];
    const home = union(before.bounds, reach);
    map.camera.home(home);
    twin.camera.home([
      ...across(here, there, home[0], home[1]), ...across(here, there, home[2], home[3]),
    ]);
    map.camera.reset();
    twin.camera.reset();
  }

  /** Back to one map, as it was. Returns whether there was anything to close. */
  close() {
    if (!this.twin) return false;
    const { map, root } = this.stage;
    const held = this.closer === this._focus() || this.twin.root.contains(this._focus());
    this._drop();
    root.classList.remove("comparing");
    map.look.hand = map;
    map.look.hover = -1;
    this._ghost(this.before.ghost);
    map.camera.home(this.before.bounds);
    map.camera.state = this.before.state;
    this.stage.layout();
    if (held) this.button.focus();
    return true;
  }

  _drop() {
    this.twin.destroy();
    this.twin.root.remove();
    this.twin = this.run = this.shown = null;
  }

  _focus() {
    return this.stage.root.getRootNode().activeElement;
  }

  destroy() {
    clearInterval(this.timer);
    if (this.twin) this._drop();
  }

  // --- pictures

  /** After the left half: both leave the same room for its legend and its controls. */
  resize(ratio, inset) {
    if (!this.twin) return;
    this.twin.resize(ratio, inset);
    this.drawn = "";
  }

  /** Before the left half is drawn: the half that a hand zooms or drags takes the other along. */
  draw() {
    this._words();
    if (!this.twin) return;
    const { look, camera } = this.stage.map;
    const cameras = [camera, this.twin.camera];
    const lead = look.hand === this.twin ? 1 : 0;
    const [from, to] = [cameras[lead], cameras[1 - lead]];
    const [x, y] = across(this.grids[lead], this.grids[1 - lead], from.x, from.y);
    to.state = { x, y, zoom: from.zoom };
    this._picture(look);
  }

  /** The right half stands still: it is drawn when something but the clock has changed. */
  _picture(look) {
    const { twin } = this;
    const { x, y, zoom } = twin.camera;
    const hand = look.hand === twin;
    const key = [look.version, look.hover, look.pins, hand, Boolean(twin.card.sheet), x, y, zoom];
    if (key.join("/") === this.drawn && !twin.thumbs.changing) return;
    this.drawn = key.join("/");
    twin.draw(0, false);
  }

  // --- words

  _words() {
    const { stage: { run, clock, map: { view } }, exact, twin } = this;
    const step = run.steps[clock.frame];
    const awaited = this.asked ?? (exact?.state === "fitting" ? exact.step : null);
    this._say(step, awaited);
    const possible = this.fixed ? this.found : exact;
    const needed = twin ? !this.fixed && this.shown !== step : true;
    this.button.hidden = !(possible && needed && awaited !== step && view.comparable);
    write(this.button, twin ? "Compare this frame too" : "Compare with an exact map");
    if (twin) this._captions(step);
  }

  /** Beside the button: what is being fitted, for how long already, or why it could not be. */
  _say(step, awaited) {
    const { exact, asked } = this;
    const failed = exact?.state === "failed" && exact.step === step && awaited === null;
    const which = awaited === step ? "this frame" : `step ${awaited}`;
    const passed = Math.floor((performance.now() - this.since) / 1000);
    const why = asked !== null && passed >= SLOW_S ? `; ${COMPILES}` : "";
    const going = exact?.doing || `Fitting UMAP to ${which} alone${why}…`;
    const doing = awaited === null ? "" : going;
    const [status, count] = this.note.children;
    write(status, failed ? exact.message : doing);
    write(count, asked !== null && passed > 0 ? `${passed} s` : "");
    this.note.hidden = !status.textContent;
  }

  _captions(step) {
    const { stage: { run, clock }, run: { quality: [fitted], seconds }, shown } = this;
    const [left, right] = this.captions;
    write(left.children[0], `Animated, step ${step}`);
    write(left.children[1], measures(run.quality[clock.frame]));
    write(right.children[0], `Exact UMAP of step ${shown}`);
    const took = typeof seconds === "number" ? `, in ${seconds.toFixed(1)} s` : "";
    write(right.children[1], `${measures(fitted)}. Fitted to this frame alone${took}.`);
    right.classList.toggle("elsewhere", step !== shown);
  }
}
