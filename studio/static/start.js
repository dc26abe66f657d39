// What a track starts from: a network's idea, the film's sound, a clip, all seven emotions; and looping.
import { $, field, fill, h } from "./dom.js";
import { call, describeProgress, follow, upload } from "./server.js";
import { t } from "./strings.js";
import { fromTrack } from "./project.js";

export class StartMenu {
  constructor({ project, state, addMoment, tell }) {
    this._project = project; this._state = state; this._tell = tell;
    this._loop = h("input", { type: "checkbox", id: "loop", onchange: () => { project.change((own) => { own.loop = this._loop.checked; }); project.endGesture(); } });
    this._button = h("button", { type: "button", id: "start", "aria-haspopup": "true", "aria-expanded": "false", onclick: () => (this._sheet.hidden ? this._open() : this.close()) }, t("startFrom"));
    this._sheet = h("div", { class: "sheet", hidden: true });
    $("timeline-tools").append(
      h("label", { class: "check" }, this._loop, t("loop")),
      h("div", { class: "menu" }, this._button, this._sheet),
      h("button", { type: "button", id: "add", onclick: addMoment }, `+ ${t("addMoment")}`));
  }

  update(document) { this._loop.checked = document.loop; }

  close() {
    if (this._sheet.contains(document.activeElement)) this._button.focus();
    this._sheet.hidden = true; this._button.setAttribute("aria-expanded", "false");
  }

  _open() {
    const clip = h("input", { type: "file", accept: "video/*", class: "hidden", id: "clip-file", onchange: () => clip.files[0] && this.takeClip(clip.files[0]) });
    const number = (id, value, min, max, step) => h("input", { type: "number", id, value, min, max, step });
    const seconds = number("predict-seconds", 20, 2, 120, 1), lively = number("predict-lively", 1, 0, 2, 0.1), seed = number("predict-seed", 0, 0, 9999, 1);
    fill(this._sheet,
      h("form", { onsubmit: (event) => { event.preventDefault(); this._predict(Number(seconds.value), Number(lively.value), Number(seed.value)); } },
        h("strong", {}, t("predictTitle")), h("div", { class: "pair" }, field(t("seconds"), seconds), field(t("lively"), lively, t("livelyHint"))), field(t("otherIdea"), seed), h("button", { type: "submit", class: "primary" }, t("write"))),
      this._project.document.sound ? h("button", { type: "button", id: "from-sound", onclick: () => this._followSound() }, t("fromSound")) : "",
      this._state.reads_clips ? h("div", {}, clip, h("label", { class: "button", for: "clip-file" }, t("fromClip"))) : "",
      h("button", { type: "button", onclick: () => this._take({ emotions: this._state.emotions.map((emotion, index) => ({ emotion, time: index * 1.2, intensity: 1, hold: 0.3 })), loop: true, closing: 0.9 }) }, t("example")));
    this._sheet.hidden = false; this._button.setAttribute("aria-expanded", "true");
    seconds.focus();
  }

  _take(track) {
    this.close();
    this._project.change((own) => { own.events = fromTrack(track); own.loop = track.loop ?? false; own.closing = track.closing ?? own.closing; });
    this._project.endGesture();
    this._tell("begin");
  }

  async _try(work) {
    this.close();
    try { this._take(await work()); } catch (error) { this._tell("trouble", error); }
  }

  _predict(seconds, liveliness, seed) { return this._try(async () => (await call("/tracks/predicted", { body: { seconds, liveliness, seed } })).track); }
  _followSound() { return this._try(() => this.read({ sound: this._project.document.sound }, "soundBusy")); }
  takeClip(file) { return this._try(async () => this.read({ clip: (await upload("clip", file)).id })); }

  // The track of a clip's emotions, or of a sound's turns; a job reads it.
  async read(source, words = "clipBusy") {
    const job = await call("/tracks", { body: source });
    const done = await follow(job.id, (now) => { $("saved").textContent = t(words, describeProgress(now)); });
    $("saved").textContent = "";
    return done.result.track;
  }
}
