// SPDX-License-Identifier: Apache-2.0
// A command, from a choice to a signature: choose, look at what it means by the devices' own facts, sign, watch the receipt.
import { get, post } from "./api.js";
import { banner, card, chip, facts, fill, h, problem, say, word } from "./dom.js";
import { action, bytes, duration, id, nameOf, short, value, verdict, when } from "./words.js";

const CHOICES = [
  ["configuration.set", "Change settings"], ["update.install", "Install a release"], ["update.confirm", "Confirm the release on trial"], ["update.revert", "Give the release on trial up"],
  ["configuration.confirm", "Confirm a change that waits"], ["configuration.revert", "Take a change back"], ["configuration.reset", "Reset settings to safe defaults"],
  ["protection.rotate", "Rotate the storage keys"],
];

// --- choosing --------------------------------------------------------------------------------------------------

function input(one) {
  const own = value(one.value);
  if (one.type === "bool") return h("select", {}, [["true", "on"], ["false", "off"]].map(([v, text]) => h("option", { value: v, selected: String(one.value) === v }, text)));
  if (one.type === "enum") return h("select", {}, (one.choices || []).map((v) => h("option", { value: v, selected: v === one.value }, v)));
  if (one.type === "integer") return h("input", { type: "number", min: one.min, max: one.max, step: 1, value: one.value === null ? "" : String(one.value), placeholder: own });
  return h("input", { type: "text", maxlength: one.max, value: one.value === null ? "" : String(one.value), spellcheck: "false", autocomplete: "off" });
}

function settingField(one, changed) {
  const before = one.value === null ? "" : String(one.value);
  const control = input(one), note = `setting-${one.name}`;
  const field = h("label", { class: "field" }, h("span", { class: "lab" }, h("code", {}, one.name)),
    h("span", { class: "withunit" }, control, one.unit ? h("span", { class: "note" }, one.unit) : null),
    h("span", { class: "note", id: note }, [one.meaning, one.type === "integer" ? `${one.min} to ${one.max}` : "", one.effect].filter(Boolean).join(" · ")));
  control.setAttribute("aria-describedby", note);
  const look = () => {
    field.classList.toggle("changed", control.value !== before);
    if (control.value === before) changed.delete(one.name);
    else changed.set(one.name, control.value);
  };
  control.addEventListener("input", look);
  control.addEventListener("change", look);
  return field;
}

function settingsForm(signed) {
  const changed = new Map();
  const usable = [...(signed.schema || [])].sort((a, b) => a.name.localeCompare(b.name)).filter((one) => ["bool", "integer", "text", "enum"].includes(one.type));
  const grid = (list) => h("div", { class: "grid" }, list.map((one) => settingField(one, changed)));
  const own = usable.filter((one) => !one.name.startsWith("securable.")), base = usable.filter((one) => one.name.startsWith("securable."));
  const within = h("select", {}, [["0", "for good"], ["600", "reverts unless confirmed within 10 minutes"], ["3600", "reverts unless confirmed within an hour"], ["86400", "reverts unless confirmed within a day"]]
    .map(([v, text]) => h("option", { value: v }, text)));
  return {
    inside: [grid(own), base.length ? h("details", {}, h("summary", {}, `The device's own settings (${base.length}): name, interfaces, updates, log`), h("div", { class: "in" }, grid(base))) : null,
      h("label", { class: "field" }, h("span", { class: "lab" }, "Takes effect"), within)],
    take: () => {
      if (!changed.size) throw new Error("Nothing was changed.");
      return { args: [...changed].map(([name, v]) => `${name}=${v}`), ...(within.value === "0" ? {} : { confirm_within: Number(within.value) }) };
    },
  };
}

function pick(member, label, items, none) {
  const select = h("select", {}, items.map(([v, text]) => h("option", { value: v }, text)));
  return {
    inside: items.length ? h("label", { class: "field" }, h("span", { class: "lab" }, label, " ", word("hub")), select) : h("p", { class: "note" }, none),
    take: () => { if (!items.length) throw new Error(none); return { [member]: select.value }; },
  };
}

