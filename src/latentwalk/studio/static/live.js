// The connection: sends the whole state with a number, and hands on only frames that are newer than the last one shown.
// Numbers go on when the server was started again.
// Codes that no seed gives are remembered here, and brought to a server that has forgotten them.

export class Live extends EventTarget {
  constructor() {
    super();
    this.sent = 0;
    this.shown = [0, 0]; // number, and how many came before
    this.count = 0;
    this.waiting = null; // what was asked for last
    this.found = new Map(); // codes by id
    this.line = Promise.resolve(); // what is heard, one after the other
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(`ws://${location.host}/live`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.waiting && this.ask(...this.waiting);
    this.socket.onmessage = ({ data }) => {
      const hear = () => (typeof data === "string" ? this.told(JSON.parse(data)) : this.came(data));
      this.line = this.line.then(hear).catch(reportError); // in the order in which it came, however long decoding takes
    };
    this.socket.onclose = async () => {
      // Nobody is there, or a new server that does not know the cookie of this page.
      const answer = await fetch("/static/icon.svg").catch(() => null);
      this.say({ kind: "closed", stranger: answer?.status === 403 });
      setTimeout(() => this.connect(), 1000);
    };
  }

  ask(state, final) {
    this.waiting = [state, final];
    this.sent += 1;
    this.send({ seq: this.sent, state, final });
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  told(message) {
    if (message.found) this.found.set(message.id, message.found);
    if (message.kind === "forgotten" && this.found.has(message.id) && this.brought !== message.id) {
      this.brought = message.id; // once: what is brought under a wrong id stays forgotten
      this.send({ bring: this.found.get(message.id) });
      return this.ask(...this.waiting);
    }
    this.say(message);
  }

  // A header and a file.
  async came(data) {
    const size = new DataView(data).getUint32(0);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
    const file = new Uint8Array(data, 4 + size);
    if (header.kind !== "frame" && header.kind !== "step") return this.told({ ...header, blob: new Blob([file]) });
    if (header.kind === "step") header.seq = this.sent; // in order; what is asked for later is newer than all of them
    const order = [header.seq, ++this.count];
    if (this.isOlder(order)) return;
    const bitmap = await createImageBitmap(new Blob([file], { type: "image/jpeg" }));
    if (this.isOlder(order)) return bitmap.close(); // another one was decoded faster
    this.shown = order;
    this.brought = null;
    this.say({ ...header, bitmap });
  }

  isOlder([seq, count]) {
    return seq < this.shown[0] || (seq === this.shown[0] && count < this.shown[1]);
  }

  say(detail) {
    this.dispatchEvent(new CustomEvent("message", { detail }));
  }
}
