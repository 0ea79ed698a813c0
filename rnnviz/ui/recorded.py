"""Recordings of what pages ask for, a few of them kept for all sessions together."""

from dataclasses import replace
from threading import Lock

from cachetools import LRUCache, cached

from ..networks import Trace
from ..networks.record import record

KEPT = 64 * 2**20
"""Bytes of recordings that are kept."""


def _size(recording):
    """About how many bytes a recording holds: its gates' values, derivatives and gradients, and what is worked out."""
    layers = recording.recordings.values() if isinstance(recording, Trace) else [recording]
    return sum(12 * layer.forward.a.nbytes for layer in layers)


@cached(
    LRUCache(KEPT, getsizeof=_size),
    key=lambda config, inputs: (config, inputs is not None and inputs.tobytes()),
    lock=Lock(),
)
def _one(config, inputs):
    return record(config, inputs=inputs)


def recorded(configs, gain=None, inputs=None):
    """label -> what each `Config` or `NetworkConfig` is recorded as, at a gain of its own where one is given."""
    return {
        label: _one(config if gain is None else replace(config, gain=gain), inputs) for label, config in configs.items()
    }
