// A link to what is on the screen: copied by a hand, and in an exported page read from its address.

import { apply, doubts, placed, read, write, written } from "./moment.js";
import { Toast } from "./toast.js";

export class Link {
  constructor(stage) {
    this.stage = stage;
    this.refused = []; // of the fragment; what is wrong in an address of the app, its page says
    this.toast = new Toast(stage.root);
    this.onHash = () => this._heard();
    stage.root.querySelector(".link").addEventListener("click", () => this.copy());
  }

  /** The exported page is alone: nobody behind it reads its address, so that the Stage does. */
  lead(alone) {
    if (!alone || this.alone) return;
    this.alone = true;
    addEventListener("hashchange", this.onHash);
  }

  /** What the header of a run opens on, with what the fragment says. */
  take(header) {
    this._ask(header);
    if (header.opens?.hide?.includes("verdict")) header.headline = header.verdict = null;
  }

  _ask(header) {
    if (!this.alone || location.hash.length < 2) return;
    const moment = this._read();
    const link = written({ ...moment, hide: [] }); // what is hidden leads nowhere
    header.opens = { ...header.opens, ...moment, ...(link ? { link } : {}) };
  }

  _read() {
    const { moment, refused } = read(location.hash, this.stage.root.dataset.parts.split(","));
    this.refused = refused;
    return moment;
  }

  _heard() {
    if (!this.stage.run?.frames) return;
    const moment = this._read();
    this.take(this.stage.run.header);
    apply(this.stage, moment);
    this.doubt(moment);
  }

  /** What an address says that means nothing, or names and this run has not, is said. */
  doubt(moment) {
    const said = [...this.refused, ...doubts(this.stage, moment)];
    if (said.length) this.toast.show(said.join(" "));
  }

  /** The address of this moment. */
  get address() {
    const moment = write(this.stage);
    if (this.alone) return `${location.href.split("#")[0]}#${written(moment)}`;
    const { address } = this.stage.run.header.opens || {};
    return placed(address ? new URL(address, location.href).href : location.href, moment);
  }

  async copy() {
    const { address } = this;
    if (this.alone) history.replaceState(null, "", address); // the page's own name for it, too
    await this.toast.copy(address);
  }

  end() {
    removeEventListener("hashchange", this.onHash);
  }
}
