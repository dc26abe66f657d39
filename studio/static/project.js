// What is being made: one document, its history, and its place on the server.
import { call, ServiceError } from "./server.js";

const HISTORY = 200;
const SAVE_AFTER_MS = 700;
let number = 0;

export const newId = () => `m${++number}`;
const round = (value, step) => Math.round(value / step) * step;
export const tidy = (value, step = 0.01) => Number(round(value, step).toFixed(3));

export function firstDocument() {
  const moment = (emotion, time, intensity, hold = 0) => ({ id: newId(), emotion, time, intensity, hold, easing: null, also: {} });
  return {
    name: "", face: { seed: 14 }, favourites: [],
    events: [moment("calm", 0, 1), moment("surprise", 1.1, 0.8, 0.2), moment("happiness", 2.4, 1, 0.5), moment("calm", 4, 1)],
    loop: false, closing: 1.1, easing: "smoothstep", fps: 30, size_px: null, keep: false, kind: "mp4", sound: null, model: {},
  };
}

export function toTrack(document) {
  const emotions = document.events.map(({ emotion, time, intensity, hold, easing, also }) => ({
    emotion, time, intensity, hold, ...(easing ? { easing } : {}), ...(Object.keys(also).length ? { also } : {}),
  }));
  return { emotions, loop: document.loop, closing: document.closing };
}

export function toOrder(document, budget) {
  return {
    face: document.face, track: toTrack(document), easing: document.easing, fps: document.fps, kind: document.kind,
    ...(document.size_px ? { size_px: document.size_px } : {}), ...(document.sound ? { sound: document.sound } : {}),
    ...(document.keep && budget ? { identity_budget: budget } : {}), ...(document.name ? { name: document.name } : {}),
    ...(Object.keys(document.model ?? {}).length ? { model: document.model } : {}),
  };
}

export function fromTrack(track) {
  return track.emotions.map((event) => ({
    id: newId(), emotion: event.emotion, time: event.time, intensity: event.intensity ?? 1, hold: event.hold ?? 0,
    easing: event.easing ?? track.easing ?? null, also: event.also ?? {},
  }));
}

export function fromOrder(order, favourites = []) {
  return {
    ...firstDocument(), name: order.name ?? "", face: order.face, favourites, events: fromTrack(order.track),
    loop: order.track.loop ?? false, closing: order.track.closing ?? 1.1, easing: order.easing ?? "linear",
    fps: order.fps ?? 30, size_px: order.size_px ?? null, keep: Boolean(order.identity_budget),
    kind: order.kind ?? "mp4", sound: order.sound ?? null, model: order.model ?? {},
  };
}

export function duration(document) {
  const last = document.events.at(-1);
  return last.time + last.hold + (document.loop ? document.closing : 0);
}

export class Project {
  constructor(tell) {
    this.document = firstDocument();
    this._tell = tell;
    this._past = []; this._future = []; this._open = null;
    this.id = null; this.revision = 0; this.state = "new"; this.budget = null;
    this._saving = null; this._dirty = false;
    // Counts documents: what is saved of one that was left says nothing about the next.
    this._turn = 0;
  }

  // One step of history for each gesture: changes that carry the same key belong together.
  change(edit, gesture = null) {
    if (gesture === null || gesture !== this._open) {
      this._past.push(JSON.stringify(this.document));
      if (this._past.length > HISTORY) this._past.shift();
      this._future = [];
    }
    this._open = gesture;
    edit(this.document);
    this.document.events.sort((a, b) => a.time - b.time);
    this._changed();
  }

  endGesture() { this._open = null; }
  get canUndo() { return this._past.length > 0; }
  get canRedo() { return this._future.length > 0; }
  undo() { this._travel(this._past, this._future); }
  redo() { this._travel(this._future, this._past); }

  _travel(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify(this.document));
    this.document = JSON.parse(from.pop());
    this._open = null;
    this._changed();
  }

  _changed() {
    this._dirty = true;
    this._tell("change");
    clearTimeout(this._saving);
    this._saving = setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  replace(document) {
    this.change((own) => Object.assign(own, document));
    this.endGesture();
  }

  describe() {
    return { name: this.document.name, order: toOrder(this.document, this.budget), favourites: this.document.favourites };
  }

  async save() {
    if (this._busy) { clearTimeout(this._saving); this._saving = setTimeout(() => this.save(), SAVE_AFTER_MS); return; }
    clearTimeout(this._saving);
    const turn = this._turn;
    this._busy = true;
    this._set("saving");
    try {
      this._dirty = false;
      const saved = this.id === null
        ? await call("/projects", { body: this.describe() })
        : await call(`/projects/${this.id}`, { method: "PUT", body: this.describe(), headers: { "If-Match": String(this.revision) }, keepalive: true });
      if (turn !== this._turn) return;
      this.id = saved.id; this.revision = saved.revision;
      localStorage.setItem("moodreel-project", this.id);
      this._set("saved");
    } catch (error) {
      if (turn !== this._turn) return;
      this._dirty = true;
      if (error instanceof ServiceError && error.status === 409) { this.theirs = error.content.current; this._set("conflict"); }
      else if (error instanceof ServiceError && error.status === 404) { this.id = null; this._set("new"); }
      else { this.trouble = error.message; this._set("trouble"); }
    } finally { this._busy = false; }
  }

  // What is not saved yet, before another document takes its place or the page is left.
  async flush() {
    while (this._busy) await new Promise((done) => setTimeout(done, 30));
    clearTimeout(this._saving);
    if (this._dirty && this.state !== "conflict") await this.save();
  }

  keepMine() { this.revision = this.theirs.revision; this.theirs = null; return this.save(); }
  loadTheirs() { this._take(this.theirs); this.theirs = null; }

  async load(id) { await this.flush(); this._take(await call(`/projects/${id}`)); }

  async startNew() {
    await this.flush();
    this._turn += 1; this.theirs = null;
    this.id = null; this.revision = 0; this._past = []; this._future = [];
    this.document = { ...firstDocument(), favourites: this.document.favourites };
    this._changed();
  }

  _take(saved) {
    clearTimeout(this._saving);
    this._turn += 1; this._dirty = false;
    this.id = saved.id; this.revision = saved.revision;
    this.document = fromOrder({ ...saved.project.order, name: saved.project.name }, saved.project.favourites);
    this._past = []; this._future = [];
    localStorage.setItem("moodreel-project", this.id);
    this._set("saved");
    this._tell("change");
  }

  _set(state) { this.state = state; this._tell("state"); }
}
