// SPDX-License-Identifier: Apache-2.0
// The page against a played hub and a played console: every view, light and dark, narrow and wide, with a keyboard, and with hostile texts.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open, overflows, shots, until, violations } from "./browser.js";
import { EVIL, hex, mock } from "./mock.js";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const ready = (page) => until(page, () => Boolean(document.querySelector("main h1") && !document.querySelector(".bone")));
async function visit(server, mode, path, options) {
  const page = await open(browser, options);
  await page.goto(`${server.url}/#${mode === "hub" ? "token" : "page"}=good-token`);
  await ready(page);
  if (path !== "#/devices") await page.evaluate((to) => { location.hash = to; }, path);
  await until(page, (to) => location.hash === to, path);
  await ready(page);
  return page;
}

const VIEWS = [["hub", "fleet", "#/devices"], ["hub", "device", `#/devices/${hex(7)}`], ["hub", "alarm", `#/devices/${hex(3)}`], ["hub", "never", `#/devices/${hex(30)}`], ["hub", "statements", "#/statements"], ["hub", "statement", `#/statements/${hex(5001)}`],
  ["console", "console-device", `#/devices/${hex(7)}`], ["console", "console-statement", `#/statements/${hex(5005)}`], ["console", "sent", "#/sent"]];

for (const [mode, name, path] of VIEWS) {
  test(`${name}: accessible and whole at every width, light and dark`, async () => {
    const server = await mock({ mode });
    for (const colorScheme of ["light", "dark"]) {
      const page = await visit(server, mode, path, { colorScheme });
      if (name === "console-device") await page.getByRole("heading", { name: "Make a command" }).waitFor();
      for (const width of [390, 768, 1600]) {
        await page.setViewportSize({ width, height: 900 });
        assert.equal(await overflows(page), false, `${name} is wider than ${width}`);
        await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        if (width !== 768) assert.deepEqual(await violations(page), [], `${name} at ${width}, ${colorScheme}`);
      }
      assert.deepEqual(page.wrongs, []);
      await page.context().close();
    }
    await server.close();
  });
}

test("the token leaves the address, is sent to this hub alone, and a wrong one asks again", async () => {
  const server = await mock();
  const page = await visit(server, "hub", "#/devices");
  assert.equal(page.url(), `${server.url}/#/devices`);
  assert.ok(server.calls.filter((c) => c.path.startsWith("/api/v1/devices")).every((c) => c.headers.authorization === "Bearer good-token"));
  const other = await open(browser);
  await other.goto(`${server.url}/#token=wrong`);
  await other.getByText("not known here").waitFor();
  assert.deepEqual(await violations(other), []);
  await other.getByLabel("Token").fill("good-token");
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("heading", { name: "Devices" }).waitFor();
  await server.close();
});

test("the page that a hub serves signs nothing", async () => {
  const server = await mock();
  const page = await visit(server, "hub", `#/devices/${hex(7)}`);
  await page.getByRole("heading", { name: "Journal" }).waitFor();
  assert.equal(await page.getByText("Make a command").count(), 0);
  assert.equal(await page.getByRole("link", { name: "Sent" }).count(), 0);
  assert.ok(server.calls.every((c) => c.method === "GET"));
  await server.close();
});

test("search, filters and empty states", async () => {
  const server = await mock();
  const page = await visit(server, "hub", "#/devices");
  await page.getByLabel("Search devices").fill("pump 12");
  assert.equal(await page.locator("tbody tr").count(), 1);
  await page.getByLabel("Search devices").fill("no such thing");
  await page.getByText("No device is like this.").waitFor();
  await page.getByLabel("Search devices").fill("");
  await page.getByRole("button", { name: /need attention/ }).click();
  assert.equal(await page.locator("tbody tr").count(), 2);
  await server.close();
  const none = await mock({ fleet: [] });
  const alone = await visit(none, "hub", "#/devices");
  await alone.getByText("No device yet").waitFor();
  assert.deepEqual(await violations(alone), []);
  await alone.screenshot({ path: join(shots, "empty-1280-light.png") });
  await none.close();
});

