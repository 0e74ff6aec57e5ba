// The browser of the tests: started once a file, closed at its end; pages in the forms in which people see them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export const world = JSON.parse(readFileSync(process.env.HUZHENG_WORLD, "utf8"));

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function start(...more) {
  return chromium.launch({
    executablePath: world.chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", ...more],
  });
}

// forms are how a page is looked at.
export const forms = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  large: { viewport: { width: 1280, height: 900 }, large: true },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
};

export async function open(browser, form = "desktop", options = {}) {
  const { large, ...context } = forms[form];
  const opened = await browser.newContext({ locale: "zh-CN", ...context, ...options });
  opened.setDefaultTimeout(15000);
  if (large) {
    for (const base of [world.home, world.abroad]) {
      const page = await opened.newPage();
      await page.goto(base + "/?large=1");
      await page.close();
    }
  }
  return opened;
}

// look draws a page's picture, and holds it to what every page must be: no serious violation, nothing beyond the width. In the dark
// nothing but colours is another.
export async function look(page, name, form) {
  await page.screenshot({ path: path.join(world.screenshots, `${name}-${form}.png`), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name} (${form}) is ${wide} px wider than the window`);
  await accessible(page, `${name} (${form})`, form === "dark" ? { type: "rule", values: ["color-contrast"] } : undefined);
}

const everything = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };

export async function accessible(page, name, rules) {
  await page.evaluate(axeSource);
  const { violations, passes } = await page.evaluate((only) => axe.run(document, { runOnly: only, resultTypes: ["violations"] }), rules ?? everything);
  const least = rules ? 1 : 11;
  assert.ok(passes.length + violations.length >= least, `${name}: axe looked at ${passes.length} rules only`);
  const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target + " " + n.failureSummary).join("; ")}`), [], name);
}

export async function verify(page, base, ...kinds) {
  await page.goto(base + "/");
  await page.setInputFiles("#file", kinds.map((kind) => world.files[kind]));
  await page.click("#verify-form button[type=submit]");
  await page.waitForSelector("#verdict");
}

export async function signIn(page, base, kind, account, back = "/ledger") {
  await page.goto(`${base}/sign-in/go?as=${kind}&back=${encodeURIComponent(back)}`);
  await page.click(`button[value="${account}"]`);
  await page.waitForURL(base + back);
}

// licence is the card of the constructor's certificate that is in force, whose holder may have others.
export const licence = '.certificate:has(form):has-text("二级建造师")';

// begin leads a citizen to the first step of a code about the constructor's certificate that is in force.
export async function begin(page) {
  await page.goto(world.home + "/citizen");
  await page.click(licence + " form button");
  await page.waitForURL("**/what");
}

export async function next(page, step) {
  await page.click("main form button[type=submit]");
  await page.waitForURL(step === "code" ? /\/citizen\/codes\/[\w-]{22}$/ : "**/" + step);
}

// make makes a code as the pages propose it.
export async function make(page) {
  await begin(page);
  for (const step of ["to", "why", "life", "confirm", "code"]) await next(page, step);
}

export const shortOf = async (page) => (await page.getAttribute(".short", "aria-label")).replace(/[ ，,]/g, "");
