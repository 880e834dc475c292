// One picture that is looked at: a still, or a clip that plays at the speed of the device.
//
// Time decides which frame is shown: one that is decoded too late is left out, none is shown longer
// for it. Where nothing is here to be shown, the clip stands still, says that it is loading, and goes on.

import { word } from "../words.js";
import { beginnings, PlayClock } from "./clock.js";
import { CHUNK, Frames } from "./frames.js";

const NEAR = 4; // frames that are decoded around one that stands still

export class Picture {
  /** `viewer` has the stage, and is told where the clip is. */
  constructor(about, viewer) {
    this.about = about;
    this.viewer = viewer;
    this.frames = new Frames(about, () => this.changed());
    this.range = { first: about.first - 1, last: about.last - 1, thereAndBack: about.there_and_back };
    this.frame = this.range.first;
    this.speed = about.speeds[0];
    this.playing = false;
    this.isShown = false;
    this.retime();
  }

  get isClip() {
    return this.about.frames > 1;
  }

  retime() {
    if (!this.isClip) return;
    const { first, last, thereAndBack } = this.range;
    this.clock = new PlayClock(beginnings(this.speed, this.about.frames), first, last, thereAndBack);
    this.base = this.clock.elapsedAt(this.frame);
    this.since = null;
  }

  setSpeed(number) {
    this.speed = this.about.speeds[number];
    this.retime();
    this.viewer.tellFrame(this, false);
  }

  /** Play a part; an end before the beginning gives the beginning way, and the other way round. */
  setRange(given) {
    const wanted = { ...this.range, ...given };
    wanted.last = Math.min(wanted.last, this.about.frames - 1);
    if (wanted.first > wanted.last) {
      if ("first" in given) wanted.last = this.about.frames - 1;
      else wanted.first = 0;
    }
    this.range = wanted;
    this.retime();
  }

  setLook(look) {
    if (this.frames.look === look) return;
    this.frames.setLook(look);
    this.drawn = -1;
    this.want();
  }

  /** Have the first frame ready. */
  prepare() {
    if (!this.isShown) this.frames.want([this.frame], false);
  }

  show() {
    this.isShown = true;
    this.drawn = -1;
    this.want();
    this.changed();
    if (this.drawn < 0) this.viewer.loading();
    this.viewer.tellFrame(this, true);
    this.viewer.tellPlaying(this);
  }

  hide() {
    this.isShown = false;
  }

  close() {
    this.pause();
    this.hide();
    this.frames.close();
  }

  // ------------------------------------------------------------------ standing still

  want() {
    const near = [this.frame];
    for (let away = 1; away <= NEAR; away += 1) near.push(this.frame + away, this.frame - away);
    this.frames.want(near.filter((one) => one >= 0 && one < this.about.frames), false);
  }

  by(step) {
    this.seek(this.frame + step);
  }

  seek(frame) {
    this.pause();
    this.frame = Math.min(Math.max(frame, 0), this.about.frames - 1);
    this.retime();
    this.want();
    this.changed();
    if (this.drawn !== this.frame) this.viewer.loading();
    this.viewer.tellFrame(this, true);
  }

  /** Something more is here: draw it where it is what should be seen. */
  changed() {
    if (!this.isShown || this.playing || this.drawn === this.frame) return;
    const bitmap = this.frames.bitmap(this.frame);
    if (bitmap === undefined) {
      if (this.frames.failed) this.viewer.tell(word("picture_unreachable"));
      return;
    }
    this.draw(bitmap);
    if (bitmap === null) this.viewer.stage.clear();
  }

  draw(bitmap) {
    this.drawn = this.frame;
    this.viewer.tellReencoded(this);
    if (bitmap) this.viewer.stage.draw(bitmap);
    this.viewer.tell(bitmap ? "" : word("frame_broken", this.frame + 1));
  }

  // ------------------------------------------------------------------ playing

  toggle() {
    if (!this.isClip) return;
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    const { first, last } = this.range;
    if (this.frame < first || this.frame >= last) this.frame = first;
    this.retime();
    this.playing = true;
    this.waits = true;
    this.viewer.tellPlaying(this);
    requestAnimationFrame((now) => this.tick(now));
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.retime();
    this.want();
    this.viewer.tellPlaying(this);
    this.viewer.tellFrame(this, true);
  }

  tick(now) {
    if (!this.playing) return;
    const elapsed = this.base + (this.since === null ? 0 : now - this.since);
    if (this.isOver(elapsed)) {
      this.frame = this.clock.frameAt(this.clock.round - 0.001);
      this.pause();
      this.changed();
      return;
    }
    this.frames.want(this.clock.following(elapsed, this.frames.ahead), true);
    if (this.waits) this.wait(now, elapsed);
    else this.showAt(elapsed, now);
    requestAnimationFrame((then) => this.tick(then));
  }

  /** Who wants little motion sees a clip once, and no loop. */
  isOver(elapsed) {
    return elapsed >= this.clock.round && matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  /** Begin, or go on, as soon as a chunk is here and its first frame decoded. */
  wait(now, elapsed) {
    const next = this.clock.following(elapsed, CHUNK);
    if (!this.frames.hasAll(next) || this.frames.bitmap(next[0]) === undefined) {
      this.viewer.loading();
      return;
    }
    this.waits = false;
    this.base = elapsed;
    this.since = now;
    this.showAt(elapsed, now);
  }

  showAt(elapsed, now) {
    const frame = this.clock.frameAt(elapsed);
    if (frame === this.drawn) return;
    const bitmap = this.frames.bitmap(frame);
    if (bitmap === undefined) {
      if (!this.frames.has(frame)) this.stall(elapsed);
      return;
    }
    this.frame = frame;
    this.draw(bitmap);
    this.viewer.tellFrame(this, false);
  }

  stall(elapsed) {
    this.waits = true;
    this.base = elapsed;
    this.since = null;
  }
}
