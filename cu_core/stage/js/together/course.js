// One clock for several runs: the frame of each at a time of all. No drawing here.

/** Time is counted in frames of the run that ``leads``: of the one with most of them when all begin
 *  and end together ("share"), of the one with most steps when all go by the same steps ("steps"),
 *  where a shorter run stands at its end. It has of a run what a scrubber asks for. */
export class Course {
  constructor(runs, by) {
    const most = by === "steps" ? (run) => run.endStep : (run) => run.frames;
    this.by = by;
    this.leads = runs.reduce((best, run) => (most(run) > most(best) ? run : best));
    this.quality = []; // each map says its own
    this.header = { events: [] };
  }

  get frames() { return this.leads.frames; }
  get last() { return this.leads.last; }
  get steps() { return this.leads.steps; }
  get endStep() { return this.leads.endStep; }

  stepAt(t) {
    return this.leads.stepAt(t);
  }

  timeOf(step) {
    return this.leads.timeOf(step);
  }

  /** How far along a time is, 0 to 1. */
  share(t) {
    return this.stepAt(t) / this.endStep;
  }

  timeOfShare(share) {
    return this.timeOf(share * this.endStep);
  }

  /** The time (frames) of one of the runs at a time of all. */
  timeIn(run, t) {
    if (run === this.leads) return t;
    return run.timeOf(this.by === "steps" ? this.stepAt(t) : this.share(t) * run.endStep);
  }

  /** ``[at, whole]`` in words: "37 %" of the run, or "40" of 120 steps. */
  words(t) {
    if (this.by === "steps") return [`step ${Math.round(this.stepAt(t))}`, ` / ${this.endStep}`];
    return [`${Math.round(100 * this.share(t))} %`, " of the run"];
  }
}
