// When the next picture is drawn: at once for a hand, as fast as the screen shows them when a run is
// played, seldom while the run itself is at work on the same cores, and never in a tab nobody sees.

export const LIVE_MS = 80; // between two pictures of a live run: as many as it has frames

export class Pace {
  /** ``draw(now)``: one picture. */
  constructor(draw) {
    this.draw = draw;
  }

  /** Nobody sees this tab: nothing is drawn until somebody does. */
  get unseen() {
    return document.hidden;
  }

  /** With the screen's next picture. */
  soon() {
    if (this.unseen) return;
    this.pending ??= requestAnimationFrame((now) => {
      this.pending = undefined;
      this.draw(now);
    });
  }

  /** The one after this, of a time that moves by itself; ``gently``: others need the processor. */
  next(gently) {
    if (!gently) return this.soon();
    this.later ??= setTimeout(() => {
      this.later = undefined;
      this.soon();
    }, LIVE_MS);
  }

  end() {
    cancelAnimationFrame(this.pending);
    clearTimeout(this.later);
  }
}
