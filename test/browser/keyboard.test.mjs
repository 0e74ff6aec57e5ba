// The office by keyboard alone: nothing here clicks. Every focus can be seen, nothing holds it, and what a mouse does the
// keyboard does.

import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { make, open, shortOf, signIn, start, world } from "./harness.mjs";

let browser;
before(async () => { browser = await start(); });
after(async () => { await browser.close(); });

const constructor = "11100000000013338W001";

// focused says what has the focus, and whether it can be seen.
function focused(page, selector) {
  return page.evaluate((s) => {
    const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
    return { there: e.matches(s), name: e.outerHTML.slice(0, 120), body: e === document.body,
      seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
      within: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth };
  }, selector);
}

// reach moves the focus to an element, and holds every one on the way to being seen.
async function reach(page, selector) {
  for (let i = 0; i < 120; i++) {
    const at = await focused(page, selector);
    if (at.there) return;
    await page.keyboard.press("Tab");
    let next = await focused(page, selector);
    if (next.body) continue;
    assert.ok(next.seen, "the focus cannot be seen: " + next.name);
    for (let wait = 0; wait < 50 && !next.within; wait++) { // the browser scrolls to it, as smoothly as the page asks for
      await page.evaluate(() => new Promise(requestAnimationFrame));
      next = await focused(page, selector);
    }
    assert.ok(next.within, "the focus is beyond the window: " + next.name);
  }
  assert.fail("cannot be reached: " + selector);
}

async function press(page, selector, key = "Enter") {
  await reach(page, selector);
  await page.keyboard.press(key);
}

async function type(page, selector, text) {
  await reach(page, selector);
  await page.keyboard.type(text);
}

// pick chooses an option of a list by its arrows.
async function pick(page, selector, label) {
  await reach(page, selector);
  for (let i = 0; i < 40; i++) {
    if (await page.$eval(selector, (e) => e.selectedOptions[0]?.textContent.trim()) === label) return;
    await page.keyboard.press("ArrowDown");
  }
  assert.fail(`${label} cannot be chosen in ${selector}`);
}

// date types a day into a date field, part after part as the browser's own field has them.
async function date(page, selector, year, month, day) {
  await reach(page, selector);
  for (const parts of [[month, day, year], [year, "ArrowRight", month, day]]) { // which comes first is the machine's language's to say
    for (const part of parts) await (part === "ArrowRight" ? page.keyboard.press(part) : page.keyboard.type(part));
    if (await page.inputValue(selector) === `${year}-${month}-${day}`) return;
    await page.$eval(selector, (e) => { e.value = ""; e.blur(); });
    await page.focus(selector);
  }
  assert.fail("no way to type a day into " + selector);
}

async function staff(base, account, form = "desktop") {
  const context = await open(browser, form);
  const page = await context.newPage();
  await signIn(page, base, "staff", account, "/office");
  return { context, page };
}

// short makes a citizen's code, and gives what is typed of it. This is not the office: it may click.
async function short() {
  const context = await open(browser);
  const page = await context.newPage();
  await signIn(page, world.home, "citizen", "citizen1.440000", "/citizen");
  await make(page);
  const code = await shortOf(page);
  await context.close();
  return code;
}

