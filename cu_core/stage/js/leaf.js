// The sheet of one pinned sample: its picture, what it is called, what the model says of it over
// the run, how far it is from each class, and who lies beside it.

import { drawSample, shortened } from "./card.js";
import { tag, write } from "./elements.js";
import { LineChart } from "./linechart.js";
import {
  answerNow, answerRetrained, answers, damaged, distanceLines, known, lookedAt, nearestNow,
  opposing, sentence,
} from "./looks.js";
import { Tiles } from "./tiles.js";

const SIDE = 112; // CSS pixels, about; a picture's own size or a whole multiple of it
const NAMED = 4; // lines of the distances that carry their names
const MOST = 16; // tiles of what pulls it

export class Leaf {
  /** ``hands``: {close(slot), choose(slot), point(slot), oppose(slot)}. */
  constructor(slot, hands) {
    this.slot = slot;
    this.root = tag("article", "leaf");
    this.root.setAttribute("role", "group");
    this.root.tabIndex = -1;
    this.number = tag("span", "number");
    this.title = tag("h4");
    this.closer = tag("button", "quiet unpin", "Unpin");
    this.closer.type = "button";
    this.closer.addEventListener("click", () => hands.close(slot));
    const head = tag("header");
    head.append(this.number, this.title, this.closer);
    this.picture = tag("canvas", "picture");
    this.text = tag("p", "reading");
    this.list = tag("dl");
    const facts = tag("div", "facts");
    facts.append(this.picture, this.text, this.list);
    this.softmax = new LineChart("What the model answers");
    this.middle = new LineChart("Distance to the middle of each class, 1 − cosine");
    this.charts = [this.softmax, this.middle];
    this.nearest = tag("p", "said");
    this.unsure = tag("p", "said", "How sure the model was is not on record of this run.");
    const charts = tag("div", "charts");
    charts.append(this.softmax.box, this.unsure, this.middle.box, this.nearest);
    this.words = tag("p", "words");
    this.tiles = new Tiles(["start", "now", "retrained"], hands);
    this.asker = tag("button", "quiet asker");
    this.asker.type = "button";
    this.asker.addEventListener("click", () => hands.oppose(slot));
    this.against = tag("p", "against");
    this.opposed = new Tiles(["push", "pull"], hands);
    const others = tag("div", "others");
    others.append(this.words, this.tiles.box, this.asker, this.against, this.opposed.box);
    const body = tag("div", "body");
    body.append(facts, charts, others);
    this.root.append(head, body);
    this.tiles.box.hidden = true;
  }

  /** What does not change with the time. ``sheet``: the run's pictures, or null. */
  fill(run, number, look, sheet) {
    const { slot } = this;
    const name = (id) => run.classes[id] ?? `class ${id}`;
    Object.assign(this, { run, look, frame: -1 });
    const wrong = run.mislabelled(slot);
    write(this.number, String(number));
    write(this.title, `${name(run.label[slot])}, ${shortened(run.called(slot))}`);
    this.title.title = run.called(slot);
    this.root.setAttribute("aria-label", `Sheet ${number}: ${this.title.textContent}`);
    this.closer.setAttribute("aria-label", `Unpin ${number}, ${run.called(slot)}`);
    const told = answerRetrained(run, slot);
    const facts = [
      [wrong ? "Labelled" : "True", name(run.label[slot])],
      ...(wrong ? [["Truly", name(run.trueLabel[slot])]] : []),
      ["Answers", ""], ...(told ? [["Retrained", told]] : []),
      ["Set", run.isForget(slot) ? "To forget" : "Kept"], ...known(run, slot),
    ];
    this.list.replaceChildren(...facts.flatMap(([term, what]) => [
      tag("dt", "", term), tag("dd", "", what),
    ]));
    this.now = this.list.querySelectorAll("dd")[wrong ? 2 : 1];
    write(this.text, run.text(slot));
    this.text.hidden = !this.text.textContent;
    this._picture(sheet);
    this._answers();
  }

