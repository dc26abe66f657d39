// One voter's way through a study: an introduction, pair after pair, and the answers handed out.
// Everything is kept after every answer, so that a reload goes on where it was.
"use strict";
(() => {
const FORMAT = "moodreel-preference-answers-1";
const { STUDY, WORDS } = window;
const $ = (id) => document.getElementById(id);
const t = (key, ...values) => WORDS[key].replace(/\{(\d)\}/g, (_, n) => values[n] ?? "");
const CHOICES = STUDY?.undecided ? ["left", "neither", "right"] : ["left", "right"];
const ARROWS = { left: "←", neither: "↓", right: "→" };
const KEYS = { ArrowLeft: "left", ArrowDown: "neither", ArrowRight: "right" };
const SECONDS_A_PAIR = 8; // for what the introduction promises

function h(tag, settings = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function say(text) {
  $("said").textContent = "";
  requestAnimationFrame(() => { $("said").textContent = text; });
}

// ---- Chance: order, sides and names are the voter's own, not to be guessed.
const draw = (count) => { // 0 to count - 1, each as likely: what would make some likelier is drawn again
  const most = Math.floor(2 ** 32 / count) * count, word = new Uint32Array(1);
  do crypto.getRandomValues(word); while (word[0] >= most);
  return word[0] % count;
};
function shuffle(items) {
  const mixed = [...items];
  for (let k = mixed.length - 1; k > 0; k -= 1) { const j = draw(k + 1); [mixed[k], mixed[j]] = [mixed[j], mixed[k]]; }
  return mixed;
}

// ---- What is kept.
const PLACE = `moodreel-preferences-${STUDY?.id}`;
function readKept(name) { try { return localStorage.getItem(name); } catch { return null; } }
function keep(name, text) { try { localStorage.setItem(name, text); return true; } catch { return false; } }

function begin() {
  const sheet = draw(STUDY.sheets.length);
  const pairs = shuffle(STUDY.sheets[sheet]).map((trial) => {
    const films = STUDY.trials[trial];
    const [left, right] = draw(2) ? films : [...films].reverse();
    return { trial, left, right };
  });
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  const voter = Array.from({ length: 10 }, () => letters[draw(letters.length)]).join("");
  return { voter, sheet, pairs, answers: [], started: false };
}

function load() {
  try {
    const kept = JSON.parse(readKept(PLACE));
    if (kept?.pairs?.every((pair) => STUDY.trials[pair.trial]) && Array.isArray(kept.answers)) return kept;
  } catch { /* what is there is no record of ours */ }
  return begin();
}

// ---- Two films side by side.
class Pair {
  constructor({ left, right }, tell) {
    this._tell = tell;
    this.rounds = 0; this.broken = false; this.playing = false; this._ended = new Set();
    this.videos = [left, right].map((name, side) => {
      const video = h("video", { playsinline: true, preload: "auto", "aria-label": t(side ? "rightFilm" : "leftFilm") });
      video.muted = true;
      video.addEventListener("ended", () => this._end(video));
      video.addEventListener("error", () => { this.broken = true; this.playing = false; this._tell(); });
      video.src = `films/${name}${STUDY.suffix}`;
      return video;
    });
    this.figures = this.videos.map((video, side) => h("figure", {}, video, h("figcaption", { "aria-hidden": "true" }, t(side ? "right" : "left"))));
  }

  async restart() {
    this._ended.clear();
    for (const video of this.videos) video.currentTime = 0;
    await this.resume();
  }

  // Films of different lengths begin together; the shorter one waits at its end.
  async resume() {
    if (this._ended.size === 2) { await this.restart(); return; }
    this.playing = true;
    this._tell();
    const waiting = this.videos.filter((video) => !this._ended.has(video));
    try { await Promise.all(waiting.map((video) => video.play())); }
    catch { if (waiting.some((video) => video.paused && !video.ended)) { this.playing = false; this._tell(); } }
  }

  pause() {
    this.playing = false;
    for (const video of this.videos) video.pause();
    this._tell();
  }

  _end(video) {
    this._ended.add(video);
    if (this._ended.size < 2) return;
    this.rounds += 1;
    if (this.playing && this.rounds % STUDY.plays !== 0) { this._tell(); this.restart(); return; }
    this.playing = false;
    this._tell();
  }
}

// ---- The page.
class Page {
  constructor() {
    this.kept = load();
    this._canKeep = keep(`${PLACE}-probe`, "1");
    if (this._canKeep) localStorage.removeItem(`${PLACE}-probe`);
    else this._warn(t("notKept"));
    this._wire();
    const { answers, pairs, started } = this.kept;
    if (answers.length >= pairs.length) this._showEnd();
    else if (started) this._showIntro(t("goOn", answers.length + 1));
    else this._showIntro(t("start"));
  }

  get answers() {
    const { voter, sheet, answers } = this.kept;
    return { format: FORMAT, study: STUDY.id, voter, sheet, answers };
  }

  _keep() {
    if (!keep(PLACE, JSON.stringify(this.kept)) && this._canKeep) { this._canKeep = false; this._warn(t("notKept")); }
  }

  _show(name) {
    for (const section of ["intro", "pair", "end"]) $(section).hidden = section !== name;
    $("done").hidden = name !== "pair";
  }

  _showIntro(word) {
    const count = this.kept.pairs.length, minutes = Math.round(count * SECONDS_A_PAIR / 60);
    const long = minutes > 1 ? t("minutes", minutes) : t("minute");
    const [see, look, hand] = WORDS.intro.map((text) => h("p", {}, text.replace("{0}", long)));
    const words = [see, h("p", { class: "asked" }, STUDY.question), look, STUDY.undecided ? h("p", {}, t("introUndecided")) : "", hand];
    const start = h("button", { type: "button", class: "primary", id: "start", onclick: () => this._begin() }, word);
    $("intro").replaceChildren(h("h1", {}, t("introTitle", count)), ...words, h("div", { class: "row" }, start));
    this._show("intro");
    start.focus({ preventScroll: true });
  }

  _begin() {
    this.kept.started = true;
    this._keep();
    this._showPair(this.kept.answers.length);
  }

  _showPair(number) {
    const { pairs, answers } = this.kept;
    this.pair?.pause();
    this.number = number;
    this.pair = this._next?.number === number ? this._next.pair : this._make(number);
    $("films").replaceChildren(...this.pair.figures);
    $("progress").max = pairs.length; $("progress").value = answers.length;
    $("count").textContent = t("count", number + 1, pairs.length);
    $("back").disabled = number === 0;
    this._began = performance.now();
    this._show("pair");
    this._update();
    $("main").focus({ preventScroll: true });
    const chosen = answers[number]?.chosen;
    const before = CHOICES.includes(chosen) ? t("chosen", t(chosen)) : "";
    say(`${t("said", number + 1, pairs.length, STUDY.question)} ${before}`.trim());
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.pair.restart();
    // The next films are fetched while these are looked at.
    this._next = number + 1 < pairs.length ? { number: number + 1, pair: this._make(number + 1) } : null;
  }

  _make(number) {
    const pair = new Pair(this.kept.pairs[number], () => { if (pair === this.pair) this._update(); });
    return pair;
  }

  _update() {
    const { pair } = this, answered = this.kept.answers[this.number];
    const ready = pair.rounds > 0 || Boolean(answered);
    for (const button of $("choices").children) {
      button.disabled = !ready || pair.broken;
      button.setAttribute("aria-pressed", String(answered?.chosen === button.dataset.choice));
      button.title = ready ? "" : t("watch");
    }
    $("play").textContent = t(pair.playing ? "pause" : "play");
    for (const id of ["play", "again"]) $(id).disabled = pair.broken;
    $("pair").dataset.ready = String(ready);
    if (pair.broken) this._warn(t("broken"), h("button", { type: "button", id: "skip-pair", onclick: () => this._answer("broken") }, t("skipPair")));
    else if (this._canKeep) $("banner").hidden = true;
    else this._warn(t("notKept"));
  }

  _answer(chosen) {
    const { answers, pairs } = this.kept, { number, pair } = this;
    if (chosen !== "broken" && (pair.broken || (!pair.rounds && !answers[number]))) return;
    const seconds = Math.round((performance.now() - this._began) / 10) / 100 + (answers[number]?.seconds ?? 0);
    answers[number] = { ...pairs[number], chosen, seconds: Math.round(seconds * 100) / 100, plays: pair.rounds + (answers[number]?.plays ?? 0) };
    this._keep();
    if (number + 1 < pairs.length) this._showPair(number + 1);
    else this._showEnd();
  }

  _showEnd() {
    this.pair?.pause();
    const text = JSON.stringify(this.answers, null, 1);
    const words = h("p", { role: "status", class: "quiet", id: "handed" });
    const area = h("textarea", { readonly: true, id: "text", "aria-label": t("show") });
    area.value = text;
    const details = h("details", {}, h("summary", {}, t("show")), area);
    const save = h("button", { type: "button", class: "primary", id: "download", onclick: () => { this._download(text); words.textContent = t("saved"); } }, t("download"));
    const copy = h("button", { type: "button", id: "copy", onclick: async () => {
      const done = await this._copy(text);
      words.textContent = t(done ? "copied" : "notCopied");
      if (!done) { details.open = true; area.select(); }
    } }, t("copy"));
    const look = h("button", { type: "button", id: "look-again", onclick: () => this._showPair(this.kept.pairs.length - 1) }, t("lookAgain"));
    const sure = h("div", { class: "sure", hidden: true }, h("p", {}, t("otherSure")), h("div", { class: "row" },
      h("button", { type: "button", id: "other-yes", onclick: () => this._startOver() }, t("otherYes")),
      h("button", { type: "button", onclick: () => { sure.hidden = true; other.focus(); } }, t("otherNo"))));
    const other = h("button", { type: "button", id: "other", onclick: () => { sure.hidden = false; sure.querySelector("button").focus(); } }, t("other"));
    $("end").replaceChildren(h("h1", {}, t("endTitle")), h("p", {}, t("end", this.kept.answers.length)), h("div", { class: "row" }, save, copy), words, details, h("div", { class: "row" }, look, other), sure);
    if (this._canKeep) $("banner").hidden = true;
    this._show("end");
    save.focus({ preventScroll: true });
    say(t("endTitle"));
  }

  _download(text) {
    const url = URL.createObjectURL(new Blob([`${text}\n`], { type: "application/json" }));
    h("a", { href: url, download: `answers-${STUDY.id}-${this.kept.voter}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 5000);
  }

  async _copy(text) {
    try { await navigator.clipboard.writeText(text); return true; }
    catch { return false; }
  }

  _startOver() {
    this.kept = begin();
    this._next = null;
    this._keep();
    this._showIntro(t("start"));
  }

  _warn(text, ...more) {
    $("banner").replaceChildren(text, ...more);
    $("banner").hidden = false;
  }

  _wire() {
    document.title = STUDY.title; $("title").textContent = STUDY.title; $("question").textContent = STUDY.question;
    if (!STUDY.undecided) document.querySelector("[data-t=keys]").textContent = t("keysDecided");
    $("choices").replaceChildren(...CHOICES.map((choice) => h("button", { type: "button", class: choice, "data-choice": choice, onclick: () => this._answer(choice) },
      h("span", { class: "arrow", "aria-hidden": "true" }, ARROWS[choice]), t(choice))));
    $("play").onclick = () => this._toggle();
    $("again").onclick = () => this.pair.restart();
    $("back").onclick = () => this._back();
    document.addEventListener("keydown", (event) => this._press(event));
    addEventListener("beforeunload", (event) => { if (!this._canKeep && this.kept.answers.length) event.preventDefault(); });
  }

  _toggle() { if (this.pair.playing) this.pair.pause(); else this.pair.resume(); }

  _back() { if (this.number > 0) this._showPair(this.number - 1); }

  _press(event) {
    if ($("pair").hidden || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const choice = KEYS[event.key];
    if (choice && CHOICES.includes(choice)) this._answer(choice);
    else if (event.key.toLowerCase() === "r") this.pair.restart();
    else if (event.key === "Backspace") this._back();
    else if (event.key === " " && !event.target.closest("button, a")) this._toggle();
    else return;
    event.preventDefault();
  }
}

function makeTheme() {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of [["viewBox", "0 0 28 28"], ["width", 20], ["height", 20], ["aria-hidden", "true"]]) icon.setAttribute(name, value);
  path.setAttribute("d", "M14 4a10 10 0 1 0 0 20zm0 0a10 10 0 0 1 0 20");
  icon.append(path);
  $("theme").replaceChildren(icon);
  const root = document.documentElement;
  root.dataset.theme = readKept("moodreel-theme") ?? "";
  $("theme").onclick = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    keep("moodreel-theme", root.dataset.theme);
  };
}

for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
makeTheme();
if (STUDY) window.page = new Page();
else { $("banner").textContent = t("noStudy"); $("banner").hidden = false; }
document.body.dataset.ready = "true";
})();
