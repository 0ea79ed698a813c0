"""Work in small slices, each asked for by the browser once it has the last one's result."""

import os
import threading
import time

import streamlit as st

from .assets import module
from .order import serial

_component = st.components.v2.component(
    "rnnviz.pulse", html='<div class="rv-pulse" hidden></div>', js=module("order.js", "pulse.js"), isolate_styles=False
)
_at_work = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) // 2))
PATIENCE = 0.1
"""Seconds that a piece of work waits for others, before the browser has to ask again."""

LOOK = 0.2
"""Seconds between two looks of who stands in the queue at whether its page is still there."""

BREATH = 5e-5
"""Seconds of rest after each step of a slice: time.sleep(0) would not hand the interpreter to a thread that waits."""

LONGEST = 0.25
"""Seconds that a slice lets answers go first before it does its next step all the same."""


class Gate:
    """Who computes: whoever answers somebody first, then slices of work, in the order in which they came.

    at_once: slices at a time. The others would each wait for the lock of the interpreter, and so would every answer.
    """

    def __init__(self, at_once):
        self._at_once, self._queue, self._change = at_once, [], threading.Condition()
        self._answering = frozenset()

    def answering(self):
        """Until the thread of this run ends, slices of others rest."""
        with self._change:
            self._answering = frozenset({t for t in self._answering if t.is_alive()} | {threading.current_thread()})

    def in_turn(self, step, seconds, waiting):
        """Once it is this slice's turn, call `step` until it returns False or `seconds` have passed.

        waiting: called every `LOOK` seconds before that. Should it raise, the place in the queue is given up.
        """
        ticket = object()
        with self._change:
            self._answering -= {threading.current_thread()}
            self._queue.append(ticket)
        try:
            while not self._is_next(ticket):
                waiting()
            end = time.monotonic() + seconds
            self._give_way()
            while step() and time.monotonic() < end:
                self._give_way()
        finally:
            with self._change:
                self._queue.remove(ticket)
                self._change.notify_all()

    def _is_next(self, ticket):
        with self._change:
            return self._change.wait_for(lambda: ticket in self._queue[: self._at_once], LOOK)

    def _give_way(self):
        time.sleep(BREATH)
        latest = time.monotonic() + LONGEST
        for thread in self._answering:
            thread.join(max(0.0, latest - time.monotonic()))


gate = Gate(max(1, (os.cpu_count() or 2) // 2))
"""Of all sessions of this server."""


def turn(work):
    """Do a piece of work for a picture, unless others keep the machine busy for longer than `PATIENCE`; whether it was.

    Slices of training rest meanwhile.
    """
    gate.answering()
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
