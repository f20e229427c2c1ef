// The tiles as elements: a label under each map, a frame, a name for those who do not see it.

import { Roving } from "../roving.js";
import { tag, within, write } from "../elements.js";
import { placeOf } from "./grid.js";
import { missing, named, short } from "./words.js";

const ALONG = { ArrowRight: 1, ArrowLeft: -1 };

export class Tiles {
  constructor(root) {
    this.root = root;
    this.held = new Map(); // trial -> its element
    this.order = [];
    this.roving = new Roving(root, { ...ALONG });
  }

  /** The elements of these trials in their order; who had the focus keeps it. */
  show(trials, header, key) {
    const focused = this.held.get(this.focused);
    for (const trial of trials) this._write(trial, header, key);
    const order = trials.map(({ number }) => number);
    const here = new Set(order);
    for (const [number, node] of this.held) {
      if (here.has(number)) continue;
      node.remove();
      this.held.delete(number);
    }
    if (order.length === this.order.length && order.every((n, k) => n === this.order[k])) return;
    this.order = order;
    const nodes = order.map((number) => this.held.get(number));
    this.root.append(...nodes);
    this.roving.take(nodes);
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }

  _write(trial, header, key) {
    let node = this.held.get(trial.number);
    if (!node) {
      node = tile(trial.number);
      this.held.set(trial.number, node);
    }
    const [value, number, state] = node.children;
    write(value, short(header.isKnob ? trial.knobs[key] : trial.values[key]));
    write(number, `#${trial.number}`);
    write(state, missing(trial) || (trial.below_floor ? "below floor" : trial.front ? "front" : ""));
    node.classList.toggle("empty", Boolean(missing(trial)));
    node.classList.toggle("harm", trial.state === "failed" || Boolean(trial.below_floor));
    node.classList.toggle("framed", Boolean(trial.below_floor));
    node.classList.toggle("front", Boolean(trial.front));
    node.setAttribute("aria-label", named(trial, header));
  }

  /** Puts each where its map is. */
  lay(grid) {
    const { columns, side, count } = grid;
    this.root.style.height = `${grid.height}px`;
    this.root.style.setProperty("--side", `${side}px`);
    this.order.forEach((number, k) => {
      const [x, y] = placeOf(grid, k);
      this.held.get(number).style.translate = `${x}px ${y}px`;
    });
    const down = columns < count ? { ArrowDown: columns, ArrowUp: -columns } : {};
    this.roving.keys = { ...ALONG, ...down };
  }

  mark(choice) {
    for (const [number, node] of this.held) {
      node.setAttribute("aria-selected", String(choice.trials.has(number)));
      node.classList.toggle("faded", choice.fades(number));
    }
  }

  /** The trial whose tile has the focus; null where none has. */
  get focused() {
    const number = this.root.querySelector(":focus")?.dataset.number;
    return number === undefined ? null : Number(number);
  }
}

function tile(number) {
  const node = tag("div", "trial");
  node.dataset.number = number;
  node.setAttribute("role", "option");
  within(node, "b", "trial-value");
  within(node, "span", "trial-number");
  within(node, "span", "trial-state");
  return node;
}
