// The page: one state, which every control changes and every picture follows.

import { History } from "./history.js";
import { Live } from "./live.js";
import { Receipt } from "./receipt.js";
import "./slider.js";

const $ = (id) => document.getElementById(id);
const live = new Live();
let state = { seed: 0, kept: null, edits: [], hold: [] };
let history = new History(state);
let sliders = new Map();
let receipt = null;
let looking = false; // at the picture without edits
let walking = ""; // to which attribute
let note = ""; // what the next picture is said to be

function change(part, final = true) {
  state = { ...state, ...part };
  if (final) history.keep(state);
  refresh(final);
}

function refresh(final = true) {
  const moved = new Map(state.edits.map(({ direction, amount }) => [direction, amount]));
  for (const [id, slider] of sliders) if (slider.amount !== (moved.get(id) ?? 0)) slider.show(moved.get(id) ?? 0);
  if ($("seed") !== document.activeElement) $("seed").value = state.seed;
  $("undo").disabled = !history.past.length;
  $("redo").disabled = !history.future.length;
  $("reset").disabled = !state.edits.length && !state.kept;
  live.ask(looking ? { ...state, edits: [], kept: null } : state, final);
}

function slide({ id, amount, final }) {
  const others = state.edits.filter((edit) => edit.direction !== id);
  const here = state.edits.findIndex((edit) => edit.direction === id);
  const edits = amount ? others.toSpliced(here < 0 ? others.length : here, 0, { direction: id, amount }) : others;
  change({ edits }, final);
}

function hold(name) {
  const held = state.hold.includes(name);
  change({ hold: held ? state.hold.filter((other) => other !== name) : [...state.hold, name] });
}

function go(seed) {
  if (Number.isSafeInteger(seed) && seed >= 0) change({ seed, kept: null });
}

function walk(attribute, target) {
  live.send({ walk: attribute, target, state, hold: state.hold.filter((name) => name !== attribute) });
  busy(attribute);
}

function busy(attribute) {
  walking = attribute;
  $("stop").hidden = !attribute;
  document.body.classList.toggle("walking", Boolean(attribute));
}

function arrived({ id, attribute, reached, steps }) {
  busy("");
  // What was asked for once stays, until it is let go.
  const hold = reached && !state.hold.includes(attribute) ? [...state.hold, attribute] : state.hold;
  change({ kept: id, edits: [], hold });
  const where = reached ? "is there" : "did not get there";
  note = `${attribute.replaceAll("_", " ")} ${where} after ${steps} steps`;
}

function travel(there) {
  if (!there) return;
  state = there;
  refresh();
}

function look(without) {
  if (without === looking) return;
  looking = without;
  $("was").hidden = !without;
  refresh();
}

function paint({ bitmap, before, after, identity, distance, ms, step, walking: walkingStep }) {
  const canvas = $("picture");
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  }
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  receipt.show(before, after, state.hold);
  $("identity").value = Math.max(0, identity);
  $("identity-number").textContent = identity.toFixed(2);
  $("distance").value = Math.min(10, distance);
  $("distance-number").textContent = `${distance.toFixed(1)} σ`;
  tell(walkingStep ? `walking to ${walkingStep.replaceAll("_", " ")}, step ${step}` : note || `${ms} ms`);
  if (!walkingStep) note = "";
}

function tell(text, wrong = false) {
  if ($("status").textContent !== text) $("status").textContent = text; // what is said twice is read aloud twice
  $("status").classList.toggle("wrong", wrong);
}

live.addEventListener("model", ({ detail }) => {
  const [colors, height, width] = detail.size;
  $("model").textContent = `${detail.name}, ${width} × ${height} pixels`;
  document.title = `${detail.name} – latentwalk studio`;
  $("picture").style.aspectRatio = `${width} / ${height}`;
  $("sliders").replaceChildren();
  sliders = new Map(
    detail.sliders.map((each) => {
      const slider = document.createElement("lw-slider").setup(each);
      $("sliders").append(slider);
      return [each.id, slider];
    }),
  );
  $("bars").replaceChildren();
  receipt = new Receipt($("bars"), detail.attributes, { hold, walk });
  refresh();
});
live.addEventListener("frame", ({ detail }) => paint(detail));
live.addEventListener("walked", ({ detail }) => arrived(detail));
live.addEventListener("refused", ({ detail }) => {
  busy("");
  tell(detail.error, true);
});
live.addEventListener("closed", ({ detail }) => {
  busy("");
  const again = "The studio was started again: open the address that it printed, and this page goes on.";
  tell(detail.stranger ? again : "The studio has stopped. Start it again; this page goes on by itself.", true);
});

$("sliders").addEventListener("moved", ({ detail }) => slide(detail));
$("seed").onchange = () => go(Number($("seed").value));
$("earlier").onclick = () => go(state.seed - 1);
$("later").onclick = () => go(state.seed + 1);
$("dice").onclick = () => go(Math.floor(Math.random() * 1e6));
$("undo").onclick = () => travel(history.undo());
$("redo").onclick = () => travel(history.redo());
$("reset").onclick = () => change({ edits: [], kept: null });
$("stop").onclick = () => {
  live.send({ stop: true });
  busy("");
  refresh();
};
$("find").oninput = () => {
  const words = $("find").value.toLowerCase().split(/\s+/);
  for (const slider of sliders.values()) {
    const text = slider.textContent.toLowerCase();
    slider.hidden = !words.every((word) => text.includes(word));
  }
};
$("compare").onpointerdown = () => look(true);
for (const end of ["pointerup", "pointerleave", "pointercancel"]) $("compare").addEventListener(end, () => look(false));

const KEYS = { ",": "earlier", ".": "later", r: "dice" };

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=range]), select, textarea");
  if ((event.ctrlKey || event.metaKey) && "zy".includes(event.key.toLowerCase()) && !typing) {
    event.preventDefault();
    const redo = event.key.toLowerCase() === "y" || event.shiftKey;
    travel(redo ? history.redo() : history.undo());
  } else if (event.key === " " && !typing && !event.target.matches("button")) {
    event.preventDefault();
    look(true);
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key.toLowerCase()]) {
    $(KEYS[event.key.toLowerCase()]).click();
  }
});
document.addEventListener("keyup", (event) => event.key === " " && look(false));
window.addEventListener("blur", () => look(false));
