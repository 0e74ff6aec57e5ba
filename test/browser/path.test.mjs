// The main path, on whichever ledger the gateways have: it takes the world's citizen and nothing else of it.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { make, open, shortOf, signIn, start, world } from "./harness.mjs";

let browser;
before(async () => { browser = await start(); });
after(async () => { await browser.close(); });

test("a citizen makes a code, an officer of another province redeems it, the citizen sees who did", async () => {
  const mine = await open(browser);
  const page = await mine.newPage();
  await signIn(page, world.home, "citizen", "citizen1.440000", "/citizen");
  await make(page);
  const code = await shortOf(page);

  const theirs = await open(browser);
  const officer = await theirs.newPage();
  await signIn(officer, world.abroad, "staff", "window.510000", "/office/verify");
  const redeem = async () => {
    await officer.goto(world.abroad + "/office/verify");
    await officer.fill("#code", code);
    await officer.fill("#useCause", "审查人员资格");
    await officer.click("#verify-form button[type=submit]");
  };
  const asked = Date.now();
  await redeem();
  await officer.waitForSelector(".verdict");
  assert.match(await officer.textContent(".verdict"), /有效/);
  const told = Date.now();
  await page.waitForSelector(".use", { timeout: 5000 });
  console.log(`the officer has the verdict after ${told - asked} ms, the citizen's page shows the use ${Date.now() - told} ms later`);
  assert.match(await page.textContent(".use"), /四川[^]*有效[^]*看到的内容/);
  assert.doesNotMatch(await page.textContent(".use"), /公共核验/, "it names the office");
  await redeem();
  await officer.waitForSelector("text=用证码无法使用"); // it was good for one use
  await mine.close();
  await theirs.close();
});
