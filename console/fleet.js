// SPDX-License-Identifier: Apache-2.0
// All devices: who is there, who is not, who needs somebody.
import { all } from "./api.js";
import { chip, fill, h, word } from "./dom.js";
import { CONTACT, nameOf, plural, short, standing, stateOf, when } from "./words.js";

const GROUPS = [
  ["all", "all devices", "", () => true],
  ["attention", "need attention", "bad", (d) => d.alarm || d.revoked || d.contact === "lost"],
  ["now", "connected", "good", (d) => d.contact === "now"],
  ["late", "late", "warn", (d) => d.contact === "late"],
  ["lost", "lost", "bad", (d) => d.contact === "lost"],
  ["never", "never came", "none", (d) => d.contact === "never"],
];
const ORDER = { bad: 0, warn: 1, none: 3, good: 2 };
const SHOWN = 200;

const order = (a, b) => ORDER[standing(a)[0]] - ORDER[standing(b)[0]] || nameOf(a).localeCompare(nameOf(b));
const matches = (d, text) => !text || [d.name, d.label, d.id, d.model, d.product, d.release && d.release.version, d.contact].some((t) => t && String(t).toLowerCase().includes(text));

function row(d) {
  return h("tr", { class: "go" },
    h("th", { scope: "row", class: "name" }, h("a", { href: `#/devices/${d.id}` }, nameOf(d)), h("span", { class: "under" }, d.name && d.label ? `label ${d.label}` : short(d.id, 16))),
    h("td", { "data-label": "State" }, stateOf(d), d.alarm || d.revoked ? h("span", { class: "under" }, (CONTACT[d.contact] || ["", "not known"])[1]) : null),
    h("td", { "data-label": "Model" }, d.model || "not known yet"),
    h("td", { "data-label": "Release" }, d.release ? d.release.version : "not known yet"),
    h("td", { "data-label": "Last seen" }, when(d.last_seen)),
    h("td", { "data-label": "Waiting", class: d.waiting ? "num" : "num blank" }, d.waiting ? chip("warn", plural(d.waiting, "statement")) : h("span", { class: "note" }, "none")));
}

export async function fleet(context) {
  let devices = [], group = "all", text = "", shown = SHOWN;
  const body = h("tbody", {}), tiles = h("div", { class: "tiles", role: "group", "aria-label": "Filter by state" }), count = h("p", { class: "note", role: "status" });
  const more = h("div", { class: "in" });
  const search = h("input", { type: "search", placeholder: "Name, label, id, model, release", "aria-label": "Search devices", oninput: () => { text = search.value.trim().toLowerCase(); shown = SHOWN; draw(); } });
  const table = h("table", { class: "cards" }, h("caption", { class: "hidden" }, "Devices"),
    h("thead", {}, h("tr", {}, ["Device", "State", "Model", "Release", "Last seen", "Waiting"].map((t) => h("th", { scope: "col" }, t)))), body);
  const empty = h("p", { class: "empty" });

  function draw() {
    const chosen = GROUPS.find(([name]) => name === group)[3];
    const list = devices.filter((d) => chosen(d) && matches(d, text)).sort(order);
    fill(tiles, GROUPS.map(([name, label, kind, test]) => h("button", {
      class: "tile", type: "button", "aria-pressed": String(name === group), onclick: () => { group = name; shown = SHOWN; draw(); tiles.querySelector("[aria-pressed=true]").focus(); },
    }, h("b", {}, devices.filter(test).length), h("span", { class: `label ${kind}` }, kind ? h("span", { class: "dot", "aria-hidden": "true" }) : null, label))));
    fill(body, list.slice(0, shown).map(row));
    fill(count, text || group !== "all" ? `${list.length} of ${plural(devices.length, "device")}` : plural(devices.length, "device"));
    fill(empty, devices.length === 0 ? "No device yet. It appears here when the manufacturer's voucher for it is handed in, or when it comes by itself." : "No device is like this.");
    empty.hidden = list.length > 0;
    table.hidden = list.length === 0;
    fill(more, list.length > shown ? h("button", { class: "do", type: "button", onclick: () => { shown += SHOWN; draw(); } }, `Show ${Math.min(SHOWN, list.length - shown)} more`) : null);
    more.hidden = list.length <= shown;
  }

  async function load() {
    devices = await all("/api/v1/devices", context.signal);
    draw();
  }
  await load();
  context.show(
    h("div", { class: "head" }, h("h1", { class: "grow" }, "Devices"), search),
    tiles,
    h("section", { class: "card", "aria-label": "Devices" }, h("div", { class: "cap" }, count, h("span", { class: "grow" }), word("hub")), h("div", { class: "tablewrap" }, table), empty, more));
  let timer = 0;
  const soon = () => { clearTimeout(timer); timer = setTimeout(() => load().catch(() => {}), 400); };
  context.listen(soon);
  const clock = setInterval(() => load().catch(() => {}), 30000);
  context.signal.addEventListener("abort", () => { clearInterval(clock); clearTimeout(timer); });
}
