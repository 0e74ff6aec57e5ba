import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { begin, forms, licence, look, make, next, open, shortOf, signIn, start, world } from "./harness.mjs";

let browser;
before(async () => { browser = await start(); });
after(async () => { await browser.close(); });

const me = "citizen1.440000";
const home = world.home;

// choose leads to the choice of several certificates, and what leads on to what is shown of them.
async function choose(page) {
  await page.goto(home + "/citizen");
  await page.click(".several button");
  await page.waitForURL("**/which");
}

async function what(page) {
  await choose(page);
  for (const box of await page.locator("input[name=certificate]").all()) await box.check();
  await next(page, "what");
  await page.check('.card:has-text("特种作业") input[value=age_over_60]');
  await page.check('.card:has-text("特种作业") input[value=operationCategory]');
}

async function report(page) {
  await page.goto(home + "/citizen");
  await page.click(licence + " .button.second");
  await page.click("a[href*='/disputes/new']");
  await page.waitForSelector("#wrong");
}

async function makeSeveral(page) {
  await what(page);
  for (const step of ["to", "why", "life", "confirm", "code"]) await next(page, step);
}

async function redeem(page, code) {
  await page.goto(world.abroad + "/");
  await page.fill("#code", code);
  await page.click("#verify-form button[type=submit]");
  await page.waitForSelector("#verdict, #errors");
}

async function redeemPhoto(page, buffer) {
  await page.goto(world.abroad + "/");
  await page.setInputFiles("#photo", { name: "photo.png", mimeType: "image/png", buffer });
  await page.click("#verify-form button[type=submit]");
  await page.waitForSelector("#verdict, #errors");
}

const ahead = (seconds) => fetch(`${world.ahead}/?seconds=${seconds}`, { method: "POST" });

test("a citizen makes a code, a verifier redeems it, the citizen sees it", async () => {
  const mine = await open(browser);
  const page = await mine.newPage();
  await signIn(page, home, "citizen", me, "/citizen");
  await begin(page);
  for (const field of world.agreed) assert.equal(await page.isChecked(`input[value="${field}"]`), true, "what is asked for is the default");
  for (const step of ["to", "why", "life", "confirm"]) await next(page, step);
  await page.goBack();
  await page.waitForURL("**/life");
  assert.equal(await page.isChecked('input[name=uses][value="1"]'), true, "going back works");
  await page.goForward();
  const preview = await page.locator("main .card").first().innerText();
  assert.match(preview, /持证主体/);
  assert.doesNotMatch(preview, /资格证书编号/, "what was not chosen is not shown");
  await next(page, "code");
  const code = await shortOf(page);
  const face = await page.getAttribute("[data-part]", "data-part");

  const theirs = await open(browser);
  const verifier = await theirs.newPage();
  await redeem(verifier, code);
  assert.equal(await verifier.textContent("#verdict"), "有效");
  const told = Date.now();
  await page.waitForSelector("text=已用完", { timeout: 5000 });
  await page.waitForSelector(".use");
  console.log(`the citizen's page shows the use ${Date.now() - told} ms after the verdict, face ${face}`);
  assert.match(await page.textContent(".use"), /四川[^]*公共核验[^]*有效[^]*看到的内容/);
  await redeem(verifier, code);
  assert.match(await verifier.textContent("#errors"), /无法使用/);
  await page.goto(home + "/citizen/uses");
  assert.equal(await page.locator(".use").count(), 2);
  await look(page, "citizen-uses", "story");

  await make(page);
  const other = await shortOf(page);
  await redeem(verifier, other);
  await page.goto(home + "/citizen/uses");
  const before = await page.locator(".use").count();
  await make(page);
  const third = await shortOf(page);
  await page.goto(home + "/citizen/uses");
  await redeem(verifier, third);
  await page.waitForFunction((n) => document.querySelectorAll(".use").length > n, before, { timeout: 5000 });
  await mine.close();
  await theirs.close();
});

test("one code shows several certificates, without scripts as well", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const mine = await open(browser, "desktop", { javaScriptEnabled });
    const page = await mine.newPage();
    await signIn(page, home, "citizen", me, "/citizen");
    await begin(page);
    await page.click("button[name=more]");
    await page.waitForURL("**/which");
    assert.equal(await page.locator("input[name=certificate]:checked").count(), 1, "what was begun with is chosen");
    for (const box of await page.locator("input[name=certificate]").all()) await box.check();
    await next(page, "what");
    for (const step of ["to", "why", "life", "confirm", "code"]) await next(page, step);
    const verifier = await mine.newPage();
    await redeem(verifier, await shortOf(page));
    assert.equal(await verifier.textContent("#verdict"), "有效");
    assert.equal(await verifier.locator(".one").count(), 2);
    assert.match(await verifier.textContent("main"), /2 份有效/);
    await page.goto(home + "/citizen/uses");
    assert.match(await page.locator(".use").first().textContent(), /二级建造师注册证书（[^）]+）；|；二级建造师注册证书（/);
    await mine.close();
  }
});

