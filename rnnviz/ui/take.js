// What is taken away of a figure: a table of plain values, or a picture, each with where it is from.
const bare = (text) => (text ?? "").replace(/<[^>]*>/g, "").trim();

// 10 to the power of it, beyond what a number can hold as well.
function power(log10) {
  if (Math.abs(log10) < 300) return Number((10 ** log10).toPrecision(12));
  const whole = Math.floor(log10);
  return `${Number((10 ** (log10 - whole)).toPrecision(9))}e${whole}`;
}

function plain(trace, value, x) {
  if (!trace.meta?.log10) return value;
  if (value !== null && Number.isFinite(value)) return power(value);
  return trace.meta.zero?.includes(x) ? 0 : null;
}

// The points of a trace, [x, y] or [x, y, z], one list for each of its lines.
function points(trace) {
  const xs = Array.from(trace.x ?? trace.z[0].keys());
  const ys = Array.from(trace.y ?? trace.z.keys());
  if (trace.z && trace.type !== "scatter3d") return [ys.flatMap((y, j) => xs.map((x, i) => [x, y, plain(trace, trace.z[j][i])]))];
  if (trace.z) return [xs.map((x, i) => [x, ys[i], trace.z[i]])];
  // Bars are drawn as outlines, four corners each; what they stand for is with every corner.
  if (trace.meta?.bars) return [xs.flatMap((x, i) => (i % 4 ? [] : [[(x + xs[i + 2]) / 2, trace.customdata[i]]]))];
  // A trace of several lines has a gap in x between them.
  const lines = [[]];
  xs.forEach((x, i) => (x === null || Number.isNaN(x) ? lines.push([]) : lines.at(-1).push([x, plain(trace, ys[i], x)])));
  return lines.filter((line) => line.length);
}

// Curves over the same x have a column each; anything else has a row a point, with its name and what its columns are.
function table(node) {
  const shown = node._fullData.filter((t) => t.visible === true && !t.meta?.drawn);
  const curves = shown.flatMap((trace) => {
    const lines = points(trace);
    return lines.map((line, k) => ({ trace, line, name: bare(trace.name) + (lines.length > 1 ? ` ${k + 1}` : "") }));
  });
  const { scene } = node._fullLayout;
  const title = (axis) => bare(axis?.title?.text);
  const x = title(scene?.xaxis ?? node._fullLayout.xaxis) || "x";
  const function_ = ({ trace, line }) => !trace.z && new Set(line.map(([at]) => at)).size === line.length;
  if (curves.every(function_) && node._fullLayout.hovermode === "x unified") {
    const values = curves.map(({ line }) => new Map(line));
    const xs = [...new Set(values.flatMap((map) => [...map.keys()]))].sort((a, b) => a - b);
    return [[x, ...curves.map((c) => c.name)], ...xs.map((at) => [at, ...values.map((map) => map.get(at))])];
  }
  const axes = [...new Set(shown.map((trace) => title(scene?.yaxis ?? node._fullLayout[(trace.yaxis ?? "y").replace("y", "yaxis")])))];
  const deep = shown.some((trace) => trace.z);
  const head = ["curve", x, axes.join(" or ") || "y", ...(deep ? [node.layout.meta?.value ?? "value"] : [])];
  return [head, ...curves.flatMap(({ name, line }) => line.map((point) => [name, ...point]))];
}

function csv(root, node, source) {
  const cell = (v) => (v === null || v === undefined || Number.isNaN(v) ? "" : /[",\n]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : v);
  const notes = [bare(root.figure.layout.title?.text), ...source].map((line) => `# ${line.replaceAll("\n", " ")}`);
  return [...notes, ...table(node).map((row) => row.map(cell).join(","))].join("\n") + "\n";
}

// The page's address at this moment, and what differs there from the defaults.
function origin(version) {
  const asked = new URLSearchParams(location.search);
  const drawn = location.pathname.endsWith("/training") ? "train_seed" : "seed";
  const settings = [...asked].filter(([name]) => !name.startsWith("embed") && name !== drawn);
  const set = settings.map(([name, value]) => `${name} = ${value}`).join(", ") || "all at their defaults";
  return [`rnnviz ${version}, seed ${asked.get(drawn) ?? 0}, settings: ${set}`, location.href];
}

// Long lines are broken: a picture has no room beside it.
function broken(text, most) {
  return text.match(new RegExp(`.{1,${most}}([ ,&]|$)|.{${most}}`, "g")).map((line) => line.trim().replaceAll("<", "&lt;")).join("<br>");
}

// A picture as it stands, with its title above, room for the whole legend, and a line below that says where it is from.
function picture(root, node, source, kind, name) {
  const { _size: size, legend } = node._fullLayout;
  const footer = source.map((line) => broken(line, 150)).join("<br>");
  const below = 18 * footer.split("<br>").length + 24;
  // Wider than on the page, the legend needs no more rows than there, and at least one.
  const above = 64 + (legend?._height ?? 0);
  const note = { text: footer, xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "left", yanchor: "top", align: "left",
    yshift: -size.b - 8, xshift: 8 - size.l, showarrow: false, font: { size: 12 } };
  // The page's own font is not in a picture by itself: names would be cut where another font is wider.
  const layout = { ...node.layout, width: undefined, autosize: false, font: { ...node.layout.font, family: "Arial, sans-serif" },
    title: { ...root.figure.layout.title, yref: "container", y: 1, yanchor: "top", pad: { t: 16 }, font: { size: 20 } },
    margin: { ...node.layout.margin, t: above, b: size.b + below },
    annotations: [...(node.layout.annotations ?? []), note] };
  const height = Math.max(node.clientHeight, 300) * 1.2 + above - size.t + below;
  return window.Plotly.downloadImage({ data: node.data, layout }, { format: kind, filename: name, width: 1200, height, scale: kind === "png" ? 2 : 1 });
}

function save(root, node, kind, name, version) {
  const source = origin(version);
  if (kind !== "csv") return picture(root, node, source, kind, name);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff" + csv(root, node, source)], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
