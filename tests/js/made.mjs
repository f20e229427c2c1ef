// A run for the tests: ``frames`` of xy (frame, sample, 2), which samples are to be forgotten.

import { Run } from "../../cu_core/stage/js/run.js";

export function blob(frames, forget, more = {}, start = 0) {
  const [count, n] = [frames.length, forget.length];
  const header = {
    run: "r", n, start, count, total: start + count, box: [0, 0, 65535, 65535], scale: 2,
    classes: ["a", "b", "c"], forget_classes: [1], quality: [], live: false,
    steps: frames.map((_, i) => 10 * (start + i)), ...more,
  };
  const sections = {
    xy: Uint16Array.from(frames.flat(2)),
    pred: Uint8Array.from(frames.flatMap((_, f) => forget.map((_, i) => (start + f + i) % 3))),
    label: Uint8Array.from(forget, (_, i) => i % 3),
    index: Uint32Array.from(forget, (_, i) => 100 + i),
    forget: Uint8Array.from(forget),
  };
  return { header, sections };
}

export function run(frames, forget, more = {}) {
  const { header, sections } = blob(frames, forget, more);
  return new Run(header, sections);
}
