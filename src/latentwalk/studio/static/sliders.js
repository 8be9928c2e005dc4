// The sliders: those of the model, and those that were found or taught on this page, which keeps them.

import { Ends } from "./ends.js";
import { Kept } from "./session.js";
import "./slider.js";

const FAVOURITES = "Favourites";
const HEADINGS = { fewshot: "Taught by you" };

export class Sliders extends HTMLElement {
  setup(studio) {
    this.studio = studio;
    this.innerHTML = `<div class="row"><label class="field grow">Find
      <input type="search" placeholder="glasses, smile …"></label></div><div class="list"></div><p class="none quiet" hidden>No slider is called so.</p>`;
    this.list = this.querySelector(".list");
    this.find = this.querySelector("input");
    this.find.oninput = () => this.filter();
    this.sliders = new Map();
    this.ends = new Ends(studio, () => this.sliders);
    this.addEventListener("moved", ({ detail }) => this.move(detail));
    this.addEventListener("wish", ({ detail }) => this[detail.what](detail));
    studio.on("model", (model) => this.begin(model));
    studio.on("state", (state) => this.follow(state));
    studio.on("sliders", ({ sliders }) => this.join(sliders));
    studio.on("renamed", ({ id, name }) => this.sliders.get(id)?.call(name));
    if (studio.model) this.begin(studio.model);
    return this;
  }

  // A model, also the same one of a server that was started again: it is told of the sliders that it cannot know.
  begin(model) {
    const { studio } = this;
    this.ends.forget();
    this.liked = new Kept(localStorage, "favourites", model);
    this.names = new Kept(localStorage, "nicknames", model);
    this.kept = new Kept(sessionStorage, "sliders", model);
    const kept = this.kept.read([]);
    for (const written of kept) {
      studio.live.found.set(written.slider, written);
      studio.live.send({ bring: written });
    }
    const known = new Set([...model.sliders.map(({ id }) => id), ...kept.map(({ slider }) => slider)]);
    const edits = studio.state.edits.filter(({ direction }) => known.has(direction));
    if (edits.length < studio.state.edits.length) studio.state = { ...studio.state, edits };
    this.sliders = new Map(model.sliders.map((each) => [each.id, this.make(each)]));
    this.arrange();
  }

  make(described) {
    const slider = document.createElement("lw-slider").setup(described);
    const name = described.fixed && this.names.read({})[described.id];
    if (name) slider.call(name);
    return slider;
  }

  // Sliders that were found, taught or brought: they stand first.
  join(described) {
    const { live } = this.studio;
    const own = described.map((each) => [each.id, this.make(each)]);
    const before = [...this.sliders].filter(([id]) => !own.some(([other]) => other === id));
    const place = before.findLastIndex(([, slider]) => slider.described.own) + 1;
    this.sliders = new Map(before.toSpliced(place, 0, ...own));
    const kept = this.kept.read([]).filter(({ slider }) => !described.some(({ id }) => id === slider));
    for (const { id, found } of described) {
      live.found.set(id, found);
      this.ends.shown.delete(id);
    }
    if (!this.kept.write([...kept, ...described.map(({ found }) => found)])) {
      this.studio.tell("The browser keeps no more sliders: save them as a file", true);
    }
    this.arrange();
  }

  // Under headings, favourites first.
  arrange() {
    const liked = this.liked.read([]);
    const groups = new Map([[FAVOURITES, []]]);
    for (const [id, slider] of this.sliders) {
      const { own, group } = slider.described;
      const heading = liked.includes(id) ? FAVOURITES : own ? (HEADINGS[group] ?? `Found by ${group}`) : group;
      slider.star(liked.includes(id));
      groups.set(heading, [...(groups.get(heading) ?? []), slider]);
    }
    const focused = this.contains(document.activeElement) ? document.activeElement : null;
    const full = [...groups].filter(([, sliders]) => sliders.length);
    this.list.replaceChildren(...full.map(([heading, sliders]) => this.group(heading, sliders, full.length > 1)));
    if (focused?.isConnected) focused.focus();
    this.ends.arrange();
    this.filter();
    this.follow(this.studio.state);
  }

  group(heading, sliders, named) {
    const section = document.createElement("section");
    const title = Object.assign(document.createElement("h3"), { textContent: heading, hidden: !named });
    section.setAttribute("aria-label", heading);
    section.append(title, ...sliders);
    if (sliders.length > 1 && sliders.every(({ described }) => described.own)) {
      const button = Object.assign(document.createElement("button"), { textContent: "Save all as a file" });
      button.onclick = () => this.give(sliders, sliders[0].described.group);
      title.append(button);
    }
    return section;
  }

  follow({ edits }) {
    const moved = new Map(edits.map((edit) => [edit.direction, edit]));
    for (const [id, slider] of this.sliders) {
      const { amount = 0, layers = null } = moved.get(id) ?? {};
      const same = JSON.stringify(slider.layers?.chosen ?? null) === JSON.stringify(layers);
      if (slider.amount !== amount || (amount && !same)) slider.show(amount, layers);
    }
  }

  move({ id, amount, layers, final }) {
    const { edits } = this.studio.state;
    const others = edits.filter((edit) => edit.direction !== id);
    const here = edits.findIndex((edit) => edit.direction === id);
    const place = here < 0 ? others.length : here;
    const edit = layers ? { direction: id, amount, layers } : { direction: id, amount };
    this.studio.change({ edits: amount ? others.toSpliced(place, 0, edit) : others }, final);
  }

  favourite({ id }) {
    const liked = this.liked.read([]);
    this.liked.write(liked.includes(id) ? liked.filter((other) => other !== id) : [...liked, id]);
    this.arrange();
    this.sliders.get(id).querySelector(".star").focus();
  }

  // A file that comes with the package stays as it is, so its nicknames stay in the browser.
  rename({ id, name }) {
    const slider = this.sliders.get(id);
    if (!slider.described.fixed) return this.studio.live.send({ rename: id, name });
    this.names.write({ ...this.names.read({}), [id]: name });
    slider.call(name);
  }

  remove({ id }) {
    const edits = this.studio.state.edits.filter(({ direction }) => direction !== id);
    this.kept.write(this.kept.read([]).filter(({ slider }) => slider !== id));
    this.sliders.delete(id);
    this.studio.sliders = this.studio.sliders.filter((each) => each.id !== id);
    this.arrange();
    if (edits.length < this.studio.state.edits.length) this.studio.change({ edits });
  }

  save({ id }) {
    const slider = this.sliders.get(id);
    this.give([slider], slider.name);
  }

  give(sliders, name) {
    const save = sliders.map(({ id_ }) => id_);
    this.studio.live.send({ save, name: name.replaceAll(/[^A-Za-z0-9_-]+/g, "_").slice(0, 60) || "directions" });
  }

  filter() {
    const words = this.find.value.toLowerCase().split(/\s+/);
    for (const slider of this.sliders.values()) {
      const names = `${slider.name} ${slider.described.name.replaceAll("_", " ")}`.toLowerCase(); // nicknamed, and as it was
      slider.hidden = !words.every((word) => names.includes(word));
    }
    for (const section of this.list.children) section.hidden = !section.querySelector("lw-slider:not([hidden])");
    this.querySelector(".none").hidden = [...this.list.children].some((section) => !section.hidden);
    this.ends.later();
  }
}

customElements.define("lw-sliders", Sliders);
