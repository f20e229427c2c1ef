// A class's hands: how many for each option of a question. No page here.

const place = (story, stop) => `lethe hands:${story}/${stop}`;
const HEADS = ["story", "stop", "question", "option", "hands", "percent_of_hands", "percent_of_truth"];
const BINS = 5; // of a slider, each an option of its own

/** The options that hands go up for: those of a choice, or stretches of a slider. */
export function optionsOf(question) {
  if (question.options) return question.options;
  const { low, high, unit } = question;
  const wide = (high - low) / BINS;
  const text = (v) => String(Math.round(v * 100) / 100);
  return Array.from({ length: BINS }, (_, k) => {
    const [from, to] = [low + k * wide, low + (k + 1) * wide];
    const name = `${text(from)} to ${text(to)}${unit && ` ${unit}`}`;
    return { value: String(from + wide / 2), from, to, name };
  });
}

/** {value: hands} as this browser has them; storage may be forbidden, then there are none. */
export function recallHands(story, stop) {
  try {
    const found = JSON.parse(window.localStorage.getItem(place(story, stop)) || "{}");
    return Object.fromEntries(Object.entries(found).filter(([, n]) => Number.isInteger(n) && n > 0));
  } catch {
    return {};
  }
}

export function rememberHands(story, stop, hands) {
  try {
    window.localStorage.setItem(place(story, stop), JSON.stringify(hands));
  } catch {
    // nothing is lost but the count after a reload
  }
}

/** Of 100: how much an option has of the truth. A slider's stretch has all of it or nothing. */
export function truthOf(question, option) {
  if (question.truth === undefined) return null;
  const { value: truth } = question.truth ?? {};
  if (option.to !== undefined) {
    const above = option.to === question.high ? truth <= option.to : truth < option.to;
    return truth >= option.from && above ? 100 : 0;
  }
  if (Object.keys(question.shares || {}).length) return question.shares[option.value] || 0;
  return option.value === question.truth ? 100 : 0;
}

/** [{name, hands, share, truth}] by option; ``share`` of 100, 0 where nobody has a hand up. */
export function tally(question, hands) {
  const options = optionsOf(question);
  const all = options.reduce((sum, { value }) => sum + (hands[value] || 0), 0);
  return options.map((option) => {
    const n = hands[option.value] || 0;
    const share = all ? (100 * n) / all : 0;
    return { name: option.name, hands: n, share, truth: truthOf(question, option) };
  });
}

/** What most hands are up for, as a guess; null where there are none. */
export function favourite(question, hands) {
  const best = optionsOf(question).reduce(
    (most, { value }) => ((hands[value] || 0) > (hands[most] || 0) ? value : most), "");
  if (!hands[best]) return null;
  return question.options ? best : Number(best);
}

const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** A CSV file of the hands, with what is true beside them once it is known. */
export function csv({ story, stop, prompt }, rows) {
  const lines = [HEADS];
  for (const { name, hands, share, truth } of rows) {
    const said = truth === null ? "" : truth.toFixed(1);
    lines.push([story, String(stop + 1), prompt, name, String(hands), share.toFixed(1), said]);
  }
  return `${lines.map((cells) => cells.map(quoted).join(",")).join("\r\n")}\r\n`;
}
