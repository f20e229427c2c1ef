import assert from "node:assert/strict";
import { test } from "node:test";

import {
  answering, drawnClasses, flows, OTHERS, retrainedAnswers, sentence, whyAbsent,
} from "../../cu_core/stage/js/flow.js";
import { Run } from "../../cu_core/stage/js/run.js";
import { layout } from "../../cu_core/stage/js/sankey.js";
import { blob } from "./made.mjs";

/** Numbers below ``end`` that look like chance and are the same in every run. */
function draws(seed) {
  let state = seed;
  return (end) => (state = (state * 48271) % 2147483647) % end;
}

/** A run of n samples in ``frames`` frames, every third to be forgotten; ``more``: of the header. */
function made({ n = 90, frames = 4, classes = 10, wrong = 0, ghost = true, label, pred, ...more }) {
  const draw = draws(7);
  const forget = Array.from({ length: n }, (_, i) => Number(i % 3 === 0));
  const places = Array.from({ length: frames }, () => forget.map(() => [1, 1]));
  const { header, sections } = blob(places, forget, {
    classes: Array.from({ length: classes }, (_, id) => `c${id}`), ...more,
  });
  sections.label = Uint8Array.from({ length: n }, (_, i) => label?.(i) ?? draw(classes));
  sections.pred = Uint8Array.from({ length: n * frames },
    (_, k) => pred?.(k % n, Math.floor(k / n)) ?? draw(classes));
  if (wrong) {
    sections.true_label = Uint8Array.from(sections.label, (id) => (draw(100) < wrong ? draw(classes) : id));
  }
  if (ghost) sections.ghost_share = Uint8Array.from({ length: n * classes }, () => draw(200));
  return { run: new Run(header, sections), sections, forget };
}

test("rows are what a loop over the samples counts, and both columns sum to the forget set", () => {
  for (const wrong of [0, 40]) {
    const { run, sections, forget } = made({ wrong });
    for (const frame of [0, 3]) {
      const flow = flows(run, frame);
      const counts = {};
      forget.forEach((yes, i) => {
        if (!yes) return;
        const [from, now] = [sections.label[i], sections.pred[frame * run.n + i]];
        const shares = [...sections.ghost_share.subarray(10 * i, 10 * i + 10)];
        for (const [to, side] of [[now, 0], [shares.indexOf(Math.max(...shares)), 1]]) {
          const home = Boolean(sections.true_label) && to !== from && to === sections.true_label[i];
          const name = `${from}>${to}>${home}`;
          counts[name] ??= [0, 0];
          counts[name][side]++;
        }
      });
      const told = flow.rows.map((row) =>
        [`${row.from}>${row.to}>${row.home}`, [row.now, row.retrained]]);
      assert.deepEqual(Object.fromEntries(told), counts);
      for (const side of ["now", "retrained"]) {
        assert.equal(flow.rows.reduce((sum, row) => sum + row[side], 0), 30);
      }
      const order = flow.rows.map(({ from, to }) => 100 * from + to);
      assert.deepEqual(order, [...order].sort((a, b) => a - b));
    }
  }
});

test("the slots of a row are as many as it counts, and are forget samples that go its way", () => {
  const { run } = made({ wrong: 40 });
  const there = retrainedAnswers(run);
  for (const row of flows(run, 2).rows) {
    for (const side of ["now", "retrained"]) {
      const slots = answering(run, 2, new Set([row.key]), side);
      assert.equal(slots.length, row[side]);
      for (const slot of slots) {
        const to = side === "now" ? run.pred[2 * run.n + slot] : there[slot - run.kept];
        assert.ok(run.isForget(slot) && run.label[slot] === row.from && to === row.to);
      }
    }
  }
  const all = new Set(flows(run, 2).rows.map(({ key }) => key));
  assert.equal(answering(run, 2, all, "now").length, 30);
});

