// SPDX-License-Identifier: Apache-2.0
// How things are said to people: times, values, actions, states.
import { h, state, chip } from "./dom.js";

const STEPS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function ago(ms, now = Date.now()) {
  const s = (ms - now) / 1000;
  if (Math.abs(s) < 5) return "just now";
  for (const [unit, length] of STEPS) if (Math.abs(s) >= length) return relative.format(Math.trunc(s / length), unit);
  return "just now";
}

// A time as people say it, whole in its title. Clocks without a calendar (1970) are named so.
export function when(text) {
  if (!text) return h("span", {}, "never");
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return h("span", {}, String(text));
  if (ms < Date.UTC(2000, 0)) return h("time", { datetime: text, title: text }, "clock not set");
  return h("time", { datetime: text, title: text }, ago(ms));
}

export function duration(s) {
  for (const [unit, length] of STEPS) if (s >= length) return `${Math.floor(s / length)} ${unit}${Math.floor(s / length) === 1 ? "" : "s"}`;
  return "0 seconds";
}

export function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let i = 0;
  while (n >= 1024 && i < 3) { n /= 1024; i++; }
  return `${i ? n.toFixed(1) : n} ${units[i]}`;
}

export const short = (hex, n = 12) => (hex && hex.length > n ? hex.slice(0, n) + "…" : hex || "");
export const id = (hex, n = 12) => h("code", { title: hex }, short(hex, n));

export function value(v, unit) {
  if (v === null || v === undefined) return "not set";
  if (v === true) return "on";
  if (v === false) return "off";
  if (v === "") return "empty";
  if (typeof v === "object") return JSON.stringify(v);
  return unit ? `${v} ${unit}` : String(v);
}

const ACTIONS = {
  "configuration.set": "Change settings", "configuration.reset": "Reset settings to safe defaults", "configuration.confirm": "Confirm a change",
  "configuration.revert": "Take a change back", "update.install": "Install a release", "update.confirm": "Confirm the release on trial",
  "update.revert": "Give the release on trial up", "protection.rotate": "Rotate the storage keys", "protection.wipe": "Wipe the device",
  "access.roster": "New roster: who may do what", "access.admit-key": "Admit a release key", "lifecycle.site": "Name the hub",
  "lifecycle.transfer": "Transfer to the next owner", "lifecycle.recover": "Recover with new owner keys", "lifecycle.veto": "Veto a recovery",
  "beacon.renew": "Renew leases", voucher: "Voucher: whose device this is", release: "Release from the manufacturer", approval: "Approval",
};
export const action = (name) => ACTIONS[name] || name || "statement";

const CODES = {
  ok: ["good", "done"], "already-decided": ["good", "was decided before"], pending: ["warn", "waits for more approvals"],
  "confirm-pending": ["warn", "refused: an earlier change waits for its confirmation"], unsupported: ["bad", "refused: this version cannot do it"],
  "generation-used": ["bad", "another command came first"], "trial-pending": ["warn", "waits for the release on trial"],
};
export function verdict(name) {
  if (!name) return chip("", "no answer yet");
  const [kind, text] = CODES[name] || ["bad", `refused: ${name}`];
  return chip(kind, text, name);
}

export const CONTACT = {
  now: ["good", "connected"], late: ["warn", "late"], lost: ["bad", "lost"], never: ["none", "never came"],
};
export function standing(device) {
  if (device.alarm) return ["bad", "alarm"];
  if (device.revoked) return ["bad", "revoked"];
  return CONTACT[device.contact] || ["none", device.contact || "unknown"];
}
export const stateOf = (device) => state(...standing(device));
export const nameOf = (device) => device.name || device.label || short(device.id);

const ALARMS = {
  "rolled-back": "The log ends before a point that was proven earlier", rollback: "The log ends before a point that was proven earlier",
  forked: "Two logs with valid signatures disagree", fork: "Two logs with valid signatures disagree",
  unproven: "The log's entries do not lead to the head that the device signed",
};
export const alarmText = (alarm) => alarm.text || ALARMS[alarm.kind] || alarm.kind;

const SORTS = { decision: "Decided", outcome: "Carried out", internal: "By itself", event: "Event", observation: "Observed", refusals: "Refusals", start: "Start" };
export const sort = (name) => SORTS[name] || name;
export const plural = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;
