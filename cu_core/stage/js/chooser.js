// The choice of view, with what it needs and says: which are offered, progress, a line of help.

import { rememberChoice } from "./memory.js";

const GHOST_TITLE = "Where a model that never saw them puts the forget samples; always at the end";
const BOTH = { kind: "both", title: "Map and answers", help: "What it sees, and what it answers" };

export class Chooser {
  constructor(stage) {
    this.stage = stage;
    const find = (name) => stage.root.querySelector(name);
    this.box = find(".views");
    this.tools = find(".tools");
    this.ghost = find(".ghost-toggle");
    this.hint = find(".hint");
    this.waiting = find(".waiting");
    this.named = find(".named");
    this.choice = "map"; // the kind of a view, or "both"
    this.ghost.title = GHOST_TITLE;
    this.box.replaceChildren(...[BOTH, ...stage.map.views].map(radio));
  }

  get view() {
    return this.stage.map.view;
  }

  /** What can be chosen now: two pictures where there is room for them, and each view alone. */
  get kinds() {
    const alone = this.stage.map.views.filter((view) => view.offered).map((view) => view.kind);
    return this.stage.beside.possible ? ["both", ...alone] : alone;
  }

  /** The views that are looked at. */
  get views() {
    const { map: beside } = this.stage.beside;
    return beside ? [this.view, beside.view] : [this.view];
  }

  /** Whether the map is the only picture. */
  get alone() {
    return !this.stage.beside.map && !this.stage.compare.twin;
  }

  /** With every blob: what is offered may have changed. */
  load() {
    this.fit();
    this._show();
  }

  next() {
    const { kinds } = this;
    this.choose(kinds[(kinds.indexOf(this._shown) + 1) % kinds.length]);
  }

  /** Shows a view, and asks for what it lacks: some are made only when somebody wants them. */
  choose(kind) {
    const { stage } = this;
    if (!this.kinds.includes(kind)) return;
    stage.compare.close();
    this.choice = kind;
    rememberChoice(kind);
    this._show();
    this._ask();
    stage.layout();
    stage.chosen();
  }

  /** One picture or two, as chosen and as there is room; on a narrow page both means the map. */
  fit() {
    const { beside, compare } = this.stage;
    const { kinds } = this;
    for (const input of this.box.querySelectorAll("input")) {
      input.parentElement.hidden = !kinds.includes(input.value);
    }
    this.box.hidden = kinds.length < 2;
    beside.show(this.choice === "both" && beside.possible && !compare.twin);
    this.box.querySelector(`[value=${this._shown}]`).checked = true;
    this.named.hidden = !beside.map;
  }

  get _shown() {
    return this.choice === "both" && this.kinds.includes("both") ? "both" : this.view.kind;
  }

  _ask() {
    const { wish } = this.view;
    if (wish) this.stage.setTriggerValue(wish, {});
  }

  _show() {
    const { stage } = this;
    const kind = this.choice === "both" ? stage.map.views[0].kind : this.choice;
    if (stage.map.view.kind !== kind) stage.map.show(kind);
    this.fit();
    stage.shown = ""; // the line about the map's quality is another one
    this.ghost.hidden = !this.view.hasGhost;
    stage.map.renderer.canvas.setAttribute("aria-label", this.label(this.view));
  }

  /** What a picture shows, in words. */
  label(view) {
    const { run } = this.stage;
    const forget = [...run.forgetClasses].map((id) => run.classes[id]).join(", ");
    const what = forget ? `class ${forget}` : "single samples";
    const count = `${run.n - run.kept} of them to be forgotten (${what})`;
    return `${run.n} samples ${view.words}, ${count}.`;
  }

  /** With every picture: what the view says of itself, and why it has nothing of this frame. */
  draw(t) {
    const { progress, hint, absent, camera } = this.view;
    const known = this.view.knows(t);
    this.hint.style.left = `${camera.inset + 12}px`; // under the picture
    this.ghost.querySelector("input").checked = this.stage.look.outlines > 0;
    say(this.waiting, known ? "" : progress || absent);
    say(this.hint, known ? this.stage.choosing.hint || progress || hint : "");
  }

  /** What a person left: the choice, and what was turned or moved in each view. */
  get state() {
    const { map, beside } = this.stage;
    const of = (view) => (view.kind === beside.view.kind ? beside.view : view);
    const states = map.views.map((view) => [view.kind, of(view).state]);
    return { kind: this.choice, ...Object.fromEntries(states) };
  }

  set state(left) {
    const { map, beside } = this.stage;
    for (const view of map.views) view.state = left?.[view.kind];
    if (beside.map) beside.view.state = left?.[beside.view.kind];
    const alone = map.views.filter((view) => view.offered).map((view) => view.kind);
    this.choice = left?.kind === "both" || alone.includes(left?.kind) ? left.kind : alone[0];
    this._show();
    this._ask();
  }
}

/** A view's button. */
function radio({ kind, title, help }) {
  const [label, input, name] = ["label", "input", "span"].map((tag) => document.createElement(tag));
  label.title = help;
  Object.assign(input, { type: "radio", name: "view", value: kind });
  name.textContent = title;
  label.append(input, name);
  return label;
}

function say(node, text) {
  node.hidden = !text;
  if (node.textContent !== text) node.textContent = text;
}