async function formOf(name, device, signed, signal) {
  if (name === "configuration.set") return settingsForm(signed);
  if (name === "update.install") {
    const list = (await get("/api/v1/releases?limit=100", signal)).items || [];
    return pick("release", "Release", list.map((r) => [r.digest, `${r.version || "?"} (sequence ${r.sequence ?? "?"})${r.product ? `, ${r.product}` : ""}`]), "No release was handed in at this hub.");
  }
  if (name === "configuration.confirm" || name === "configuration.revert") {
    const list = ((await get(`/api/v1/devices/${device.id}/statements?limit=100`, signal)).items || []).filter((s) => s.action === "configuration.set" || s.action === "configuration.reset");
    return pick("statement", "Which change", list.sort((a, b) => b.number - a.number).map((s) => [s.digest, `${action(s.action)}, generation ${s.generation}, ${short(s.digest)}`]), "No change was sent to this device.");
  }
  return { inside: null, take: () => ({}) };
}

// --- what it means ---------------------------------------------------------------------------------------------

const arrow = (old, now, unit) => h("span", { class: "arrow" }, h("span", { class: "old" }, h("span", { class: "hidden" }, "from "), value(old, unit)), h("span", { "aria-hidden": "true" }, "→"),
  h("span", { class: "new" }, h("span", { class: "hidden" }, "to "), value(now, unit)));

function install(will, checked) {
  return facts([
    ["Version", h("span", {}, will.in_place_of ? arrow(will.in_place_of, will.version) : h("b", {}, will.version), " ", word(checked ? "receipt" : "open"))],
    ["Sequence", String(will.sequence)], ["Size", bytes(will.image_bytes)], ["Says of itself", will.description || "nothing"], ["Manufacturer's signature", will.manufacturers_signature],
    will.settings_may_change ? ["Settings", "the release brings another product record: settings may change"] : null,
  ]);
}

function wills(one) {
  const will = one.will || {};
  return [
    one.changes ? h("ul", { class: "plainlist" }, one.changes.map((c) => h("li", {}, h("code", {}, c.name), " ", arrow(c.old, c.new, c.unit), c.effect ? h("span", { class: "under" }, c.effect) : null))) : null,
    will.install ? install(will.install, will.install.manufacturers_signature === "valid") : null,
    Object.entries(will).filter(([name]) => name !== "install").map(([name, v]) => h("p", {}, h("b", {}, `${name}: `), typeof v === "object" ? Object.entries(v).map(([n, x]) => `${n} ${value(x)}`).join(", ") : value(v))),
  ];
}

function meaningOf(one) {
  return h("div", { class: "stack" },
    h("div", { class: "row" }, h("strong", {}, nameOf(one)), word("signed"), h("span", { class: "note" }, one.model, ", ", id(one.id, 16), ", asked just now")),
    wills(one),
    one.asked_by ? h("p", {}, "Asked for by ", h("b", {}, one.asked_by.name || "somebody whom this device's roster does not know"), one.asked_by.role ? `, ${one.asked_by.role}` : "", " ", id(one.asked_by.key, 12), " ", word(one.asked_by.verified ? "receipt" : "open")) : null,
    h("p", { class: "note" }, `${action(one.action)} · generation ${one.generation}, epoch ${one.epoch}`, one.confirm_within_s ? ` · reverts unless confirmed within ${duration(one.confirm_within_s)}` : "",
      one.signer ? ` · you sign as ${one.signer.name ? `${one.signer.name}, ${one.signer.role}` : "a key that this device does not know"}` : ""),
    (one.warnings || []).map((text) => banner("warn", text)));
}

