// Streamlit puts its own controls into the address and forgets some on the way from page to page; this keeps it whole.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".rv-address");
  if (overtaken(root, data.serial)) return undefined;
  root.address = data.address;
  root.keeper ??= setInterval(() => {
    const now = new URLSearchParams(location.search);
    const wanted = new URLSearchParams(root.address);
    for (const [name, value] of now) if (name.startsWith("embed")) wanted.append(name, value);
    const sorted = (params) => [...params].map(String).sort().join();
    if (sorted(now) === sorted(wanted)) return;
    history.replaceState(history.state, "", location.pathname + (wanted.size ? `?${wanted}` : ""));
  }, 400);
  return ifLast(root, () => { clearInterval(root.keeper); root.keeper = undefined; });
}
