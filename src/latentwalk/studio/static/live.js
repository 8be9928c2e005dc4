// The connection: sends the whole state with a number, and hands on only frames that are newer than the last one shown.
// Numbers go on when the server was started again.
// Codes that no seed gives are remembered here, and brought to a server that has forgotten them.

export class Live extends EventTarget {
  constructor() {
    super();
    this.sent = 0;
    this.shown = 0;
    this.waiting = null; // what was asked for last
    this.found = new Map(); // codes by id
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(`ws://${location.host}/live`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.say("open");
      if (this.waiting) this.ask(...this.waiting);
    };
    this.socket.onmessage = ({ data }) => (typeof data === "string" ? this.told(JSON.parse(data)) : this.painted(data));
    this.socket.onclose = async () => {
      // Nobody is there, or a new server that does not know the cookie of this page.
      const answer = await fetch("/static/icon.svg").catch(() => null);
      this.say("closed", { stranger: answer?.status === 403 });
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
    if (message.kind === "walked") this.found.set(message.id, message.found);
    if (message.kind === "forgotten" && this.found.has(message.id)) {
      this.send({ bring: this.found.get(message.id) });
      return this.ask(...this.waiting);
    }
    this.say(message.kind, message);
  }

  async painted(data) {
    const size = new DataView(data).getUint32(0);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
    if (header.walking) header.seq = this.sent; // steps come in order; what is asked for later is newer than all of them
    if (header.seq < this.shown) return;
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(data, 4 + size)], { type: "image/jpeg" }));
    if (header.seq < this.shown) return bitmap.close(); // another one was decoded faster
    this.shown = header.seq;
    this.say("frame", { ...header, bitmap });
  }

  say(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
