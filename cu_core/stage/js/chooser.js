// The choice of view, with what it needs and says: which are offered, progress, a line of help.

const GHOST_TITLE = "Where a model that never saw them puts the forget samples";

export class Chooser {
  constructor(stage) {
    this.stage = stage;
    const find = (name) => stage.root.querySelector(name);
    this.box = find(".views");
    this.tools = find(".tools");
    this.ghost = find(".ghost-toggle");
    this.hint = find(".hint");
    this.waiting = find(".waiting");
    this.under = 0; // pixels that the controls take at the bottom
    this.ghost.title = GHOST_TITLE;
    this.box.replaceChildren(...stage.map.views.map(radio));
  }

  get view() {
    return this.stage.map.view;
  }

  get kinds() {
    return this.stage.map.views.filter((view) => view.offered).map((view) => view.kind);
  }

  /** With every blob: what is offered may have changed. */
  load() {
    const { kinds } = this;
    for (const input of this.box.querySelectorAll("input")) {
      input.parentElement.hidden = !kinds.includes(input.value);
    }
    this.box.hidden = kinds.length < 2;
    this._show(this.view.kind);
  }

  next() {
    const { kinds } = this;
    this.choose(kinds[(kinds.indexOf(this.view.kind) + 1) % kinds.length]);
  }

  /** Shows a view, and asks for what it lacks: some are made only when somebody wants them. */
  choose(kind) {
    const { stage } = this;
    if (!this.kinds.includes(kind)) return;
    stage.compare.close();
    this._show(kind);
    this._ask();
    stage.keep();
    stage.layout();
  }

  _ask() {
    const { wish } = this.view;
    if (wish) this.stage.setTriggerValue(wish, {});
  }

  _show(kind) {
    const { stage } = this;
    if (stage.map.view.kind !== kind) stage.map.show(kind);
    stage.shown = ""; // the line about the map's quality is another one
    this.box.querySelector(`[value=${kind}]`).checked = true;
    this.ghost.hidden = !this.view.hasGhost;
    stage.map.renderer.canvas.setAttribute("aria-label", this._label());
  }

  _label() {
    const { run } = this.stage;
    const forget = [...run.forgetClasses].map((id) => run.classes[id]).join(", ");
    const what = forget ? `class ${forget}` : "single samples";
    const count = `${run.n - run.kept} of them to be forgotten (${what})`;
    return `${run.n} samples ${this.view.words}, ${count}.`;
  }

  /** Pixels [above, below] that the controls take of the map. */
  taken() {
    const { tools } = this;
    const below = tools.offsetTop > tools.parentElement.clientHeight / 2;
    const pixels = tools.offsetHeight + 12;
    this.under = below ? pixels : 0;
    return below ? [this.stage.legend.root.offsetHeight + 12, pixels] : [pixels, 0];
  }

  /** With every picture: what the view says of itself, and why it has nothing of this frame. */
  draw(t) {
    const { progress, hint, absent, camera } = this.view;
    const known = this.view.knows(t);
    this.hint.style.left = `${camera.inset + 12}px`; // under the picture
    this.hint.style.bottom = `${this.under + 12}px`;
    say(this.waiting, known ? "" : progress || absent);
    say(this.hint, known ? progress || hint : "");
  }

  /** What a person left: the view, and what was turned or moved in each. */
  get state() {
    const states = this.stage.map.views.map((view) => [view.kind, view.state]);
    return { kind: this.view.kind, ...Object.fromEntries(states) };
  }

  set state(left) {
    for (const view of this.stage.map.views) view.state = left?.[view.kind];
    if (!this.kinds.includes(left?.kind)) return;
    this._show(left.kind);
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
