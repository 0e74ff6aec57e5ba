import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { accessible, open, signIn, start, verify, world } from "./harness.mjs";

let browser;
before(async () => { browser = await start(); });
after(async () => { await browser.close(); });

test("every verdict has its word", async () => {
  const context = await open(browser);
  const page = await context.newPage();
  for (const [kinds, words] of [[["sdjwt", "receipt"], "有效"], [["revoked", "revokedReceipt"], "已撤销"],
    [["changed", "receipt"], "核验不通过"], [["sdjwt"], "暂时无法判定"], [["verification"], "核验回执真实"]]) {
    await verify(page, world.abroad, ...kinds);
    assert.equal((await page.textContent("#verdict")).trim(), words);
  }
  await context.close();
});

test("without scripts", async () => {
  const context = await open(browser, "desktop", { javaScriptEnabled: false });
  const page = await context.newPage();
  await verify(page, world.abroad, "sdjwt", "receipt");
  assert.equal(await page.textContent("#verdict"), "有效");
  assert.equal(await page.locator("[data-print]").isVisible(), false, "what cannot work is not offered");
  await signIn(page, world.home, "staff", "window.440000");
  await page.click("text=退出登录");
  assert.equal(await page.locator(".done").isVisible(), true);
  await context.close();
});

test("by keyboard alone", async () => {
  const context = await open(browser);
  const page = await context.newPage();
  await page.goto(world.abroad + "/");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop skips the navigation");
  await page.keyboard.press("Enter");
  const reached = [];
  for (let i = 0; i < 12 && reached.at(-1) !== "submit"; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      return { id: e.id || e.type || e.tagName, outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
    assert.ok(at.outlined, `the focus on ${at.id} can be seen`);
    reached.push(at.id);
  }
  assert.deepEqual(["file", "scenario", "useCause", "submit"].filter((id) => !reached.includes(id)), [], reached.join(" "));
  await page.keyboard.press("Enter");
  await page.waitForSelector("#errors");
  assert.equal(await page.evaluate(() => document.activeElement.id), "errors", "the summary of errors has the focus");
  await accessible(page, "after an error");
  await context.close();
});

test("a page is small and soon there", async () => {
  const context = await open(browser);
  const page = await context.newPage();
  for (const path of ["/", "/ledger", "/sign-in"]) {
    const sizes = [];
    page.on("response", async (r) => { sizes.push((await r.body().catch(() => Buffer.alloc(0))).length); });
    await page.goto(world.abroad + path, { waitUntil: "networkidle" });
    const took = await page.evaluate(() => {
      const [n] = performance.getEntriesByType("navigation");
      return { answered: n.responseEnd - n.requestStart, drawn: n.domContentLoadedEventEnd };
    });
    const bytes = sizes.reduce((a, b) => a + b, 0);
    console.log(`${path}: ${bytes} bytes, answered in ${took.answered.toFixed(0)} ms, ready in ${took.drawn.toFixed(0)} ms`);
    assert.ok(bytes <= 100_000, `${path} is ${bytes} bytes with all that it loads`);
    page.removeAllListeners("response");
  }
  await context.close();
});
