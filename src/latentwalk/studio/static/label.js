// Teach an attribute: one face after the other, J no, K skip, L yes. What was said stays when the page is loaded again.

import { Kept } from "./session.js";
import { save } from "./studio.js";

const KEYS = { j: false, k: null, l: true };

export class Label extends HTMLElement {
  setup(studio) {
    this.studio = studio;
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/static/label.css" });
    document.head.append(style);
    this.innerHTML = `<p class="quiet">Say of faces whether they have what you mean. After 20 there is a slider, and each face more makes it better.</p>
      <div class="row"><label class="field grow">Attribute <input class="name" maxlength="60" placeholder="smirk, round glasses …"></label>
      <button class="begin">Begin</button></div>
      <div class="asking" hidden>
        <p class="question" aria-live="polite"></p>
        <canvas class="face" width="64" height="64" role="img" aria-label="The face that is asked about"></canvas>
        <div class="row answers"><button data-key="j">No <kbd>J</kbd></button><button data-key="k">Skip <kbd>K</kbd></button>
        <button data-key="l">Yes <kbd>L</kbd></button><button class="undo">Undo <kbd>U</kbd></button></div>
        <p class="counts" aria-live="off"></p>
        <meter class="progress" min="0" max="20" value="0" aria-label="Faces until the slider"></meter>
        <div class="taught" hidden><p class="auc"></p><canvas class="strip" width="320" height="192" role="img"></canvas>
        <p class="quiet">Three other faces, from without to with.</p></div>
        <div class="row"><button class="labels">Save the labels</button><button class="direction" hidden>Save the slider</button>
        <button class="other">Teach something else</button></div>
      </div>`;
    const $ = (name) => this.querySelector(name);
    Object.assign(this, { $, faces: new Map(), queue: [], now: null });
    $(".name").oninput = () => ($(".name").value = $(".name").value.replaceAll(/[=:,/]/g, ""));
    $(".name").onkeydown = ({ key }) => key === "Enter" && this.begin();
    $(".begin").onclick = () => this.begin();
    for (const button of this.querySelectorAll("[data-key]")) button.onclick = () => this.answer(KEYS[button.dataset.key]);
    $(".undo").onclick = () => this.undo();
    $(".labels").onclick = () => this.give();
    $(".direction").onclick = () => studio.live.send({ save: [this.id_], name: this.name.replaceAll(/[^A-Za-z0-9_-]+/g, "_") });
    $(".other").onclick = () => this.open("");
    document.addEventListener("keydown", (event) => this.key(event));
    studio.on("model", (model) => this.meet(model));
    studio.on("readying", ({ done, total }) => this.say(`Looking at faces: ${done} of ${total}`));
    studio.on("faces", (told) => this.come(told));
    studio.on("taught", (told) => this.show(told));
    studio.on("sliders", ({ sliders }) => sliders.some(({ id }) => id === this.id_) && this.appear());
    studio.on("ended", ({ job, error }) => job === "label" && error && this.say(error));
    studio.on("job", () => this.wait());
    this.meet(studio.model);
    return this;
  }

  get id_() {
    return `own:label:${this.name}`;
  }

  // By model, as what was said is about its faces.
  meet(model) {
    if (!model) return;
    this.kept = new Kept(sessionStorage, "labels", model);
    const { name = "", all = {} } = this.kept.read({});
    this.all = all; // labels by attribute
    this.open(name);
  }

  begin() {
    const name = this.$(".name").value.trim();
    if (name) this.open(name);
    else this.$(".name").focus();
  }

  open(name) {
    this.name = name;
    this.labels = this.all[name] ?? [];
    this.queue = [];
    this.now = null;
    this.keep();
    this.$(".name").value = name;
    this.$(".name").disabled = this.$(".begin").hidden = Boolean(name);
    this.$(".asking").hidden = !name;
    this.$(".taught").hidden = this.$(".direction").hidden = true;
    if (!name) return this.$(".name").focus();
    this.count();
    this.ask();
  }

  keep() {
    if (this.name) this.all[this.name] = this.labels;
    if (!this.kept.write({ name: this.name, all: this.all })) this.studio.tell("The browser keeps no more labels: save them", true);
  }

