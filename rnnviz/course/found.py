"""What pictures, sentences and the screen of a lesson share: backward passes taken apart, how far trainings are."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..engine import anatomy

GAINS = tuple(np.round(np.arange(0.5, 4.01, 0.05), 2).tolist())
"""Rows of the map of gains."""


@lru_cache(maxsize=8)
def two_ways(recording):
    """The gradient by the carried state and its parts, as `anatomy.Paths`."""
    return anatomy.paths(recording)


@lru_cache(maxsize=8)
def who_learns(recording):
    """log10 of the norm of dL_k/dh_t, (T, T), see `anatomy.influence`."""
    return anatomy.influence(recording, recording.steps)[0]


def ridge(config):
    """log10 of the norm of dL/dh_t for every gain of `GAINS`, (T, K)."""
    return _ridge(replace(config, gain=1.0))


@lru_cache(maxsize=4)
def _ridge(config):
    return anatomy.phase(config, "gain", GAINS)


def level(config):
    """The gain of `GAINS` at which what arrives at step 1 is nearest to what entered, beyond all that vanish."""
    logs = ridge(config)
    return GAINS[int(np.abs(logs[0] - logs[-1]).argmin())]


def finished(about):
    """Whether all trainings, label -> `Training`, have nothing left to do."""
    return all(t.finished for t in about.values())


def so_far(about):
    """Updates that all runs have made, but for those that have ended before."""
    made = {t.updates for t in about.values() if not t.finished}
    return min(made) if made else max(t.updates for t in about.values())
