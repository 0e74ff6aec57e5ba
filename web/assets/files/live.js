// Pages that stay true while they are looked at: clocks run, and what has changed is drawn anew. It stops where nobody has
// touched the page for ten minutes, so that a forgotten one keeps nobody signed in.

const idleAfter = 10 * 60 * 1000;
let live = document.getElementById("live");
let touched = performance.now();
let shown = performance.now(); // when the clocks' numbers were true

for (const kind of ["pointerdown", "keydown", "scroll"]) {
  addEventListener(kind, () => { touched = performance.now(); }, { passive: true });
}

const two = (n) => String(n).padStart(2, "0");
const clock = (s) => (s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${two(Math.floor(s / 60))}:${two(s % 60)}`);

function tick() {
  const gone = Math.floor((performance.now() - shown) / 1000);
  let over = false;
  for (const e of live.querySelectorAll("[data-left]")) {
    const left = Math.max(0, Number(e.dataset.left) - gone);
    over ||= left === 0;
    const words = "clock" in e.dataset ? clock(left) : String(left);
    if (e.textContent !== words) e.textContent = words;
  }
  return over;
}

// renew asks for the page and takes over what differs: all of it where something happened, else the face and the clocks.
async function renew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) {
    location.reload();
    return;
  }
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
  if (!next) return;
  const same = next.dataset.stamp === live.dataset.stamp;
  if (!same) {
    live.replaceWith(document.adoptNode(next));
    live = document.getElementById("live");
  } else {
    for (const part of live.querySelectorAll("[data-part]")) {
      const other = next.querySelector("[data-part]");
      if (other && other.dataset.part !== part.dataset.part) part.replaceWith(document.adoptNode(other));
    }
    const now = next.querySelectorAll("[data-left]");
    live.querySelectorAll("[data-left]").forEach((e, i) => { if (now[i]) e.dataset.left = now[i].dataset.left; });
  }
  shown = performance.now();
  tick();
}

let asked = performance.now();
let asking = false;
if (live) {
  setInterval(() => {
    const every = Number(live.dataset.live) * 1000;
    const over = tick();
    const due = performance.now() - asked;
    if (!every || asking || document.hidden || due < (over ? 1000 : every) || performance.now() - touched > idleAfter) return;
    asked = performance.now();
    asking = true;
    renew().catch(() => {}).finally(() => { asking = false; });
  }, 250);
  document.addEventListener("visibilitychange", () => { asked = 0; touched = performance.now(); });
}
