import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { forms, look, open, signIn, start, world } from "./harness.mjs";

let browser;
before(async () => {
  browser = await start();
  const context = await open(browser);
  const page = await context.newPage();
  for (const account of ["issuer.510000", "window.510000"]) {
    await context.clearCookies();
    await signIn(page, world.abroad, "staff", account, "/office");
    await verified(page, "sdjwt", "receipt");
  }
  await context.close();
});
after(async () => { await browser.close(); });

const constructor = "11100000000013338W001";

// fill fills in a certificate's form.
async function fill(page, number) {
  await page.goto(`${world.home}/office/issue/${constructor}`);
  const values = {
    certificateNumber: `粤2442026${number}`, certificateHolderName: "示例甲", certificateHolderCode: "999999190001010000",
    certificateIssuedDate: "2026-07-01", certificateEffectiveDate: "2026-07-01", certificateExpiringDate: "2029-06-30",
    registrationNumber: `2440${number}`, qualificationCertificateNumber: `Z${number}`,
  };
  for (const [name, value] of Object.entries(values)) await page.fill(`#${name}`, value);
  await page.selectOption("#registrationProfession", "建筑工程");
}

async function issued(page, number) {
  await fill(page, number);
  await page.fill("#certificateHolderCode", world.people.find((p) => p.Code).Code);
  await page.click("form[action^='/office/issue/'] button[type=submit]");
  await page.waitForURL("**/office/certificates/*");
}

async function verified(page, ...kinds) {
  await page.goto(world.abroad + "/office/verify");
  await page.setInputFiles("#file", kinds.map((kind) => world.files[kind]));
  await page.fill("#useCause", "审查人员资格");
  await page.fill("#caseNumber", "2026-0042");
  await page.click("#verify-form button[type=submit]");
  await page.waitForSelector(".verdict");
}

let number = 100;

