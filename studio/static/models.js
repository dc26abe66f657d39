// Which generator draws and which directions move it: the studio's own, a named file, or one that is sent.
import { $, choice, field, fill, h, say } from "./dom.js";
import { call, upload } from "./server.js";
import { t } from "./strings.js";

const NAMES = "moodreel-model-names";

export const toQuery = (model) => Object.entries(model ?? {}).map(([key, value]) => `&${key}=${encodeURIComponent(value)}`).join("");

export class ModelMenu {
  constructor({ project, state, tell }) {
    this._project = project; this._own = state; this._tell = tell;
    this._facts = { name: state.generator, resolution: state.resolution, moves: state.moves };
    this._key = "{}";
    $("model").onclick = () => ($("model-sheet").hidden ? this._open() : this.close());
    this._show();
  }

  close() {
    const sheet = $("model-sheet");
    if (sheet.contains(document.activeElement)) $("model").focus();
    sheet.hidden = true; $("model").setAttribute("aria-expanded", "false");
  }

  // Asks what a model can do when the document names another one.
  async update(document) {
    const model = document.model ?? {}, key = JSON.stringify(model);
    if (key === this._key) return;
    this._key = key;
    this._say(t("modelLoading"));
    try {
      const facts = await call("/models", { body: model });
      if (key !== this._key) return;
      this._facts = facts;
      this._tell("model", facts);
      this._say(""); this._show();
      say(facts.name);
    } catch (error) {
      if (key === this._key) { this._say(error.message); this._tell("trouble", error); }
    }
  }

  _say(text) { this._word = text; if ($("model-said")) $("model-said").textContent = text; $("model").toggleAttribute("aria-busy", Boolean(text)); }

  _show() {
    $("model").textContent = this._facts.name ?? "";
    $("model").setAttribute("aria-label", `${t("generator")}: ${this._facts.name ?? ""}`);
    $("model").title = t("generator");
    $("still").hidden = this._facts.moves !== false;
  }

  async _open() {
    const files = await call("/models").catch(() => ({ generators: [], directions: [] }));
    const sent = this._readNames(), { generator = "", directions = "" } = this._project.document.model ?? {};
    const list = (names, kind, own, chosen) => {
      const sentOnes = Object.entries(sent).filter(([, one]) => one.kind === kind).map(([id, one]) => [id, one.name]);
      const all = [["", own], ...names.map((name) => [name, name]), ...sentOnes];
      return all.some(([value]) => value === chosen) ? all : [...all, [chosen, chosen]];
    };
    const file = (kind, id) => {
      const input = h("input", { type: "file", accept: kind === "generator" ? ".pkl,.pt,.pth,.bin,.safetensors" : ".safetensors", class: "hidden", id, onchange: () => input.files[0] && this.take(input.files[0], kind) });
      return h("div", {}, input, h("label", { class: "button", for: id }, t(kind === "generator" ? "generatorSend" : "directionsSend")));
    };
    fill($("model-sheet"),
      field(t("generator"), choice(list(files.generators, "generator", t("modelOwn", this._own.generator), generator), generator, (value) => this._choose({ ...(value ? { generator: value } : {}) }), { id: "model-generator" })), file("generator", "generator-file"),
      field(t("directions"), choice(list(files.directions, "directions", t("directionsOwn"), directions), directions, (value) => this._choose({ ...(generator ? { generator } : {}), ...(value ? { directions: value } : {}) }), { id: "model-directions" })), file("directions", "directions-file"),
      h("p", { class: "quiet" }, t("modelHint")), h("p", { class: "quiet", id: "model-said", role: "status" }, this._word ?? ""));
    $("model-sheet").hidden = false; $("model").setAttribute("aria-expanded", "true");
    $("model-generator").focus();
  }

  _choose(model) {
    this._project.change((own) => { own.model = model; });
    this._project.endGesture();
    this.close();
  }

  // Names of what was sent stay in this browser: the server knows ids alone.
  _readNames() { try { return JSON.parse(localStorage.getItem(NAMES)) ?? {}; } catch { return {}; } }

  async take(file, wanted) {
    this._say(t("modelSending"));
    try {
      const isDirections = wanted ? wanted === "directions" : (await file.slice(8, 4096).text()).includes("moodreel-directions");
      const kind = isDirections ? "directions" : "generator", sent = await upload(kind, file);
      localStorage.setItem(NAMES, JSON.stringify({ ...this._readNames(), [sent.id]: { kind, name: file.name } }));
      const { generator } = this._project.document.model ?? {};
      this._say("");
      this._choose(isDirections ? { ...(generator ? { generator } : {}), directions: sent.id } : { generator: sent.id });
    } catch (error) { this._say(error.message); this._tell("trouble", error); }
  }
}
