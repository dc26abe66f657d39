// The picture at the play head: the newest wish goes first, frames ahead are fetched while nothing else is.
import { call } from "./server.js";
import { duration, toTrack } from "./project.js";

export const PLAY_FPS = 12;
const LIVE_PX = 256;
const REST_MS = 350;
const AHEAD = 60;
const MOST_FRAMES = 240;
const AGAIN_MS = 2000;
const HAND = Math.random().toString(36).slice(2, 12);

export class Live {
  constructor({ canvas, before, tell }) {
    this._canvas = canvas; this._before = before; this._tell = tell;
    this._frames = new Map(); this._key = ""; this._busy = false; this._fetching = 0;
    this.time = 0; this.playing = false; this.fullPx = LIVE_PX; this.latencies = []; this._notBefore = 0;
    this.comparing = false; this.enabled = true;
  }

  // Called for every change of the document or the play head.
  show(document, time) {
    const about = { face: document.face, track: toTrack(document), easing: document.easing, model: document.model };
    const key = JSON.stringify(about);
    if (key !== this._key) { this._key = key; this._about = about; this._forget(); }
    this._length = duration(document); this._loop = document.loop;
    this.time = time;
    // One change may be told twice: what is being drawn already is not asked for again.
    const isDrawn = this._busy && this._drawing === `${time} ${key}`;
    this._wanted = isDrawn ? null : { time, asked: performance.now() };
    this._pump();
    this._restSoon();
    if (this.comparing) this._showBefore();
  }

  async _pump() {
    if (this._busy || !this._wanted || !this.enabled) return;
    const { time, asked } = this._wanted, key = this._key;
    this._wanted = null; this._busy = true; this._drawing = `${time} ${key}`;
    try {
      const index = Math.round(time * PLAY_FPS);
      const exact = Math.abs(index / PLAY_FPS - time) < 1e-6;
      let bitmap = exact ? this._frames.get(index) : null;
      bitmap ??= await this._fetch(time, LIVE_PX, "now", "");
      if (bitmap) {
        this._paint(this._canvas, bitmap, "live");
        if (exact && key === this._key) this._keep(index, bitmap); else bitmap.close();
        this.latencies.push(performance.now() - asked);
        if (this.latencies.length > 500) this.latencies.shift();
      }
      this._tell("picture");
    } catch (error) {
      if (error.name !== "AbortError") this._tell("trouble", error);
    } finally {
      this._busy = false;
      if (this._wanted) this._pump(); else this._restSoon();
    }
  }

  // Counted from the last picture: one that took longer than the wait must not end all that follows.
  _restSoon() {
    clearTimeout(this._rest);
    if (!this.playing) this._rest = setTimeout(() => this._settle(), REST_MS);
  }

  async _fetch(time, size, priority, hand, about = this._about) {
    const picture = await call("/pictures", { body: { ...about, time_s: Math.max(0, time), size_px: size, priority, hand } });
    return picture && createImageBitmap(picture);
  }

  _paint(canvas, bitmap, quality) {
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) { canvas.width = bitmap.width; canvas.height = bitmap.height; }
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    canvas.dataset.quality = quality;
    canvas.dataset.drawn = Number(canvas.dataset.drawn ?? 0) + 1;
  }

  // At rest: the picture at full size, then frames for playing.
  async _settle() {
    if (this._busy) return;  // it is called again when the picture is there
    const key = this._key, time = this.time;
    try {
      if (this.fullPx > LIVE_PX) {
        const bitmap = await this._fetch(time, this.fullPx, "soon", `${HAND}-rest`);
        if (bitmap && key === this._key && time === this.time && !this.playing && !this._wanted) this._paint(this._canvas, bitmap, "full");
      }
    } catch { /* the live picture stays */ }
    if (key === this._key && !this.playing) this._fill();
    this._tell("rest");
  }

  async _showBefore() {
    const key = JSON.stringify([this._about.face, this._about.model]);
    if (this._beforeKey === key) return;
    this._beforeKey = key;
    try {
      const about = { face: this._about.face, track: ["calm"], easing: "linear", model: this._about.model };
      this._paint(this._before, await this._fetch(0, LIVE_PX, "soon", "", about), "live");
    } catch { this._beforeKey = ""; }
  }

  compare(on) { this.comparing = on; if (on && this._about) this._showBefore(); }

  // Frames ahead of the play head, two requests at a time; ends when all are there.
  async _fill() {
    while (this._fetching < 2) {
      const key = this._key, index = this._nextMissing();
      if (index === null || this._busy || performance.now() < this._notBefore) return;
      this._fetching += 1;
      this._frames.set(index, null);
      this._fetch(index / PLAY_FPS, LIVE_PX, "soon", "").then((bitmap) => {
        if (key === this._key) bitmap ? this._keep(index, bitmap) : this._frames.delete(index);
      }).catch(() => {
        if (key === this._key) this._frames.delete(index);
        this._notBefore = performance.now() + AGAIN_MS;  // a stopped server is not asked all the time
        setTimeout(() => this._fill(), AGAIN_MS + 50);
      }).finally(() => {
        this._fetching -= 1;
        if (key === this._key) this._fill();
      });
    }
  }

  // Frames are kept around the play head; those farthest from it go.
  _keep(index, bitmap) {
    this._frames.set(index, bitmap);
    if (this._frames.size <= MOST_FRAMES) return;
    const now = Math.floor(this.time * PLAY_FPS), ahead = (other) => (other - now + this.frameCount + 12) % this.frameCount;
    const farthest = [...this._frames.keys()].filter((key) => this._frames.get(key)).reduce((a, b) => (ahead(a) > ahead(b) ? a : b));
    this._frames.get(farthest).close();
    this._frames.delete(farthest);
  }

  _forget() { for (const bitmap of this._frames.values()) bitmap?.close(); this._frames.clear(); }

  get frameCount() { return Math.floor(this._length * PLAY_FPS + 1e-6) + 1; }

  _nextMissing() {
    const count = this.frameCount, first = Math.floor(this.time * PLAY_FPS);
    for (let step = 0; step < Math.min(AHEAD, count); step += 1) {
      const index = this._loop || this.playing ? (first + step) % count : first + step;
      if (index < count && !this._frames.has(index)) return index;
    }
    return null;
  }

  play() {
    if (this.playing) return;
    this.playing = true;
    if (this.time >= this._length - 0.02) this.time = 0;
    this._shown = []; this._last = performance.now();
    this._fill();
    requestAnimationFrame((now) => this._tick(now));
  }

  stop() {
    this.playing = false;
    this._tell("stopped");
    this._restSoon();
  }

  // The clock waits where the next frame is not there yet, so that nothing is skipped.
  _tick(now) {
    if (!this.playing) return;
    const step = (now - this._last) / 1000;
    this._last = now;
    let next = this.time + Math.min(step, 0.25);
    if (next > this._length) {
      if (!this._loop) { this.time = this._length; this.stop(); return; }
      next -= this._length;
    }
    const index = Math.min(Math.floor(next * PLAY_FPS), this.frameCount - 1);
    const bitmap = this._frames.get(index);
    if (bitmap) {
      if (index !== this._index) { this._shown.push(now); this._paint(this._canvas, bitmap, "live"); }
      this._index = index; this.time = next;
    }
    this._shown = this._shown.filter((when) => now - when < 2000);
    this._fill();
    this._tell("tick", { waiting: !bitmap, rate: this._shown.length / 2 });
    requestAnimationFrame((later) => this._tick(later));
  }
}
