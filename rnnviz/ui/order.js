// While a page loads on a busy machine, Streamlit can run a component with an older message after a newer one, and can
// clean up after a run when the next one is already there. Messages are numbered, and only the last run cleans up.
function overtaken(state, serial) {
  if (serial < (state.serial ?? 0)) return true;
  state.serial = serial;
  return false;
}

function ifLast(state, cleanUp) {
  const turn = (state.turn = (state.turn ?? 0) + 1);
  return () => { if (state.turn === turn) cleanUp(); };
}
