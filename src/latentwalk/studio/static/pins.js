// Faces that are pinned: kept by the browser, gone back to, and mixed two by two, as a whole or by layers.

import { START } from "./studio.js";

const MOST = 12;
const SIDE = 72;

export class Pins extends HTMLElement {
  setup(studio) {
    Object.assign(this, { studio, pins: [], ends: [], waiting: 0 });
    this.innerHTML = `<div class="row"><h2>Pinned faces</h2><span class="grow"></span><button class="pin">Pin this face</button></div>
      <ul></ul><p class="quiet none">Pin two faces, and go from one to the other.</p>
      <div class="between"></div><p class="quiet why" hidden>This generator has one code for the whole picture, so coarse and fine cannot be mixed apart.</p>`;
    [this.list, this.between] = [this.querySelector("ul"), this.querySelector(".between")];
    this.button = this.querySelector(".pin");
    this.button.onclick = () => studio.live.send({ job: "keep", state: studio.state, name: String((this.waiting += 1)) });
    studio.on("kept", (kept) => kept.name === String(this.waiting) && this.keep(kept));
    studio.on("job", (job) => (this.button.disabled = Boolean(job))); // keeping a face would end it
    studio.on("model", () => this.meet());
    studio.on("state", (state) => this.follow(state));
    if (studio.model) this.meet();
    return this;
  }

  get place() {
    return `latentwalk-pins-${this.studio.model.fingerprint}`;
  }

  meet() {
    const { spaces } = this.studio.model;
    const layered = Object.entries(spaces).find(([name]) => name.endsWith("+"));
    const count = layered?.[1][0] ?? 0;
    // As in StyleGAN (Karras et al., 2019): coarse is up to 8 pixels, middle up to 32.
    const cuts = count > 8 ? [0, 4, 8, count] : [0, Math.ceil(count / 3), Math.ceil((2 * count) / 3), count];
    this.groups = count > 2 ? ["Coarse", "Middle", "Fine"].map((name, i) => ({ name, layers: [cuts[i], cuts[i + 1]] })) : [];
    try {
      this.pins = JSON.parse(localStorage.getItem(this.place) ?? "[]");
    } catch {
      this.pins = [];
    }
    for (const { codes } of this.pins) for (const [id, found] of Object.entries(codes)) this.studio.live.found.set(id, found);
    this.ends = this.pins.slice(0, 2).map(({ id }) => id);
    this.show();
  }

  keep({ id, found }) {
    const { studio } = this;
    const canvas = document.createElement("canvas");
    const picture = document.getElementById("picture");
    [canvas.width, canvas.height] = [SIDE, Math.round((SIDE * picture.height) / picture.width)];
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const { state } = studio;
    const codes = { [id]: found };
    for (const kept of [state.kept, ...state.mix.map((share) => share.kept)]) {
      if (kept && studio.live.found.has(kept)) codes[kept] = studio.live.found.get(kept);
    }
    const pin = { id, state, codes, picture: canvas.toDataURL("image/jpeg", 0.85).split(",")[1] };
    this.pins = [...this.pins.filter((other) => other.id !== id), pin].slice(-MOST);
    if (this.ends.length < 2 && !this.ends.includes(id)) this.ends = [...this.ends, id];
    this.save();
  }

  save() {
    const known = new Set(this.pins.map(({ id }) => id));
    this.ends = this.ends.filter((id) => known.has(id));
    try {
      localStorage.setItem(this.place, JSON.stringify(this.pins));
    } catch {
      this.studio.tell("this browser keeps no more pins: they are gone when the page is left", true);
    }
    this.show();
  }

