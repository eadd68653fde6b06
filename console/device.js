// SPDX-License-Identifier: Apache-2.0
// One device: who it is, how it stands, what it is set to, who may act, what it was told, what it wrote down.
import { canSign, get } from "./api.js";
import { compose } from "./compose.js";
import { banner, card, chip, facts, fill, h, problem, state, word } from "./dom.js";
import { journal } from "./journal.js";
import { CONTACT, action, alarmText, duration, id, nameOf, plural, stateOf, value, verdict, when } from "./words.js";

// --- banners -------------------------------------------------------------------------------------------------

function banners(device, report) {
  const lease = report && report.lease, out = [];
  if (device.alarm) out.push(banner("bad", `Alarm: ${device.alarm.kind}`, h("span", {}, alarmText(device.alarm), " "), h("span", {}, when(device.alarm.at))));
  if (device.revoked) out.push(banner("bad", "The hub's door is closed to this device", "Its transport certificates were revoked. Its identity is untouched."));
  if (report && report.restricted) out.push(banner("warn", "Restricted mode", "The owner was silent for too long. The machine's function goes on; what the product declares beyond it is off."));
  if (report && report.recovery) out.push(banner("warn", "Recovery announced", `New owner keys take over in ${duration(report.recovery.left_s)} of device uptime, unless a present owner vetoes.`));
  if (lease && lease.behind && lease.behind.length) out.push(banner("bad", "Something is withheld", `The owner knows newer commands of ${lease.behind.join(", ")} than have reached this device.`));
  if (lease && lease.days > 0) {
    const left = lease.days * 86400 - lease.quiet_s;
    if (left <= 0) out.push(banner("warn", "Leases have ended", `No word of the owner for ${duration(lease.quiet_s)} of uptime: only owner keys act.`));
    else if (left < 7 * 86400) out.push(banner("info", "Leases end soon", `In ${duration(left)} of uptime, unless the owner renews them.`));
  }
  return out;
}

// What the hub said, held against what the device signed: a difference is told, never smoothed over.
function contradictions(device, signed) {
  const said = device.report, out = [];
  if (!said) return out;
  const differ = (name, a, b) => { if (JSON.stringify(a ?? null) !== JSON.stringify(b ?? null)) out.push([name, a, b]); };
  differ("name", device.name, signed.name);
  differ("model", device.model, signed.model);
  differ("release", said.release && said.release.version, signed.release.version);
  for (const name of new Set([...Object.keys(said.settings || {}), ...Object.keys(signed.settings || {})])) differ(name, (said.settings || {})[name], (signed.settings || {})[name]);
  const people = (list) => (list || []).map((s) => `${s.name}, ${s.role}, ${s.kid || s.uid}`).sort();
  differ("who may act", people(said.subjects), people(signed.subjects));
  return out;
}

function contradictionBanner(list) {
  if (!list.length) return null;
  return banner("bad", "The hub said something else than the device signs", h("ul", { class: "plainlist" }, list.map(([name, a, b]) =>
    h("li", {}, h("code", {}, name), ": the hub said ", h("q", {}, value(a)), ", the device signs ", h("q", {}, value(b))))),
    h("span", {}, "The hub may be a moment behind, or lie. Commands are made from what the device signs."));
}

// --- cards -----------------------------------------------------------------------------------------------------

function identity(device, report, mark) {
  return card("Identity", mark, h("div", { class: "in" }, facts([
    ["Name", (report && report.name) || device.name || "none was given"],
    ["Product", (report && report.product) || device.product || "not known yet"],
    ["Model", (report && report.model) || device.model || "not known yet"],
    ["Release", report && report.release ? `${report.release.version} (sequence ${report.release.sequence})` : "not known yet"],
    ["Label", h("code", {}, (report && report.label) || device.label)],
    ["Identity", h("code", {}, device.id)],
    ["Ownership", `${(report ? report.owned ?? device.owned : device.owned) ? "owned" : "no owner yet"}, epoch ${(report && report.epoch) ?? device.epoch}`],
    report && ["Clock", report.clock], report && ["Rollback counter", report.counter],
    report && report.confinement && ["Confinement", report.confinement],
    report && report.site && ["Hub named by owner", report.site.address],
  ])));
}

