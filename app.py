"""Home: what this is, how to read it, and the way into the first lesson."""

import streamlit as st

from rnnviz import Config, record
from rnnviz.figures import gradient_flow
from rnnviz.ui.page import follow_live, frame, takeaway
from rnnviz.ui.plot import plot

frame("Watch the gradient vanish, explode, survive")

st.markdown(
    "A recurrent network reads a sequence one step at a time and carries a memory along, its **hidden state**. To "
    "learn, it compares its end result with a target and sends the error back through every step it took: the "
    "**gradient**. What arrives at the first steps decides what the network can learn from them."
)
recordings = {label: record(Config(cell=label.lower())) for label in ("RNN", "LSTM", "GRU")}
plot(
    gradient_flow(recordings, cell_state=False),
    "start",
    "How to read it: three networks of 32 units, freshly drawn, read the same 100 steps of noise. The error enters at "
    "the right; each curve is the size (norm) of ∂L/∂h, the gradient that is left at a step. Lower means that less is "
    "learnt there.",
)
LESSONS = (
    ("gradient_flow", "Gradient flow", "Drag one slider, and see the gradient vanish, explode or survive."),
    ("inside_the_cell", "Inside the cell", "Follow one step through the gates, with every number to check by hand."),
    ("why_it_vanishes", "Why it vanishes", "Take a backward pass apart: what multiplies the gradient at every step?"),
    ("the_cliff", "The cliff", "See one update throw a network away, and what clipping does about it."),
    ("training", "Training", "Train two networks that differ in one thing, and watch which of them learns."),
    ("paper_figures", "Paper figures", "What the papers say, what theory says, and what is measured now."),
)
for number, (page, name, promise) in enumerate(LESSONS, 1):
    if number % 2:
        places = st.columns(2, border=True)
    with places[(number - 1) % 2]:
        st.page_link(f"pages/{page}.py", label=f"**Lesson {number}: {name}**")
        st.markdown(promise)
with st.expander("For a class"):
    st.markdown(
        "- The **address** holds every setting: send it, and others see the same picture.\n"
        "- **Start over** brings back the first settings; **Reseed** draws other weights and changes nothing else.\n"
        "- Every figure can be taken away as **PNG**, **SVG** or **CSV**; drag a box into it to zoom, double-click to "
        "zoom out.\n"
        "- **Tab** and the **arrow keys** reach and move everything; light and dark follow your device, or the menu ⋮."
    )
takeaway(
    "Nothing here is sketched: every curve is computed, at that moment, from the network that the controls describe."
)
follow_live()
