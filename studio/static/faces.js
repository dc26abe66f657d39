// Who is in the film: a wall of random faces, favourites, a mix of two, a photo.
import { $, fill, h, makeTabs, say, slider } from "./dom.js";
import { upload } from "./server.js";
import { t } from "./strings.js";
import { toQuery } from "./models.js";
import { Photos } from "./photos.js";

const FIRST = 18;
const MORE = 12;

export class Faces {
  constructor({ project, tell }) {
    this._project = project; this._tell = tell;
    this._count = FIRST; this._slot = "b"; this._modelKey = "";
    this._photos = new Photos({ project, choose: (face) => this._choose(face), tell });
    this._tabs = makeTabs($("face-tabs"), $("face-panel"), ["All", "Favourites", "Mix", "Photo"].map((name) => [name, t(`tab${name}`)]), () => this._show());
    this._show();
  }

  // Only what changed is touched, so that pictures are not asked for again.
  update() {
    const { face, favourites, model } = this._project.document;
    if (this._modelKey !== toQuery(model)) { this._show(); return; }
    for (const tile of $("face-panel").querySelectorAll(".tile")) {
      const seed = Number(tile.dataset.seed);
      tile.querySelector(".pick").setAttribute("aria-pressed", String(face.seed === seed || Boolean(face.mix?.includes(seed))));
      tile.querySelector(".star").setAttribute("aria-pressed", String(favourites.includes(seed)));
    }
    for (const wall of $("face-panel").querySelectorAll(".wall")) {
      if (wall.querySelector(".pick[tabindex='0']")) continue;
      const stop = wall.querySelector(".pick[aria-pressed=true]") ?? wall.querySelector(".pick");
      if (stop) stop.tabIndex = 0;
    }
    if (this._tabs.current === "Favourites" && this._drawn !== favourites.join()) this._show();
    if (this._tabs.current === "Mix" && this._mixDrawn !== JSON.stringify([face, favourites])) this._show();
  }

  open(name) { this._tabs.choose(name); }

  _show() {
    const name = this._tabs.current, panel = $("face-panel");
    this._modelKey = toQuery(this._project.document.model);
    panel.className = `face-panel ${name.toLowerCase()}`;
    if (name === "All") this._showAll(panel);
    else if (name === "Favourites") this._showFavourites(panel);
    else if (name === "Mix") this._showMix(panel);
    else this._showPhoto(panel);
    this.update();
  }

  _tile(seed, pick) {
    return h("div", { class: "tile", "data-seed": seed },
      h("button", { type: "button", class: "pick", tabindex: -1, "aria-pressed": "false", "aria-label": t("faceSeed", seed), "aria-keyshortcuts": "F", onclick: () => pick(seed), onkeydown: (event) => this._wallKey(event, seed) },
        h("img", { src: `/api/v1/faces/random/${seed}?size=128${this._modelKey}`, alt: "", width: 128, height: 128, loading: "lazy", decoding: "async" })),
      h("button", { type: "button", class: "star", tabindex: -1, "aria-pressed": "false", "aria-label": t("favour", seed), onclick: () => this._favour(seed) }, "★"));
  }

  // A wall is one stop of the Tab key, however many faces it has; arrows go from face to face.
  _wallKey(event, seed) {
    const picks = [...event.currentTarget.closest(".wall").querySelectorAll(".pick")];
    const across = Math.max(1, picks.filter((pick) => pick.getBoundingClientRect().top === picks[0].getBoundingClientRect().top).length);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.metaKey) { event.preventDefault(); this._favour(seed); }
    if (!step) return;
    event.preventDefault();
    const next = picks[picks.indexOf(event.currentTarget) + step];
    if (!next) return;
    for (const pick of picks) pick.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  _favour(seed) {
    this._project.change((own) => { own.favourites = own.favourites.includes(seed) ? own.favourites.filter((one) => one !== seed) : [...own.favourites, seed]; });
    this._project.endGesture();
  }

