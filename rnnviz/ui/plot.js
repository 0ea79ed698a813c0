// Draws a Plotly figure in place: the same node for every figure of a key, so zoom and camera survive a change.
const decoder = new TextDecoder();

async function load(src) {
  const packed = await fetch(src);
  if (!packed.ok) throw new Error("no plotly.js");
  const plain = await new Response(packed.body.pipeThrough(new DecompressionStream("gzip"))).blob();
  const script = document.createElement("script");
  script.src = URL.createObjectURL(new Blob([plain], { type: "text/javascript" }));
  await new Promise((ok, fail) => { Object.assign(script, { onload: ok, onerror: fail }); document.head.append(script); });
  URL.revokeObjectURL(script.src);
}

// A figure in space needs the whole of plotly.js, which from then on takes the place of the part that draws flat ones.
function plotly(library, figure) {
  const loads = (window.rnnvizPlotly ??= new Map(window.Plotly ? [[library.flat, Promise.resolve()]] : []));
  const inSpace = figure.data.some((trace) => /surface|3d/.test(trace.type));
  const src = inSpace || loads.has(library.all) ? library.all : library.flat;
  if (!loads.has(src)) {
    const earlier = Promise.allSettled([...loads.values()]);
    loads.set(src, earlier.then(() => load(src)).catch((error) => { loads.delete(src); throw error; }));
  }
  return loads.get(src).then(() => window.Plotly);
}

// A larger picture is not as much higher, or what is said of it would leave the screen.
const FLAT = 0.82;

function colours(root) {
  const css = getComputedStyle(root);
  const of = (name, other) => css.getPropertyValue(`--st-${name}`).trim() || other;
  return { text: of("text-color", "#31333F"), background: of("background-color", "#FFFFFF"), font: of("font", "sans-serif"), scale: scaleOf(root) };
}

function themed(figure, root) {
  const { text, background, font, scale } = colours(root);
  // Kept for what is painted in a drag: to ask for it there makes the browser work out all styles of the page.
  root.scale = scale;
  const narrow = root.clientWidth / scale < 520;
  // A copy, which Plotly may change: what was sent stays what it was.
  const layout = { ...structuredClone(figure.layout), paper_bgcolor: background, plot_bgcolor: background, autosize: true };
  if (scale > 1) layout.height = Math.round(FLAT * layout.height);
  layout.font = { ...layout.font, color: text, family: font, size: 14 };
  // The title stands above, where it can wrap; it is put back into what is downloaded.
  delete layout.title;
  layout.margin = { ...figure.layout.template?.layout?.margin, ...layout.margin, t: 28 };
  const beside = layout.annotations?.some((note) => note.x > 1) || figure.data.some((trace) => trace.colorbar);
  if (narrow) Object.assign(layout.margin, { r: beside ? layout.margin.r : 16 });
  layout.hoverlabel = { bgcolor: background, font: { color: text, family: font } };
  // A finger scrolls the page; a mouse draws the box to zoom into.
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;
  return layout;
}

// Figures whose columns are steps carry a line at the step that the page stands at, moved here without drawing anew.
function mark(root, node, step) {
  const line = root.querySelector(".rv-mark");
  const axis = node._fullLayout?.xaxis;
  const shown = root.figure.layout.meta?.stepped && axis && step >= axis.range[0] && step <= axis.range[1];
  line.hidden = !shown;
  if (!shown) return;
  const scale = root.scale;
  const width = Math.max(2, scale * (axis.l2p(step + 0.5) - axis.l2p(step - 0.5)));
  line.style.width = `${width}px`;
  line.style.transform = `translateX(${node.offsetLeft + scale * (axis._offset + axis.l2p(step)) - width / 2}px)`;
  Object.assign(line.style, { top: `${node.offsetTop + scale * node._fullLayout._size.t}px`, height: `${scale * node._fullLayout._size.h}px` });
  // Seen on the panels alone: what stands between them is their titles.
  const bands = root.figure.layout.meta.panels?.flatMap(([from, to]) => ["#0000", "#000", "#000", "#0000"].map((c, k) => `${c} ${100 * (k < 2 ? from : to)}%`));
  line.style.maskImage = bands ? `linear-gradient(${bands.join(", ")})` : "";
}