function contact(device) {
  const size = device.head ? device.head.size : 0;
  return card("Contact and log", word("hub"), h("div", { class: "in" }, facts([
    ["Contact", state(...(CONTACT[device.contact] || ["none", "not known"]))],
    ["Last seen", when(device.last_seen)],
    ["First seen", when(device.first_seen)],
    ["Log", device.alarm ? chip("bad", `alarm: ${device.alarm.kind}`) : size ? chip("good", `followed until record ${size - 1}`) : chip("", "not followed yet")],
    device.head && ["Log's head", [id(device.head.root, 16), `, boot ${device.head.boot}`]],
    ["Transport certificate", device.certificate ? ["until ", h("time", { title: device.certificate.until }, device.certificate.until.slice(0, 10))] : "none"],
    ["Waiting", device.waiting ? plural(device.waiting, "statement") : "nothing"],
  ])));
}

function settings(report, mark) {
  const schema = new Map((report.schema || []).map((one) => [one.name, one]));
  const rows = Object.entries(report.settings || {}).sort(([a], [b]) => a.startsWith("securable.") - b.startsWith("securable.") || a.localeCompare(b));
  return card("Settings", mark, rows.length === 0 ? h("p", { class: "empty" }, "None are known.") : h("div", { class: "tablewrap" }, h("table", { class: "cards" },
    h("caption", { class: "hidden" }, "Settings"), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Setting"), h("th", { scope: "col" }, "Value"))),
    h("tbody", {}, rows.map(([name, v]) => {
      const about = schema.get(name) || {};
      return h("tr", {}, h("th", { scope: "row" }, h("code", {}, name), about.meaning ? h("span", { class: "under" }, about.meaning) : null),
        h("td", { "data-label": "Value" }, h("span", {}, value(v, about.unit), about.type && about.min !== undefined && about.type === "integer" ? h("span", { class: "under" }, `${about.min} to ${about.max}`) : null)));
    })))));
}

function interfaces(report, mark) {
  const list = Object.entries(report.interfaces || {});
  return card("Interfaces", mark, list.length ? h("div", { class: "in" }, h("ul", { class: "plainlist" }, list.map(([name, on]) => h("li", { class: "row" }, chip(on ? "good" : "", on ? "on" : "off"), name))))
    : h("p", { class: "empty" }, "None are known."));
}

function people(report, mark, own) {
  const list = report.subjects || [];
  return card("Who may act", mark, list.length ? h("div", { class: "tablewrap" }, h("table", { class: "cards" }, h("caption", { class: "hidden" }, "Who may act"),
    h("thead", {}, h("tr", {}, ["Name", "Role", "Key"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, list.map((s) => h("tr", {}, h("th", { scope: "row" }, s.name, s.kid && s.kid === own ? [" ", chip("good", "you")] : null), h("td", { "data-label": "Role" }, s.role),
      h("td", { "data-label": "Key" }, s.kid ? id(s.kid, 16) : `local user ${s.uid}`))))))
    : h("p", { class: "empty" }, "Nobody yet: the device has no owner."));
}

function statementList(items) {
  const list = [...items].sort((a, b) => (b.number || 0) - (a.number || 0));
  return card("Statements and receipts", word("hub"), list.length ? h("div", { class: "tablewrap" }, h("table", { class: "cards" }, h("caption", { class: "hidden" }, "Statements and receipts"),
    h("thead", {}, h("tr", {}, ["Statement", "State", "Answer", "Receipt"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, list.map((s) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: `#/statements/${s.digest}` }, action(s.action || s.kind)), h("span", { class: "under" }, s.generation ? `generation ${s.generation}, ` : "", id(s.digest, 10))),
      h("td", { "data-label": "State" }, s.state === "waiting" ? chip("warn", "waiting") : s.state === "held" ? chip("warn", "held") : chip("", "answered")),
      h("td", { "data-label": "Answer" }, verdict(s.word)),
      h("td", { "data-label": "Receipt" }, s.receipt ? (s.receipt_good ? chip("good", "good, says the hub") : chip("bad", "does not verify")) : chip("", "none yet")))))))
    : h("p", { class: "empty" }, "Nothing was sent to it yet."));
}

