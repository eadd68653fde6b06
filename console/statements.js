// SPDX-License-Identifier: Apache-2.0
// What was handed in, by whom and what became of it; and, at the console, what this operator sent and which receipts were checked here.
import { canSign, get, post } from "./api.js";
import { meaning, sentLine, watch } from "./compose.js";
import { card, chip, facts, fill, h, problem, word } from "./dom.js";
import { action, bytes, id, plural, short, verdict, when } from "./words.js";

const PAGE = 100;

function row(s) {
  return h("tr", { class: "go" }, h("th", { scope: "row", class: "name" }, h("a", { href: `#/statements/${s.digest}` }, action(s.action || s.kind)), h("span", { class: "under" }, id(s.digest, 16))),
    h("td", { "data-label": "Generation", class: s.generation ? "num" : "num blank" }, s.generation ? `${s.topic} ${s.generation}` : ""), h("td", { "data-label": "Signer" }, id(s.signer, 12)),
    h("td", { "data-label": "Handed in" }, when(s.received), s.by ? h("span", { class: "under" }, `by ${s.by}`) : null));
}

export async function statements(context) {
  const body = h("tbody", {}), more = h("div", { class: "in" }), empty = h("p", { class: "empty" }, "No statement was handed in yet.");
  let after = null;
  async function load(fresh) {
    const page = await get(`/api/v1/statements?limit=${PAGE}${fresh || after === null ? "" : `&after=${encodeURIComponent(after)}`}`, context.signal);
    if (fresh) fill(body);
    body.append(...(page.items || []).map(row));
    after = page.next ?? null;
    empty.hidden = body.children.length > 0;
    more.hidden = after === null;
  }
  fill(more, h("button", { class: "do", type: "button", onclick: () => load(false).catch(context.failed) }, "More"));
  await load(true);
  context.show(h("div", { class: "head" }, h("h1", { class: "grow" }, "Statements")), card("All that was handed in", word("hub"),
    h("div", { class: "tablewrap" }, h("table", { class: "cards" }, h("caption", { class: "hidden" }, "Statements"),
      h("thead", {}, h("tr", {}, ["Statement", "Generation", "Signer", "Handed in"].map((t) => h("th", { scope: "col" }, t)))), body)), empty, more));
  context.listen((kind) => { if (kind === "statement") load(true).catch(() => {}); });
}

// --- one ---------------------------------------------------------------------------------------------------------

function deliveries(s) {
  const list = s.deliveries || [];
  return card("Devices", word("hub"), list.length ? h("div", { class: "tablewrap" }, h("table", { class: "cards" }, h("caption", { class: "hidden" }, "Devices"),
    h("thead", {}, h("tr", {}, ["Device", "State", "Answer", "Receipt"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, list.map((d) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: `#/devices/${d.device}` }, short(d.device, 16))), h("td", { "data-label": "State" }, chip(d.state === "answered" ? "" : "warn", d.state)),
      h("td", { "data-label": "Answer" }, verdict(d.word), d.answered ? h("span", { class: "under" }, when(d.answered)) : null),
      h("td", { "data-label": "Receipt" }, d.receipt ? (d.receipt_good ? chip("good", "good, says the hub") : chip("bad", "does not verify")) : chip("", "none yet"))))))) : h("p", { class: "empty" }, "No device gets it."));
}

function approving(context, s) {
  if (!canSign() || s.kind !== "command") return null;
  const place = h("div", { class: "stack" });
  const go = h("button", { class: "do main", type: "button" }, "Show what it says");
  go.addEventListener("click", async () => {
    go.disabled = true;
    fill(place, h("p", { class: "spin", role: "status" }, "Reading the statement itself and asking the devices …"));
    try {
      const box = meaning(await post("/console/preview", { action: "approve", statement: s.digest }), (sent) => { fill(place); if (sent) watch(context, sent.map((item) => item.digest), place); });
      fill(place, box);
      box.focus();
    } catch (error) {
      fill(place, problem(error));
    }
    go.disabled = false;
  });
  return card("Approve it", null, h("div", { class: "in stack" }, h("p", { class: "note" }, "A second person's yes. What it says is read here from its own bytes, never from what the hub tells of it."), h("div", { class: "row" }, go), place));
}

export async function statement(context, digest) {
  const draw = async () => {
    const s = await get(`/api/v1/statements/${digest}`, context.signal);
    return [h("div", { class: "head" }, h("div", { class: "grow" }, h("a", { class: "back", href: "#/statements" }, "← Statements"), h("h1", {}, action(s.action || s.kind)))),
      card("What the hub says of it", word("hub"), h("div", { class: "in" }, facts([
        ["Kind", s.kind], s.topic && ["Topic", `${s.topic}, generation ${s.generation}`], ["Signer's key", h("code", {}, s.signer)], ["Handed in", [when(s.received), s.by ? ` by ${s.by}` : ""]],
        s.payload && ["Payload", [bytes(s.payload.size || 0), " ", id(s.payload.digest, 16), s.payload.missing ? [" ", chip("warn", "not at the hub")] : null]],
        s.about && ["Approves", h("a", { href: `#/statements/${s.about}` }, short(s.about, 16))], ["Digest", h("code", {}, s.digest)]]))),
      deliveries(s), s];
  };
  const [head, about, devices, facts_] = await draw();
  const parts = [h("div", {}, head), h("div", {}, about), h("div", {}, devices)];
  context.show(parts[0], parts[1], approving(context, facts_), parts[2]);
  context.listen((kind) => { if (kind === "receipt" || kind === "statement") draw().then((again) => again.slice(0, 3).forEach((one, i) => fill(parts[i], one))).catch(() => {}); });
}

// --- sent from here ------------------------------------------------------------------------------------------------

export async function sent(context) {
  const inside = h("div", { class: "stack" });
  async function load() {
    const items = (await get("/console/sent", context.signal)).items || [];
    const open = items.filter((item) => item.missing > 0).length;
    fill(inside, h("p", { class: "note", role: "status" }, items.length ? `${plural(items.length, "statement")}, ${open ? `${open} without every receipt` : "every receipt has come"}` : ""),
      items.length ? items.map((item) => card(action(item.action || item.kind), h("span", { class: "note" }, item.generation ? `generation ${item.generation}, ` : "", when(item.handed_in)),
        h("div", { class: "in stack" }, sentLine(item), h("p", { class: "note" }, h("a", { href: `#/statements/${item.digest}` }, "statement ", short(item.digest, 16))))))
        : h("div", { class: "card" }, h("p", { class: "empty" }, "Nothing was sent from this outbox yet.")));
  }
  await load();
  context.show(h("div", { class: "head" }, h("div", { class: "grow" }, h("h1", {}, "Sent from here"), h("p", { class: "sub" }, "Kept on this machine. A receipt counts when it verifies here under the device's own key."))), inside);
  let timer = 0;
  context.listen((kind) => { if (kind === "receipt") { clearTimeout(timer); timer = setTimeout(() => load().catch(() => {}), 500); } });
  const clock = setInterval(() => load().catch(() => {}), 10000);
  context.signal.addEventListener("abort", () => { clearInterval(clock); clearTimeout(timer); });
}