test("hostile texts stay texts", async () => {
  for (const mode of ["hub", "console"]) {
    const server = await mock({ mode });
    const page = await visit(server, mode, `#/devices/${hex(44)}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), EVIL);
    await page.locator("ol.time").getByText(EVIL).first().waitFor();
    assert.equal(await page.evaluate(() => window.broken), undefined);
    assert.equal(await page.locator("main script, main img").count(), 0);
    assert.deepEqual(page.wrongs, []);
    await page.context().close();
    await server.close();
  }
});

test("changes show by themselves", async () => {
  const server = await mock();
  const page = await visit(server, "hub", "#/devices");
  server.fleet[0].alarm = { kind: "rollback", text: "went back", at: new Date().toISOString() };
  server.send("alarm", { device: server.fleet[0].id });
  await page.locator("tr", { hasText: "Pump 7" }).getByText("alarm").waitFor({ timeout: 5000 });
  await server.close();
});

test("by keyboard alone: to a device, a command, its meaning, its signature and its receipt", async () => {
  const server = await mock({ mode: "console" });
  const page = await visit(server, "console", "#/devices");
  await page.getByLabel("Search devices").focus();
  await page.keyboard.type("Pump 7");
  await page.getByRole("link", { name: "Pump 7", exact: true }).focus();
  await page.keyboard.press("Enter");
  const speed = page.getByLabel("pump.speed_max");
  await speed.waitFor();
  await speed.focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("70");
  await page.keyboard.press("Enter");
  const box = page.getByRole("region", { name: "What it means" });
  await box.waitFor();
  assert.match(await box.textContent(), /device-signed/);
  assert.match(await box.textContent(), /from 80 percent.*to 70 percent/);
  assert.equal(await box.locator("script, img").count(), 0);
  assert.deepEqual(JSON.parse(server.calls.find((c) => c.path === "/console/preview").text).args, ["pump.speed_max=70"]);
  for (const [width, scheme] of [[390, "light"], [1600, "dark"], [1280, "light"]]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: join(shots, `meaning-${width}-${scheme}.png`), fullPage: true });
    assert.deepEqual(await violations(page), []);
    assert.equal(await overflows(page), false);
  }
  assert.ok(await page.evaluate(() => document.activeElement.classList.contains("meaning")));
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "Sign and send" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("receipt checked").waitFor();
  const posts = server.calls.filter((c) => c.method === "POST");
  assert.ok(posts.every((c) => c.headers["x-securable-page"] === "good-token" && c.headers["content-type"] === "application/json"));
  assert.deepEqual(page.wrongs, []);
  await server.close();
});

test("a hub that says another thing than the device signs is told", async () => {
  const lie = (path, json) => (/^\/api\/v1\/devices\/[0-9a-f]{64}$/.test(path) ? { ...json, name: "Pump 8", report: { ...json.report, settings: { ...json.report.settings, "pump.speed_max": 30 } } } : json);
  const server = await mock({ mode: "console", twist: lie });
  const page = await visit(server, "console", `#/devices/${hex(7)}`);
  await page.getByText("The hub said something else than the device signs").waitFor();
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Pump 7");
  assert.match(await page.getByRole("alert").first().textContent(), /pump\.speed_max.*30.*80/);
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: join(shots, "contradiction-1280-light.png"), fullPage: true });
  await server.close();
});

test("an error is told in the hub's words, and can be tried again", async () => {
  const server = await mock();
  const page = await visit(server, "hub", "#/devices");
  await page.evaluate((to) => { location.hash = to; }, `#/devices/${hex(12345)}`);
  await page.getByText("no such device").waitFor();
  assert.deepEqual(await violations(page), []);
  assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 1);
  await server.close();
});
