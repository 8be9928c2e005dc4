// One direction: a range with a number box. Double-click, or Delete on the range, is 0.

export class Slider extends HTMLElement {
  setup({ id, name, range }) {
    this.id_ = id;
    this.reach = Math.max(4, Math.ceil(Math.max(-range[0], range[1]) * 1.5));
    const [low, high] = range.map((value) => (100 * (value + this.reach)) / (2 * this.reach));
    this.innerHTML = `<label></label>
      <div class="track"><div class="usual"></div><input type="range" step="0.05"></div>
      <input type="number" step="0.1">`;
    this.range = this.querySelector("[type=range]");
    this.number = this.querySelector("[type=number]");
    const label = this.querySelector("label");
    label.textContent = name;
    label.htmlFor = this.range.id = `slider-${id}`;
    this.number.setAttribute("aria-label", `${name}, in standard deviations`);
    for (const input of [this.range, this.number]) [input.min, input.max, input.value] = [-this.reach, this.reach, 0];
    const usual = this.querySelector(".usual");
    usual.style.left = `${Math.max(0, low)}%`;
    usual.style.right = `${Math.max(0, 100 - high)}%`;
    this.title = `seen to work from ${range[0].toFixed(1)} to ${range[1].toFixed(1)} standard deviations`;
    this.range.oninput = () => this.move(this.range.value, false);
    this.range.onchange = () => this.move(this.range.value, true);
    this.number.onchange = () => this.move(this.number.value, true);
    this.range.ondblclick = () => this.move(0, true);
    this.range.addEventListener("keydown", ({ key }) => key === "Delete" && this.move(0, true));
    return this;
  }

  get amount() {
    return Number(this.range.value);
  }

  show(amount) {
    this.range.value = amount;
    this.number.value = Math.round(100 * amount) / 100;
    this.classList.toggle("moved", amount !== 0);
  }

  move(amount, final) {
    this.show(Number(amount) || 0);
    this.dispatchEvent(new CustomEvent("moved", { detail: { id: this.id_, amount: this.amount, final }, bubbles: true }));
  }
}

customElements.define("lw-slider", Slider);
