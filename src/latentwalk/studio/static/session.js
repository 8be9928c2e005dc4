// Everything that a page holds, as one file: taken, and given back. Parts of it are in `studio.saved`, by name:
// studio.saved.pins = { take: () => what is kept as JSON, give: (it) => show it again }.
// What is given for a panel that is not open yet waits until it puts its part there.

import { save } from "./studio.js";

const KIND = "latentwalk session", PLACE = "latentwalk session";
const LARGEST = 2 ** 26; // bytes of a file
const STEPS = 100; // of the history, each way

export function keepSessions(studio) {
  const waiting = Object.create(null);
  studio.saved = new Proxy(Object.create(null), {
    set(parts, name, part) {
      parts[name] = part;
      if (name in waiting) part.give(waiting[name]);
      delete waiting[name];
      return true;
    },
  });
  studio.saved.picture = picture(studio);

  const take = () => {
    const parts = { ...waiting };
    for (const [name, part] of Object.entries(studio.saved)) parts[name] = part.take();
    return { kind: KIND, generator: studio.model.name, fingerprint: studio.model.fingerprint, parts };
  };
  const give = (session) => {
    if (session?.kind !== KIND || typeof session.parts !== "object") throw new Error("this file is no session of the studio");
    if (session.fingerprint !== studio.model.fingerprint) {
      throw new Error(`this session is of the generator ${String(session.generator).slice(0, 80)}: choose that one, or start the studio with it`);
    }
    for (const [name, part] of Object.entries(session.parts)) {
      if (studio.saved[name]) studio.saved[name].give(part);
      else waiting[name] = part;
    }
  };

  studio.saveSession = () => save(new Blob([JSON.stringify(take())], { type: "application/json" }), "session.json");
  studio.on("receipt-dropped", async (file) => {
    try {
      if (file.size > LARGEST) throw new Error("this file is too large to be one of the studio's");
      if (/\.json$/i.test(file.name)) {
        give(JSON.parse(await file.text()));
        studio.say("note", "the session goes on");
      } else {
        const { receiptIn } = await import("./receiptfile.js");
        studio.ask("restore", { receipt: await receiptIn(file) });
      }
    } catch (error) {
      studio.tell(error.name === "Error" ? error.message : "this file is no session of the studio", true);
    }
  });

  // A page that is loaded again goes on where it was.
  addEventListener("pagehide", () => {
    try {
      sessionStorage.setItem(PLACE, studio.model ? JSON.stringify(take()) : "");
    } catch {
      sessionStorage.removeItem(PLACE); // no room
    }
  });
  const goOn = () => {
    try {
      give(JSON.parse(sessionStorage.getItem(PLACE)));
    } catch {
      return; // nothing, or of another generator: that one may still come
    }
    studio.removeEventListener("model", goOn);
  };
  studio.addEventListener("model", goOn);
}

// The state and its history, with the codes that they name.
function picture(studio) {
  const whole = (state) => state && Array.isArray(state.edits) && Array.isArray(state.hold);
  const texts = (states) => (Array.isArray(states) ? states : []).filter(whole).map((state) => JSON.stringify(state));
  return {
    take() {
      const { past, future } = studio.history;
      const text = JSON.stringify([studio.state, past.slice(-STEPS), future.slice(-STEPS)]);
      const [state, before, after] = JSON.parse(text);
      const found = [...studio.live.found].filter(([id]) => text.includes(id));
      return { state, past: before.map(JSON.parse), future: after.map(JSON.parse), found };
    },
    give({ state, past, future, found }) {
      if (!whole(state)) throw new Error("this file is no session of the studio");
      for (const [id, code] of found ?? []) studio.live.found.set(id, code);
      studio.travel(state);
      Object.assign(studio.history, { past: texts(past), now: JSON.stringify(state), future: texts(future) });
      studio.say("state", state);
    },
  };
}

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
