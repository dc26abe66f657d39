// The page: parts put together, and what follows from what.
import { $, h, makeTabs } from "./dom.js";
import { call, listen } from "./server.js";
import { STRINGS, fillWords, t } from "./strings.js";
import { Project, duration } from "./project.js";
import { StartMenu } from "./start.js";
import { FileMenu } from "./files.js";
import { ModelMenu } from "./models.js";
import { Live } from "./live.js";
import { Timeline } from "./timeline.js";
import { Curves } from "./curves.js";
import { Faces } from "./faces.js";
import { Sound } from "./sound.js";
import { Films, openResult, showFilm } from "./films.js";
import { chooseEmotion, showMoment } from "./moment.js";

const ICONS = {
  undo: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 0 12h-2", redo: "m19 7 5 5-5 5m5-5H14a6 6 0 0 0 0 12h2",
  play: "M9 6v16l13-8z", pause: "M9 6h3v16H9zm7 0h3v16h-3z", theme: "M14 4a10 10 0 1 0 0 20zm0 0a10 10 0 0 1 0 20",
};

function setIcon(node, name, filled = false) {
  node.replaceChildren(h("svg:svg", { viewBox: "0 0 28 28", width: 20, height: 20, "aria-hidden": "true", class: filled ? "filled" : "" }, h("svg:path", { d: ICONS[name] })));
}

class Studio {
  constructor(state) {
    this.state = state;
    this.project = new Project((what) => this._hearProject(what));
    this.project.budget = state.identity_budget;
    this.timeline = new Timeline({ project: this.project, emotions: state.emotions, tell: (what, value) => this._hearTimeline(what, value) });
    this.live = new Live({ canvas: $("after").querySelector("canvas"), before: $("before").querySelector("canvas"), tell: (what, value) => this._hearLive(what, value) });
    this.live.fullPx = Math.min(1024, state.resolution ?? 256);
    this.curves = new Curves(this.timeline);
    this.curves.budget = state.identity_budget;
    this.sound = new Sound({ project: this.project, timeline: this.timeline, tell: (what, value) => this._hear(what, value) });
    this.faces = new Faces({ project: this.project, tell: (what, value) => this._hear(what, value) });
    this.films = new Films({ tell: (what, value) => this._hear(what, value) });
    this.start = new StartMenu({ project: this.project, state, addMoment: () => this.timeline.add("happiness", this.time), tell: (what, value) => this._hear(what, value) });
    this.files = new FileMenu({ project: this.project, start: this.start, tell: (what, value) => this._hear(what, value) });
    this.models = new ModelMenu({ project: this.project, state, tell: (what, value) => this._hear(what, value) });
    this.side = makeTabs($("side-tabs"), $("side-panel"), ["Moment", "Film", "Renders"].map((name) => [name, t(`tab${name}`)]), () => this.showSide());
    this._wire();
  }

