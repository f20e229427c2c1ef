// A story as a component of a page.

import { isOpen, mounting } from "./mounting.js";
import { Teller } from "./stories/teller.js";

function expose(teller) {
  if (!isOpen()) return;
  window.__tale = {
    teller,
    get ready() { return Boolean(teller.header); },
    get at() { return teller.at; },
    get moving() { return teller.passage.moving; },
    get stage() { return teller.picture?.stage; },
    get together() { return teller.picture?.together; },
    get errors() { return [...teller.errors, ...(teller.picture?.errors || [])]; },
  };
}

const onPage = mounting(Teller, expose);

export default function mount(component) {
  return onPage(component);
}
