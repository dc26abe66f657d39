// Elements in few words, and what is said to screen readers.
export const $ = (id) => document.getElementById(id);

export function h(tag, settings = {}, ...children) {
  const node = tag.startsWith("svg:") ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.entries(value).forEach(([key, text]) => node.style.setProperty(key, text));
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// The children of a place, without those that are not there.
export const fill = (place, ...children) => place.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ""));

export function say(text) {
  $("said").textContent = "";
  requestAnimationFrame(() => { $("said").textContent = text; });
}

export function field(label, control, hint) {
  const id = control.id || `field-${label.replace(/\W+/g, "-")}-${Math.random().toString(36).slice(2, 8)}`;
  control.id = id;
  return h("div", { class: "field" }, h("label", { for: id }, label), control, hint ? h("small", {}, hint) : null);
}

export function choice(options, chosen, onchange, settings = {}) {
  const node = h("select", { ...settings, onchange: () => onchange(node.value) },
    options.map(([value, label]) => h("option", { value, selected: String(value) === String(chosen) }, label)));
  return node;
}

export function slider(min, max, step, value, oninput, settings = {}) {
  const shown = h("output", {}, Number(value).toFixed(2));
  const node = h("input", { type: "range", min, max, step, ...settings });
  node.value = value;
  node.addEventListener("input", () => { shown.textContent = Number(node.value).toFixed(2); oninput(Number(node.value), true); });
  node.addEventListener("change", () => oninput(Number(node.value), false));
  return { node, shown };
}

// Tabs as WAI-ARIA has them: one stop for the Tab key, arrows between.
export function makeTabs(list, panel, names, show) {
  let current = names[0][0];
  const draw = () => {
    list.replaceChildren(...names.map(([key, label], index) => h("button", {
      role: "tab", id: `${list.id}-${key}`, "aria-selected": String(key === current), "aria-controls": panel.id,
      tabindex: key === current ? 0 : -1,
      onclick: () => choose(key),
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        choose(names[(index + step + names.length) % names.length][0]);
        list.querySelector("[aria-selected=true]").focus();
      },
    }, label)));
    panel.setAttribute("aria-labelledby", `${list.id}-${current}`);
  };
  const choose = (key) => { current = key; draw(); show(key); };
  draw();
  return { choose, get current() { return current; } };
}
