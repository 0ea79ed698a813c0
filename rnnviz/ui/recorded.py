"""Recordings of what pages ask for, a few of them kept for all sessions together."""

from dataclasses import replace
from threading import Lock

from cachetools import LRUCache, cached

from ..engine.record import record

KEPT = 64 * 2**20
"""Bytes of recordings that are kept."""


def _size(recording):
    """About how many bytes a recording holds: its gates' values, derivatives and gradients, and what is worked out."""
    return 12 * recording.forward.a.nbytes


@cached(
    LRUCache(KEPT, getsizeof=_size),
    key=lambda config, inputs: (config, inputs is not None and inputs.tobytes()),
    lock=Lock(),
)
def _one(config, inputs):
    return record(config, inputs=inputs)


def recorded(configs, gain=None, inputs=None):
    """label -> `Recording` of label -> `Config`, at a gain of its own where one is given."""
    return {
        label: _one(config if gain is None else replace(config, gain=gain), inputs) for label, config in configs.items()
    }
