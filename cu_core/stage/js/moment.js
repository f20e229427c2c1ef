// A moment of a run in words, as cu_core/stage/moment.py has it: the same keys, the same values.

import { offered } from "./highlight.js";

const LIES = ["false", "0", "no", "off", "f", "n"];
const TRUTHS = ["true", "1", "yes", "on", "t", "y"];

// The value as a moment has it; undefined for a text that means nothing.
const whole = (said) => (/^\d+$/.test(said) ? Number(said) : undefined);
const integer = (said) => (/^-?\d+$/.test(said) ? Number(said) : undefined);
const text = (said) => said;
const named = (said, parts) => (parts.includes(said) ? said : undefined);

function flag(said) {
  const word = said.toLowerCase();
  if (TRUTHS.includes(word)) return true;
  return LIES.includes(word) ? false : undefined;
}

const LISTS = ["only", "pin", "hide"]; // several, with commas between them
const KINDS = {
  step: whole, view: text, colour: text, ghost: flag, only: integer, pin: integer,
  highlight: text, hide: named, morph: flag,
};

function refusal(name, value, parts) {
  const known = name === "hide" ? `; there are ${parts.join(", ")}` : "";
  return `Of this link one part is left out: ${name}=${value} means nothing${known}.`;
}

/** {moment, refused}: what an address or a fragment says, and a sentence for each part of it that
 *  means nothing. ``parts``: what of the page can be hidden. */
export function read(said, parts) {
  const moment = {};
  const refused = [];
  const given = new Map(new URLSearchParams(said.replace(/^[?#]/, "")));
  for (const [name, kind] of Object.entries(KINDS)) {
    const several = LISTS.includes(name);
    const value = given.get(name) || "";
    for (const one of several ? value.split(",") : [value]) {
      if (!one) continue;
      const found = kind(one, parts);
      if (found === undefined) refused.push(refusal(name, one, parts));
      else moment[name] = several ? [...(moment[name] || []), found] : found;
    }
  }
  return { moment, refused };
}

/** The moment as text, in the order of its keys. */
export function written(moment) {
  const said = new URLSearchParams();
  for (const name of Object.keys(KINDS)) {
    const value = moment[name];
    if (value === undefined || value === null || value.length === 0) continue;
    said.set(name, String(value));
  }
  return said.toString().replaceAll("%2C", ",");
}

/** ``address`` with this moment in the place of the one that it has. */
export function placed(address, moment) {
  const found = new URL(address);
  for (const name of Object.keys(KINDS)) found.searchParams.delete(name);
  const said = written(moment);
  if (said) found.search = [found.search.slice(1), said].filter(Boolean).join("&");
  return found.href;
}

/** What the Stage shows now. */
export function write({ run, clock, look, visit }) {
  const { view, colour, ghost, only, highlight } = visit.screen;
  return {
    step: Math.round(run.stepAt(clock.t)), view, colour, ghost, only, highlight,
    pin: look.pins.map((slot) => run.index[slot]),
    hide: visit.hidden,
  };
}

/** The slots of samples by their indices; what the run does not have is left out. */
export function slotsOf(run, indices) {
  return indices.map((index) => run.index.indexOf(index)).filter((slot) => slot >= 0);
}

/** Sentences on what a moment names and this run has not. */
export function doubts({ run, map, root }, { view, colour, only = [], pin = [], highlight }) {
  const views = ["both", ...map.views.map(({ kind }) => kind)];
  const colours = [...root.querySelectorAll("input[name=colour]")].map(({ value }) => value);
  const highlights = offered(run).map(({ key }) => key);
  const unlike = (what, value, known) => (value === undefined || known.includes(value) ? []
    : [`There is no ${what} ${value}; there are ${known.join(", ") || "none"}.`]);
  const samples = pin.filter((index) => !run.index.includes(index));
  const classes = only.filter((id) => !(id in run.classes));
  return [
    ...unlike("view", view, views), ...unlike("colouring", colour, colours),
    ...unlike("highlight", highlight, highlights),
    ...samples.map((index) => `This picture has no sample ${index}.`),
    ...classes.map((id) => `There is no class ${id}; they go to ${run.classes.length - 1}.`),
  ];
}

/** Shows a moment; what it does not say stays as it is. */
export function apply(stage, moment) {
  const { visit, chooser, look, run } = stage;
  stage.compare.close();
  visit.dress({ ...visit.screen, ...moment });
  if (moment.hide) visit.hide(moment.hide);
  if (moment.pin) look.pins = slotsOf(run, moment.pin);
  if (moment.view) chooser.state = { ...chooser.state, kind: moment.view };
  stage.layout();
  if (moment.step !== undefined) stage.seekTo(Math.round(run.timeOf(moment.step)));
  else stage.chosen();
}