// Shows a preview, and signs exactly it.
export function meaning(preview, done) {
  const place = h("div", {});
  const sign = h("button", { class: "do main", type: "button" }, preview.action === "approve" ? "Approve and send" : preview.devices.length > 1 ? `Sign and send ${preview.devices.length} commands` : "Sign and send");
  const drop = h("button", { class: "do", type: "button", onclick: () => done(null) }, "Do not");
  const ends = setTimeout(() => { sign.disabled = true; fill(place, h("p", { class: "note" }, "This look is too old to be signed. Look again.")); }, preview.ends_in_s * 1000);
  sign.addEventListener("click", async () => {
    clearTimeout(ends);
    sign.disabled = drop.disabled = true;
    fill(place, h("p", { class: "spin", role: "status" }, "Signing and handing in …"));
    try {
      const answer = await post("/console/sign", { preview: preview.id });
      done(answer.sent);
    } catch (error) {
      drop.disabled = false;
      fill(place, problem(error));
    }
  });
  const box = h("section", { class: "meaning", tabindex: "-1", "aria-label": "What it means" }, h("h2", {}, "What it means"), preview.devices.map(meaningOf),
    h("p", { class: "note" }, "Digest of what is signed: ", h("code", {}, preview.digest)), h("div", { class: "row" }, sign, drop), place);
  return box;
}

// --- the receipt arrives -----------------------------------------------------------------------------------------

export function watch(context, digests, place, done) {
  const until = Date.now() + 120000;
  const look = async () => {
    if (context.signal.aborted) return;
    try {
      const mine = ((await get("/console/sent", context.signal)).items || []).filter((item) => digests.includes(item.digest));
      fill(place, mine.map(sentLine));
      if (mine.length && mine.every((item) => item.missing === 0)) { if (done) done(); say("The receipt has come and was checked."); return; }
    } catch (error) {
      if (error.name === "AbortError") return;
      fill(place, problem(error));
    }
    if (Date.now() < until) setTimeout(look, 1200);
    else place.append(h("p", { class: "note" }, "No receipt yet: the device is away, or it is withheld. It stays under Sent."));
  };
  fill(place, h("p", { class: "spin", role: "status" }, "Handed in; waiting for the receipt …"));
  look();
}

export function sentLine(item) {
  return h("div", { class: "stack" }, (item.devices || []).map((one) => h("div", { class: "row" }, one.receipt ? [word("receipt"), verdict(one.word)]
    : one.word ? [chip("bad", one.word), word("receipt")] : one.hub_says ? [verdict(one.hub_says), word("hub")] : h("span", { class: "spin" }, "no receipt yet"),
    h("a", { href: `#/devices/${one.id}` }, "device ", short(one.id)), one.decision && one.decision.record !== undefined ? h("span", { class: "note" }, `record ${one.decision.record}, `, when(one.decision.time)) : null)),
    item.problem ? banner("bad", "What the hub brought does not hold", item.problem) : null);
}

// --- the card ----------------------------------------------------------------------------------------------------

export function compose(context, device, signed, settled) {
  const fields = h("div", { class: "stack" }), place = h("div", { class: "stack" }), result = h("div", { class: "stack" });
  const select = h("select", {}, CHOICES.map(([v, text]) => h("option", { value: v }, text)));
  const go = h("button", { class: "do main", type: "submit" }, "Show what it means");
  let form = { take: () => ({}) };

  async function choose() {
    fill(place);
    fill(fields, h("p", { class: "spin" }, "Loading …"));
    try {
      form = await formOf(select.value, device, signed, context.signal);
      fill(fields, form.inside);
    } catch (error) {
      if (error.name !== "AbortError") fill(fields, problem(error, choose));
    }
  }
  async function look(event) {
    event.preventDefault();
    fill(result);
    go.disabled = true;
    fill(place, h("p", { class: "spin", role: "status" }, "Asking the device how it stands now …"));
    try {
      const preview = await post("/console/preview", { devices: [device.id], action: select.value, ...form.take() });
      const box = meaning(preview, (sent) => {
        fill(place);
        if (!sent) return;
        fill(result);
        watch(context, sent.map((item) => item.digest), result, async () => {
          signed = (await settled()) || signed;
          if (!place.hasChildNodes()) choose();
        });
      });
      fill(place, box);
      box.focus();
    } catch (error) {
      fill(place, problem(error));
    }
    go.disabled = false;
  }
  select.addEventListener("change", choose);
  choose();
  return card("Make a command", h("span", { class: "note" }, `for ${nameOf(signed)} alone`), h("div", { class: "in stack" },
    h("form", { onsubmit: look }, h("label", { class: "field" }, h("span", { class: "lab" }, "What"), select), fields, h("div", { class: "row" }, go)), place, result));
}

