// Collects what several QR codes show of one self-contained presentation, as a camera meets them: in any order, again and
// again. The gateway joins and judges; here it is only known which are still to be scanned. A page that scans loads this
// file before its own, as a module.
//
//   const collect = globalThis.huzhengParts();
//   const state = collect(scanned);   // null: no part, to be handed in as it is
//   state.missing                     // numbers, from 1, of the codes still to be scanned; none: hand in state.text
//   state.other                       // it is of another presentation, and was left out

const prefix = "HZPP1:";
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

// headOf reads which whole a part is of (18 characters), its index and the count (3 characters of base45); null: it is no part.
function headOf(part) {
  const digits = Array.from(part.slice(prefix.length + 18, prefix.length + 21), (c) => alphabet.indexOf(c));
  if (!part.startsWith(prefix) || digits.length < 3 || digits.includes(-1)) return null;
  const number = digits[0] + 45 * digits[1] + 2025 * digits[2];
  const head = { whole: part.slice(prefix.length, prefix.length + 18), index: number >> 8, count: number & 255 };
  return head.count >= 2 && head.count <= 16 && head.index < head.count ? head : null;
}

export function huzhengParts() {
  let first = null;
  const parts = new Map();
  return (scanned) => {
    const part = scanned.trim();
    const head = headOf(part);
    if (!head) return null;
    first ??= head;
    const other = head.whole !== first.whole || head.count !== first.count;
    if (!other) parts.set(head.index, part);
    const missing = [];
    for (let i = 0; i < first.count; i++) {
      if (!parts.has(i)) missing.push(i + 1);
    }
    return { count: first.count, missing, other, text: Array.from(parts.values()).join("\n") };
  };
}

globalThis.huzhengParts = huzhengParts;
