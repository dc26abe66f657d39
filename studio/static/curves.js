// Identity and expression under the timeline, filled in as they are measured; a warning beyond the budget.
import { $, h } from "./dom.js";
import { call } from "./server.js";
import { t } from "./strings.js";
import { duration, toTrack } from "./project.js";

const REST_MS = 900;
const CHUNK = 3;
const MOST = 25;
const PAD = 26;
const HAND = Math.random().toString(36).slice(2, 12);

export class Curves {
  constructor(timeline) { this._timeline = timeline; this._points = []; this.budget = null; this.paused = false; this.isDone = false; }

  // Points of another track are kept, pale, until the new ones come.
  update(document) {
    const key = JSON.stringify([document.face, toTrack(document), document.easing, document.model]);
    if (key === this._key) { this.draw(); return; }
    this._key = key; this._document = document;
    this._points = this._points.map((point) => ({ ...point, old: true }));
    clearTimeout(this._wait);
    this.isDone = this.budget === null;
    if (this.budget !== null) this._wait = setTimeout(() => this._measure(key), REST_MS);
    this.draw();
  }

  async _measure(key) {
    const document = this._document, track = toTrack(document), length = duration(document);
    const wanted = this._plan(document, length);
    this._points = this._points.filter((point) => point.old);
    for (let k = 0; k < wanted.length; k += CHUNK) {
      if (key !== this._key) return;
      if (this.paused) { await new Promise((done) => setTimeout(done, 400)); k -= CHUNK; continue; }
      try {
        const found = await call("/measures", { body: { face: document.face, track, easing: document.easing, model: document.model, times_s: wanted.slice(k, k + CHUNK), hand: HAND } });
        if (!found || key !== this._key) return;
        if (k === 0) this._points = [];
        found.times_s.forEach((time, index) => this._points.push({ time, identity: found.identity[index], expression: found.expression[index] }));
        this._points.sort((a, b) => a.time - b.time);
        this.draw();
      } catch { return; }
    }
    this.isDone = true;
  }

  // Moments first, then between them, so that the worst is known early.
  _plan(document, length) {
    const moments = document.events.map((event) => event.time);
    const count = Math.min(MOST, Math.max(4, Math.ceil(length / 0.35)));
    const even = Array.from({ length: count }, (_, k) => (k * length) / (count - 1));
    return [...new Set([...moments, ...even].map((time) => Number(time.toFixed(3))))].slice(0, MOST + moments.length);
  }

  draw() {
    const place = $("curves"), width = place.clientWidth;
    if (this.budget === null || !width) { place.hidden = this.budget === null; return; }
    const height = 64, top = Math.max(0.6, ...this._points.map((point) => point.identity ?? 0)) * 1.1;
    const x = (time) => this._timeline._x(time), y = (value) => height - 6 - (value / top) * (height - 12);
    const most = Math.max(0.05, ...this._points.map((point) => point.expression ?? 0));
    const line = (name, scale) => h("svg:polyline", { class: `curve ${name}${this._points.some((point) => point.old) ? " old" : ""}`, points: this._points.filter((point) => point[name] !== null && point[name] !== undefined).map((point) => `${x(point.time).toFixed(1)},${y(point[name] * scale).toFixed(1)}`).join(" ") });
    const beyond = this._points.filter((point) => !point.old && point.identity > this.budget);
    const svg = h("svg:svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
      h("svg:line", { class: "budget", x1: PAD, x2: width - PAD, y1: y(this.budget), y2: y(this.budget) }),
      line("expression", (top * 0.8) / most), line("identity", 1),
      beyond.map((point) => h("svg:circle", { class: "beyond", cx: x(point.time), cy: y(point.identity), r: 4 })));
    const entry = (name, word, more) => h("span", {}, h("span", { class: `swatch ${name}` }), word, h("span", { class: "quiet" }, more));
    const legend = h("p", { class: "legend" }, entry("identity", t("curveIdentity"), t("budget", this.budget)), entry("expression", t("curveExpression"), t("curveHint")));
    place.replaceChildren(svg, legend);
    const worst = beyond.reduce((a, b) => (a && a.identity >= b.identity ? a : b), null);
    $("warning").hidden = !worst;
    if (worst) {
      const text = t("leaves", t("at", worst.time.toFixed(2)), worst.identity.toFixed(2), this.budget);
      if ($("warning").textContent !== text) $("warning").textContent = text;
    }
  }
}
