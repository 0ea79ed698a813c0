"""Paper figures: published figures, and whether their numbers hold here."""

import streamlit as st

from rnnviz.papers import TITLES, VARIANTS
from rnnviz.ui import controls, papers
from rnnviz.ui.page import ends, frame
from rnnviz.ui.words import listed

frame("Paper figures", "Do the numbers that the papers are built on hold, in the networks on this screen?")
with st.sidebar:
    controls.start_over()
left, right = st.columns([2, 1], vertical_alignment="bottom")
with left:
    chosen = controls.choice(
        "paper",
        "Figure",
        "Each has what the paper says, what theory says, and what is measured.",
        titled=lambda name: f"{name}: {TITLES[name]}",
    )
with right:
    code = chosen in VARIANTS and controls.flag(
        "paper_code",
        "As the authors' code has it",
        "The published code differs from the text: strictly above the threshold and a gradient that is no number "
        "rescued as 0.02 W (P4), squared norms in Ω (P5).",
    )
WORDS = {
    "D": ("gradient", "layer", "stacked", "residual connection", "path", "linear", "unit"),
    "B": ("gradient", "layer", "bidirectional", "hidden state", "linear", "unit"),
    "N": ("gradient", "norm", "layer normalisation", "gain", "U", "variance", "unit"),
    "Z": ("gradient", "dropout", "mask", "path", "layer", "variance"),
}
OTHER = (
    "gradient",
    "norm",
    "U",
    "vanish",
    "explode",
    "singular value",
    "spectral radius",
    "Lyapunov exponent",
    "chaos",
    "clipping by norm",
    "threshold",
    "forget gate",
    "orthogonal",
    "linear",
    "solved",
)
listed(*WORDS.get(chosen, OTHER))
papers.show(chosen, code)
with st.expander("All numbers"):
    if st.button("Compute all", key="paper_all"):
        papers.all_rows()
    st.caption("The same table, at a prompt: python -m rnnviz.papers. It fails if a number does not hold.")
ends()