// --- the view --------------------------------------------------------------------------------------------------

function draw(context, slots, device, signed) {
  const report = signed || device.report, mark = () => word(signed ? "signed" : "hub");
  fill(slots.head, h("div", { class: "grow" }, h("a", { class: "back", href: "#/devices" }, "← Devices"), h("h1", {}, nameOf(signed || device)),
    h("p", { class: "sub" }, stateOf(device), h("span", {}, (signed || device).model || ""), h("span", {}, `label ${(signed || device).label}`))));
  fill(slots.banners, banners(device, report), signed ? contradictionBanner(contradictions(device, signed)) : null);
  fill(slots.left, identity(device, report, mark()), contact(device), report ? [interfaces(report, mark()), people(report, mark(), context.config.operator && context.config.operator.key)] : null);
  fill(slots.settings, report ? settings(report, mark()) : card("Settings", word("hub"), h("p", { class: "empty" }, "This device has not reported yet.")));
}

// The console asks the device itself; until it has answered, only the hub's word is there, marked so.
async function ask(context, slots, device) {
  fill(slots.asking, h("div", { class: "banner info", role: "status" }, h("span", { class: "spin" }, "Asking the device itself, through the hub …")));
  try {
    const signed = await get(`/console/devices/${device.id}/facts`, context.signal);
    slots.signed = signed;
    fill(slots.asking);
    draw(context, slots, slots.device, signed);
    fill(slots.compose, compose(context, slots.device, signed, () => renew(context, slots)));
  } catch (error) {
    if (error.name === "AbortError") return;
    fill(slots.asking, problem({ title: "No device-signed facts", detail: `${error.detail || error.message} What is shown below is the hub's word alone, and nothing can be signed from it.` }, () => ask(context, slots, slots.device)));
  }
}

// Asks the device again, without touching what a person is typing.
async function renew(context, slots) {
  slots.signed = await get(`/console/devices/${slots.device.id}/facts`, context.signal).catch(() => slots.signed);
  slots.device = await get(`/api/v1/devices/${slots.device.id}`, context.signal).catch(() => slots.device);
  draw(context, slots, slots.device, slots.signed);
  return slots.signed;
}

export async function device(context, deviceId) {
  const path = `/api/v1/devices/${deviceId}`;
  const slots = { signed: null };
  for (const name of ["head", "banners", "asking", "compose", "left", "settings", "statements", "journal"]) slots[name] = h("div", { class: name === "head" ? "head" : "stack" });
  slots.device = await get(path, context.signal);
  if (slots.device.id !== deviceId) throw new Error("The hub answered with another device.");
  draw(context, slots, slots.device, null);
  const loadStatements = async () => fill(slots.statements, statementList((await get(`${path}/statements?limit=100`, context.signal)).items || []));
  await loadStatements().catch((error) => fill(slots.statements, problem(error)));
  fill(slots.journal, journal(context, slots.device));
  context.show(slots.head, slots.banners, slots.asking, slots.compose,
    h("div", { class: "columns" }, h("div", { class: "stack" }, slots.left), h("div", { class: "stack" }, slots.settings, slots.statements)), slots.journal);
  for (const slot of [slots.banners, slots.asking, slots.compose]) slot.classList.add("slot");
  if (canSign()) ask(context, slots, slots.device);
  let timer = 0;
  const again = async () => {
    const before = slots.device.head ? slots.device.head.size : 0;
    slots.device = await get(path, context.signal);
    // A difference may be a change of this moment: the device is asked before the hub is accused.
    if (slots.signed && contradictions(slots.device, slots.signed).length) await renew(context, slots);
    else draw(context, slots, slots.device, slots.signed);
    await loadStatements();
    if ((slots.device.head ? slots.device.head.size : 0) !== before) fill(slots.journal, journal(context, slots.device));
  };
  const soon = (delay) => { clearTimeout(timer); timer = setTimeout(() => again().catch(() => {}), delay); };
  context.listen((kind, data) => { if (!data.device || data.device === deviceId) soon(400); });
  const clock = setInterval(() => soon(0), 30000);
  context.signal.addEventListener("abort", () => { clearInterval(clock); clearTimeout(timer); });
}
