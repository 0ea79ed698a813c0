"""Home: three fates of a gradient under one slider, and the way into the lessons."""

import streamlit as st

from rnnviz.course import LESSONS, START
from rnnviz.ui.page import alive, ends, frame
from rnnviz.ui.stage import live_stage
from rnnviz.ui.state import link
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


@alive
def start():
    return live_stage(START, HOW_TO_READ)


start()
st.page_link(
    "pages/lessons.py",
    label=f"**Begin: lesson 1, {next(iter(LESSONS))}**",
    icon=":material/arrow_forward:",
    query_params=link(stage="1.1"),
)
words(HOW_TO_READ, "how-start", "caption")
for number, (title, stages) in enumerate(LESSONS.items()):
    if number % 2 == 0:
        places = st.columns(2, border=True)
    with places[number % 2]:
        st.page_link(
            "pages/lessons.py", label=f"**Lesson {stages[0].id[0]}: {title}**", query_params=link(stage=stages[0].id)
        )
        st.markdown(
            f"About {sum(stage.notes.minutes for stage in stages)} minutes: "
            f"{' · '.join(stage.title for stage in stages[:-1])}"
        )
INSTRUMENTS = (
    ("gradient_flow", "Gradient flow", "Drag one slider, and see the gradient vanish, explode or survive."),
    ("inside_the_cell", "Inside the cell", "Follow one step through the gates, with every number to check by hand."),
    ("why_it_vanishes", "Why it vanishes", "Take a backward pass apart: what multiplies the gradient at every step?"),
    ("depth_and_direction", "Depth and direction", "Stack layers, skip past them, read both ways: what reaches where?"),
    ("the_cliff", "The cliff", "See one update throw a network away, and what clipping does about it."),
    ("training", "Training", "Train two networks that differ in one thing, and watch which of them learns."),
    (
        "norm_and_noise",
        "Norm and noise",
        "Normalise, drop out, overfit: what each does to a gradient, and to learning.",
    ),
    ("paper_figures", "Paper figures", "What the papers say, what theory says, and what is measured now."),
)
for number, (page, name, promise) in enumerate(INSTRUMENTS):
    if number % 2 == 0:
        places = st.columns(2, border=True)
    with places[number % 2]:
        st.page_link(f"pages/{page}.py", label=f"**{name}**")
        st.markdown(promise)
with st.expander("For a class"):
    st.markdown(
        "- The **address** holds every setting: send it, and others see the same picture, or the same stage of a "
        "lesson.\n"
        "- **Lessons** have notes for the teacher, and a switch for their questions, in the sidebar; **PageDown** and "
        "**PageUp** go on and back.\n"
        "- **Start over** brings back the first settings; **Reseed** draws other weights and changes nothing else.\n"
        "- Every figure can be taken away as **PNG**, **SVG** or **CSV**; drag a box into it to zoom, double-click to "
        "zoom out.\n"
        "- **Tab** and the **arrow keys** reach and move everything.\n"
        "- At the top right: **light**, **dark**, and **projector**, which is larger and has no sidebar. Without a "
        "choice your device decides."
    )
    st.page_link(
        "pages/course_on_paper.py",
        label="The course on paper: all stages and notes, to be printed",
        icon=":material/print:",
    )
ends("Nothing here is sketched: every curve is computed, at that moment, from the network that the controls describe.")
