"""Forty recordings to learn from: a network that remembers them all, and what is tried against that."""

from dataclasses import replace

import numpy as np

from .config import NetworkTrainConfig

FORTY = NetworkTrainConfig(
    cell="rnn",
    layers=1,
    init="orthogonal",
    hidden_size=32,
    task="motions",
    length=100,
    networks=8,
    sequences=16,
    optimiser="adam",
    rate=0.01,
    clip="norm",
    threshold=1.0,
    updates=300,
)

NOTHING = "as it is"

AGAINST = {
    NOTHING: FORTY,
    "4 units, not 32": replace(FORTY, hidden_size=4),
    "20 recordings, not 40": replace(FORTY, validation=0.5),
    "weight decay 0.3": replace(FORTY, decay=0.3),
    "dropout 0.5": replace(FORTY, dropout=0.5, places="every"),
    "early stopping": replace(FORTY, validation=0.25, patience=3),
    "shuffled labels": replace(FORTY, labels="shuffled"),
}
"""What is tried -> `NetworkTrainConfig`. Early stopping keeps a quarter of the recordings to watch."""


def middle(training, name):
    """(N,) the median over the networks at every test. name: a key of `Training.tests`."""
    return np.nanmedian(training.tests[name], axis=1)


def best(training):
    """After how many updates the median loss on the test recordings was lowest, and that loss."""
    losses = middle(training, "loss")
    at = int(np.nanargmin(losses))
    return int(training.tested[at]), float(losses[at])


def at(training, update):
    """Index of the last test until an update; None for the last."""
    if update is None:
        return len(training.tested) - 1
    return max(int(np.searchsorted(training.tested, update, "right")) - 1, 0)


def dull(training):
    """Share of the test recordings that ridge regression on mean and deviation of each channel gets right."""
    (share,) = training.task.dull.values()
    return share