  show() {
    this.list.replaceChildren(...this.pins.map((pin, i) => this.item(pin, i + 1)));
    this.querySelector(".none").hidden = this.pins.length > 1;
    this.querySelector(".why").hidden = this.ends.length < 2 || this.groups.length > 0;
    const rows = this.ends.length < 2 ? [] : [this.groups.length ? "All" : "Mix", ...this.groups.map(({ name }) => name)];
    this.sliders = rows.map((name, row) => this.slider(name, row));
    this.between.replaceChildren(...this.sliders.map(({ parentNode }) => parentNode));
    this.follow(this.studio.state);
  }

  item(pin, number) {
    const item = document.createElement("li");
    item.innerHTML = `<button class="face"><canvas></canvas></button><div><button>A</button><button>B</button><button class="off">&#xd7;</button></div>`;
    const [face, a, b, off] = item.querySelectorAll("button");
    face.setAttribute("aria-label", `Go to pin ${number}`);
    face.onclick = () => this.studio.change({ ...START, ...pin.state });
    [a, b].forEach((button, end) => {
      button.setAttribute("aria-label", `Pin ${number} is ${"AB"[end]}`);
      button.setAttribute("aria-pressed", this.ends[end] === pin.id);
      button.onclick = () => this.choose(end, pin.id);
    });
    off.setAttribute("aria-label", `Unpin ${number}`);
    off.onclick = () => {
      this.pins = this.pins.filter((other) => other !== pin);
      this.save();
    };
    const bytes = Uint8Array.from(atob(pin.picture), (letter) => letter.charCodeAt(0));
    createImageBitmap(new Blob([bytes], { type: "image/jpeg" })).then((bitmap) => {
      const canvas = face.firstChild;
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
    }, () => {});
    return item;
  }

  choose(end, id) {
    const other = this.ends[1 - end];
    const ends = [...this.ends];
    ends[end] = id;
    if (other === id) ends[1 - end] = this.ends[end]; // they change places
    this.ends = ends.filter(Boolean);
    const focused = document.activeElement?.getAttribute("aria-label");
    this.show();
    [...this.list.querySelectorAll("button")].find((button) => button.getAttribute("aria-label") === focused)?.focus();
  }

  slider(name, row) {
    const label = document.createElement("label");
    label.innerHTML = `<span></span><b>A</b><input type="range" min="0" max="1" step="0.01" value="0"><b>B</b>`;
    label.firstChild.textContent = name;
    const range = label.querySelector("input");
    range.setAttribute("aria-label", `${name}, from pin A to pin B`);
    range.oninput = () => this.move(row, false);
    range.onchange = () => this.move(row, true);
    return range;
  }

  move(row, final) {
    const at = Number(this.sliders[row].value);
    if (!row) for (const slider of this.sliders) slider.value = at;
    const [a, b] = this.ends;
    const ranges = this.groups.length ? this.groups.map(({ layers }, i) => [layers, this.sliders[i + 1].value]) : [[null, at]];
    const mix = ranges.flatMap(([layers, to]) => [
      { kept: a, weight: 1 - to, layers },
      { kept: b, weight: Number(to), layers },
    ]);
    const { edits } = this.studio.state;
    // What the sliders did is in the pins; what they do from then on comes on top.
    this.studio.change({ mix, kept: null, edits: this.mine() ? edits : [] }, final);
  }

  mine({ kept, mix } = this.studio.state) {
    return !kept && mix.length > 0 && mix.every((share) => this.ends.includes(share.kept));
  }

  follow(state) {
    if (!this.sliders?.length) return;
    const mine = this.mine(state);
    const at = (layers) => state.mix.find((share) => share.kept === this.ends[1] && String(share.layers) === String(layers))?.weight ?? 0;
    const places = mine ? (this.groups.length ? this.groups.map(({ layers }) => at(layers)) : [at(null)]) : [0];
    const all = places.reduce((sum, place) => sum + place, 0) / places.length;
    this.sliders.forEach((slider, row) => (slider.value = row && mine ? places[row - 1] : all));
    this.between.classList.toggle("away", !mine);
  }
}

customElements.define("lw-pins", Pins);
