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
  return { dot: [w, w], dash: [3 * w, 3 * w], longdash: [5 * w, 5 * w], dashdot: [3 * w, w, w, w] }[name] ?? [];
}

// The corners and sizes of plotly.js.
const CROSS = [[0, 1], [1, 2], [2, 1], [1, 0], [2, -1], [1, -2], [0, -1], [-1, -2], [-2, -1], [-1, 0], [-2, 1], [-1, 2]];
const TRIANGLE = [[-2 / Math.sqrt(3), 0.5], [2 / Math.sqrt(3), 0.5], [0, -1]];
const SYMBOLS = {
  circle: (ink, x, y, r) => { ink.arc(x, y, r, 0, 2 * Math.PI); return "fill"; },
  "circle-open": (ink, x, y, r) => { ink.arc(x, y, r, 0, 2 * Math.PI); return "stroke"; },
  square: (ink, x, y, r) => { ink.rect(x - r, y - r, 2 * r, 2 * r); return "fill"; },
  diamond: (ink, x, y, r) => { polygon(ink, x, y, r * 1.3, 4, 0); return "fill"; },
  "diamond-open": (ink, x, y, r) => { polygon(ink, x, y, r * 1.3, 4, 0); return "stroke"; },
  x: (ink, x, y, r) => corners(ink, CROSS.map(([a, b]) => [x + 0.4 * Math.SQRT2 * r * a, y + 0.4 * Math.SQRT2 * r * b])),
  star: (ink, x, y, r) => { polygon(ink, x, y, r * 1.4, 5, 0.382); return "fill"; },
  "triangle-up": (ink, x, y, r) => corners(ink, TRIANGLE.map(([a, b]) => [x + r * a, y + r * b])),
  "triangle-right": (ink, x, y, r) => corners(ink, TRIANGLE.map(([a, b]) => [x - r * b, y + r * a])),
  "triangle-down": (ink, x, y, r) => corners(ink, TRIANGLE.map(([a, b]) => [x + r * a, y - r * b])),
};

function corners(ink, points) {
  points.forEach((point, k) => ink[k ? "lineTo" : "moveTo"](...point));
  ink.closePath();
  return "fill";
}

function polygon(ink, x, y, r, sides, inner) {
  const points = inner ? 2 * sides : sides;
  for (let k = 0; k < points; k += 1) {
    const size = inner && k % 2 ? r * inner : r;
    const turn = (2 * Math.PI * k) / points - Math.PI / 2;
    ink[k ? "lineTo" : "moveTo"](x + size * Math.cos(turn), y + size * Math.sin(turn));
  }
  ink.closePath();
}

// What belongs to an axis ends where the axis does.
function within(ink, xaxis, yaxis) {
  const [left, wide] = xaxis === "paper" ? [-1e4, 2e4] : [xaxis._offset, xaxis._length];
  const [top, high] = yaxis === "paper" ? [-1e4, 2e4] : [yaxis._offset, yaxis._length];
  ink.beginPath();
  ink.rect(left, top, wide, high);
  ink.clip();
}

const place = (axis, value, whole) => (axis === "paper" ? whole(value) : axis._offset + axis.l2p(value));

