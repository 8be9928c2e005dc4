// What can be taken away: the picture, strips and films of a slider, codes, directions, the lines that do the same, and
// the session.

import { fillSliders, rangeOf, round } from "./choices.js";

const WAY = ["way", "from before to now"];

export class Save extends HTMLElement {
  setup(studio) {
    this.studio = studio;
    this.innerHTML = `
      <h2>Picture</h2>
      <p class="quiet">A PNG that carries its recipe: drop it on this page, and everything is as it was.</p>
      <div class="row"><button data-do="picture">Save picture</button>
        <label class="field">Size <select data-is="scale"></select></label></div>
      <div class="row"><button data-do="code">Code</button><button data-do="moved">Directions as moved</button>
        <button data-do="sliders">All sliders</button></div>
      <h2>A slider, from low to high</h2>
      <div class="span"><label>Slider <select data-is="slider"></select></label>
        <label>from <input type="number" step="0.5" data-is="low"></label>
        <label>to <input type="number" step="0.5" data-is="high"></label>
        <label>pictures <input type="number" min="2" max="16" value="7" data-is="count"></label></div>
      <div class="row"><button data-do="strip">Strip</button><button data-do="gif">GIF</button><button data-do="mp4">MP4</button>
        <label><input type="checkbox" checked data-is="back"> there and back</label></div>
      <progress max="1" value="0" aria-label="How much of it is done"></progress>
      <h2>The same without the studio</h2>
      <div class="row"><button data-do="lines">Write the lines</button><span class="quiet" data-is="about"></span></div>
      <div class="row"><span class="grow">Python</span><button data-copy="python">Copy</button></div>
      <pre data-is="python" tabindex="0" role="region" aria-label="Lines of Python"></pre>
      <div class="row"><span class="grow">Command</span><button data-copy="command">Copy</button></div>
      <pre data-is="command" tabindex="0" role="region" aria-label="Command"></pre>
      <div class="row"><button data-do="start" disabled>start.safetensors</button><button data-do="files" disabled>directions.safetensors</button></div>
      <h2>Session</h2>
      <div class="row"><button data-do="session">Save session</button>
        <label class="field">Open <input type="file" accept=".json,.png" data-is="file"></label></div>`;
    for (const each of this.querySelectorAll("[data-is]")) this[each.dataset.is] = each;
    for (const each of this.querySelectorAll("[data-do]")) each.onclick = () => this[`do_${each.dataset.do}`]();
    for (const each of this.querySelectorAll("[data-copy]")) each.onclick = () => this.copy(each);
    this.bar = this.querySelector("progress");
    this.slider.onchange = () => this.reach();
    this.file.onchange = () => {
      if (this.file.files[0]) studio.say("receipt-dropped", this.file.files[0]);
      this.file.value = "";
    };
    studio.on("model", () => this.fill());
    studio.on("opened", (id) => id === "save" && this.fill());
    studio.on("progress", ({ job, what, done, total }) => job === "film" && this.progress(done / total, `${what}: ${done} of ${total}`));
    studio.on("job", (job) => job || this.progress(0));
    studio.on("lines", (said) => this.say(said));
    studio.on("state", () => this.stale());
    this.fill();
    return this;
  }

  get state() {
    return this.studio.state;
  }

  fill() {
    const [, height, width] = this.studio.model.size;
    const chosen = this.scale.value || "1";
    const scales = [1, 2, 4, 8, 16].filter((scale) => scale * Math.max(width, height) <= 8192);
    this.scale.replaceChildren(...scales.map((scale) => new Option(`${scale * width} × ${scale * height}`, scale)));
    this.scale.value = chosen;
    fillSliders(this.slider, this.studio, [WAY]);
  }

  // Low and high are those where the slider was seen to work.
  reach() {
    const way = this.slider.value === WAY[0];
    for (const input of [this.low, this.high]) input.disabled = way;
    if (!way) [this.low.value, this.high.value] = rangeOf(this.studio, this.slider.value).map(round);
  }

  progress(share, note) {
    this.bar.value = share;
    if (note) this.studio.tell(note);
  }

  do_picture() {
    this.studio.ask("save", { state: this.state, scale: Number(this.scale.value) });
  }

  do_code() {
    this.studio.ask("codes", { state: this.state });
  }

  do_start() {
    this.studio.ask("codes", { state: this.state, before: true });
  }

  do_moved() {
    this.studio.ask("directions", { state: this.state });
  }

  do_files() {
    this.do_moved();
  }

  do_sliders() {
    this.studio.ask("directions", { state: this.state, every: true });
  }

  do_lines() {
    this.studio.ask("lines", { state: this.state });
  }

  do_session() {
    this.studio.saveSession();
  }

  do_strip() {
    this.film("strip", { frames: Math.min(16, Math.max(2, Number(this.count.value) || 7)) });
  }

  do_gif() {
    this.film("gif", { back: this.back.checked });
  }

  do_mp4() {
    this.film("mp4", { back: this.back.checked });
  }

  film(kind, how) {
    const slider = this.slider.value;
    const along = slider === WAY[0] ? {} : { slider, low: Number(this.low.value), high: Number(this.high.value) };
    this.studio.start("film", this.enlarged({ state: this.state, kind, ...how, ...along }));
  }

  // The size that was chosen, once it is larger than the picture; else one that can be seen well.
  enlarged(asked) {
    return this.scale.value === "1" ? asked : { ...asked, scale: Number(this.scale.value) };
  }

  say({ python, command, files }) {
    this.python.textContent = python;
    this.command.textContent = command;
    this.written = JSON.stringify(this.state);
    this.about.textContent = files.length ? `They read ${files.join(" and ")}.` : "They need no file of yours.";
    this.querySelector("[data-do=start]").disabled = !files.includes("start.safetensors");
    this.querySelector("[data-do=files]").disabled = !files.includes("directions.safetensors");
    this.classList.remove("stale");
  }

  // The picture has changed since the lines were written.
  stale() {
    if (!this.written || this.written === JSON.stringify(this.state)) return this.classList.remove("stale");
    this.classList.add("stale");
  }

  async copy(button) {
    await navigator.clipboard.writeText(this[button.dataset.copy].textContent);
    this.studio.tell("copied");
  }
}

customElements.define("lw-save", Save);
