// Files that are dropped anywhere on the page, or pasted: photographs, and what the studio wrote itself.

const KEYWORD = "latentwalk"; // of the text in a PNG that is a receipt

// Files with a receipt are said as "receipt-dropped"; the others go to `photo`.
export function welcome(studio, photo) {
  const sort = async (file) => {
    if (!file) return;
    if (await carriesReceipt(file)) studio.say("receipt-dropped", file);
    else photo(file);
  };
  const files = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0; // enter and leave come for every element under the pointer
  const mark = (change) => {
    depth = change ? Math.max(0, depth + change) : 0;
    document.body.classList.toggle("dropping", depth > 0);
  };
  document.addEventListener("dragenter", (event) => files(event) && mark(1));
  document.addEventListener("dragleave", (event) => files(event) && mark(-1));
  document.addEventListener("dragover", (event) => files(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    mark(0);
    sort(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return;
    event.preventDefault();
    sort(file);
  });
}

// A session that was saved, or a PNG with the text chunk of a receipt.
export async function carriesReceipt(file) {
  if (file.type === "application/json" || file.name?.endsWith(".json")) return true;
  const view = new DataView(await file.slice(0, 2 ** 24).arrayBuffer());
  if (view.byteLength < 8 || view.getUint32(0) !== 0x89504e47) return false;
  const text = (start, length) => new TextDecoder("latin1").decode(new Uint8Array(view.buffer, start, length));
  for (let at = 8; at + 12 + KEYWORD.length < view.byteLength; at += 12 + view.getUint32(at)) {
    const kind = text(at + 4, 4);
    if (["iTXt", "tEXt", "zTXt"].includes(kind) && text(at + 8, KEYWORD.length + 1) === `${KEYWORD}\0`) return true;
  }
  return false;
}
