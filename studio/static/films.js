// Settings of the film, the queue, and finished films.
import { $, choice, field, fill, h, say } from "./dom.js";
import { call, describeProgress } from "./server.js";
import { t } from "./strings.js";
import { duration, toOrder } from "./project.js";

export function showFilm({ project, state, sound, tell }) {
  const own = project.document, edit = (change) => { project.change(change); project.endGesture(); };
  const length = duration(own), frames = Math.round(length * own.fps) + (own.loop ? 0 : 1);
  const sizes = [["", t("sizeFull", state.resolution ?? "?")], ...[1024, 720, 512, 256].filter((px) => px < (state.resolution ?? 1024)).map((px) => [px, String(px)])];
  const keep = h("input", { type: "checkbox", id: "keep", onchange: () => edit((document) => { document.keep = keep.checked; }) });
  keep.checked = own.keep;
  const file = h("input", { type: "file", accept: "audio/*,video/*", class: "hidden", id: "sound-file", onchange: () => file.files[0] && sound.take(file.files[0]) });
  fill($("side-panel"),
    h("p", { class: "quiet", id: "film-length" }, t("length", length.toFixed(2), frames)),
    field(t("filmEasing"), choice(state.easings.map((name) => [name, t(`easings.${name}`)]), own.easing, (name) => edit((document) => { document.easing = name; }))),
    h("div", { class: "pair" },
      field(t("fps"), choice([12, 24, 25, 30, 60].concat([12, 24, 25, 30, 60].includes(own.fps) ? [] : [own.fps]).map((fps) => [fps, String(fps)]), own.fps, (fps) => edit((document) => { document.fps = Number(fps); }))),
      field(t("size"), choice(sizes, own.size_px ?? "", (px) => edit((document) => { document.size_px = px ? Number(px) : null; })))),
    field(t("kind"), choice(state.kinds.map((kind) => [kind, t(`kinds.${kind}`)]), own.kind, (kind) => edit((document) => { document.kind = kind; }))),
    h("div", { class: "field" }, h("span", { class: "label" }, t("sound")), file, h("div", { class: "row" },
      h("label", { class: "button", for: "sound-file" }, t("soundChoose")),
      own.sound ? h("button", { type: "button", onclick: () => edit((document) => { document.sound = null; }) }, t("soundRemove")) : h("span", { class: "quiet" }, t("soundNone")))),
    state.identity_budget === null ? "" : h("label", { class: "check" }, keep, t("keep")),
    h("div", { class: "row" }, copyButton("command", () => toOrder(own, state.identity_budget), tell), copyButton("python", () => toOrder(own, state.identity_budget), tell)));
}

export function copyButton(kind, makeOrder, tell) {
  const word = t(kind === "command" ? "copyCommand" : "copyPython");
  const node = h("button", { type: "button", "data-copy": kind, onclick: async () => {
    try {
      const lines = (await call("/commands", { body: makeOrder() }))[kind];
      node.dataset.copied = lines;
      await navigator.clipboard.writeText(lines);
      node.textContent = t("copied"); say(t("copied"));
      setTimeout(() => { node.textContent = word; }, 1500);
    } catch (error) { tell("trouble", error); }
  } }, word);
  return node;
}

export class Films {
  constructor({ tell }) { this._tell = tell; this.jobs = new Map(); }

  get busy() { return [...this.jobs.values()].some((job) => job.state === "running"); }
  get waiting() { return [...this.jobs.values()].filter((job) => job.state === "running" || job.state === "waiting").length; }

  async load() { this.jobs = new Map((await call("/films")).map((job) => [job.id, job])); this._tell("films"); }

  hear(job) {
    if (job.kind !== "film") return;
    const before = this.jobs.get(job.id)?.state;
    this.jobs.set(job.id, job);
    if (before && before !== job.state && job.state === "finished") { say(t("states.finished")); this._tell("finished", job); }
    this._tell("films");
  }

  async order(order) { const job = await call("/films", { body: order }); this.jobs.set(job.id, job); say(t("ordered")); this._tell("films"); return job; }

  show() {
    const jobs = [...this.jobs.values()].sort((a, b) => b.created - a.created);
    const panel = $("side-panel");
    if (!jobs.length) { panel.replaceChildren(h("p", { class: "quiet" }, t("noRenders"))); return; }
    const held = panel.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    panel.replaceChildren(h("ul", { class: "films" }, jobs.map((job) => this._card(job))));
    if (held) panel.querySelector(`[data-key="${held}"]`)?.focus();
  }

