// A story's words as elements: paragraphs, **strong**, *emphasis* and `code`; nothing else means more
// than it says, so a story that came from elsewhere cannot bring a script.

import { tag } from "../elements.js";

const MARKED = /\*\*([^*]+)\*\*|\*([^*]+)\*|`([^`]+)`/g;
const KINDS = ["strong", "em", "code"];

/** No line ends between a number and its sign. */
export const unbroken = (text) => text.replaceAll(" %", "\u00a0%");

/** [["strong", "word"], ["", " and the rest"]] of a paragraph, in order. */
export function spans(text) {
  const out = [];
  let end = 0;
  for (const found of text.matchAll(MARKED)) {
    if (found.index > end) out.push(["", unbroken(text.slice(end, found.index))]);
    const k = found.slice(1).findIndex((part) => part !== undefined);
    out.push([KINDS[k], unbroken(found[k + 1])]);
    end = found.index + found[0].length;
  }
  if (end < text.length) out.push(["", unbroken(text.slice(end))]);
  return out;
}

/** Paragraphs, as they are divided by empty lines. */
export const paragraphs = (text) => text.split(/\n\s*\n/)
  .map((part) => part.replace(/\s+/g, " ").trim()).filter(Boolean);

export function prose(text) {
  return paragraphs(text).map((part) => {
    const made = tag("p");
    made.append(...spans(part).map(([kind, words]) => (kind ? tag(kind, "", words) : words)));
    return made;
  });
}
