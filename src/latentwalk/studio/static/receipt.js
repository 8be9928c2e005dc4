// What changed: a bar for every attribute, with a line where it was.

const SEEN = 0.1; // change of a probability that gets a colour

export class Receipt {
  constructor(element, attributes, hold) {
    this.rows = Object.fromEntries(
      attributes.map((name) => {
        const row = document.createElement("div");
        row.className = "bar";
        row.innerHTML = `<span class="name"></span><div class="rail"><div class="fill"></div><div class="mark"></div></div>
          <output></output><button aria-pressed="false">hold</button>`;
        row.querySelector(".name").textContent = name.replaceAll("_", " ");
        const button = row.querySelector("button");
        button.setAttribute("aria-label", `hold ${name}`);
        button.onclick = () => hold(name);
        element.append(row);
        return [name, row];
      }),
    );
  }

  show(before, after, held) {
    for (const [name, row] of Object.entries(this.rows)) {
      const change = after[name] - before[name];
      row.classList.toggle("more", change > SEEN);
      row.classList.toggle("less", change < -SEEN);
      row.querySelector(".fill").style.width = `${100 * after[name]}%`;
      row.querySelector(".mark").style.left = `calc(${100 * before[name]}% - 1px)`;
      row.querySelector("output").textContent = `${Math.round(100 * after[name])}%`;
      row.querySelector("button").setAttribute("aria-pressed", held.includes(name));
    }
  }
}
