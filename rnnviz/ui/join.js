// How a picture joins in while a slider moves: paint(picture) draws what the scene at the slider's value has under one
// of the names, at most once a refresh of the screen; uncover() takes it away again. See frames.py for what it gets.
function joinFilms(root, names, paint, uncover) {
  root.covered = false;
  const follow = ({ detail: { scene } }) => {
    root.scene = scene;
    if (root.painting) return;
    root.painting = true;
    requestAnimationFrame(() => {
      root.painting = false;
      if (!window.rnnvizFilming || !root.isConnected) return;
      const found = names.map((name) => root.scene.pictures(name));
      if (!found.some(Boolean)) return;
      root.covered = true;
      paint(...found);
      root.painted = (root.painted ?? 0) + 1;
    });
  };
  // Where the slider rests where it was, no answer will come to take the place of what was painted.
  const rest = ({ detail: { asked } }) => { if (!asked && root.covered) { root.covered = false; uncover(); } };
  document.addEventListener("rv-scene", follow);
  document.addEventListener("rv-rest", rest);
  return () => {
    document.removeEventListener("rv-scene", follow);
    document.removeEventListener("rv-rest", rest);
  };
}
