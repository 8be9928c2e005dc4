// A sheet of seeds, which is a plane: a click goes to a seed, a drag to any place between seeds. A slider can be tried
// on all of them at once.

const [COLUMNS, ROWS] = [6, 4];
const COUNT = COLUMNS * ROWS;
const PATIENCE = 1000; // milliseconds after which a slow sheet gives way to a newer one
const LEAST = 4; // pixels from which on a press is a drag
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value, most) => Math.min(most, Math.max(0, value));

export class Sheet extends HTMLElement {
  setup(studio) {
    Object.assign(this, { studio, first: 0, drawn: "", running: "" });
    this.innerHTML = `<div class="row"><h2></h2><span class="grow"></span>
      <button class="before" aria-label="Seeds before these">&#x2190;</button><button class="after" aria-label="Seeds after these">&#x2192;</button>
      <button class="any">Other seeds</button></div>
      <div class="plane" role="group" aria-label="Seeds: click one, or drag between them"></div>
      <p class="quiet">Click a face, or drag across: between faces lie mixtures. By keyboard: arrows, Enter, and Shift with arrows to move between.</p>
      <div class="row try"><label class="field"><input type="checkbox" checked> With my sliders</label>
      <select aria-label="Slider to try on all"></select>
      <span class="field grow"><input type="range" min="-6" max="6" step="0.1" class="grow" aria-label="Strength, in standard deviations"><output></output></span></div>`;
    this.plane = this.querySelector(".plane");
    this.spot = document.createElement("div");
    this.spot.className = "spot";
    this.cells = Array.from({ length: COUNT }, (_, place) => this.cell(place));
    this.plane.append(...this.cells, this.spot);
    [this.edited, this.strength] = this.querySelectorAll(".try input");
    this.choice = this.querySelector("select");
    this.drags();
    const turn = (to) => this.show(to);
    this.querySelector(".before").onclick = () => turn(Math.max(0, this.first - COUNT));
    this.querySelector(".after").onclick = () => turn(this.first + COUNT);
    this.querySelector(".any").onclick = () => turn(Math.floor(Math.random() * 1e6));
    this.edited.onchange = () => this.draw();
    this.choice.onchange = () => this.follow(studio.state);
    this.strength.oninput = () => this.slide(false);
    this.strength.onchange = () => this.slide(true);
    studio.on("state", (state) => this.follow(state));
    studio.on("sheet", (strip) => this.fill(strip));
    studio.on("ended", ({ job, error }) => {
      if (job === "sheet") this.drawn = this.running;
      this.running = "";
      this.draw();
    });
    studio.on("job", (job) => {
      if (job) this.running = ""; // another one ended it
      this.draw();
    });
    studio.on("closed", () => (this.running = ""));
    studio.on("opened", () => (this.offer(), this.follow(studio.state)));
    studio.on("model", () => this.meet());
    this.meet();
    return this;
  }

  meet() {
    const [, height, width] = this.studio.model?.size ?? [3, 1, 1];
    this.plane.style.aspectRatio = `${COLUMNS * width} / ${ROWS * height}`;
    this.offer();
    [this.drawn, this.running] = ["", ""];
    this.show(this.first);
  }

  offer() {
    const { sliders } = this.studio;
    const chosen = this.choice.value;
    this.choice.replaceChildren(...sliders.map(({ id, name }) => new Option(name.replaceAll("_", " "), id)));
    this.choice.value = sliders.some(({ id }) => id === chosen) ? chosen : (sliders[0]?.id ?? "");
    this.querySelector(".try").hidden = !sliders.length;
  }

  cell(place) {
    const cell = document.createElement("button");
    cell.append(document.createElement("canvas"));
    cell.tabIndex = place ? -1 : 0;
    cell.onclick = ({ detail }) => detail || this.go(place % COLUMNS, Math.floor(place / COLUMNS), true); // by key
    cell.onkeydown = (event) => {
      const way = WAYS[event.key];
      if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const [x, y] = event.shiftKey ? (this.at ?? this.place(place)) : this.place(place);
      const step = event.shiftKey ? 0.1 : 1;
      const [to, down] = [within(x + step * way[0], COLUMNS - 1), within(y + step * way[1], ROWS - 1)];
      if (event.shiftKey) return this.go(to, down, true);
      this.cells[place].tabIndex = -1;
      const next = this.cells[down * COLUMNS + to];
      next.tabIndex = 0;
      next.focus();
    };
    return cell;
  }

  place(index) {
    return [index % COLUMNS, Math.floor(index / COLUMNS)];
  }

