// Which slider, from where to where: what strips, films and grids ask for.

import { plain } from "./studio.js";

export const round = (value) => Math.round(100 * value) / 100;

// Options for the sliders that there are, after some of one's own ([value, text]). What is chosen stays; at first it is
// `usual`, or else the slider that was moved last. The select is told of another choice.
export function fillSliders(select, studio, own = [], usual = null) {
  const chosen = select.value;
  const sliders = studio.sliders.map(({ id, name }) => [id, plain(name)]);
  select.replaceChildren(...[...own, ...sliders].map(([value, text]) => new Option(text, value)));
  const moved = studio.state.edits.at(-1)?.direction;
  const known = (value) => [...select.options].some((option) => option.value === value);
  select.value = [chosen, usual, moved, sliders[0]?.[0]].find((value) => value && known(value));
  if (select.value !== chosen) select.onchange();
}

// Where a slider was seen to work.
export const rangeOf = (studio, id) => studio.sliders.find((slider) => slider.id === id)?.range ?? [-3, 3];

// So many numbers from low to high.
export const even = (low, high, count) =>
  Array.from({ length: count }, (_, i) => round(count < 2 ? low : low + ((high - low) * i) / (count - 1)));

// The state with one slider elsewhere.
export function slid(state, id, amount) {
  const here = state.edits.findIndex((edit) => edit.direction === id);
  const edit = { ...(state.edits[here] ?? { direction: id }), amount };
  return { ...state, edits: state.edits.toSpliced(here < 0 ? state.edits.length : here, here < 0 ? 0 : 1, edit) };
}

// "+1.5"
export const signed = (amount) => (amount > 0 ? "+" : "") + String(round(amount)).replace("-", "−");
