// Moments on a plot of time and intensity: dragged, or moved with keys; the same content as a table.
import { $, choice, h, say } from "./dom.js";
import { t } from "./strings.js";
import { duration, newId, tidy } from "./project.js";

const GAP_S = 0.05;
const TOP = 2;
const PAD = 26;

// How the display fills the way to a moment; the generator does it in latent space.
const WAYS = {
  linear: (u) => u, spherical: (u) => u, smoothstep: (u) => u * u * (3 - 2 * u),
  cubic: (u) => u * u * (3 - 2 * u), halving: (u) => Math.min(1, 1 - 2 ** (-10 * u)),
};

export const amounts = (event) => ({ ...(event.emotion === "calm" ? {} : { [event.emotion]: event.intensity }), ...event.also });

export class Timeline {
  constructor({ project, emotions, tell }) {
    this._project = project; this._emotions = emotions; this._tell = tell;
    this.selected = null; this.time = 0; this._span = 6; this._width = 0; this._height = 170;
    this._svg = h("svg:svg", { class: "areas", "aria-hidden": "true", preserveAspectRatio: "none" });
    this._keys = h("div", { class: "keys", role: "group", "aria-label": t("timeline") });
    this._head = h("div", { class: "playhead", role: "slider", tabindex: 0, "aria-label": t("playhead"), "aria-valuemin": 0 });
    this._ruler = h("div", { class: "ruler", "aria-hidden": "true" });
    $("plot").append(this._ruler, this._svg, this._keys, this._head, h("p", { id: "key-help", class: "hidden" }, t("keyHelp")));
    this._nodes = new Map();
    this._head.addEventListener("keydown", (event) => this._headKey(event));
    for (const surface of [this._svg, this._ruler, this._head]) surface.addEventListener("pointerdown", (event) => this.scrub(event));
    this._svg.addEventListener("dblclick", (event) => this._tell("add", this._timeAt(event)));
    new ResizeObserver(() => this.draw()).observe($("plot"));
  }

  get _document() { return this._project.document; }
  // Measured once for a drawing: asking in between makes the browser lay the page out again.
  _measure() { this._width = $("plot").clientWidth - 2 * PAD; this._height = this._keys.clientHeight || 170; }
  _x(time) { return PAD + (time / this._span) * this._width; }
  xAt(time) { return this._x(time); }
  timeAt(x) { return ((x - PAD) / this._width) * this._span; }
  _y(intensity) { return this._height - 22 - (intensity / TOP) * (this._height - 50); }
  _timeAt(event) {
    const box = $("plot").getBoundingClientRect();
    return Math.min(this._span, Math.max(0, ((event.clientX - box.left - PAD) / this._width) * this._span));
  }
  level(event) { return event.emotion === "calm" && !Object.keys(event.also).length ? 0 : event.intensity; }

  setTime(time) {
    this.time = time;
    this._head.style.left = `${this._x(time)}px`;
    this._head.setAttribute("aria-valuemax", tidy(duration(this._document)));
    this._head.setAttribute("aria-valuenow", tidy(time));
    this._head.setAttribute("aria-valuetext", t("at", time.toFixed(2)));
  }

  select(id) { this.selected = id; this.draw(); this._tell("select", id); }

  draw() {
    this._measure();
    if (this._width <= 0) return;
    if (!this._dragging) this._span = Math.max(3, Math.ceil((duration(this._document) + 0.4) * 2) / 2);
    this._drawRuler();
    this._drawAreas();
    this._drawKeys();
    this.setTime(this.time);
    this._tell("drawn");
  }

  _drawRuler() {
    const step = [0.5, 1, 2, 5, 10, 20].find((seconds) => (seconds / this._span) * this._width > 46) ?? 60;
    const marks = [];
    for (let time = 0; time <= this._span + 1e-6; time += step) marks.push(h("span", { style: { left: `${this._x(time)}px` } }, `${tidy(time)}`));
    this._ruler.replaceChildren(...marks);
  }

  // The amount of each emotion over time, as an area of its colour.
  _drawAreas() {
    const width = this._width + 2 * PAD, height = this._height, events = this._document.events;
    this._svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const shapes = [1, 2].map((level) => h("svg:line", { class: level === 1 ? "full" : "grid", x1: PAD, x2: width - PAD, y1: this._y(level), y2: this._y(level) }));
    shapes.push(h("svg:text", { class: "full-label", x: width - PAD + 2, y: this._y(1) - 4, "text-anchor": "end" }, t("full")));
    for (const emotion of this._emotions) {
      if (emotion === "calm" || !events.some((event) => amounts(event)[emotion])) continue;
      const trace = this._trace(emotion), floor = this._y(0);
      const place = ([time, amount]) => `${this._x(time).toFixed(1)},${this._y(amount).toFixed(1)}`;
      const points = trace.map(place);
      shapes.push(h("svg:polygon", { class: `area e-${emotion}`, points: `${this._x(0)},${floor} ${points.join(" ")} ${points.at(-1).split(",")[0]},${floor}` }));
      // The line stands where there is something to show, not along the floor.
      const lines = trace.slice(1).map((point, k) => (point[1] || trace[k][1] ? `M${place(trace[k])}L${place(point)}` : "")).join("");
      shapes.push(h("svg:path", { class: `area-line e-${emotion}`, d: lines }));
    }
    this._svg.replaceChildren(...shapes);
  }

