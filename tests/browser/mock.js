// SPDX-License-Identifier: Apache-2.0
// A hub, or a console, that plays its part for the page: same files, same headers, made-up devices. It can be hostile.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PAGE = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "console");
// The policy and the list of files are those of the programs: read from the header that they are compiled from.
const header = readFileSync(join(PAGE, "page_files.h"), "utf8");
const policy = [.../define PAGE_POLICY([\s\S]*?)\n\n/.exec(header)[1].matchAll(/"([^"]*)"/g)].map((m) => m[1]).join("");
const types = new Map([...header.matchAll(/X\("([a-z]+\.[a-z]+)", (?:"([^"]+)"|PAGE_TYPE_SCRIPT)\)/g)].map((m) => [m[1], m[2] || "text/javascript; charset=utf-8"]));

export const EVIL = `"><script>window.broken=1</script><img src=x onerror="window.broken=1">'`;
export const hex = (n) => (n * 2654435761 % 4294967296).toString(16).padStart(8, "0").repeat(8);
const iso = (ago) => new Date(Date.now() - ago * 1000).toISOString().replace(/\.\d+Z/, "Z");

const SETTINGS = {
  "coolant.kind": "glycol-20", "coolant.temperature_alarm": 70, "display.message": "", "pump.dry_run_stop": true, "pump.pressure_max": 3500, "pump.speed_max": 80,
  "securable.device.group": "hall 3", "securable.device.name": "Pump 7", "securable.update.mode": "manual",
};
const SCHEMA = [
  { name: "coolant.kind", type: "enum", choices: ["water", "glycol-20", "glycol-40", "oil"], unit: "", meaning: "what is pumped; sets the table for flow and heat", effect: "a wrong kind gives wrong flow figures" },
  { name: "coolant.temperature_alarm", type: "integer", unit: "degrees Celsius", min: 20, max: 95, meaning: "temperature at which the alarm contact closes", effect: "" },
  { name: "display.message", type: "text", unit: "", min: 0, max: 40, meaning: "one line shown at the panel", effect: "" },
  { name: "pump.dry_run_stop", type: "bool", unit: "", meaning: "stop the pump when it runs dry", effect: "when off, a dry pump is damaged within minutes" },
  { name: "pump.pressure_max", type: "integer", unit: "mbar", min: 500, max: 6000, meaning: "pressure above which the pump is throttled", effect: "above 4000 mbar hoses of series H1 must not be used" },
  { name: "pump.speed_max", type: "integer", unit: "percent", min: 10, max: 100, meaning: "highest speed that the controller asks of the pump", effect: "a lower limit may let the machine run warmer under full load" },
  { name: "securable.device.name", type: "text", unit: "", min: 0, max: 64, meaning: "the device's name", effect: "" },
];

function report(name) {
  return {
    at: iso(40), device_time: iso(41), settings: { ...SETTINGS, "securable.device.name": name }, interfaces: { modbus: true, panel: true, report: false, web: false },
    generations: { access: 2, configuration: 5, update: 1 }, release: { sequence: 2, version: "1.1.0" }, clock: "rtc", counter: "none", confinement: "seccomp, landlock, namespaces",
    subjects: [{ name: "owner-1", role: "owner", kid: hex(900) }, { name: "Anna Weber", role: "operator", kid: hex(901) }, { name: "pump-program", role: "application", uid: 1000 }],
    lease: { days: 30, quiet_s: 86400 * 3, beacon_time: iso(86400 * 3), behind: [] }, restricted: false, recovery: null, approvals: [], site: { address: "https://hub.plant.example:8443", ca: hex(5) },
  };
}

function device(n, facts) {
  const id = hex(n);
  return {
    id, label: `SB1-${id.slice(0, 4).toUpperCase()}-${id.slice(4, 8).toUpperCase()}`, name: `Pump ${n}`, model: "CPC-200", product: "Coolant pump controller", contact: "now", first_seen: iso(86400 * 40), last_seen: iso(20 + n),
    epoch: 1, owned: true, expected: false, revoked: false, alarm: null, head: { size: 58, root: hex(n + 100), boot: 4, time: iso(30) }, certificate: { until: iso(-86400 * 60) }, waiting: 0,
    release: { sequence: 2, version: "1.1.0" }, ...facts,
  };
}

export function makeFleet() {
  const list = [
    device(7), device(3, { alarm: { kind: "fork", text: "two heads of size 41 with different roots", at: iso(3600) } }), device(12, { contact: "late", last_seen: iso(400) }),
    device(21, { contact: "lost", last_seen: iso(86400 * 4), waiting: 3 }), device(30, { contact: "never", last_seen: null, first_seen: null, name: null, model: null, product: null, release: null, head: null, certificate: null, expected: true, owned: false }),
    device(44, { name: EVIL, model: EVIL }),
  ];
  for (let n = 50; n < 62; n++) list.push(device(n, n % 5 ? {} : { waiting: 1 }));
  return list;
}

const statement = (n, more) => ({ digest: hex(n + 5000), number: n, kind: "command", action: "configuration.set", topic: "configuration", generation: n, signer: hex(901), received: iso(4000 - n * 60), by: "Anna Weber", payload: null, ...more });
const STATEMENTS = [statement(1), statement(2, { action: "update.install", topic: "update", generation: 1 }), statement(3, { kind: "approval", action: null, topic: null, generation: null, about: hex(5001) }),
  statement(4, { kind: "release", action: null, topic: null, generation: null, payload: { digest: hex(77), size: 1048576, missing: false }, by: EVIL }), statement(5)];
const delivery = (s, i) => ({ state: i === 4 ? "waiting" : "answered", code: i === 4 ? null : 0, word: i === 4 ? null : i === 1 ? "generation-used" : "ok", receipt: i !== 4, receipt_good: true, answered: i === 4 ? null : iso(3000) });

function entries(from, limit) {
  const items = [];
  for (let index = from; index < Math.min(58, from + limit); index++) {
    const item = { index, class: "decision", boot: 4, epoch: 1, sealed: true, header: "00", body: hex(index) };
    if (index % 3 === 0) item.decision = { sort: "decision", time: iso((58 - index) * 500), code: 0, word: index % 9 ? "ok" : "generation-used", signer: index === 54 ? EVIL : "Anna Weber", role: "operator", action: "configuration.set", generation: index, statement: hex(5001), detail: { settings: { "pump.speed_max": [80, 70], "display.message": ["", index === 54 ? EVIL : "M7"] } } };
    if (index % 7 === 0) Object.assign(item, { class: "start", decision: { sort: "start", time: iso((58 - index) * 500) } });
    items.push(item);
  }
  return items;
}

// `mode`: hub or console. `twist(path, json)` lets a test answer otherwise. Gives { url, calls, send(event), close() }.
export async function mock({ mode = "hub", fleet = makeFleet(), token = "good-token", twist = (_, json) => json } = {}) {
  const streams = new Set(), calls = [], sent = [];
  const problem = (status, title, detail) => ({ status, json: { type: "about:blank", title, status, detail, object: "request", clause: "authorization", code: "not-allowed" } });
  const facts = (id) => {
    const d = fleet.find((one) => one.id === id), r = report(d.name || "");
    return { ...r, id, name: d.name, model: d.model, product: d.product, certified: true, owned: true, epoch: 1, label: d.label, nonce: hex(1), schema: SCHEMA.map((one) => ({ ...one, value: r.settings[one.name] })) };
  };
  const preview = (body) => ({
    id: hex(4242), ends_in_s: 300, action: body.action, digest: hex(99), devices: (body.devices || [hex(7)]).map((id) => ({
      id, label: facts(id).label, name: facts(id).name, model: facts(id).model, product: "", certified: true, device_time: iso(1), action: body.action === "approve" ? "configuration.set" : body.action, epoch: 1, generation: 6,
      changes: [{ name: "pump.speed_max", old: 80, new: 70, unit: "percent", effect: "a lower limit may let the machine run warmer under full load" }, { name: "display.message", old: "", new: EVIL, unit: "" }], will: {},
      signer: { name: "Anna Weber", role: "operator", key: hex(901) }, warnings: body.action === "approve" ? [] : ["your key: role: example warning"], ...(body.action === "approve" ? { asked_by: { name: "Ben Otto", role: "operator", key: hex(903), verified: true } } : {}),
    })),
  });
  const api = (method, path, query, body) => {
    let m;
    if (path === "/api/v1/hub") return { json: { name: "plant north", version: "0.1.0", api: 1, ca_digest: hex(1), time: iso(0), devices: fleet.length, interval_s: 60 } };
    if (path === "/api/v1/devices") return { json: { items: fleet, next: null } };
    if ((m = /^\/api\/v1\/devices\/([0-9a-f]{64})$/.exec(path))) {
      const d = fleet.find((one) => one.id === m[1]);
      return d ? { json: { ...d, report: d.contact === "never" ? null : report(d.name || "") } } : { status: 404, json: { title: "Not found", status: 404, detail: "no such device", object: "device", clause: "path", code: "not-found" } };
    }
    if (/\/entries$/.test(path)) return { json: { items: entries(Number(query.get("from")), Number(query.get("limit"))), next: null } };
    if (/^\/api\/v1\/devices\/[0-9a-f]{64}\/statements$/.test(path)) return { json: { items: STATEMENTS.map((s, i) => ({ ...s, ...delivery(s, i) })), next: null } };
    if (path === "/api/v1/statements") return { json: { items: STATEMENTS, next: null } };
    if ((m = /^\/api\/v1\/statements\/([0-9a-f]{64})$/.exec(path))) {
      const i = STATEMENTS.findIndex((s) => s.digest === m[1]);
      return i < 0 ? { status: 404, json: { title: "Not found", status: 404, detail: "no such statement" } } : { json: { ...STATEMENTS[i], deliveries: [{ device: hex(7), ...delivery(STATEMENTS[i], i) }] } };
    }
    if (path === "/api/v1/releases") return { json: { items: [{ digest: hex(5004), sequence: 3, version: "1.2.0", product: "Coolant pump controller" }], next: null } };
    if ((m = /^\/console\/devices\/([0-9a-f]{64})\/facts$/.exec(path))) return { json: facts(m[1]) };
    if (path === "/console/preview" && method === "POST") return { json: preview(body) };
    if (path === "/console/sign" && method === "POST") {
      sent.unshift({ digest: hex(6000 + sent.length), kind: "command", action: "configuration.set", generation: 6, handed_in: iso(0), missing: 0, devices: [{ id: hex(7), receipt: true, code: 0, word: "ok", decision: { record: 58, time: iso(0) } }] });
      return { json: { sent: [sent[0]] } };
    }
    if (path === "/console/sent") return { json: { items: sent, count: sent.length } };
    return { status: 404, json: { title: "Not found", status: 404, detail: path } };
  };
  const server = createServer((request, answer) => {
    const url = new URL(request.url, "http://mock"), path = url.pathname;
    const file = path === "/" ? "index.html" : path.startsWith("/page/") ? path.slice(6) : null;
    const common = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Security-Policy": policy };
    if (file) {
      if (!types.has(file)) { answer.writeHead(404).end(); return; }
      answer.writeHead(200, { ...common, "Content-Type": types.get(file) }).end(readFileSync(join(PAGE, file)));
      return;
    }
    const give = ({ status = 200, json }) => answer.writeHead(status, { ...common, "Content-Type": status < 400 ? "application/json" : "application/problem+json" }).end(JSON.stringify(twist(path, json)));
    let text = "";
    request.on("data", (piece) => { text += piece; });
    request.on("end", () => {
      calls.push({ method: request.method, path, headers: request.headers, text });
      if (path === "/console/config.json") { give({ json: mode === "hub" ? { mode } : { mode, let_in: request.headers["x-securable-page"] === token, hub: "https://hub", operator: { key: hex(901) } } }); return; }
      const known = mode === "hub" ? request.headers.authorization === `Bearer ${token}` : request.headers["x-securable-page"] === token;
      if (path !== "/api/v1/hub" && !known) { give(problem(401, "Not signed in", "A token is wanted.")); return; }
      if (path === "/api/v1/events") {
        answer.writeHead(200, { ...common, "Content-Type": "text/event-stream" });
        answer.write(": hello\n\n");
        streams.add(answer);
        answer.on("close", () => streams.delete(answer));
        return;
      }
      give(api(request.method, path, url.searchParams, text ? JSON.parse(text) : null));
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`, calls, fleet,
    send: (kind, data) => streams.forEach((stream) => stream.write(`id: 9\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)),
    close: () => { streams.forEach((stream) => stream.destroy()); server.closeAllConnections(); return new Promise((done) => server.close(done)); },
  };
}
