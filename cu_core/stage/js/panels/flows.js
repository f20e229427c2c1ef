// "Where did they go": the forget samples of the frame under the playhead, from label to answer,
// beside those of the retrained model; as two drawings, as a table, and in one sentence.

import { ROOM } from "../beside.js";
import { within, write } from "../elements.js";
import { answering, drawnClasses, flows, OTHERS, sentence, whyAbsent } from "../flow.js";
import { FlowTable } from "../flow_table.js";
import { recallOpen, rememberOpen } from "../memory.js";
import { register } from "../panels.js";
import { Roving } from "../roving.js";
import { layout, Sankey } from "../sankey.js";

const TITLE = "Where did they go";
const HOW = "Left: the label that each forget sample carries. Right: what the model answers for it.";
const KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

class Flows {
  static kind = "flows";
  static rank = 30;

  constructor(stage, box) {
    Object.assign(this, { stage, box });
    box.setAttribute("aria-label", TITLE);
    this.fold = within(within(box, "h3"), "button", "fold", TITLE);
    this.fold.type = "button";
    this.fold.addEventListener("click", () => this._folds(!this.open, true));
    this.body = within(box, "div", "flow-body");
    this.said = within(this.body, "p", "flow-said");
    this.how = within(this.body, "p", "flow-how");
    this.take = within(this.body, "button", "quiet", "Choose these");
    this.take.type = "button";
    this.take.addEventListener("click", () => stage.select(stage.look.marked, "add"));
    const pair = within(this.body, "div", "flow-pair");
    this.sides = ["now", "retrained"].map((side) => this._side(side, pair));
    this.roving = new Roving(pair, KEYS);
    this.table = new FlowTable(this.body, (row, side) => this._mark(new Set([row.key]), side));
    this.watch = new ResizeObserver(() => stage.request());
    this.watch.observe(pair);
  }

  _side(side, pair) {
    const root = within(pair, "div", `flow-side ${side}`);
    const title = within(root, "h4");
    const why = within(root, "p", "flow-why");
    const sankey = new Sankey(root, (band) => this._mark(band.keys, side));
    return { side, root, title, why, sankey };
  }

  load(run, fresh) {
    this.box.hidden = run.kept === run.n || !run.frames;
    if (fresh) this.table.forget();
    if (fresh) this.stage.look.marked = new Set(); // slots of another run
    if (fresh) this._folds(recallOpen(Flows.kind) ?? this.stage.root.clientWidth >= ROOM);
    this.run = run;
    this.stage.request();
  }

  _folds(open, byHand = false) {
    this.open = open;
    this.fold.setAttribute("aria-expanded", String(open));
    this.body.hidden = !open;
    if (!byHand) return;
    rememberOpen(Flows.kind, open);
    this.stage.request();
  }

  draw(t) {
    const { run, stage } = this;
    if (!this.open || this.box.hidden || run !== stage.run) return;
    const frame = Math.min(Math.round(t), run.last);
    const width = this.sides[0].root.clientWidth;
    const look = [width, stage.look.version].join("/");
    this.take.disabled = !stage.look.marked.size;
    this.said.setAttribute("aria-live", stage.clock.moving ? "off" : "polite");
    const grown = run.header !== this.header; // each blob has its own
    const changed = grown || look !== this.seen;
    if ((frame === this.frame && !changed) || !width) return;
    if (grown) this.drawn = drawnClasses(run);
    Object.assign(this, { seen: look, frame, header: run.header });
    this.flow = flows(run, frame);
    write(this.said, sentence(this.flow));
    write(this.how, this._how());
    const held = this.box.getRootNode().activeElement;
    const [now, retrained] = this.sides;
    this._draw(now, width);
    if (changed) this._draw(retrained, width); // it is the same at every frame
    const shown = this.sides.filter(({ side }) => side === "now" || this.flow.known);
    this.roving.take(shown.flatMap(({ sankey }) => sankey.items));
    const { items, at } = this.roving;
    if (held?.matches(".band") && !held.isConnected) items[at]?.focus(); // its samples are elsewhere
    this.table.draw(this.flow, (row, side) => this._pressed([row.key], row[side], side));
  }

  _how() {
    const { drawn, flow } = this;
    const joined = [...drawn.from, ...drawn.to].includes(OTHERS);
    const few = joined ? " Classes that have little at every step are drawn as others." : "";
    const home = flow.mislabelled ? " Filled: answered as their true class; dashed: as another." : "";
    return `${HOW}${home}${few} Press a band to mark its samples in the picture.`;
  }

  _draw({ side, title, why, sankey }, width) {
    const { flow, run, frame, stage } = this;
    const there = side === "now" || flow.known;
    const named = side === "now" ? `Now, step ${run.steps[frame]}` : "Retrained";
    write(title, named);
    write(why, there ? "" : whyAbsent(run));
    sankey.svg.toggleAttribute("hidden", !there);
    if (!there) return;
    sankey.svg.classList.toggle("planted", flow.mislabelled > 0);
    const { classes, total } = flow;
    const name = (id) => (id === OTHERS ? "others" : classes[id]);
    const kinds = { stays: ", as labelled", home: ", their true class", moves: "" };
    sankey.draw({
      plan: layout(flow, side, this.drawn), classes, look: stage.look, width,
      label: side === "now" ? `${named}: ${sentence(flow)}` : named,
      says: ({ from, to, kind, count }) => `${count.toLocaleString("en")} of ` +
        `${total.toLocaleString("en")}: ${name(from)} to ${name(to)}${kinds[kind]}`,
      pressed: ({ keys, count }) => this._pressed(keys, count, side),
    });
  }

  /** Whether the samples of these rows, and no others, are the marked ones. */
  _pressed(keys, count, side) {
    const { marked } = this.stage.look;
    if (!count || marked.size !== count) return false;
    return answering(this.run, this.frame, new Set(keys), side).every((slot) => marked.has(slot));
  }

  /** Their samples are marked; pressed once more, none is. */
  _mark(keys, side) {
    const slots = answering(this.run, this.frame, keys, side);
    if (slots.length) this.stage.mark(this._pressed(keys, slots.length, side) ? [] : slots);
  }

  drop() {
    this.watch.disconnect();
  }
}

register(Flows);