test("a citizen reports a mistake, the office sees it, the citizen withdraws it", async () => {
  for (const javaScriptEnabled of [true, false]) {
    const mine = await open(browser, "desktop", { javaScriptEnabled });
    const page = await mine.newPage();
    await signIn(page, home, "citizen", me, "/citizen");
    await page.click(licence + " .button.second");
    await page.click("a[href*='/disputes/new']");
    await page.selectOption("#field", "certificateHolderName");
    await page.fill("#wrong", "名字的最后一个字写错了。");
    await page.fill("#should", "应当是“辛”。");
    await page.click("main form button[type=submit]");
    await page.waitForSelector(".done");
    const reference = (await page.textContent("h1 small")).trim();
    assert.match(reference, /^YY44-\d{8}-[0-9A-Z]{6}$/);

    const theirs = await open(browser, "desktop", { javaScriptEnabled });
    const officer = await theirs.newPage();
    await signIn(officer, home, "staff", "issuer.440000", "/office/disputes");
    if (javaScriptEnabled) await look(officer, "office-disputes", "desktop");
    await officer.click(`text=${reference}`);
    assert.match(await officer.textContent("main"), /名字的最后一个字写错了。/);
    const seen = officer.url();
    if (javaScriptEnabled) await look(officer, "office-dispute", "desktop");
    await officer.click('a[href^="/office/certificates/"]');
    await officer.waitForSelector("#change");

    await page.click("text=修改异议草稿");
    await page.fill("#wrong", "名字的最后一个字写错了，是“辛”不是“欣”。");
    await page.click("main form button[type=submit]");
    await page.waitForSelector("text=是“辛”不是“欣”");
    await officer.goto(seen);
    assert.match(await officer.textContent("main"), /不是“欣”/);
    await page.click("text=撤回");
    await page.waitForSelector("text=已撤回");
    assert.equal((await officer.goto(seen)).status(), 404, "what is withdrawn is not the office's to read");
    await page.goto(home + "/citizen/disputes");
    assert.match(await page.textContent("main"), new RegExp(reference + "[^]*已撤回"));
    await mine.close();
    await theirs.close();
  }
});

test("a screenshot grows stale", async () => {
  const mine = await open(browser, "phone");
  const page = await mine.newPage();
  await signIn(page, home, "citizen", me, "/citizen");
  const theirs = await open(browser);
  const verifier = await theirs.newPage();
  await make(page);
  await redeemPhoto(verifier, await page.screenshot());
  assert.equal(await verifier.textContent("#verdict"), "有效", "what is shown live is taken");
  await make(page);
  const screenshot = await page.locator(".qr").screenshot();
  const face = await page.getAttribute("[data-part]", "data-part");
  try {
    await ahead(61);
    await redeemPhoto(verifier, screenshot);
    assert.match(await verifier.textContent("#errors"), /无法使用/, "an old screenshot is refused");
    await page.waitForFunction((old) => document.querySelector("[data-part]")?.dataset.part !== old, face);
    await page.waitForSelector("text=过时的二维码");
    await redeemPhoto(verifier, await page.locator(".qr").screenshot());
    assert.equal(await verifier.textContent("#verdict"), "有效", "the face of now is taken");
  } finally {
    await ahead(0);
  }
  await mine.close();
  await theirs.close();
});

test("without scripts", async () => {
  const mine = await open(browser, "desktop", { javaScriptEnabled: false });
  const page = await mine.newPage();
  await signIn(page, home, "citizen", me, "/citizen");
  await make(page);
  assert.equal(await page.locator("meta[http-equiv=refresh]").count(), 1, "the page asks again by itself");
  assert.equal(await page.locator(".qr svg").isVisible(), true);
  const code = await shortOf(page);
  await page.screenshot({ path: `${world.screenshots}/citizen-code-without-scripts.png`, fullPage: true });
  await page.click("main form button");
  await page.waitForSelector("text=已取消");
  const theirs = await open(browser, "desktop", { javaScriptEnabled: false });
  const verifier = await theirs.newPage();
  await redeem(verifier, code);
  assert.match(await verifier.textContent("#errors"), /无法使用/, "a cancelled code is refused");
  await mine.close();
  await theirs.close();
});

test("by keyboard alone", async () => {
  const mine = await open(browser);
  const page = await mine.newPage();
  await signIn(page, home, "citizen", me, "/citizen");
  const reach = async (selector) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate((s) => {
        const e = document.activeElement;
        const style = getComputedStyle(e);
        return { there: e.matches(s), seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
      }, selector);
      assert.ok(at.seen, "the focus can be seen");
      if (at.there) return;
    }
    assert.fail("cannot be reached: " + selector);
  };
  await reach(".certificate form button");
  await page.keyboard.press("Enter");
  for (const step of ["what", "to", "why", "life", "confirm"]) {
    await page.waitForURL("**/" + step);
    await reach("main form button[type=submit]");
    await page.keyboard.press("Enter");
  }
  await page.waitForSelector(".qr");
  await reach("main form button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=已取消");
  await mine.close();
});

