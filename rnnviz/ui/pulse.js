// Asks for the next slice of work as soon as the last one has arrived; no page, no asking, no work.
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".rv-pulse");
  if (overtaken(root, data.number)) return undefined;
  clearTimeout(root.next);
  const ask = () => {
    setStateValue("asked", { after: data.number, again: (root.again = (root.again || 0) + 1) });
    // An answer can be lost to a press of a button that came between: ask again.
    root.next = setTimeout(ask, 3000);
  };
  if (data.running) root.next = setTimeout(ask, 0);
  return ifLast(root, () => clearTimeout(root.next));
}
