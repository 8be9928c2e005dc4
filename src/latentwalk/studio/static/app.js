// The page: the stage, the receipt, and the panels, which are fetched when they are first opened.

import { welcome } from "./drop.js";
import { chooseModel } from "./models.js";
import { Receipt } from "./receipt.js";
import { keepSessions } from "./session.js";
import "./sliders.js";
import { keepStrip } from "./strip.js";
import { Studio, plain } from "./studio.js";

const $ = (id) => document.getElementById(id);
const studio = new Studio();
keepSessions(studio);
let receipt = null;
let note = ""; // what the next picture is said to be

function go(seed) {
  if (Number.isSafeInteger(seed) && seed >= 0) studio.change({ seed, mix: [], kept: null });
}

function hold(name) {
  const held = studio.state.hold;
  studio.change({ hold: held.includes(name) ? held.filter((other) => other !== name) : [...held, name] });
}

function walk(attribute, target) {
  const { state } = studio;
  const along = studio.root !== null; // a photograph's
  const goal = along ? Math.min(target, 0.95) : target;
  const hold = state.hold.filter((name) => name !== attribute);
  studio.start("walk", { attribute, target: goal, along, state, hold });
}

function walked({ id, attribute, reached, steps, outside }) {
  // What was asked for once stays, until it is let go.
  const { hold } = studio.state;
  studio.roots.set(id, studio.root);
  studio.change({ kept: id, edits: [], hold: reached && !hold.includes(attribute) ? [...hold, attribute] : hold });
  const end = outside ? "did not get there: farther out, pictures break" : `${reached ? "is there" : "did not get there"} after ${steps} steps`;
  note = `${plain(attribute)} ${end}`;
}

// The same with a slider, which stays where it came to.
function slid({ attribute, amount, reached }) {
  const others = studio.state.edits.filter(({ direction }) => direction !== attribute);
  studio.change({ edits: [...others, { direction: attribute, amount }] });
  note = `${plain(attribute)} ${reached ? "is there" : "did not get there"}: the slider is at ${amount}`;
}

function restored({ state, note: said }) {
  studio.change(state);
  note = said || "everything is as it was";
}

function paint({ bitmap, before, after, identity, distance, usual }) {
  const canvas = $("picture");
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  }
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  if (after) see({ before, after, identity, distance, usual });
}

// The picture is that of the state, as far as there can be one.
function answered({ seq }) {
  if (seq === studio.live.sent) $("picture").ariaBusy = "false";
}

function see({ before, after, identity, distance, usual }) {
  receipt.show(before, after, studio.state.hold);
  $("identity").value = Math.max(0, identity);
  $("identity-number").textContent = identity.toFixed(2);
  $("usual").value = usual;
  $("usual-number").textContent = usual.toFixed(2);
  $("distance").value = Math.min(10, distance);
  $("distance-number").textContent = `${distance.toFixed(1)} σ`;
}

studio.on("frame", (frame) => {
  paint(frame);
  answered(frame);
  studio.tell(frame.note || note || `${frame.ms} ms`);
  note = "";
});
studio.on("refused", answered);
studio.on("seen", see); // in a picture of a drag, which was painted before
studio.on("step", (step) => {
  paint(step);
  studio.tell(step.attribute ? `walking to ${plain(step.attribute)}, step ${step.step}` : (step.note ?? ""));
});
studio.on("walked", walked);
studio.on("slid", slid);
studio.on("person", ({ seq, alike }) => {
  if (seq !== studio.live.sent) return;
  $("person").value = Math.max(0, alike);
  $("person-number").textContent = alike.toFixed(2);
  $("person-row").classList.remove("old");
});
studio.on("restored", restored);
studio.on("note", (text) => (note = text));
studio.on("file", ({ name }) => studio.tell(`saved ${name}`));
studio.on("told", ({ text, wrong }) => {
  if (wrong) note = "";
  if ($("status").textContent !== text) $("status").textContent = text; // what is set twice is read aloud twice
  $("status").classList.toggle("wrong", wrong);
});
studio.on("job", (job) => {
  $("stop").hidden = !job;
  document.body.classList.toggle("working", Boolean(job));
});
studio.on("state", (state) => {
  $("picture").ariaBusy = "true";
  $("person-row").classList.add("old");
  if ($("seed") !== document.activeElement) $("seed").value = state.seed;
  $("undo").disabled = !studio.history.past.length;
  $("redo").disabled = !studio.history.future.length;
  $("reset").disabled = !state.edits.length && state.kept === studio.root;
  $("was").hidden = !studio.looking;
});
studio.on("model", ({ name, models, size: [, height, width], attributes, people }) => {
  $("person-row").hidden = !people;
  $("model").textContent = `${models.length > 1 ? "" : `${name}, `}${width} × ${height} pixels`;
  document.title = `${name} – latentwalk studio`;
  $("picture").style.aspectRatio = `${width} / ${height}`;
  $("bars").replaceChildren();
  receipt = new Receipt($("bars"), attributes, { hold, walk });
});

chooseModel(studio, $("models"));
keepStrip(studio, $("strip"), $("picture"));

$("seed").onchange = () => go(Number($("seed").value));
$("earlier").onclick = () => go(studio.state.seed - 1);
$("later").onclick = () => go(studio.state.seed + 1);
$("dice").onclick = () => go(Math.floor(Math.random() * 1e6));
$("undo").onclick = () => studio.travel(studio.history.undo());
$("redo").onclick = () => studio.travel(studio.history.redo());
$("reset").onclick = () => studio.change({ edits: [], kept: studio.root });
$("save-picture").onclick = () => studio.ask("save", { state: studio.state });
$("stop").onclick = () => studio.stop();
$("compare").onpointerdown = () => studio.look(true);
for (const end of ["pointerup", "pointerleave", "pointercancel"]) {
  $("compare").addEventListener(end, () => studio.look(false));
}

// Panels: each is an element of its own, in a file of its own, made when its tab is first opened.
async function open(tab) {
  const panel = $(tab.getAttribute("aria-controls"));
  for (const each of document.querySelectorAll("[role=tab]")) {
    each.setAttribute("aria-selected", each === tab);
    each.tabIndex = each === tab ? 0 : -1;
    $(each.getAttribute("aria-controls")).hidden = each !== tab;
  }
  if (!panel.firstChild) {
    await import(`./${panel.id}.js`);
    if (!panel.firstChild) panel.append(document.createElement(`lw-${panel.id}`).setup(studio));
  }
  studio.say("opened", panel.id);
}

for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.onclick = () => open(tab);
  tab.onkeydown = ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const tabs = [...document.querySelectorAll("[role=tab]")];
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    open(next);
  };
}
open(document.querySelector("[role=tab]"));

welcome(studio, async (photo) => {
  await open($("tab-photo"));
  studio.say("photo-dropped", photo);
});

const KEYS = { ",": "earlier", ".": "later", r: "dice" };

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=range]), select, textarea");
  if ((event.ctrlKey || event.metaKey) && "zy".includes(event.key.toLowerCase()) && !typing) {
    event.preventDefault();
    const redo = event.key.toLowerCase() === "y" || event.shiftKey;
    studio.travel(redo ? studio.history.redo() : studio.history.undo());
  } else if (event.key === " " && !typing && !event.target.matches("button")) {
    event.preventDefault();
    studio.look(true);
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key.toLowerCase()]) {
    $(KEYS[event.key.toLowerCase()]).click();
  }
});
document.addEventListener("keyup", (event) => event.key === " " && studio.look(false));
window.addEventListener("blur", () => studio.look(false));
