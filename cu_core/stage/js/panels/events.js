// "What happened": the events of the run in words, the one that was reached last standing out. A
// click goes there; with the keyboard the list is one Tab stop.

import { frameOf, happened, reached, sentence } from "../happenings.js";
import { register } from "../panels.js";
import { Roving } from "../roving.js";

class Events {
  static kind = "events";
  static rank = 10;

  constructor(stage, box) {
    Object.assign(this, { stage, box, events: [], items: [] });
    const title = document.createElement("h3");
    title.textContent = "What happened";
    title.id = "lethe-happened";
    this.list = document.createElement("ol");
    box.setAttribute("aria-labelledby", title.id);
    box.append(title, this.list);
    const ways = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    this.roving = new Roving(this.list, ways);
  }

  load(run) {
    this.run = run;
    const events = happened(run);
    const told = JSON.stringify(events);
    if (told === this.told) return;
    Object.assign(this, { told, events, now: null });
    const held = this.items.indexOf(this.list.getRootNode().activeElement);
    this.items = events.map((event) => this._item(event));
    this.list.replaceChildren(...this.items.map((item) => item.parentNode));
    this.roving.take(this.items);
    this.items[Math.min(held, this.items.length - 1)]?.focus();
    this.box.hidden = !events.length;
  }

  _item(event) {
    const [place, item] = [document.createElement("li"), document.createElement("button")];
    item.type = "button";
    item.className = `happened ${event.tone || ""}`;
    const [step, text] = sentence(event).split(/: (.*)/s);
    const [when, what] = [document.createElement("b"), document.createElement("span")];
    when.textContent = `${step}: `;
    what.textContent = text;
    item.append(when, what);
    item.addEventListener("click", () => {
      this.stage.seekTo(frameOf(this.run, event.step));
    });
    place.append(item);
    return item;
  }

  draw(t) {
    if (!this.run) return; // the picture is drawn once before its panels are loaded
    const at = reached(this.events, this.run.stepAt(t));
    const step = at < 0 ? null : this.events[at].step;
    if (step === this.now) return;
    this.now = step;
    this.items.forEach((item, k) => {
      if (this.events[k].step === step) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    const first = this.items.find((item) => item.hasAttribute("aria-current"));
    if (first) this._show(first);
  }

  /** Within the list alone: the page stays where it is. */
  _show(item) {
    const { list } = this;
    if (list.scrollHeight <= list.clientHeight) return;
    const above = item.getBoundingClientRect().top - list.getBoundingClientRect().top;
    list.scrollTop += above - (list.clientHeight - item.offsetHeight) / 2;
  }
}

register(Events);
