// Where the tiles lie: square maps in columns, a line of words under each. Pixels of the page.

export const GAP = 12;
export const WORDS = 28; // height of the line under a map
export const EDGE = 4; // around all of them, so that a frame is not cut off
const FEW = 24; // so many or fewer have room to be larger
const SIDES = { few: 190, many: 148, narrow: 104 };
const NARROW = 560;

/** {columns, side, across, down, count, height} of so many tiles in this width; ``across`` and
 *  ``down``: from one tile to the next. */
export function gridOf(width, count) {
  const room = Math.max(1, width - 2 * EDGE);
  const wanted = room < NARROW ? SIDES.narrow : count <= FEW ? SIDES.few : SIDES.many;
  const columns = Math.max(1, Math.floor((room + GAP) / (wanted + GAP)));
  const side = Math.min(SIDES.few + GAP, Math.floor((room + GAP) / columns) - GAP);
  const [across, down] = [side + GAP, side + WORDS + GAP];
  const height = 2 * EDGE + Math.max(0, Math.ceil(count / columns) * down - GAP);
  return { columns, side, across, down, count, height };
}

/** Upper left corner of a tile. */
export function placeOf({ columns, across, down }, k) {
  return [EDGE + (k % columns) * across, EDGE + Math.floor(k / columns) * down];
}

/** The tile at a point, -1 between them. */
export function tileAt(grid, x, y) {
  const [found] = touched(grid, [x, y, x, y]);
  return found ?? -1;
}

/** The tiles, with their words, that a rectangle between two corners touches, in their order. */
export function touched(grid, [ax, ay, bx, by]) {
  const { columns, side, across, down, count } = grid;
  const reach = (a, b, pitch, size) => [
    Math.max(0, Math.ceil((Math.min(a, b) - EDGE - size) / pitch)),
    Math.floor((Math.max(a, b) - EDGE) / pitch),
  ];
  const [left, right] = reach(ax, bx, across, side);
  const [top, bottom] = reach(ay, by, down, side + WORDS);
  const out = [];
  for (let row = top; row <= bottom && row * columns < count; row++) {
    for (let column = left; column <= Math.min(right, columns - 1); column++) {
      if (row * columns + column < count) out.push(row * columns + column);
    }
  }
  return out;
}

/** [first, end) of the tiles in the rows that lie between two heights. */
export function between({ columns, down, count }, top, bottom) {
  const row = (y) => Math.max(0, Math.floor((y - EDGE) / down));
  return [Math.min(count, row(top) * columns), Math.min(count, (row(bottom) + 1) * columns)];
}
