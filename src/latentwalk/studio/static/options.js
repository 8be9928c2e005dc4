// How a generator draws: its class, truncation and noise, as far as it has them.

export class Options extends HTMLElement {
  setup(studio) {
    this.studio = studio;
    this.className = "row";
    studio.on("model", () => this.meet());
    studio.on("state", () => this.follow());
    if (studio.model) this.meet();
    return this;
  }

  meet() {
    const { classes, exclusive, options, size: [, height, width] } = this.studio.model;
    this.shown = []; // what each control does to follow a state
    this.replaceChildren();
    if (classes) exclusive ? this.choice() : this.switches();
    if (options.includes("truncation")) this.truncation();
    if (options.includes("noise")) this.noise();
    if (Math.max(width, height) > 512) {
      const note = document.createElement("p");
      note.className = "quiet";
      note.textContent = `${width} × ${height} pixels, 512 while you drag`;
      this.append(note);
    }
    this.follow();
  }

  follow() {
    for (const show of this.shown) show(this.studio.state);
  }

  name(number) {
    return (this.studio.model.conditions[number] ?? `${this.studio.model.exclusive ? "class" : "condition"} ${number}`).replaceAll("_", " ");
  }

  field(text, control) {
    const label = document.createElement("label");
    label.className = "field";
    label.append(text, control);
    this.append(label);
    return control;
  }

  // A picture is of one class. Thousands that have no names are chosen by number.
  choice() {
    const { classes, conditions } = this.studio.model;
    const listed = conditions.length || classes <= 100;
    const control = this.field("Class", document.createElement(listed ? "select" : "input"));
    if (listed) control.append(...Array.from({ length: classes }, (_, i) => new Option(this.name(i), i)));
    else Object.assign(control, { type: "number", min: 0, max: classes - 1 });
    control.onchange = () => this.studio.change({ label: Math.min(classes - 1, Math.max(0, Math.round(control.value) || 0)) });
    this.shown.push(({ label }) => (control.value = label ?? 0));
  }

  // Any of them hold together.
  switches() {
    const { classes } = this.studio.model;
    const group = document.createElement("fieldset");
    group.innerHTML = "<legend>It has</legend>";
    const boxes = Array.from({ length: classes }, (_, i) => {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox" });
      label.append(box, this.name(i));
      group.append(label);
      return box;
    });
    group.onchange = () => this.studio.change({ label: boxes.map((box) => Number(box.checked)) });
    this.shown.push(({ label }) => boxes.forEach((box, i) => (box.checked = (label?.[i] ?? 0) > 0.5)));
    this.append(group);
  }

  truncation() {
    const range = document.createElement("input");
    const number = document.createElement("output");
    Object.assign(range, { type: "range", min: 0, max: 1.5, step: 0.05, title: "Nearer to the average: cleaner, less varied" });
    this.field("Truncation", range).after(number);
    const move = (final) => this.studio.change({ truncation: Number(range.value) }, final);
    range.oninput = () => move(false);
    range.onchange = () => move(true);
    range.ondblclick = () => this.studio.change({ truncation: 1 });
    this.shown.push(({ truncation }) => {
      range.value = truncation;
      number.textContent = Number(truncation).toFixed(2);
    });
  }

  noise() {
    const kind = this.field("Noise", document.createElement("select"));
    kind.append(new Option("as stored", "const"), new Option("none", "none"), new Option("of a seed", "seed"));
    const seed = Object.assign(document.createElement("input"), { type: "number", min: 0, step: 1, value: 0 });
    seed.setAttribute("aria-label", "Seed of the noise");
    kind.after(seed);
    const chosen = () => (kind.value === "seed" ? Math.max(0, Math.round(seed.value) || 0) : kind.value);
    kind.onchange = seed.onchange = () => this.studio.change({ noise: chosen() });
    this.shown.push(({ noise }) => {
      kind.value = typeof noise === "number" ? "seed" : noise;
      seed.style.visibility = typeof noise === "number" ? "visible" : "hidden";
      if (typeof noise === "number") seed.value = noise;
    });
  }
}

customElements.define("lw-options", Options);
