// A photograph: where its face is, which code draws it, and how it looks with another one.

const LANDMARKS = ["left eye", "right eye", "nose", "left corner of the mouth", "right corner of the mouth"];
const KINDS = "image/jpeg,image/png,image/webp,image/avif,image/tiff,image/gif,image/bmp";
const LARGEST = 20 * 2 ** 20;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MINE = ["find", "invert", "put-back"]; // jobs
const GONE = "the photograph is not kept any more";

export class Photo extends HTMLElement {
  setup(studio) {
    this.studio = studio;
    const style = document.createElement("link");
    [style.rel, style.href] = ["stylesheet", "/static/photo.css"];
    document.head.append(style);
    this.innerHTML = `
      <div class="zone"><label class="choose"><input type="file" accept="${KINDS}">
        <span class="button">Choose a photograph</span></label>
        <p class="quiet">or drop it anywhere on the page, or paste it. It stays in the memory of the studio: nothing of it is
        written to a disk.</p></div>
      <p class="said" role="status"></p>
      <div class="work" hidden>
        <div class="pair"><figure class="photograph"><div class="over"><div class="plane">
          <img alt="The photograph"><svg aria-hidden="true"><polygon></polygon></svg></div></div>
          <figcaption class="quiet"><button class="near" aria-pressed="false">Nearer</button><span></span></figcaption></figure>
          <div class="results">
            <figure><img class="crop" alt="The part of the photograph that the generator is to draw"><figcaption>Photograph</figcaption></figure>
            <figure><img class="drawn" alt="What the generator draws" hidden><div class="none"></div><figcaption>Generator
              <small class="near-by quiet"></small></figcaption></figure>
          </div></div>
        <div class="row"><button class="find">Find the code</button>
          <progress max="1" value="0" aria-label="How far it is" hidden></progress><span class="left quiet"></span></div>
        <fieldset><legend>How</legend>
          <label><input type="checkbox" class="likeness"> Follow the likeness of the face, too
            <small class="quiet">The same person sooner than the same pixels. Some ten times slower.</small></label>
          <label><input type="checkbox" class="tune"> Tune the generator on this photograph
            <small class="quiet">Its last layers learn what the code alone cannot draw: much nearer, while edits still
            work. Half a minute more at 64 pixels. The generator itself stays as it is.</small></label></fieldset>
        <section class="back" aria-label="Put back" hidden><h2>Put back</h2>
          <div class="row"><label class="field">Show <select><option value="change">only what the edits change</option>
            <option value="whole">the whole picture of the generator</option></select></label>
            <button class="put">Put back</button><button class="save">Save as PNG</button></div>
          <img alt="The photograph with the picture put back" hidden></section>
      </div>
      <p class="quiet small"></p>`;
    const $ = (selector) => this.querySelector(selector);
    this.$ = $;
    this.marks = LANDMARKS.map((name, number) => this.mark(name, number));
    $(".plane").append(...this.marks);
    $(".near").onclick = () => this.zoom($(".near").getAttribute("aria-pressed") !== "true");
    $("[type=file]").onchange = ({ target }) => target.files[0] && this.take(target.files[0]);
    $(".find").onclick = () => this.invert();
    $(".put").onclick = () => this.putBack(false);
    $(".save").onclick = () => this.putBack(true);
    $("select").onchange = () => this.shown && this.putBack(false);
    studio.on("photo-dropped", (file) => this.take(file));
    studio.on("photo", ({ blob, size }) => this.show(blob, size));
    studio.on("found", (found) => this.found(found));
    studio.on("step", (step) => step.total && this.step(step));
    studio.on("progress", ({ job, what, done, total }) => MINE.includes(job) && this.step({ note: what, done, total }));
    studio.on("inverted", (told) => this.inverted(told));
    studio.on("put-back", ({ blob }) => this.see($(".back img"), blob));
    studio.on("job", (job) => this.follow(job));
    studio.on("ended", ({ job, error }) => this.ended(job, error));
    studio.on("opened", () => this.again());
    studio.on("frame", () => this.again());
    studio.on("model", (model) => this.described(model));
    if (studio.model) this.described(studio.model);
    return this;
  }

  described({ name, size: [, height, width] }) {
    const small = Math.max(height, width) <= 128;
    this.$(".small").textContent = small
      ? `${name} draws ${width} × ${height} pixels: what comes out is small, and like the person rather than the person.`
      : "";
  }

