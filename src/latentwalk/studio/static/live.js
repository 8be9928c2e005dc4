// The connection: sends the whole state with a number, and hands on only frames that are newer than the last one shown.

export class Live extends EventTarget {
  constructor() {
    super();
    this.sent = 0;
    this.shown = 0;
    this.waiting = null; // what was asked for while nobody listened
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(`ws://${location.host}/live`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.sent = this.shown = 0;
      this.say("open");
      if (this.waiting) this.ask(...this.waiting);
    };
    this.socket.onmessage = ({ data }) => (typeof data === "string" ? this.told(JSON.parse(data)) : this.painted(data));
    this.socket.onclose = () => {
      this.say("closed");
      setTimeout(() => this.connect(), 1000);
    };
  }

  ask(state, final) {
    this.waiting = [state, final];
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.sent += 1;
    this.socket.send(JSON.stringify({ seq: this.sent, state, final }));
  }

  told(message) {
    this.say(message.kind, message);
  }

  async painted(data) {
    const size = new DataView(data).getUint32(0);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
    if (header.seq <= this.shown) return;
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(data, 4 + size)], { type: "image/jpeg" }));
    if (header.seq <= this.shown) return bitmap.close(); // another one was decoded faster
    this.shown = header.seq;
    this.say("frame", { ...header, bitmap });
  }

  say(kind, detail = {}) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