// pages are every page of the section: who opens it, and how.
const pages = {
  "office-home": ["abroad", "issuer.510000", async (page) => { await verified(page, "sdjwt", "receipt"); await page.goto(world.abroad + "/office"); }],
  "office-verify": ["abroad", "window.510000", (page) => page.goto(world.abroad + "/office/verify")],
  "office-verify-refused": ["abroad", "window.510000", async (page) => {
    await page.goto(world.abroad + "/office/verify");
    await page.fill("#useCause", " ");
    await page.fill("#caseNumber", "张三");
    await page.click("#verify-form button[type=submit]");
    await page.waitForSelector("#errors");
  }],
  "office-result": ["abroad", "window.510000", (page) => verified(page, "sdjwt", "receipt")],
  "office-result-revoked": ["abroad", "window.510000", (page) => verified(page, "revoked", "revokedReceipt")],
  "office-bundle": ["abroad", "window.510000", async (page) => {
    await page.goto(world.abroad + "/office/bundle");
    await page.selectOption("#which", { index: 1 });
    await page.click("form[method=get] button");
    await page.waitForSelector("#verify-form");
  }],
  "office-bundled": ["abroad", "window.510000", async (page) => {
    await page.goto(world.abroad + "/office/bundle?scenario=" + encodeURIComponent("工业产品生产许可证"));
    await page.setInputFiles("#file", ["sdjwt", "receipt", "revoked", "revokedReceipt"].map((kind) => world.files[kind]));
    await page.fill("#useCause", "审查人员资格");
    await page.click("#verify-form button[type=submit]");
    await page.waitForSelector(".verdict");
  }],
  "office-types": ["home", "issuer.440000", (page) => page.goto(world.home + "/office/issue")],
  "office-issue": ["home", "issuer.440000", (page) => page.goto(`${world.home}/office/issue/${constructor}`)],
  "office-issue-refused": ["home", "issuer.440000", async (page) => {
    await fill(page, ++number);
    await page.click("form[action^='/office/issue/'] button[type=submit]");
    await page.waitForSelector("#errors");
  }],
  "office-certificate": ["home", "issuer.440000", (page) => issued(page, ++number)],
  "office-status": ["home", "issuer.440000", (page) => page.goto(world.home + "/office/status?id=" + "A".repeat(43))],
  "office-confirm": ["home", "issuer.440000", async (page) => {
    await issued(page, ++number);
    await page.click("form:has(input[value=revoked]) button");
    await page.waitForSelector("input[name=confirmed]", { state: "attached" });
  }],
  "office-suspended": ["home", "issuer.440000", async (page) => {
    await issued(page, ++number);
    await page.click("form:has(input[value=suspended]) button");
    await page.waitForSelector("input[name=confirmed]", { state: "attached" });
    await page.click("main form button");
    await page.waitForURL("**?changed=1");
  }],
  "office-import": ["home", "issuer.440000", async (page) => {
    await page.goto(`${world.home}/office/issue/${constructor}`);
    await page.setInputFiles("#table", world.files.table);
    await page.click("form[action^='/office/imports/'] button");
    await page.waitForSelector("p.done");
  }],
  "office-agreements": ["home", "governor.440000", (page) => page.goto(world.home + "/office/agreements")],
  "office-propose": ["home", "governor.440000", (page) => page.goto(world.home + "/office/agreements/new")],
  "office-propose-refused": ["home", "governor.440000", async (page) => {
    await page.goto(world.home + "/office/agreements/new");
    await page.fill("#id", "Not An Id");
    await page.fill("#scenarios", " ");
    await page.click("form.card button[type=submit]");
    await page.waitForSelector("#errors");
  }],
  "office-approve": ["home", "governor.440000", (page) => page.goto(world.home + "/office/agreements/operation-permits/1")],
  "office-receipts": ["abroad", "auditor.510000", (page) => page.goto(world.abroad + "/office/receipts")],
  "office-refusals": ["abroad", "auditor.510000", async (page) => {
    for (const path of ["/office/issue", "/office/verify"]) await page.goto(world.abroad + path);
    await fetch(world.abroad + "/v1/certificates/" + "A".repeat(43));
    await fetch(world.abroad + "/office/verify", { method: "POST" });
    await page.goto(world.abroad + "/office/refusals");
    await page.waitForSelector("tbody tr");
  }],
  "office-receipt": ["abroad", "window.510000", async (page) => {
    await page.goto(world.abroad + "/office/receipts");
    await page.click("tbody a");
    await page.waitForSelector(".verdict");
  }],
};

// some are the pages that between them show every part, for the forms that change nothing but size or colour.
const some = ["office-home", "office-bundled", "office-issue-refused", "office-certificate", "office-receipts", "office-refusals"];

for (const form of Object.keys(forms)) {
  describe(`the office as ${form}`, () => {
    for (const [name, [at, account, go]] of Object.entries(pages)) {
      if ((form === "dark" || form === "large") && !some.includes(name)) continue;
      test(name, async () => {
        const context = await open(browser, form);
        const page = await context.newPage();
        const problems = [];
        page.on("console", (m) => { if (m.type() === "error" && !/status of 4\d\d/.test(m.text())) problems.push(m.text()); });
        page.on("pageerror", (e) => problems.push(String(e)));
        await signIn(page, world[at], "staff", account, "/office");
        await go(page);
        await look(page, name, form);
        assert.deepEqual(problems, [], "nothing is refused by the policy, no script fails");
        await context.close();
      });
    }
  });
}

test("a table without scripts: the page says how far it is when it is loaded anew", async () => {
  const context = await open(browser, "desktop", { javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, world.home, "staff", "issuer.440000", "/office");
  await page.goto(`${world.home}/office/issue/${constructor}`);
  await page.setInputFiles("#table", world.files.table);
  await page.click("form[action^='/office/imports/'] button");
  await page.waitForSelector("p.done");
  assert.match(await page.textContent("main"), /下载签发清单/);
  await context.close();
});