  _trace(emotion) {
    const { events, loop, closing } = this._document, points = [];
    const value = (event) => amounts(event)[emotion] ?? 0;
    const stops = loop ? [...events, { ...events[0], time: duration(this._document), hold: 0 }] : events;
    points.push([0, value(events[0])]);
    stops.forEach((event, index) => {
      const before = stops[index - 1];
      if (before) {
        const start = before.time + before.hold, way = WAYS[event.easing ?? this._document.easing] ?? WAYS.linear;
        for (let k = 1; k <= 12; k += 1) {
          const u = k / 12;
          points.push([start + u * (event.time - start), value(before) + way(u) * (value(event) - value(before))]);
        }
      }
      points.push([event.time, value(event)], [event.time + event.hold, value(event)]);
    });
    return points;
  }

  _drawKeys() {
    const seen = new Set();
    this._document.events.forEach((event, index) => {
      seen.add(event.id);
      const node = this._nodes.get(event.id) ?? this._makeKey(event.id);
      node.className = `key e-${event.emotion}`;
      node.style.left = `${this._x(event.time)}px`; node.style.top = `${this._y(this.level(event))}px`;
      const word = [event.emotion, ...Object.keys(event.also)].map((name) => t(`emotions.${name}`)).join(" + ");
      node.firstChild.textContent = word;
      node.setAttribute("aria-label", t("keyLabel", index + 1, word));
      node.setAttribute("aria-valuenow", tidy(event.intensity));
      node.setAttribute("aria-valuetext", t("keyValue", word, event.intensity.toFixed(2), event.time.toFixed(2)) + (event.hold ? t("keyHold", event.hold.toFixed(2)) : ""));
      node.setAttribute("aria-current", event.id === this.selected ? "true" : "false");
      node._hold.hidden = !event.hold && event.id !== this.selected;
      node._hold.style.width = `${(event.hold / this._span) * this._width + 8}px`;
      node._hold.className = `hold e-${event.emotion}`;
      node._hold.style.left = node.style.left; node._hold.style.top = node.style.top;
    });
    for (const [id, node] of this._nodes) if (!seen.has(id)) { node._hold.remove(); node.remove(); this._nodes.delete(id); }
    // In the order of time, so that the Tab key follows the film.
    const ordered = this._document.events.map((event) => this._nodes.get(event.id));
    const shown = [...this._keys.querySelectorAll(".key")];
    if (ordered.some((node, index) => node !== shown[index])) {
      for (const node of ordered) if (document.activeElement !== node) this._keys.append(node);
    }
    this._drawTable();
  }

  _makeKey(id) {
    const node = h("button", {
      type: "button", role: "slider", "aria-valuemin": 0, "aria-valuemax": TOP, "aria-describedby": "key-help", "data-id": id,
      onpointerdown: (event) => this._grab(event, id), onkeydown: (event) => this._key(event, id),
      onfocus: () => { if (this.selected !== id) this.select(id); },
    }, h("span", { class: "word" }));
    node._hold = h("div", { "aria-hidden": "true", onpointerdown: (event) => this._grabHold(event, id) });
    this._keys.prepend(node._hold);
    this._nodes.set(id, node);
    return node;
  }

  focus(id) { this._nodes.get(id)?.focus(); }
  find(id) { return this._document.events.find((event) => event.id === id); }

  // Room between the neighbours' ends and beginnings; the first moment of a film stays within it.
  _bounds(id) {
    const { events } = this._document, index = events.findIndex((event) => event.id === id), own = events[index];
    const before = events[index - 1], after = events[index + 1];
    return { low: before ? before.time + before.hold + GAP_S : 0, high: after ? after.time - own.hold - GAP_S : 3600, longest: after ? after.time - own.time - GAP_S : 600 };
  }

  move(id, edit, gesture) {
    this._project.change((own) => {
      const event = own.events.find((one) => one.id === id);
      const { low, high } = this._bounds(id);
      const wish = { time: event.time, intensity: event.intensity, hold: event.hold, ...edit(event) };
      event.time = tidy(Math.min(high, Math.max(low, wish.time)));
      event.intensity = tidy(Math.min(TOP, Math.max(0, wish.intensity)));
      event.hold = tidy(Math.min(this._bounds(id).longest, Math.max(0, wish.hold)));
    }, gesture);
    this._tell("moved", id);
  }

  _grab(event, id) {
    if (event.button > 0) return;
    event.preventDefault();
    const node = this._nodes.get(id), own = this.find(id), level = this.level(own);
    node.focus();
    const from = { x: event.clientX, y: event.clientY, time: own.time, intensity: own.intensity };
    this._drag(event, node, (now) => {
      const time = from.time + ((now.clientX - from.x) / this._width) * this._span;
      const up = ((from.y - now.clientY) / (this._height - 50)) * TOP;
      this.move(id, () => ({ time, ...(level || own.emotion !== "calm" ? { intensity: from.intensity + up } : {}) }), `drag-${id}`);
    });
  }

