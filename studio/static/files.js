// The project's menu: new, opened from a file, saved as one, recent ones.
import { $, fill, h } from "./dom.js";
import { call } from "./server.js";
import { t } from "./strings.js";
import { fromOrder } from "./project.js";

const FORMAT = "moodreel-project-1";

export class FileMenu {
  constructor({ project, start, tell }) {
    this._project = project; this._start = start; this._tell = tell;
    $("project-menu").onclick = () => ($("project-list").hidden ? this._open() : this.close());
  }

  close() {
    const sheet = $("project-list");
    if (sheet.contains(document.activeElement)) $("project-menu").focus();
    sheet.hidden = true; $("project-menu").setAttribute("aria-expanded", "false");
  }

  async _open() {
    const file = h("input", { type: "file", accept: ".json,application/json", class: "hidden", id: "project-file", onchange: () => file.files[0] && this.open(file.files[0]) });
    const recent = await call("/projects").catch(() => []);
    const load = (id) => { this.close(); this._project.load(id).catch((error) => this._tell("trouble", error)); };
    fill($("project-list"),
      h("button", { type: "button", onclick: () => { this.close(); this._project.startNew(); } }, t("newProject")), file,
      h("label", { class: "button", for: "project-file" }, t("openFile")),
      h("button", { type: "button", onclick: () => this._save() }, t("saveFile")),
      recent.length ? h("p", { class: "label" }, t("recent")) : "",
      ...recent.slice(0, 8).map((one) => h("button", { type: "button", onclick: () => load(one.id) }, one.name || t("untitled"))));
    $("project-list").hidden = false; $("project-menu").setAttribute("aria-expanded", "true");
    $("project-list").querySelector("button").focus();
  }

  _save() {
    const content = { format: FORMAT, ...this._project.describe() };
    const url = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
    const name = (content.name || "moodreel").replace(/[^\p{L}\p{N} _-]/gu, "").trim().replace(/ /g, "-") || "moodreel";
    h("a", { href: url, download: `${name}.moodreel.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 5000);
    this.close();
  }

  async open(file) {
    this.close();
    try {
      const content = JSON.parse(await file.text());
      if (content.format !== FORMAT) throw new Error(t("wrongFile"));
      const { order } = await call("/commands", { body: content.order });
      await this.workOn({ ...order, name: content.name ?? order.name }, content.favourites ?? []);
    } catch (error) { this._tell("trouble", error instanceof SyntaxError ? new Error(t("wrongFile")) : error); }
  }

  // An order as a new project; one that names a clip gets the clip's emotions.
  async workOn(order, favourites = this._project.document.favourites) {
    const track = order.track.clip ? await this._start.read(order.track) : order.track;
    await this._project.startNew();
    this._project.replace(fromOrder({ ...order, track }, favourites));
  }
}
