"""Runs on forty recordings: loss on those they learn from and on those they do not, and right answers."""

import numpy as np

from ..overfit import dull, middle
from .course_cliff import LEFT, RIGHT
from .course_training import ANSWERS, _curves, _note, _panels, _updates, asked
from .theme import SERIES, SERIES_DASHES

GUESSING = 25
"""Percent, of four answers."""

HIGHEST = 3.2
"""Where the axis of losses ends."""


def overfitting(about, update, test=True):
    """Median loss of every run, dotted on the recordings it learns from; right answers on the others, beside ridge.

    about: label -> `Training` of `overfit.AGAINST`. update: until which, None for all. test: whether anything of the
    test recordings is drawn.
    """
    traces, first = [], next(iter(about.values()))
    for (label, t), colour, dash in zip(about.items(), SERIES, SERIES_DASHES):
        learnt, tested, right = _one(t, "training loss"), _one(t, "loss"), 100 * _one(t, "accuracy")
        if not test:
            tested, right = np.full_like(tested, np.nan), np.full_like(right, np.nan)
        traces += _curves(f"{label}, training", t.tested, learnt, update, (colour, "dot"))
        traces += _curves(f"{label}, test", t.tested, tested, update, (colour, dash))
        traces += _curves(label, t.tested, right, update, (colour, dash), "2")
    level = 100 * dull(first)
    return _panels(
        about,
        traces,
        "Loss, dotted on what it learns from; right answers in the test, in %",
        update,
        dict(range=[0, HIGHEST], tickvals=[0, 1, 2, 3]),
        ANSWERS,
        _updates(about),
        update,
        [
            _note("ridge", xref="paper", x=RIGHT[1], xanchor="right", yref="y2", y=level, yanchor="top"),
            _note("guessing", xref="paper", x=RIGHT[1], xanchor="right", yref="y2", y=GUESSING, yanchor="top"),
        ],
        [(level, "y2", RIGHT), (GUESSING, "y2", RIGHT), (first.task.baseline, "y", LEFT)],
    )


def _one(training, name):
    return middle(training, name)[:, None]


PICTURES = {"overfitting": overfitting}
"""What a stage can draw."""

CLOSED = {"overfitting": asked(overfitting)}
"""The same before a guess."""
