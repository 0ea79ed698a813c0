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

// Whether an answer is being worked out, or was a moment ago, or is about to be: what a component says by itself would
// take along what all controls stood at before it, and Streamlit would forget that the browser went back.
function underWay(pause = 200) {
  const runs = (window.rnnvizRuns ??= { last: -Infinity });
  const app = document.querySelector("[data-testid=stApp]");
  const now = () => { runs.last = performance.now(); };
  // Streamlit sends what is said within a moment as one message, which runs the fragment of one of them.
  if (!runs.seen) for (const kind of ["popstate", "pointerdown", "click", "keydown"]) window.addEventListener(kind, now, true);
  if (app && runs.seen !== app) {
    runs.seen = app;
    new MutationObserver(now).observe(app, { attributeFilter: ["data-test-script-state"] });
  }
  if (app?.dataset.testScriptState === "running") now();
  return performance.now() - runs.last < pause;
}
