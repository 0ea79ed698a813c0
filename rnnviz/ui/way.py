"""The shortest way by keys to what can be moved, and a phone's sidebar that stays closed from load to load."""

import streamlit as st

from .assets import read

_component = st.components.v2.component(
    "rnnviz.way", html='<div class="rv-way" hidden></div>', js=read("way.js"), isolate_styles=False
)


def first_slider():
    """Have Tab reach the first slider at once. Call it once a page."""
    _component(key="way")
