// Draws the scenes of a figure on a canvas over Plotly's own, whose axes stay; see frames.py for what a scene holds.
const NUMBERS = new Map();

function colour(scale, place) {
  const after = Math.max(1, scale.findIndex(([at]) => at >= place));
  const [[a, from], [b, to]] = [scale[after - 1], scale[after]];
  const [p, q] = [rgb(from), rgb(to)];
  const part = b > a ? (place - a) / (b - a) : 0;
  return p.map((v, k) => Math.round(v + part * (q[k] - v)));
}

function rgb(text) {
  if (!NUMBERS.has(text)) {
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = text;
    probe.fillRect(0, 0, 1, 1);
    NUMBERS.set(text, [...probe.getImageData(0, 0, 1, 1).data.subarray(0, 3)]);
  }
  return NUMBERS.get(text);
}

// All 256 shades of a heatmap's scale, as one number a pixel; the last is no number, and clear.
function palette(trace) {
  trace.look.palette ??= Uint32Array.from({ length: 256 }, (_, k) => {
    if (k === 255) return 0;
    const [r, g, b] = colour(trace.look.colorscale, k / 254);
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
  return trace.look.palette;
}

function dashes(name, width) {
  const w = Math.max(width, 3);
  return { dot: [w, w], dash: [3 * w, 3 * w], dashdot: [3 * w, w, w, w] }[name] ?? [];
}

const SYMBOLS = {
  circle: (ink, x, y, r) => { ink.arc(x, y, r, 0, 2 * Math.PI); return "fill"; },
  "circle-open": (ink, x, y, r) => { ink.arc(x, y, r, 0, 2 * Math.PI); return "stroke"; },
  square: (ink, x, y, r) => { ink.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8); return "fill"; },
  diamond: (ink, x, y, r) => { polygon(ink, x, y, r * 1.3, 4, 0); return "fill"; },
  "diamond-open": (ink, x, y, r) => { polygon(ink, x, y, r * 1.3, 4, 0); return "stroke"; },
  x: (ink, x, y, r) => { for (const [a, b] of [[1, 1], [1, -1]]) { ink.moveTo(x - r * a, y - r * b); ink.lineTo(x + r * a, y + r * b); } return "stroke"; },
  star: (ink, x, y, r) => { polygon(ink, x, y, r * 1.3, 5, 0.4); return "fill"; },
  "triangle-up": (ink, x, y, r) => { polygon(ink, x, y, r * 1.2, 3, 0); return "fill"; },
};

function polygon(ink, x, y, r, corners, inner) {
  const points = inner ? 2 * corners : corners;
  for (let k = 0; k < points; k += 1) {
    const size = inner && k % 2 ? r * inner : r;
    const turn = (2 * Math.PI * k) / points - Math.PI / 2;
    ink[k ? "lineTo" : "moveTo"](x + size * Math.cos(turn), y + size * Math.sin(turn));
  }
  ink.closePath();
}

const place = (axis, value, whole) => (axis === "paper" ? whole(value) : axis._offset + axis.l2p(value));

function scatter(ink, look, xs, ys, xaxis, yaxis) {
  const px = (k) => xaxis._offset + xaxis.l2p(xs[k]);
  const py = (k) => yaxis._offset + yaxis.l2p(ys[k]);
  const known = (k) => xs[k] === xs[k] && ys[k] === ys[k] && Math.abs(ys[k]) < 1e37;
  const mode = look.mode ?? "lines";
  ink.globalAlpha = look.opacity ?? 1;
  if (mode.includes("lines") || look.fill) {
    const steps = look.line?.shape === "hvh";
    ink.beginPath();
    let pen = false, first = 0, last = 0;
    for (let k = 0; k < xs.length; k += 1) {
      if (!known(k)) { pen = false; continue; }
      const [x, y] = [px(k), py(k)];
      if (!pen) { ink.moveTo(x, y); first = first || x; } else {
        if (steps) { const half = (last + x) / 2; ink.lineTo(half, py(k - 1)); ink.lineTo(half, y); }
        ink.lineTo(x, y);
      }
      pen = true;
      last = x;
    }
    const width = look.line?.width ?? 2;
    if (width) {
      ink.strokeStyle = look.line?.color ?? "#888888";
      ink.lineWidth = width;
      ink.lineJoin = "round";
      ink.setLineDash(dashes(look.line?.dash, width));
      ink.stroke();
      ink.setLineDash([]);
    }
    if (look.fill === "tozeroy") {
      const zero = yaxis._offset + yaxis.l2p(0);
      ink.lineTo(last, zero);
      ink.lineTo(first, zero);
      ink.fillStyle = look.fillcolor ?? look.line?.color;
      ink.fill();
    }
  }
  if (mode.includes("markers")) {
    const { symbol = "circle", size = 6, color = "#888888", line } = look.marker ?? {};
    ink.lineWidth = 2;
    for (let k = 0; k < xs.length; k += 1) {
      if (!known(k)) continue;
      ink.beginPath();
      const way = (SYMBOLS[symbol] ?? SYMBOLS.circle)(ink, px(k), py(k), size / 2);
      ink.fillStyle = ink.strokeStyle = color;
      ink[way]();
      if (way === "fill" && line?.width) { ink.strokeStyle = line.color ?? "#444444"; ink.stroke(); }
    }
  }
  ink.globalAlpha = 1;
}

function heatmap(ink, trace, picture, xaxis, yaxis, keep) {
  const shades = picture.array(trace.z);
  const [rows, columns] = picture.of(trace.shape);
  if (!rows || !columns) return;
  const shown = palette(trace);
  const small = (keep.small ??= document.createElement("canvas"));
  if (small.width !== columns || small.height !== rows) { Object.assign(small, { width: columns, height: rows }); keep.image = undefined; }
  const brush = small.getContext("2d");
  const image = (keep.image ??= brush.createImageData(columns, rows));
  const pixels = new Uint32Array(image.data.buffer);
  // The first row lies at the foot.
  for (let r = 0; r < rows; r += 1) for (let c = 0; c < columns; c += 1) pixels[(rows - 1 - r) * columns + c] = shown[shades[r * columns + c]];
  brush.putImageData(image, 0, 0);
  const edges = (axis, values, count) => {
    const step = count > 1 ? (values[count - 1] - values[0]) / (count - 1) : 1;
    return [axis._offset + axis.l2p(values[0] - step / 2), axis._offset + axis.l2p(values[count - 1] + step / 2)];
  };
  const [left, right] = edges(xaxis, picture.array(trace.x), columns);
  const [foot, top] = edges(yaxis, picture.array(trace.y), rows);
  ink.imageSmoothingEnabled = false;
  ink.drawImage(small, left, top, right - left, foot - top);
}

// Where the ends of a colour scale differ from scene to scene, they are written where Plotly writes them.
function ends(ink, bar, [low, high], size, font) {
  const middle = size.t + (1 - (bar.y ?? 0.5)) * size.h;
  const half = bar.lenmode === "pixels" ? bar.len / 2 : ((bar.len ?? 1) * size.h) / 2;
  const x = size.l + (bar.x ?? 1.02) * size.w + (bar.thickness ?? 30) + 12;
  ink.textAlign = "left";
  ink.textBaseline = "middle";
  ink.fillStyle = font.color;
  ink.font = `${font.size}px ${font.family}`;
  const marks = low < 0 ? [[low, 1], [0, 0], [high, -1]] : [[low, 1], [high, -1]];
  for (const [value, side] of marks) ink.fillText(String(+value.toPrecision(3)).replace("-", "−"), x, middle + side * (half - 6));
}

function line(ink, shape, of, whole) {
  const [xaxis, yaxis] = [of(shape.xref ?? "x"), of(shape.yref ?? "y")];
  ink.beginPath();
  ink.moveTo(place(xaxis, shape.x0, whole.x), place(yaxis, shape.y0, whole.y));
  ink.lineTo(place(xaxis, shape.x1, whole.x), place(yaxis, shape.y1, whole.y));
  ink.strokeStyle = shape.line?.color ?? "#888888";
  ink.lineWidth = shape.line?.width ?? 2;
  ink.setLineDash(dashes(shape.line?.dash, ink.lineWidth));
  ink.stroke();
  ink.setLineDash([]);
}

function note(ink, one, of, whole, font) {
  const rows = String(one.text).split("<br>").map((row) => row.replace(/<[^>]*>/g, ""));
  const size = one.font?.size ?? font.size;
  const x = place(of(one.xref ?? "x"), one.x, whole.x);
  const y = place(of(one.yref ?? "y"), one.y, whole.y);
  ink.font = `${/<b>/.test(one.text) ? "600 " : ""}${size}px ${font.family}`;
  ink.fillStyle = one.font?.color ?? font.color;
  ink.textAlign = { left: "left", right: "right" }[one.xanchor] ?? "center";
  ink.textBaseline = "alphabetic";
  const height = rows.length * size * 1.3;
  const start = { bottom: y - height, top: y }[one.yanchor] ?? y - height / 2;
  rows.forEach((row, k) => ink.fillText(row, x, start + (k + 1) * size * 1.3 - size * 0.3));
}

// One scene, over a figure that Plotly has drawn.
function paintFigure(root, node, picture) {
  const full = node._fullLayout;
  if (!full) return;
  const ranges = picture.of(picture.ranges) ?? {};
  const now = JSON.stringify(ranges);
  if (root.ranges !== undefined && root.ranges !== now) {
    // Only what another scene's axes need: a zoom of one's own stays.
    const update = {};
    for (const [axis, range] of Object.entries(ranges)) if (JSON.stringify(JSON.parse(root.ranges)[axis]) !== JSON.stringify(range)) update[`${axis}.range`] = range;
    if (Object.keys(update).length) window.Plotly.relayout(node, update);
  }
  root.ranges = now;
  const { _size: size, font } = full;
  const dense = window.devicePixelRatio || 1;
  let canvas = root.querySelector("canvas.rv-scene");
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.className = "rv-scene";
    canvas.heatmaps = new Map();
    root.append(canvas);
  }
  const [wide, high] = [full.width, full.height];
  if (canvas.width !== Math.round(wide * dense) || canvas.height !== Math.round(high * dense)) {
    Object.assign(canvas, { width: Math.round(wide * dense), height: Math.round(high * dense) });
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
  }
  if (canvas.hidden || !root.hiding) {
    canvas.hidden = false;
    Object.assign(canvas.style, { left: `${node.offsetLeft}px`, top: `${node.offsetTop}px` });
    hide(root, node, ".cartesianlayer .overplot, .shapelayer");
  }
  // Plotly's own labels stay until a scene has others.
  const notes = picture.of(picture.notes) ?? [];
  const bars = picture.traces.filter((t) => t.z && t.look.showscale !== false);
  if (!root.hiding.notes && JSON.stringify(notes) !== JSON.stringify(root.figure.layout.annotations ?? [])) {
    root.hiding.notes = hide(root, node, ".infolayer .annotation");
  }
  const drawn = new Map(root.figure.data.map((t) => [t.name, t]));
  if (!root.hiding.ends && bars.some((t) => { const [low, high] = picture.of(t.ends) ?? []; const now = drawn.get(t.look.name); return now && low !== undefined && (now.zmin !== low || now.zmax !== high); })) {
    root.hiding.ends = hide(root, node, ".infolayer .cbaxis");
  }
  const ink = canvas.getContext("2d");
  ink.setTransform(dense, 0, 0, dense, 0, 0);
  ink.clearRect(0, 0, wide, high);
  const of = (ref) => (ref === "paper" ? "paper" : full[`${ref[0]}axis${ref.slice(1)}`]);
  const whole = { x: (v) => size.l + v * size.w, y: (v) => size.t + (1 - v) * size.h };
  const visible = new Map(node._fullData.map((t) => [t.name, t.visible]));
  for (const [k, trace] of picture.traces.entries()) {
    if (!picture.of(trace.there) || (visible.get(trace.look.name) ?? true) !== true) continue;
    const [xaxis, yaxis] = [of(trace.look.xaxis ?? "x"), of(trace.look.yaxis ?? "y")];
    if (!xaxis || !yaxis) continue;
    ink.save();
    ink.beginPath();
    ink.rect(xaxis._offset, yaxis._offset, xaxis._length, yaxis._length);
    ink.clip();
    if (trace.z) {
      if (!canvas.heatmaps.has(k)) canvas.heatmaps.set(k, {});
      heatmap(ink, trace, picture, xaxis, yaxis, canvas.heatmaps.get(k));
    } else {
      const [xs, ys] = [picture.array(trace.x), picture.array(trace.y)];
      if (xs && ys) scatter(ink, trace.look, xs, ys, xaxis, yaxis);
    }
    ink.restore();
    if (root.hiding.ends && bars.includes(trace)) ends(ink, trace.look.colorbar ?? {}, picture.of(trace.ends), size, font);
  }
  for (const shape of picture.of(picture.shapes) ?? []) line(ink, shape, of, whole);
  if (root.hiding.notes) for (const one of notes) note(ink, one, of, whole, font);
  const title = picture.of(picture.title);
  if (title) root.querySelector(".rv-title").textContent = title;
}

// What the canvas draws anew is hidden below it; by its visibility, so that nothing moves.
function hide(root, node, layers) {
  const found = [...node.querySelectorAll(layers)];
  for (const layer of found) layer.style.visibility = "hidden";
  (root.hiding ??= []).push(...found);
  return true;
}

function uncoverFigure(root) {
  const canvas = root.querySelector("canvas.rv-scene");
  if (canvas) canvas.hidden = true;
  for (const layer of root.hiding ?? []) layer.style.visibility = "";
  root.hiding = undefined;
}