describe("by keyboard alone", () => {
  test("the skip link leads past the navigation", async () => {
    const { context, page } = await staff(world.abroad, "window.510000");
    await page.goto(world.abroad + "/office/verify");
    await page.keyboard.press("Tab");
    const at = await focused(page, ".skip");
    assert.ok(at.there && at.seen && at.within, "the first thing, and seen");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.ok((await focused(page, "main *")).there, "the next stop is in the content");
    await context.close();
  });

  test("verify by a code", async () => {
    const code = await short();
    const { context, page } = await staff(world.abroad, "window.510000");
    await press(page, 'main a[href="/office/verify"]');
    await page.waitForSelector("#verify-form");
    await type(page, "#code", code);
    await type(page, "#useCause", "审查人员资格");
    await type(page, "#caseNumber", "2026-0100");
    await press(page, "#verify-form > button[type=submit]", "Space");
    await page.waitForSelector(".verdict");
    assert.match(await page.textContent(".verdict h2"), /有效/);
    await press(page, "summary");
    await press(page, 'main a[href^="/office/receipts/"]:not([href$="/pdf"])');
    await page.waitForURL("**/office/receipts/*");
    await context.close();
  });

  test("a case bundle", async () => {
    const codes = [await short(), await short()];
    const { context, page } = await staff(world.abroad, "window.510000");
    await page.goto(world.abroad + "/office/bundle");
    await pick(page, "#which", await page.$eval("#which option:nth-child(2)", (e) => e.textContent.trim()));
    await press(page, 'form[method=get] button');
    await page.waitForSelector("#verify-form");
    await reach(page, "#codes");
    await page.keyboard.type(codes[0]);
    await page.keyboard.press("Enter");
    await page.keyboard.type(codes[1]);
    await type(page, "#useCause", "一并审查");
    await press(page, "#verify-form > button[type=submit]");
    await page.waitForSelector(".verdict");
    assert.equal(await page.locator("article.answer").count(), 2);
    await context.close();
  });

  test("issue, suspend and reinstate", async () => {
    const { context, page } = await staff(world.home, "issuer.440000");
    await press(page, 'main a[href="/office/issue"]');
    await page.waitForURL("**/office/issue");
    await press(page, `main a[href="/office/issue/${constructor}"]`);
    await page.waitForSelector("#certificateNumber");
    const code = world.people.find((p) => p.Code).Code;
    const order = await page.$$eval("form[action^='/office/issue/'] input:not([type=hidden]), form[action^='/office/issue/'] select", (all) => all.map((e) => e.id));
    const values = { certificateNumber: "粤24420267777", certificateHolderName: "示例甲", certificateHolderCode: code, registrationNumber: "24407777",
      qualificationCertificateNumber: "Z7777" };
    const days = { certificateIssuedDate: ["2026", "07", "01"], certificateEffectiveDate: ["2026", "07", "01"], certificateExpiringDate: ["2029", "06", "30"] };
    for (const id of order) { // in the page's own order: the keyboard goes one way
      if (id in values) await type(page, "#" + id, values[id]);
      if (id in days) await date(page, "#" + id, ...days[id]);
      if (id === "registrationProfession") await pick(page, "#" + id, "建筑工程");
    }
    await press(page, "form[action^='/office/issue/'] button[type=submit]");
    await page.waitForURL("**/office/certificates/*");
    for (const state of ["suspended", "reinstated"]) {
      await press(page, `form:has(input[value=${state}]) button`);
      await page.waitForSelector("input[name=confirmed]", { state: "attached" });
      await press(page, "main form button", "Space");
      await page.waitForURL("**?changed=1");
    }
    await context.close();
  });

  test("what is wrong with a form is the next stop", async () => {
    const { context, page } = await staff(world.abroad, "window.510000");
    await page.goto(world.abroad + "/office/verify");
    await type(page, "#useCause", " ");
    await press(page, "#verify-form > button[type=submit]");
    await page.waitForSelector("#errors");
    assert.ok((await focused(page, "#errors")).there, "the summary has the focus");
    await press(page, '#errors a[href="#useCause"]');
    assert.ok((await focused(page, "#useCause")).there, "its link leads to the field");
    await context.close();
  });

  test("approve an agreement", async () => {
    const { context, page } = await staff(world.home, "governor.440000");
    await press(page, 'main a[href="/office/agreements"]');
    await page.waitForURL("**/office/agreements");
    await press(page, 'main a[href="/office/agreements/operation-keyboard/1"]');
    await page.waitForSelector("#read");
    await press(page, "#read", "Space");
    assert.ok(await page.isChecked("#read"));
    await press(page, 'form[action$="/approve"] button');
    await page.waitForSelector("#read", { state: "detached" });
    await context.close();
  });

  test("search receipts", async () => {
    const { context, page } = await staff(world.abroad, "auditor.510000");
    await press(page, 'main a[href="/office/receipts"]');
    await page.waitForSelector("#case");
    await type(page, "#case", "2026-0000");
    await press(page, "main form button[type=submit]");
    await page.waitForURL("**case=2026-0000**");
    await reach(page, "#case");
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Delete");
    await page.keyboard.press("Enter");
    await page.waitForURL("**case=&**");
    await context.close();
  });

  const everywhere = { "/office": "window.510000", "/office/verify": "window.510000", "/office/bundle": "window.510000", "/office/issue": "issuer.510000",
    "/office/status": "issuer.510000", "/office/agreements": "governor.510000", "/office/agreements/new": "governor.510000",
    "/office/receipts": "auditor.510000", "/office/refusals": "auditor.510000" };
  for (const [path, account] of Object.entries(everywhere)) {
    test(`every stop of ${path} is reached, and none holds`, async () => {
      const { context, page } = await staff(world.abroad, account);
      await page.goto(world.abroad + path);
      const wanted = await page.evaluate(() => {
        const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
          .filter((e) => e.checkVisibility() && !e.disabled);
        all.forEach((e, i) => { e.dataset.stop = i; });
        return all.length;
      });
      const met = new Set();
      for (let i = 0; i < 400; i++) {
        await page.keyboard.press("Tab");
        const stop = await page.evaluate(() => document.activeElement.dataset?.stop ?? null);
        if (stop === null) {
          if (met.size > 0) break; // past the last one
          continue;
        }
        if (stop === "0" && met.size > 1) break;
        met.add(stop);
      }
      assert.equal(met.size, wanted, "every link, field and button");
      await page.keyboard.press("Shift+Tab");
      assert.ok(await page.evaluate(() => document.activeElement !== null), "and back");
      await context.close();
    });
  }
});
