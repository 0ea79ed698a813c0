"""Work in small slices, each asked for by the browser once it has the last one's result."""

import os
import threading
import time

import streamlit as st

from .assets import module
from .order import serial

_component = st.components.v2.component(
    "rnnviz.pulse",
    html='<div class="rv-pulse" hidden></div>',
    js=module("order.js", "pulse.js"),
    isolate_styles=False,
)
_at_work = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) // 2))
PATIENCE = 0.1


def turn(work):
    """Do a slice of work, unless others keep the machine busy for longer than `PATIENCE` seconds; whether it was done.

    Without this, thirty people who train at once would each wait for the slices of the other twenty-nine.
    """
    if not _at_work.acquire(timeout=PATIENCE):
        return False
    try:
        work()
    finally:
        _at_work.release()
    return True


def pulse(running):
    """Have the fragment that calls this run again at once, while `running`. Call it last."""
    number = serial("pulse", time.time_ns())
    _component(key="pulse", data=dict(running=running, number=number), on_asked_change=lambda: None)
