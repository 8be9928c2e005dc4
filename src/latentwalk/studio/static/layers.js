// Which layers a slider moves: named groups, and a range with two thumbs. Half-open, as everywhere; null is all.

export class Layers extends HTMLElement {
  setup(slider) {
    const { described, id_ } = slider;
    this.slider = slider;
    this.count = described.layers;
    this.usual = described.moves;
    const coarse = Math.min(4, Math.ceil(this.count / 3));
    const middle = Math.min(this.count - 1, 2 * coarse);
    this.groups = { all: [0, this.count], coarse: [0, coarse], middle: [coarse, middle], fine: [middle, this.count] };
    this.innerHTML = `<button class="disclose" aria-expanded="false"></button>
      <div class="chosen" hidden><div class="groups" role="group" aria-label="Layers"></div>
      <div class="two"><div class="groove"><div class="fill"></div></div>
      <input type="range"><input type="range"></div></div>`;
    this.button = this.querySelector(".disclose");
    this.panel = this.querySelector(".chosen");
    this.panel.id = `layers-${id_}`;
    this.button.setAttribute("aria-controls", this.panel.id);
    this.button.onclick = () => this.open(this.panel.hidden);
    for (const name of Object.keys(this.groups)) {
      const button = Object.assign(document.createElement("button"), { textContent: name });
      button.onclick = () => this.choose(this.groups[name], true);
      this.querySelector(".groups").append(button);
    }
    this.thumbs = [...this.querySelectorAll("[type=range]")];
    for (const thumb of this.thumbs) {
      const end = thumb === this.thumbs[0] ? "First" : "Last";
      thumb.setAttribute("aria-label", `${end} layer of ${described.name.replaceAll("_", " ")}`);
      [thumb.min, thumb.max] = [0, this.count - 1];
      thumb.oninput = () => this.drag(thumb, false);
      thumb.onchange = () => this.drag(thumb, true);
    }
    this.show(null);
    return this;
  }

  open(open) {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", open);
    if (open) this.thumbs[0].focus();
  }

  // Neither thumb goes past the other: it takes it along.
  drag(moved, final) {
    const [first, last] = this.thumbs;
    if (Number(first.value) > Number(last.value)) (moved === first ? last : first).value = moved.value;
    this.choose([Number(first.value), Number(last.value) + 1], final);
  }

  choose(range, final) {
    this.show(range);
    if (this.slider.amount) this.slider.move(this.slider.amount, final);
  }

  show(range) {
    const [start, end] = range ?? this.usual ?? this.groups.all;
    const same = ([from, to]) => from === start && to === end;
    this.chosen = same(this.usual ?? this.groups.all) ? null : [start, end];
    [this.thumbs[0].value, this.thumbs[1].value] = [start, end - 1];
    const place = (layer) => (100 * layer) / (this.count - 1);
    const fill = this.querySelector(".fill").style;
    [fill.left, fill.right] = [`${place(start)}%`, `${100 - place(end - 1)}%`];
    const names = Object.keys(this.groups);
    const name = names.find((each) => same(this.groups[each]));
    [...this.querySelector(".groups").children].forEach((button, i) => button.setAttribute("aria-pressed", names[i] === name));
    const numbers = end - start === 1 ? start : `${start} to ${end - 1}`;
    const called = name ? `${name},` : end - start === 1 ? "layer" : "layers";
    this.button.textContent = name === "all" ? "all layers" : `${called} ${numbers}`;
  }
}

customElements.define("lw-layers", Layers);
