"""What figures may be given: recordings of one network each."""

from collections.abc import Mapping

from ..arguments import complaint, instance, misshapen
from ..engine.recording import Recording
from ..networks import Trace

WANTED = 'a dict of labels and Recordings, {"LSTM": recording}'


def one_network(name, recording):
    """The value, if it is a `Recording` without an ensemble. Raises ValueError."""
    if instance(name, recording, Recording, "a Recording").h.ndim != 3:
        raise ValueError(
            misshapen(name, "(T, B, H), that of one network", recording.h, "take one of the ensemble with network(k)")
        )
    return recording


def labelled(recordings):
    """The value, if it is a dict of such recordings. Raises ValueError."""
    if isinstance(recordings, Mapping) and all(isinstance(value, Recording) for value in recordings.values()):
        for value in recordings.values():
            one_network("recordings", value)
        return recordings
    parts = recordings.values() if isinstance(recordings, Mapping) else [recordings]
    trace = any(isinstance(part, Trace) for part in parts)
    raise ValueError(complaint("recordings", WANTED, recordings, "a Trace has one, its .recordings" if trace else ""))
