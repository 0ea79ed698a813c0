// The address of the page always holds what is set: one entry of the browser's history for every action.
const HELD = { address: "", replace: true, news: false, heard: {} };

function write() {
  const params = new URLSearchParams(HELD.address);
  for (const [name, value] of new URLSearchParams(location.search)) if (name.startsWith("embed")) params.append(name, value);
  const sorted = (p) => [...p].map(String).sort().join();
  if (sorted(params) !== sorted(new URLSearchParams(location.search))) {
    history[HELD.replace ? "replaceState" : "pushState"](HELD.replace ? history.state : {}, "", location.pathname + (params.size ? `?${params}` : ""));
  }
  HELD.replace = HELD.news = false;
}

// A link to another page takes the settings along by itself; opened in a new tab or copied, it needs them in its address.
function complete({ target }) {
  const link = target.closest?.("[data-testid=stPageLink-NavLink]");
  if (link && (!link.search || link.completed)) { link.search = HELD.address; link.completed = true; }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".rv-address");
  if (overtaken(root, data.serial)) return undefined;
  // What says nothing new leaves the address alone: the browser may have gone back meanwhile.
  HELD.news ||= data.replace || data.address !== HELD.address;
  HELD.address = data.address;
  HELD.heard = Object.fromEntries(data.heard);
  HELD.replace ||= data.replace;
  // Told once every control has taken over what was put.
  clearTimeout(root.tells);
  const tell = () => {
    if (underWay()) root.tells = setTimeout(tell, 30);
    else { root.told = data.put; setStateValue("put", data.put); }
  };
  if (data.put > (root.told ?? 0)) tell();
  // A slider on its way through many values is one action, and so is a click that moves two: it is written once all
  // rest and are answered.
  const waiting = () => [...document.querySelectorAll(".rv-live input")].some(({ live, dataset }) => live?.waiting || live?.sent > (HELD.heard[dataset.slider] ?? 0));
  const rest = () => { if (HELD.news && !window.rnnvizMoving && !waiting()) write(); };
  rest();
  for (const kind of ["rv-rest", "rv-answered"]) document.addEventListener(kind, rest);
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, complete);
  return ifLast(root, () => {
    clearTimeout(root.tells);
    for (const kind of ["rv-rest", "rv-answered"]) document.removeEventListener(kind, rest);
    for (const kind of ["pointerover", "focusin"]) document.removeEventListener(kind, complete);
  });
}
