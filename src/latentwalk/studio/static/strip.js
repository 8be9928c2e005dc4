// Pictures of past states, made from what was painted: a click goes back there.

const MOST = 30;
const SIDE = 48;

export function keepStrip(studio, strip, picture) {
  let last = "";
  const press = (text) => {
    for (const each of strip.children) each.setAttribute("aria-current", each.dataset.state === text);
  };
  studio.on("frame", ({ seq }) => {
    const text = JSON.stringify(studio.state);
    // Only of what is let go of, and of the newest picture.
    if (studio.looking || seq !== studio.live.sent || text !== studio.history.now || text === last) return;
    last = text;
    if (![...strip.children].some((each) => each.dataset.state === text)) add(text);
    press(text);
  });
  studio.on("model", ({ fingerprint }) => {
    if (strip.dataset.model !== fingerprint) strip.replaceChildren();
    strip.dataset.model = fingerprint;
    last = "";
  });

  function add(text) {
    const button = document.createElement("button");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [SIDE, Math.round((SIDE * picture.height) / picture.width)];
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const { seed, edits } = studio.state;
    button.setAttribute("aria-label", `Back to seed ${seed}, ${edits.length} sliders moved`);
    button.dataset.state = text;
    button.onclick = () => studio.change(JSON.parse(text));
    button.append(canvas);
    strip.append(button);
    while (strip.children.length > MOST) strip.firstChild.remove();
    strip.scrollLeft = strip.scrollWidth;
  }
}
