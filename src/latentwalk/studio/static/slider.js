// One direction: where it leads to on both sides, a range that fills from 0, a number, layers, and a menu.
// Double-click or Delete is 0; arrows move by a tenth, PageUp and PageDown by 1, Home and End to the ends.

const KEYS = { ArrowRight: 0.1, ArrowUp: 0.1, ArrowLeft: -0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 };

const rounded = (amount) => Math.round(100 * amount) / 100;

export class Slider extends HTMLElement {
  setup(described) {
    Object.assign(this, { described, id_: described.id, ends: described.range.map(rounded) });
    this.reach = Math.max(4, Math.ceil(Math.max(-this.ends[0], this.ends[1])) + 1);
    this.innerHTML = `<div class="called"><button class="star" aria-pressed="false"></button><label></label></div>
      <button class="end" tabindex="-1"><canvas width="1" height="1"></canvas></button>
      <div class="track"><div class="groove"><div class="usual"></div><div class="zero"></div><div class="fill"></div></div>
      <input type="range" step="0.05"></div>
      <button class="end" tabindex="-1"><canvas width="1" height="1"></canvas></button>
      <input type="number" step="0.1"><button class="more" aria-haspopup="menu" aria-expanded="false">&#x22ef;</button>`;
    this.range = this.querySelector("[type=range]");
    this.number = this.querySelector("[type=number]");
    this.querySelector("label").htmlFor = this.range.id = `slider-${this.id_}`;
    for (const input of [this.range, this.number]) [input.min, input.max, input.value] = [-this.reach, this.reach, 0];
    const [low, high] = this.ends.map((amount) => this.place(amount));
    Object.assign(this.querySelector(".usual").style, { left: `${low}%`, right: `${100 - high}%` });
    this.querySelectorAll(".end").forEach((end, side) => (end.onclick = () => this.move(this.ends[side], true)));
    this.range.oninput = () => this.move(this.range.value, false);
    this.range.onchange = () => this.move(this.range.value, true);
    this.number.onchange = () => this.move(this.number.value, true);
    this.range.ondblclick = () => this.move(0, true);
    this.range.onkeydown = (event) => this.key(event);
    this.range.onkeyup = (event) => event.key in KEYS && this.move(this.range.value, true);
    this.querySelector(".star").onclick = () => this.ask("favourite");
    const more = this.querySelector(".more");
    more.onclick = async () => (await import("./menu.js")).openMenu(more, this.choices());
    if (described.layers > 1) this.lay();
    this.call(described.name.replaceAll("_", " "));
    return this;
  }

  // Most spaces have no layers, so what chooses them is fetched when there are some.
  async lay() {
    await import("./layers.js");
    this.append((this.layers = document.createElement("lw-layers").setup(this)));
    if (this.amount) this.layers.show(this.at);
  }

  place(amount) {
    return (100 * (amount + this.reach)) / (2 * this.reach);
  }

  get amount() {
    return Number(this.range.value);
  }

  call(name) {
    this.name = name;
    this.querySelector("label").textContent = name;
    const [low, high] = this.ends;
    this.number.setAttribute("aria-label", `${name}, in standard deviations`);
    this.querySelector(".more").setAttribute("aria-label", `More for ${name}`);
    this.querySelector(".star").setAttribute("aria-label", `${name} is a favourite`);
    this.querySelectorAll(".end").forEach((end, side) => {
      end.title = `${name} at ${this.ends[side]}`;
      end.setAttribute("aria-label", end.title);
    });
    const does = this.described.effects.map(([what, size]) => `${what.replaceAll("_", " ")} ${size > 0 ? "+" : ""}${size}`);
    this.querySelector(".track").title = `seen to work from ${low} to ${high}${does.length ? `; moves ${does.join(", ")}` : ""}`;
  }

  show(amount, layers) {
    this.at = layers ?? null;
    this.range.value = amount;
    this.number.value = rounded(amount);
    this.classList.toggle("moved", amount !== 0);
    const [zero, here] = [50, this.place(Math.max(-this.reach, Math.min(this.reach, amount)))];
    const fill = this.querySelector(".fill").style;
    [fill.left, fill.right] = [`${Math.min(zero, here)}%`, `${100 - Math.max(zero, here)}%`];
    if (amount !== 0) this.layers?.show(layers ?? null); // at 0 the layers that were chosen wait
  }

  star(is) {
    const star = this.querySelector(".star");
    star.setAttribute("aria-pressed", is);
    star.textContent = is ? "★" : "☆";
  }

  // Small pictures of both ends, beside each other in one.
  picture(bitmap) {
    const [width, height] = [bitmap.width / 2, bitmap.height];
    this.querySelectorAll("canvas").forEach((canvas, side) => {
      [canvas.width, canvas.height] = [width, height];
      canvas.getContext("2d").drawImage(bitmap, side * width, 0, width, height, 0, 0, width, height);
    });
    bitmap.close();
  }

  key(event) {
    if (event.key === "Delete" || event.key === "Backspace") return this.move(0, true);
    if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.move(rounded(this.amount + KEYS[event.key]), false);
  }

  move(amount, final) {
    const bounded = Math.max(-this.reach, Math.min(this.reach, Number(amount) || 0));
    this.show(bounded, this.layers?.chosen);
    this.tell("moved", { amount: this.amount, layers: this.layers?.chosen ?? null, final });
  }

  tell(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail: { id: this.id_, ...detail }, bubbles: true }));
  }

  ask(what, detail = {}) {
    this.tell("wish", { what, ...detail });
  }

  choices() {
    const choices = [["To 0", () => this.move(0, true)], ["Rename", () => this.rename()]];
    if (this.layers) choices.push(["Layers", () => this.layers.open(true)]);
    if (this.described.own) choices.push(["Save as a file", () => this.ask("save")], ["Remove", () => this.ask("remove")]);
    return choices;
  }

  // The name becomes a box: Enter keeps, Escape leaves it.
  rename() {
    const label = this.querySelector("label");
    const box = Object.assign(document.createElement("input"), { type: "text", value: this.name, maxLength: 60 });
    box.setAttribute("aria-label", `New name of ${this.name}`);
    label.hidden = true;
    label.after(box);
    box.select();
    let open = true;
    const close = (keep) => {
      if (!open) return;
      open = false;
      const name = box.value.trim();
      box.remove();
      label.hidden = false;
      if (keep && name && name !== this.name) this.ask("rename", { name });
    };
    box.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault(); // Enter would press what gets the focus
      close(event.key === "Enter");
      this.querySelector(".more").focus();
    };
    box.onblur = () => close(true);
  }
}

customElements.define("lw-slider", Slider);
