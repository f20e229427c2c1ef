// Colours: the page's theme as numbers, and class colours that hold on it.

// [on light, on dark]. The first ten from Okabe-Ito and Tol, moved until any two of them are 14 or
// more apart (CIE Delta E 2000) for usual, protan, deutan and tritan sight; then picks from Tol's
// qualitative schemes in the order of their distance to those before.
const CLASS_HUES = [
  ["E69F00", "E69F00"], ["55C1E9", "56CEF4"], ["009E73", "00A87B"], ["F0F741", "EFF743"],
  ["0068B2", "2F5ED6"], ["CC5E00", "B0751A"], ["B879A4", "BA8FB0"], ["2E293B", "C6D0D0"],
  ["882235", "B82A7E"], ["332288", "8E84F6"], ["DDCC77", "DDCC77"], ["AA4499", "BF5AAF"],
  ["EE6677", "EE6677"], ["117733", "3FA45F"], ["99DDFF", "99DDFF"], ["999933", "A8A845"],
  ["CC3311", "DE4A2A"], ["44BB99", "44BB99"], ["EE7733", "EE7733"], ["66CCEE", "66CCEE"],
];

const MARK_CONTRAST = 3;

function hexColour(text) {
  return [0, 2, 4].map((i) => parseInt(text.slice(i, i + 2), 16));
}

function luminance([r, g, b]) {
  const [x, y, z] = [r, g, b].map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

export function contrast(a, b) {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}

export function blend(a, b, share) {
  return a.map((v, i) => Math.round(v + (b[i] - v) * share));
}

/** The colour, moved towards the ink until it stands out from the ground by ``least``. */
export function standOut(colour, theme, least = MARK_CONTRAST) {
  const pole = theme.dark ? [255, 255, 255] : [0, 0, 0];
  for (let share = 0; share < 1; share += 0.04) {
    const out = blend(colour, pole, share);
    if (contrast(out, theme.bg) >= least) return out;
  }
  return pole;
}

function hueStep(k, dark) {
  const hue = (k * 137.508 + 20) % 360;
  const light = (dark ? 0.66 : 0.46) + (k % 3) * 0.07;
  const reach = 0.62 * Math.min(light, 1 - light);
  return [0, 8, 4].map((offset) => {
    const turn = (offset + hue / 30) % 12;
    return Math.round(255 * (light - reach * Math.max(-1, Math.min(turn - 3, 9 - turn, 1))));
  });
}

/** For each class {fill, edge}: the edge alone already has 3:1 contrast with the ground. */
export function classPalette(count, theme) {
  return Array.from({ length: count }, (_, k) => {
    const pair = CLASS_HUES[k];
    const fill = pair ? hexColour(pair[theme.dark ? 1 : 0]) : hueStep(k, theme.dark);
    const edge = theme.dark ? standOut(fill, theme) : standOut(blend(fill, [0, 0, 0], 0.18), theme);
    return { fill, edge };
  });
}

/** 256 colours from "where it was" to "half the map away", each with 3:1 contrast. */
export function movedRamp(theme) {
  const stops = (theme.dark ? ["8A8F9C", "F0A33A", "FFF0B0"] : ["8A8D96", "D0620A", "6B1200"])
    .map(hexColour);
  return Array.from({ length: 256 }, (_, k) => {
    const at = (k / 255) * 2;
    const i = Math.min(1, Math.floor(at));
    return standOut(blend(stops[i], stops[i + 1], at - i), theme);
  });
}

export function css(colour, alpha = 1) {
  return `rgba(${colour[0]},${colour[1]},${colour[2]},${alpha})`;
}

const pixel = () => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  return canvas.getContext("2d", { willReadFrequently: true });
};

/** The theme as the page resolves it: any CSS colour, mixed or named, becomes three numbers. */
export function readTheme(root) {
  const context = pixel();
  const style = getComputedStyle(root);
  const resolve = (text) => {
    context.fillStyle = "#000";
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const [bg, ink] = [resolve(style.backgroundColor), resolve(style.color)];
  const dark = luminance(bg) < luminance(ink);
  const theme = { bg, ink, dark, font: style.fontFamily, letters: 1 }; // of their usual size
  theme.accent = standOut(resolve(style.accentColor), theme, 4.5);
  theme.soft = standOut(blend(ink, bg, 0.36), theme, 4.5);
  theme.grey = standOut(blend(ink, bg, 0.5), theme);
  theme.line = blend(ink, bg, 0.84);
  return theme;
}
