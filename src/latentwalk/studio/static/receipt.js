// What changed: a bar for every attribute, with a line where it was. A bar can be sent to where it should be.

import { plain } from "./studio.js";

const SEEN = 0.1; // change of a probability that gets a colour

export class Receipt {
  constructor(element, attributes, { hold, walk }) {
    this.rows = Object.fromEntries(
      attributes.map((name) => {
        const row = document.createElement("div");
        row.className = "bar";
        row.innerHTML = `<span class="name"></span><div class="rail"><div class="fill"></div><div class="mark"></div></div>
          <output></output><button class="walk"></button><button class="hold" aria-pressed="false">hold</button>`;
        row.querySelector(".name").textContent = plain(name);
        const [go, keep] = row.querySelectorAll("button");
        go.onclick = () => walk(name, this.now[name] < 0.5 ? 0.995 : 0.1);
        keep.setAttribute("aria-label", `hold ${plain(name)}`);
        keep.onclick = () => hold(name);
        element.append(row);
        return [name, row];
      }),
    );
  }

  show(before, after, held) {
    this.now = after;
    for (const [name, row] of Object.entries(this.rows)) {
      const change = after[name] - before[name];
      row.classList.toggle("more", change > SEEN);
      row.classList.toggle("less", change < -SEEN);
      row.querySelector(".fill").style.width = `${100 * after[name]}%`;
      row.querySelector(".mark").style.transform = `translateX(${100 * before[name]}%)`;
      row.querySelector("output").textContent = `${Math.round(100 * after[name])}%`;
      const go = row.querySelector(".walk");
      go.textContent = after[name] < 0.5 ? "add" : "remove";
      go.setAttribute("aria-label", `${go.textContent} ${plain(name)}`);
      row.querySelector(".hold").setAttribute("aria-pressed", held.includes(name));
    }
  }
}
