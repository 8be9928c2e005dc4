// The text of the receipt in a PNG. It is not read here: the server says what is in it.

const KEYWORD = "latentwalk";
const LONGEST = 2 ** 22; // letters

export async function receiptIn(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const view = new DataView(bytes.buffer);
  if (bytes.length < 8 || view.getUint32(0) !== 0x89504e47) throw new Error("this is no PNG: receipts are in PNGs");
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const chunk = bytes.subarray(at + 8, Math.min(at + 8 + view.getUint32(at), bytes.length));
    if (letters(bytes.subarray(at + 4, at + 8)) !== "iTXt") continue;
    if (letters(chunk.subarray(0, KEYWORD.length + 1)) === `${KEYWORD}\0`) return textIn(chunk.subarray(KEYWORD.length + 1));
  }
  throw new Error("this PNG carries no receipt: it is no picture that latentwalk wrote");
}

const letters = (bytes) => String.fromCharCode(...bytes);

// Whether it is zipped, how, the language, the keyword in it, then the text.
async function textIn(chunk) {
  let start = 2;
  for (let word = 0; word < 2; word++) start = chunk.indexOf(0, start) + 1;
  const whole = new Blob([chunk.subarray(start)]).stream();
  const reader = (chunk[0] ? whole.pipeThrough(new DecompressionStream("deflate")) : whole).getReader();
  const parts = [];
  for (let size = 0; size <= LONGEST; ) {
    const { done, value } = await reader.read().catch(() => ({}));
    if (done) return new Blob(parts).text();
    if (!value) throw new Error("the receipt of this PNG is damaged");
    size += value.length;
    parts.push(value);
  }
  throw new Error("the receipt of this PNG is too long");
}
