"""The same gradient in three other ways, on demand, for what is on the screen."""

import streamlit as st

from ..checks import check
from ..wording import count, shown
from .state import spoken

WORDS = {"h": "∂L/∂h", "c": "∂L/∂c"}


def check_expander(recordings):
    """An expander with a button that checks recordings, label -> `Recording`; other settings clear the answer."""
    kept = st.session_state
    now = {label: r.config for label, r in recordings.items()}
    with st.expander("Are these numbers right? Compute them again in other ways"):
        st.markdown(
            "The gradient that is drawn comes from one linearisation of the whole sequence. The button computes it "
            "again, for these settings: by autograd, operation by operation; by formulas written by hand; and by "
            "nudging single states and looking at the loss."
        )
        if st.button("Check these numbers", key="check"):
            kept["checked"] = (now, {label: _checked(r) for label, r in recordings.items()})
        settings, found = kept.get("checked", (None, {}))
        if found and settings != now:
            st.caption("The settings have changed since the last check.")
        elif found:
            for label, results in found.items():
                _show(label, results)


def _checked(recording):
    try:
        return check(recording)
    except ValueError as error:
        return spoken(error)


def _show(label, results):
    if isinstance(results, str):
        st.warning(f"**{label}**: {results}")
        return
    rows = {"way": [], "gradient": [], "largest relative difference": [], "at step": [], "time, ms": []}
    for r in results:
        none = r.difference is None
        for column, text in zip(
            rows,
            (
                r.way,
                WORDS[r.quantity],
                "too small to tell" if none else shown(r.difference),
                "" if none else str(r.step),
                f"{r.milliseconds:.1f}",
            ),
        ):
            rows[column].append(text)
    st.markdown(f"**{label}**, against the engine, relative to the largest element of each step:")
    st.table(rows)
    by = {
        way: max((r.difference for r in results if way in r.way and r.difference is not None), default=None)
        for way in ("autograd", "hand-written")
    }
    if None not in by.values():
        st.markdown(
            f"Ways that share no code {'agree' if by['autograd'] < 1e-8 else '**do not agree**'}, to "
            f"{shown(max(by.values()))}. Nudging is good to about a millionth of the largest gradient."
        )
        if by["autograd"] < 1e-8 < by["hand-written"]:
            st.markdown(
                "The formulas written by hand lose digits here: units are saturated, and 1 − tanh² and "
                "σ(1 − σ) are then differences of two numbers that are nearly 1. Autograd's do not subtract."
            )
    left = max(r.left_out for r in results)
    if left:
        st.caption(
            f"{count(left, 'step')} left out: the gradient there is 0, or outside of what float64 holds with "
            "full precision. The engine carries powers of two apart and goes on; the others cannot."
        )
