// The colours are those that the browser prefers, or those chosen here. Streamlit asks the browser for its preference,
// and asks again after printing: so it hears of a choice.
const DARK = "(prefers-color-scheme: dark)";

function prefer(look) {
  if ((window.rnnvizLook ?? "") === look) return;
  window.rnnvizLook = look;
  const ask = (window.rnnvizAsk ??= window.matchMedia.bind(window));
  window.matchMedia = (query) => {
    const list = ask(query);
    if (query === DARK && window.rnnvizLook) Object.defineProperty(list, "matches", { get: () => window.rnnvizLook === "dark" });
    return list;
  };
  window.dispatchEvent(new Event("afterprint"));
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".rv-look");
  if (overtaken(root, data.serial)) return;
  prefer(data.look);
  root.hidden = data.hidden;
  for (const button of root.querySelectorAll("button")) {
    button.ariaPressed = String(button.dataset.look === data.look);
    button.onclick = () => {
      const look = button.ariaPressed === "true" ? "" : button.dataset.look;
      prefer(look);
      setTriggerValue("chosen", look);
    };
  }
}
