// The camera: Chromium is given a video of a real code's face, which this file makes, as if somebody held a phone before it.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { look, make, open, shortOf, signIn, start, world } from "./harness.mjs";

const video = path.join(world.profile, "camera.y4m");
const width = 640, height = 480;

let browser;
before(async () => {
  browser = await start("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${video}`);
});
after(async () => { await browser.close(); });

// film writes frames of luma as an uncompressed video; Chromium plays it again and again.
function film(...frames) {
  const chroma = Buffer.alloc(width * height / 2, 128);
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F5:1 Ip A1:1 C420mpeg2\n`)];
  for (const luma of frames) parts.push(Buffer.from("FRAME\n"), luma, chroma);
  writeFileSync(video, Buffer.concat(parts));
}

const grey = Buffer.alloc(width * height, 90);

// drawn is a picture in the middle of a grey frame.
async function drawn(page, png) {
  const luma = await page.evaluate(async ({ data, width, height }) => {
    const picture = new Image();
    picture.src = "data:image/png;base64," + data;
    await picture.decode();
    const canvas = new OffscreenCanvas(width, height);
    const draw = canvas.getContext("2d");
    draw.fillStyle = "#5a5a5a";
    draw.fillRect(0, 0, width, height);
    const size = height * 0.8;
    draw.drawImage(picture, (width - size) / 2, (height - size) / 2, size, size);
    const rgba = draw.getImageData(0, 0, width, height).data;
    const out = [];
    for (let i = 0; i < rgba.length; i += 4) out.push(Math.round(0.299 * rgba[i] + 0.587 * rgba[i + 1] + 0.114 * rgba[i + 2]));
    return out;
  }, { data: png.toString("base64"), width, height });
  return Buffer.from(luma);
}

// filmed makes a code and films its face: first nothing, as when a camera is turned towards a phone.
async function filmed(context) {
  const page = await context.newPage();
  await signIn(page, world.home, "citizen", "citizen1.440000", "/citizen");
  await make(page);
  const face = await page.locator(".qr").screenshot();
  film(grey, await drawn(page, face), await drawn(page, face), await drawn(page, face));
}

// frames counts what a page sends of its camera.
function frames(page) {
  const sent = [];
  page.on("request", (r) => { if (r.method() === "POST" && r.url().endsWith("/scan")) sent.push(performance.now()); });
  return sent;
}

test("a browser that cannot read codes sends frames, which this gateway reads", async () => {
  const citizen = await open(browser), passer = await open(browser);
  const page = await passer.newPage();
  const problems = [];
  page.on("console", (m) => { if (m.type() === "error" && !/status of 4\d\d/.test(m.text())) problems.push(m.text()); });
  const sent = frames(page);
  await page.goto(world.abroad + "/");
  assert.equal(await page.evaluate(() => "BarcodeDetector" in window), false, "this browser has a detector of its own: this test needs one without");
  assert.match(await page.textContent("#scan-sent"), /发送到本网关/);
  await filmed(citizen);
  assert.equal(sent.length, 0, "nothing leaves before somebody asks for it");
  await page.click("#scan button");
  await page.waitForSelector("#verdict");
  assert.equal((await page.textContent("#verdict")).trim(), "有效");
  assert.ok(sent.length > 0);
  for (let i = 1; i < sent.length; i++) assert.ok(sent[i] - sent[i - 1] >= 350, `two frames within ${sent[i] - sent[i - 1]} ms`);
  assert.deepEqual(problems, []);
  console.log(`${sent.length} frames until the code was read`);
  await citizen.close();
  await passer.close();
});

test("a presentation that several codes show is read one code after the other", async () => {
  const context = await open(browser);
  const page = await context.newPage();
  await page.goto(world.abroad + "/");
  const faces = [];
  for (let i = 1; world.files[`part${i}`]; i++) faces.push(await drawn(page, readFileSync(world.files[`part${i}`])));
  assert.ok(faces.length >= 2);
  film(grey, ...faces.slice(1).flatMap((face) => Array(8).fill(face)), ...Array(8).fill(faces[0]));
  await page.click("#scan button");
  await page.waitForSelector(`text=这份出示共 ${faces.length} 个二维码`);
  await look(page, "scan-parts", "desktop");
  await page.waitForSelector("#verdict");
  assert.equal((await page.textContent("#verdict")).trim(), "有效");
  await context.close();
});

test("an officer scans, and fills in what is still open", async () => {
  const citizen = await open(browser), office = await open(browser, "phone");
  const page = await office.newPage();
  await signIn(page, world.abroad, "staff", "window.510000", "/office");
  await page.goto(world.abroad + "/office/verify");
  await filmed(citizen);
  await page.click("#scan button");
  await page.waitForSelector("text=已读到二维码");
  assert.equal(await page.locator("#scan video").count(), 0, "the camera is off");
  assert.equal(await page.evaluate(() => document.activeElement.id), "useCause", "what is missing is shown");
  await look(page, "office-scanned", "phone");
  await page.fill("#useCause", "审查人员资格");
  await page.click("#verify-form button[type=submit]");
  await page.waitForSelector(".verdict");
  assert.match(await page.textContent(".verdict h2"), /有效/);
  await citizen.close();
  await office.close();
});

test("a camera that sees no code can be stopped, and sends nothing more", async () => {
  const context = await open(browser);
  const page = await context.newPage();
  film(grey, grey);
  await page.goto(world.abroad + "/");
  const sent = frames(page);
  await page.click("#scan button");
  await page.waitForResponse((r) => r.url().endsWith("/scan") && r.status() === 204);
  await look(page, "scan", "desktop");
  await page.click("#scan button");
  assert.equal(await page.locator("#scan video").count(), 0);
  const then = sent.length;
  await page.waitForTimeout(3 * 400); // nothing is to be waited for: as long as three frames would take
  assert.ok(sent.length <= then + 1, "the frame that was under way at most");
  await context.close();
});

test("without a camera the page says what else there is", async () => {
  const none = await start();
  const context = await open(none);
  const page = await context.newPage();
  await page.goto(world.abroad + "/");
  await page.click("#scan button");
  await page.waitForSelector("text=无法使用摄像头");
  await look(page, "scan-denied", "desktop");
  await none.close();
});

test("a browser that reads codes itself sends no frame", async () => {
  const citizen = await open(browser), passer = await open(browser);
  const made = await citizen.newPage();
  await signIn(made, world.home, "citizen", "citizen1.440000", "/citizen");
  await make(made);
  const short = await shortOf(made);
  const page = await passer.newPage();
  // No build of Chromium for this system has a detector: one that answers as they do stands for it.
  await page.addInitScript((rawValue) => {
    window.BarcodeDetector = class {
      static async getSupportedFormats() { return ["qr_code"]; }
      async detect(video) { return video.videoWidth ? [{ rawValue }] : []; }
    };
  }, short);
  const sent = frames(page);
  await page.goto(world.abroad + "/");
  assert.equal(await page.locator("#scan-sent").count(), 0);
  await page.click("#scan button");
  await page.waitForSelector("#verdict");
  assert.equal(sent.length, 0);
  await citizen.close();
  await passer.close();
});
