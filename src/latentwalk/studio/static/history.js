// Undo and redo: whole states, as they are small.

const MOST = 500;

export class History {
  constructor(state) {
    [this.past, this.now, this.future] = [[], JSON.stringify(state), []];
  }

  keep(state) {
    const text = JSON.stringify(state);
    if (text === this.now) return;
    this.past = [...this.past.slice(-MOST), this.now];
    [this.now, this.future] = [text, []];
  }

  undo() {
    return this.turn(this.past, this.future);
  }

  redo() {
    return this.turn(this.future, this.past);
  }

  turn(from, to) {
    if (!from.length) return null;
    to.push(this.now);
    this.now = from.pop();
    return JSON.parse(this.now);
  }
}