  // Faces are asked for beside whatever else the page does; another job would be ended by it.
  ask(first = null) {
    if (!this.name || this.wait()) return;
    this.studio.live.send({ job: "label", name: this.name, labels: this.labels, first: first ?? this.now });
  }

  wait() {
    const { job } = this.studio;
    for (const button of this.querySelectorAll("[data-key], .undo")) button.disabled = Boolean(job);
    if (job) this.say(`Goes on when "${job}" has ended`);
    else if (this.waits) (this.waits = false), this.ask();
    if (job) this.waits = true;
    return Boolean(job);
  }

  async come({ blob, seeds }) {
    const bitmap = await createImageBitmap(blob);
    const width = bitmap.width / seeds.length;
    const faces = await Promise.all(seeds.map((_, i) => createImageBitmap(bitmap, i * width, 0, width, bitmap.height)));
    seeds.forEach((seed, i) => this.faces.set(seed, faces[i]));
    const said = new Set(this.labels.map(([seed]) => seed));
    this.queue = seeds.filter((seed) => !said.has(seed) && seed !== this.now);
    if (this.now === null) this.next();
    else this.draw();
  }

  next() {
    this.now = this.queue.shift() ?? null;
    this.draw();
  }

  draw() {
    const face = this.faces.get(this.now);
    this.say(face ? `${this.name}?` : "The next face comes …");
    if (!face) return;
    const canvas = this.$(".face");
    [canvas.width, canvas.height] = [face.width, face.height];
    canvas.getContext("2d").drawImage(face, 0, 0);
  }

  answer(has) {
    if (this.now === null || this.studio.job) return;
    this.labels = [...this.labels, [this.now, has]];
    this.changed();
    this.next();
    this.ask();
  }

  undo() {
    if (!this.labels.length || this.studio.job) return;
    const [seed] = this.labels.at(-1);
    this.labels = this.labels.slice(0, -1);
    if (this.now !== null) this.queue.unshift(this.now);
    this.now = seed;
    this.changed();
    this.draw();
    this.ask();
  }

  changed() {
    this.keep();
    this.count();
  }

  count() {
    const yes = this.labels.filter(([, has]) => has === true).length;
    const no = this.labels.filter(([, has]) => has === false).length;
    const left = Math.max(0, 20 - yes - no);
    const few = Math.min(yes, no) < 3 ? "; it needs three of each" : "";
    this.$(".counts").textContent = `${yes} yes, ${no} no${left ? `, ${left} more until the slider` : ""}${few}`;
    this.$(".progress").value = yes + no;
    this.$(".undo").disabled = !this.labels.length;
    this.$(".labels").disabled = !yes && !no;
  }

  async show({ blob, auc, hard, name }) {
    if (name !== this.name) return;
    const bitmap = await createImageBitmap(blob);
    const canvas = this.$(".strip");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    canvas.setAttribute("aria-label", `Faces with less and with more ${name}`);
    this.$(".taught").hidden = false;
    const sure = `${Math.round(100 * auc)} of 100 pairs in the right order (AUC ${auc.toFixed(2)})`;
    this.$(".auc").textContent = hard ? `On the hardest faces: ${sure}` : `On faces that it was not taught: ${sure}`;
  }

  appear() {
    if (this.$(".direction").hidden) this.studio.tell(`"${this.name}" is among the sliders now`);
    this.$(".direction").hidden = false;
    if (this.studio.state.edits.some(({ direction }) => direction === this.id_)) this.studio.refresh();
  }

  say(text) {
    if (this.$(".question").textContent !== text) this.$(".question").textContent = text;
  }

  // As `latentwalk label` keeps them.
  give() {
    const rows = this.labels.filter(([, has]) => has !== null).map(([seed, has]) => `${seed},${has ? 1 : 0}`);
    const name = /["\n]/.test(this.name) ? `"${this.name.replaceAll('"', '""')}"` : this.name;
    save(new Blob([["seed," + name, ...rows, ""].join("\n")], { type: "text/csv" }), "labels.csv");
  }

  key(event) {
    const key = event.key.toLowerCase();
    const elsewhere = this.closest("[hidden]") || !this.name || event.target.matches("input:not([type=range]), textarea, select");
    if (elsewhere || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (key in KEYS) this.answer(KEYS[key]);
    else if (key === "u") this.undo();
  }
}

customElements.define("lw-label", Label);
