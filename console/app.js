// SPDX-License-Identifier: Apache-2.0
// The page: which mode, which view, and what happens meanwhile.
import { canSign, dropSecret, events, get, keepSecret, setMode, takeSecret } from "./api.js";
import { fill, h, problem, say, waiting } from "./dom.js";
import { device } from "./device.js";
import { fleet } from "./fleet.js";
import { sent, statement, statements } from "./statements.js";

const main = document.getElementById("main");
const views = [
  [/^#\/devices$/, "devices", fleet],
  [/^#\/devices\/([0-9a-f]{64})$/, "devices", device],
  [/^#\/statements$/, "statements", statements],
  [/^#\/statements\/([0-9a-f]{64})$/, "statements", statement],
  [/^#\/sent$/, "sent", sent],
];
let config = {};
let current = null; // { stop, onEvent }

function nav(name) {
  const items = [["devices", "Devices"], ["statements", "Statements"], ...(canSign() ? [["sent", "Sent"]] : [])];
  fill(document.getElementById("nav"), items.map(([path, text]) => h("a", { href: `#/${path}`, "aria-current": path === name ? "page" : undefined }, text)));
}

function show() {
  const [pattern, name, view] = views.find(([one]) => one.test(location.hash)) || views[0];
  const words = pattern.exec(location.hash) || [];
  const stopper = new AbortController();
  if (current) current.stopper.abort();
  current = { stopper };
  nav(name);
  fill(main, waiting(6));
  const open = current;
  const context = {
    config, main, signal: stopper.signal,
    listen: (call) => { open.onEvent = call; },
    show: (...children) => { if (current === open) fill(main, ...children); },
    failed: (error) => { if (current === open && error.name !== "AbortError") refused(error); },
  };
  Promise.resolve(view(context, words[1])).then(() => say("")).catch(context.failed);
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function refused(error) {
  if (error.status === 401 || (error.status === 403 && canSign())) signIn(error);
  else fill(main, h("h1", {}, error.status === 404 ? "Not there" : "That did not work"), problem(error, current ? show : begin));
}

function signIn(error) {
  if (canSign()) {
    fill(main, h("div", { class: "signin card" }, h("div", { class: "in" }, h("h1", {}, "Not let in"),
      h("p", { class: "note" }, "Open the address that the console printed last in its terminal. Each address lets one browser tab in, once."))));
    return;
  }
  dropSecret();
  const input = h("input", { id: "token", name: "token", type: "password", autocomplete: "off", required: true, spellcheck: "false" });
  const form = h("form", { onsubmit: (event) => { event.preventDefault(); keepSecret(input.value.trim()); begin(); } },
    h("label", { class: "field" }, h("span", { class: "lab" }, "Token"), input),
    h("p", { class: "note" }, "Who runs the hub makes one with ", h("code", {}, "securable hub token"), ". It is kept in this tab only and sent to this hub only."),
    h("div", { class: "row" }, h("button", { class: "do main", type: "submit" }, "Sign in")));
  fill(main, h("section", { class: "signin card", "aria-label": "Sign in" }, h("div", { class: "cap" }, h("h1", {}, "Sign in to look")),
    h("div", { class: "in" }, error && error.tried ? h("p", { class: "note" }, "This token is not known here, or it has ended.") : null, form)));
  input.focus();
}

async function place() {
  const hub = await get("/api/v1/hub");
  fill(document.getElementById("place"), `hub ${hub.name}`);
  document.title = `${hub.name} · Securable`;
}

function listen() {
  const mark = document.getElementById("mode");
  events((kind, data) => { if (current && current.onEvent) current.onEvent(kind, data); },
    (alive) => mark.setAttribute("title", alive ? "Changes show by themselves" : "Changes do not come in at the moment; trying again"),
    new AbortController().signal);
}

let listening = false;
async function begin() {
  const had = takeSecret();
  fill(main, waiting(6));
  try {
    config = await get("/console/config.json");
    setMode(config.mode === "console" ? "console" : "hub");
    const mark = document.getElementById("mode");
    fill(mark, canSign() ? "signing console" : "read-only, served by the hub");
    mark.classList.toggle("sign", canSign());
    nav("devices");
    if (canSign() && !config.let_in) return signIn();
    await place();
    if (!had && !canSign()) return signIn();
    await get("/api/v1/devices?limit=1");
  } catch (error) {
    error.tried = had;
    return refused(error);
  }
  if (!listening) listen();
  listening = true;
  show();
}

window.addEventListener("hashchange", () => {
  if (/^#(token|page)=/.test(location.hash)) begin();
  else if (location.hash.startsWith("#/")) show();
});
begin();
