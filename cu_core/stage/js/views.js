// The views of the Stage: what stands in views/, one file each, found because it is there.
//
// A view says where a sample is, in quanta of its own square (65535 a side), at a time t; renderers,
// overlay, picking and trails ask it and know nothing else. It declares, as fields or getters:
//   kind      the name of its file: "map"
//   rank      its place among the others; the first is always offered and is shown at the start
//   title     on its button          help    the button's tooltip
//   hint      a line under the picture, or ""
//   words     how the samples lie, to go on from "300 samples …"
//   offered   whether this run can be shown so       hasGhost  whether the retrained model can
//   progress  what is still being made, or ""        absent    why a time is not there, or ""
//   wish      what the maker of the page is asked for when a person chooses it, or null
//   says(frame)   {text, poor, details: [[term, meaning]]}: how far this picture may be believed
//   half      words for a way of 1, at the end of the scale of "moved"
// and, where it has them, ``named`` (classes' names stand on their clusters) and
//   happened(frame)   a sentence: what has moved in this picture since frame 0, or ""
// and its places: place, segment, strayed, way, ghost, ghostSlots, knows, fill (see projected.js, which has all of
// them but ``point``). ``furnish(root, changed)`` may add elements of its own.

const made = [];

/** Called once by each file of views/. ``View``: the class; every map has views of its own. */
export function register(View) {
  made.push(View);
}

/** A new view of each kind, in their order. */
export function createViews() {
  const by = (a, b) => a.rank - b.rank || (a.kind < b.kind ? -1 : 1);
  return made.map((View) => new View()).sort(by);
}
