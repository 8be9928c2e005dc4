// Where codes come from: seeds on a sheet that can be dragged through, faces that are pinned, and how they are drawn.

import "./options.js";
import "./pins.js";
import "./sheet.js";

export class Seeds extends HTMLElement {
  setup(studio) {
    const style = document.createElement("link");
    [style.rel, style.href] = ["stylesheet", "/static/seeds.css"];
    const parts = ["lw-options", "lw-sheet", "lw-pins"].map((name) => document.createElement(name).setup(studio));
    this.append(style, ...parts);
    return this;
  }
}

customElements.define("lw-seeds", Seeds);
