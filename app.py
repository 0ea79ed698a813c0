"""Home: three fates of a gradient under one slider, and the way into the lessons."""

import streamlit as st

from rnnviz.course import START
from rnnviz.ui.page import follow_live, frame, takeaway
from rnnviz.ui.stage import live_stage
from rnnviz.ui.words import words

frame(
    START.title,
    "A recurrent network reads a sequence [[step]] by step. To learn, it sends its error back the same way: the "
    "[[gradient]]. How much of it reaches the first step?",
)
HOW_TO_READ = (
    "How to read it: three freshly drawn networks of 64 [[unit|units]] read the same 41 steps of [[noise]]. The error, "
    "the [[loss]] L, enters at the right; each curve is the size ([[norm]]) of ∂L/∂h, the gradient by the "
    "[[hidden state]] h, on a [[log axis]]. Lower means that less is learnt there."
)


@st.fragment
def start():
    live_stage(START, HOW_TO_READ)
    follow_live()


start()
st.page_link("pages/gradient_flow.py", label="**Begin: Gradient flow**", icon=":material/arrow_forward:")
words(HOW_TO_READ, "how-start", "caption")
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
        "- **Tab** and the **arrow keys** reach and move everything; light and dark follow your device."
    )
takeaway(
    "Nothing here is sketched: every curve is computed, at that moment, from the network that the controls describe."
)
