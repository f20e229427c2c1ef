// What happened between the clusters, in words, from what was measured of a run's frames.

const [RIM, MIDDLE] = [0.75, 0.25]; // of the way from the middle of the others out to them
const MOVED = 0.08; // centrality: less is no movement that words should make much of
const [SOME, NEIGHBOURS] = [60, 15]; // forget samples that are asked, each for so many of those
const APART = 0.5; // share of them among other classes, from which a class has come apart
const OFF = 0.12; // centrality of the map against the embeddings', from which it is said

const known = (value) => typeof value === "number" && Number.isFinite(value);
const count = (value) => value.toLocaleString("en");
const are = (n, all) => `${count(n)} of ${count(all)}`;

/** How far out a group lies: 1 where the others are, 0 in the middle of so many of them. */
export function outness(centrality, others) {
  const middle = others > 1 ? Math.sqrt((others - 1) / (2 * others)) : 0.5; // of a regular simplex
  return (centrality - middle) / (1 - middle);
}

/** "The 5s", "Class dog", "The classes 3 and 5": what is forgotten, to begin a sentence with. */
export function called(run) {
  const names = [...run.forgetClasses].map((id) => run.classes[id]);
  const [first, last] = [names.slice(0, -1).join(", "), names.at(-1)];
  if (first) return [`The classes ${first} and ${last}`, true];
  if (/^class\b/i.test(names[0])) return [names[0].replace(/^c/, "C"), false];
  return names[0].length === 1 ? [`The ${names[0]}s`, true] : [`Class ${names[0]}`, false];
}

/** Share of the forget samples, by some of them, whose neighbours on the map of a frame are mostly
 *  of other classes. */
function astray(run, frame) {
  const { n, kept, xy, label } = run;
  const step = Math.max(1, Math.ceil((n - kept) / SOME));
  let [left, asked] = [0, 0];
  for (let slot = kept; slot < n; slot += step, asked++) {
    const [px, py] = run.place(slot, frame);
    const near = []; // [distance, class], the nearest first
    for (let other = 0, at = 2 * frame * n; other < n; other++, at += 2) {
      const far = other === slot ? Infinity : (xy[at] - px) ** 2 + (xy[at + 1] - py) ** 2;
      if (near.length === NEIGHBOURS && far >= near[NEIGHBOURS - 1][0]) continue;
      let k = near.length;
      while (k > 0 && near[k - 1][0] > far) k--;
      near.splice(k, 0, [far, label[other]]);
      near.length = Math.min(near.length, NEIGHBOURS);
    }
    left += 2 * near.filter(([, id]) => id === label[slot]).length < near.length;
  }
  return left / asked;
}

/** Where a class went among the others: apart, by its neighbours, else as a whole, by the
 *  centrality of frame 0 and of the shown one. */
function classWay(run, frame, start, now) {
  const others = run.classes.length - run.forgetClasses.size;
  const [a, b] = [start, now].map((quality) => outness(quality.centrality, others));
  const [who, many] = called(run);
  const gone = astray(run, frame);
  if (gone >= APART) {
    const of = `about ${Math.round(10 * gone)} in 10 lie among other classes`;
    return `${who} came apart: ${of}, ${Math.round(10 * astray(run, 0))} in 10 at the start.`;
  }
  const by = now.centrality - start.centrality;
  const near = many ? "each is now about as near to every other class" :
    "it is now about as near to every other class";
  if (a >= RIM && b <= MIDDLE) return `${who} went from the rim to the middle: ${near}.`;
  if (by <= -MOVED && b <= MIDDLE) return `${who} went to the middle of the other classes: ${near}.`;
  if (by <= -MOVED) return `${who} moved inwards, between the other classes.`;
  if (by >= MOVED) return `${who} moved outwards, away from the other classes.`;
  const stay = many ? "stay" : "stays";
  return `${who} ${stay} about as far from the other classes as at the start.`;
}

/** The class whose kept samples' middle is nearest to each forget sample on the map of a frame. */
function nearest(run, frame) {
  const { n, kept, xy, label, classes } = run;
  const sums = classes.map(() => [0, 0, 0]);
  const at = (slot) => 2 * (frame * n + slot);
  for (let slot = 0; slot < kept; slot++) {
    const sum = sums[label[slot]];
    [sum[0], sum[1], sum[2]] = [sum[0] + xy[at(slot)], sum[1] + xy[at(slot) + 1], sum[2] + 1];
  }
  const out = new Int32Array(n - kept);
  for (let slot = kept; slot < n; slot++) {
    let least = Infinity;
    sums.forEach(([x, y, m], id) => {
      const far = m ? Math.hypot(x / m - xy[at(slot)], y / m - xy[at(slot) + 1]) : Infinity;
      if (far < least) [least, out[slot - kept]] = [far, id];
    });
  }
  return out;
}

/** Where single samples went: home, where their true class is known, or to another class. */
function samplesWay(run, frame) {
  const { n, kept, trueLabel } = run;
  const [start, now] = [nearest(run, 0), nearest(run, frame)];
  const wrong = [...now.keys()].filter((k) => run.mislabelled(kept + k));
  if (wrong.length) {
    const home = (of) => wrong.filter((k) => of[k] === trueLabel[kept + k]).length;
    return `${are(home(now), wrong.length)} mislabelled samples lie nearest to their true class on ` +
      `the map; ${count(home(start))} at the start.`;
  }
  const left = now.filter((id, k) => id !== start[k]).length;
  if (!left) return `All ${count(n - kept)} samples to forget lie nearest to the same class still.`;
  return `${are(left, n - kept)} samples to forget lie nearest to another class than at the start.`;
}

/** One sentence on the map of a frame, "" where there is nothing to say it from. */
export function mapMovement(run, frame) {
  if (frame < 1 || run.kept === run.n) return "";
  if (!run.forgetClasses.size) return samplesWay(run, frame);
  const [start, now] = [run.quality[0], run.quality[frame]];
  if (!known(start?.centrality) || !known(now?.centrality)) return "";
  const off = known(now.map_centrality) ? now.map_centrality - now.centrality : 0;
  const drawn = Math.abs(off) < OFF ? "" :
    ` The map draws ${called(run)[1] ? "them" : "it"} further ${off > 0 ? "out" : "in"} than that.`;
  return classWay(run, frame, start, now) + drawn;
}

/** One sentence on the answers of a frame. */
export function answerMovement(run, frame) {
  const { n, kept, pred, label } = run;
  if (frame < 1 || kept === n) return "";
  const right = (i) => {
    let sum = 0;
    for (let slot = kept; slot < n; slot++) sum += pred[i * n + slot] === label[slot];
    return sum;
  };
  const planted = [...label.keys()].some((slot) => slot >= kept && run.mislabelled(slot));
  const by = planted ? "as they are labelled" : "correctly";
  return `${are(right(frame), n - kept)} samples to forget are answered ${by}; ` +
    `${count(right(0))} at the start.`;
}