  async begin() {
    const known = localStorage.getItem("moodreel-project");
    if (known) await this.project.load(known).catch((error) => { if (error.status === 404) localStorage.removeItem("moodreel-project"); else this._hear("trouble", error); });
    this._hearProject("change");
    this.timeline.select(this.project.document.events[Math.min(2, this.project.document.events.length - 1)].id);
    this.setTime(this.timeline.find(this.timeline.selected).time);
    listen((job) => this.films.hear(job), (open) => this._hearServer(open));
    await this.films.load().catch((error) => this._hear("trouble", error));
    this.faces.resume().catch((error) => this._hear("trouble", error));
    const asked = location.hash.match(/^#film=([a-z2-7]{26})$/)?.[1];
    if (asked && this.films.jobs.get(asked)?.state === "finished") openResult(this.films.jobs.get(asked), (what, value) => this._hear(what, value));
    if (this.films.waiting) this.side.choose("Renders");
  }

  // While the server does not answer, the page says so; what was missed is asked for afterwards.
  _hearServer(open) {
    if (!open) { this._offline = true; this._hear("trouble", new Error(t("offline"))); return; }
    if (!this._offline) return;
    this._offline = false;
    this._hideTrouble();
    this.films.load().catch(() => {});
    if (this.project.state === "trouble") this.project.save();
  }

  setTime(time) { this.time = time; this.timeline.setTime(time); $("clock").textContent = t("at", time.toFixed(2)); this.live.show(this.project.document, time); this._caption(); }

  showSide() {
    const name = this.side.current;
    if (name === "Moment") showMoment({ project: this.project, timeline: this.timeline, emotions: this.state.emotions, easings: this.state.easings, max: this.state.max_intensity });
    else if (name === "Film") showFilm({ project: this.project, state: this.state, sound: this.sound, tell: (what, value) => this._hear(what, value) });
    else this.films.show();
  }

  _caption() {
    const { face } = this.project.document;
    $("caption").textContent = face.seed !== undefined ? t("faceSeed", face.seed) : face.mix ? t("mixOf", face.mix.join(" + ")) : face.photo ? t("tabPhoto") : "";
  }

  _hearProject(what) {
    const { project } = this;
    if (what === "change") {
      if (!project.document.events.some((event) => event.id === this.timeline.selected)) this.timeline.selected = project.document.events[0].id;
      this.timeline.draw();
      this.faces?.update();
      this.setTime(Math.min(this.time ?? 0, duration(project.document)));
      this.start.update(project.document);
      this.models.update(project.document);
      this.curves.update(project.document);
      this.sound.update(project.document);
      // What is being dragged is not drawn again under the hand.
      const held = $("side-panel").contains(document.activeElement) && document.activeElement.type === "range";
      if (!held && this.side.current !== "Renders") this._keepFocus(() => this.showSide());
      $("undo").disabled = !project.canUndo; $("redo").disabled = !project.canRedo;
      if (document.activeElement !== $("project-name")) $("project-name").value = project.document.name;
      document.title = `${project.document.name || t("untitled")} · Moodreel`;
      return;
    }
    const words = { saving: t("saving"), saved: t("saved"), trouble: t("notSaved", project.trouble), conflict: "", new: "" };
    $("saved").textContent = words[project.state] ?? "";
    if (project.state === "conflict") this._showConflict();
  }

  _keepFocus(draw) {
    const held = $("side-panel").contains(document.activeElement) ? document.activeElement.id : "";
    draw();
    if (held && $(held)) $(held).focus();
  }

  _showConflict() {
    this._ask(t("conflict"), [[t("loadTheirs"), () => this.project.loadTheirs()], [t("keepMine"), () => this.project.keepMine()]]);
  }

  // A question above the page, with a button for each answer.
  _ask(question, answers) {
    const banner = $("banner");
    banner.replaceChildren(question, ...answers.map(([word, work]) => h("button", { type: "button", onclick: () => { banner.hidden = true; work(); } }, word)));
    banner.hidden = false; this._troubled = false;
    banner.classList.add("asks");
    banner.querySelector("button").focus();
  }

  _hearTimeline(what, value) {
    if (what === "select") { this.side.choose("Moment"); if (!this.live.playing) this.setTime(this.timeline.find(value)?.time ?? 0); }
    else if (what === "moved") this.setTime(this.timeline.find(value).time);
    else if (what === "time") { if (this.live.playing) this.live.stop(); this.setTime(value); }
    else if (what === "add") this.timeline.add("happiness", value);
    else if (what === "drawn") this.sound?.draw();
    else if (what === "emotion") chooseEmotion(this.project, value.id, value.name);
  }

  _hearLive(what, value) {
    if (what === "tick") {
      this.time = this.live.time; this.timeline.setTime(this.time);
      $("clock").textContent = t("at", this.time.toFixed(2));
      $("rate").textContent = value.waiting ? t("waiting") : t("liveRate", value.rate.toFixed(0));
      this.curves.paused = true;
    } else if (what === "stopped") {
      setIcon($("play"), "play", true); $("play").setAttribute("aria-label", t("play")); $("rate").textContent = "";
      this.setTime(this.live.time); this.curves.paused = false;
    } else if (what === "trouble") this._hear("trouble", value);
    else if (what === "picture") this._hideTrouble();
  }

  _hear(what, value) {
    if (what === "trouble") {
      if (value.status === 429) return;
      $("banner").classList.remove("asks");
      $("banner").textContent = value.message; $("banner").hidden = false; this._troubled = true;
    } else if (what === "films") { this._countRenders(); if (this.side.current === "Renders") this.films.show(); }
    else if (what === "open") openResult(value, (one, two) => this._hear(one, two));
    else if (what === "begin") this.setTime(0);
    else if (what === "model") { this.state.resolution = value.resolution; this.live.fullPx = Math.min(1024, value.resolution); if (this.side.current === "Film") this.showSide(); }
    else if (what === "again") this.files.workOn(value.order).catch((error) => this._hear("trouble", error));
  }

  _hideTrouble() { if (this._troubled) { $("banner").hidden = true; this._troubled = false; } }

  _countRenders() {
    const tab = $("side-tabs-Renders"), count = this.films.waiting;
    if (tab) tab.textContent = count ? `${t("tabRenders")} ${count}` : t("tabRenders");
  }

  _wire() {
    setIcon($("undo"), "undo"); setIcon($("redo"), "redo"); setIcon($("theme"), "theme"); setIcon($("play"), "play", true);
    $("undo").onclick = () => this.project.undo();
    $("redo").onclick = () => this.project.redo();
    $("theme").onclick = () => {
      const chosen = document.documentElement.dataset.theme;
      const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      document.documentElement.dataset.theme = dark ? "light" : "dark";
      localStorage.setItem("moodreel-theme", document.documentElement.dataset.theme);
    };
    $("play").onclick = () => this._togglePlay();
    $("compare").onclick = () => {
      const on = $("compare").getAttribute("aria-pressed") !== "true";
      $("compare").setAttribute("aria-pressed", String(on)); $("before").hidden = !on; $("screens").classList.toggle("two", on); this.live.compare(on);
    };
    $("render").onclick = () => this._render();
    $("project-name").oninput = () => this.project.change((own) => { own.name = $("project-name").value; }, "name");
    $("project-name").onblur = () => this.project.endGesture();
    $("table").ontoggle = () => this.timeline.draw();
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.project.flush(); });
    document.addEventListener("keydown", (event) => this._shortcut(event));
    document.addEventListener("click", (event) => { if (!event.target.closest(".menu")) this._closeMenus(); });
    this._wireDrop();
  }

  _togglePlay() {
    if (this.live.playing) { this.live.stop(); return; }
    setIcon($("play"), "pause", true); $("play").setAttribute("aria-label", t("pause"));
    this.live.play();
  }

  async _render() {
    $("render").disabled = true;
    try { await this.films.order(this.project.describe().order); this.side.choose("Renders"); this._hideTrouble(); }
    catch (error) { this._hear("trouble", error); } finally { $("render").disabled = false; }
  }

  _shortcut(event) {
    const typing = event.target.closest("input:not([type=range]), textarea, select");
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && key === "z" && !typing) { event.preventDefault(); event.shiftKey ? this.project.redo() : this.project.undo(); }
    else if ((event.ctrlKey || event.metaKey) && key === "y" && !typing) { event.preventDefault(); this.project.redo(); }
    else if (key === " " && !typing && !event.target.closest("button, summary, a, dialog")) { event.preventDefault(); this._togglePlay(); }
    else if (key === "escape") this._closeMenus();
  }

  _closeMenus() { for (const menu of [this.files, this.start, this.models]) menu.close(); }

  _wireDrop() {
    const drop = $("drop");
    let depth = 0;
    const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    addEventListener("dragenter", (event) => { if (isFile(event)) { depth += 1; drop.hidden = false; } });
    addEventListener("dragleave", (event) => { if (isFile(event)) { depth -= 1; drop.hidden = depth <= 0; } });
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault(); depth = 0; drop.hidden = true;
      const file = event.dataTransfer?.files[0];
      if (file) this.takeFile(file);
    });
  }

  // A clip may be wanted for its emotions or for a face in it.
  _askAboutClip(file) {
    if (!this.state.reads_clips) { this.faces.takeClip(file); return; }
    this._ask(t("clipAsk"), [[t("clipEmotions"), () => this.start.takeClip(file)], [t("clipFace"), () => this.faces.takeClip(file)]]);
  }

  takeFile(file) {
    if (file.type.startsWith("image/")) this.faces.takePhoto(file);
    else if (file.type.startsWith("video/")) this._askAboutClip(file);
    else if (file.type.startsWith("audio/")) this.sound.take(file);
    else if (file.name.endsWith(".json")) this.files.open(file);
    else if (/\.(safetensors|pkl|pt|pth|bin)$/.test(file.name)) this.models.take(file);
    else if (file.name.endsWith(".npz")) this.faces.takeLatents(file);
    else this._hear("trouble", new Error(t("wrongFile")));
  }
}

async function start() {
  const theme = localStorage.getItem("moodreel-theme");
  if (theme) document.documentElement.dataset.theme = theme;
  fillWords();
  document.documentElement.lang = STRINGS.lang ?? "en";
  let state = await call("/state");
  while (!state.ready) {
    $("banner").textContent = t("loading"); $("banner").hidden = false;
    await new Promise((done) => setTimeout(done, 500));
    state = await call("/state");
  }
  $("banner").hidden = true;
  const studio = new Studio(state);
  window.studio = studio;
  await studio.begin();
  document.body.dataset.ready = "true";
}

start().catch((error) => { $("banner").textContent = error.message; $("banner").hidden = false; });
