// The page of 核验 with scripts: files can be dropped, and the camera reads codes where the browser can.

const drop = document.getElementById("drop");
const input = document.getElementById("file");

if (drop && input) {
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  said.textContent = drop.dataset.drop;
  drop.append(said);
  const show = () => {
    const names = Array.from(input.files, (file) => file.name);
    said.textContent = names.length ? drop.dataset.picked + names.join(", ") : drop.dataset.drop;
  };
  input.addEventListener("change", show);
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    drop.addEventListener(kind, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer?.files.length) {
      input.files = event.dataTransfer.files;
      show();
    }
  });
}

const scan = document.getElementById("scan");
const text = document.getElementById("text");
const form = document.getElementById("verify-form");

if (scan && text && form && navigator.mediaDevices?.getUserMedia) {
  const reader = await ownReader() ?? serverReader();
  if (reader) offerScan(reader);
}

// ownReader reads the codes in a picture by the browser's own detector, one a line; null where it has none.
async function ownReader() {
  if (!("BarcodeDetector" in window)) return null;
  const kinds = await BarcodeDetector.getSupportedFormats().catch(() => []);
  if (!kinds.includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return { pause: 50, read: async (video) => (await detector.detect(video).catch(() => [])).map((code) => code.rawValue).join("\n") };
}

// serverReader sends a frame to this gateway now and then; null where it reads none.
function serverReader() {
  const path = scan.dataset.frames;
  if (!path) return null;
  const canvas = document.createElement("canvas");
  return { pause: 400, sends: true, read: async (video) => {
    const scale = Math.min(1, 960 / Math.max(video.videoWidth, video.videoHeight, 1));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    if (document.hidden || !canvas.width) return null;
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const frame = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    const body = new FormData();
    body.set("token", form.elements.token.value);
    body.set("photo", frame, "frame.jpg");
    const answer = await fetch(path, { method: "POST", body, redirect: "error" });
    if (answer.status === 429) {
      await wait(2000);
      return null;
    }
    if (!answer.ok) throw new Error("no frame is read");
    return answer.status === 200 ? (await answer.json()).text : null;
  } };
}

function wait(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function offerScan(reader) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button second";
  button.textContent = scan.dataset.start;
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  said.className = "hint";
  scan.append(button);
  if (reader.sends) {
    const told = document.createElement("p");
    told.className = "hint";
    told.id = "scan-sent";
    told.textContent = scan.dataset.sent;
    button.setAttribute("aria-describedby", told.id);
    scan.append(told);
  }
  scan.append(said);
  scan.hidden = false;
  let camera = null;
  const end = (words) => {
    camera?.stop();
    camera = null;
    said.textContent = words;
    button.textContent = scan.dataset.start;
  };
  button.addEventListener("click", async () => {
    if (camera) {
      end("");
      return;
    }
    said.textContent = scan.dataset.looking;
    camera = await look().catch(() => null);
    if (!camera) {
      end(scan.dataset.denied);
      return;
    }
    button.textContent = scan.dataset.stop;
    const tell = (words) => { said.textContent = words; };
    const found = await search(camera, reader, tell).catch(() => undefined);
    if (camera === null || found === "") return; // somebody has stopped it
    if (!found) {
      end(found === undefined ? scan.dataset.failed : scan.dataset.nothing);
      return;
    }
    end(scan.dataset.found);
    hand(found);
  });
}

// hand puts what was read into the form and sends it, unless something is still to be filled in.
function hand(found) {
  const code = document.getElementById("code");
  (code && found.length < 512 && !found.includes("~") && !/^HZPP?1:/.test(found) ? code : text).value = found;
  if (form.reportValidity()) form.requestSubmit();
}

// look shows the camera.
async function look() {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const video = document.createElement("video");
  video.playsInline = true;
  video.muted = true;
  video.srcObject = stream;
  scan.append(video);
  await video.play();
  const camera = { video, on: true, stop: () => {
    camera.on = false;
    for (const track of stream.getTracks()) track.stop();
    video.remove();
  } };
  return camera;
}

// search reads frames until there is a code, or all of those that show one presentation: the text, "" where the camera was
// stopped, null where a minute brought none, nor another one of several.
async function search(camera, reader, tell) {
  const collect = globalThis.huzhengParts();
  let until = performance.now() + 60000;
  let left = Infinity;
  while (camera.on) {
    const found = await reader.read(camera.video);
    if (!camera.on) break;
    for (const text of (found ?? "").split("\n").filter(Boolean)) {
      const state = collect(text);
      if (!state) return text;
      if (!state.missing.length) return state.text;
      if (state.missing.length < left) {
        left = state.missing.length;
        until = performance.now() + 60000;
        tell(scan.dataset.parts.replace("%d", state.count).replace("%s", state.missing.join(", ")));
      }
    }
    if (performance.now() > until) return null;
    await wait(reader.pause);
  }
  return "";
}
