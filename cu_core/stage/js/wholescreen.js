// One element of the page alone on the whole screen, and the page as it was afterwards.

const POPUP = 1500; // milliseconds in which a window that opens ends the browser's full screen
const ALONE = "body, body * { visibility: hidden !important; } html, body { overflow: hidden; }";

export class WholeScreen {
  /** ``name``: the class that ``root`` has meanwhile; ``ended``: called when the browser has ended
   *  it, and then ``leave`` is to be. */
  constructor(root, name, ended) {
    Object.assign(this, { root, name, ended, on: false });
    this.sheet = new CSSStyleSheet();
    this.sheet.replaceSync(ALONE);
    this.onScreen = () => this._screen();
    document.addEventListener("fullscreenchange", this.onScreen);
  }

  async enter() {
    const { root } = this;
    this.on = true;
    this.before = { at: root.getRootNode().activeElement, frame: root.getRootNode().host };
    const { frame } = this.before;
    if (frame) frame.style.minHeight = `${frame.offsetHeight}px`; // the page keeps its place
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet];
    root.classList.add(this.name);
    await this._fill();
  }

  /** The browser's full screen, or the whole of its window where that is not allowed. */
  async _fill() {
    try {
      await this.root.requestFullscreen();
    } catch {
      this._cover();
    }
    if (!this.on) this._uncover(); // left meanwhile
  }

  _cover() {
    if (this.root.matches(":popover-open")) return;
    this.root.popover = "manual"; // over all that the page has, whatever lies around it
    this.root.showPopover();
  }

  _uncover() {
    const { root } = this;
    if (root.matches(":fullscreen")) document.exitFullscreen();
    if (root.popover) root.hidePopover();
    root.removeAttribute("popover");
  }

  /** Back to the page as it was. */
  leave() {
    this.on = false;
    this._uncover();
    this.root.classList.remove(this.name);
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== this.sheet);
    if (this.before.frame) this.before.frame.style.minHeight = "";
  }

  /** After ``leave``, and whatever was drawn anew for it: the focus is where it was. */
  refocus() {
    this.before.at?.focus({ preventScroll: true });
  }

  /** A window is opening, which may end the browser's full screen: this page stays covered. */
  opens() {
    this.opened = performance.now();
  }

  /** The browser has ended its full screen: by Escape, or because a window opened. */
  _screen() {
    if (!this.on || this.root.matches(":fullscreen, :popover-open")) return;
    if (performance.now() - this.opened < POPUP) this._cover();
    else this.ended();
  }

  end() {
    document.removeEventListener("fullscreenchange", this.onScreen);
  }
}
