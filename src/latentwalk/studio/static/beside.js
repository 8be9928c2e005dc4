// Compare: another picture beside the one that is shown, behind a line that can be dragged; and pictures in rows and
// columns, each a way to its state.

import { even, fillSliders, rangeOf, round, signed, slid } from "./choices.js";
import { plain } from "./studio.js";

const SEEDS = ["seeds", "seeds"], SLIDERS = ["sliders", "each slider"];

export class Beside extends HTMLElement {
  setup(studio) {
    this.studio = studio;
    this.innerHTML = `
      <h2>Two pictures</h2>
      <div class="row"><button data-is="divide" aria-pressed="false">Divide the picture</button>
        <button data-is="pin" title="Compare with the picture that is shown now">Pin this one</button>
        <button data-is="swap" title="Go to the pinned picture, and pin this one">Swap</button>
        <button data-is="unpin" title="Compare with the picture without edits">Unpin</button></div>
      <p class="quiet">Left of the line is <b data-is="left">before</b>, right of it now. Drag the line, or move it with the arrow keys.
        Hold Space for the whole picture before.</p>
      <h2>Rows and columns</h2>
      <div class="span"><label>Across <select data-is="slider"></select></label>
        <label>from <input type="number" step="0.5" data-is="low"></label>
        <label>to <input type="number" step="0.5" data-is="high"></label>
        <label>columns <input type="number" min="2" max="12" value="5" data-is="columns"></label>
        <label>Down <select data-is="down"></select></label>
        <label>from <input type="number" step="0.5" data-is="top"></label>
        <label>to <input type="number" step="0.5" data-is="bottom"></label>
        <label>rows <input type="number" min="1" max="12" value="4" data-is="rows"></label></div>
      <div class="row"><button data-is="show">Show</button><button data-is="keep">Save as PNG</button>
        <span class="quiet">A click on a picture goes there.</span></div>
      <div class="wide"><table data-is="table"></table></div>`;
    for (const each of this.querySelectorAll("[data-is]")) this[each.dataset.is] = each;
    this.raise();
    this.divide.onclick = () => this.toggle();
    this.pin.onclick = () => this.hang(studio.state);
    this.unpin.onclick = () => this.hang(null);
    this.swap.onclick = () => {
      const other = this.other;
      this.hang(studio.state);
      studio.change(other);
    };
    this.slider.onchange = () => this.reach(this.slider, this.low, this.high);
    this.down.onchange = () => this.reach(this.down, this.top, this.bottom);
    this.show.onclick = () => this.draw((this.laid = this.plan), false);
    this.keep.onclick = () => this.draw((this.laid ??= this.plan), true);
    this.addEventListener("change", () => (this.laid = null)); // what is shown is not what is asked for any more
    studio.on("model", () => this.fill());
    studio.on("opened", (id) => id === "beside" && this.fill());
    studio.on("state", () => this.follow());
    studio.on("frame", () => this.shown !== this.wanted && this.ask());
    studio.on("beside", (picture) => this.paint(picture));
    studio.on("cell", (cell) => this.put(cell));
    this.fill();
    this.hang(null);
    studio.saved.beside = { take: () => this.other, give: (state) => this.hang(state) };
    return this;
  }

  fill() {
    fillSliders(this.slider, this.studio);
    fillSliders(this.down, this.studio, [SEEDS, SLIDERS], SEEDS[0]);
  }

  reach(select, low, high) {
    const free = select.value !== SEEDS[0] && select.value !== SLIDERS[0];
    low.disabled = high.disabled = !free;
    if (free) [low.value, high.value] = rangeOf(this.studio, select.value).map(round);
  }

  // The other picture lies over the one that is shown, and ends at the line.
  raise() {
    const stage = document.getElementById("frame");
    stage.insertAdjacentHTML("beforeend", `<div id="over" hidden><canvas aria-hidden="true"></canvas><span class="side">A</span>
      <span class="side right">now</span><div class="line"></div>
      <input type="range" min="0" max="100" step="0.5" value="50" aria-label="Line between the two pictures"></div>`);
    this.over = document.getElementById("over");
    this.canvas = this.over.querySelector("canvas");
    this.split = this.over.querySelector("input");
    this.split.oninput = () => this.cut();
    this.cut();
  }

  cut() {
    this.over.style.setProperty("--cut", `${this.split.value}%`);
    this.split.setAttribute("aria-valuetext", `${Math.round(this.split.value)}% ${this.left.textContent}`);
  }

