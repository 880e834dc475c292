// The place a picture is shown on: drawn as it is, then magnified, moved, brightened by display alone.

const MOST = 8; // times
const STEP = 1.25;
const SWIPE = 60; // pixels

export class Stage {
  /** `swiped` is told -1 or 1 when a finger went over a picture that is not magnified. */
  constructor(place, swiped) {
    this.place = place;
    this.canvas = place.querySelector("canvas");
    this.pencil = this.canvas.getContext("2d");
    this.swiped = swiped;
    this.fingers = new Map();
    this.light = { brightness: 100, contrast: 100 };
    this.reset();
    place.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    place.addEventListener("pointerdown", (event) => this.touch(event));
    place.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) place.addEventListener(end, (event) => this.leave(event));
  }

  draw(bitmap) {
    if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
      this.canvas.width = bitmap.width;
      this.canvas.height = bitmap.height;
    }
    this.pencil.drawImage(bitmap, 0, 0);
    this.canvas.hidden = false;
  }

  clear() {
    this.canvas.hidden = true;
  }

  reset() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.light = { brightness: 100, contrast: 100 };
    this.place_it();
    this.filter();
  }

  setLight(name, value) {
    this.light[name] = value;
    this.filter();
  }

  filter() {
    const { brightness, contrast } = this.light;
    const changed = brightness !== 100 || contrast !== 100;
    this.canvas.style.filter = changed ? `brightness(${brightness}%) contrast(${contrast}%)` : "";
  }

  /** Magnify by a step, about a point of the window or the middle. */
  zoom(direction, at) {
    this.zoomTo(this.scale * (direction > 0 ? STEP : 1 / STEP), at);
  }

  zoomTo(scale, at) {
    const wanted = Math.min(MOST, Math.max(1, scale));
    const box = this.place.getBoundingClientRect();
    const x = at ? at.clientX - box.left - box.width / 2 : 0;
    const y = at ? at.clientY - box.top - box.height / 2 : 0;
    this.x = x - ((x - this.x) * wanted) / this.scale;
    this.y = y - ((y - this.y) * wanted) / this.scale;
    this.scale = wanted < 1.01 ? 1 : wanted;
    this.place_it();
  }

  /** Move a magnified picture by a part of the place. */
  pan(right, down) {
    this.x -= right * this.place.clientWidth * 0.2;
    this.y -= down * this.place.clientHeight * 0.2;
    this.place_it();
  }

  place_it() {
    const farX = (this.place.clientWidth * (this.scale - 1)) / 2;
    const farY = (this.place.clientHeight * (this.scale - 1)) / 2;
    this.x = Math.min(farX, Math.max(-farX, this.x));
    this.y = Math.min(farY, Math.max(-farY, this.y));
    const moved = this.scale > 1;
    this.canvas.style.transform = moved ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
    this.place.classList.toggle("magnified", moved);
    this.place.dispatchEvent(new Event("placed"));
  }

  /** The wheel magnifies where somebody is at work in the picture; elsewhere it scrolls the page. */
  wheel(event) {
    const busy = event.ctrlKey || this.place.contains(document.activeElement) || document.fullscreenElement;
    if (!busy) return;
    event.preventDefault();
    this.zoom(-event.deltaY, event);
  }

  touch(event) {
    if (event.button) return;
    this.fingers.set(event.pointerId, event);
    this.first = event;
    if (this.scale > 1) this.place.setPointerCapture(event.pointerId);
  }

  drag(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const others = [...this.fingers.values()].filter((one) => one.pointerId !== event.pointerId);
    this.fingers.set(event.pointerId, event);
    if (others.length) {
      this.first = null;
      const apart = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY);
      this.zoomTo((this.scale * apart(event)) / (apart(before) || 1), event);
    } else if (this.scale > 1) {
      this.x += event.clientX - before.clientX;
      this.y += event.clientY - before.clientY;
      this.place_it();
    }
  }

  leave(event) {
    const from = this.fingers.size === 1 ? this.first : null;
    this.fingers.delete(event.pointerId);
    if (!from || this.scale > 1 || event.type === "pointercancel") return;
    const right = event.clientX - from.clientX;
    const down = event.clientY - from.clientY;
    if (Math.abs(right) > SWIPE && Math.abs(right) > 2 * Math.abs(down)) this.swiped(right < 0 ? 1 : -1);
  }
}
