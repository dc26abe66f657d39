// The outline of the film's sound, under the timeline and in its scale.
import { $, h } from "./dom.js";
import { call, upload } from "./server.js";
import { t } from "./strings.js";
import { duration } from "./project.js";

const HEIGHT = 44;
const PAD = 26;

export class Sound {
  constructor({ project, timeline, tell }) {
    this._project = project; this._timeline = timeline; this._tell = tell;
    this._id = null; this._outline = null;
    const place = $("wave");
    place.addEventListener("pointerdown", (event) => timeline.scrub(event));
  }

  async take(file) {
    try {
      const sent = await upload("sound", file);
      this._project.change((own) => { own.sound = sent.id; });
      this._project.endGesture();
    } catch (error) { this._tell("trouble", error); }
  }

  // Asked for once for each sound; drawn again whenever the timeline is.
  async update(document) {
    if (document.sound === this._id) { this.draw(); return; }
    const id = this._id = document.sound;
    this._outline = null;
    this.draw();
    if (!id) return;
    try {
      const outline = await call(`/uploads/${id}/waveform`);
      if (id === this._id) { this._outline = outline; this.draw(); }
    } catch (error) { if (id === this._id) this._tell("trouble", error); }
  }

  draw() {
    const place = $("wave");
    place.hidden = !this._outline;
    if (!this._outline) return;
    const { peaks, per_s: perSecond } = this._outline, timeline = this._timeline;
    const width = place.clientWidth, middle = HEIGHT / 2, end = timeline.xAt(duration(this._project.document));
    const top = Math.max(0.05, ...peaks), up = [], down = [];
    // One point for every second pixel: the loudest of what lies between.
    for (let x = PAD; x < width - PAD; x += 2) {
      const from = Math.floor(timeline.timeAt(x) * perSecond), to = Math.max(from + 1, Math.ceil(timeline.timeAt(x + 2) * perSecond));
      if (from >= peaks.length) break;
      const level = (Math.max(...peaks.slice(from, to)) / top) * (middle - 3) + 0.5;
      up.push(`${x},${(middle - level).toFixed(1)}`); down.unshift(`${x},${(middle + level).toFixed(1)}`);
    }
    place.replaceChildren(h("svg:svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": t("waveform", (peaks.length / perSecond).toFixed(1)) },
      h("svg:polygon", { points: [...up, ...down].join(" ") }),
      h("svg:rect", { class: "beyond-end", x: end, y: 0, width: Math.max(0, width - end), height: HEIGHT })));
  }
}
