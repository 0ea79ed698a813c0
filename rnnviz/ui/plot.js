// Draws a Plotly figure in place: the same node for every figure of a key, so zoom and camera survive a change.
const decoder = new TextDecoder();

function plotly(src) {
  window.rnnvizPlotly ??= window.Plotly ? Promise.resolve(window.Plotly) : new Promise((ok, fail) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = () => ok(window.Plotly);
    script.onerror = () => { window.rnnvizPlotly = undefined; script.remove(); fail(new Error("no plotly.js")); };
    document.head.append(script);
  });
  return window.rnnvizPlotly;
}

function colours(root) {
  const css = getComputedStyle(root);
  const of = (name, other) => css.getPropertyValue(`--st-${name}`).trim() || other;
  return { text: of("text-color", "#31333F"), background: of("background-color", "#FFFFFF"), font: of("font", "sans-serif") };
}

function themed(figure, root) {
  const { text, background, font } = colours(root);
  const narrow = root.clientWidth < 520;
  const layout = { ...figure.layout, paper_bgcolor: background, plot_bgcolor: background, autosize: true };
  layout.font = { ...layout.font, color: text, family: font, size: narrow ? 12 : 14 };
  // The title stands above, where it can wrap; it is put back into what is downloaded.
  delete layout.title;
  layout.margin = { ...figure.layout.template?.layout?.margin, ...layout.margin, t: 28 };
  const beside = layout.annotations?.some((note) => note.x > 1);
  if (narrow) Object.assign(layout.margin, { l: 56, r: beside ? layout.margin.r : 8 });
  layout.hoverlabel = { bgcolor: background, font: { color: text, family: font } };
  // A finger scrolls the page; a mouse draws the box to zoom into.
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;
  return layout;
}

function table(node) {
  const cell = (v) => (v === null || v === undefined || Number.isNaN(v) ? "" : /[",\n]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : v);
  const rows = [];
  const curves = [];
  for (const trace of node._fullData.filter((t) => t.visible === true)) {
    const name = (trace.name ?? "").replace(/<[^>]*>/g, "");
    if (trace.z && trace.type === "scatter3d") {
      trace.x.forEach((x, i) => rows.push([name, x, trace.y[i], trace.z[i]]));
    } else if (trace.z) {
      const xs = trace.x ?? trace.z[0].map((_, i) => i);
      rows.push([name, ...xs]);
      trace.z.forEach((row, i) => rows.push([trace.y ? trace.y[i] : i, ...row]));
    } else {
      // A trace of several lines has a gap in x between them: a column each.
      const lines = [[]];
      Array.from(trace.x ?? []).forEach((x, i) => (Number.isNaN(x) ? lines.push([]) : lines.at(-1).push([x, trace.y[i]])));
      const filled = lines.filter((line) => line.length);
      filled.forEach((line, i) => curves.push({ name: filled.length > 1 ? `${name} ${i + 1}` : name, values: new Map(line) }));
    }
  }
  if (curves.length) {
    const xs = [...new Set(curves.flatMap((c) => [...c.values.keys()]))].sort((a, b) => a - b);
    const axis = (node.layout.xaxis?.title?.text ?? "x").replace(/<[^>]*>/g, "");
    rows.push([axis, ...curves.map((c) => c.name)]);
    xs.forEach((x) => rows.push([x, ...curves.map((c) => c.values.get(x))]));
  }
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

function save(root, node, kind, name) {
  if (kind !== "csv") {
    const layout = { ...node.layout, title: root.figure.layout.title, margin: { ...node.layout.margin, t: 96 }, width: undefined };
    return window.Plotly.downloadImage({ data: node.data, layout }, { format: kind, filename: name, width: 1200, height: Math.max(node.clientHeight, 300) * 1.2, scale: kind === "png" ? 2 : 1 });
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff" + table(node)], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Figures whose columns are steps carry a line at the step that the page stands at, moved here without drawing anew.
function mark(root, node, step) {
  const line = root.querySelector(".rv-mark");
  const axis = node._fullLayout?.xaxis;
  const shown = root.figure.layout.meta?.stepped && axis && step >= axis.range[0] && step <= axis.range[1];
  line.hidden = !shown;
  if (!shown) return;
  const width = Math.max(2, axis.l2p(step + 0.5) - axis.l2p(step - 0.5));
  line.style.width = `${width}px`;
  line.style.transform = `translateX(${node.offsetLeft + axis._offset + axis.l2p(step) - width / 2}px)`;
  Object.assign(line.style, { top: `${node.offsetTop + node._fullLayout._size.t}px`, height: `${node._fullLayout._size.h}px` });
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
  const draw = () => plotly(message.library).then((P) => {
    // While scenes are drawn, a figure that was asked for before has come too late: most often another is asked for.
    root.due = Boolean(window.rnnvizFilming);
    if (!root.isConnected || root.due) return undefined;
    const { layout } = root.figure;
    root.ranges = JSON.stringify(Object.fromEntries(Object.keys(layout).filter((a) => /^[xy]axis/.test(a) && layout[a].range).sort().map((a) => [a, layout[a].range])));
    return P.react(node, root.figure.data, themed(root.figure, root), { responsive: true, displayModeBar: false, doubleClick: "reset" });
  }).then((drawn) => {
    if (!drawn) return;
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
  root.querySelectorAll("button").forEach((button) => { button.onclick = () => save(root, node, button.dataset.kind, message.name); });
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", message.label);
  if (!root.watcher) {
    // The theme is a set of properties further up; a change of it shows as a change of the colour that they give.
    let last = JSON.stringify(colours(root));
    root.watcher = setInterval(() => {
      const now = JSON.stringify(colours(root));
      if (now !== last) { last = now; queue(); }
    }, 700);
    root.leave = joinFilms(root, [message.name], (picture) => paintFigure(root, node, picture), () => (root.due ? root.redraw() : bare()));
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
