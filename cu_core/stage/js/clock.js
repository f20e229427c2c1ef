// The one clock: time in frames, moved by playing, stepping, scrubbing and by new data.

export const FRAMES_PER_SECOND = 12;
const STEPS_PER_SECOND = 3; // under reduced motion, frame by frame
const REST = 4; // seconds at the end before it begins anew, where no hold says how many
const CATCH_UP = 1; // seconds in which a live view reaches what has just arrived

export class Clock {
  constructor(calm) {
    this.calm = calm; // reduced motion: no frames in between
    this.t = 0;
    this.last = 0;
    this.speed = 1;
    this.live = false;
    this.playing = false;
    this.following = false; // at the newest frame of a live run, and staying there
    this.before = null;
    this.wait = 0;
    this.holds = []; // [{t, seconds}] by time: where playing stands still for so long
    this.held = 0; // seconds of it that are left
    this.loops = false; // whether playing begins anew after its last hold
  }

  /** A run's last frame is reached; a live one has none yet. */
  get ended() {
    return !this.live && this.last > 0 && this.atEnd;
  }

  get atEnd() {
    return this.t >= this.last;
  }

  get frame() {
    return Math.round(this.t);
  }

  /** Whether time passes by itself now. */
  get moving() {
    return this.playing || (this.following && !this.atEnd);
  }

  play() {
    if (this.live && this.atEnd) return this.follow();
    if (this.atEnd) this.t = 0;
    this.playing = true;
    this.following = false;
    this.before = null;
    this.wait = 0;
    this._hold(this.t === 0 ? 0 : -1);
  }

  /** Stands still if there is a hold at this time. */
  _hold(t) {
    this.held = this.holds.find((hold) => hold.t === t)?.seconds || 0;
  }

  pause() {
    this.playing = this.following = false;
    this.before = null;
    this.t = this.frame;
  }

  seek(t) {
    this.t = Math.min(this.last, Math.max(0, t));
    this.playing = false;
    this.following = this.live && this.atEnd;
  }

  follow() {
    this.playing = false;
    this.following = true;
    this.t = this.last;
  }

  /** New frames, or fewer after a rewind. ``t``: where the time shown lies among them, if that
   * has changed; who stands on a frame that is gone stands on the one before it. */
  grow(last, live, t = this.t) {
    const stands = !this.playing && !this.following && Number.isInteger(this.t);
    this.live = live;
    this.last = last;
    this.t = Math.min(stands ? Math.floor(t) : t, last);
    if (!live) {
      this.playing = this.playing || (this.following && !this.atEnd);
      this.following = false;
    } else if (this.following && this.calm) this.t = last;
    this.rate = Math.max(1, (last - this.t) / CATCH_UP);
    this.before = null;
  }

  /** Moves time on to ``now`` (milliseconds). Returns true when playing has just ended. */
  tick(now) {
    const passed = this.before === null ? 0 : Math.min(0.25, (now - this.before) / 1000);
    this.before = this.moving ? now : null;
    if (!this.moving) return false;
    if (this.playing && this.held > 0) return this._stand(passed);
    const { t } = this;
    if (this.calm) this._jump(passed);
    else this.t += passed * (this.following ? this.rate : FRAMES_PER_SECOND * this.speed);
    const hold = this.playing && this.holds.find((one) => one.t > t && one.t <= this.t);
    if (hold) this.t = hold.t;
    if (hold) this.held = hold.seconds;
    if (this.t < this.last) return false;
    this.t = this.last;
    if (this.playing && this.goesRound) {
      this.held ||= REST;
      return false;
    }
    this.following = this.live;
    const ended = this.playing && !this.live;
    this.playing = false;
    return ended;
  }

  /** Whether it begins anew at the end: nothing moves for ever under reduced motion. */
  get goesRound() {
    return this.loops && !this.live && !this.calm && this.last > 0;
  }

  _stand(passed) {
    this.held -= passed * this.speed;
    if (this.held > 0 || !this.atEnd) return false;
    this.t = 0;
    this._hold(0);
    return false;
  }

  _jump(passed) {
    this.wait += passed * STEPS_PER_SECOND * this.speed;
    const whole = Math.floor(this.wait);
    this.wait -= whole;
    this.t = Math.min(this.last, Math.floor(this.t) + whole);
  }
}
