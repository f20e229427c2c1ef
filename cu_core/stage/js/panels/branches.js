// "Branch": leads the run on otherwise from where the picture stands, and the tree of what came of it.

import { tag } from "../elements.js";
import { register } from "../panels.js";
import { Roving } from "../roving.js";

const SVG = "http://www.w3.org/2000/svg";
const ROW = 30; // CSS pixels, of a run's line in the tree
const TOP = 16;

function line(points, name) {
  const made = document.createElementNS(SVG, "polyline");
  made.setAttribute("points", points.map((point) => point.join(",")).join(" "));
  made.setAttribute("class", name);
  return made;
}

/** Where each run of a family lies: {from, to} in steps, the row of it, and that of its parent. */
export function laidOut(family) {
  const rows = new Map(family.map(({ run }, row) => [run, row]));
  return family.map((member, row) => {
    const parent = rows.get(member.parent) ?? -1; // of a parent that is gone it starts by itself
    return { ...member, row, above: parent, start: parent < 0 ? 0 : member.from };
  });
}

/** {able, words}: whether the run can be led on from a step, and how, or why not. */
export function sayingAt({ why, ways = [], end, last }, step) {
  if (why) return { able: false, words: why };
  if (end !== null && step >= end) return { able: false, words: `Step ${step} is ${last}.` };
  const [, words] = ways.findLast(([from]) => from <= step) || [0, ""];
  return { able: true, words: `Goes on from step ${step} ${words}.` };
}

class Branches {
  static kind = "branches";
  static rank = 0;

  constructor(stage, box) {
    Object.assign(this, { stage, box });
    this.button = tag("button", "quiet", "Branch from here");
    this.button.type = "button";
    this.button.addEventListener("click", () => this._branch());
    this.words = tag("p", "branch-words");
    this.tree = tag("div", "tree");
    this.tree.setAttribute("role", "group");
    this.tree.setAttribute("aria-label", "This run and its branches: press one to see it");
    this.roving = new Roving(this.tree, { ArrowDown: 1, ArrowUp: -1 });
    const row = tag("div", "branch-row");
    row.append(this.button, this.words);
    box.append(row, this.tree);
    box.setAttribute("aria-label", "Branches");
  }

  load(run) {
    const { branch, family = [] } = run.header;
    this.run = run;
    this.box.hidden = !branch && family.length < 2;
    this.button.hidden = this.words.hidden = !branch;
    const key = JSON.stringify([run.id, family]);
    if (key !== this.key) this._tree(family);
    this.key = key;
    this.said = "";
  }

  get step() {
    return this.run.steps[this.stage.clock.frame] ?? 0;
  }

  _branch() {
    if (this.stage.clock.moving) {
      this.stage.clock.pause();
      this.stage.settle(false);
    }
    this.stage.ask("branch", { step: this.step });
  }

  _tree(family) {
    this.tree.hidden = family.length < 2;
    if (this.tree.hidden) return;
    const members = laidOut(family);
    const most = Math.max(1, ...members.map(({ end }) => end));
    const x = (step) => (1000 * step) / most;
    const y = ({ row }) => TOP + ROW * row;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 1000 ${TOP * 2 + ROW * (members.length - 1)}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    svg.style.height = `${TOP * 2 + ROW * (members.length - 1)}px`;
    for (const one of members) {
      const here = one.run === this.run.id ? "here" : "";
      const up = one.above < 0 ? [] : [[x(one.start), y(members[one.above])]];
      svg.append(line([...up, [x(one.start), y(one)], [x(one.end), y(one)]], here));
    }
    const list = tag("div", "members");
    list.append(...members.map((one) => this._member(one)));
    this.tree.replaceChildren(svg, list);
    this.roving.take([...list.querySelectorAll("button")]);
  }

  _member({ run, title, said, row }) {
    const made = tag("button", "member");
    made.type = "button";
    made.style.top = `${ROW * row}px`;
    made.append(tag("span", "title", title), tag("span", "said", said));
    made.title = said ? `${title}. ${said}` : title;
    const here = run === this.run.id;
    if (here) made.setAttribute("aria-current", "true");
    else made.addEventListener("click", () => this.stage.ask("open", { run }));
    return made;
  }

  draw() {
    const { branch } = this.run.header;
    if (!branch) return;
    const { able, words } = sayingAt(branch, this.step);
    if (this.button.disabled === able) this.button.disabled = !able;
    if (words === this.said) return;
    this.said = this.words.textContent = words;
  }
}

register(Branches);