test("without the retrained model's answers its column is empty and it is said why", () => {
  const absent = (more) => whyAbsent(made({ ghost: false, ...more }).run);
  const { run } = made({ ghost: false, label: () => 5, pred: () => 1 });
  assert.equal(flows(run, 1).known, false);
  assert.equal(sentence(flows(run, 1)), "30 of 30 now read as c1.");
  assert.match(absent({ live: true }), /come to its end\.$/);
  assert.match(absent({}), /no retrained model/);
  const fault = "The retrained model is not shown: it is damaged.";
  assert.equal(absent({ events: [{ kind: "pause", text: "no" }, { kind: "ghost", text: fault }] }), fault);
  run.header.ghost = { fidelity: 1 };
  assert.match(whyAbsent(run), /keeps its places/);
  assert.equal(whyAbsent(made({}).run), "");
});

test("a probe that draws a part of the forget set says so", () => {
  const { run } = made({ ghost: false, label: () => 5, pred: () => 1, forget_size: 500 });
  assert.equal(sentence(flows(run, 1)), "30 of the 30 drawn now read as c1.");
});

test("what is drawn by name is the same at every frame: whatever has one in a hundred once", () => {
  const pred = (i, frame) => (i === 0 && frame === 1 ? 7 : frame < 2 ? 5 : 2);
  const few = made({ n: 450, ghost: false, label: () => 5, pred }).run;
  assert.deepEqual(drawnClasses(few), { from: [5], to: [2, 5, OTHERS] });
  const { run } = made({ ghost: false, label: () => 5, pred });
  assert.deepEqual(drawnClasses(run), { from: [5], to: [2, 5, 7] });
});

test("of many classes twelve are named and the others joined, and none is lost", () => {
  const { run } = made({ n: 1200, classes: 60 });
  const drawn = drawnClasses(run);
  assert.equal(drawn.to.length, 13);
  assert.equal(drawn.from.at(-1), OTHERS);
  for (const side of ["now", "retrained"]) {
    const plan = layout(flows(run, 1), side, drawn);
    for (const end of ["from", "to"]) {
      assert.equal(plan.columns[end].reduce((sum, { count }) => sum + count, 0), 400);
    }
    const keys = new Set(plan.bands.flatMap((band) => [...band.keys]));
    assert.equal(answering(run, 1, keys, side).length, 400);
  }
});

test("bands are as high as they count, none below a pixel, and none lies on another", () => {
  const pred = (i) => (i < 3 ? 7 : i < 1500 ? 5 : 2);
  const { run } = made({ n: 3000, ghost: false, label: () => 5, pred });
  const plan = layout(flows(run, 1), "now", { from: [5], to: [2, 5, 7] });
  assert.deepEqual(plan.bands.map(({ to, kind }) => [to, kind]),
    [[2, "moves"], [5, "stays"], [7, "moves"]]);
  const [two, five, seven] = plan.bands;
  assert.equal(seven.h, 1);
  assert.ok(Math.abs(two.h / five.h - two.count / five.count) < 1e-9);
  assert.equal(five.y0, two.y0 + two.h);
  assert.equal(seven.y0, five.y0 + five.h);
  const nodes = plan.columns.to;
  nodes.slice(1).forEach((node, k) => assert.ok(node.y - nodes[k].y - nodes[k].h >= 20));
  assert.ok(nodes[0].y >= 0 && nodes[2].y + nodes[2].h <= plan.height);
});

test("classes keep the order and the room of those that have nothing", () => {
  const { run } = made({ ghost: false, label: () => 5, pred: (i, frame) => (frame ? 2 : 5) });
  const drawn = drawnClasses(run);
  for (const frame of [0, 1]) {
    const { columns, height } = layout(flows(run, frame), "now", drawn);
    assert.deepEqual(columns.to.map(({ id }) => id), [2, 5]);
    assert.deepEqual(columns.to.map(({ count }) => count), frame ? [30, 0] : [0, 30]);
    assert.equal(height, layout(flows(run, 0), "now", drawn).height);
  }
});
