// Small pictures of where sliders lead to: asked for one slider at a time, while nobody drags and nothing else is done.

const CALM = 350; // milliseconds without a new picture
const DEAR = 600; // milliseconds of the quickest picture so far from which there are none
const LOST = 5000; // milliseconds after which no answer comes any more

export class Ends {
  constructor(studio, sliders) {
    Object.assign(this, { studio, sliders, shown: new Map(), asked: null, ms: Infinity });
    this.near = new Set(); // on the screen
    this.watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.near[isIntersecting ? "add" : "delete"](target.id_);
      this.later();
    });
    studio.on("state", () => this.later());
    studio.on("frame", ({ ms }) => ((this.ms = Math.min(this.ms, ms)), this.later()));
    studio.on("ends", (answer) => this.came(answer));
    studio.on("job", () => this.later());
  }

  // Another model: nothing that is shown is true any more.
  forget() {
    [this.asked, this.ms] = [null, Infinity];
    this.shown.clear();
  }

  // Sliders came, went, or moved.
  arrange() {
    this.near.clear();
    this.watch.disconnect();
    for (const slider of this.sliders().values()) this.watch.observe(slider);
  }

  later(wait = CALM) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.next(), wait);
  }

  // What the pictures of a slider depend on: everything but how far it is moved itself.
  key(slider) {
    const { state } = this.studio;
    const edits = state.edits.filter(({ direction }) => direction !== slider.id_);
    return JSON.stringify([{ ...state, edits }, slider.layers?.chosen ?? null]);
  }

  next() {
    const { studio } = this;
    const waits = this.asked && Date.now() - this.asked.at < LOST;
    if (waits || studio.job || studio.looking || !studio.model || this.ms > DEAR || document.hidden) return;
    const slider = [...this.sliders().values()].find(
      (each) => this.near.has(each.id_) && !each.hidden && this.shown.get(each.id_) !== this.key(each),
    );
    if (!slider) return;
    this.asked = { id: slider.id_, key: this.key(slider), at: Date.now() };
    const ends = { direction: slider.id_, amount: 0, layers: slider.layers?.chosen ?? null };
    studio.live.send({ ends, amounts: slider.ends, state: studio.state });
  }

  async came({ slider, blob }) {
    const { asked } = this;
    if (asked?.id !== slider) return;
    this.asked = null;
    this.shown.set(slider, asked.key);
    if (blob) this.sliders().get(slider)?.picture(await createImageBitmap(blob));
    this.later(20);
  }
}