function scatter(ink, look, xs, ys, xaxis, yaxis, font) {
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
    const radius = size / 2;
    // One path for all: where dots of a faint trace overlap, they are no darker.
    ink.beginPath();
    let way;
    for (let k = 0; k < xs.length; k += 1) {
      if (!known(k)) continue;
      const [x, y] = [px(k), py(k)];
      ink.moveTo(x + radius, y);
      way = (SYMBOLS[symbol] ?? SYMBOLS.circle)(ink, x, y, radius);
    }
    ink.fillStyle = ink.strokeStyle = color;
    if (way) ink[way]();
    if (way === "fill" && line?.width) { ink.strokeStyle = line.color ?? "#444444"; ink.stroke(); }
    if (mode.includes("text")) {
      // Up and to the right of its marker.
      const away = radius / 0.8 + 1;
      ink.font = `${font.size}px ${font.family}`;
      ink.fillStyle = font.color;
      ink.textAlign = "left";
      ink.textBaseline = "alphabetic";
      for (let k = 0; k < xs.length; k += 1) if (known(k)) ink.fillText(look.text[k], px(k) + away, py(k) - away - 0.25 * font.size);
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
  ink.globalAlpha = trace.look.opacity ?? 1;
  ink.drawImage(small, left, top, Math.round(right - left), Math.round(foot - top));
}

// As `_label` of figures/units.py writes them.
function short(value) {
  const size = Math.abs(value);
  if (size === 0 || (size >= 0.01 && size < 1000)) return String(+value.toPrecision(3)).replace("-", "−");
  const power = Math.floor(Math.log10(size) + 1e-9);
  const digit = Math.round(size / 10 ** power);
  const raised = String(power).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
  return `${value < 0 ? "−" : ""}${digit > 1 ? `${digit}·` : ""}10${raised}`;
}

// Where the ends of a colour scale differ from scene to scene, they are written where Plotly writes them.
function ends(ink, bar, [low, high], size, font, wide) {
  const middle = size.t + (1 - (bar.y ?? 0.5)) * size.h;
  // Plotly leaves 10 pixels free around a scale, and a fifth of a letter before its numbers.
  const half = (bar.lenmode === "pixels" ? bar.len : (bar.len ?? 1) * size.h) / 2 - 10;
  const x = size.l + Math.round((bar.x ?? 1.02) * size.w + 10) + (bar.thickness ?? 30) + 0.5 + 0.2 * font.size;
  ink.textAlign = "left";
  ink.textBaseline = "alphabetic";
  ink.fillStyle = font.color;
  ink.font = `${font.size}px ${font.family}`;
  const marks = low < 0 ? [[low, 1], [0, 0], [high, -1]] : [[low, 1], [high, -1]];
  for (const [value, side] of marks) {
    const text = short(value);
    ink.fillText(text, Math.min(x, wide - ink.measureText(text).width), middle + side * half + 0.35 * font.size);
  }
}

function line(ink, shape, of, whole) {
  const [xaxis, yaxis] = [of(shape.xref ?? "x"), of(shape.yref ?? "y")];
  ink.save();
  within(ink, xaxis, yaxis);
  ink.beginPath();
  ink.moveTo(place(xaxis, shape.x0, whole.x), place(yaxis, shape.y0, whole.y));
  ink.lineTo(place(xaxis, shape.x1, whole.x), place(yaxis, shape.y1, whole.y));
  ink.strokeStyle = shape.line?.color ?? "#888888";
  ink.lineWidth = shape.line?.width ?? 2;
  ink.setLineDash(dashes(shape.line?.dash, ink.lineWidth));
  ink.stroke();
  ink.restore();
}

const outside = (axis, at) => axis !== "paper" && (axis.l2p(at) < 0 || axis.l2p(at) > axis._length);

function note(ink, one, of, whole, font) {
  if (outside(of(one.xref ?? "x"), one.x) || outside(of(one.yref ?? "y"), one.y)) return;
  const rows = String(one.text).split("<br>").map((row) => row.replace(/<[^>]*>/g, ""));
  const size = one.font?.size ?? font.size;
  const x = place(of(one.xref ?? "x"), one.x, whole.x);
  const y = place(of(one.yref ?? "y"), one.y, whole.y);
  ink.font = `${/<b>/.test(one.text) ? "bold " : ""}${size}px ${font.family}`;
  ink.fillStyle = one.font?.color ?? font.color;
  ink.textAlign = "left";
  ink.textBaseline = "alphabetic";
  // Plotly puts a note into a box at whole pixels, a border and a padding of a pixel each around it.
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = ink.measureText("");
  const widths = rows.map((row) => ink.measureText(row).width);
  const most = Math.max(...widths);
  const [wide, high] = [Math.round(most + 4), Math.round((rows.length - 1) * size * 1.3 + up + down + 4)];
  const left = Math.round({ left: x, right: x - wide }[one.xanchor] ?? x - wide / 2);
  const top = Math.round({ bottom: y - high, top: y }[one.yanchor] ?? y - high / 2);
  rows.forEach((row, k) => ink.fillText(row, left + 2 + (most - widths[k]) / 2, top + 2 + up + k * size * 1.3));
}

// One scene, over a figure that Plotly has drawn.
function paintFigure(root, node, picture) {
  if (!node._fullLayout) return;
  const ranges = picture.of(picture.ranges) ?? {};
  const now = JSON.stringify(ranges);
  if (root.ranges !== undefined && root.ranges !== now) {
    // Only what another scene's axes need: a zoom of one's own stays.
    const update = {};
    for (const [axis, range] of Object.entries(ranges)) if (JSON.stringify(JSON.parse(root.ranges)[axis]) !== JSON.stringify(range)) update[`${axis}.range`] = range;
    if (Object.keys(update).length) window.Plotly.relayout(node, update);
  }
  root.ranges = now;
  // Another layout by now, if the axes have changed.
  const full = node._fullLayout;
  const { _size: size, font } = full;
  const dense = (window.devicePixelRatio || 1) * (root.scale ?? 1);
  let canvas = root.querySelector("canvas.rv-scene");
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.className = "rv-scene";
    canvas.heatmaps = new Map();
    root.querySelector(".rv-mark").before(canvas);
  }
  const [wide, high] = [full.width, full.height];
  if (canvas.width !== Math.round(wide * dense) || canvas.height !== Math.round(high * dense)) {
    Object.assign(canvas, { width: Math.round(wide * dense), height: Math.round(high * dense) });
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
  }
  if (canvas.hidden || !root.hiding) {
    canvas.hidden = false;
    // To the fraction of a pixel: rounded on its own, it would lie a pixel beside what it covers.
    const [here, there] = [root, node].map((element) => element.getBoundingClientRect());
    Object.assign(canvas.style, { left: `${there.left - here.left}px`, top: `${there.top - here.top}px` });
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
    // Plotly also calls a curve without points not visible; what somebody has hidden is in the legend only.
    if (!picture.of(trace.there) || visible.get(trace.look.name) === "legendonly") continue;
    const [xaxis, yaxis] = [of(trace.look.xaxis ?? "x"), of(trace.look.yaxis ?? "y")];
    if (!xaxis || !yaxis) continue;
    ink.save();
    within(ink, xaxis, yaxis);
    if (trace.z) {
      if (!canvas.heatmaps.has(k)) canvas.heatmaps.set(k, {});
      heatmap(ink, trace, picture, xaxis, yaxis, canvas.heatmaps.get(k));
    } else {
      const [xs, ys] = [picture.array(trace.x), picture.array(trace.y)];
      if (xs && ys) scatter(ink, trace.look, xs, ys, xaxis, yaxis, font);
    }
    ink.restore();
    if (root.hiding.ends && bars.includes(trace)) ends(ink, trace.look.colorbar ?? {}, picture.of(trace.ends), size, font, wide);
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
