import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseBlob } from "../../cu_core/stage/js/blob.js";

const made = process.env.LETHE_BLOB; // test_node.py has Python write it, with what is in it
const skip = made ? false : "pytest makes the bytes: pytest tests/js";

test("the bytes that Python packs come back, wherever they lie in memory", { skip }, () => {
  const bytes = readFileSync(made);
  const held = JSON.parse(readFileSync(`${made}.json`));
  for (const offset of [0, 8, 3]) {
    const memory = new Uint8Array(bytes.length + offset);
    memory.set(bytes, offset);
    const { header, sections } = parseBlob(memory.subarray(offset));
    assert.equal(header.title, held.title);
    assert.deepEqual(Object.keys(sections), Object.keys(held.sections));
    for (const [name, values] of Object.entries(held.sections)) {
      assert.deepEqual([...sections[name]], values, name);
    }
  }
});

test("another version and a cut blob are refused", { skip }, () => {
  const bytes = Uint8Array.from(readFileSync(made));
  const other = new TextDecoder().decode(bytes).replace('"v":1', '"v":2');
  assert.throws(() => parseBlob(new TextEncoder().encode(other)), /version 2/);
  assert.throws(() => parseBlob(bytes.slice(0, bytes.length - 8)), RangeError);
});