  drags() {
    let from = null;
    const move = (event, final) => {
      const box = this.plane.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * COLUMNS - 0.5;
      const y = ((event.clientY - box.top) / box.height) * ROWS - 0.5;
      const whole = from.far ? (value) => value : Math.round;
      this.go(whole(within(x, COLUMNS - 1)), whole(within(y, ROWS - 1)), final);
    };
    this.plane.onpointerdown = (event) => {
      if (event.button) return;
      from = { x: event.clientX, y: event.clientY, far: false };
      this.plane.setPointerCapture(event.pointerId);
    };
    this.plane.onpointermove = (event) => {
      if (!from) return;
      from.far ||= Math.hypot(event.clientX - from.x, event.clientY - from.y) > LEAST;
      if (from.far) move(event, false);
    };
    this.plane.onpointerup = (event) => {
      if (from) move(event, true);
      from = null;
    };
    this.plane.onpointercancel = () => (from = null);
  }

  // To a place of the plane: a seed, or what the four around it are mixed to.
  go(x, y, final) {
    const [left, top] = [Math.min(Math.floor(x), COLUMNS - 2), Math.min(Math.floor(y), ROWS - 2)];
    const [right, down] = [x - left, y - top];
    const mix = [0, 1, 2, 3].map((corner) => ({
      seed: this.first + (top + (corner >> 1)) * COLUMNS + left + (corner & 1),
      weight: Math.round(1e4 * (corner & 1 ? right : 1 - right) * (corner >> 1 ? down : 1 - down)) / 1e4,
    })).filter(({ weight }) => weight > 0);
    const nearest = mix.reduce((a, b) => (b.weight > a.weight ? b : a));
    this.studio.change({ seed: nearest.seed, mix: mix.length > 1 ? mix : [], kept: null }, final);
  }

  show(first) {
    this.first = first;
    this.querySelector("h2").textContent = `Seeds ${first} to ${first + COUNT - 1}`;
    this.querySelector(".before").disabled = !first;
    this.cells.forEach((cell, place) => cell.setAttribute("aria-label", `Seed ${first + place}`));
    this.follow(this.studio.state);
  }

  // Where the state is on the plane, and how strong the slider is that is tried.
  follow({ seed, mix, kept, edits }) {
    const parts = kept ? [] : mix.length ? mix : [{ seed, weight: 1 }];
    const here = parts.length && parts.every((part) => !part.kept && part.seed >= this.first && part.seed < this.first + COUNT);
    this.at = here ? [0, 1].map((axis) => parts.reduce((sum, part) => sum + part.weight * this.place(part.seed - this.first)[axis], 0)) : null;
    this.spot.hidden = !here;
    if (here) this.spot.style.translate = `${(100 * (this.at[0] + 0.5)) / COLUMNS}% ${(100 * (this.at[1] + 0.5)) / ROWS}%`;
    const amount = edits.find(({ direction }) => direction === this.choice.value)?.amount ?? 0;
    this.strength.value = amount;
    this.querySelector("output").textContent = `${amount.toFixed(1)} σ`;
    this.draw();
  }

  slide(final) {
    const [direction, amount] = [this.choice.value, Number(this.strength.value)];
    const { edits } = this.studio.state;
    const old = edits.find((edit) => edit.direction === direction);
    const now = old ? edits.map((edit) => (edit === old ? { ...old, amount } : edit)) : [...edits, { direction, amount }];
    this.edited.checked = true;
    this.studio.change({ edits: now.filter((edit) => edit.amount) }, final);
  }

  // Ask for the pictures, unless they are there, nobody sees them, or something else is being done.
  draw() {
    const { studio } = this;
    if (!this.isConnected || studio.job || !studio.model) return;
    if (this.closest("[hidden]")) {
      if (this.running) studio.live.send({ stop: true });
      this.running = "";
      return;
    }
    if (this.running && performance.now() - this.begun < PATIENCE) return; // it is drawn again when it is there
    const state = { ...studio.state, seed: 0, mix: [], kept: null, ...(this.edited.checked ? {} : { edits: [], hold: [] }) };
    const seeds = this.cells.map((_, place) => this.first + place);
    const wanted = JSON.stringify([seeds, state]);
    if (wanted === this.drawn || wanted === this.running) return;
    [this.running, this.begun] = [wanted, performance.now()];
    studio.live.send({ job: "sheet", seeds, state });
  }

  async fill({ blob, first, count }) {
    if (JSON.parse(this.running || "[[-1]]")[0][0] !== this.first) return; // of the page before
    const strip = await createImageBitmap(blob);
    const width = strip.width / count;
    for (let i = 0; i < count; i += 1) {
      const canvas = this.cells[first + i]?.firstChild;
      if (!canvas) continue;
      [canvas.width, canvas.height] = [width, strip.height];
      canvas.getContext("2d").drawImage(strip, i * width, 0, width, strip.height, 0, 0, width, strip.height);
    }
    strip.close();
  }
}

customElements.define("lw-sheet", Sheet);