  _picture(sheet) {
    this.picture.hidden = !sheet;
    if (!sheet) return;
    drawSample(this.picture, this.run, sheet, this.slot, SIDE);
    this.picture.style.width = `${this.picture.width}px`;
  }

  _answers() {
    const { run, slot, look } = this;
    const lines = answers(run, slot).map((line) => ({
      ...line, named: true, strong: line.id === run.label[slot],
      colour: look.palette[line.id].edge,
    }));
    this.softmax.box.hidden = !lines.length;
    this.unsure.hidden = lines.length > 0;
    const steps = run.steps.slice(0, run.shares.frames);
    if (lines.length) this.softmax.set(lines, steps, "%", run.endStep, look.theme);
  }

  /** What the page has worked out: the header's ``sheets``; ``why``: the sentence in its place. */
  take(sheets, why, slotOf, picture) {
    const { run, slot, look } = this;
    const told = sheets?.of?.[run.index[slot]];
    this.told = told;
    this.steps = sheets?.steps || [];
    this.lost = lookedAt(sheets) + damaged(sheets?.left_out);
    this.middle.box.hidden = this.nearest.hidden = !told?.away.length;
    this.tiles.box.hidden = !told;
    if (!told) return write(this.words, why);
    const near = {};
    for (const name of ["start", "now", "retrained"]) {
      near[name] = told[name]?.map((index) => slotOf.get(index)).filter((at) => at !== undefined);
    }
    write(this.words, sentence(run, slot, near, sheets.at));
    const row = (name, title, frame) => (
      { title, frame, slots: near[name] || [], missing: sheets.missing[name] });
    this.tiles.show(run, slot, {
      start: row("start", "At the start", 0),
      now: row("now", `At step ${sheets.at}`, Math.round(run.timeOf(sheets.at))),
      retrained: row("retrained", "Retrained", -1),
    }, look, picture);
    const lines = distanceLines(run, told, NAMED).map((line) => ({
      ...line, strong: line.id === run.label[slot], colour: look.palette[line.id].edge,
    }));
    this.middle.set(lines, this.steps, "", run.endStep, look.theme);
    this.frame = -1;
  }

  /** What was set against it: the header's ``opposed``, of this sample or of another. */
  oppose(opposed, slotOf, picture) {
    const { run, slot, look } = this;
    this.forced = Boolean(opposed) && run.isForget(slot);
    const told = opposed?.index === run.index[slot] ? opposed : null;
    this.asked = told?.step ?? -1;
    this.opposed.box.hidden = told?.state !== "done";
    const words = { working: "Drawing the batches of that step again…", failed: told?.message };
    if (this.opposed.box.hidden) return write(this.against, words[told?.state] ?? "");
    const slots = (index = []) => index.map((at) => slotOf.get(at)).filter((at) => at !== undefined);
    const [push, pull] = [slots(told.push), slots(told.pull)];
    write(this.against, opposing(told, push.length + pull.length));
    const frame = Math.round(run.timeOf(told.step));
    this.opposed.show(run, slot, {
      push: { title: "Pushed from", slots: push, frame },
      pull: { title: "Pulled towards", slots: pull.slice(0, MOST), all: pull, frame },
    }, look, picture);
  }

  resize(ratio) {
    for (const chart of this.charts) chart.resize(ratio);
  }

  draw(t) {
    const { run, slot } = this;
    const step = run.stepAt(t);
    for (const chart of this.charts) chart.draw(step);
    const frame = Math.min(Math.round(t), run.last);
    if (frame === this.frame) return;
    this.frame = frame;
    write(this.now, answerNow(run, slot, frame));
    this.asker.hidden = !this.forced || this.asked === run.steps[frame];
    write(this.asker, `What pushed and pulled it by step ${run.steps[frame]}?`);
    if (!this.told) return;
    write(this.nearest, nearestNow(run, slot, this.told, this.steps, step) + this.lost);
  }
}
