// A stop that asks: the question, a guess, and what is true once the guess is in.

import { tag, within, write } from "../elements.js";
import { Drag } from "./drag.js";
import { Hands } from "./hands.js";
import { unbroken } from "./prose.js";
import { favourite } from "./tally.js";

const RIGHT = 0.5; // a score from which a guess counts as right
const CLOSE = 0.1;

/** How a guess did, in a word or two. */
export function verdictOf(score) {
  if (score === null || score === undefined) return "";
  if (score >= 0.995) return "Right";
  return score >= RIGHT ? "Close enough" : score > CLOSE ? "Some of it" : "Not so";
}

export class Asking {
  /** ``guessed(value)``: a guess is in; null: the answer is wanted without one. */
  constructor(root, guessed) {
    Object.assign(this, { root, guessed });
    this.form = within(root, "form", "tale-form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._send();
    });
    this.form.addEventListener("input", () => this._ready());
    this.prompt = within(this.form, "p", "tale-prompt");
    this.prompt.id = "tale-prompt";
    this.line = within(this.form, "div", "tale-asked");
    this.fields = within(this.line, "div", "tale-fields");
    this.row = within(this.line, "div", "tale-send");
    this.send = within(this.row, "button", "quiet tale-reveal", "Reveal");
    this.without = within(this.row, "button", "tale-without", "Show without a guess");
    this.without.type = "button";
    this.without.addEventListener("click", () => this.guessed(null));
    this.answer = within(root, "div", "tale-answer");
    this.hands = new Hands(within(root, "details", "tale-class"), () => this._ready());
  }

  /** ``question``: null where a stop asks nothing. */
  show(question, where) {
    this.root.hidden = !question;
    const key = question && JSON.stringify([question, where]);
    if (!question || key === this.key) return;
    this.key = key;
    this.question = question;
    const answered = question.truth !== undefined;
    write(this.prompt, unbroken(question.prompt));
    this.form.classList.toggle("answered", answered);
    this.row.hidden = answered;
    this.fields.replaceChildren(...this._fields(question, answered));
    this.hands.show(question, where);
    this.answer.replaceChildren(...(answered ? this._answer(question, where.soFar) : []));
    this._ready();
  }

  /** A key goes on from here: into the question. */
  enter() {
    const field = this.form.querySelector("input:checked") || this.form.querySelector("input");
    field?.focus();
  }

  get value() {
    const field = this.form.querySelector("input:checked, input[type=range][data-touched]");
    if (!field) return favourite(this.question, this.hands.hands);
    return field.type === "range" ? field.valueAsNumber : field.value;
  }

  _ready() {
    this.send.disabled = this.question.truth !== undefined || this.value === null;
  }

  _send() {
    if (!this.send.disabled) this.guessed(this.value);
  }

  _fields(question, answered) {
    if (question.widget === "number") return this._slider(question, answered);
    const group = tag("div", "tale-options");
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-labelledby", this.prompt.id);
    const all = question.options.map((option) => this._option(option, question, answered));
    group.append(...all);
    if (question.widget !== "places" || answered) return [group];
    return [new Drag(question.count, group, () => this._ready()).token, group];
  }

  _option({ value, name }, { guess, truth }, answered) {
    const label = tag("label", "tale-option");
    const input = within(label, "input", "");
    Object.assign(input, { type: "radio", name: "guess", value, checked: guess === value });
    input.disabled = answered;
    within(label, "span", "", name);
    label.classList.toggle("truth", answered && truth === value);
    label.classList.toggle("guess", guess === value);
    return label;
  }

  _slider({ low, high, step, unit, guess }, answered) {
    const label = tag("label", "tale-slider");
    const input = within(label, "input", "");
    Object.assign(input, { type: "range", min: low, max: high, step, disabled: answered });
    input.value = guess ?? (low + high) / 2;
    input.setAttribute("aria-labelledby", this.prompt.id);
    const said = within(label, "output", "tale-said", "");
    const sign = unit ? `\u00a0${unit}` : "";
    const show = () => write(said, `${input.value}${sign}`);
    input.addEventListener("input", () => {
      input.dataset.touched = "yes";
      show();
    });
    input.addEventListener("keydown", ({ key }) => {
      if (key !== "Enter") return;
      input.dataset.touched = "yes"; // the middle is a guess as well, once somebody says so
      this._ready();
    });
    if (guess !== undefined && guess !== null) show();
    return [label];
  }

  /** What is true, how the guess did, and how guesses did so far. */
  _answer({ sentence, score, guess }, [right, of]) {
    const how = guess === null ? "" : `${verdictOf(score)}. `;
    const soFar = of ? `${right} of ${of} right so far.` : "";
    return [tag("p", "tale-true", unbroken(sentence)), tag("p", "tale-score", `${how}${soFar}`)];
  }
}
