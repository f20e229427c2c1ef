// Elements of a page, in a line each.

/** A new one of this class, with this text. */
export function tag(kind, name = "", text = "") {
  const made = document.createElement(kind);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}

/** The same as the last child of ``parent``. */
export function within(parent, kind, name, text) {
  const made = tag(kind, name, text);
  parent.append(made);
  return made;
}

/** Touches the page only where the text is another one. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
