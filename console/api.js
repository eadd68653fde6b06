// SPDX-License-Identifier: Apache-2.0
// Calls of this page's own server: the hub, or the signing console in front of it. What is kept: one secret of this tab.

const SECRET = "securable-secret";
let mode = null; // until the server has said

export class Problem extends Error {
  constructor(status, facts) {
    super(facts.detail || facts.title || `The answer was ${status}`);
    Object.assign(this, { status, title: facts.title, detail: facts.detail, object: facts.object, clause: facts.clause, code: facts.code });
  }
}

// A secret comes in the fragment, which no server sees, and leaves the address at once.
export function takeSecret() {
  const given = /^#(?:token|page)=([A-Za-z0-9._~-]+)$/.exec(location.hash);
  if (given) {
    sessionStorage.setItem(SECRET, given[1]);
    history.replaceState(null, "", "/#/devices");
  }
  return Boolean(sessionStorage.getItem(SECRET));
}
export const keepSecret = (text) => sessionStorage.setItem(SECRET, text);
export const dropSecret = () => sessionStorage.removeItem(SECRET);
export const setMode = (name) => { mode = name; };
export const canSign = () => mode === "console";

function fields(more) {
  const secret = sessionStorage.getItem(SECRET);
  const out = { Accept: "application/json", ...more };
  if (secret && mode !== "hub") out["X-Securable-Page"] = secret;
  if (secret && mode === "hub") out.Authorization = `Bearer ${secret}`;
  return out;
}

async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "Not reached", detail: mode === "console" ? "The console does not answer. Is it still running?" : "The hub does not answer." });
  }
  let facts = {};
  try { facts = await answer.json(); } catch { /* an empty or foreign body says nothing more than its status */ }
  if (!answer.ok) throw new Problem(answer.status, facts || {});
  return facts;
}

export const get = (path, signal) => call(path, { headers: fields(), signal });
export const post = (path, body) => call(path, { method: "POST", headers: fields({ "Content-Type": "application/json" }), body: JSON.stringify(body) });

// All pages of a list, bounded.
export async function all(path, signal, most = 5000) {
  const items = [];
  let after = null;
  do {
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}limit=500${after === null ? "" : `&after=${encodeURIComponent(after)}`}`, signal);
    items.push(...(page.items || []));
    after = page.next ?? null;
  } while (after !== null && items.length < most);
  return items;
}

// Events as they happen. EventSource cannot send a header, so the stream is read by hand; it is taken up again where it ended.
export async function events(onEvent, onState, signal) {
  let last = "", pause = 1000;
  while (!signal.aborted) {
    try {
      const answer = await fetch("/api/v1/events", { headers: fields({ Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) }), signal, cache: "no-store" });
      if (!answer.ok || !answer.body) throw new Error(String(answer.status));
      onState(true);
      pause = 1000;
      last = await readStream(answer.body.getReader(), onEvent, last);
    } catch (error) {
      if (signal.aborted) return;
    }
    onState(false);
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, 30000);
  }
}

async function readStream(reader, onEvent, last) {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return last;
    text = (text + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n");
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = { kind: "message", data: "" };
      for (const line of text.slice(0, end).split("\n")) {
        const [, name, rest] = /^([a-z]*): ?(.*)$/.exec(line) || [];
        if (name === "id") last = rest;
        else if (name === "event") event.kind = rest;
        else if (name === "data") event.data += rest;
      }
      text = text.slice(end + 2);
      if (event.data) {
        try { onEvent(event.kind, JSON.parse(event.data)); } catch { /* not an event of this API */ }
      }
    }
    if (text.length > 1 << 20) return last;
  }
}
