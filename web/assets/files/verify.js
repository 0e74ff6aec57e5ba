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

if (scan && text && form && "BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia) {
  const kinds = await BarcodeDetector.getSupportedFormats().catch(() => []);
  if (kinds.includes("qr_code")) {
    offerScan();
  }
}

function offerScan() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button second";
  button.textContent = scan.dataset.start;
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  said.className = "hint";
  scan.append(button, said);
  scan.hidden = false;
  let stop = null;
  button.addEventListener("click", async () => {
    if (stop) {
      stop();
      return;
    }
    said.textContent = scan.dataset.looking;
    stop = await look((found) => {
      const code = document.getElementById("code");
      (code && found.length < 512 && !found.includes("~") ? code : text).value = found;
      form.requestSubmit();
    }).catch(() => null);
    if (!stop) {
      said.textContent = scan.dataset.denied;
      return;
    }
    button.textContent = scan.dataset.stop;
    const end = stop;
    stop = () => {
      end();
      stop = null;
      said.textContent = "";
      button.textContent = scan.dataset.start;
    };
  });
}

// look shows the camera until a code is found, and returns how to end it.
async function look(found) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const video = document.createElement("video");
  video.playsInline = true;
  video.muted = true;
  video.srcObject = stream;
  scan.append(video);
  await video.play();
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  let ended = false;
  const end = () => {
    ended = true;
    for (const track of stream.getTracks()) track.stop();
    video.remove();
  };
  const next = async () => {
    if (ended) return;
    const codes = await detector.detect(video).catch(() => []);
    if (codes.length) {
      end();
      found(codes[0].rawValue);
      return;
    }
    requestAnimationFrame(next);
  };
  next();
  return end;
}
