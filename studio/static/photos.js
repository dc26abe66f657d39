// A photo, or a frame of a clip, as a face: which of its faces, the crop, and the job that finds it.
import { $, choice, field, fill, h, say, slider } from "./dom.js";
import { call, describeProgress, follow, upload } from "./server.js";
import { t } from "./strings.js";

export class Photos {
  constructor({ project, choose, tell }) {
    this._project = project; this._choose = choose; this._tell = tell; this._photo = null;
  }

  show(panel) {
    const file = h("input", { type: "file", accept: "image/*,video/*", class: "hidden", id: "photo-file", onchange: () => file.files[0] && this._take(file.files[0]) });
    const zone = h("label", { class: "zone", for: "photo-file" }, h("strong", {}, t("photoChoose")), h("span", {}, t("photoHint")));
    panel.replaceChildren(file, zone, h("div", { id: "photo", "aria-live": "polite" }));
    if (this._photo) this._draw();
  }

  _take(file) { return file.type.startsWith("video/") ? this.takeClip(file) : this.takePhoto(file); }

  async takePhoto(file) {
    try { await this._lookAt(await upload("photo", file)); } catch (error) { this._tell("trouble", error); }
  }

  // One frame of a clip is taken for a photo: the middle one, until another moment is chosen.
  async takeClip(file) {
    try {
      const sent = await upload("clip", file);
      await this._takeFrame({ id: sent.id, length: sent.duration_s }, sent.duration_s / 2);
    } catch (error) { this._tell("trouble", error); }
  }

  async _takeFrame(clip, time) {
    await this._lookAt(await call(`/uploads/${clip.id}/frame`, { body: { time_s: time } }), { ...clip, time });
  }

  async _lookAt(sent, clip = null) {
    const photo = { id: sent.id, which: 0, faces: null, state: t("photoLooking"), clip };
    this._photo = photo;
    this._draw();
    const { faces } = await call(`/uploads/${sent.id}/faces`);
    photo.faces = faces; photo.state = "";
    // The largest may be a pattern on clothes; the one that the detector is surest of is meant.
    photo.which = Math.max(0, faces.findIndex((face) => face.score === Math.max(...faces.map((one) => one.score))));
    this._draw();
  }

  // A face that was being found when the page was left is followed again.
  async resume(open) {
    const job = (await call("/jobs")).find((one) => one.kind === "face" && one.order.face.photo && ["running", "waiting"].includes(one.state));
    if (!job) return;
    const { face } = job.order;
    this._photo = { id: face.photo, which: face.which ?? 0, paste: face.paste, pixels: face.pixels, faces: null, state: "" };
    open();
    const photo = this._photo;
    await this._follow(photo, job);
    photo.faces = (await call(`/uploads/${photo.id}/faces`)).faces;
    this._draw();
  }

  _draw() {
    const place = $("photo"), photo = this._photo;
    if (!place || !photo) return;
    const held = place.contains(document.activeElement) ? document.activeElement.id : "";
    fill(place, this._drawBoxes(photo), photo.clip ? this._drawMoments(photo.clip) : null,
      photo.faces && !photo.faces.length && !photo.job ? h("p", { class: "warning" }, t("photoNone")) : null,
      photo.faces?.length ? h("div", { class: "crop" }, h("img", { src: `/api/v1/uploads/${photo.id}/crop?which=${photo.which}`, alt: t("photoWhich", photo.which + 1), width: 96, height: 96 }), h("p", { class: "quiet" }, t("cropHint"))) : null,
      ...this._drawWork(photo));
    if (held && $(held)) $(held).focus();
  }

  _drawBoxes(photo) {
    const percent = (share) => `${share * 100}%`;
    const boxes = (photo.faces ?? []).map((face, index) => h("button", {
      type: "button", class: "box", id: `face-${index}`, disabled: Boolean(photo.job), "aria-pressed": String(index === photo.which), "aria-label": t("photoWhich", index + 1),
      onclick: () => { photo.which = index; this._draw(); },
      style: { left: percent(face.left), top: percent(face.top), width: percent(face.right - face.left), height: percent(face.bottom - face.top) },
    }));
    return h("div", { class: "photo" }, h("img", { src: `/api/v1/uploads/${photo.id}/preview`, alt: "" }), boxes);
  }

  _drawMoments(clip) {
    const moment = slider(0, clip.length, 0.04, clip.time, (time, moving) => { if (!moving) this._takeFrame(clip, time).catch((error) => this._tell("trouble", error)); }, { id: "clip-time" });
    return h("div", { class: "field" }, h("label", { for: "clip-time" }, t("clipTime")), h("div", { class: "with-output" }, moment.node, moment.shown));
  }

  // What to do with it: how far it is while the face is found, a button before and after.
  _drawWork(photo) {
    const said = photo.state ? h("p", { class: "quiet", id: "photo-said" }, photo.state) : null;
    if (photo.job) {
      const { done, total } = photo.job.progress ?? {}, bar = h("progress", { max: 1, "aria-label": t("photoUse") });
      if (total) bar.value = done / total;
      return [bar, said, h("button", { type: "button", id: "photo-cancel", onclick: () => call(`/jobs/${photo.job.id}/cancel`, { method: "POST" }).catch((error) => this._tell("trouble", error)) }, t("cancel"))];
    }
    const paste = h("input", { type: "checkbox", id: "paste", onchange: () => { photo.paste = paste.checked; } });
    paste.checked = Boolean(photo.paste);
    const pixels = choice([["photo", t("pixelsPhoto")], ["generator", t("pixelsGenerator")]], photo.pixels ?? "photo", (value) => { photo.pixels = value; }, { id: "pixels" });
    return [field(t("pixels"), pixels), h("label", { class: "check" }, paste, t("paste")), h("button", { type: "button", class: "primary", id: "photo-use", disabled: !photo.faces?.length, onclick: () => this._prepare() }, t("photoUse")), said];
  }

  // The face is prepared by a job; the document takes it when it can be drawn.
  async _prepare() {
    const photo = this._photo, { model } = this._project.document;
    const face = { photo: photo.id, which: photo.which, ...(photo.paste ? { paste: true } : {}), ...(photo.pixels === "generator" ? { pixels: "generator" } : {}) };
    try {
      const body = { ...face, ...(Object.keys(model ?? {}).length ? { model } : {}) };
      await this._follow(photo, await call("/faces", { body }));
    } catch (error) { photo.state = error.message; photo.job = null; this._draw(); }
  }

  async _follow(photo, job) {
    photo.job = job;
    try {
      const done = await follow(job.id, (now) => { photo.job = now; photo.state = t("photoBusy", describeProgress(now)); this._draw(); });
      photo.state = t("photoReady");
      say(t("photoReady"));
      this._choose(done.order.face);
    } catch (error) { photo.state = error.message; } finally { photo.job = null; this._draw(); }
  }
}
