// SPDX-License-Identifier: Apache-2.0
// Elements from data. Every text goes in as a text node: nothing that a device, a hub or a person wrote is ever read as markup.

export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  put(element, children);
  return element;
}

function put(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function fill(element, ...children) {
  element.replaceChildren();
  put(element, children);
  return element;
}

export function card(title, mark, ...inside) {
  return h("section", { class: "card", "aria-label": title }, h("div", { class: "cap" }, h("h2", {}, title), mark), inside);
}

// Whose word a fact is.
const WORDS = {
  signed: ["✓ device-signed", "The device signed this itself, just now, in answer to this console; the signature, the certificate and the nonce were checked here."],
  receipt: ["✓ receipt checked", "The device's own receipt was checked here under the device's key."],
  hub: ["hub's word", "The hub says so. A hub that somebody took over could say something else."],
  open: ["not checked here", "Nobody checked this signature yet; the device does."],
};
export function word(kind) {
  const [text, title] = WORDS[kind];
  return h("span", { class: `word ${kind === "receipt" ? "signed" : kind}`, title }, text);
}

export const state = (kind, text, title) => h("span", { class: `state ${kind}`, title }, h("span", { class: "dot", "aria-hidden": "true" }), text);
export const chip = (kind, text, title) => h("span", { class: `chip ${kind}`, title }, text);
export const facts = (rows) => h("dl", { class: "facts" }, rows.filter(Boolean).map(([name, ...value]) => [h("dt", {}, name), h("dd", {}, value)]));
export const banner = (kind, title, ...more) => h("div", { class: `banner ${kind}`, role: kind === "bad" ? "alert" : "note" }, h("strong", {}, title), more);

export function waiting(lines = 3) {
  const bones = Array.from({ length: lines }, (_, i) => h("div", { class: `bone ${["", "mid", "short"][i % 3]}` }));
  return h("div", { class: "wait", role: "status", "aria-label": "Loading" }, bones);
}

export function problem(error, again) {
  return h("div", { class: "banner bad", role: "alert" }, h("strong", {}, error.title || "Something went wrong"),
    h("span", {}, error.detail || error.message || String(error)),
    error.clause || error.code ? h("span", { class: "mono" }, [error.object, error.clause, error.code].filter(Boolean).join(": ")) : null,
    again ? h("span", {}, h("button", { class: "do", type: "button", onclick: again }, "Try again")) : null);
}

export function say(text) {
  fill(document.getElementById("live"), text);
}