  toggle() {
    const on = this.over.hidden;
    this.over.hidden = !on;
    this.divide.setAttribute("aria-pressed", on);
    this.follow();
  }

  // A state to compare with; null for the one that is shown, without its edits.
  hang(state) {
    this.other = state;
    this.left.textContent = this.over.querySelector(".side").textContent = state ? "pinned" : "before";
    this.swap.disabled = this.unpin.disabled = !state;
    this.cut();
    this.follow();
  }

  follow() {
    if (this.over.hidden) return;
    const { state } = this.studio;
    const wanted = JSON.stringify(this.other ?? { ...state, edits: [], hold: [], kept: this.studio.root ?? null });
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.ask();
  }

  ask() {
    if (this.over.hidden || !this.wanted) return;
    this.number = (this.number ?? 0) + 1;
    this.asked = this.wanted;
    this.studio.live.send({ seq: this.number, state: JSON.parse(this.wanted), beside: true });
  }

  async paint({ seq, blob }) {
    const asked = this.asked;
    if (seq !== this.number) return;
    const bitmap = await createImageBitmap(blob);
    this.shown = asked;
    [this.canvas.width, this.canvas.height] = [bitmap.width, bitmap.height];
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
  }

  // Rows of states, and what stands beside and below them.
  get plan() {
    const { state, sliders } = this.studio;
    const number = (input, least) => Math.min(12, Math.max(least, Number(input.value) || least));
    const across = even(Number(this.low.value), Number(this.high.value), number(this.columns, 2));
    const id = this.slider.value, count = number(this.rows, 1);
    const name = (id) => plain(sliders.find((slider) => slider.id === id)?.name ?? id);
    const row = (from, slider) => across.map((amount) => slid(from, slider, amount));
    const named = across.map((amount) => `${name(id)} ${signed(amount)}`);
    if (this.down.value === SEEDS[0]) {
      const seeds = Array.from({ length: count }, (_, i) => state.seed + i);
      const states = seeds.map((seed) => row({ ...state, seed, kept: null }, id));
      return { states, rows: seeds.map((seed) => `seed ${seed}`), columns: named };
    }
    if (this.down.value === SLIDERS[0]) {
      const ids = sliders.slice(0, count).map((slider) => slider.id);
      return { states: ids.map((each) => row(state, each)), rows: ids.map(name), columns: across.map(signed) };
    }
    const levels = even(Number(this.top.value), Number(this.bottom.value), count);
    const states = levels.map((amount) => row(slid(state, this.down.value, amount), id));
    return { states, rows: levels.map((amount) => `${name(this.down.value)} ${signed(amount)}`), columns: named };
  }

  draw(plan, file) {
    this.lay(plan);
    this.studio.start("grid", { ...plan, shown: this.studio.state, file });
    this.mine = true;
  }

  // A place for every picture, before there is any.
  lay({ states, rows, columns }) {
    const head = (scope) => (text) => Object.assign(document.createElement("th"), { textContent: text, scope });
    const line = (...cells) => {
      const row = document.createElement("tr");
      row.append(...cells);
      return row;
    };
    const [, height, width] = this.studio.model.size;
    this.cells = states.map((row, i) => row.map((state, j) => {
      const go = document.createElement("button");
      go.setAttribute("aria-label", `${rows[i]}, ${columns[j]}: go there`);
      go.style.aspectRatio = `${width} / ${height}`;
      go.onclick = () => this.go(go, state);
      return go;
    }));
    const cell = (button) => {
      const place = document.createElement("td");
      place.append(button);
      return place;
    };
    this.table.replaceChildren(
      line(document.createElement("td"), ...columns.map(head("col"))),
      ...this.cells.map((row, i) => line(head("row")(rows[i]), ...row.map(cell))),
    );
  }

  async put({ row, column, blob }) {
    const place = this.mine && this.cells?.[row]?.[column];
    if (!place) return;
    const picture = new Image();
    picture.alt = "";
    picture.src = URL.createObjectURL(blob);
    await picture.decode();
    URL.revokeObjectURL(picture.src);
    place.replaceChildren(picture);
    const all = this.cells.flat();
    this.studio.tell(`${all.filter((each) => each.firstChild).length} of ${all.length} pictures`);
  }

  go(place, state) {
    this.table.querySelector("[aria-pressed]")?.removeAttribute("aria-pressed");
    place.setAttribute("aria-pressed", "true");
    this.studio.change(state);
  }
}

customElements.define("lw-beside", Beside);
