// What a page still knows when it was loaded again: the state, and its code where no seed gives it.

const PLACE = "latentwalk";

export function remember({ model, state, live }) {
  const found = live.found.get(state.kept);
  try {
    sessionStorage.setItem(PLACE, JSON.stringify({ model: model?.fingerprint, state, found }));
  } catch {
    sessionStorage.removeItem(PLACE); // no room: an older state would be a surprise
  }
}

// Of this model; null where there is none.
export function recall(model) {
  const kept = JSON.parse(sessionStorage.getItem(PLACE));
  return kept?.model === model.fingerprint ? kept : null;
}
