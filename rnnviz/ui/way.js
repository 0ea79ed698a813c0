// The first thing that Tab reaches leads to the first thing that can be moved, past the sidebar and the links.
const MOVED = ".rv-live input, [data-testid=stMain] :is([role=slider], [data-testid=stButtonGroup] input, summary)";

// What a phone's sidebar was left at is not for the next visit: there it lies over the page.
function closed() {
  if (innerWidth > 768) return;
  for (const key of Object.keys(localStorage)) if (key.startsWith("stSidebarCollapsed-")) localStorage.setItem(key, "true");
}

export default function () {
  if (document.querySelector(".rv-first")) return;
  const first = document.createElement("button");
  first.className = "rv-first";
  first.textContent = "Skip to the first slider";
  first.onclick = () => document.querySelector(MOVED)?.focus();
  document.body.prepend(first);
  addEventListener("pagehide", closed);
}