  _choose(face) { this._project.change((own) => { own.face = face; }); this._project.endGesture(); }

  _showAll(panel) {
    const wall = h("div", { class: "wall", role: "group", "aria-label": t("wall") });
    const add = (from, to) => { for (let seed = from; seed < to; seed += 1) wall.append(this._tile(seed, (one) => this._choose({ seed: one }))); };
    add(0, this._count);
    const end = h("div", { class: "wall-end" });
    const number = h("input", { type: "number", min: 0, max: 4294967295, id: "seed" });
    const go = h("form", { class: "seed", onsubmit: (event) => { event.preventDefault(); const seed = Number(number.value); if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) this._choose({ seed }); } }, h("label", { for: "seed" }, t("seed")), number, h("button", { type: "submit" }, t("show")));
    panel.replaceChildren(go, wall, end);
    this._watch?.disconnect();
    this._watch = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting || this._tabs.current !== "All") return;
      add(this._count, this._count + MORE); this._count += MORE; this.update();
    }, { root: panel, rootMargin: "60px" });
    this._watch.observe(end);
  }

  _showFavourites(panel) {
    const { favourites } = this._project.document;
    this._drawn = favourites.join();
    panel.replaceChildren(favourites.length ? h("div", { class: "wall", role: "group", "aria-label": t("wall") }, favourites.map((seed) => this._tile(seed, (one) => this._choose({ seed: one })))) : h("p", { class: "quiet" }, t("noFavourites")));
  }

  _showMix(panel) {
    const { face, favourites } = this._project.document;
    this._mixDrawn = JSON.stringify([face, favourites]);
    const [a, b] = face.mix ?? [face.seed ?? 7, 9], share = face.share ?? 0.5;
    const set = (mix, gesture) => { this._project.change((own) => { own.face = mix; }, gesture); if (!gesture) this._project.endGesture(); };
    const slot = (key, seed) => h("button", { type: "button", class: "slot", "aria-pressed": String(this._slot === key), "aria-label": t("mixUse", t(key === "a" ? "mixA" : "mixB")), onclick: () => { this._slot = key; this._mixDrawn = ""; this._show(); } }, h("img", { src: `/api/v1/faces/random/${seed}?size=128${this._modelKey}`, alt: "", width: 128, height: 128 }), h("span", {}, t("faceSeed", seed)));
    const amount = slider(0, 1, 0.01, share, (value, moving) => {
      this._mixDrawn = JSON.stringify([{ mix: [a, b], share: value }, favourites]);
      set({ mix: [a, b], share: value }, moving ? "mix" : null);
    }, { id: "mix-share" });
    const pool = [...new Set([...favourites, ...Array.from({ length: 12 }, (_, k) => k)])];
    panel.replaceChildren(h("p", { class: "quiet" }, t("mixHint")), h("div", { class: "slots" }, slot("a", a), slot("b", b)),
      h("div", { class: "field" }, h("label", { for: "mix-share" }, t("mixShare")), h("div", { class: "with-output" }, amount.node, amount.shown)),
      h("div", { class: "wall", role: "group", "aria-label": t("wall") }, pool.map((seed) => this._tile(seed, (one) => set({ mix: this._slot === "a" ? [one, b] : [a, one], share })))));
  }

  _showPhoto(panel) { this._photos.show(panel); }
  takePhoto(file) { this.open("Photo"); return this._photos.takePhoto(file); }
  takeClip(file) { this.open("Photo"); return this._photos.takeClip(file); }
  resume() { return this._photos.resume(() => this.open("Photo")); }

  async takeLatents(file) {
    try {
      const sent = await upload("latents", file, this._project.document.model);
      this._choose({ latents: sent.id, index: 0 });
      say(t("latentsReady", sent.faces));
    } catch (error) { this._tell("trouble", error); }
  }
}
