import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { forms, look, open, signIn, start, verify, world } from "./harness.mjs";

let browser;
before(async () => { browser = await start(); });
after(async () => { await browser.close(); });

// pages are every page, and how one gets there.
const pages = {
  verify: (page) => page.goto(world.abroad + "/"),
  "verify-refused": async (page) => {
    await page.goto(world.abroad + "/");
    await page.click("#verify-form button[type=submit]");
    await page.waitForSelector("#errors");
  },
  "result-valid": (page) => verify(page, world.abroad, "sdjwt", "receipt"),
  "result-revoked": (page) => verify(page, world.abroad, "revoked", "revokedReceipt"),
  "result-invalid": (page) => verify(page, world.abroad, "changed", "receipt"),
  "result-undetermined": (page) => verify(page, world.abroad, "sdjwt"),
  receipt: (page) => verify(page, world.home, "verification"),
  ledger: (page) => page.goto(world.abroad + "/ledger"),
  batch: async (page) => {
    await page.goto(world.abroad + "/ledger");
    await page.click("tbody a");
    await page.waitForURL("**/batches/*");
  },
  "sign-in": (page) => page.goto(world.home + "/sign-in"),
  "sign-in-refused": (page) => page.goto(world.home + "/sign-in/callback?state=x&code=y"),
  "identity-provider": (page) => page.goto(world.home + "/sign-in/go?as=staff&back=/"),
  "signed-in": (page) => signIn(page, world.home, "staff", "window.440000"),
  missing: (page) => page.goto(world.home + "/nowhere"),
};

// atNight are the pages that between them show every colour.
const atNight = ["verify-refused", "result-valid", "result-invalid", "ledger", "sign-in-refused"];

for (const form of Object.keys(forms)) {
  describe(`as ${form}`, () => {
    for (const [name, go] of Object.entries(pages)) {
      if (form === "dark" && !atNight.includes(name)) continue;
      test(name, async () => {
        const context = await open(browser, form);
        const page = await context.newPage();
        const problems = [];
        page.on("console", (m) => { if (m.type() === "error" && !/status of 4\d\d/.test(m.text())) problems.push(m.text()); });
        page.on("pageerror", (e) => problems.push(String(e)));
        await go(page);
        await look(page, name, form);
        assert.deepEqual(problems, [], "nothing is refused by the policy, no script fails");
        await context.close();
      });
    }
  });
}

test("in English", async () => {
  const context = await open(browser);
  const page = await context.newPage();
  await page.goto(world.abroad + "/");
  await page.click("text=English");
  for (const [name, words] of [["verify", "Verify a certificate"], ["ledger", "The ledger"]]) {
    await page.goto(world.abroad + (name === "verify" ? "/" : "/" + name));
    assert.equal(await page.textContent("h1"), words);
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await look(page, name, "english");
  }
  await verify(page, world.abroad, "sdjwt", "receipt");
  assert.equal(await page.textContent("#verdict"), "Valid");
  await look(page, "result-valid", "english");
  await context.close();
});
