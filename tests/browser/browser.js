// SPDX-License-Identifier: Apache-2.0
// One Chromium for a test file: Debian's, with a profile of its own, that asks nobody anything.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

// The packages lie in the folder that npm was run in, below the build folder.
const require = createRequire(join(process.env.SECURABLE_BROWSER_MODULES || process.cwd(), "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const shots = process.env.SECURABLE_BROWSER_SHOTS || join(process.cwd(), "screenshots");
mkdirSync(shots, { recursive: true });

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// A page that keeps count of everything that should not happen.
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.wrongs = [];
  page.on("pageerror", (error) => page.wrongs.push(`error: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error" && !/status of 40[134]/.test(message.text())) page.wrongs.push(message.text()); });
  page.on("request", (request) => { if (!/^(http:\/\/127\.0\.0\.1|https:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url())) page.wrongs.push(`request: ${request.url()}`); });
  page.on("dialog", (dialog) => { page.wrongs.push("dialog"); dialog.dismiss(); });
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  return page;
}

export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).slice(0, 3).join(" | ")}`);
}

// True when something is wider than the window.
export const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

// Waits for a condition in the page. The page's policy forbids the evaluation that playwright's own waiting uses.
export async function until(page, condition, argument, timeout = 10000) {
  for (const end = Date.now() + timeout; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    if (await page.evaluate(condition, argument)) return;
  }
  throw new Error(`not within ${timeout} ms: ${condition}`);
}