  // 1. The file, to the server and back as it is seen.
  async take(file, again = false) {
    if (file.size > LARGEST) return this.say("the file has more than 20 MiB: make it smaller first", true);
    this.file = file;
    if (!again) this.say(`reading ${file.name || "the picture"} …`);
    const answer = await fetch("/photos", { method: "POST", body: file }).catch(() => null);
    if (this.file !== file) return; // another one was chosen meanwhile
    if (!answer) return this.say("the file was not taken: the studio has stopped, or the file is too large", true);
    const told = await answer.json().catch(() => ({ error: "the file was not taken" }));
    if (!answer.ok) return this.say(told.error, true);
    if (again && this.placed) this.placed = { ...this.placed, photo: told.id };
    this.find(again ? { ...this.place, photo: told.id } : { photo: told.id }, !again);
  }

  show(blob, size) {
    this.size = size;
    this.see(this.$(".photograph img"), blob);
    this.$(".over").style.aspectRatio = `${size[0]} / ${size[1]}`;
    this.$(".over").style.maxWidth = `${(26 * size[0]) / size[1]}rem`; // so that tall ones are not endless
    this.$("svg").setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    this.$(".work").hidden = false;
    for (const mark of this.marks) mark.hidden = true;
    this.$("polygon").setAttribute("points", "");
    this.$(".crop").hidden = true;
    this.boxes([]);
    this.fresh = true;
    this.forget();
  }

  // Near the face, or all of the photograph.
  zoom(near) {
    const [xs, ys] = [0, 1].map((axis) => this.corners.map((corner) => corner[axis]));
    const ends = [xs, ys].map((values) => [Math.min(...values), Math.max(...values)]);
    const most = 0.7 * Math.min(...ends.map(([low, high], axis) => this.size[axis] / (high - low)));
    const scale = near ? Math.max(1, most) : 1;
    const [left, top] = ends.map(([low, high], axis) => {
      const middle = (scale * (low + high)) / 2 / this.size[axis];
      return Math.min(scale - 1, Math.max(0, middle - 0.5));
    });
    const share = (value) => `${100 * value}%`;
    Object.assign(this.$(".plane").style, { width: share(scale), height: share(scale), left: share(-left), top: share(-top) });
    this.$(".near").setAttribute("aria-pressed", near);
    this.$(".near").disabled = most < 1.2;
  }

  // 2. The face. One question at a time: what is dragged meanwhile is asked when the answer is there.
  find(place, show = false) {
    if (this.asking) return void (this.next = [place, show]);
    if (this.studio.job) this.studio.busy(""); // a newer job ends it
    this.asking = true;
    if (show) this.$(".find").disabled = true; // until it is known where the face is
    this.studio.live.send({ job: "find", ...place, show });
  }

  found({ blob, faces = [], face, landmarks, corners, note, place }) {
    if (this.next) return; // it has moved on
    this.place = place;
    this.$(".find").disabled = false;
    this.see(this.$(".crop"), blob);
    this.$("polygon").setAttribute("points", corners.map((corner) => corner.join()).join(" "));
    [this.landmarks, this.corners] = [landmarks, corners];
    if (faces.length) this.boxes(faces, face);
    if (this.fresh) this.zoom(faces.length === 1 || (face > 0 && this.chosen));
    this.fresh = this.chosen = false;
    for (const mark of this.marks) mark.hidden = !landmarks;
    if (landmarks && this.dragged === undefined) landmarks.forEach((_, number) => this.put(number));
    this.$("figcaption span").textContent = landmarks ? "Points can be dragged, or moved with the arrow keys." : "";
    this.say(note);
  }

  boxes(faces, face) {
    for (const old of this.querySelectorAll(".face")) old.remove();
    if (faces.length < 2) return;
    const buttons = faces.map(([x, y, width, height], number) => {
      const button = document.createElement("button");
      button.className = "face";
      button.setAttribute("aria-label", `Face ${number + 1} of ${faces.length}`);
      button.setAttribute("aria-pressed", number + 1 === face);
      const [across, down] = this.size;
      Object.assign(button.style, {
        left: `${(100 * x) / across}%`, top: `${(100 * y) / down}%`,
        width: `${(100 * width) / across}%`, height: `${(100 * height) / down}%`,
      });
      button.onclick = () => {
        this.fresh = this.chosen = true;
        this.moved({ photo: this.place.photo, face: number + 1 });
      };
      return button;
    });
    this.$("svg").after(...buttons);
  }

  // A landmark: a button that is dragged, or moved with the arrow keys.
  mark(name, number) {
    const mark = document.createElement("button");
    mark.className = "mark";
    mark.hidden = true;
    mark.title = name;
    const drag = ({ clientX, clientY }) => {
      const box = this.$(".plane").getBoundingClientRect();
      this.set(number, ((clientX - box.left) / box.width) * this.size[0], ((clientY - box.top) / box.height) * this.size[1]);
    };
    mark.onpointerdown = (event) => {
      mark.setPointerCapture(event.pointerId);
      this.dragged = number;
    };
    mark.onpointermove = (event) => this.dragged === number && drag(event);
    mark.onpointerup = mark.onpointercancel = () => (this.dragged = undefined);
    mark.onkeydown = (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      const step = ((event.shiftKey ? 10 : 1) * Math.max(...this.size)) / 500;
      const [x, y] = ARROWS[event.key];
      this.set(number, this.landmarks[number][0] + x * step, this.landmarks[number][1] + y * step);
    };
    return mark;
  }