// pages are every page of the section, for a citizen with certificates, codes and uses.
const pages = {
  "citizen": (page) => page.goto(home + "/citizen"),
  "citizen-certificate": (page) => page.click(licence + " .button.second"),
  "citizen-portable": async (page) => {
    await page.click(licence + " .button.second");
    await page.click("a[href$='/portable']");
  },
  "citizen-what": begin,
  "citizen-which": choose,
  "citizen-what-several": what,
  "citizen-why-several": async (page) => { await what(page); for (const s of ["to", "why"]) await next(page, s); },
  "citizen-confirm-several": async (page) => { await what(page); for (const s of ["to", "why", "life", "confirm"]) await next(page, s); },
  "citizen-code-several": makeSeveral,
  "result-several": async (page) => {
    await makeSeveral(page);
    await redeem(page, await shortOf(page));
  },
  "citizen-what-refused": async (page) => {
    await begin(page);
    for (const field of world.agreed) await page.uncheck(`input[value="${field}"]`);
    await page.click("main form button[type=submit]");
    await page.waitForSelector("#errors");
  },
  "citizen-to": async (page) => { await begin(page); await next(page, "to"); },
  "citizen-why": async (page) => { await begin(page); for (const s of ["to", "why"]) await next(page, s); },
  "citizen-life": async (page) => { await begin(page); for (const s of ["to", "why", "life"]) await next(page, s); },
  "citizen-confirm": async (page) => { await begin(page); for (const s of ["to", "why", "life", "confirm"]) await next(page, s); },
  "citizen-code": make,
  "citizen-code-cancelled": async (page) => {
    await make(page);
    await page.click("main form button");
    await page.waitForSelector("text=已取消");
  },
  "citizen-codes": (page) => page.goto(home + "/citizen/codes"),
  "citizen-uses": (page) => page.goto(home + "/citizen/uses"),
  "citizen-dispute-new": report,
  "citizen-dispute-refused": async (page) => {
    await report(page);
    await page.evaluate(() => document.querySelector("#wrong").removeAttribute("required"));
    await page.click("main form button[type=submit]");
    await page.waitForSelector("#errors");
  },
  "citizen-dispute": async (page) => {
    await report(page);
    await page.selectOption("#field", "registrationProfession");
    await page.fill("#wrong", "注册专业与我的资格证书不一致。\n资格证书上写的是“公路工程”。");
    await page.fill("#should", "公路工程");
    await page.click("main form button[type=submit]");
    await page.waitForSelector(".done");
  },
  "citizen-dispute-use": async (page) => {
    await page.goto(home + "/citizen/uses");
    await page.locator("a[href*='disputes/new']").first().click();
    await page.waitForSelector("#wrong");
  },
  "citizen-disputes": (page) => page.goto(home + "/citizen/disputes"),
  "citizen-delete": (page) => page.goto(home + "/citizen/delete"),
  "citizen-delete-sure": async (page) => {
    await page.goto(home + "/citizen/delete");
    await page.check("#understood");
    await page.click("main form button");
    await page.waitForSelector("input[name=sure]", { state: "attached" });
  },
};

for (const form of Object.keys(forms)) {
  describe(`as ${form}`, () => {
    let context;
    before(async () => {
      context = await open(browser, form);
      const page = await context.newPage();
      await signIn(page, home, "citizen", me, "/citizen");
      await page.close();
    });
    after(async () => { await context.close(); });
    for (const [name, go] of Object.entries(pages)) {
      test(name, async () => {
        const page = await context.newPage();
        const problems = [];
        page.on("console", (m) => { if (m.type() === "error" && !/status of 4\d\d/.test(m.text())) problems.push(m.text()); });
        page.on("pageerror", (e) => problems.push(String(e)));
        await page.goto(home + "/citizen");
        await go(page);
        await look(page, name, form);
        assert.deepEqual(problems, [], "nothing is refused by the policy, no script fails");
        await page.close();
      });
    }
  });
}

test("in English, and with nothing", async () => {
  const context = await open(browser);
  const page = await context.newPage();
  await signIn(page, world.abroad, "citizen", "citizen1.510000", "/citizen");
  await look(page, "citizen-empty", "desktop");
  await page.click("text=English");
  await page.waitForSelector("text=There is no certificate of yours here");
  await signIn(page, home, "citizen", me, "/citizen");
  await page.goto(home + "/citizen?lang=en");
  await look(page, "citizen", "english");
  await make(page);
  await look(page, "citizen-code", "english");
  await context.close();
});

test("deleting", async () => {
  const context = await open(browser);
  const page = await context.newPage();
  await signIn(page, home, "citizen", "citizen2.440000", "/citizen");
  assert.equal(await page.locator(".certificate").count(), 1);
  await page.click("text=删除我在本地区的数据");
  await page.check("#understood");
  await page.click("main form button");
  await page.click("text=永久删除");
  await page.waitForSelector(".done");
  await look(page, "citizen-deleted", "desktop");
  await signIn(page, home, "citizen", "citizen2.440000", "/citizen");
  assert.equal(await page.locator(".certificate").count(), 0);
  await context.close();
});
