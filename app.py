"""Home: what this is, and the way into the first lesson."""

import streamlit as st

from rnnviz.ui.page import frame

frame("Watch the gradient vanish, explode, survive")
st.page_link("pages/gradient_flow.py", label="Gradient flow")
