// SPDX-License-Identifier: Apache-2.0
// A device's journal as a timeline: what the roster lets this hub read is told, the rest is there, sealed.
import { get } from "./api.js";
import { card, chip, fill, h, problem, waiting, word } from "./dom.js";
import { action, duration, id, plural, sort, value, verdict, when } from "./words.js";

const PAGE = 40;
const SHOWN = ["settings", "fact", "setting", "version", "stage", "reason", "confirm_within_s", "description", "secrets", "clause", "why"];

function changes(settings) {
  if (!settings || typeof settings !== "object") return null;
  return h("ul", { class: "plainlist" }, Object.entries(settings).map(([name, pair]) => h("li", {}, h("span", { class: "arrow" }, h("code", {}, name),
    Array.isArray(pair) ? [h("span", { class: "old" }, value(pair[0])), "→", h("span", { class: "new" }, value(pair[1]))] : value(pair)))));
}

function detail(facts) {
  if (!facts || typeof facts !== "object") return null;
  const rest = Object.entries(facts).filter(([name]) => name !== "settings" && SHOWN.includes(name));
  return [changes(facts.settings), rest.length ? h("p", { class: "note" }, rest.map(([name, v], i) => [i ? " · " : "", name === "confirm_within_s" ? `reverts unless confirmed within ${duration(v)}` : `${name}: ${value(v)}`])) : null];
}

function entry(item) {
  const said = item.decision;
  const index = h("span", { class: "index" }, h("span", { class: "hidden" }, "record "), `#${item.index}`);
  return h("li", {}, index, h("div", {},
    h("div", { class: "what" }, h("strong", {}, said.action ? action(said.action) : sort(said.sort)), said.word ? verdict(said.word) : null, said.action ? chip("", sort(said.sort)) : null),
    h("div", { class: "when" }, when(said.time), said.signer ? ` · by ${said.signer}${said.role ? `, ${said.role}` : ""}` : "", said.generation ? ` · generation ${said.generation}` : "",
      said.statement && !/^0+$/.test(said.statement) ? [" · ", h("a", { href: `#/statements/${said.statement}` }, "statement ", id(said.statement, 8))] : null),
    detail(said.detail)));
}

// Neighbours that cannot be read are told in one line.
function sealed(items) {
  const first = items[items.length - 1].index, last = items[0].index;
  const classes = [...new Set(items.map((item) => item.class))].join(", ");
  return h("li", {}, h("span", { class: "index" }, h("span", { class: "hidden" }, "records "), first === last ? `#${last}` : `#${first}–${last}`),
    h("div", { class: "sealed" }, h("span", { class: "what" }, plural(items.length, "sealed record"), chip("", classes))));
}

function lines(items) {
  const out = [];
  for (let at = 0; at < items.length;) {
    let end = at;
    while (end < items.length && !items[end].decision) end++;
    if (end > at) out.push(sealed(items.slice(at, end)));
    else out.push(entry(items[end++]));
    at = end;
  }
  return out;
}

export function journal(context, device) {
  const list = h("ol", { class: "time" }), more = h("div", { class: "in" }), inside = h("div", {}, waiting(4));
  let lowest = device.head ? device.head.size : 0;
  const size = lowest;

  async function load(first) {
    const from = Math.max(0, lowest - PAGE);
    if (lowest === 0) { fill(inside, h("p", { class: "empty" }, "No record has been followed yet.")); return; }
    try {
      const page = await get(`/api/v1/devices/${device.id}/entries?from=${from}&limit=${lowest - from}`, context.signal);
      const items = (page.items || []).filter((item) => item.index < lowest).sort((a, b) => b.index - a.index);
      if (first) fill(inside, items.length ? [list, more] : h("p", { class: "empty" }, "The hub has no records of this device at hand."));
      list.append(...lines(items));
      lowest = from;
      fill(more, from > 0 ? h("button", { class: "do", type: "button", onclick: () => load(false) }, "Earlier records") : null);
      more.hidden = from === 0;
    } catch (error) {
      if (error.name !== "AbortError") fill(inside, h("div", { class: "in" }, problem(error, () => load(true))));
    }
  }
  load(true);
  return card("Journal", [h("span", { class: "note" }, size ? `records 0 to ${size - 1}` : ""), word("hub")], inside);
}
