"""The least that a page can be: one slider and one line of 300 points, drawn in place."""

import numpy as np
import streamlit as st

from rnnviz.config import Number
from rnnviz.figures.theme import figure
from rnnviz.ui.live import live_slider
from rnnviz.ui.plot import plot

st.set_page_config(layout="wide")


@st.fragment
def bare():
    gain = live_slider("gain", "Recurrent gain", Number(1.0, 0.0, 4.0, 0.01))
    x = np.linspace(0, 10, 300)
    line = {"type": "scatter", "mode": "lines", "x": x, "y": np.sin(x * (1 + gain)), "name": "sine"}
    plot(figure([line], "A line", height=400), "bare", "A line.")


bare()
