// The sliders of the model: what moves the code.

import "./slider.js";

export class Sliders extends HTMLElement {
  setup(studio) {
    this.studio = studio;
    this.innerHTML = `<div class="row"><label class="field grow">Find
      <input type="search" placeholder="glasses, smile …"></label></div><div class="list"></div>`;
    this.list = this.querySelector(".list");
    this.find = this.querySelector("input");
    this.find.oninput = () => this.filter();
    this.sliders = new Map();
    this.addEventListener("moved", ({ detail }) => this.move(detail));
    studio.on("model", (model) => this.fill(model.sliders));
    studio.on("state", (state) => this.follow(state));
    if (studio.model) this.fill(studio.model.sliders);
    return this;
  }

  fill(described) {
    this.sliders = new Map(described.map((each) => [each.id, document.createElement("lw-slider").setup(each)]));
    this.list.replaceChildren(...this.sliders.values());
    this.filter();
    this.follow(this.studio.state);
  }

  follow({ edits }) {
    const moved = new Map(edits.map(({ direction, amount }) => [direction, amount]));
    for (const [id, slider] of this.sliders) if (slider.amount !== (moved.get(id) ?? 0)) slider.show(moved.get(id) ?? 0);
  }

  move({ id, amount, final }) {
    const { edits } = this.studio.state;
    const others = edits.filter((edit) => edit.direction !== id);
    const here = edits.findIndex((edit) => edit.direction === id);
    const place = here < 0 ? others.length : here;
    this.studio.change({ edits: amount ? others.toSpliced(place, 0, { direction: id, amount }) : others }, final);
  }

  filter() {
    const words = this.find.value.toLowerCase().split(/\s+/);
    for (const slider of this.sliders.values()) {
      const text = slider.textContent.toLowerCase();
      slider.hidden = !words.every((word) => text.includes(word));
    }
  }
}

customElements.define("lw-sliders", Sliders);
