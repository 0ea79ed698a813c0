// Streamlit puts its own controls into the address and forgets some on the way from page to page; this keeps it whole.
function keepAddress(state, address) {
  state.address = address;
  state.keeper ||= setInterval(() => {
    const now = new URLSearchParams(location.search);
    const wanted = new URLSearchParams(state.address);
    for (const [name, value] of now) if (name.startsWith("embed")) wanted.append(name, value);
    const sorted = (params) => [...params].map(String).sort().join();
    if (sorted(now) === sorted(wanted)) return;
    history.replaceState(history.state, "", location.pathname + (wanted.size ? `?${wanted}` : ""));
  }, 400);
}
