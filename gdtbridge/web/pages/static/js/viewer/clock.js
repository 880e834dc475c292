// Which frame is shown when: frames stand for their own time, in a range, in a circle or there and back.

/** The moments at which frames begin, and the end of the last: `{moments}`, or every `{interval}` ms. */
export function beginnings(speed, count) {
  if (speed.moments) return speed.moments;
  return Array.from({ length: count + 1 }, (_, frame) => frame * speed.interval);
}

export class PlayClock {
  /** `moments` has one more entry than there are frames; `first` and `last` are counted from 0. */
  constructor(moments, first, last, thereAndBack) {
    this.moments = moments;
    this.first = first;
    this.last = last;
    this.there = moments[last + 1] - moments[first];
    this.back = thereAndBack && last > first + 1 ? moments[last] - moments[first + 1] : 0;
  }

  /** Milliseconds of one round. */
  get round() {
    return this.there + this.back;
  }

  /** The frame at so many milliseconds after the first of the range began. */
  frameAt(elapsed) {
    const at = ((elapsed % this.round) + this.round) % this.round;
    if (at < this.there) return this.frameOf(this.moments[this.first] + at);
    const back = this.moments[this.last] - (at - this.there);
    return Math.max(this.frameOf(back, true), this.first + 1);
  }

  /** How long after the first of the range a frame begins. */
  elapsedAt(frame) {
    return this.moments[Math.min(Math.max(frame, this.first), this.last)] - this.moments[this.first];
  }

  /** The next frames in the order they are shown, the one at `elapsed` first; each once. */
  following(elapsed, count) {
    const found = new Set();
    let at = ((elapsed % this.round) + this.round) % this.round;
    const size = this.last - this.first + 1;
    for (let steps = 0; found.size < Math.min(count, size) && steps < 2 * count + 2; steps += 1) {
      const frame = this.frameAt(at);
      found.add(frame);
      at += this.moments[frame + 1] - this.moments[frame];
    }
    return [...found];
  }

  /** The frame whose time holds a moment; backwards, a frame's time ends where it begins. */
  frameOf(moment, backwards = false) {
    let low = this.first;
    let high = this.last;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const isBefore = backwards ? this.moments[middle] < moment : this.moments[middle] <= moment;
      if (isBefore) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
