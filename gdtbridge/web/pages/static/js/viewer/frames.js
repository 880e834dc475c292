// The frames of one object: fetched in chunks, kept compressed, a few of them decoded.
//
// A chunk is its frames one after the other: four bytes of length (big-endian), then a JPEG or PNG; of
// length 0 is a frame that cannot be shown.

export const CHUNK = 24; // frames of one request
const AHEAD = 2; // chunks that are fetched without being asked for
const AT_ONCE = 2; // requests: the service decodes in two processes
const DECODED = 12; // frames
const DECODED_BYTES = 48 << 20;
const KEPT_BYTES = (navigator.deviceMemory ?? 8) < 4 ? 32 << 20 : 96 << 20; // compressed
const AGAIN = 2000; // milliseconds until what failed is fetched again

export class Frames {
  /** `changed` is called when something more can be shown. */
  constructor(about, changed) {
    this.about = about;
    this.count = about.frames;
    this.changed = changed;
    this.look = "";
    this.closing = new AbortController();
    this.begin();
  }

  begin() {
    this.blobs = new Map(); // frame → Blob; null: cannot be shown
    this.bitmaps = new Map(); // frame → ImageBitmap; null: cannot be shown
    this.decoding = new Set();
    this.fetching = new Set(); // chunks
    this.bytes = 0;
    this.reencoded = false;
    this.failed = false;
  }

  /** Show monochrome with another window: everything is fetched anew. */
  setLook(look) {
    if (look === this.look) return;
    this.close();
    this.closing = new AbortController();
    this.look = look;
    this.begin();
  }

  close() {
    this.closing.abort();
    for (const one of this.bitmaps.values()) one?.close();
    this.bitmaps.clear();
  }

  get ahead() {
    const bytes = this.about.rows * this.about.columns * 4 || 1;
    return Math.max(2, Math.min(DECODED, Math.floor(DECODED_BYTES / bytes)));
  }

  /** Whether a frame is here, if only as one that cannot be shown. */
  has(frame) {
    return this.blobs.has(frame);
  }

  /** Whether everything of `frames` is here. */
  hasAll(frames) {
    return frames.every((one) => this.blobs.has(one));
  }

  /** The decoded frame; null where it cannot be shown, undefined where it is not decoded yet. */
  bitmap(frame) {
    return this.bitmaps.get(frame);
  }

  /** Decode these frames, let go of the others, and fetch what is missing, the first one first. */
  want(frames, everything) {
    const wanted = new Set(frames);
    for (const [frame, one] of this.bitmaps) {
      if (!wanted.has(frame)) {
        one?.close();
        this.bitmaps.delete(frame);
      }
    }
    this.wanted = wanted;
    for (const frame of frames) this.decode(frame);
    this.from = frames[0] ?? 0;
    this.everything = everything;
    this.fill();
  }

  async decode(frame) {
    if (this.bitmaps.has(frame) || this.decoding.has(frame) || !this.blobs.has(frame)) return;
    const { signal } = this.closing;
    this.decoding.add(frame);
    let found = null;
    try {
      const blob = this.blobs.get(frame);
      if (blob) found = await createImageBitmap(blob);
    } catch {
      found = null; // damaged: the others are shown
    }
    if (signal.aborted || !this.wanted.has(frame)) {
      found?.close();
      if (!signal.aborted) this.decoding.delete(frame);
      return;
    }
    this.decoding.delete(frame);
    this.bitmaps.set(frame, found);
    this.changed();
  }

  /** Fetch the next chunks that are missing, from the frame that is shown on. */
  fill() {
    if (this.failed) return;
    const chunks = Math.ceil(this.count / CHUNK);
    const here = Math.floor(this.from / CHUNK);
    const far = this.everything ? chunks - 1 : 0;
    for (let step = 0; step <= far && this.fetching.size < AT_ONCE; step += 1) {
      if (step > AHEAD && this.bytes > KEPT_BYTES) return;
      const chunk = (here + step) % chunks;
      if (!this.fetching.has(chunk) && !this.isWhole(chunk)) this.fetch(chunk);
    }
  }

  isWhole(chunk) {
    const end = Math.min((chunk + 1) * CHUNK, this.count);
    for (let frame = chunk * CHUNK; frame < end; frame += 1) if (!this.blobs.has(frame)) return false;
    return true;
  }

  async fetch(chunk) {
    const { signal } = this.closing;
    this.fetching.add(chunk);
    try {
      await this.read(chunk, signal);
      this.forget(chunk);
    } catch {
      if (signal.aborted) return;
      this.failed = true;
      setTimeout(() => {
        this.failed = false;
        if (!signal.aborted) this.fill();
      }, AGAIN);
    }
    if (signal.aborted) return;
    this.fetching.delete(chunk);
    this.changed();
    this.fill();
  }

  async read(chunk, signal) {
    const first = chunk * CHUNK;
    const count = Math.min(CHUNK, this.count - first);
    const address = `${this.about.address}/folge?ab=${first + 1}&zahl=${count}${this.look}`;
    const answer = await fetch(address, { signal });
    if (answer.status === 401) document.dispatchEvent(new Event("session:over"));
    this.reencoded = answer.headers.has("X-Reencoded");
    if (!answer.ok) throw new Error(String(answer.status));
    const reader = answer.body.getReader();
    let rest = new Uint8Array();
    let frame = first;
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) return;
      if (done) break;
      rest = joined(rest, value);
      while (rest.length >= 4) {
        const size = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
        if (rest.length < 4 + size) break;
        this.keep(frame, rest.slice(4, 4 + size));
        rest = rest.subarray(4 + size);
        frame += 1;
      }
    }
    if (frame < first + count) throw new Error("cut off");
  }

  keep(frame, bytes) {
    if (!this.blobs.has(frame)) this.bytes += bytes.length;
    const type = bytes[0] === 0x89 ? "image/png" : "image/jpeg";
    this.blobs.set(frame, bytes.length ? new Blob([bytes], { type }) : null);
    if (this.wanted?.has(frame)) this.decode(frame);
  }

  /** Let go of compressed frames where there are too many: of those that are shown last. */
  forget(kept) {
    const chunks = Math.ceil(this.count / CHUNK);
    const here = Math.floor(this.from / CHUNK);
    for (let step = chunks - 1; step > AHEAD && this.bytes > KEPT_BYTES; step -= 1) {
      const chunk = (here + step) % chunks;
      if (chunk === kept) continue;
      for (let frame = chunk * CHUNK; frame < (chunk + 1) * CHUNK; frame += 1) {
        this.bytes -= this.blobs.get(frame)?.size ?? 0;
        this.blobs.delete(frame);
      }
    }
  }
}

function joined(rest, more) {
  if (!rest.length) return more;
  const both = new Uint8Array(rest.length + more.length);
  both.set(rest);
  both.set(more, rest.length);
  return both;
}
