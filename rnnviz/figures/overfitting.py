"""Runs on forty recordings: loss on those they learn from and on those they do not, and right answers."""

import numpy as np

from ..overfit import dull, middle
from .course_cliff import LEFT, RIGHT
from .course_training import ANSWERS, _curves, _note, _panels, _powers, _updates, asked
from .theme import SERIES, SERIES_DASHES

GUESSING = 25


def overfitting(about, update, test=True):
    """Median loss of every run, dotted on the recordings it learns from; right answers on the others, beside ridge.

    about: label -> `Training` of `overfit.AGAINST`. update: until which, None for all. test: whether anything of the
    test recordings is drawn.
    """
    traces, first = [], next(iter(about.values()))
    for (label, t), colour, dash in zip(about.items(), SERIES, SERIES_DASHES):
        learnt, tested, right = (_log(t, "training loss"), _log(t, "loss"), 100 * _one(t, "accuracy"))
        if not test:
            tested, right = np.full_like(tested, np.nan), np.full_like(right, np.nan)
        traces += _curves(f"{label}, training", t.tested, learnt, update, (colour, "dot"), log10=True)
        traces += _curves(f"{label}, test", t.tested, tested, update, (colour, dash), log10=True)
        traces += _curves(label, t.tested, right, update, (colour, dash), "2")
    level = 100 * dull(first)
    return _panels(
        about,
        traces,
        "Loss, dotted on what it learns from; right answers in the test, in %",
        update,
        dict(range=[-3.5, 1], **_powers(range(-3, 2))),
        ANSWERS,
        _updates(about),
        update,
        [
            _note("ridge", xref="paper", x=RIGHT[1], xanchor="right", yref="y2", y=level, yanchor="top"),
            _note("guessing", xref="paper", x=RIGHT[1], xanchor="right", yref="y2", y=GUESSING, yanchor="top"),
        ],
        [(level, "y2", RIGHT), (GUESSING, "y2", RIGHT), (np.log10(first.task.baseline), "y", LEFT)],
    )


def _one(training, name):
    return middle(training, name)[:, None]


def _log(training, name):
    with np.errstate(divide="ignore"):
        return np.log10(_one(training, name))


PICTURES = {"overfitting": overfitting}
"""What a stage can draw."""

CLOSED = {"overfitting": asked(overfitting)}
"""The same before a guess."""