  _card(job) {
    const { progress } = job, share = progress?.total ? progress.done / progress.total : null;
    const over = ["finished", "failed", "cancelled"].includes(job.state);
    const name = job.order.name || t("untitled");
    const bar = job.state === "running" ? h("progress", { max: 1, "aria-label": name, ...(share === null ? {} : { value: share }) }) : null;
    if (bar && share !== null) bar.value = share;
    return h("li", { class: `film ${job.state}`, "data-id": job.id },
      job.state === "finished" && job.files["contact_sheet.png"] ? h("img", { src: job.files["contact_sheet.png"], alt: "", class: "strip" }) : null,
      h("div", { class: "film-head" }, h("strong", {}, name), h("span", { class: "state" }, job.state === "running" ? describeProgress(job) : t(`states.${job.state}`))),
      bar, job.error ? h("p", { class: "warning" }, job.error) : null,
      h("div", { class: "row" },
        job.state === "finished" ? h("button", { type: "button", class: "primary", "data-key": `open-${job.id}`, onclick: () => this._tell("open", job) }, t("open")) : null,
        over ? h("button", { type: "button", "data-key": `again-${job.id}`, onclick: () => this._tell("again", job) }, t("again")) : null,
        over ? h("button", { type: "button", "data-key": `delete-${job.id}`, onclick: () => this._delete(job) }, t("deleteFilm")) : h("button", { type: "button", "data-key": `cancel-${job.id}`, onclick: () => call(`/jobs/${job.id}/cancel`, { method: "POST" }).catch((error) => this._tell("trouble", error)) }, t("cancel"))));
  }

  async _delete(job) {
    try { await call(`/films/${job.id}`, { method: "DELETE" }); this.jobs.delete(job.id); this._tell("films"); } catch (error) { this._tell("trouble", error); }
  }
}

// The result: film, sheet, scorecard, files, and how to make it elsewhere.
export async function openResult(job, tell) {
  const dialog = $("dialog"), files = job.files, facts = job.result;
  const close = h("button", { type: "button", class: "icon", "aria-label": t("close"), onclick: () => dialog.close() }, "×");
  const isPicture = facts.video.endsWith(".gif");
  const film = isPicture ? h("img", { src: job.video, alt: t("resultTitle"), class: "film-view" }) : h("video", { src: job.video, controls: true, loop: true, autoplay: true, muted: true, playsinline: true, class: "film-view", "aria-label": t("resultTitle") });
  film.muted = true;
  const table = h("table", { class: "score" });
  dialog.className = "result";
  fill(dialog,
    h("div", { class: "head" }, h("h2", { id: "dialog-title" }, job.order.name || t("untitled")), close),
    h("div", { class: "result-grid" },
      h("div", {}, film, h("p", { class: "quiet" }, t("scoreFrames", facts.width_px, facts.height_px, facts.frames, facts.duration_s)), h("p", { class: "quiet" }, t("marked")),
        h("div", { class: "row" }, h("a", { class: "button primary", href: `${job.video}?download`, download: facts.video }, t("download")), copyButton("command", () => job.order, tell), copyButton("python", () => job.order, tell))),
      h("div", {}, h("h3", {}, t("score")), table, files["scorecard.png"] ? h("img", { src: files["scorecard.png"], alt: t("score"), class: "wide" }) : null,
        h("h3", {}, t("sheet")), h("img", { src: files["contact_sheet.png"], alt: t("sheet"), class: "wide" }),
        h("h3", {}, t("files")), h("ul", { class: "files" }, Object.entries(files).map(([name, url]) => h("li", {}, h("a", { href: `${url}?download`, download: name }, name)))))));
  dialog.showModal();
  dialog.addEventListener("close", () => { film.pause?.(); dialog.replaceChildren(); if (location.hash.startsWith("#film=")) history.replaceState(null, "", "/"); }, { once: true });
  history.replaceState(null, "", `/#film=${job.id}`);
  try {
    const card = await call(files["scorecard.json"]);
    table.replaceChildren(h("tbody", {}, Object.entries(t("scoreRows")).filter(([key]) => card[key] !== null && card[key] !== undefined).map(([key, label]) => h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, Number(card[key]).toPrecision(3))))));
  } catch (error) { tell("trouble", error); }
}