function follow(root, node) {
  if (node.followed) return;
  node.followed = true;
  node.on("plotly_click", ({ points: [point] }) => {
    const picks = root.figure.layout.meta?.pick;
    if (picks) {
      document.dispatchEvent(new CustomEvent("rv-pick", { detail: { [picks.x]: point.x, [picks.y]: point.y } }));
      return;
    }
    const unit = root.figure.layout.meta?.stepped && !point.data.name.startsWith("input x") ? point.y : undefined;
    document.dispatchEvent(new CustomEvent("rv-pick", { detail: { step: point.x, unit } }));
  });
  node.on("plotly_relayout", () => mark(root, node, window.rnnvizStep));
  root.listener = ({ detail }) => mark(root, node, detail);
  document.addEventListener("rv-step", root.listener);
}

export default function ({ data, parentElement, key }) {
  const root = parentElement.querySelector(".rv-plot");
  const node = root.querySelector(".rv-figure");
  const text = decoder.decode(data);
  const message = JSON.parse(text);
  if (overtaken(root, message.serial)) return undefined;
  // What the sliders stand at comes first in the message; the rest says what is drawn.
  const content = text.slice(text.indexOf('"library"'));
  const equal = content === root.content && root.dataset.drawn !== undefined && !root.due;
  root.content = content;
  root.figure = message.figure;
  const bare = () => { root.covered = false; uncoverFigure(root); root.querySelector(".rv-title").textContent = root.figure.layout.title?.text ?? ""; };
  const draw = () => plotly(message.library, root.figure).then((P) => {
    // While scenes are drawn, a figure that was asked for before has come too late: most often another is asked for.
    root.due = Boolean(window.rnnvizFilming);
    if (!root.isConnected || root.due) return undefined;
    const { layout } = root.figure;
    root.ranges = JSON.stringify(Object.fromEntries(Object.keys(layout).filter((a) => /^[xy]axis/.test(a) && layout[a].range).sort().map((a) => [a, layout[a].range])));
    root.drawnRanges = root.ranges;
    return P.react(node, root.figure.data, themed(root.figure, root), { responsive: true, displayModeBar: false, doubleClick: "reset" });
  }).then((drawn) => {
    if (!drawn) return;
    // What is scaled up takes no more room by itself.
    node.style.marginBottom = `${(root.scale - 1) * node.offsetHeight}px`;
    bare();
    follow(root, node);
    mark(root, node, window.rnnvizStep);
    root.dataset.drawn = String((+root.dataset.drawn || 0) + 1);
  }).catch(() => { node.textContent = "The figure could not be drawn: the drawing library did not load. Reload the page to try again."; });
  // Figures are drawn one a frame, in the order of the page: the first is seen before the second is begun.
  const queue = () => {
    if (root.queued) return;
    root.queued = true;
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const next = () => { root.queued = false; return draw(); };
    window.rnnvizDrawing = (window.rnnvizDrawing ?? Promise.resolve()).then(next).then(painted);
  };
  root.redraw = queue;
  root.classList.toggle("rv-still", Boolean(message.figure.layout.meta?.still));
  if (equal) {
    if (!window.rnnvizFilming) bare();
  } else {
    if (!node._fullLayout) root.querySelector(".rv-title").textContent = message.figure.layout.title?.text ?? "";
    // What cannot be seen can wait until what is looked at has been painted.
    clearTimeout(root.later);
    if (node._fullLayout && root.getBoundingClientRect().top > innerHeight) root.later = setTimeout(queue, 120);
    else queue();
  }
  // A drawing of boxes and wires has no table.
  const tableless = message.figure.data.every((trace) => trace.meta?.drawn);
  root.querySelectorAll("button").forEach((button) => {
    button.hidden = button.dataset.kind === "csv" && tableless;
    button.onclick = () => save(root, node, button.dataset.kind, message.name, message.version);
  });
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", message.figure.layout.meta?.says || message.label);
  if (!root.watcher) {
    // The theme is a set of properties further up; a change of it shows as a change of the colour that they give. The
    // column of a figure becomes narrower where a sidebar opens, without a word to the window.
    const around = () => JSON.stringify([colours(root), root.clientWidth]);
    let last = around();
    root.watcher = setInterval(() => {
      const now = around();
      if (now !== last) { last = now; queue(); }
    }, 700);
    root.leave = joinFilms(root, [message.name], (picture) => paintFigure(root, node, picture), () => (root.due || root.ranges !== root.drawnRanges ? root.redraw() : bare()));
  }
  return ifLast(root, () => {
    clearInterval(root.watcher);
    root.watcher = undefined;
    root.leave();
    document.removeEventListener("rv-step", root.listener);
    node.followed = false;
    window.Plotly?.purge(node);
  });
}
