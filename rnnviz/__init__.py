"""Watch gradients flow through recurrent layers: record a network, and look at every step of it."""

from .cells import CELLS
from .config import BOUNDS, Config
from .engine.parameters import Parameters
from .engine.record import record, record_many, record_with
from .recording import Recording

__all__ = ["BOUNDS", "CELLS", "Config", "Parameters", "Recording", "record", "record_many", "record_with"]
