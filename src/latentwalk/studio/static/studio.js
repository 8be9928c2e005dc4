// What every part of the page shares: one state, its history, the connection, and the job that runs.
//
// Events: "model" (what the server says of the model), "state" (it changed), "frame" (a picture of it), "job" (one began
// or ended), and every kind of message that a job tells, with its header, and with `blob` where a file came along.

import { History } from "./history.js";
import { Live } from "./live.js";

export const START = { seed: 0, mix: [], kept: null, edits: [], hold: [], label: null, truncation: 1, noise: "const" };

export class Studio extends EventTarget {
  constructor() {
    super();
    this.state = START;
    this.history = new History(this.state);
    this.looking = false; // at the picture without edits
    this.job = ""; // what runs
    this.model = null;
    this.sliders = []; // as the server describes them: those of this page, then the model's
    this.roots = new Map(); // of codes that are kept: the photograph's, where they began with one
    this.live = new Live();
    this.live.addEventListener("message", ({ detail }) => this.heard(detail));
  }

  on(kind, listen) {
    this.addEventListener(kind, ({ detail }) => listen(detail));
  }

  say(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  // Change parts of the state. final: nobody drags any more, so it can be undone and is drawn in full.
  change(part, final = true) {
    this.state = { ...this.state, ...part };
    if (final) this.history.keep(this.state);
    this.refresh(final);
  }

  refresh(final = true) {
    this.say("state", this.state);
    this.live.ask(this.looking ? { ...this.state, start: true } : this.state, final);
  }

  travel(there) {
    if (!there) return;
    this.state = there;
    this.refresh();
  }

  // Without sliders and walks: the photograph, or the seed.
  get root() {
    return this.roots.get(this.state.kept) ?? null;
  }

  look(without) {
    if (without === this.looking) return;
    this.looking = without;
    this.refresh();
  }

  start(job, details = {}) {
    this.ask(job, details);
    this.busy(job);
  }

  // A job that is done in a moment, beside the one that runs.
  ask(job, details = {}) {
    this.live.send({ job, ...details });
  }

  stop() {
    this.live.send({ stop: true });
    if (this.job === "invert") return this.tell("keeping the best so far …"); // it says itself what it ends with
    this.busy("");
    this.say("note", "stopped");
    this.refresh();
  }

  busy(job) {
    this.job = job;
    this.say("job", job);
  }

  // Another generator has other codes and classes; sliders of the same name mean the same.
  meet(model) {
    const other = this.model && this.model.fingerprint !== model.fingerprint;
    [this.model, this.sliders] = [model, model.sliders];
    if (!other) return;
    const { seed, edits, hold } = this.state;
    const there = new Set(model.sliders.map(({ id }) => id));
    this.state = { ...START, seed, edits: edits.filter(({ direction }) => there.has(direction)) };
    this.state.hold = hold.filter((name) => there.has(name));
    this.history = new History(this.state);
  }

  tell(text, wrong = false) {
    this.say("told", { text, wrong });
  }

  heard(message) {
    if (message.kind === "model") this.meet(message);
    if (message.kind === "sliders") {
      const others = this.sliders.filter(({ id }) => !message.sliders.some((each) => each.id === id));
      this.sliders = [...message.sliders, ...others];
    }
    if (message.kind === "ended") {
      const mine = message.job === this.job;
      if (mine) this.busy("");
      if (mine && message.stopped) this.say("note", "stopped"), this.refresh();
      if (message.error) this.tell(message.error, true);
    }
    if (message.kind === "refused") {
      if (message.seq === undefined) this.busy("");
      this.tell(message.error, true);
    }
    if (message.kind === "forgotten") this.tell("The code of this picture is not kept any more: undo, or choose a seed.", true);
    if (message.kind === "closed") {
      this.busy("");
      const stopped = "The studio has stopped. Start it again; this page goes on by itself.";
      const anew = "The studio was started again: open the address that it printed, and this page goes on.";
      this.tell(message.stranger ? anew : stopped, true);
    }
    if (message.kind === "file") save(message.blob, message.name);
    this.say(message.kind, message);
    if (message.kind === "model") this.refresh();
  }
}

// Give a file to whoever sits before the page.
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// "hair_length" as a person writes it.
export const plain = (name) => name.replaceAll("_", " ");