  _grabHold(event, id) {
    event.preventDefault();
    const from = { x: event.clientX, hold: this.find(id).hold };
    this._drag(event, event.currentTarget, (now) => {
      this.move(id, () => ({ hold: from.hold + ((now.clientX - from.x) / this._width) * this._span }), `hold-${id}`);
    });
  }

  _drag(event, node, follow) {
    node.setPointerCapture(event.pointerId);
    this._dragging = true;
    const listening = new AbortController(), settings = { signal: listening.signal };
    const end = () => {
      listening.abort();
      this._dragging = false; this._project.endGesture(); this.draw();
    };
    node.addEventListener("pointermove", follow, settings);
    // Where the node has gone meanwhile, the document hears of the end.
    for (const place of [node, document]) for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) place.addEventListener(name, end, settings);
  }

  _key(event, id) {
    const large = event.shiftKey, own = this.find(id);
    const steps = {
      ArrowLeft: { time: own.time - (large ? 0.5 : 0.05) }, ArrowRight: { time: own.time + (large ? 0.5 : 0.05) },
      ArrowUp: { intensity: own.intensity + (large ? 0.25 : 0.05) }, ArrowDown: { intensity: own.intensity - (large ? 0.25 : 0.05) },
      PageUp: { intensity: own.intensity + 0.25 }, PageDown: { intensity: own.intensity - 0.25 },
      Home: { intensity: 0 }, End: { intensity: 1 }, "[": { hold: own.hold - 0.1 }, "]": { hold: own.hold + 0.1 },
    };
    if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); this.remove(id); return; }
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.move(id, () => steps[event.key], `key-${id}-${event.key}`);
    this._project.endGesture();
  }

  remove(id) {
    const { events } = this._document, index = events.findIndex((event) => event.id === id);
    if (events.length < 2) return;
    this._project.change((own) => { own.events = own.events.filter((event) => event.id !== id); });
    this._project.endGesture();
    const next = this._document.events[Math.min(index, events.length - 2)];
    this.select(next.id); this.focus(next.id);
  }

  // At the play head, or after the end where there is no room.
  add(emotion = "happiness", time = this.time) {
    const id = newId();
    this._project.change((own) => {
      const inside = own.events.every((event) => time > event.time + event.hold + GAP_S || time < event.time - GAP_S);
      const last = own.events.at(-1);
      own.events.push({ id, emotion, time: tidy(inside ? time : last.time + last.hold + 1), intensity: 1, hold: 0, easing: null, also: {} });
    });
    this._project.endGesture();
    this.select(id); this.focus(id);
    say(t("keyValue", t(`emotions.${emotion}`), "1.00", this.find(id).time.toFixed(2)));
  }

  scrub(event) {
    if (event.target.closest(".key")) return;
    event.preventDefault();
    this._head.focus({ preventScroll: true });
    const move = (now) => this._tell("time", Math.min(this._timeAt(now), duration(this._document)));
    move(event);
    this._drag(event, event.currentTarget, move);
  }

  _headKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageUp: 12, PageDown: -12 }[event.key];
    const end = duration(this._document);
    const time = event.key === "Home" ? 0 : event.key === "End" ? end : step ? this.time + step / 12 : null;
    if (time === null) return;
    event.preventDefault();
    this._tell("time", Math.min(end, Math.max(0, Math.round(time * 12) / 12)));
  }

  _drawTable() {
    const place = $("table").querySelector(".table-wrap");
    if (!$("table").open || place.contains(document.activeElement)) return;
    const number = (event, key, step) => h("input", {
      type: "number", min: 0, step, value: event[key], "aria-label": `${t(key === "hold" ? "holdFor" : key)}, ${t(`emotions.${event.emotion}`)}`,
      onchange: (change) => { this.move(event.id, () => ({ [key]: Number(change.target.value) || 0 })); this._project.endGesture(); change.target.value = this.find(event.id)[key]; },
    });
    const rows = this._document.events.map((event) => h("tr", {},
      h("td", {}, number(event, "time", 0.05)),
      h("td", {}, choice(this._emotions.map((name) => [name, t(`emotions.${name}`)]), event.emotion, (name) => this._tell("emotion", { id: event.id, name }), { "aria-label": t("emotion") })),
      h("td", {}, number(event, "intensity", 0.05)), h("td", {}, number(event, "hold", 0.1)),
      h("td", {}, t(`easings.${event.easing ?? this._document.easing}`)),
      h("td", {}, h("button", { type: "button", onclick: () => this.remove(event.id), "aria-label": t("remove") }, "×"))));
    place.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, t("tableHead").map((word) => h(word ? "th" : "td", word ? { scope: "col" } : {}, word)))), h("tbody", {}, rows)));
  }
}
