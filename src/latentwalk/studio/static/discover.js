// Find directions: which methods, on how many samples, how long that takes, and what they found.

const SAMPLES = [500, 1000, 2000, 5000, 10000, 20000];
const CODES = [50, 100, 200, 500];
const MINE = ["discover", "compare"]; // jobs
const USUAL = ["sefa", "ganspace"];

const time = (seconds) => (seconds < 1 ? "a moment" : seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`);

export class Discover extends HTMLElement {
  setup(studio) {
    this.studio = studio;
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/static/discover.css" });
    document.head.append(style);
    this.innerHTML = `<p class="quiet">Every direction that is found becomes a slider, named by what it moves.</p>
      <div class="methods"></div>
      <div class="row"><label class="field">Samples <select class="samples"></select></label>
      <button class="find">Discover</button><button class="stop" hidden>Stop</button></div>
      <p class="estimate" aria-live="polite"></p>
      <progress max="1" value="0" aria-label="Progress" hidden></progress>
      <p class="found" role="status"></p>
      <h3>Compare</h3>
      <p class="quiet">A judge that taught nobody looks at the sliders of this page on new faces, and at what else they move. The report is a file.</p>
      <div class="row"><label class="field">Faces <select class="codes"></select></label>
      <label class="field"><input type="checkbox" class="all"> with those that were here before</label>
      <button class="compare">Make the report</button></div>
      <p class="cost quiet"></p>
      <h3>Directions from a file</h3>
      <div class="row"><input type="file" accept=".safetensors" aria-label="A file of directions"></div>`;
    this.$ = (name) => this.querySelector(name);
    this.costs = new Map(); // seconds by method: fixed, and each sample's
    this.tried = new Set(); // since the panel was opened, so that what fails is not tried for ever
    for (const [name, numbers, chosen] of [[".samples", SAMPLES, 2000], [".codes", CODES, 100]]) {
      const options = numbers.map((n) => new Option(n.toLocaleString("en"), n, n === chosen, n === chosen));
      this.$(name).append(...options);
      this.$(name).onchange = () => this.tell();
    }
    this.$(".all").onchange = () => this.tell();
    this.$(".find").onclick = () => this.find();
    this.$(".compare").onclick = () => this.compare();
    this.$(".stop").onclick = () => studio.stop();
    this.$("[type=file]").onchange = ({ target }) => this.read(target.files[0]);
    studio.on("model", (model) => this.meet(model));
    studio.on("estimate", (told) => this.estimated(told));
    studio.on("progress", (told) => MINE.includes(told.job) && this.progress(told));
    studio.on("discovered", (told) => this.found(told));
    studio.on("job", (job) => this.busy(job));
    studio.on("opened", (panel) => panel === "discover" && (this.tried.clear(), this.estimate()));
    this.meet(studio.model);
    return this;
  }

  meet(model) {
    if (!model || this.model?.fingerprint === model.fingerprint) return;
    this.model = model;
    this.costs.clear();
    this.scoring = null;
    const groups = [
      ["Need nothing", model.methods.filter(({ scores }) => !scores)],
      [`Learn from the scorer: ${model.attributes.join(", ").replaceAll("_", " ")}`, model.methods.filter(({ scores }) => scores)],
    ];
    this.$(".methods").replaceChildren(...groups.filter(([, methods]) => methods.length).map(([title, methods]) => this.group(title, methods)));
    this.tell();
  }

  group(title, methods) {
    const set = document.createElement("fieldset");
    set.append(Object.assign(document.createElement("legend"), { textContent: title }));
    for (const { name, about } of methods) {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name, checked: USUAL.includes(name) });
      box.onchange = () => (this.tried.delete(name), this.tell(), this.estimate());
      const [what, why, cost] = [
        ["b", name], ["span", about], ["output", ""]].map(([tag, textContent]) =>
        Object.assign(document.createElement(tag), { textContent }),
      );
      label.append(box, what, why, cost);
      set.append(label);
    }
    return set;
  }

  get chosen() {
    return [...this.querySelectorAll(".methods :checked")].map(({ value }) => value);
  }

  // Only what is not known yet is tried, and only when nothing else is done.
  estimate() {
    const unknown = this.chosen.filter((name) => !this.costs.has(name) && !this.tried.has(name));
    const wanted = unknown.length || (!this.scoring && !this.tried.has(""));
    if (this.closest("[hidden]") || this.studio.job || !this.model || !wanted) return;
    for (const name of ["", ...unknown]) this.tried.add(name);
    this.studio.live.send({ job: "estimate", methods: unknown });
  }

  estimated({ scoring, method, fixed, each }) {
    if (method) this.costs.set(method, { fixed, each });
    else this.scoring = scoring;
    this.tell();
  }

  tell() {
    const samples = Number(this.$(".samples").value);
    for (const box of this.querySelectorAll(".methods input")) {
      const cost = this.costs.get(box.value);
      box.parentElement.querySelector("output").textContent = cost ? (cost.fixed === null ? "?" : time(cost.fixed + samples * cost.each)) : "";
    }
    const { chosen } = this;
    const scores = this.model?.methods.some(({ name, scores }) => scores && chosen.includes(name));
    const known = this.scoring && chosen.every((name) => this.costs.has(name));
    let seconds = scores ? samples * this.scoring : 0;
    if (known) for (const name of chosen) seconds += this.costs.get(name).fixed + samples * this.costs.get(name).each;
    const words = known ? `About ${time(seconds)}${scores ? `, of which ${time(samples * this.scoring)} to score the samples` : ""}.` : "Trying how long it takes …";
    this.$(".estimate").textContent = chosen.length ? words : "Choose a method.";
    this.$(".find").disabled = !chosen.length || Boolean(this.studio.job);
    const count = this.compared().length;
    this.$(".compare").disabled = !count || Boolean(this.studio.job);
    const looks = Number(this.$(".codes").value) * (2 + 6 * count) + 64 * count;
    this.$(".cost").textContent = count
      ? `${count} ${count > 1 ? "sliders" : "slider"}, ${looks.toLocaleString("en")} pictures${this.scoring ? `, about ${time(1.5 * looks * this.scoring)}` : ""}`
      : "There are no sliders of yours yet.";
  }

  compared() {
    const all = this.$(".all").checked;
    return [...document.querySelectorAll("lw-slider")].filter(({ described }) => all || described.own).slice(0, 64);
  }

  find() {
    this.$(".found").textContent = "";
    this.studio.start("discover", { methods: this.chosen, samples: Number(this.$(".samples").value) });
  }

  compare() {
    const sliders = this.compared().map(({ id_ }) => id_);
    this.studio.start("compare", { sliders, codes: Number(this.$(".codes").value) });
  }

  busy(job) {
    const mine = MINE.includes(job);
    this.$("progress").hidden = this.$(".stop").hidden = !mine;
    if (mine) this.$("progress").removeAttribute("value");
    else this.estimate();
    this.tell();
  }

  progress({ what, done, total }) {
    this.$("progress").value = total ? done / total : 0;
    this.studio.tell(total > 1 ? `${what}: ${done.toLocaleString("en")} of ${total.toLocaleString("en")}` : what);
  }

  found({ count, failed }) {
    const why = Object.entries(failed).map(([name, reason]) => ` ${name} found nothing: ${reason}.`);
    this.$(".found").textContent = `${count} new sliders stand in the Sliders panel.${why.join("")}`;
    this.studio.tell(`${count} new sliders`);
  }

  async read(file) {
    if (!file) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    this.studio.live.send({ open: btoa(text), name: file.name.replace(/\.safetensors$/, "").slice(0, 60) || "file" });
    this.$("[type=file]").value = "";
  }
}

customElements.define("lw-discover", Discover);
