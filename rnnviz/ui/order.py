"""Which of two messages to the browser's side of a component is the newer one."""

import time

import streamlit as st


def serial(key, content):
    """A number that grows when what is sent to a component changes: what carries a smaller one came too late.

    key: the component's. content: hashable. It is the clock's, in microseconds, so that it also grows from one session
    to the next, while the browser keeps the page.
    """
    kept = st.session_state
    last, number = kept.get(f"sent-{key}", (None, 0))
    now = hash(content)
    if now != last:
        number = max(number + 1, time.time_ns() // 1000)
        kept[f"sent-{key}"] = now, number
    return number


def numbered(key, message):
    """The bytes of a JSON object with its serial number put in front."""
    return b'{"serial":%d,' % serial(key, message) + message[1:]
