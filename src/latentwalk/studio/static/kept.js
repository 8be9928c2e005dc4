// What the browser keeps: favourites and nicknames for good, and own sliders as long as the tab is open.

export class Kept {
  constructor(storage, kind, model) {
    [this.storage, this.key] = [storage, `latentwalk ${kind} ${model.fingerprint || model.name}`];
  }

  read(otherwise) {
    try {
      return JSON.parse(this.storage.getItem(this.key)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  // Whether it could be kept.
  write(value) {
    try {
      this.storage.setItem(this.key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }
}
