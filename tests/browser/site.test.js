// SPDX-License-Identifier: Apache-2.0
// The page against the real programs: read-only from a real hub over TLS, and signing at a real console.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, open, shots, until, violations } from "./browser.js";

let browser, site, facts;
before(async () => {
  browser = await launch();
  site = spawn("python3", [join(dirname(fileURLToPath(import.meta.url)), "site.py")], { stdio: ["pipe", "pipe", "inherit"] });
  facts = await new Promise((done, failed) => {
    createInterface({ input: site.stdout }).once("line", (line) => done(JSON.parse(line)));
    site.once("exit", () => failed(new Error("the site did not start")));
  });
});
after(async () => {
  await browser.close();
  if (site.exitCode === null) {
    const ended = new Promise((done) => site.once("exit", done));
    site.stdin.end();
    await ended;
  }
});

test("a real hub's page shows a device and its journal, and signs nothing", async () => {
  const page = await open(browser, { ignoreHTTPSErrors: true });
  const answer = await page.goto(`${facts.hub}/#token=${facts.token}`);
  const fields = answer.headers();
  assert.match(fields["content-security-policy"], /^default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'$/);
  assert.equal(fields["x-content-type-options"], "nosniff");
  assert.equal(fields["referrer-policy"], "no-referrer");
  await page.locator("tbody tr a").first().click();
  await page.getByText(/followed until record/).waitFor();
  await page.locator("ol.time li").first().waitFor();
  assert.equal(await page.getByText("Make a command").count(), 0);
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: join(shots, "real-hub-device.png"), fullPage: true });
  assert.deepEqual(page.wrongs, []);
  const again = await page.request.get(`${facts.hub}/page/app.js`, { headers: {} });
  const same = await page.request.get(`${facts.hub}/page/app.js`, { headers: { "If-None-Match": again.headers().etag } });
  assert.equal(same.status(), 304);
  assert.equal((await page.request.get(`${facts.hub}/page/page_files.h`)).status(), 404);
  await page.context().close();
});

test("at a real console a setting is changed: looked at, signed, receipt checked", async () => {
  const page = await open(browser);
  await page.goto(facts.console);
  await page.locator("tbody tr a").first().click();
  await page.getByLabel("pump.speed_max").waitFor();
  assert.ok(await page.getByText("✓ device-signed").count() >= 3);
  await page.getByLabel("pump.speed_max").fill("66");
  await page.getByRole("button", { name: "Show what it means" }).click();
  const box = page.getByRole("region", { name: "What it means" });
  await box.waitFor();
  assert.match(await box.textContent(), /from 80 percent.*to 66 percent.*you sign as operator, operator/);
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: join(shots, "real-console-meaning.png"), fullPage: true });
  await page.getByRole("button", { name: "Sign and send" }).click();
  await page.getByText("receipt checked").waitFor();
  await page.getByRole("link", { name: "Sent" }).click();
  await until(page, () => /every receipt has come/.test(document.querySelector("main").textContent));
  await page.screenshot({ path: join(shots, "real-console-sent.png"), fullPage: true });
  assert.deepEqual(page.wrongs, []);
  const other = await open(browser);
  await other.goto(facts.console);
  await until(other, () => /address that the console printed last|let_in|Not let in/.test(document.documentElement.textContent));
  await page.context().close();
  await other.context().close();
});
