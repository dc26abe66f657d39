// What one moment is: its emotion, how much, when, what else shows at the same time.
import { $, choice, field, fill, h, slider } from "./dom.js";
import { t } from "./strings.js";
import { tidy } from "./project.js";

export function showMoment({ project, timeline, emotions, easings, max }) {
  const panel = $("side-panel"), event = timeline.find(timeline.selected);
  if (!event) { panel.replaceChildren(h("p", { class: "quiet" }, t("noMoment"))); return; }
  const edit = (change, gesture) => { project.change((own) => change(own.events.find((one) => one.id === event.id)), gesture); if (!gesture) project.endGesture(); };
  const chips = h("div", { class: "chips", role: "radiogroup", "aria-label": t("emotion") }, emotions.map((name) => h("button", {
    type: "button", role: "radio", class: `emotion e-${name}`, "aria-checked": String(name === event.emotion), tabindex: name === event.emotion ? 0 : -1,
    onclick: () => chooseEmotion(project, event.id, name),
    onkeydown: (key) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key.key];
      if (!step) return;
      key.preventDefault();
      chooseEmotion(project, event.id, emotions[(emotions.indexOf(event.emotion) + step + emotions.length) % emotions.length]);
      $("side-panel").querySelector("[aria-checked=true]")?.focus();
    },
  }, t(`emotions.${name}`))));
  const parts = [h("div", { class: "field" }, h("span", { class: "label" }, t("emotion")), chips)];
  if (event.emotion !== "calm") {
    const amount = slider(0, max, 0.01, event.intensity, (value, moving) => timeline.move(event.id, () => ({ intensity: value }), moving ? `slide-${event.id}` : null), { id: "intensity" });
    parts.push(h("div", { class: "field" }, h("label", { for: "intensity" }, t("intensity")), h("div", { class: "with-output" }, amount.node, amount.shown)));
  }
  const number = (key, step) => h("input", { type: "number", min: 0, step, id: `moment-${key}`, value: event[key], onchange: (change) => { timeline.move(event.id, () => ({ [key]: Number(change.target.value) || 0 })); project.endGesture(); change.target.value = timeline.find(event.id)?.[key]; } });
  parts.push(h("div", { class: "pair" }, field(t("time"), number("time", 0.05)), field(t("holdFor"), number("hold", 0.1))));
  parts.push(field(t("easing"), choice([["", t("easingTrack")], ...easings.map((name) => [name, t(`easings.${name}`)])], event.easing ?? "", (name) => edit((own) => { own.easing = name || null; }))));
  parts.push(h("div", { class: "field" }, h("span", { class: "label" }, t("also")), ...Object.entries(event.also).map(([name, value]) => {
    const amount = slider(0, max, 0.01, value, (now, moving) => edit((own) => { own.also[name] = tidy(now); }, moving ? `also-${event.id}-${name}` : null), { "aria-label": t(`emotions.${name}`) });
    return h("div", { class: `also e-${name}` }, h("span", { class: "dot" }), h("span", {}, t(`emotions.${name}`)), amount.node, amount.shown,
      h("button", { type: "button", class: "icon small", "aria-label": t("removeAlso", t(`emotions.${name}`)), onclick: () => { edit((own) => { delete own.also[name]; }); } }, "×"));
  }), addMenu(event, emotions, (name) => edit((own) => { own.also[name] = 0.5; }))));
  parts.push(h("button", { type: "button", class: "danger", disabled: project.document.events.length < 2, onclick: () => timeline.remove(event.id) }, t("remove")));
  fill(panel, ...parts);
}

export function chooseEmotion(project, id, name) {
  project.change((own) => {
    const event = own.events.find((one) => one.id === id);
    event.emotion = name; delete event.also[name];
    if (name === "calm") event.also = {};
  });
  project.endGesture();
}

function addMenu(event, emotions, add) {
  const left = emotions.filter((name) => name !== "calm" && name !== event.emotion && !(name in event.also));
  if (event.emotion === "calm" || !left.length) return null;
  return choice([["", t("addAlso")], ...left.map((name) => [name, t(`emotions.${name}`)])], "", (name) => name && add(name), { "aria-label": t("addAlso") });
}