  set(number, x, y) {
    const inside = (value, most) => Math.min(most, Math.max(0, value));
    this.landmarks = this.landmarks.with(number, [inside(x, this.size[0]), inside(y, this.size[1])]);
    this.put(number);
    this.moved({ photo: this.place.photo, landmarks: this.landmarks });
  }

  put(number) {
    const [x, y] = this.landmarks[number];
    this.marks[number].style.left = `${(100 * x) / this.size[0]}%`;
    this.marks[number].style.top = `${(100 * y) / this.size[1]}%`;
    this.marks[number].setAttribute("aria-label", `${LANDMARKS[number]}: ${Math.round(x)}, ${Math.round(y)}`);
  }

  moved(place) {
    this.forget();
    this.find(place);
  }

  // 3. The code.
  invert() {
    this.forget();
    this.asked = () => this.invert();
    const how = { likeness: this.$(".likeness").checked, tune: this.$(".tune").checked };
    this.studio.start("invert", { ...this.place, ...how });
  }

  step({ note, done, total, left }) {
    this.$("progress").value = done / total;
    this.$(".left").textContent = left && done > 9 ? `at most ${Math.ceil(left)} s` : "";
    this.say(note);
  }

  inverted({ id, blob, psnr, untuned, identity, same, seconds, stopped }) {
    this.see(this.$(".drawn"), blob);
    this.$(".none").hidden = true;
    const { studio } = this;
    studio.roots.set(id, id);
    studio.change({ kept: id, edits: [] });
    const before = untuned === null ? "" : ` (untuned ${untuned.toFixed(1)})`;
    const face = identity === null ? "" : `, likeness of the face ${identity.toFixed(2)}`;
    this.$(".near-by").textContent = `${psnr.toFixed(1)} dB${before}${face}`;
    const who = identity === null ? "" : ` From a likeness of ${same.toFixed(2)} on, two faces count as one person.`;
    const how = stopped ? `Stopped after ${seconds.toFixed(1)} s, with the best so far` : `Found in ${seconds.toFixed(1)} s`;
    this.say(`${how}: the sliders move this face now.${who}`);
    this.$(".back").hidden = false;
    this.placed = this.place; // what the code is of
  }

  // 4. Back into the photograph, again whenever the picture is another one.
  again() {
    const free = ["", "put-back"].includes(this.studio.job) && !this.saving;
    if (this.shown && free && this.offsetParent) this.putBack(false);
  }

  putBack(save) {
    this.shown = this.shown || !save;
    this.saving = save;
    this.asked = () => this.putBack(save);
    const change = this.$("select").value === "change";
    this.studio.start("put-back", { ...this.placed, state: this.studio.state, change, save });
  }

  forget() {
    this.$(".drawn").hidden = this.$(".back").hidden = this.$(".back img").hidden = true;
    this.$(".none").hidden = false;
    this.$(".near-by").textContent = "";
    this.shown = false;
  }

  follow(job) {
    if (job) this.asking = false; // it has ended what was asked
    if (this.running === "invert" && !job && this.$(".drawn").hidden) this.say(""); // stopped
    this.running = job;
    if (!job) this.saving = false;
    this.$("progress").hidden = job !== "invert";
    this.$(".left").textContent = "";
    this.$("progress").value = 0;
    for (const button of this.querySelectorAll(".find, .put, .save")) button.disabled = Boolean(job);
  }

  ended(job, error) {
    if (job === "find") {
      this.asking = false;
      const { next } = this;
      this.next = null;
      if (next) return this.find(...next);
      this.resume?.();
      this.resume = null;
    }
    if (!error || !MINE.includes(job)) return;
    if (error.startsWith(GONE) && this.file) {
      this.resume = job === "find" ? null : this.asked; // another server: it gets the file again
      this.take(this.file, true);
    } else this.say(error, true);
  }

  see(img, blob) {
    URL.revokeObjectURL(img.src);
    img.src = URL.createObjectURL(blob);
    img.hidden = false;
  }

  say(text, wrong = false) {
    const said = this.$(".said");
    if (said.textContent !== text) said.textContent = text;
    said.classList.toggle("wrong", wrong);
  }
}

customElements.define("lw-photo", Photo);
